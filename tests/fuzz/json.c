/* The text is cut into records, which takes a bounded number of steps, and each is scanned; so is the whole text as one
 * line. Only what jansson reads too is an event. */
#include <jansson.h>
#include <string.h>

#include "formats/json.h"
#include "formats/json_cut.h"
#include "tests/fuzz/rows.h"

/* Or refuses it for what lk does not check in undeclared fields (R25), and for numbers beyond a double. */
static bool jansson_reads(const char *text, size_t len) {
	json_error_t e = {0};
	json_t *tree = json_loadb(text, len, JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &e);
	enum json_error_code code = json_error_code(&e);
	bool good = tree || code == json_error_numeric_overflow || code == json_error_invalid_utf8 || code == json_error_null_byte_in_key ||
	            strstr(e.text, "surrogate") || strstr(e.text, "Unicode");
	json_decref(tree);
	return good;
}

static void scan(lk_json_scanner *j, const char *text, size_t len) {
	fuzz_rows *r = fuzz_rows_shared();
	int rc = lk_json_scan(j, text, len, &r->texts, r->row, &r->why);
	fuzz_rows_check(r, rc);
	if (rc == 0)
		FUZZ_CHECK(jansson_reads(text, len));
	lk_json_scanner_near_miss(j);
}

static void cut(lk_json_scanner *j, const char *text, size_t len, bool exact) {
	const char *p = text, *end = text + len;
	lk_text_place place = {0};
	while (p < end) {
		lk_record_cut c = lk_json_cut(&(lk_stretch){.begin = p, .end = end, .place = place, .all = true, .exact = exact});
		if (!c.end)
			return;
		FUZZ_CHECK(c.begin >= p && c.begin <= c.end && c.end <= end && (c.end > p || c.begin == end));
		FUZZ_CHECK(c.len <= (size_t)(c.end - c.begin));
		if (c.end == p)
			return;
		scan(j, c.begin, c.len);
		place = c.at_end;
		p = c.end;
	}
}

void fuzz_json(const uint8_t *data, size_t len) {
	static lk_json_scanner *j;
	if (!j)
		j = lk_json_scanner_new(&fuzz_rows_shared()->stream->schema);
	scan(j, (const char *)data, len);
	cut(j, (const char *)data, len, false);
	cut(j, (const char *)data, len, true);
}
