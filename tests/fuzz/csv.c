/* The first record is the header; the records tile the rest of the text. */
#include "formats/csv.h"

#include <string.h>

#include "tests/fuzz/rows.h"

void fuzz_csv(const uint8_t *data, size_t len) {
	const char *p = (const char *)data, *end = p + len;
	char delimiter = len && memchr(data, '\t', len) ? '\t' : ',';
	lk_csv_dialect dialect = lk_csv_dialect_of(delimiter);
	fuzz_rows *r = fuzz_rows_shared();
	lk_csv_map map = {0};
	const char *next = lk_csv_record_end(&dialect, p, end), *reason = NULL;
	if (!next)
		next = end;
	if (lk_csv_header(&r->stream->schema, delimiter, p, (size_t)(next - p), &map, &reason) != 0) {
		FUZZ_CHECK(reason && *reason);
		lk_csv_map_release(&map);
		return;
	}
	for (p = next; p < end; p = next) {
		next = lk_csv_record_end(&dialect, p, end);
		FUZZ_CHECK(!next || (next > p && next <= end));
		next = next ? next : end;
		r = fuzz_rows_shared();
		fuzz_rows_check(r, lk_csv_scan(&map, p, (size_t)(next - p), &r->texts, r->row, &r->why));
	}
	lk_csv_map_release(&map);
}
