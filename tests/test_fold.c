/* One event into the cells of one plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/key.h"
#include "partials/fold.h"
#include "tests/support/random.h"
#include "tests/support/tiny_plan.h"
#include "windows/window.h"

#define S LK_US_PER_S
static const lk_type time_type = {.kind = LK_TIME}, text_type = {.kind = LK_TEXT}, int_type = {.kind = LK_INT4},
                     bool_type = {.kind = LK_BOOL};
enum { TS, PATH, BYTES, COLUMNS };

typedef struct fixture {
	tiny_plan t;
	lk_folder folder;
	lk_cells cells;
} fixture;

static void make_stream(fixture *f) {
	tiny_plan_init(&f->t, (lk_type[]){time_type, text_type, int_type}, COLUMNS);
}

static void begin(fixture *f) {
	lk_folder_init(&f->folder, &f->t.plan);
	lk_cells_init(&f->cells, &f->t.plan);
}

static void end(fixture *f) {
	lk_folder_release(&f->folder);
	lk_cells_release(&f->cells);
	tiny_plan_release(&f->t);
}

static lk_expr *path(fixture *f) { return tiny_slot(&f->t, PATH, text_type); }
static lk_expr *bytes(fixture *f) { return tiny_slot(&f->t, BYTES, int_type); }
static lk_expr *number(fixture *f, int64_t i) { return tiny_const(&f->t, int_type, lk_int(i)); }
static lk_value some_text(const char *s) { return lk_text(s, strlen(s)); }

static int fold(fixture *f, int64_t ts, lk_value path_value, lk_value bytes_value, int64_t watermark) {
	f->folder.row[TS] = lk_int(ts);
	f->folder.row[PATH] = path_value;
	f->folder.row[BYTES] = bytes_value;
	f->folder.row[lk_slot_at(&f->t.stream)] = lk_int(ts + S);
	return lk_fold_event(&f->folder, &f->cells, watermark);
}

/* The final values of the cell of (pane, path), comma-separated; "none" if there is no cell. */
static const char *cell_text(fixture *f, int64_t pane, lk_value path_value) {
	static char text[200];
	lk_buf field = LK_BUF_INIT, b = LK_BUF_INIT;
	lk_pane_put(&field, pane);
	if (f->t.plan.nkeys)
		lk_key_put(&field, f->t.plan.keys[0].expr->type, &path_value);
	lk_cell *cell = lk_cells_find(&f->cells, field.data, field.len);
	lk_buf_adds(&b, cell ? "" : "none");
	for (int i = 0; cell && i < f->t.plan.naggs; i++) {
		const lk_agg *a = &f->t.plan.aggs[i];
		lk_value v;
		a->verbs->finish((char *)lk_cell_state(&f->cells, cell) + a->state_offset, a, &v);
		lk_buf_adds(&b, i ? "," : "");
		lk_value_print(a->type, &v, &b);
	}
	snprintf(text, sizeof text, "%s", b.data);
	lk_buf_release(&field);
	lk_buf_release(&b);
	return text;
}

static void folds_by_pane_and_key(void **state) {
	(void)state;
	fixture f;
	make_stream(&f);
	tiny_key(&f.t, path(&f));
	tiny_agg(&f.t, "count", NULL);
	tiny_agg(&f.t, "count", bytes(&f));
	tiny_agg(&f.t, "sum", bytes(&f));
	tiny_agg(&f.t, "max", bytes(&f));
	begin(&f);
	assert_int_equal(fold(&f, 10 * S, some_text("/a"), lk_int(5), LK_NEVER), LK_FOLDED);
	assert_int_equal(f.folder.pane, 0);
	fold(&f, 59 * S, some_text("/a"), lk_int(7), LK_NEVER);
	fold(&f, 60 * S, some_text("/a"), lk_int(100), LK_NEVER);
	fold(&f, 0, some_text("/b"), lk_null(), LK_NEVER);
	fold(&f, -1, lk_null(), lk_int(1), LK_NEVER);
	assert_int_equal(f.folder.pane, -60 * S);
	assert_int_equal(f.cells.ncells, 4);
	assert_int_equal(f.cells.nchanged, 4);
	assert_string_equal(cell_text(&f, 0, some_text("/a")), "2,2,12,7");
	assert_string_equal(cell_text(&f, 60 * S, some_text("/a")), "1,1,100,100");
	assert_string_equal(cell_text(&f, 0, some_text("/b")), "1,0,,");
	assert_string_equal(cell_text(&f, -60 * S, lk_null()), "1,1,1,1");
	end(&f);
}

static void where_lets_only_true_through(void **state) {
	(void)state;
	fixture f;
	make_stream(&f);
	tiny_agg(&f.t, "count", NULL);
	f.t.plan.where = tiny_op2(&f.t, LK_X_LT, bool_type, bytes(&f), number(&f, 10));
	begin(&f);
	assert_int_equal(fold(&f, 0, lk_null(), lk_int(9), LK_NEVER), LK_FOLDED);
	assert_int_equal(fold(&f, 0, lk_null(), lk_int(10), LK_NEVER), LK_FOLDED);
	assert_int_equal(fold(&f, 0, lk_null(), lk_null(), LK_NEVER), LK_FOLDED);
	assert_string_equal(cell_text(&f, 0, lk_null()), "1");
	assert_int_equal(fold(&f, 60 * S, lk_null(), lk_int(11), LK_NEVER), LK_FOLDED);
	assert_string_equal(cell_text(&f, 60 * S, lk_null()), "none");
	end(&f);
}

/* sum(bytes * 2), key bytes + 1, WHERE bytes - 1 < …: each raises in PostgreSQL for other extremes. */
static void marked_clauses_count_with_their_null(void **state) {
	(void)state;
	fixture f;
	make_stream(&f);
	tiny_key(&f.t, tiny_op2(&f.t, LK_X_ADD, int_type, bytes(&f), number(&f, 1)));
	tiny_agg(&f.t, "count", NULL);
	tiny_agg(&f.t, "sum", tiny_op2(&f.t, LK_X_MUL, int_type, bytes(&f), number(&f, 2)));
	lk_expr *less = tiny_op2(&f.t, LK_X_SUB, int_type, bytes(&f), number(&f, 1));
	f.t.plan.where = tiny_op2(&f.t, LK_X_NE, bool_type, less, number(&f, 0));
	begin(&f);
	assert_int_equal(fold(&f, 0, lk_null(), lk_int(5), LK_NEVER), LK_FOLDED);
	assert_null(f.folder.reason);
	assert_int_equal(fold(&f, 0, lk_null(), lk_int(INT32_MAX), LK_NEVER), LK_FOLDED | LK_FOLD_MARKED);
	assert_string_equal(f.folder.reason, "integer out of range");
	assert_int_equal(fold(&f, 0, lk_null(), lk_int(INT32_MIN), LK_NEVER), LK_FOLDED | LK_FOLD_MARKED);
	assert_int_equal(fold(&f, 0, lk_null(), lk_int(INT32_MAX / 2 + 1), LK_NEVER), LK_FOLDED | LK_FOLD_MARKED);
	assert_int_equal(fold(&f, 0, lk_null(), lk_null(), LK_NEVER), LK_FOLDED);
	assert_null(f.folder.reason);
	assert_int_equal(f.cells.ncells, 3);
	assert_string_equal(cell_text(&f, 0, lk_int(6)), "1,10");
	assert_string_equal(cell_text(&f, 0, lk_null()), "1,");
	assert_string_equal(cell_text(&f, 0, lk_int(INT32_MAX / 2 + 2)), "1,");
	end(&f);
}

/* P11 */
static void late_events_are_not_folded(void **state) {
	(void)state;
	fixture f;
	make_stream(&f);
	tiny_agg(&f.t, "count", NULL);
	f.t.plan.where = tiny_op2(&f.t, LK_X_LT, bool_type, bytes(&f), number(&f, 10));
	f.t.plan.allowed_lateness_us = 30 * S;
	begin(&f);
	assert_int_equal(fold(&f, 59 * S, lk_null(), lk_int(1), 90 * S - 1), LK_FOLDED);
	assert_int_equal(fold(&f, 59 * S, lk_null(), lk_int(1), 90 * S), LK_FOLD_LATE);
	assert_int_equal(fold(&f, 60 * S, lk_null(), lk_int(1), 90 * S), LK_FOLDED);
	assert_int_equal(fold(&f, 0, lk_null(), lk_int(1), LK_NEVER), LK_FOLDED);
	assert_int_equal(fold(&f, 0, lk_null(), lk_int(10), 90 * S), LK_FOLDED);
	assert_string_equal(cell_text(&f, 0, lk_null()), "2");
	assert_string_equal(cell_text(&f, 60 * S, lk_null()), "1");
	end(&f);
}

static void late_events_are_marked_as_others(void **state) {
	(void)state;
	fixture f;
	make_stream(&f);
	tiny_agg(&f.t, "sum", tiny_op2(&f.t, LK_X_MUL, int_type, bytes(&f), number(&f, 2)));
	f.t.plan.allowed_lateness_us = 0;
	begin(&f);
	assert_int_equal(fold(&f, 0, lk_null(), lk_int(INT32_MAX), 60 * S), LK_FOLD_LATE | LK_FOLD_MARKED);
	assert_string_equal(f.folder.reason, "integer out of range");
	assert_int_equal(f.cells.ncells, 0);
	end(&f);
}

static void views_without_windows_have_one_cell_a_key(void **state) {
	(void)state;
	fixture f;
	make_stream(&f);
	tiny_agg(&f.t, "count", NULL);
	f.t.plan.window = (lk_window){.kind = LK_W_NONE, .time_slot = TS};
	f.t.plan.allowed_lateness_us = 0;
	begin(&f);
	for (int i = 0; i < 10; i++)
		assert_int_equal(fold(&f, i * 86400 * S, lk_null(), lk_null(), LK_TIME_MAX), LK_FOLDED);
	assert_int_equal(f.cells.ncells, 1);
	assert_string_equal(cell_text(&f, 0, lk_null()), "10");
	end(&f);
}

static void processing_time_is_read_from_at(void **state) {
	(void)state;
	fixture f;
	make_stream(&f);
	tiny_agg(&f.t, "count", NULL);
	f.t.plan.window.time_slot = lk_slot_at(&f.t.stream);
	begin(&f);
	fold(&f, 59 * S, lk_null(), lk_null(), LK_NEVER);
	assert_string_equal(cell_text(&f, 60 * S, lk_null()), "1");
	end(&f);
}

/* LATERAL (VALUES (path, bytes), ('all', bytes * 2)) AS v(k, n) … WHERE n > 0 GROUP BY k */
static void lateral_rows_fold_each(void **state) {
	(void)state;
	fixture f;
	make_stream(&f);
	int first = lk_slot_lateral(&f.t.stream);
	lk_expr *values[] = {path(&f), bytes(&f), tiny_const(&f.t, text_type, some_text("all")),
	                     tiny_op2(&f.t, LK_X_MUL, int_type, bytes(&f), number(&f, 2))};
	lk_lateral lateral = {.types = (lk_type[]){text_type, int_type}, .slot = first, .ncolumns = 2, .exprs = values, .nexprs = 4};
	f.t.plan.laterals = &lateral;
	f.t.plan.nlaterals = 1;
	f.t.plan.nslots += 2;
	tiny_key(&f.t, tiny_slot(&f.t, first, text_type));
	tiny_agg(&f.t, "count", NULL);
	tiny_agg(&f.t, "sum", tiny_slot(&f.t, first + 1, int_type));
	f.t.plan.where = tiny_op2(&f.t, LK_X_GT, bool_type, tiny_slot(&f.t, first + 1, int_type), number(&f, 0));
	begin(&f);
	assert_int_equal(fold(&f, 0, some_text("/a"), lk_int(3), LK_NEVER), LK_FOLDED);
	assert_int_equal(fold(&f, 0, some_text("/b"), lk_int(4), LK_NEVER), LK_FOLDED);
	assert_int_equal(fold(&f, 0, some_text("/b"), lk_int(0), LK_NEVER), LK_FOLDED);
	assert_int_equal(fold(&f, 0, some_text("/a"), lk_int(INT32_MAX), LK_NEVER), LK_FOLDED | LK_FOLD_MARKED);
	assert_string_equal(cell_text(&f, 0, some_text("/a")), "2,2147483650");
	assert_string_equal(cell_text(&f, 0, some_text("/b")), "1,4");
	assert_string_equal(cell_text(&f, 0, some_text("all")), "2,14");
	end(&f);
}

/* LATERAL (VALUES (6 / bytes), (0)) AS a(n), LATERAL (VALUES (n + 1), (n)) AS b(m) WHERE m > 0 AND bytes <> 0 GROUP BY m: an
 * event that WHERE rejects by its own columns is not marked for a row that it would have made. */
static void where_comes_before_rows_that_it_rejects(void **state) {
	(void)state;
	fixture f;
	make_stream(&f);
	int first = lk_slot_lateral(&f.t.stream);
	lk_expr *n = tiny_slot(&f.t, first, int_type), *m = tiny_slot(&f.t, first + 1, int_type);
	lk_expr *outer[] = {tiny_op2(&f.t, LK_X_DIV, int_type, number(&f, 6), bytes(&f)), number(&f, 0)};
	lk_expr *inner[] = {tiny_op2(&f.t, LK_X_ADD, int_type, n, number(&f, 1)), n};
	lk_type types[] = {int_type};
	lk_lateral laterals[] = {{.types = types, .slot = first, .ncolumns = 1, .exprs = outer, .nexprs = 2},
	                         {.types = types, .slot = first + 1, .ncolumns = 1, .exprs = inner, .nexprs = 2}};
	f.t.plan.laterals = laterals;
	f.t.plan.nlaterals = 2;
	f.t.plan.nslots += 2;
	tiny_agg(&f.t, "count", NULL);
	tiny_agg(&f.t, "sum", m);
	tiny_agg(&f.t, "first", m);
	f.t.plan.where = tiny_op2(&f.t, LK_X_AND, bool_type, tiny_op2(&f.t, LK_X_GT, bool_type, m, number(&f, 0)),
	                          tiny_op2(&f.t, LK_X_NE, bool_type, bytes(&f), number(&f, 0)));
	begin(&f);
	assert_int_equal(fold(&f, 0, lk_null(), lk_int(2), LK_NEVER), LK_FOLDED);
	assert_string_equal(cell_text(&f, 0, lk_null()), "3,8,4");   /* 4, 3, 1 and 0 */
	assert_int_equal(fold(&f, 60 * S, lk_null(), lk_int(0), LK_NEVER), LK_FOLDED);
	assert_string_equal(cell_text(&f, 60 * S, lk_null()), "none");
	f.t.plan.where = NULL;
	lk_folder_release(&f.folder);
	lk_folder_init(&f.folder, &f.t.plan);
	assert_int_equal(fold(&f, 60 * S, lk_null(), lk_int(0), LK_NEVER), LK_FOLDED | LK_FOLD_MARKED);
	assert_string_equal(cell_text(&f, 60 * S, lk_null()), "4,1,1");
	end(&f);
}

/* I4, I10: The same events in any order, cut into segments anywhere and merged: the same bytes. */
static void order_and_segments_do_not_matter(void **state) {
	(void)state;
	enum { EVENTS = 500, SEGMENTS = 5 };
	struct { int64_t ts; lk_value path, bytes; } events[EVENTS];
	uint64_t s = random_seed();
	fixture f;
	lk_arena texts = {0};
	make_stream(&f);
	tiny_key(&f.t, path(&f));
	tiny_agg(&f.t, "count", NULL);
	tiny_agg(&f.t, "sum", bytes(&f));
	tiny_agg(&f.t, "min", path(&f));
	tiny_agg(&f.t, "avg", bytes(&f));
	begin(&f);
	for (int i = 0; i < EVENTS; i++) {
		events[i].ts = random_below(&s, 300) * S;
		events[i].path = random_value(&s, text_type, &texts);
		events[i].bytes = random_value(&s, int_type, &texts);
		fold(&f, events[i].ts, events[i].path, events[i].bytes, LK_NEVER);
	}
	lk_cells all = f.cells, merged;
	lk_cells_init(&merged, &f.t.plan);
	lk_cells_init(&f.cells, &f.t.plan);
	for (int segment = 0; segment < SEGMENTS; segment++) {
		for (int i = EVENTS - 1 - segment; i >= 0; i -= SEGMENTS)
			fold(&f, events[i].ts, events[i].path, events[i].bytes, LK_NEVER);
		for (lk_cell *cell = f.cells.first; cell; cell = cell->next) {
			lk_buf b = LK_BUF_INIT;
			lk_cell_encode(&f.cells, cell, &b);
			assert_int_equal(lk_cells_merge(&merged, lk_cell_field(&f.cells, cell), cell->field_len, b.data, b.len), 0);
			lk_buf_release(&b);
		}
		lk_cells_clear(&f.cells);
	}
	assert_int_equal(merged.ncells, all.ncells);
	for (lk_cell *cell = all.first; cell; cell = cell->next) {
		lk_buf a = LK_BUF_INIT, b = LK_BUF_INIT;
		lk_cell *other = lk_cells_find(&merged, lk_cell_field(&all, cell), cell->field_len);
		assert_non_null(other);
		lk_cell_encode(&all, cell, &a);
		lk_cell_encode(&merged, other, &b);
		assert_int_equal(a.len, b.len);
		assert_memory_equal(a.data, b.data, a.len);
		lk_buf_release(&a);
		lk_buf_release(&b);
	}
	lk_cells_release(&all);
	lk_cells_release(&merged);
	lk_arena_release(&texts);
	end(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folds_by_pane_and_key),
		cmocka_unit_test(where_lets_only_true_through),
		cmocka_unit_test(marked_clauses_count_with_their_null),
		cmocka_unit_test(late_events_are_not_folded),
		cmocka_unit_test(late_events_are_marked_as_others),
		cmocka_unit_test(views_without_windows_have_one_cell_a_key),
		cmocka_unit_test(processing_time_is_read_from_at),
		cmocka_unit_test(lateral_rows_fold_each),
		cmocka_unit_test(where_comes_before_rows_that_it_rejects),
		cmocka_unit_test(order_and_segments_do_not_matter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
