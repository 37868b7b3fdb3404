/* Windows built from panes: hop and cumulate against the simplest way to build them, which asks for every window and
 * every pane whether they belong together, byte for byte; and the number of merges. Sessions have a file of their
 * own. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "core/key.h"
#include "serving/windows.h"
#include "tests/support/random.h"
#include "tests/support/tiny_plan.h"

#define S LK_US_PER_S

static tiny_plan tiny;
static lk_aggregate counted[8];
static long merges;

/* Each aggregate merges as always, and counts. The function has no other way to know whose merge it is. */
static void counting_merge(void *into, const lk_agg *a, const void *from, lk_arena *arena) {
	merges++;
	tiny_aggregate(a->verbs->name, !a->arg)->merge(into, a, from, arena);
}

static void make_plan(void) {
	static const lk_type columns[] = {{.kind = LK_TIME}, {.kind = LK_TEXT}, {.kind = LK_INT4}};
	tiny_plan_init(&tiny, columns, 3);
	tiny_key(&tiny, tiny_slot(&tiny, 1, columns[1]));
	lk_expr *number = tiny_slot(&tiny, 2, columns[2]), *text = tiny_slot(&tiny, 1, columns[1]);
	assert_int_equal(tiny_agg(&tiny, "count", NULL), 0);
	assert_int_equal(tiny_agg(&tiny, "sum", number), 0);
	assert_int_equal(tiny_agg(&tiny, "min", text), 0);
	assert_int_equal(tiny_agg(&tiny, "last", text), 0);
	assert_int_equal(tiny_agg(&tiny, "approx_count_distinct", number), 0);
	for (int i = 0; i < tiny.plan.naggs; i++) {
		counted[i] = *tiny.plan.aggs[i].verbs;
		counted[i].merge = counting_merge;
		tiny.plan.aggs[i].verbs = &counted[i];
	}
}

/* The event at `at`. */
static void fold_event(lk_cells *c, const char *key, int64_t pane, lk_place at, int number, const char *text) {
	lk_buf field = LK_BUF_INIT;
	lk_value k = key ? lk_text(key, strlen(key)) : lk_null(), given[] = {lk_int(1), lk_int(number), lk_text(text, strlen(text))};
	static const int argument[] = {0, 1, 2, 2, 1};
	lk_pane_put(&field, pane);
	lk_key_put(&field, tiny.plan.keys[0].expr->type, &k);
	lk_cell *cell = lk_cells_at(c, field.data, field.len);
	for (int i = 0; i < tiny.plan.naggs; i++) {
		const lk_agg *a = &tiny.plan.aggs[i];
		a->verbs->fold((char *)lk_cell_state(c, cell) + a->state_offset, a, &given[argument[i]], &at, &c->arena);
	}
	lk_buf_release(&field);
}

/* n events at random times of [from, from + range), in the panes of `w`. */
static void random_panes(uint64_t *s, const lk_window *w, int n, int64_t from, int64_t range, lk_cells *out) {
	static const char *const keys[] = {"a", "b", "ab", "", NULL, "a"}, *const texts[] = {"x", "yy", "", "zzz"};
	for (int i = 0; i < n; i++) {
		int64_t ts = from + (int64_t)(random_next(s) % (uint64_t)range);
		fold_event(out, keys[random_below(s, 6)], lk_pane_start(w, ts), (lk_place){.ts = ts, .off = i}, random_below(s, 40), texts[random_below(s, 4)]);
	}
}

static void add_to_window(lk_cells *into, const lk_cells *from, const lk_cell *pane, int64_t tag) {
	lk_buf field = LK_BUF_INIT, partial = LK_BUF_INIT;
	lk_pane_put(&field, tag);
	lk_buf_add(&field, lk_cell_field(from, pane) + LK_PANE_BYTES, pane->field_len - LK_PANE_BYTES);
	lk_cell_encode(from, pane, &partial);
	assert_int_equal(lk_cells_merge(into, field.data, field.len, partial.data, partial.len), 0);
	lk_buf_release(&field);
	lk_buf_release(&partial);
}

/* Every window that begins in [from, to), whatever its panes: its tag is its start, or its last pane (cumulate). */
static void plainly(const lk_window *w, int64_t from, int64_t to, const lk_cells *panes, lk_cells *out) {
	for (const lk_cell *c = panes->first; c; c = c->next) {
		int64_t pane = lk_pane_get(lk_cell_field(panes, c));
		if (w->kind == LK_W_HOP) {
			for (int64_t start = w->offset_us - 10 * w->size_us / w->slide_us * w->slide_us; start <= pane; start += w->slide_us)
				if (pane < start + w->size_us && from <= start && start < to)
					add_to_window(out, panes, c, start);
		} else {
			for (int64_t start = -10 * w->size_us; start <= pane; start += w->size_us)
				for (int64_t end = start + w->slide_us; end <= start + w->size_us; end += w->slide_us)
					if (pane < end && from <= start && start < to)
						add_to_window(out, panes, c, end - w->slide_us);
		}
	}
}

static void assert_same_cells(const lk_cells *want, const lk_cells *got, uint64_t seed) {
	lk_cell **x = lk_cells_sorted(want), **y = lk_cells_sorted(got);
	lk_buf a = LK_BUF_INIT, b = LK_BUF_INIT;
	if (want->ncells != got->ncells)
		fail_msg("SEED=%llu: %zu rows, plainly there are %zu", (unsigned long long)seed, got->ncells, want->ncells);
	for (size_t i = 0; i < want->ncells; i++) {
		lk_buf_clear(&a);
		lk_buf_clear(&b);
		lk_buf_add(&a, lk_cell_field(want, x[i]), x[i]->field_len);
		lk_buf_add(&b, lk_cell_field(got, y[i]), y[i]->field_len);
		lk_cell_encode(want, x[i], &a);
		lk_cell_encode(got, y[i], &b);
		if (a.len != b.len || memcmp(a.data, b.data, a.len))
			fail_msg("SEED=%llu: row %zu of %zu differs", (unsigned long long)seed, i, want->ncells);
	}
	lk_buf_release(&a);
	lk_buf_release(&b);
	free(x);
	free(y);
}

static lk_answer begin(const lk_window *w, int64_t from, int64_t to) {
	lk_answer a = {.plan = &tiny.plan, .window = *w, .from = from, .to = to, .horizon = LK_NEVER};
	lk_cells_init(&a.cells, &tiny.plan);
	lk_cells_init(&a.panes, &tiny.plan);
	lk_cells_init(&a.batch_part, &tiny.plan);
	lk_cells_init(&a.speed_part, &tiny.plan);
	return a;
}

static void end(lk_answer *a) {
	lk_cells_release(&a->cells);
	lk_cells_release(&a->panes);
	lk_cells_release(&a->batch_part);
	lk_cells_release(&a->speed_part);
}

static lk_window hop(int64_t slide, int64_t size, int64_t offset) {
	int64_t a = size, b = slide;
	while (b) {
		int64_t rest = a % b;
		a = b;
		b = rest;
	}
	return (lk_window){.kind = LK_W_HOP, .size_us = size, .slide_us = slide, .offset_us = offset, .pane_us = a};
}

static lk_window cumulate(int64_t step, int64_t size) {
	return (lk_window){.kind = LK_W_CUMULATE, .size_us = size, .slide_us = step, .pane_us = step};
}

static lk_window random_window(uint64_t *s) {
	int64_t unit = 1 + random_below(s, 3) * 1000, slide = unit * (1 + random_below(s, 12));
	if (random_below(s, 3) == 0)
		return cumulate(slide, slide * (2 + random_below(s, 10)));
	int64_t size = slide + unit * (1 + random_below(s, 40));
	return hop(slide, size, random_below(s, 2) ? 0 : (int64_t)(random_next(s) % (uint64_t)slide));
}

/* I10 */
static void as_built_in_the_simplest_way(void **state) {
	(void)state;
	uint64_t s = random_seed();
	for (int round = 0; round < 400; round++) {
		uint64_t seed = s;
		lk_window w = random_window(&s);
		int64_t range = w.size_us * (1 + random_below(&s, 8)) + 1, begins = w.size_us * (random_below(&s, 9) - 6) - random_below(&s, (int)w.size_us);
		int64_t from = INT64_MIN, to = INT64_MAX;
		if (random_below(&s, 2))
			from = lk_slice_start(begins + (int64_t)(random_next(&s) % (uint64_t)range), w.slide_us) + w.offset_us + random_below(&s, 3) - 1;
		if (random_below(&s, 2))
			to = lk_slice_start(begins + (int64_t)(random_next(&s) % (uint64_t)range), w.slide_us) + w.offset_us + random_below(&s, 3) - 1;
		lk_answer a = begin(&w, from, to);
		lk_cells want, everything, *part[] = {&a.batch_part, &a.speed_part}, want_part[2];
		lk_cells_init(&want, &tiny.plan);
		lk_cells_init(&everything, &tiny.plan);
		for (int k = 0; k < 2; k++) {
			lk_cells_init(&want_part[k], &tiny.plan);
			random_panes(&s, &w, random_below(&s, 30), begins, range, part[k]);
			for (const lk_cell *c = part[k]->first; c; c = c->next)
				add_to_window(&everything, part[k], c, lk_pane_get(lk_cell_field(part[k], c)));
			plainly(&w, from, to, part[k], &want_part[k]);
		}
		plainly(&w, from, to, &everything, &want);
		int64_t first_pane, end_pane;
		lk_panes_of_range(&w, from, to, &first_pane, &end_pane);
		for (const lk_cell *c = everything.first; c; c = c->next) {
			int64_t pane = lk_pane_get(lk_cell_field(&everything, c));
			if (first_pane <= pane && pane < end_pane)
				add_to_window(&a.panes, &everything, c, pane);
		}
		lk_windows_make(&a);
		assert_same_cells(&want, &a.cells, seed);
		for (int k = 0; k < 2; k++) {
			assert_same_cells(&want_part[k], part[k], seed);
			lk_cells_release(&want_part[k]);
		}
		lk_cells_release(&want);
		lk_cells_release(&everything);
		end(&a);
	}
}

/* Merges of one aggregate for `panes` panes of one key, adjacent or with gaps. */
static long merges_for(const lk_window *w, int panes, int hole_every, size_t *windows) {
	lk_answer a = begin(w, INT64_MIN, INT64_MAX);
	for (int i = 0; i < panes; i++)
		if (!hole_every || i % hole_every)
			fold_event(&a.panes, "k", i * w->pane_us, (lk_place){.ts = i * w->pane_us, .off = i}, 1, "x");
	size_t n = a.panes.ncells;
	merges = 0;
	lk_windows_make(&a);
	*windows = a.cells.ncells + n;
	end(&a);
	assert_int_equal(merges % tiny.plan.naggs, 0);
	return merges / tiny.plan.naggs;
}

/* A window of a thousand panes costs no more merges than a window of two. */
static void merges_are_few(void **state) {
	(void)state;
	static const int panes_of[] = {2, 3, 10, 60, 1000, 3000};
	for (size_t i = 0; i < sizeof panes_of / sizeof *panes_of; i++)
		for (int hole = 0; hole < 4; hole++) {
			size_t both;
			lk_window w = hop(S, panes_of[i] * S, 0);
			long n = merges_for(&w, 2500, hole, &both);
			if (n > 3 * (long)both)
				fail_msg("windows of %d panes: %ld merges for %zu windows and panes", panes_of[i], n, both);
			w = cumulate(S, panes_of[i] * S);
			n = merges_for(&w, 2500, hole, &both);
			if (n > (long)both)
				fail_msg("cumulated, %d panes: %ld merges for %zu windows and panes", panes_of[i], n, both);
		}
}

/* The time between panes that are years apart costs nothing. */
static void far_panes_are_near(void **state) {
	(void)state;
	static const int64_t at[] = {LK_TIME_MIN, -86400 * S, 0, 1, 3600 * S, LK_TIME_MAX};
	lk_window w = hop(S, 60 * S, 0);
	lk_answer a = begin(&w, INT64_MIN, INT64_MAX);
	for (int i = 0; i < 6; i++)
		fold_event(&a.panes, "k", lk_pane_start(&w, at[i]), (lk_place){.ts = at[i], .off = i}, 1, "x");
	merges = 0;
	lk_windows_make(&a);
	assert_int_equal(a.cells.ncells, 5 * 60);
	assert_true(merges < 5 * 60 * 3 * tiny.plan.naggs);
	end(&a);
}

static void tiles_are_left_alone(void **state) {
	(void)state;
	lk_window w = tiny.plan.window;
	lk_answer a = begin(&w, INT64_MIN, INT64_MAX);
	fold_event(&a.cells, "k", 0, (lk_place){.ts = 5}, 1, "x");
	lk_windows_make(&a);
	assert_int_equal(a.cells.ncells, 1);
	end(&a);
}

static void no_panes_no_windows(void **state) {
	(void)state;
	lk_window shapes[] = {hop(S, 5 * S, 0), cumulate(S, 5 * S)};
	for (int i = 0; i < 2; i++) {
		lk_answer a = begin(&shapes[i], INT64_MIN, INT64_MAX);
		lk_windows_make(&a);
		assert_int_equal(a.cells.ncells, 0);
		end(&a);
	}
}

/* A random range, horizon and panes for a random window. */
static lk_answer random_answer(uint64_t *s, int n) {
	lk_window w = random_window(s);
	int64_t range = w.size_us * (1 + random_below(s, 8)) + 1;
	lk_answer a = begin(&w, INT64_MIN, INT64_MAX);
	if (random_below(s, 2))
		a.from = (int64_t)(random_next(s) % (uint64_t)range);
	if (random_below(s, 2))
		a.to = (int64_t)(random_next(s) % (uint64_t)range);
	if (random_below(s, 2))
		a.horizon = (int64_t)(random_next(s) % (uint64_t)range);
	random_panes(s, &w, random_below(s, n), 0, range, &a.panes);
	return a;
}

static void as_many_as_planned(void **state) {
	(void)state;
	uint64_t s = random_seed();
	for (int round = 0; round < 400; round++) {
		uint64_t seed = s;
		lk_answer a = random_answer(&s, 40);
		lk_cell **by_key = lk_cells_by_key(&a.panes);
		int64_t planned = lk_windows_planned(&a, &a.panes, by_key);
		assert_true(lk_windows_make(&a));
		if (planned != (int64_t)a.cells.ncells)
			fail_msg("SEED=%llu: %zu windows, planned were %lld", (unsigned long long)seed, a.cells.ncells, (long long)planned);
		free(by_key);
		end(&a);
	}
}

/* Only the windows of the last few starts. */
static void the_last_windows_alone(void **state) {
	(void)state;
	uint64_t s = random_seed();
	for (int round = 0; round < 200; round++) {
		uint64_t seed = s, again = s;
		lk_answer all = random_answer(&s, 40), last = random_answer(&again, 40);
		last.only_last = 1 + random_below(&s, 6);
		lk_windows_make(&all);
		lk_windows_make(&last);
		lk_cell **rows = lk_cells_sorted(&all.cells);
		size_t n = all.cells.ncells;
		int64_t least = INT64_MAX;
		for (int64_t left = last.only_last; n > 0; n--) {
			int64_t start = lk_pane_get(lk_cell_field(&all.cells, rows[n - 1]));
			if (start != least && left-- == 0)
				break;
			least = start;
		}
		for (size_t i = n; i < all.cells.ncells; i++)
			if (!lk_cells_find(&last.cells, lk_cell_field(&all.cells, rows[i]), rows[i]->field_len))
				fail_msg("SEED=%llu: one of the last windows was not made", (unsigned long long)seed);
		if (last.window.kind == LK_W_HOP && last.cells.ncells != all.cells.ncells - n)
			fail_msg("SEED=%llu: %zu windows are made for %zu", (unsigned long long)seed, last.cells.ncells, all.cells.ncells - n);
		free(rows);
		end(&all);
		end(&last);
	}
}

/* --- bounds --- */

static lk_answer many_panes(const lk_window *w, lk_budget *b, const lk_bounds *most) {
	lk_answer a = begin(w, INT64_MIN, INT64_MAX);
	for (int i = 0; i < 1000; i++)
		fold_event(&a.panes, "k", i * w->size_us, (lk_place){.ts = i * w->size_us, .off = i}, i, "x");
	lk_budget_begin(b, most);
	a.budget = b;
	return a;
}

static void refused_before_the_first_window(void **state) {
	(void)state;
	lk_window w = hop(S, 1000 * S, 0);
	static const lk_bounds bounds[] = {{.rows = 999999}, {.bytes = 100 << 20}};
	static const char *const says[] = {"would have 1000000 rows; the limit is 999999", "would take at least"};
	for (int i = 0; i < 2; i++) {
		lk_budget b;
		lk_error err = {0};
		lk_answer a = many_panes(&w, &b, &bounds[i]);
		merges = 0;
		assert_false(lk_windows_make(&a));
		assert_int_equal(merges, 0);
		assert_int_equal(lk_budget_fail(&b, &err), LK_ETOOBIG);
		assert_non_null(strstr(err.text, says[i]));
		end(&a);
	}
}

/* Not in a plan: states that grow. And a stop, which takes effect at the next window. */
static void ended_midway(void **state) {
	(void)state;
	lk_window w = hop(S, 1000 * S, 0);
	lk_budget b;
	lk_error err = {0};
	int stop = 1;
	lk_answer a = many_panes(&w, &b, &(lk_bounds){.stop = &stop});
	merges = 0;
	assert_false(lk_windows_make(&a));
	assert_true(merges < 10 * tiny.plan.naggs);
	assert_int_equal(lk_budget_fail(&b, &err), LK_EBUSY);
	end(&a);
	lk_error_clear(&err);
	lk_window sessions = {.kind = LK_W_SESSION, .size_us = S, .slide_us = S, .pane_us = S};
	a = many_panes(&sessions, &b, &(lk_bounds){.bytes = 1});
	assert_false(lk_windows_make(&a));
	assert_int_equal(lk_budget_fail(&b, &err), LK_ETOOBIG);
	assert_non_null(strstr(err.text, "more than 1 bytes of memory"));
	end(&a);
}

static void bounds_that_are_not_met_change_nothing(void **state) {
	(void)state;
	lk_window w = hop(S, 100 * S, 0);
	lk_budget b;
	lk_answer a = many_panes(&w, &b, &(lk_bounds){.rows = 100000, .bytes = INT64_C(1) << 30, .time_us = 3600 * S});
	assert_true(lk_windows_make(&a));
	assert_int_equal(a.cells.ncells, 100000);
	assert_true(b.peak_bytes > (int64_t)lk_cells_bytes(&a.cells));
	assert_int_equal(lk_budget_fail(&b, NULL), LK_OK);
	end(&a);
}

/* The time is over, and a sort ends early: the first reason stays. */
static void a_budget_is_spent_once(void **state) {
	(void)state;
	lk_budget b;
	lk_error err = {0};
	lk_budget_begin(&b, &(lk_bounds){.time_us = 1});
	while (lk_budget_allows(&b, 0))
		continue;
	b.most.rows = 1;
	assert_false(lk_budget_allows_rows(&b, 2));
	assert_int_equal(lk_budget_fail(&b, &err), LK_ETOOBIG);
	assert_non_null(strstr(err.text, "takes longer"));
	lk_window w = hop(S, 10 * S, 0);
	lk_answer a = many_panes(&w, &b, &(lk_bounds){.bytes = 1000 * 16});
	assert_null(lk_cells_sorted_within(&a.panes, &b));
	assert_null(lk_cells_by_key_within(&a.panes, &b));
	int stop = 0;
	lk_budget_begin(&b, &(lk_bounds){.stop = &stop});
	lk_cell **sorted = lk_cells_sorted_within(&a.panes, &b);
	assert_non_null(sorted);
	free(sorted);
	assert_true(lk_budget_allows(NULL, SIZE_MAX) && lk_budget_allows_rows(NULL, INT64_MAX));
	end(&a);
}

static int start(void **state) {
	(void)state;
	make_plan();
	return 0;
}

static int stop(void **state) {
	(void)state;
	tiny_plan_release(&tiny);
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_built_in_the_simplest_way),
		cmocka_unit_test(merges_are_few),
		cmocka_unit_test(far_panes_are_near),
		cmocka_unit_test(tiles_are_left_alone),
		cmocka_unit_test(no_panes_no_windows),
		cmocka_unit_test(as_many_as_planned),
		cmocka_unit_test(the_last_windows_alone),
		cmocka_unit_test(refused_before_the_first_window),
		cmocka_unit_test(ended_midway),
		cmocka_unit_test(bounds_that_are_not_met_change_nothing),
		cmocka_unit_test(a_budget_is_spent_once),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
