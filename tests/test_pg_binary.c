/* The binary COPY codec against itself and against bytes that PostgreSQL is known to send. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/time.h"
#include "postgres/binary.h"

static const lk_type types[] = {
	{.kind = LK_BOOL}, {.kind = LK_INT2}, {.kind = LK_INT4}, {.kind = LK_INT8}, {.kind = LK_NUMERIC, .precision = 18, .scale = 4},
	{.kind = LK_FLOAT4}, {.kind = LK_FLOAT8}, {.kind = LK_TEXT}, {.kind = LK_TIME},
};
enum { NTYPES = sizeof types / sizeof *types };

static uint64_t state;

static uint64_t next_random(void) {
	uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static void seed(const char *name) {
	const char *given = getenv("SEED");
	state = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	print_message("%s: SEED=%llu\n", name, (unsigned long long)state);
}

static lk_value random_value(lk_type t, char *text) {
	if (next_random() % 8 == 0)
		return lk_null();
	int64_t bits = (int64_t)(next_random() >> next_random() % 64);
	if (next_random() % 2)
		bits = -bits;
	switch (t.kind) {
	case LK_BOOL: return lk_int(bits & 1);
	case LK_INT2: return lk_int((int16_t)bits);
	case LK_INT4: return lk_int((int32_t)bits);
	case LK_NUMERIC: return lk_numeric((lk_int128)bits * (next_random() % 2 ? INT64_C(1000000007) : 1), t.scale);
	case LK_FLOAT4: return lk_double((double)((float)bits / 3));
	case LK_FLOAT8: return lk_double((double)bits / 7);
	case LK_TIME: return lk_int(LK_TIME_MIN + (int64_t)(next_random() % (uint64_t)(LK_TIME_MAX - LK_TIME_MIN)));
	case LK_TEXT: {
		size_t n = next_random() % 300;
		for (size_t i = 0; i < n; i++)
			text[i] = (char)('a' + next_random() % 26);
		return lk_text(text, n);
	}
	default: return lk_int(bits);
	}
}

static void assert_same(lk_type t, const lk_value *a, const lk_value *b) {
	assert_int_equal(lk_is_null(a), lk_is_null(b));
	assert_int_equal(lk_value_compare(t, a, b), 0);
	if (!lk_is_null(a) && t.kind == LK_NUMERIC)
		assert_int_equal(b->scale, t.scale);
}

static void test_round_trip(void **unused) {
	(void)unused;
	seed("round trip");
	char texts[NTYPES][300];
	lk_value in[NTYPES], out[NTYPES];
	lk_buf b = LK_BUF_INIT;
	for (int round = 0; round < 20000; round++) {
		lk_buf_clear(&b);
		lk_copy_row(&b, NTYPES);
		for (int i = 0; i < NTYPES; i++) {
			in[i] = random_value(types[i], texts[i]);
			lk_copy_value(&b, types[i], &in[i]);
		}
		assert_int_equal(lk_copy_decode(b.data, (int)b.len, types, NULL, NTYPES, out), 0);
		for (int i = 0; i < NTYPES; i++)
			assert_same(types[i], &in[i], &out[i]);
	}
	lk_buf_release(&b);
}

/* A tuple that is cut short or has wrong lengths is refused, never read beyond its end (the sanitizer checks). */
static void test_malformed(void **unused) {
	(void)unused;
	seed("malformed");
	char text[300];
	lk_value row[NTYPES], v;
	lk_buf b = LK_BUF_INIT;
	for (int round = 0; round < 2000; round++) {
		lk_buf_clear(&b);
		lk_copy_row(&b, NTYPES);
		for (int i = 0; i < NTYPES; i++) {
			v = random_value(types[i], text);
			lk_copy_value(&b, types[i], &v);
		}
		size_t cut = next_random() % b.len;
		char *exact = lk_malloc(cut);
		memcpy(exact, b.data, cut);
		assert_int_equal(lk_copy_decode(exact, (int)cut, types, NULL, NTYPES, row), LK_EINTERNAL);
		if (cut > 2) {
			exact[2 + next_random() % (cut - 2)] ^= (char)(1 << next_random() % 8);
			assert_true(lk_copy_decode(exact, (int)cut, types, NULL, NTYPES, row) <= 0);
		}
		free(exact);
	}
	lk_buf_release(&b);
}

static void numeric_from(const char *hex, size_t n, lk_type t, const char *expected) {
	lk_buf b = LK_BUF_INIT, text = LK_BUF_INIT;
	lk_value v;
	lk_copy_row(&b, 1);
	lk_buf_put32(&b, (uint32_t)n);
	lk_buf_add(&b, hex, n);
	assert_int_equal(lk_copy_decode(b.data, (int)b.len, &t, NULL, 1, &v), 0);
	lk_int128_print(v.n, v.scale, &text);
	assert_string_equal(text.data, expected);
	lk_buf_release(&b);
	lk_buf_release(&text);
}
#define NUMERIC_FROM(bytes, t, expected) numeric_from(bytes, sizeof(bytes) - 1, t, expected)

/* Bytes as numeric_send gives them: ndigits, weight, sign, dscale, digits. */
static void test_numeric_bytes(void **unused) {
	(void)unused;
	const lk_type two = {.kind = LK_NUMERIC, .precision = 18, .scale = 2}, zero = {.kind = LK_NUMERIC, .precision = 38, .scale = 0}, six = {.kind = LK_NUMERIC, .precision = 18, .scale = 6};
	NUMERIC_FROM("\0\2\0\0\0\0\0\1\4\322\23\210", two, "1234.50");
	NUMERIC_FROM("\0\2\0\0\100\0\0\1\4\322\23\210", two, "-1234.50");
	NUMERIC_FROM("\0\0\0\0\0\0\0\0", six, "0.000000");
	NUMERIC_FROM("\0\1\0\2\0\0\0\0\0\1", zero, "100000000");
	NUMERIC_FROM("\0\1\377\377\0\0\0\4\0\1", six, "0.000100");
	NUMERIC_FROM("\0\1\377\377\0\0\0\3\0\62", two, "0.01");       /* 0.005 rounds away from zero */
	NUMERIC_FROM("\0\1\377\377\0\0\0\4\0\61", two, "0.00");       /* 0.0049 */
	NUMERIC_FROM("\0\1\377\377\0\0\0\1\23\210", zero, "1");       /* 0.5 */
	NUMERIC_FROM("\0\1\377\376\0\0\0\5\23\210", zero, "0");       /* 0.00005 */
}

static void test_numeric_scales(void **unused) {
	(void)unused;
	for (int scale = 0; scale <= 38; scale++) {
		lk_type t = {.kind = LK_NUMERIC, .precision = 38, .scale = (uint8_t)scale};
		for (int digits = 0; digits <= 37; digits++) {
			for (int delta = -1; delta <= 1; delta++) {
				lk_value in = lk_numeric(lk_pow10(digits) + delta, (uint8_t)scale), out;
				lk_buf b = LK_BUF_INIT;
				lk_copy_row(&b, 1);
				lk_copy_value(&b, t, &in);
				assert_int_equal(lk_copy_decode(b.data, (int)b.len, &t, NULL, 1, &out), 0);
				assert_true(in.n == out.n);
				lk_buf_release(&b);
			}
		}
	}
}

static void test_frame(void **unused) {
	(void)unused;
	lk_buf b = LK_BUF_INIT;
	lk_value v;
	lk_copy_header(&b);
	assert_int_equal(b.len, LK_COPY_HEADER_BYTES);
	assert_memory_equal(b.data, "PGCOPY\n\377\r\n\0", 11);
	lk_copy_trailer(&b);
	assert_int_equal(lk_copy_decode(b.data + LK_COPY_HEADER_BYTES, 2, types, NULL, 1, &v), 1);
	lk_buf_clear(&b);
	v = (lk_value){.state = LK_MARKED};
	lk_copy_row(&b, 1);
	lk_copy_value(&b, types[0], &v);
	assert_int_equal(lk_copy_decode(b.data, (int)b.len, types, NULL, 1, &v), 0);
	assert_int_equal(v.state, LK_NULL);
	assert_int_equal(lk_copy_decode(b.data, (int)b.len, types, NULL, 2, &v), LK_EINTERNAL);
	lk_buf_release(&b);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_numeric_bytes),
		cmocka_unit_test(test_numeric_scales),
		cmocka_unit_test(test_frame),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
