#include "batch_layer/log_events.h"

#include <stdlib.h>

#include "batch_layer/expired.h"
#include "catalog/log_sql.h"
#include "event_log/scan.h"
#include "sql/sql.h"

enum { OFF, AT, FIRST_COLUMN };

void lk_log_events_begin(lk_log_events *e) {
	const lk_plan *p = e->plan;
	e->types = lk_calloc((size_t)p->nneeded + FIRST_COLUMN, sizeof *e->types);
	e->fetched = lk_calloc((size_t)p->nneeded + FIRST_COLUMN, sizeof *e->fetched);
	e->types[OFF] = (lk_type){.kind = LK_INT8};
	e->types[AT] = (lk_type){.kind = LK_TIME};
	for (int i = 0; i < p->nneeded; i++)
		e->types[FIRST_COLUMN + i] = p->stream->schema.columns[p->needed[i]].type;
}

void lk_log_events_end(lk_log_events *e) {
	free(e->types);
	free(e->fetched);
}

static void select_sql(const lk_log_events *e, int part, int64_t from, int64_t to, lk_buf *out) {
	const lk_plan *p = e->plan;
	lk_buf_adds(out, "SELECT off, _at");
	for (int i = 0; i < p->nneeded; i++) {
		lk_buf_adds(out, ", ");
		lk_sql_ident(p->stream->schema.columns[p->needed[i]].name, out);
	}
	lk_buf_adds(out, " FROM ");
	lk_log_leaf(p->stream, part, out);
	lk_log_between(part, from, to, out);
	if (e->cut)
		lk_expired_events_sql(p, e->cut, out);
	if (e->in_order)
		lk_buf_adds(out, " ORDER BY off");
}

static void hand_over(lk_log_events *e, int part) {
	const lk_plan *p = e->plan;
	for (int i = 0; i < p->nneeded; i++)
		e->row[p->needed[i]] = e->fetched[FIRST_COLUMN + i];
	e->row[lk_slot_at(p->stream)] = e->fetched[AT];
	e->take(e->ctx, part, e->fetched[OFF].i);
}

int lk_log_events_read(lk_log_events *e, int part, int64_t from, int64_t to, int64_t *n, lk_error *err) {
	lk_buf sql = LK_BUF_INIT;
	lk_copy_reader reader = {0};
	*n = 0;
	select_sql(e, part, from, to, &sql);
	int rc = lk_copy_open(&reader, e->pg, sql.data, e->types, FIRST_COLUMN + e->plan->nneeded, err);
	for (; rc == LK_OK && (rc = lk_copy_next(&reader, e->fetched, err)) == LK_OK; ++*n)
		hand_over(e, part);
	lk_copy_close(&reader);
	lk_buf_release(&sql);
	return rc < 0 ? rc : LK_OK;
}
