#include "event_log/batch_rows.h"

#include "sql/sql.h"

int lk_batch_rows_open(lk_batch_rows *r, lk_pg *pg, const lk_plan *p, const char *table, const char *where, lk_error *err) {
	lk_buf sql = LK_BUF_INIT;
	*r = (lk_batch_rows){.plan = p, .table = table};
	int n = lk_plan_batch_types(p, r->types, LK_MAX_BATCH_COLUMNS);
	lk_buf_adds(&sql, "SELECT ");
	lk_plan_batch_names(p, &sql);
	lk_buf_addf(&sql, " FROM %s%s", table, where);
	int rc = lk_copy_open(&r->copy, pg, sql.data, r->types, n, err);
	lk_buf_release(&sql);
	return rc;
}

int lk_batch_rows_next(lk_batch_rows *r, lk_error *err) {
	int rc = lk_copy_next(&r->copy, r->row, err);
	r->pane = rc == 0 && r->plan->window.kind != LK_W_NONE ? r->row[0].i : 0;
	return rc;
}

int lk_batch_rows_merge(const lk_batch_rows *r, int64_t pane, lk_cells *into, lk_error *err) {
	const lk_value *keys = r->row + (r->plan->window.kind != LK_W_NONE);
	if (lk_cells_merge_row(into, pane, keys, keys + r->plan->nkeys) == 0)
		return LK_OK;
	return lk_fail(err, LK_EINTERNAL, "table %s holds a partial that cannot be read", r->table);
}

void lk_batch_rows_close(lk_batch_rows *r) { lk_copy_close(&r->copy); }
