/* The difference of two answers, without servers: the rows are results, written by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "compare/result_rows.h"
#include "compare/top_values.h"
#include "tests/support/definitions.h"
#include "tests/support/random.h"

#define MINUTE INT64_C(60000000)

static const char by_path[] =
	"CREATE VIEW v AS SELECT path, count(*) AS hits, sum(price) AS paid, min(ip) AS first FROM hits GROUP BY path, tumble(ts, '1 minute')";
/* ip is a key that is not selected: several rows of one window and path. */
static const char by_path_and_ip[] = "CREATE VIEW v AS SELECT path, count(*) AS hits FROM hits GROUP BY path, ip, tumble(ts, '1 minute')";

typedef struct side {
	lk_result result;
	lk_result_writer w;
} side;

static void begin(side *s, const char *name, const lk_plan *p) {
	lk_result_init(&s->result, name, p);
	lk_result_write(&s->w, &s->result);
}

static lk_value text_or_null(const char *s) { return s ? lk_text(s, strlen(s)) : lk_null(); }

/* A row of by_path. paid: a numeric as text, or NULL. */
static void row(side *s, int window, const char *path, int64_t hits, const char *paid, const char *first) {
	const lk_output *o = s->w.result->plan->outputs;
	lk_value key = text_or_null(path), n = lk_int(hits), f = text_or_null(first), null = lk_null();
	lk_result_row_begin(&s->w, (lk_span){window * MINUTE, (window + 1) * MINUTE});
	lk_result_row_value(&s->w, &o[0], &key);
	lk_result_row_value(&s->w, &o[1], &n);
	if (paid)
		lk_result_row_numeric(&s->w, &o[2], paid, strlen(paid));
	else
		lk_result_row_value(&s->w, &o[2], &null);
	lk_result_row_value(&s->w, &o[3], &f);
	lk_result_row_end(&s->w);
}

/* A row of by_path_and_ip. */
static void short_row(side *s, int window, const char *path, int64_t hits) {
	const lk_output *o = s->w.result->plan->outputs;
	lk_value key = text_or_null(path), n = lk_int(hits);
	lk_result_row_begin(&s->w, (lk_span){window * MINUTE, (window + 1) * MINUTE});
	lk_result_row_value(&s->w, &o[0], &key);
	lk_result_row_value(&s->w, &o[1], &n);
	lk_result_row_end(&s->w);
}

static void compare(side *l, side *r, lk_difference *d) {
	lk_result_written(&l->w);
	lk_result_written(&r->w);
	lk_compare_results(&l->result, &r->result, d);
	assert_true(d->made);
	assert_int_equal(d->compared, d->equal + d->only_left + d->only_right + d->different);
}

static void end(side *l, side *r, lk_difference *d) {
	lk_difference_release(d);
	lk_result_release(&l->result);
	lk_result_release(&r->result);
}

static void counts(const lk_difference *d, int64_t equal, int64_t only_left, int64_t only_right, int64_t different) {
	assert_int_equal(d->equal, equal);
	assert_int_equal(d->only_left, only_left);
	assert_int_equal(d->only_right, only_right);
	assert_int_equal(d->different, different);
}

/* --- */

static void order_does_not_matter(void **state) {
	(void)state;
	lk_definitions defs;
	const lk_plan *p = test_view(by_path, &defs);
	side l, r;
	lk_difference d;
	begin(&l, "lambda", p);
	begin(&r, "sql", p);
	row(&l, 1, "/a", 3, "1.50", "x");
	row(&l, 0, "/b", 2, NULL, "x");
	row(&l, 0, NULL, 1, "2", "y");
	row(&r, 0, NULL, 1, "2.00", "y");
	row(&r, 1, "/a", 3, "1.5", "x");
	row(&r, 0, "/b", 2, NULL, "x");
	compare(&l, &r, &d);
	counts(&d, 3, 0, 0, 0);
	assert_string_equal(d.left, "lambda");
	assert_string_equal(d.right, "sql");
	assert_int_equal(d.nshown, 0);
	assert_true(lk_difference_none(&d));
	end(&l, &r, &d);
	lk_definitions_release(&defs);
}

static void each_kind_is_counted_and_shown(void **state) {
	(void)state;
	lk_definitions defs;
	const lk_plan *p = test_view(by_path, &defs);
	side l, r;
	lk_difference d;
	begin(&l, "lambda", p);
	begin(&r, "kappa", p);
	row(&l, 0, "/a", 1, "1", "x");
	row(&l, 0, "/b", 2, "1", "x");
	row(&l, 1, "/a", 3, "1", "x");
	row(&r, 0, "/a", 1, "1", "x");
	row(&r, 0, "/c", 4, NULL, "x");
	row(&r, 1, "/a", 3, "1.01", "x");
	compare(&l, &r, &d);
	counts(&d, 1, 1, 1, 1);
	assert_false(lk_difference_none(&d));
	assert_int_equal(d.nshown, 3);
	assert_string_equal(d.shown[0].window, "1970-01-01T00:00:00Z");
	assert_string_equal(d.shown[0].key, "path=/b");
	assert_string_equal(d.shown[0].left, "hits=2, paid=1, first=x");
	assert_null(d.shown[0].right);
	assert_string_equal(d.shown[1].key, "path=/c");
	assert_null(d.shown[1].left);
	assert_string_equal(d.shown[1].right, "hits=4, paid=NULL, first=x");
	assert_string_equal(d.shown[2].window, "1970-01-01T00:01:00Z");
	assert_string_equal(d.shown[2].left, "hits=3, paid=1, first=x");
	assert_string_equal(d.shown[2].right, "hits=3, paid=1.01, first=x");
	end(&l, &r, &d);
	lk_definitions_release(&defs);
}

static void an_empty_side(void **state) {
	(void)state;
	lk_definitions defs;
	const lk_plan *p = test_view(by_path, &defs);
	side l, r;
	lk_difference d;
	begin(&l, "lambda", p);
	begin(&r, "kappa", p);
	row(&r, 0, "/a", 1, "1", "x");
	compare(&l, &r, &d);
	counts(&d, 0, 0, 1, 0);
	end(&l, &r, &d);
	begin(&l, "lambda", p);
	begin(&r, "kappa", p);
	compare(&l, &r, &d);
	counts(&d, 0, 0, 0, 0);
	assert_true(lk_difference_none(&d));
	end(&l, &r, &d);
	lk_definitions_release(&defs);
}

/* Values that look alike in a list are not the same. */
static void texts_are_told_apart(void **state) {
	(void)state;
	static const char *const firsts[] = {NULL, "NULL", "", "\"NULL\"", "a", "a ", "a, paid=1", "\n", "\"\""};
	lk_definitions defs;
	const lk_plan *p = test_view(by_path, &defs);
	enum { N = sizeof firsts / sizeof *firsts };
	for (int i = 0; i < N; i++)
		for (int k = 0; k < N; k++) {
			side l, r;
			lk_difference d;
			begin(&l, "lambda", p);
			begin(&r, "kappa", p);
			row(&l, 0, "/", 1, "1", firsts[i]);
			row(&r, 0, "/", 1, "1", firsts[k]);
			compare(&l, &r, &d);
			counts(&d, i == k, 0, 0, i != k);
			end(&l, &r, &d);
			/* as keys, they name other rows */
			begin(&l, "lambda", p);
			begin(&r, "kappa", p);
			row(&l, 0, firsts[i], 1, "1", "x");
			row(&r, 0, firsts[k], 1, "1", "x");
			compare(&l, &r, &d);
			counts(&d, i == k, i != k, i != k, 0);
			end(&l, &r, &d);
		}
	lk_definitions_release(&defs);
}

static void minus_zero_is_zero(void **state) {
	(void)state;
	lk_definitions defs;
	const lk_plan *p = test_view("CREATE VIEW v AS SELECT d, max(d) AS most FROM hits GROUP BY d", &defs);
	const double zeros[] = {0.0, -0.0};
	side s[2];
	lk_difference d;
	for (int i = 0; i < 2; i++) {
		lk_value v = lk_double(zeros[i]);
		begin(&s[i], i ? "sql" : "lambda", p);
		lk_result_row_begin(&s[i].w, (lk_span){0});
		lk_result_row_value(&s[i].w, &p->outputs[0], &v);
		lk_result_row_value(&s[i].w, &p->outputs[1], &v);
		lk_result_row_end(&s[i].w);
	}
	compare(&s[0], &s[1], &d);
	counts(&d, 1, 0, 0, 0);
	assert_null(s[0].result.rows[0].window);
	end(&s[0], &s[1], &d);
	lk_definitions_release(&defs);
}

/* lk and PostgreSQL write one value differently; values that differ must still differ. */
static void lists_of_top_k_are_compared_by_value(void **state) {
	(void)state;
	static const struct { lk_type t; const char *ours, *theirs; bool same; } lists[] = {
		{{.kind = LK_TIME}, "\"2024-01-01T00:00:00.5Z\"", "\"2024-01-01T00:00:00.5+00:00\"", true},
		{{.kind = LK_TIME}, "\"2024-01-01T00:00:00Z\"", "\"2024-01-01T00:00:00.000001+00:00\"", false},
		{{.kind = LK_FLOAT4}, "16777216", "1.6777216e+07", true},
		{{.kind = LK_FLOAT4}, "16777216", "1.6777218e+07", false},
		{{.kind = LK_FLOAT8}, "9007199254740992", "9.007199254740992e+15", true},
		{{.kind = LK_FLOAT8}, "0", "-0", true},
		{{.kind = LK_FLOAT8}, "\"NaN\"", "\"NaN\"", true},
		{{.kind = LK_FLOAT8}, "\"-Infinity\"", "\"Infinity\"", false},
		{{.kind = LK_NUMERIC, .precision = 12, .scale = 2}, "1.50", "1.5", true},
		{{.kind = LK_NUMERIC, .precision = 12, .scale = 2}, "1.50", "1.501", false},
		{{.kind = LK_TEXT}, "\"a\\\"},{\\n\"", "\"a\\\"},{\\n\"", true},
		{{.kind = LK_TEXT}, "\"1.0\"", "\"1\"", false},
		{{.kind = LK_BOOL}, "true", "true", true},
		{{.kind = LK_INT8}, "9007199254740993", "9007199254740992", false},
	};
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		lk_buf json = LK_BUF_INIT, out[2] = {LK_BUF_INIT, LK_BUF_INIT};
		for (int k = 0; k < 2; k++) {
			const char *value = k ? lists[i].theirs : lists[i].ours;
			lk_buf_clear(&json);
			lk_buf_addf(&json, "[{\"value\":%s,\"count\":2},{\"value\":%s,\"count\":1}]", value, value);
			lk_top_values_put(lists[i].t, json.data, json.len, &out[k]);
		}
		if (!strcmp(out[0].data, out[1].data) != lists[i].same)
			fail_msg("%s and %s", out[0].data, out[1].data);
		lk_buf_clear(&out[0]);
		lk_top_values_put(lists[i].t, json.data, json.len - 1, &out[0]);
		assert_int_equal(out[0].len, json.len - 1);
		assert_memory_equal(out[0].data, json.data, json.len - 1);
		lk_buf_release(&json);
		lk_buf_release(&out[0]);
		lk_buf_release(&out[1]);
	}
}

static void keys_that_are_not_selected(void **state) {
	(void)state;
	lk_definitions defs;
	const lk_plan *p = test_view(by_path_and_ip, &defs);
	side l, r;
	lk_difference d;
	begin(&l, "lambda", p);
	begin(&r, "kappa", p);
	for (int i = 0; i < 3; i++)
		short_row(&l, 0, "/", 1);
	short_row(&l, 0, "/", 5);
	short_row(&l, 0, "/", 7);
	short_row(&r, 0, "/", 7);
	short_row(&r, 0, "/", 1);
	short_row(&r, 0, "/", 1);
	short_row(&r, 0, "/", 6);
	compare(&l, &r, &d);
	counts(&d, 3, 1, 0, 1);
	end(&l, &r, &d);
	lk_definitions_release(&defs);
}

static void other_columns_are_another_shape(void **state) {
	(void)state;
	static const char *const others[] = {
		"CREATE VIEW v AS SELECT path, count(*) AS n, sum(price) AS paid, min(ip) AS first FROM hits GROUP BY path, tumble(ts, '1 minute')",
		"CREATE VIEW v AS SELECT path, count(*) AS hits, sum(price) AS paid FROM hits GROUP BY path, tumble(ts, '1 minute')",
		"CREATE VIEW v AS SELECT path, count(*) AS hits, sum(bytes) AS paid, min(ip) AS first FROM hits GROUP BY path, tumble(ts, '1 minute')",
		"CREATE VIEW v AS SELECT path, count(*) AS hits, sum(price) AS paid, ip AS first FROM hits GROUP BY path, ip, tumble(ts, '1 minute')",
		"CREATE VIEW v AS SELECT path, count(*) AS hits, sum(price) AS paid, min(ip) AS first FROM hits GROUP BY path, tumble(ts, '2 minutes')",
		"CREATE VIEW v AS SELECT path, count(*) AS hits, sum(price) AS paid, min(ip) AS first FROM hits GROUP BY path",
	};
	lk_definitions defs, other;
	const lk_plan *p = test_view(by_path, &defs);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		side l, r;
		lk_difference d;
		begin(&l, "lambda", p);
		begin(&r, "kappa", test_view(others[i], &other));
		compare(&l, &r, &d);
		assert_true(d.other_shape);
		assert_false(lk_difference_none(&d));
		end(&l, &r, &d);
		lk_definitions_release(&other);
	}
	/* another WHERE has the same shape */
	side l, r;
	lk_difference d;
	begin(&l, "lambda", p);
	begin(&r, "kappa", test_view("CREATE VIEW v AS SELECT path, count(*) AS hits, sum(price) AS paid, min(ip) AS first FROM hits"
	                             " WHERE ok GROUP BY path, tumble(ts, '1 minute')", &other));
	compare(&l, &r, &d);
	assert_false(d.other_shape);
	end(&l, &r, &d);
	lk_definitions_release(&other);
	lk_definitions_release(&defs);
}

/* --- late events --- */

static lk_result *whole_of(side *s, const lk_plan *p) {
	s->result.whole = lk_calloc(1, sizeof *s->result.whole);
	lk_result_init(s->result.whole, "whole", p);
	return s->result.whole;
}

static void late_events_explain_what_they_make_equal(void **state) {
	(void)state;
	lk_definitions defs;
	const lk_plan *p = test_view(by_path, &defs);
	side l, r, whole;
	lk_difference d;
	begin(&l, "lambda", p);
	begin(&r, "kappa", p);
	row(&l, 0, "/same", 5, "1", "x");
	row(&l, 0, "/late", 5, "1", "x");     /* kappa has refused one of them */
	row(&l, 0, "/all_late", 1, "1", "x"); /* and all of these */
	row(&l, 0, "/partly", 5, "1", "x");   /* with its late ones kappa has four: something else is wrong too */
	row(&l, 0, "/wrong", 5, "1", "x");
	row(&r, 0, "/same", 5, "1", "x");
	row(&r, 0, "/late", 4, "1", "x");
	row(&r, 0, "/partly", 3, "1", "x");
	row(&r, 0, "/wrong", 6, "1", "x");
	lk_result_write(&whole.w, whole_of(&r, p));
	row(&whole, 0, "/same", 5, "1", "x");
	row(&whole, 0, "/late", 5, "1", "x");
	row(&whole, 0, "/all_late", 1, "1", "x");
	row(&whole, 0, "/partly", 4, "1", "x");
	row(&whole, 0, "/wrong", 6, "1", "x");
	lk_result_written(&whole.w);
	compare(&l, &r, &d);
	counts(&d, 1, 1, 0, 3);
	assert_int_equal(d.by_late, 2);
	assert_false(lk_difference_none(&d));
	/* unexplained rows are shown first */
	assert_int_equal(d.nshown, 4);
	assert_string_equal(d.shown[0].key, "path=/partly");
	assert_string_equal(d.shown[1].key, "path=/wrong");
	assert_false(d.shown[1].by_late);
	assert_string_equal(d.shown[2].key, "path=/all_late");
	assert_true(d.shown[2].by_late);
	assert_string_equal(d.shown[3].key, "path=/late");
	end(&l, &r, &d);
	lk_definitions_release(&defs);
}

static void what_late_events_make_unequal_is_not_counted(void **state) {
	(void)state;
	lk_definitions defs;
	const lk_plan *p = test_view(by_path, &defs);
	side l, r, whole;
	lk_difference d;
	begin(&l, "lambda", p);
	begin(&r, "kappa", p);
	row(&l, 0, "/", 5, "1", "x");
	row(&r, 0, "/", 5, "1", "x");
	lk_result_write(&whole.w, whole_of(&r, p));
	row(&whole, 0, "/", 6, "1", "x");
	lk_result_written(&whole.w);
	compare(&l, &r, &d);
	counts(&d, 1, 0, 0, 0);
	assert_int_equal(d.by_late, 0);
	end(&l, &r, &d);
	lk_definitions_release(&defs);
}

static void ten_are_shown_the_unexplained_first(void **state) {
	(void)state;
	lk_definitions defs;
	const lk_plan *p = test_view(by_path, &defs);
	side l, r, whole;
	lk_difference d;
	begin(&l, "lambda", p);
	begin(&r, "kappa", p);
	lk_result_write(&whole.w, whole_of(&r, p));
	for (int i = 0; i < 30; i++) {
		row(&l, i, "/", 2, "1", "x");
		row(&r, i, "/", 1, "1", "x");
		row(&whole, i, "/", i == 29 ? 3 : 2, "1", "x");
	}
	lk_result_written(&whole.w);
	compare(&l, &r, &d);
	counts(&d, 0, 0, 0, 30);
	assert_int_equal(d.by_late, 29);
	assert_int_equal(d.nshown, LK_DIFFERENCES_SHOWN);
	assert_string_equal(d.shown[0].window, "1970-01-01T00:29:00Z");
	assert_string_equal(d.shown[1].window, "1970-01-01T00:00:00Z");
	end(&l, &r, &d);
	lk_definitions_release(&defs);
}

/* --- approximate aggregates: a plan whose count is declared to be one --- */

static void approximate_values_are_near_postgresqls(void **state) {
	(void)state;
	/* five in a hundred, and two for small counts */
	static const struct { int64_t lk, sql; bool near; } cases[] = {
		{1000, 1000, true}, {1050, 1000, true}, {1052, 1000, true}, {1053, 1000, false}, {947, 1000, false}, {0, 0, true}, {2, 0, true}, {3, 0, false},
	};
	lk_definitions defs;
	lk_plan p = *test_view(by_path_and_ip, &defs);
	lk_aggregate verbs = *p.aggs[0].verbs;
	lk_agg agg = p.aggs[0];
	verbs.error = 0.05;
	agg.verbs = &verbs;
	p.aggs = &agg;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (int sql = 0; sql < 3; sql++) {   /* PostgreSQL's on the left, on the right, on neither side */
			side s[2];
			lk_difference d;
			begin(&s[0], "a", &p);
			begin(&s[1], "b", &p);
			short_row(&s[0], 0, "/", sql == 0 ? cases[i].sql : cases[i].lk);
			short_row(&s[1], 0, "/", sql == 0 ? cases[i].lk : cases[i].sql);
			if (sql < 2)
				s[sql].result.sql = true;
			compare(&s[0], &s[1], &d);
			assert_int_equal(d.equal, sql < 2 ? cases[i].near : cases[i].lk == cases[i].sql);
			end(&s[0], &s[1], &d);
		}
	lk_definitions_release(&defs);
}

/* NaN is a number, and no number is near NULL. */
static void null_is_near_null_alone(void **state) {
	(void)state;
	const lk_value values[] = {lk_null(), lk_double(NAN), lk_double(0), lk_double(INFINITY)};
	lk_definitions defs;
	const lk_plan *p = test_view("CREATE VIEW v AS SELECT approx_percentile(d, 0.5) AS half FROM hits GROUP BY tumble(ts, '1 minute')", &defs);
	assert_true(lk_output_error(p, &p->outputs[0]) > 0);
	for (size_t i = 0; i < 4; i++)
		for (size_t k = 0; k < 4; k++) {
			side s[2];
			lk_difference d;
			for (int n = 0; n < 2; n++) {
				begin(&s[n], n ? "sql" : "lambda", p);
				lk_result_row_begin(&s[n].w, (lk_span){0, MINUTE});
				lk_result_row_value(&s[n].w, &p->outputs[0], &values[n ? k : i]);
				lk_result_row_end(&s[n].w);
			}
			s[1].result.sql = true;
			compare(&s[0], &s[1], &d);
			assert_int_equal(d.equal, i == k);
			end(&s[0], &s[1], &d);
		}
	lk_definitions_release(&defs);
}

/* Rows of one window whose keys are not selected are told apart by their values alone, which are only nearly equal. */
static void near_rows_find_each_other(void **state) {
	(void)state;
	static const int64_t lk[][2] = {{0, 9}, {100, 9}, {1000, 500}, {1000, 900}, {1010, 300}},
	                     sql[][2] = {{0, 9}, {101, 10}, {1001, 905}, {1005, 301}, {1008, 501}};
	enum { ROWS = sizeof lk / sizeof *lk };
	lk_definitions defs;
	lk_plan p = *test_view("CREATE VIEW v AS SELECT count(*) AS hits, count(ip) AS ips FROM hits GROUP BY path, tumble(ts, '1 minute')", &defs);
	lk_aggregate verbs = *p.aggs[0].verbs;
	lk_agg aggs[] = {p.aggs[0], p.aggs[1]};
	verbs.error = 0.02;
	aggs[0].verbs = aggs[1].verbs = &verbs;
	p.aggs = aggs;
	for (int columns = 1; columns <= 2; columns++) {
		side s[2];
		lk_difference d;
		p.noutputs = columns;
		for (int k = 0; k < 2; k++) {
			begin(&s[k], k ? "sql" : "lambda", &p);
			for (int i = 0; i < ROWS; i++) {
				lk_result_row_begin(&s[k].w, (lk_span){0, MINUTE});
				for (int c = 0; c < columns; c++) {
					lk_value v = lk_int(k ? sql[i][c] : lk[i][c]);
					lk_result_row_value(&s[k].w, &p.outputs[c], &v);
				}
				lk_result_row_end(&s[k].w);
			}
		}
		s[1].result.sql = true;
		compare(&s[0], &s[1], &d);
		counts(&d, ROWS, 0, 0, 0);
		end(&s[0], &s[1], &d);
	}
	lk_definitions_release(&defs);
}

/* --- any two results --- */

/* There are few kinds of rows, so all cases of multiplicity occur. counted[kind] on each side. */
static void random_results(uint64_t *seed, const lk_plan *p) {
	enum { WINDOWS = 3, PATHS = 3, VALUES = 3 };
	int n[2][WINDOWS][PATHS][VALUES] = {0};
	side s[2];
	lk_difference d, mirrored;
	for (int k = 0; k < 2; k++) {
		begin(&s[k], k ? "right" : "left", p);
		for (int rows = random_below(seed, 40); rows > 0; rows--) {
			int w = random_below(seed, WINDOWS), path = random_below(seed, PATHS), v = random_below(seed, VALUES);
			char name[8];
			snprintf(name, sizeof name, "/%d", path);
			short_row(&s[k], w, name, v);
			n[k][w][path][v]++;
		}
	}
	int64_t equal = 0, different = 0, only[2] = {0};
	for (int w = 0; w < WINDOWS; w++)
		for (int path = 0; path < PATHS; path++) {
			int left = 0, right = 0;
			for (int v = 0; v < VALUES; v++) {
				int a = n[0][w][path][v], b = n[1][w][path][v];
				equal += a < b ? a : b;
				left += a > b ? a - b : 0;
				right += b > a ? b - a : 0;
			}
			different += left < right ? left : right;
			only[0] += left > right ? left - right : 0;
			only[1] += right > left ? right - left : 0;
		}
	compare(&s[0], &s[1], &d);
	counts(&d, equal, only[0], only[1], different);
	lk_compare_results(&s[1].result, &s[0].result, &mirrored);
	counts(&mirrored, equal, only[1], only[0], different);
	lk_difference_release(&mirrored);
	end(&s[0], &s[1], &d);
}

static void any_two_results(void **state) {
	(void)state;
	uint64_t seed = random_seed();
	lk_definitions defs;
	const lk_plan *p = test_view(by_path_and_ip, &defs);
	for (int i = 0; i < 2000; i++)
		random_results(&seed, p);
	lk_definitions_release(&defs);
}

static int release(void **state) {
	(void)state;
	test_hits_release();
	return 0;
}

/* --- rows by keys and time --- */

/* Rows with these keys that share time with the span, found in the simplest way. */
static size_t touching_plainly(const lk_result *l, lk_span span, const void *keys, size_t len, const struct lk_result_row **out) {
	size_t n = 0;
	for (size_t i = 0; i < l->nrows; i++) {
		const struct lk_result_row *r = &l->rows[i];
		if (r->identity_len == LK_IDENTITY_KEYS + len && !memcmp((const uint8_t *)r->identity + LK_IDENTITY_KEYS, keys, len)
		    && lk_spans_meet(lk_identity_span(r->identity), span))
			out[n++] = r;
	}
	return n;
}

/* Windows of any length; many of them share keys and time, since keys may be missing in the select list. */
static void rows_that_share_time(void **state) {
	(void)state;
	uint64_t seed = random_seed();
	lk_definitions d;
	const lk_plan *p = test_view("CREATE VIEW v AS SELECT path, count(*) AS hits FROM hits GROUP BY path, ip, session(ts, '1 minute')", &d);
	size_t found = 0;
	for (int round = 0; round < 200; round++) {
		side s;
		const struct lk_result_row *want[40];
		lk_result_rows got = {0};
		begin(&s, "s", p);
		for (int i = random_below(&seed, 40); i > 0; i--) {
			char path[2] = {(char)('a' + random_below(&seed, 3)), 0};
			lk_value key = text_or_null(path), n = lk_int(random_below(&seed, 3));
			int64_t start = random_below(&seed, 50);
			lk_result_row_begin(&s.w, (lk_span){start, start + 1 + random_below(&seed, random_below(&seed, 4) ? 5 : 50)});
			lk_result_row_value(&s.w, &p->outputs[0], &key);
			lk_result_row_value(&s.w, &p->outputs[1], &n);
			lk_result_row_end(&s.w);
		}
		lk_result_written(&s.w);
		for (size_t i = 0; i < s.result.nrows; i++) {
			const struct lk_result_row *r = &s.result.rows[i];
			const uint8_t *keys = (const uint8_t *)r->identity + LK_IDENTITY_KEYS;
			int64_t start = random_below(&seed, 60);
			lk_span span = {start, start + 1 + random_below(&seed, 10)};
			got.n = 0;
			lk_result_touching(&s.result, span, keys, r->identity_len - LK_IDENTITY_KEYS, &got);
			assert_int_equal(got.n, touching_plainly(&s.result, span, keys, r->identity_len - LK_IDENTITY_KEYS, want));
			for (size_t k = 0; k < got.n; k++)
				assert_ptr_equal(got.at[k], want[k]);
			found += got.n;
		}
		lk_result_rows_release(&got);
		lk_result_release(&s.result);
	}
	assert_true(found > 1000);
	lk_definitions_release(&d);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(each_kind_is_counted_and_shown),
		cmocka_unit_test(an_empty_side),
		cmocka_unit_test(texts_are_told_apart),
		cmocka_unit_test(minus_zero_is_zero),
		cmocka_unit_test(lists_of_top_k_are_compared_by_value),
		cmocka_unit_test(keys_that_are_not_selected),
		cmocka_unit_test(other_columns_are_another_shape),
		cmocka_unit_test(late_events_explain_what_they_make_equal),
		cmocka_unit_test(what_late_events_make_unequal_is_not_counted),
		cmocka_unit_test(ten_are_shown_the_unexplained_first),
		cmocka_unit_test(approximate_values_are_near_postgresqls),
		cmocka_unit_test(null_is_near_null_alone),
		cmocka_unit_test(near_rows_find_each_other),
		cmocka_unit_test(any_two_results),
		cmocka_unit_test(rows_that_share_time),
	};
	return cmocka_run_group_tests(tests, NULL, release);
}
