/* A field and a partial of a view with every aggregate. What is refused changes nothing; what is accepted is encoded to
 * a form that decodes to itself, and merges with itself in a cell as it does encoded. */
#include <string.h>

#include "partials/cells.h"
#include "partials/encoded.h"
#include "tests/fuzz/targets.h"
#include "tests/support/definitions.h"

static const lk_plan *plan(void) {
	static lk_definitions d;
	static const lk_plan *p;
	if (!p)
		p = test_view("CREATE VIEW v AS SELECT path, status, count(*) AS a, sum(bytes) AS b, avg(price) AS c, min(path) AS d, max(d) AS e, "
		              "first(path) AS f, last(price) AS g, stddev_samp(d) AS h, var_pop(bytes) AS i, count(DISTINCT ip) AS j, "
		              "approx_count_distinct(ip) AS k, approx_percentile(bytes, 0.5) AS l, top_k(path, 3) AS m, bool_and(ok) AS n, "
		              "sum(d) AS o, sum(price) AS p, max(ts) AS q FROM hits GROUP BY path, status, tumble(ts, '1 minute')", &d);
	return p;
}

static lk_unread bytes(const void *data, size_t len) { return (lk_unread){(uint8_t *)(uintptr_t)data, (uint8_t *)(uintptr_t)data + len}; }

/* The bytes of the cell after merging the partial `times` times into an empty map; false if it is refused. */
static bool merged(const void *field, size_t field_len, const void *partial, size_t len, int times, lk_buf *out) {
	lk_cells c;
	bool good = true;
	lk_cells_init(&c, plan());
	for (int i = 0; i < times && good; i++)
		good = lk_cells_merge(&c, field, field_len, partial, len) == 0;
	FUZZ_CHECK(c.ncells == (good ? 1 : 0));
	if (good)
		lk_cell_encode(&c, c.first, out);
	lk_cells_release(&c);
	return good;
}

static void merge_encoded(const void *partial, size_t len, const lk_buf *want) {
	lk_partials m;
	lk_buf out = LK_BUF_INIT;
	lk_partials_init(&m, plan());
	FUZZ_CHECK(lk_partials_merge(&m, bytes(partial, len), bytes(partial, len), &out) == 0);
	FUZZ_CHECK(out.len == want->len && memcmp(out.data, want->data, out.len) == 0);
	lk_buf_release(&out);
	lk_partials_release(&m);
}

void fuzz_cells(const uint8_t *data, size_t len) {
	size_t field_len = len >= 2 ? (size_t)data[0] << 8 | data[1] : 0;
	lk_buf once = LK_BUF_INIT, again = LK_BUF_INIT, twice = LK_BUF_INIT;
	if (len < 2 || field_len > len - 2)
		return;
	const uint8_t *field = data + 2, *partial = field + field_len;
	size_t n = len - 2 - field_len;
	if (merged(field, field_len, partial, n, 1, &once)) {
		FUZZ_CHECK(merged(field, field_len, once.data, once.len, 1, &again));
		FUZZ_CHECK(again.len == once.len && memcmp(again.data, once.data, once.len) == 0);
		FUZZ_CHECK(merged(field, field_len, partial, n, 2, &twice));
		merge_encoded(partial, n, &twice);
	}
	lk_buf_release(&once);
	lk_buf_release(&again);
	lk_buf_release(&twice);
}
