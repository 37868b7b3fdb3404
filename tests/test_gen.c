/* Generated events: the same bytes for the same options on every machine, events that the scanner accepts, times in the
 * range of the options, the same lines in every disorder, and planted events that are what they are said to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/key.h"
#include "core/time.h"
#include "formats/json.h"
#include "generate/generate.h"
#include "generate/scenario.h"
#include "tests/support/streams.h"

#define START INT64_C(1431856800000000)   /* 2015-05-17T10:00:00Z */
#define HOUR (3600 * LK_US_PER_S)

static lk_gen_options usual(const char *scenario) {
	lk_gen_options o = lk_gen_usual(lk_scenario_find(scenario));
	o.start_us = START;
	return o;
}

static lk_gen_options web(int64_t events) {
	lk_gen_options o = usual("web");
	o.seed = 7;
	o.events = events;
	return o;
}

static void generate_some(const char *scenario, const lk_gen_options *o, int64_t at_once, lk_buf *out) {
	lk_gen *g = lk_gen_new(lk_scenario_find(scenario), o);
	int64_t n = 0, some;
	while ((some = lk_gen_some(g, at_once, out)))
		n += some;
	assert_int_equal(n, o->events);
	lk_gen_free(g);
}

static void generate(const char *scenario, const lk_gen_options *o, lk_buf *out) {
	generate_some(scenario, o, 1000, out);
}

/* The hashes were computed once: a change of the generator changes the meaning of every benchmark and demo. */
static void same_options_same_bytes(void **state) {
	(void)state;
	static const struct {
		const char *scenario;
		uint64_t hash;
	} cases[] = {
		{"web", UINT64_C(0x483d3b07a1632ae2)},
		{"words", UINT64_C(0x06635fd89652d350)},
		{"clicks", UINT64_C(0xba1f044576ffc00c)},
		{"payments", UINT64_C(0x9e7cf096cf0c5239)},
		{"sensors", UINT64_C(0xae66ac70e9c2efc6)},
		{"posts", UINT64_C(0x3542c8d1870c8d69)},
		{"metric", UINT64_C(0xf9a67dcf684420fe)},
	};
	size_t n = sizeof cases / sizeof *cases;
	assert_null(lk_scenarios[n]);
	for (size_t i = 0; i < n; i++) {
		lk_buf a = LK_BUF_INIT, b = LK_BUF_INIT;
		lk_gen_options o = usual(cases[i].scenario);
		o.disorder = (lk_disorder){.late = 0.05, .late_least_us = LK_US_PER_S, .late_most_us = 60 * LK_US_PER_S,
		                           .jitter_us = LK_US_PER_S, .duplicates = 0.01};
		generate_some(cases[i].scenario, &o, 1000, &a);
		generate_some(cases[i].scenario, &o, 7, &b);
		assert_int_equal(a.len, b.len);
		assert_memory_equal(a.data, b.data, a.len);
		if (lk_hash(a.data, a.len) != cases[i].hash)
			fail_msg("%s: 0x%016llx", cases[i].scenario, (unsigned long long)lk_hash(a.data, a.len));
		lk_buf_clear(&b);
		o.seed++;
		generate(cases[i].scenario, &o, &b);
		assert_true(a.len != b.len || memcmp(a.data, b.data, a.len));
		lk_buf_release(&a);
		lk_buf_release(&b);
	}
}

static void web_in_order_is_what_it_was(void **state) {
	(void)state;
	static const char first[] = "{\"ts\":\"2015-05-17T10:00:00Z\",\"ip\":";
	lk_buf b = LK_BUF_INIT;
	lk_gen_options o = web(20000);
	generate("web", &o, &b);
	assert_memory_equal(b.data, first, sizeof first - 1);
	assert_int_equal(lk_hash(b.data, b.len), UINT64_C(0x9c7d22500b164d4f));
	lk_buf_release(&b);
}

/* --- lines --- */

static int in_order(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* The lines of a text, cut in place. */
static char **lines_of(lk_buf *b, size_t *n) {
	char **lines = NULL;
	*n = 0;
	for (char *p = b->data; p && p < b->data + b->len; p++) {
		if ((*n & (*n - 1)) == 0)   /* a power of two: full */
			lines = lk_realloc(lines, (*n ? 2 * *n : 1) * sizeof *lines);
		lines[(*n)++] = p;
		p = strchr(p, '\n');
		assert_non_null(p);
		*p = 0;
	}
	return lines;
}

/* Late, shaken and doubled, the same events arrive. */
static void disorder_changes_no_event(void **state) {
	(void)state;
	for (const lk_scenario *const *s = lk_scenarios; *s; s++) {
		lk_buf a = LK_BUF_INIT, b = LK_BUF_INIT;
		lk_gen_options o = usual((*s)->name);
		size_t n, m, i = 0, j = 0;
		generate((*s)->name, &o, &a);
		o.disorder = (lk_disorder){.late = 0.1, .late_most_us = o.span_us, .jitter_us = o.span_us / 100, .duplicates = 0.2};
		generate((*s)->name, &o, &b);
		char **ordered = lines_of(&a, &n), **shaken = lines_of(&b, &m);
		assert_int_equal(n, o.events);
		assert_true(m > n + n / 6 && m < n + n / 4);
		qsort(ordered, n, sizeof *ordered, in_order);
		qsort(shaken, m, sizeof *shaken, in_order);
		while (i < n && j < m && !strcmp(ordered[i], shaken[j]))
			for (i++, j++; j < m && !strcmp(shaken[j - 1], shaken[j]) && (i == n || strcmp(ordered[i], shaken[j])); j++)
				;
		assert_int_equal(i, n);
		assert_int_equal(j, m);
		free(ordered);
		free(shaken);
		lk_buf_release(&a);
		lk_buf_release(&b);
	}
}

/* The planted events are among the events, and in their order. */
static void planted_events_are_among_them(void **state) {
	(void)state;
	for (const lk_scenario *const *s = lk_scenarios; *s; s++) {
		lk_buf a = LK_BUF_INIT, b = LK_BUF_INIT;
		lk_gen_options o = usual((*s)->name);
		size_t n, m, j = 0;
		o.disorder = (lk_disorder){.late = 0.1, .late_most_us = o.span_us / 100, .duplicates = 0.1};
		generate((*s)->name, &o, &a);
		o.planted = true;
		generate((*s)->name, &o, &b);
		char **all = lines_of(&a, &n), **planted = lines_of(&b, &m);
		assert_int_equal(m > 0, (*s)->planted != NULL);
		for (size_t i = 0; i < n && j < m; i++) {
			char *mark = strstr(planted[j], ",\"planted\":\"");
			assert_non_null(mark);
			size_t event = (size_t)(mark - planted[j]);
			if (!strncmp(all[i], planted[j], event) && !strcmp(all[i] + event, "}")) {
				char *kind = lk_strndup(mark + 12, strlen(mark + 12) - 2);
				assert_non_null(strstr((*s)->planted, kind));
				free(kind);
				j++;
			}
		}
		assert_int_equal(j, m);
		free(all);
		free(planted);
		lk_buf_release(&a);
		lk_buf_release(&b);
	}
}

/* --- rows --- */

enum { MOST_COLUMNS = 8 };
typedef struct rows {
	lk_arena memory, texts;
	lk_json_scanner *scanner;
	lk_buf text;
	char *at;
	lk_value row[MOST_COLUMNS];
} rows;

static void rows_begin(rows *r, const char *scenario, const lk_gen_options *o, const char *const *columns, int n) {
	memset(r, 0, sizeof *r);
	r->scanner = lk_json_scanner_new(&test_stream(&r->memory, "stream", columns, n)->schema);
	generate(scenario, o, &r->text);
	r->at = r->text.data;
}

static bool rows_next(rows *r) {
	lk_misfit why;
	if (r->at == r->text.data + r->text.len)
		return false;
	char *end = strchr(r->at, '\n');
	assert_non_null(end);
	lk_arena_clear(&r->texts);
	assert_int_equal(lk_json_scan(r->scanner, r->at, (size_t)(end - r->at), &r->texts, r->row, &why), 0);
	r->at = end + 1;
	return true;
}

static void rows_end(rows *r) {
	lk_json_scanner_free(r->scanner);
	lk_buf_release(&r->text);
	lk_arena_release(&r->memory);
	lk_arena_release(&r->texts);
}

static void web_is_what_was_asked_for(void **state) {
	(void)state;
	static const char *const columns[] = {"ts time",     "ip text",    "method text",  "path text",
	                                      "status int4", "bytes int8", "referer text", "agent text"};
	enum { EVENTS = 20000 };
	for (int kind = 0; kind < 3; kind++) {
		rows r;
		lk_gen_options o = web(EVENTS);
		int n = 0, back = 0, far_back = 0, no_bytes = 0, home = 0;
		int64_t last = START;
		o.disorder.late = kind == 1 ? 0.1 : 0;
		o.disorder.late_least_us = 20 * LK_US_PER_S;
		o.disorder.late_most_us = 60 * LK_US_PER_S;
		o.disorder.jitter_us = kind == 2 ? 5 * LK_US_PER_S : 0;
		rows_begin(&r, "web", &o, columns, 8);
		for (; rows_next(&r); n++) {
			int64_t ts = r.row[0].i;
			assert_true(ts >= START && ts < START + HOUR);
			assert_true(ts >= last - (kind == 0 ? 0 : kind == 1 ? 61 : 6) * LK_US_PER_S);
			back += ts < last;
			far_back += ts < last - 19 * LK_US_PER_S;
			last = ts > last ? ts : last;
			for (int c = 0; c < 5; c++)
				assert_int_equal(r.row[c].state, LK_VALUE);
			no_bytes += lk_is_null(&r.row[5]);
			assert_int_equal(lk_is_null(&r.row[5]), r.row[4].i == 304);
			home += r.row[3].len == 1;
		}
		assert_int_equal(n, EVENTS);
		assert_true(last > START + HOUR - HOUR / 100);
		assert_true(no_bytes > EVENTS / 40 && no_bytes < EVENTS / 10);
		assert_true(home > EVENTS / 10 && home < EVENTS / 5);   /* 1 / (1 + 1/2 + … + 1/1000) is 13 % */
		if (kind == 0)
			assert_int_equal(back, 0);
		else if (kind == 1)
			assert_true(back >= far_back && far_back > EVENTS / 12 && far_back < EVENTS / 9);
		else
			assert_true(back > EVENTS / 2 && far_back == 0);
		rows_end(&r);
	}
}

/* 12 of "card-12". */
static int number_of(const lk_value *key, const char *before) {
	char text[32];
	assert_true(key->len < sizeof text && key->len > strlen(before));
	memcpy(text, key->s, key->len);
	text[key->len] = 0;
	return atoi(text + strlen(before));
}

/* What is paid with a card: counted here in another way than in the generator. */
typedef struct paid {
	int64_t n, cents, last;
} paid;

/* The rule of the fraud holds for the planted payments and for no others, and near misses are there. */
static void fraud_is_what_the_rule_says(void **state) {
	(void)state;
	static const char *const columns[] = {"ts time", "card text", "amount num2", "place text", "home text", "planted text"};
	for (uint64_t seed = 0; seed < 20; seed++) {
		rows all, planted;
		paid cards[300] = {{0}};
		int misses = 0, frauds = 0;
		lk_gen_options o = usual("payments");
		o.seed = seed;
		rows_begin(&all, "payments", &o, columns, 6);
		o.planted = true;
		rows_begin(&planted, "payments", &o, columns, 6);
		bool more = rows_next(&planted);
		while (rows_next(&all)) {
			const lk_value *v = all.row;
			paid *p = &cards[number_of(&v[1], "card-")];
			bool large = p->n > 0 && v[2].n * p->n > 3 * p->cents, quick = p->n > 0 && v[0].i - p->last < 60 * LK_US_PER_S;
			bool away = v[3].len != v[4].len || memcmp(v[3].s, v[4].s, v[3].len);
			bool is_planted = more && planted.row[0].i == v[0].i;
			assert_int_equal(large && quick && away, is_planted);
			frauds += is_planted;
			misses += large + quick + away == 2;
			if (is_planted)
				more = rows_next(&planted);
			*p = (paid){p->n + 1, p->cents + (int64_t)v[2].n, v[0].i};
		}
		assert_false(more);
		assert_true(frauds > 10 && misses > frauds);
		rows_end(&all);
		rows_end(&planted);
	}
}

/* Above one bound, until below the other one: as an alarm would be raised and cleared. */
static const char *alarm(bool *raised, bool above, bool below, const char *raises, const char *clears) {
	bool was = *raised;
	*raised = above || (was && !below);
	return *raised == was ? NULL : was ? clears : raises;
}

static void alarms_are_what_the_bounds_say(void **state) {
	(void)state;
	static const char *const columns[] = {"ts time", "device text", "temperature num2", "pressure num2", "planted text"};
	for (uint64_t seed = 0; seed < 20; seed++) {
		rows all, planted;
		bool hot[11] = {false}, high[11] = {false};
		int alarms = 0;
		lk_gen_options o = usual("sensors");
		o.seed = seed;
		rows_begin(&all, "sensors", &o, columns, 5);
		o.planted = true;
		rows_begin(&planted, "sensors", &o, columns, 5);
		bool more = rows_next(&planted);
		while (rows_next(&all)) {
			const lk_value *v = all.row;
			int device = number_of(&v[1], "device-");
			const char *t = alarm(&hot[device], v[2].n > 8000, v[2].n < 7000, "hot", "cooled");
			const char *p = alarm(&high[device], v[3].n > 300, v[3].n < 250, "pressure", "relieved");
			assert_false(t && p);
			assert_int_equal(t || p, more && planted.row[0].i == v[0].i);
			if (!t && !p)
				continue;
			assert_int_equal(planted.row[4].len, strlen(t ? t : p));
			assert_memory_equal(planted.row[4].s, t ? t : p, planted.row[4].len);
			more = rows_next(&planted);
			alarms++;
		}
		assert_false(more);
		assert_true(alarms > 20);
		rows_end(&all);
		rows_end(&planted);
	}
}

static void corners(void **state) {
	(void)state;
	lk_buf b = LK_BUF_INIT;
	lk_gen_options o = web(0);
	generate("web", &o, &b);
	assert_int_equal(b.len, 0);
	o.events = 3;
	o.span_us = 1;
	o.disorder = (lk_disorder){.late = 1, .late_most_us = 1, .duplicates = 1};
	o.start_us = -LK_US_PER_S / 2;   /* before 1970 */
	generate("web", &o, &b);
	assert_memory_equal(b.data, "{\"ts\":\"1969-12-31T23:59:59.500000Z\"", 35);
	assert_null(lk_scenario_find("nothing"));
	for (const lk_scenario *const *s = lk_scenarios; *s; s++) {
		lk_gen_options one = usual((*s)->name);
		lk_buf_clear(&b);
		one.events = one.keys = 1;
		generate((*s)->name, &one, &b);
		assert_int_equal(strchr(b.data, '\n') - b.data, b.len - 1);
		one.events = 1000;
		one.span_us = LK_TIME_MAX - START;
		one.keys = LK_ZIPF_MOST;
		generate((*s)->name, &one, &b);
	}
	lk_buf_release(&b);
}

static void the_help_describes_each(void **state) {
	(void)state;
	lk_buf help = LK_BUF_INIT;
	lk_scenarios_help(&help);
	assert_non_null(strstr(help.data, "\n  clicks    clicks, some by robots: 6,000 in 10 min by 500 visitors\n"));
	for (const lk_scenario *const *s = lk_scenarios; *s; s++) {
		assert_true(*(*s)->about && *(*s)->of && *(*s)->sources);
		assert_null(strchr((*s)->about, '\n'));
		assert_non_null(strstr(help.data, (*s)->about));
	}
	lk_buf_release(&help);
}

/* What `lk gen` with these options prints: the output and the messages. */
static char *printed(const char *options) {
	const char *lk = getenv("LK_BIN");
	char *line = lk_asprintf("%s gen %s 2>&1", lk ? lk : "build/plain/lk", options);
	lk_buf b = LK_BUF_INIT;
	char piece[4096];
	FILE *f = popen(line, "r");
	assert_non_null(f);
	for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
		lk_buf_add(&b, piece, n);
	pclose(f);
	free(line);
	lk_buf_adds(&b, "");
	return lk_buf_steal(&b);
}

static int lines_in(const char *text) {
	int n = 0;
	for (; (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

/* Of events, span and rate two say the third one. */
static void rates(void **state) {
	(void)state;
	static const struct {
		const char *options;
		int lines;
		const char *last;   /* of the regular times of web */
	} cases[] = {
		{"web --events 4 --span 1min", 4, "2015-05-17T10:00:45Z"},
		{"web --events 4 --rate 4/min", 4, "2015-05-17T10:00:45Z"},
		{"web --span 1min --rate 4/min", 4, "2015-05-17T10:00:45Z"},
		{"web --rate 1/900s", 4, "2015-05-17T10:45:00Z"},
		{"web --rate 2/10s --span 15s --start 2020-02-29T00:00:00Z", 3, "2020-02-29T00:00:10Z"},
		{"web --rate 1/d --span 1h", 0, ""},
		{"web --events 0 --rate 1/s", 0, ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *out = printed(cases[i].options);
		assert_int_equal(lines_in(out), cases[i].lines);
		assert_non_null(strstr(out, cases[i].last));
		free(out);
	}
}

/* The last of the events is due after a third of a second. */
static void a_pace_changes_no_byte(void **state) {
	(void)state;
	int64_t before = lk_monotonic_us();
	char *at_once = printed("sensors --events 20 --span 1h --late 50%");
	char *paced = printed("sensors --events 20 --span 1h --late 50% --pace 10000x");
	assert_true(lk_monotonic_us() - before >= 3600 * LK_US_PER_S / 20 * 19 / 10000);
	assert_string_equal(at_once, paced);
	free(at_once);
	free(paced);
}

static void bad_options_are_named(void **state) {
	(void)state;
	static const char *const cases[][2] = {
		{"payment", "did you mean payments?"},
		{"x", "one of web, words, clicks"},
		{"words --planted", "nothing is planted in words"},
		{"web --late 101%", "--late 101%: not a share"},
		{"web --late 1.01", "not a share"},
		{"web --late -1%", "not a share"},
		{"web --late %", "not a share"},
		{"web --late nan", "not a share"},
		{"web --duplicates x", "--duplicates x: not a share"},
		{"web --late-by 3s", "say how many with --late"},
		{"web --late 5% --late-by 3", "not a range"},
		{"web --late 5% --late-by 60s..3s", "not a range"},
		{"web --late 5% --late-by ..3s", "not a range"},
		{"web --late 5% --late-by 3s..", "not a range"},
		{"web --rate 5", "write 50/s"},
		{"web --rate 0/s", "write 50/s"},
		{"web --rate -1/s", "write 50/s"},
		{"web --rate 5/", "write 50/s"},
		{"web --rate 5/parsec", "write 50/s"},
		{"web --rate 1000001/s", "write 50/s"},
		{"web --rate 1/s --events 5 --span 1h", "leave out one of the three"},
		{"web --rate 1000000/s --span 100000d", "more than 1000000000000 events"},
		{"web --events 1000000000000 --rate 1/5200w", "outside the years"},
		{"web --pace 1", "not a multiple such as 10x"},
		{"web --pace 0x", "not a multiple"},
		{"web --keys 0", "--keys 0: not a whole number from 1 to 1000000"},
		{"web --keys 1000001", "not a whole number from 1 to 1000000"},
		{"web --start 9999-12-31T23:59:00Z", "outside the years"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *out = printed(cases[i][0]);
		if (!strstr(out, cases[i][1]))
			fail_msg("lk gen %s: \"%s\" is not in: %.300s", cases[i][0], cases[i][1], out);
		assert_non_null(strstr(out, "lk: "));
		assert_true(out[0] == 'l');
		free(out);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_options_same_bytes),
		cmocka_unit_test(web_in_order_is_what_it_was),
		cmocka_unit_test(disorder_changes_no_event),
		cmocka_unit_test(planted_events_are_among_them),
		cmocka_unit_test(web_is_what_was_asked_for),
		cmocka_unit_test(fraud_is_what_the_rule_says),
		cmocka_unit_test(alarms_are_what_the_bounds_say),
		cmocka_unit_test(corners),
		cmocka_unit_test(the_help_describes_each),
		cmocka_unit_test(rates),
		cmocka_unit_test(a_pace_changes_no_byte),
		cmocka_unit_test(bad_options_are_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
