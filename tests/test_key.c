/* The group-key encoding and the hash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/key.h"
#include "tests/support/random.h"

static int sign(int x) { return (x > 0) - (x < 0); }

static int compare_bytes(const lk_buf *a, const lk_buf *b) {
	int c = memcmp(a->data, b->data, a->len < b->len ? a->len : b->len);
	return c ? c : (a->len > b->len) - (a->len < b->len);
}

static void memcmp_is_the_sql_order(void **state) {
	(void)state;
	uint64_t s = random_seed();
	lk_arena arena = {0};
	lk_buf a = LK_BUF_INIT, b = LK_BUF_INIT;
	for (int i = 0; i < 200000; i++) {
		lk_type t = random_types[random_below(&s, RANDOM_TYPES)];
		lk_value x = random_value(&s, t, &arena), y = random_value(&s, t, &arena);
		lk_buf_clear(&a);
		lk_buf_clear(&b);
		lk_key_put(&a, t, &x);
		lk_key_put(&b, t, &y);
		assert_int_equal(sign(compare_bytes(&a, &b)), sign(lk_value_compare(t, &x, &y)));
		lk_arena_clear(&arena);
	}
	lk_buf_release(&a);
	lk_buf_release(&b);
	lk_arena_release(&arena);
}

/* Several columns have the order of the first one that differs. */
static void several_columns_compare_in_turn(void **state) {
	(void)state;
	enum { COLUMNS = 3 };
	uint64_t s = random_seed();
	lk_arena arena = {0};
	lk_buf key[2] = {LK_BUF_INIT, LK_BUF_INIT};
	for (int i = 0; i < 50000; i++) {
		int want = 0;
		lk_buf_clear(&key[0]);
		lk_buf_clear(&key[1]);
		for (int c = 0; c < COLUMNS; c++) {
			lk_type t = random_types[random_below(&s, RANDOM_TYPES)];
			lk_value x = random_value(&s, t, &arena), y = random_below(&s, 2) ? x : random_value(&s, t, &arena);
			lk_key_put(&key[0], t, &x);
			lk_key_put(&key[1], t, &y);
			if (!want)
				want = sign(lk_value_compare(t, &x, &y));
		}
		assert_int_equal(sign(compare_bytes(&key[0], &key[1])), want);
		lk_arena_clear(&arena);
	}
	lk_buf_release(&key[0]);
	lk_buf_release(&key[1]);
	lk_arena_release(&arena);
}

static void reads_what_was_put(void **state) {
	(void)state;
	uint64_t s = random_seed();
	lk_arena arena = {0};
	lk_buf b = LK_BUF_INIT, again = LK_BUF_INIT;
	for (int i = 0; i < 50000; i++) {
		lk_type t = random_types[random_below(&s, RANDOM_TYPES)];
		lk_value v = random_value(&s, t, &arena), back;
		lk_buf_clear(&b);
		lk_buf_clear(&again);
		lk_key_put(&b, t, &v);
		const uint8_t *p = (const uint8_t *)b.data, *end = p + b.len;
		assert_int_equal(lk_key_get(t, &p, end, &back), 0);
		assert_ptr_equal(p, end);
		assert_int_equal(lk_value_compare(t, &v, &back), 0);
		lk_key_put(&again, t, &back);
		assert_int_equal(compare_bytes(&b, &again), 0);
		for (size_t cut = 0; cut < b.len; cut++) {
			p = (const uint8_t *)b.data;
			assert_int_equal(lk_key_get(t, &p, p + cut, &back), -1);
		}
		lk_arena_clear(&arena);
	}
	lk_buf_release(&b);
	lk_buf_release(&again);
	lk_arena_release(&arena);
}

static void equal_values_have_equal_bytes(void **state) {
	(void)state;
	static const struct { lk_type type; lk_value a, b; } rows[] = {
		{{.kind = LK_FLOAT8}, {.d = 0.0}, {.d = -0.0}},
		{{.kind = LK_FLOAT4}, {.d = 0.0}, {.d = -0.0}},
		{{.kind = LK_FLOAT8}, {.d = NAN}, {.d = -NAN}},
		{{.kind = LK_NUMERIC, .precision = 18, .scale = 2}, {.n = 5, .scale = 0}, {.n = 500, .scale = 2}},
		{{.kind = LK_TEXT}, {.state = LK_NULL}, {.state = LK_MARKED}},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_buf a = LK_BUF_INIT, b = LK_BUF_INIT;
		lk_key_put(&a, rows[i].type, &rows[i].a);
		lk_key_put(&b, rows[i].type, &rows[i].b);
		assert_int_equal(compare_bytes(&a, &b), 0);
		lk_buf_release(&a);
		lk_buf_release(&b);
	}
}

static void malformed_keys_are_refused(void **state) {
	(void)state;
	static const struct { uint8_t kind; const char *bytes; size_t len; } rows[] = {
		{LK_INT8, "", 0}, {LK_INT8, "\x00", 1}, {LK_INT8, "\x03zzzzzzzz", 9}, {LK_INT8, "\x01zzzzzzz", 8}, {LK_BOOL, "\x01\x02", 2},
		{LK_BOOL, "\x01", 1}, {LK_TEXT, "\x01no end", 7}, {LK_TEXT, "\x01", 1},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_value v;
		const uint8_t *p = (const uint8_t *)rows[i].bytes;
		assert_int_equal(lk_key_get((lk_type){.kind = rows[i].kind}, &p, p + rows[i].len, &v), -1);
	}
}

static void panes_sort_as_times(void **state) {
	(void)state;
	static const int64_t panes[] = {INT64_MIN, -60000000, -1, 0, 1, 60000000, INT64_MAX};
	lk_buf b = LK_BUF_INIT;
	for (size_t i = 0; i < sizeof panes / sizeof *panes; i++)
		lk_pane_put(&b, panes[i]);
	for (size_t i = 0; i < sizeof panes / sizeof *panes; i++) {
		const uint8_t *p = (const uint8_t *)b.data + i * LK_PANE_BYTES;
		assert_int_equal(lk_pane_get(p), panes[i]);
		if (i)
			assert_true(memcmp(p - LK_PANE_BYTES, p, LK_PANE_BYTES) < 0);
	}
	lk_buf_release(&b);
}

/* The hash decides which partition of a log an event is in: these values may never change. */
static void hash_vectors(void **state) {
	(void)state;
	static const struct { const char *text; uint64_t hash; } rows[] = {
		{"", UINT64_C(0x9c14fd9419f7424f)},
		{"a", UINT64_C(0x2db55e648c2a4c3e)},
		{"abc", UINT64_C(0x77d0dddd09ff63f0)},
		{"abcd", UINT64_C(0x099a5b5b58cb9401)},
		{"/index.html", UINT64_C(0x73b8e8aeb5c6b85e)},
		{"83.149.9.216", UINT64_C(0x5441405d9da6df56)},
		{"0123456789abcdef", UINT64_C(0xfb1dfaee6c912ceb)},
		{"0123456789abcdefg", UINT64_C(0xc46a4a250cbc34ca)},
		{"The quick brown fox jumps over the lazy dog", UINT64_C(0x902a33d3dfbbb2c0)},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_true(lk_hash(rows[i].text, strlen(rows[i].text)) == rows[i].hash);
	lk_value ip = lk_text("83.149.9.216", 12), number = lk_int(-1), null = lk_null();
	assert_int_equal(lk_partition_of((lk_type){.kind = LK_TEXT}, &ip, 64), 28);
	assert_int_equal(lk_partition_of((lk_type){.kind = LK_INT8}, &number, 64), 36);
	assert_int_equal(lk_partition_of((lk_type){.kind = LK_INT8}, &null, 64), 30);
	assert_int_equal(lk_partition_of((lk_type){.kind = LK_TEXT}, &ip, 1), 0);
}

static void hash_spreads(void **state) {
	(void)state;
	enum { PARTITIONS = 7, KEYS = 70000, BUCKETS = 1024 };
	int in_partition[PARTITIONS] = {0}, in_bucket[BUCKETS] = {0};
	char text[32];
	for (int i = 0; i < KEYS; i++) {
		lk_value v = lk_text(text, (size_t)snprintf(text, sizeof text, "/path/%d", i));
		in_partition[lk_partition_of((lk_type){.kind = LK_TEXT}, &v, PARTITIONS)]++;
		in_bucket[lk_hash(text, v.len) % BUCKETS]++;
	}
	for (int i = 0; i < PARTITIONS; i++)
		assert_in_range(in_partition[i], 9500, 10500);
	for (int i = 0; i < BUCKETS; i++)
		assert_in_range(in_bucket[i], 20, 130);
}

static void every_byte_of_the_key_counts(void **state) {
	(void)state;
	uint8_t bytes[100] = {0};
	for (size_t len = 1; len <= sizeof bytes; len++)
		for (size_t at = 0; at < len; at++) {
			uint64_t before = lk_hash(bytes, len);
			bytes[at] ^= 1;
			assert_true(lk_hash(bytes, len) != before);
			bytes[at] ^= 1;
			assert_true(lk_hash(bytes, len - 1) != before);
		}
}

static void long_texts_have_a_partition(void **state) {
	(void)state;
	char *text = lk_calloc(LK_TEXT_MAX, 1);
	memset(text, 'x', LK_TEXT_MAX);
	for (size_t len = 500; len < 520; len++) {
		lk_value v = lk_text(text, len);
		lk_buf b = LK_BUF_INIT;
		lk_key_put(&b, (lk_type){.kind = LK_TEXT}, &v);
		uint64_t hash = lk_hash(b.data, b.len);
		assert_int_equal(lk_partition_of((lk_type){.kind = LK_TEXT}, &v, 64), (int)(hash >> 58));
		lk_buf_release(&b);
	}
	free(text);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memcmp_is_the_sql_order),       cmocka_unit_test(several_columns_compare_in_turn),
		cmocka_unit_test(reads_what_was_put),            cmocka_unit_test(equal_values_have_equal_bytes),
		cmocka_unit_test(malformed_keys_are_refused),    cmocka_unit_test(panes_sort_as_times),
		cmocka_unit_test(hash_vectors),                  cmocka_unit_test(hash_spreads),
		cmocka_unit_test(every_byte_of_the_key_counts),  cmocka_unit_test(long_texts_have_a_partition),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
