/* The ways to an answer over a prefix: a copy, as the serving layer answers, and the user's own text, run by
 * PostgreSQL.
 *
 * The events that a copy has refused as late are not part of its answer. To tell such a difference from any other, they
 * are read from the log by their positions in lk.late, folded without the lateness rule, and added to the cells of the
 * answer: that is what the copy would answer for the whole prefix. Each of its rows knows how many events were added.
 *
 * A late event may also join an expired session to one that has not expired. The copy need not have the panes of the
 * expired one any more: housekeeping may have removed them. So the sessions that it may remove are made again, from the
 * counted events before the horizon, and those of their panes that the copy does not hold are added too. Alone they change no
 * row, since they are expired; and a pane that is missing from a session that has not expired stays missing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/log_sql.h"
#include "compare/late_events.h"
#include "compare/result_rows.h"
#include "core/key.h"
#include "event_log/side_output.h"
#include "partials/fold.h"
#include "plan/watermark.h"
#include "serving/answer.h"
#include "serving/having.h"
#include "serving/windows.h"

/* --- a copy --- */

static void write_rows(const lk_answer *a, lk_result *result) {
	lk_result_writer w;
	lk_result_write(&w, result);
	for (size_t i = 0; i < a->nrows; i++) {
		lk_result_row_begin(&w, lk_answer_span(a, a->rows[i]));
		for (int k = 0; k < a->plan->noutputs; k++) {
			lk_value v;
			lk_answer_value(a, a->rows[i], k, &v);
			lk_result_row_value(&w, &result->plan->outputs[k], &v);
		}
		lk_result_row_end(&w);
	}
	lk_result_written(&w);
}

/* What is added to an answer, and the places of what was added. */
typedef struct addition {
	lk_answer *answer;
	lk_folder folder;
	lk_cells one;             /* the cells of one event */
	lk_arena arena;
	struct touched { lk_span span; void *keys; size_t len; } *touched;
	size_t n, cap;
	lk_buf field, keys;
} addition;

static void note_touched(addition *a, const lk_cell *cell) {
	if (a->n == a->cap) {
		a->cap = a->cap ? 2 * a->cap : 64;
		a->touched = lk_realloc(a->touched, a->cap * sizeof *a->touched);
	}
	lk_cell_keys(&a->one, cell, &a->keys);
	void *kept = lk_arena_alloc(&a->arena, a->keys.len + 1);
	if (a->keys.len)
		memcpy(kept, a->keys.data, a->keys.len);
	a->touched[a->n++] = (struct touched){lk_cell_place(&a->one, cell), kept, a->keys.len};
}

static void add_event(addition *a) {
	const lk_plan *p = a->answer->plan;
	bool tiling = lk_is_tiling(&a->answer->window);
	lk_cells *into = tiling ? &a->answer->cells : &a->answer->panes;
	lk_cells_clear(&a->one);
	lk_fold_event(&a->folder, &a->one, LK_NEVER);
	for (const lk_cell *c = a->one.first; c; c = c->next) {
		const uint8_t *field = lk_cell_field(&a->one, c);
		if (lk_pane_get(field) < lk_first_kept(p, &a->answer->window, a->answer->horizon))
			continue;
		lk_buf_clear(&a->field);
		lk_pane_put(&a->field, tiling ? lk_tag_of_pane(&a->answer->window, lk_pane_get(field)) : lk_pane_get(field));
		lk_buf_add(&a->field, field + LK_PANE_BYTES, c->field_len - LK_PANE_BYTES);
		lk_cells_add_state(into, a->field.data, a->field.len, lk_cell_state(&a->one, c));
		note_touched(a, c);
	}
}

static int add_removed(lk_pg *pg, const lk_cat_copy *copy, const lk_cut *until, addition *a, lk_error *err) {
	const lk_plan *p = a->answer->plan;
	int64_t horizon = a->answer->horizon;
	lk_late_reader counted;
	lk_cells panes;
	if (p->window.kind != LK_W_SESSION || horizon == LK_NEVER)
		return LK_OK;
	lk_cells_init(&panes, p);
	int rc = lk_counted_open(&counted, pg, copy, until, horizon, err);
	while (rc == LK_OK && (rc = lk_late_next(&counted, &a->folder, err)) == LK_OK)
		lk_fold_event(&a->folder, &panes, LK_NEVER);
	lk_late_close(&counted);
	if (rc >= 0)
		lk_sessions_removable(p, &panes, horizon, &a->answer->panes);
	lk_cells_release(&panes);
	return rc < 0 ? rc : LK_OK;
}

static int add_kept(lk_pg *pg, const lk_cat_copy *copy, const lk_cut *until, addition *a, int64_t *found, lk_error *err) {
	lk_late_reader late;
	int rc = lk_late_open(&late, pg, copy, until, err);
	while (rc == LK_OK && (rc = lk_late_next(&late, &a->folder, err)) == LK_OK) {
		add_event(a);
		++*found;
	}
	lk_late_close(&late);
	return rc < 0 ? rc : LK_OK;
}

/* Late events that housekeeping has removed are healed, or in expired panes: they change no row. */
static int add_late(lk_pg *pg, const lk_cat_copy *copy, const lk_cut *until, addition *a, lk_error *err) {
	int64_t found = 0, removed = 0;
	int rc = lk_pg_run(pg, err, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
	if (rc == LK_OK)
		rc = add_kept(pg, copy, until, a, &found, err);
	if (rc == LK_OK && copy->kappa)
		rc = lk_late_removed(pg, copy, &removed, err);
	lk_pg_rollback(pg);
	if (rc != LK_OK)
		return rc;
	if (found + removed != a->answer->late)
		return lk_fail(err, LK_EINTERNAL, "copy %lld has %lld late events in lk.late, its answer counts %lld", (long long)copy->id,
		               (long long)found, (long long)a->answer->late);
	return LK_OK;
}

static void count_touched(const addition *a, const lk_result *whole) {
	lk_result_rows rows = {0};
	for (size_t i = 0; i < a->n; i++) {
		rows.n = 0;
		lk_result_touching(whole, a->touched[i].span, a->touched[i].keys, a->touched[i].len, &rows);
		for (size_t k = 0; k < rows.n; k++)
			rows.at[k]->late_events++;
	}
	lk_result_rows_release(&rows);
}

static int make_whole(lk_pg *pg, const lk_cat_copy *copy, const lk_cut *until, lk_answer *answer, lk_result *result, lk_error *err) {
	addition a = {.answer = answer};
	lk_folder_init(&a.folder, answer->plan);
	lk_cells_init(&a.one, answer->plan);
	int rc = add_removed(pg, copy, until, &a, err);
	if (rc == LK_OK)
		rc = add_late(pg, copy, until, &a, err);
	if (rc == LK_OK) {
		lk_answer_put_together(answer);
		rc = lk_rows_defined(answer, true, lk_limit_is_approximate(answer->plan), err);
	}
	if (rc == LK_OK) {
		result->whole = lk_calloc(1, sizeof *result->whole);
		lk_result_init(result->whole, result->name, result->plan);
		write_rows(answer, result->whole);
		count_touched(&a, result->whole);
	}
	lk_cells_release(&a.one);
	lk_folder_release(&a.folder);
	lk_arena_release(&a.arena);
	lk_buf_release(&a.field);
	lk_buf_release(&a.keys);
	free(a.touched);
	return rc;
}

int lk_result_of_copy(lk_pg *pg, lk_store *store, const lk_result_of *of, lk_result *out, lk_error *err) {
	char id[24];
	lk_answer a = {0};
	const lk_plan *plan = of->copy->version->plan;
	const lk_query q = {.view = of->copy->version->view->name, .copy = lk_pg_number(id, of->copy->id), .until = &of->until->at,
	                    .from = INT64_MIN, .to = INT64_MAX, .unlimited = lk_limit_is_approximate(plan)};
	lk_result_init(out, of->name, plan);
	int rc = lk_answer_make(pg, store, NULL, &q, &a, err);
	if (rc == LK_OK) {
		write_rows(&a, out);
		out->late = a.late;
		if (a.late)
			rc = make_whole(pg, of->copy, of->until, &a, out, err);
	}
	lk_answer_release(&a);
	return rc;
}

/* --- the user's text --- */

/* Numerics come as text, since an average has its own scale; a key has its column's scale. */
static bool as_text(const lk_output *o) { return o->type.kind == LK_NUMERIC && o->kind != LK_OUT_KEY; }

static void select_answer(const lk_plan *p, const lk_cut *until, lk_buf *sql) {
	lk_buf bound = LK_BUF_INIT;
	const char *comma = "";
	lk_frontier_behind_sql(&until->at, until->at.part[0].stream, "", &bound);
	lk_buf_adds(sql, "SELECT ");
	if (p->window.kind != LK_W_NONE) {
		lk_buf_adds(sql, "window_start, window_end");
		comma = ", ";
	}
	for (int i = 0; i < p->noutputs; i++, comma = ", ") {
		lk_buf_adds(sql, comma);
		lk_sql_ident(p->outputs[i].name, sql);
		lk_buf_adds(sql, as_text(&p->outputs[i]) ? "::text" : "");
	}
	lk_buf_adds(sql, " FROM (");
	lk_log_oracle_sql(p, bound.data, sql);
	lk_buf_adds(sql, ") AS o");
	int64_t horizon = lk_horizon(p, lk_watermark_of_frontier(p, &until->at));
	if (horizon != LK_NEVER) {
		lk_buf_adds(sql, " WHERE window_end > timestamptz '");
		lk_time_print(horizon > LK_TIME_MIN ? horizon : LK_TIME_MIN, sql);
		lk_buf_addc(sql, '\'');
	}
	lk_buf_release(&bound);
}

static int row_types(const lk_plan *p, lk_type *types) {
	int n = 0;
	for (int i = 0; p->window.kind != LK_W_NONE && i < 2; i++)
		types[n++] = (lk_type){.kind = LK_TIME};
	for (int i = 0; i < p->noutputs; i++)
		types[n++] = as_text(&p->outputs[i]) ? (lk_type){.kind = LK_TEXT} : p->outputs[i].type;
	return n;
}

static void write_row(lk_result_writer *w, const lk_plan *p, const lk_value *row) {
	const lk_value *values = row + (p->window.kind != LK_W_NONE ? 2 : 0);
	lk_result_row_begin(w, (lk_span){row[0].i, row[1].i});
	for (int i = 0; i < p->noutputs; i++) {
		const lk_value *v = &values[i];
		if (as_text(&p->outputs[i]) && !lk_is_null(v))
			lk_result_row_numeric(w, &p->outputs[i], v->s, v->len);
		else
			lk_result_row_value(w, &p->outputs[i], v);
	}
	lk_result_row_end(w);
}

int lk_result_of_sql(lk_pg *pg, const lk_plan *plan, const lk_cut *until, lk_result *out, lk_error *err) {
	lk_buf sql = LK_BUF_INIT;
	lk_type *types = lk_calloc((size_t)plan->noutputs + 2, sizeof *types);
	lk_value *row = lk_calloc((size_t)plan->noutputs + 2, sizeof *row);
	lk_copy_reader reader = {0};
	lk_result_writer w;
	lk_plan whole = *plan;
	whole.limit = lk_limit_is_approximate(plan) ? 0 : plan->limit;
	lk_result_init(out, "sql", plan);
	out->sql = true;
	lk_result_write(&w, out);
	select_answer(&whole, until, &sql);
	int rc = lk_copy_open(&reader, pg, sql.data, types, row_types(plan, types), err);
	while (rc == LK_OK && (rc = lk_copy_next(&reader, row, err)) == LK_OK)
		write_row(&w, plan, row);
	lk_copy_close(&reader);
	lk_result_written(&w);
	lk_buf_release(&sql);
	free(types);
	free(row);
	return rc < 0 ? rc : LK_OK;
}
