#include "tests/fuzz/rows.h"

#include <jansson.h>
#include <string.h>

#include "core/jsonb.h"
#include "core/jsonb_text.h"
#include "core/time.h"

fuzz_rows *fuzz_rows_shared(void) {
	static const char *const columns[FUZZ_COLUMNS] = {"ts time", "path text", "b.c text", "b.d.e int8", "b.d text", "x float8",
	                                                  "y bool", "n num2", "i int4", "status int2", "r float4", "agent text", "b jsonb"};
	static fuzz_rows r;
	if (!r.stream)
		r.stream = test_stream(&r.memory, "s", columns, FUZZ_COLUMNS);
	lk_arena_clear(&r.texts);
	r.why = (lk_misfit){.column = -2};
	return &r;
}

/* What PostgreSQL prints, printed again, is the same; jansson reads it, but for numbers that it cannot hold. */
static void check_jsonb(const lk_value *v) {
	lk_buf once = LK_BUF_INIT, twice = LK_BUF_INIT;
	const char *reason;
	json_error_t e = {0};
	FUZZ_CHECK(lk_jsonb_normalise(v->s, v->len, &once, &reason) == 0 && once.len <= LK_JSONB_MAX);
	FUZZ_CHECK(lk_jsonb_normalise(once.data, once.len, &twice, &reason) == 0);
	FUZZ_CHECK(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
	FUZZ_CHECK(lk_jsonb_equal(once.data, once.len, twice.data, twice.len));
	FUZZ_CHECK(lk_jsonb_value_end(once.data, once.data + once.len) == once.data + once.len);
	json_t *tree = json_loadb(once.data, once.len, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &e);
	FUZZ_CHECK(tree || json_error_code(&e) == json_error_numeric_overflow);
	json_decref(tree);
	lk_buf_release(&once);
	lk_buf_release(&twice);
}

static void check_value(lk_type t, const lk_value *v) {
	if (v->state != LK_VALUE)
		return;
	if (t.kind == LK_TEXT)
		FUZZ_CHECK(v->len <= LK_TEXT_MAX && lk_utf8_valid(v->s, v->len) && !memchr(v->s, 0, v->len));
	if (t.kind == LK_JSONB)
		check_jsonb(v);
	if (t.kind == LK_TIME)
		FUZZ_CHECK(v->i >= LK_TIME_MIN && v->i <= LK_TIME_MAX);
	if (t.kind == LK_INT4)
		FUZZ_CHECK(v->i >= INT32_MIN && v->i <= INT32_MAX);
	if (t.kind == LK_INT2)
		FUZZ_CHECK(v->i >= INT16_MIN && v->i <= INT16_MAX);
	if (t.kind == LK_NUMERIC)
		FUZZ_CHECK(v->n < lk_pow10(t.precision) && v->n > -lk_pow10(t.precision));
}

void fuzz_rows_check(const fuzz_rows *r, int rc) {
	FUZZ_CHECK(rc == 0 || rc == -1);
	if (rc) {
		FUZZ_CHECK(r->why.reason && *r->why.reason && r->why.column >= -1 && r->why.column < FUZZ_COLUMNS);
		return;
	}
	for (int i = 0; i < FUZZ_COLUMNS; i++)
		check_value(r->stream->schema.columns[i].type, &r->row[i]);
}
