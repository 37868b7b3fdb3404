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

/* The condition for one share of the rows. All rows of a cell are in one share; twice as many shares halve each. */
static char *share_of(const lk_plan *p, int64_t share, int64_t shares) {
	lk_buf names = LK_BUF_INIT;
	lk_plan_cell_names(p, &names);
	char *where = lk_asprintf(" WHERE mod(hashtext(ROW(%s)::text)::bigint + 2147483648, %lld) = %lld", names.data ? names.data : "",
	                          (long long)shares, (long long)share);
	lk_buf_release(&names);
	return where;
}

typedef struct merging {
	lk_rows_merge *m;
	lk_cells cells;        /* of the current share */
} merging;

/* Merges a share's rows. *fits: false if its cells take too much memory; then the rest was read and left. */
static int read_share(merging *g, const char *where, bool divisible, bool *fits, lk_error *err) {
	lk_batch_rows rows;
	*fits = true;
	int rc = lk_batch_rows_open(&rows, g->m->pg, g->m->plan, g->m->from, where, err);
	while (rc == LK_OK && (rc = lk_batch_rows_next(&rows, err)) == LK_OK) {
		if (!*fits)
			continue;
		rc = lk_batch_rows_merge(&rows, rows.pane, &g->cells, err);
		*fits = !divisible || g->cells.ncells == 1 || lk_cells_bytes(&g->cells) <= g->m->most_bytes;
	}
	lk_batch_rows_close(&rows);
	return rc > 0 ? LK_OK : rc;
}

static int write_share(merging *g, lk_error *err) {
	g->m->cells += (int64_t)g->cells.ncells;
	g->m->shares++;
	return lk_batch_rows_write(g->m->pg, g->m->to, &g->cells, err);
}

/* A share that takes too much memory becomes two, as long as there are more rows than shares. */
static int put_share(merging *g, int64_t share, int64_t shares, lk_error *err) {
	bool fits;
	char *where = shares > 1 ? share_of(g->m->plan, share, shares) : lk_strdup("");
	int rc = read_share(g, where, shares < g->m->rows, &fits, err);
	if (rc == LK_OK && fits)
		rc = write_share(g, err);
	lk_cells_clear(&g->cells);
	free(where);
	if (rc == LK_OK && !fits)
		rc = put_share(g, share, 2 * shares, err);
	if (rc == LK_OK && !fits)
		rc = put_share(g, share + shares, 2 * shares, err);
	return rc;
}

int lk_batch_rows_put_together(lk_rows_merge *m, lk_error *err) {
	merging g = {.m = m};
	int64_t shares = m->rows / ROWS_AT_ONCE + 1;
	m->cells = m->shares = 0;
	lk_cells_init(&g.cells, m->plan);
	int rc = lk_batch_rows_table(m->pg, m->plan, m->to, err);
	for (int64_t i = 0; rc == LK_OK && i < shares; i++)
		rc = put_share(&g, i, shares, err);
	lk_cells_release(&g.cells);
	return rc;
}
