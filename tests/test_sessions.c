/* Sessions from panes, without servers: events are folded into many maps in any order, like those of segments, batches
 * and partitions. The maps are merged in any order and grouping, and the sessions are those of all events sorted by
 * time, byte for byte in their partials (I10, R16). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/key.h"
#include "partials/fold.h"
#include "serving/windows.h"
#include "tests/support/definitions.h"
#include "tests/support/random.h"
#include "windows/window.h"

#define S LK_US_PER_S
enum { EVENTS = 60, PIECES = 6, GAP_US = 10 * 1000000 };

static const char view[] =
	"CREATE VIEW visits AS SELECT ip, count(*) AS n, sum(big) AS s, avg(d) AS a, min(ts) AS first_ts, count(DISTINCT path) AS paths,"
	" first(path) AS came, last(path) AS went, approx_count_distinct(path) AS about, top_k(status, 2) AS top,"
	" approx_percentile(d, 0.5) AS median FROM hits WHERE ok IS NOT FALSE GROUP BY ip, session(ts, '10 s')";

typedef struct event {
	int64_t ts, off;
	int part;
	lk_value ip, path, status, big, d, ok;
} event;

typedef struct test {
	const lk_plan *plan;
	lk_definitions d;
	lk_folder folder;
	lk_arena arena;
	event events[EVENTS];
	int n;
} test;

static void begin(test *t, const char *text) {
	*t = (test){0};
	t->plan = test_view(text, &t->d);
	lk_folder_init(&t->folder, t->plan);
}

static void end(test *t) {
	lk_folder_release(&t->folder);
	lk_definitions_release(&t->d);
	lk_arena_release(&t->arena);
}

static void set_row(test *t, const event *e) {
	const lk_stream *s = t->plan->stream;
	static const char *const names[] = {"ip", "path", "status", "big", "d", "ok"};
	const lk_value *values[] = {&e->ip, &e->path, &e->status, &e->big, &e->d, &e->ok};
	for (int i = 0; i < t->plan->nslots; i++)
		t->folder.row[i] = lk_null();
	t->folder.row[s->schema.event_time] = lk_int(e->ts);
	t->folder.row[lk_slot_at(s)] = lk_int(e->ts);
	for (int c = 0; c < s->schema.ncolumns; c++)
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			if (strcmp(s->schema.columns[c].name, names[i]) == 0)
				t->folder.row[c] = *values[i];
	t->folder.place.part = e->part;
	t->folder.place.off = e->off;
}

/* --- the expected sessions --- */

static int by_key_then_time(const void *a, const void *b) {
	const event *x = a, *y = b;
	lk_type text = {.kind = LK_TEXT};
	int order = lk_is_null(&x->ip) - lk_is_null(&y->ip);
	if (!order && !lk_is_null(&x->ip))
		order = lk_value_compare(text, &x->ip, &y->ip);
	return order ? order : (x->ts > y->ts) - (x->ts < y->ts);
}

static bool same_key(const event *x, const event *y) {
	return lk_is_null(&x->ip) == lk_is_null(&y->ip) && (lk_is_null(&x->ip) || lk_value_compare((lk_type){.kind = LK_TEXT}, &x->ip, &y->ip) == 0);
}

static void fold_into(test *t, const event *e, int64_t start, lk_cells *cells) {
	lk_buf field = LK_BUF_INIT;
	set_row(t, e);
	lk_pane_put(&field, start);
	lk_key_put(&field, t->plan->keys[0].expr->type, &e->ip);
	char *state = lk_cell_state(cells, lk_cells_at(cells, field.data, field.len));
	t->folder.place.ts = e->ts;
	t->folder.place.row = 0;
	for (int i = 0; i < t->plan->naggs; i++) {
		const lk_agg *a = &t->plan->aggs[i];
		lk_value v = a->arg ? lk_expr_eval(a->arg, t->folder.row, &(lk_eval){.arena = &t->arena}) : lk_int(1);
		if (v.state == LK_VALUE)
			a->verbs->fold(state + a->state_offset, a, &v, &t->folder.place, &cells->arena);
	}
	lk_buf_release(&field);
}

static bool passes(const event *e) { return lk_is_null(&e->ok) || e->ok.i; }

static void sessions_of_all(test *t, lk_cells *want) {
	event sorted[EVENTS];
	int n = 0;
	int64_t start = 0;
	for (int i = 0; i < t->n; i++)
		if (passes(&t->events[i]))
			sorted[n++] = t->events[i];
	qsort(sorted, (size_t)n, sizeof *sorted, by_key_then_time);
	for (int i = 0; i < n; i++) {
		if (i == 0 || !same_key(&sorted[i - 1], &sorted[i]) || sorted[i].ts - sorted[i - 1].ts >= GAP_US)
			start = sorted[i].ts;
		fold_into(t, &sorted[i], start, want);
	}
}

/* --- the actual sessions --- */

static void merge_all(const lk_cells *from, lk_cells *into) {
	lk_buf partial = LK_BUF_INIT;
	for (const lk_cell *c = from->first; c; c = c->next) {
		lk_buf_clear(&partial);
		lk_cell_encode(from, c, &partial);
		assert_int_equal(lk_cells_merge(into, lk_cell_field(from, c), c->field_len, partial.data, partial.len), 0);
	}
	lk_buf_release(&partial);
}

/* The panes of all events, which came in any order to any of the pieces; the pieces were merged in pairs. */
static void panes_of_all(test *t, uint64_t *seed, lk_cells *panes) {
	lk_cells pieces[PIECES];
	int order[EVENTS], n = PIECES;
	for (int i = 0; i < PIECES; i++)
		lk_cells_init(&pieces[i], t->plan);
	for (int i = 0; i < t->n; i++) {
		int j = random_below(seed, i + 1);
		order[i] = order[j];
		order[j] = i;
	}
	for (int i = 0; i < t->n; i++) {
		set_row(t, &t->events[order[i]]);
		lk_fold_event(&t->folder, &pieces[random_below(seed, PIECES)], LK_NEVER);
	}
	while (n > 1) {
		int a = random_below(seed, n), b = random_below(seed, n - 1);
		b += b >= a;
		merge_all(&pieces[b], &pieces[a]);
		lk_cells_release(&pieces[b]);
		pieces[b] = pieces[--n];
	}
	merge_all(&pieces[0], panes);
	lk_cells_release(&pieces[0]);
}

static void begin_answer(lk_answer *a, const lk_plan *p) {
	*a = (lk_answer){.plan = p, .window = p->window, .from = INT64_MIN, .to = INT64_MAX, .horizon = LK_NEVER};
	lk_cells_init(&a->cells, p);
	lk_cells_init(&a->panes, p);
	lk_cells_init(&a->batch_part, p);
	lk_cells_init(&a->speed_part, p);
}

/* `got` has every cell of `want` whose window starts in [from, to), and no other one. */
static void same_cells(const lk_cells *want, const lk_cells *got, int64_t from, int64_t to) {
	lk_buf x = LK_BUF_INIT, y = LK_BUF_INIT;
	size_t n = 0;
	for (const lk_cell *c = want->first; c; c = c->next) {
		int64_t start = lk_pane_get(lk_cell_field(want, c));
		if (start < from || start >= to)
			continue;
		const lk_cell *g = lk_cells_find(got, lk_cell_field(want, c), c->field_len);
		assert_non_null(g);
		lk_buf_clear(&x);
		lk_buf_clear(&y);
		lk_cell_encode(want, c, &x);
		lk_cell_encode(got, g, &y);
		assert_int_equal(x.len, y.len);
		assert_memory_equal(x.data, y.data, x.len);
		n++;
	}
	assert_int_equal(got->ncells, n);
	lk_buf_release(&x);
	lk_buf_release(&y);
}

static void random_events(test *t, uint64_t *seed) {
	static const char *const texts[] = {"a", "b", "", "ab"};
	static const int64_t steps[] = {0, 1, GAP_US - 1, GAP_US, GAP_US + 1, GAP_US / 2, 3 * S, 2 * GAP_US, -GAP_US, -GAP_US + 1, -S, 30 * S};
	int64_t ts = random_below(seed, 4) ? random_below(seed, 1000) * S - 500 * S : random_in_range(seed, LK_TIME_MAX / 2);
	t->n = 1 + random_below(seed, EVENTS);
	for (int i = 0; i < t->n; i++) {
		const char *ip = texts[random_below(seed, 3)], *path = texts[random_below(seed, 4)];
		ts += steps[random_below(seed, sizeof steps / sizeof *steps)];
		t->events[i] = (event){
			.ts = ts, .off = i, .part = random_below(seed, 3), .ip = random_below(seed, 6) ? lk_text(ip, strlen(ip)) : lk_null(),
			.path = random_below(seed, 6) ? lk_text(path, strlen(path)) : lk_null(), .status = lk_int(random_below(seed, 4)),
			.big = lk_int(random_in_range(seed, INT64_MAX)), .d = lk_double(random_double(seed)),
			.ok = random_below(seed, 3) ? lk_int(random_below(seed, 5) > 0) : lk_null()};
	}
}

/* I10 */
static void any_order_and_grouping(void **state) {
	(void)state;
	uint64_t seed = random_seed();
	test t;
	begin(&t, view);
	for (int round = 0; round < 300; round++) {
		lk_answer a;
		lk_cells want;
		begin_answer(&a, t.plan);
		lk_cells_init(&want, t.plan);
		random_events(&t, &seed);
		sessions_of_all(&t, &want);
		panes_of_all(&t, &seed, &a.panes);
		lk_windows_make(&a);
		same_cells(&want, &a.cells, INT64_MIN, INT64_MAX);
		for (const lk_cell *c = a.cells.first; c; c = c->next)
			assert_int_equal(lk_session_of(t.plan, lk_cell_state(&a.cells, c)).start, lk_pane_get(lk_cell_field(&a.cells, c)));
		a.catalog = NULL;
		lk_answer_release(&a);
		lk_cells_release(&want);
	}
	end(&t);
}

/* A range needs only some of the panes, and gives the same sessions: those that start in it, complete. */
static void a_range_has_whole_sessions(void **state) {
	(void)state;
	uint64_t seed = random_seed();
	test t;
	begin(&t, view);
	for (int round = 0; round < 600; round++) {
		lk_answer a;
		lk_cells want, all;
		int64_t first, last;
		begin_answer(&a, t.plan);
		lk_cells_init(&want, t.plan);
		lk_cells_init(&all, t.plan);
		random_events(&t, &seed);
		sessions_of_all(&t, &want);
		panes_of_all(&t, &seed, &all);
		const event *some = &t.events[random_below(&seed, t.n)], *other = &t.events[random_below(&seed, t.n)];
		a.from = some->ts + random_below(&seed, 3) - 1;
		a.to = random_below(&seed, 2) ? other->ts + random_below(&seed, 3) - 1 : INT64_MAX;
		lk_panes_of_range(&a.window, a.from, a.to, &first, &last);
		for (const lk_cell *c = all.first; c; c = c->next) {
			int64_t pane = lk_pane_get(lk_cell_field(&all, c));
			lk_cell *to = first <= pane && pane < last ? lk_cells_at(&a.panes, lk_cell_field(&all, c), c->field_len) : NULL;
			for (int i = 0; to && i < t.plan->naggs; i++) {
				const lk_agg *g = &t.plan->aggs[i];
				g->verbs->merge((char *)lk_cell_state(&a.panes, to) + g->state_offset, g, (char *)lk_cell_state(&all, c) + g->state_offset,
				                &a.panes.arena);
			}
		}
		assert_true(last == INT64_MAX);   /* a session that begins in the range may last for ever */
		lk_windows_make(&a);
		same_cells(&want, &a.cells, a.from, a.to);
		lk_answer_release(&a);
		lk_cells_release(&all);
		lk_cells_release(&want);
	}
	end(&t);
}

/* Each part of a split answer has, under the session of the sum, its own share of it. */
static void parts_are_of_the_same_sessions(void **state) {
	(void)state;
	uint64_t seed = random_seed();
	test t;
	begin(&t, view);
	for (int round = 0; round < 200; round++) {
		lk_answer a;
		lk_cells sum;
		begin_answer(&a, t.plan);
		lk_cells_init(&sum, t.plan);
		random_events(&t, &seed);
		for (int i = 0; i < t.n; i++) {
			set_row(&t, &t.events[i]);
			lk_fold_event(&t.folder, random_below(&seed, 2) ? &a.batch_part : &a.speed_part, LK_NEVER);
			lk_fold_event(&t.folder, &a.panes, LK_NEVER);
		}
		lk_windows_make(&a);
		for (int k = 0; k < 2; k++)
			merge_all(k ? &a.batch_part : &a.speed_part, &sum);
		same_cells(&a.cells, &sum, INT64_MIN, INT64_MAX);
		lk_answer_release(&a);
		lk_cells_release(&sum);
	}
	end(&t);
}

/* --- edges --- */

static const struct edge {
	const char *what;
	int64_t at[6];
	int n;
	int64_t sessions[4][2];   /* first and last event */
	int nsessions;
} edges[] = {
	{"one event", {0}, 1, {{0, 0}}, 1},
	{"just less than a gap apart", {0, GAP_US - 1}, 2, {{0, GAP_US - 1}}, 1},
	{"exactly a gap apart", {0, GAP_US}, 2, {{0, 0}, {GAP_US, GAP_US}}, 2},
	{"more than a gap apart", {0, GAP_US + 1}, 2, {{0, 0}, {GAP_US + 1, GAP_US + 1}}, 2},
	{"the same instant twice", {5, 5}, 2, {{5, 5}}, 1},
	{"across a pane's edge", {GAP_US - 1, GAP_US}, 2, {{GAP_US - 1, GAP_US}}, 1},
	{"across 1970", {-1, 0, 1}, 3, {{-1, 1}}, 1},
	{"neighbouring panes, almost two gaps apart", {0, 2 * GAP_US - 1}, 2, {{0, 0}, {2 * GAP_US - 1, 2 * GAP_US - 1}}, 2},
	{"neighbouring panes, a gap apart", {7, GAP_US + 7}, 2, {{7, 7}, {GAP_US + 7, GAP_US + 7}}, 2},
	{"a bridge comes last", {0, 12 * S, 6 * S}, 3, {{0, 12 * S}}, 1},
	{"a bridge that touches one side", {0, 20 * S - 1, 10 * S}, 3, {{0, 0}, {10 * S, 20 * S - 1}}, 2},
	{"a chain over many panes", {0, 9 * S, 18 * S, 27 * S, 36 * S, 45 * S}, 6, {{0, 45 * S}}, 1},
	{"the first and the last instant", {LK_TIME_MIN, LK_TIME_MAX}, 2, {{LK_TIME_MIN, LK_TIME_MIN}, {LK_TIME_MAX, LK_TIME_MAX}}, 2},
};

static void two_events_a_gap_apart_are_two_sessions(void **state) {
	(void)state;
	test t;
	begin(&t, "CREATE VIEW visits AS SELECT count(*) AS n FROM hits GROUP BY session(ts, '10 s')");
	for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
		lk_answer a;
		begin_answer(&a, t.plan);
		for (int k = 0; k < edges[i].n; k++) {
			set_row(&t, &(event){.ts = edges[i].at[k], .ok = lk_null()});
			lk_fold_event(&t.folder, &a.panes, LK_NEVER);
		}
		lk_answer_put_together(&a);
		if (a.nrows != (size_t)edges[i].nsessions)
			fail_msg("%s: %zu sessions, not %d", edges[i].what, a.nrows, edges[i].nsessions);
		for (size_t r = 0; r < a.nrows; r++) {
			lk_span span = lk_answer_span(&a, a.rows[r]);
			if (span.start != edges[i].sessions[r][0] || span.end != edges[i].sessions[r][1] + GAP_US)
				fail_msg("%s: session %zu is [%lld, %lld)", edges[i].what, r, (long long)span.start, (long long)span.end);
		}
		lk_answer_release(&a);
	}
	end(&t);
}

/* --- order --- */

/* Few times, so sessions of several keys start together and end apart. */
static void rows_are_ordered_by_start_end_and_key(void **state) {
	(void)state;
	static const char *const keys[] = {"c", "a", "bb", "b"};
	uint64_t seed = random_seed(), s = seed;
	test t;
	begin(&t, "CREATE VIEW visits AS SELECT ip, count(*) AS n FROM hits GROUP BY ip, session(ts, '10 s')");
	lk_answer a;
	begin_answer(&a, t.plan);
	for (int i = 0; i < 200; i++) {
		const char *key = keys[random_below(&s, 4)];
		set_row(&t, &(event){.ts = (int64_t)random_below(&s, 60) * 4 * S, .ip = lk_text(key, strlen(key)), .ok = lk_null()});
		lk_fold_event(&t.folder, &a.panes, LK_NEVER);
	}
	lk_answer_put_together(&a);
	assert_true(a.nrows > 4);
	for (size_t r = 1; r < a.nrows; r++) {
		lk_span before = lk_answer_span(&a, a.rows[r - 1]), span = lk_answer_span(&a, a.rows[r]);
		bool same = before.start == span.start && before.end == span.end;
		if (before.start > span.start || (before.start == span.start && before.end > span.end) ||
		    (same && lk_cell_compare_keys(&a.cells, a.rows[r - 1], a.rows[r]) >= 0))
			fail_msg("SEED=%llu: row %zu of %zu is out of order", (unsigned long long)seed, r, a.nrows);
	}
	lk_answer_release(&a);
	end(&t);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order_and_grouping),
		cmocka_unit_test(rows_are_ordered_by_start_end_and_key),
		cmocka_unit_test(a_range_has_whole_sessions),
		cmocka_unit_test(parts_are_of_the_same_sessions),
		cmocka_unit_test(two_events_a_gap_apart_are_two_sessions),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	test_hits_release();
	return failed;
}
