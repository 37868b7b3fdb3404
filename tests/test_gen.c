/* Generated events: the same bytes for the same options on every machine, events that the scanner accepts, times in the
 * range of the options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/key.h"
#include "core/time.h"
#include "formats/gen.h"
#include "formats/json.h"
#include "tests/support/streams.h"

#define START INT64_C(1431856800000000)   /* 2015-05-17T10:00:00Z */
#define HOUR (3600 * LK_US_PER_S)

static lk_gen_options web(int64_t events) {
	return (lk_gen_options){.kind = "web", .seed = 7, .events = events, .start_us = START, .span_us = HOUR};
}

static void generate(const lk_gen_options *o, int64_t at_once, lk_buf *out) {
	lk_gen *g = lk_gen_new(o);
	int64_t n = 0, some;
	assert_non_null(g);
	while ((some = lk_gen_some(g, at_once, out)))
		n += some;
	assert_int_equal(n, o->events);
	lk_gen_free(g);
}

/* The hash was computed once: a change of the generator changes the meaning of every benchmark and demo. */
static void same_options_same_bytes(void **state) {
	(void)state;
	static const char first[] = "{\"ts\":\"2015-05-17T10:00:00Z\",\"ip\":";
	lk_buf a = LK_BUF_INIT, b = LK_BUF_INIT;
	lk_gen_options o = web(20000);
	o.late = 0.05;
	o.jitter_us = LK_US_PER_S;
	generate(&o, 1000, &a);
	generate(&o, 7, &b);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, a.len);
	assert_memory_equal(a.data, first, sizeof first - 1);
	assert_int_equal(lk_hash(a.data, a.len), UINT64_C(0xad8711d8a44db0e2));
	lk_buf_clear(&b);
	o.seed = 8;
	generate(&o, 1000, &b);
	assert_true(a.len != b.len || memcmp(a.data, b.data, a.len));
	lk_buf_release(&a);
	lk_buf_release(&b);
}

static void events_are_what_was_asked_for(void **state) {
	(void)state;
	static const char *const columns[] = {"ts time", "ip text", "method text", "path text", "status int4", "bytes int8", "referer text", "agent text"};
	enum { EVENTS = 20000, NCOLUMNS = sizeof columns / sizeof *columns };
	lk_arena memory = {0}, texts = {0};
	lk_json_scanner *j = lk_json_scanner_new(&test_stream(&memory, "hits", columns, NCOLUMNS)->schema);
	for (int kind = 0; kind < 3; kind++) {
		lk_buf b = LK_BUF_INIT;
		lk_gen_options o = web(EVENTS);
		int back = 0, far_back = 0, no_bytes = 0, home = 0;
		int64_t last = START;
		o.late = kind == 1 ? 0.1 : 0;
		o.jitter_us = kind == 2 ? 5 * LK_US_PER_S : 0;
		generate(&o, EVENTS, &b);
		char *p = b.data;
		for (int i = 0; i < EVENTS; i++) {
			lk_value row[NCOLUMNS];
			lk_misfit why;
			char *end = strchr(p, '\n');
			assert_non_null(end);
			assert_int_equal(lk_json_scan(j, p, (size_t)(end - p), &texts, row, &why), 0);
			assert_true(row[0].i >= START && row[0].i < START + HOUR);
			back += row[0].i < last;
			far_back += row[0].i < last - 10 * LK_US_PER_S;
			last = row[0].i > last ? row[0].i : last;
			for (int c = 0; c < 5; c++)
				assert_int_equal(row[c].state, LK_VALUE);
			no_bytes += lk_is_null(&row[5]);
			assert_int_equal(lk_is_null(&row[5]), row[4].i == 304);
			home += row[3].len == 1;
			p = end + 1;
		}
		assert_int_equal(p - b.data, b.len);
		assert_true(last > START + HOUR - HOUR / 100);
		assert_true(no_bytes > EVENTS / 40 && no_bytes < EVENTS / 10);
		assert_true(home > EVENTS / 10 && home < EVENTS / 5);   /* 1 / (1 + 1/2 + … + 1/1000) is 13 % */
		if (kind == 0)
			assert_int_equal(back, 0);
		else if (kind == 1)
			assert_true(far_back > EVENTS / 12 && far_back < EVENTS / 9);
		else
			assert_true(back > EVENTS / 2 && far_back == 0);
		lk_buf_release(&b);
		lk_arena_clear(&texts);
	}
	lk_json_scanner_free(j);
	lk_arena_release(&memory);
	lk_arena_release(&texts);
}

static void corners(void **state) {
	(void)state;
	lk_buf b = LK_BUF_INIT;
	lk_gen_options o = web(0);
	generate(&o, 10, &b);
	assert_int_equal(b.len, 0);
	o.events = 3;
	o.span_us = 1;
	o.late = 1;
	o.start_us = -LK_US_PER_S / 2;   /* before 1970 */
	generate(&o, 10, &b);
	assert_memory_equal(b.data, "{\"ts\":\"1969-12-31T23:59:59.500000Z\"", 35);
	o.kind = "nothing";
	assert_null(lk_gen_new(&o));
	lk_buf_release(&b);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_options_same_bytes),
		cmocka_unit_test(events_are_what_was_asked_for),
		cmocka_unit_test(corners),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
