#include "batch_layer/rows.h"

#include <stdlib.h>

#include "core/key.h"
#include "event_log/batch_rows.h"
#include "postgres/binary.h"
#include "sql/sql.h"

#define SEND_BYTES   ((size_t)256 << 10)
#define ROWS_AT_ONCE 1000000            /* in memory while they are merged */

/* --- writing --- */

typedef struct writer {
	lk_pg *pg;
	const lk_cells *cells;
	const lk_plan *plan;
	lk_type types[LK_MAX_BATCH_COLUMNS];
	int ntypes;
	lk_arena texts;        /* of the row being written */
} writer;

static int put_keys(const writer *w, const lk_cell *cell, lk_buf *out) {
	const uint8_t *p = lk_cell_field(w->cells, cell), *end = p + cell->field_len;
	int n = 0;
	if (w->plan->window.kind != LK_W_NONE) {
		lk_value pane = lk_int(lk_pane_get(p));
		lk_copy_value(out, w->types[n++], &pane);
	}
	p += LK_PANE_BYTES;
	for (int k = 0; k < w->plan->nkeys; k++) {
		lk_value v;
		if (lk_key_get(w->plan->keys[k].expr->type, &p, end, &v) != 0)
			return -1;
		lk_copy_value(out, w->types[n++], &v);
	}
	return n;
}

static int put_cell(writer *w, const lk_cell *cell, lk_buf *out) {
	char *state = lk_cell_state(w->cells, cell);
	lk_copy_row(out, w->ntypes);
	int n = put_keys(w, cell, out);
	for (int a = 0; a < w->plan->naggs && n >= 0; a++) {
		const lk_agg *agg = &w->plan->aggs[a];
		lk_value columns[LK_MAX_PARTIALS];
		agg->verbs->store(state + agg->state_offset, agg, columns, &w->texts);
		for (int i = 0; i < agg->verbs->npartials; i++)
			lk_copy_value(out, w->types[n++], &columns[i]);
	}
	if (w->texts.used_bytes)
		lk_arena_clear(&w->texts);
	return n == w->ntypes ? 0 : -1;
}

static int send(writer *w, lk_buf *out, lk_error *err) {
	int sent = lk_pg_put(w->pg, out->data, out->len);
	lk_buf_clear(out);
	return sent == 0 ? LK_OK : lk_pg_failed(w->pg, NULL, "writing the batch", err);
}

static int end_copy(lk_pg *pg, const char *abort, lk_error *err) {
	int rc = LK_OK;
	if (lk_pg_put_end(pg, abort) != 0)
		return lk_pg_failed(pg, NULL, "writing the batch", err);
	for (PGresult *res; (res = lk_pg_result(pg)); PQclear(res))
		if (rc == LK_OK && PQresultStatus(res) != PGRES_COMMAND_OK)
			rc = lk_pg_failed(pg, res, "writing the batch", err);
	return rc;
}

static int start_copy(lk_pg *pg, const char *table, lk_error *err) {
	char *sql = lk_asprintf("COPY %s FROM STDIN (FORMAT binary)", table);
	PGresult *res = lk_pg_answer(pg, sql);
	int rc = PQresultStatus(res) == PGRES_COPY_IN ? LK_OK : lk_pg_failed(pg, res, "writing the batch", err);
	PQclear(res);
	free(sql);
	return rc;
}

int lk_batch_rows_write(lk_pg *pg, const char *table, const lk_cells *cells, lk_error *err) {
	writer w = {.pg = pg, .cells = cells, .plan = cells->plan};
	lk_buf out = LK_BUF_INIT;
	int rc = start_copy(pg, table, err);
	if (rc != LK_OK)
		return rc;
	w.ntypes = lk_plan_batch_types(w.plan, w.types, LK_MAX_BATCH_COLUMNS);
	lk_copy_header(&out);
	for (const lk_cell *cell = cells->first; cell && rc == LK_OK; cell = cell->next) {
		if (put_cell(&w, cell, &out) != 0)
			rc = lk_fail(err, LK_EINTERNAL, "a cell of view %s does not fit its batch table", w.plan->view);
		else if (out.len >= SEND_BYTES)
			rc = send(&w, &out, err);
	}
	if (rc == LK_OK) {
		lk_copy_trailer(&out);
		rc = send(&w, &out, err);
	}
	int ended = end_copy(pg, rc == LK_OK ? NULL : "given up", err);
	lk_buf_release(&out);
	lk_arena_release(&w.texts);
	return rc != LK_OK ? rc : ended;
}

int lk_batch_rows_table(lk_pg *pg, const lk_plan *p, const char *table, lk_error *err) {
	lk_buf columns = LK_BUF_INIT;
	lk_plan_batch_columns(p, &columns);
	int rc = lk_pg_runf(pg, err, "CREATE TABLE %s (%s)", table, columns.data ? columns.data : "");
	lk_buf_release(&columns);
	return rc;
}

/* --- merging rows --- */

/* Merges the rows that meet the condition. */
static int read_rows(lk_pg *pg, const char *table, const char *where, lk_cells *into, lk_error *err) {
	lk_batch_rows rows;
	int rc = lk_batch_rows_open(&rows, pg, into->plan, table, where, err);
	while (rc == LK_OK && (rc = lk_batch_rows_next(&rows, err)) == LK_OK)
		rc = lk_batch_rows_merge(&rows, rows.pane, into, err);
	lk_batch_rows_close(&rows);
	return rc > 0 ? LK_OK : rc;
}

/* The condition for one share of the rows. All rows of a cell are in one share. */
static char *share_of(const lk_plan *p, int64_t share, int64_t shares) {
	lk_buf names = LK_BUF_INIT;
	lk_plan_cell_names(p, &names);
	char *where = lk_asprintf(" WHERE mod(hashtext(ROW(%s)::text)::bigint + 2147483648, %lld) = %lld", names.data ? names.data : "",
	                          (long long)shares, (long long)share);
	lk_buf_release(&names);
	return where;
}

int lk_batch_rows_put_together(lk_pg *pg, const lk_plan *p, const char *from, const char *to, int64_t rows, int64_t *cells, lk_error *err) {
	lk_cells share;
	int64_t shares = rows / ROWS_AT_ONCE + 1;
	*cells = 0;
	lk_cells_init(&share, p);
	int rc = lk_batch_rows_table(pg, p, to, err);
	for (int64_t i = 0; rc == LK_OK && i < shares; i++) {
		char *where = shares > 1 ? share_of(p, i, shares) : lk_strdup("");
		rc = read_rows(pg, from, where, &share, err);
		if (rc == LK_OK)
			rc = lk_batch_rows_write(pg, to, &share, err);
		*cells += (int64_t)share.ncells;
		lk_cells_clear(&share);
		free(where);
	}
	lk_cells_release(&share);
	return rc;
}
