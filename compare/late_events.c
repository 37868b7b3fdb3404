#include "compare/late_events.h"

#include <stdlib.h>

#include "catalog/log_sql.h"
#include "core/time.h"
#include "catalog/published.h"
#include "event_log/side_output.h"

enum { PART, OFF, AT, FIRST_COLUMN };

static void columns_sql(const lk_plan *p, lk_buf *out) {
	lk_buf_adds(out, "SELECT e.part, e.off, e._at");
	for (int i = 0; i < p->nneeded; i++) {
		lk_buf_adds(out, ", e.");
		lk_sql_ident(p->stream->schema.columns[p->needed[i]].name, out);
	}
}

/* The rows l of lk.late that the copy does not count. */
static void from_sql(const lk_cat_copy *copy, lk_buf *out) {
	lk_buf_adds(out, " FROM lk.late l");
	lk_published_join(copy, "l.part", out);
}

static void where_sql(const lk_cat_copy *copy, lk_buf *out) {
	lk_buf_addf(out, " WHERE l.copy_id = %lld AND NOT ", (long long)copy->id);
	lk_healed_sql(copy, "c.off", out);
}

static void select_late(const lk_plan *p, const lk_cat_copy *copy, const lk_cut *until, lk_buf *out) {
	columns_sql(p, out);
	from_sql(copy, out);
	lk_buf_adds(out, " JOIN ");
	lk_log_table(p->stream, out);
	lk_buf_adds(out, " e ON e.part = l.part AND e.off = l.off");
	where_sql(copy, out);
	lk_buf_adds(out, " AND ");
	lk_frontier_behind_sql(&until->at, until->at.part[0].stream, "l.", out);
	lk_buf_adds(out, " ORDER BY e._at, e.part, e.off");
}

static void select_counted(const lk_plan *p, const lk_cat_copy *copy, const lk_cut *until, int64_t before, lk_buf *out) {
	columns_sql(p, out);
	lk_buf_adds(out, " FROM ");
	lk_log_table(p->stream, out);
	lk_buf_adds(out, " e WHERE ");
	lk_frontier_behind_sql(&until->at, until->at.part[0].stream, "e.", out);
	lk_buf_adds(out, " AND e.");
	lk_sql_ident(p->window.time_slot == lk_slot_at(p->stream) ? "_at" : p->stream->schema.columns[p->window.time_slot].name, out);
	lk_buf_adds(out, " < timestamptz '");
	lk_time_print(before > LK_TIME_MIN ? before : LK_TIME_MIN, out);
	lk_buf_adds(out, "' AND NOT EXISTS (SELECT");
	from_sql(copy, out);
	where_sql(copy, out);
	lk_buf_adds(out, " AND l.part = e.part AND l.off = e.off)");
}

static int open_reader(lk_late_reader *r, lk_pg *pg, const lk_plan *p, const char *sql, lk_error *err) {
	*r = (lk_late_reader){.plan = p};
	int n = FIRST_COLUMN + p->nneeded;
	r->types = lk_calloc((size_t)n, sizeof *r->types);
	r->values = lk_calloc((size_t)n, sizeof *r->values);
	r->types[PART] = (lk_type){.kind = LK_INT4};
	r->types[OFF] = (lk_type){.kind = LK_INT8};
	r->types[AT] = (lk_type){.kind = LK_TIME};
	for (int i = 0; i < p->nneeded; i++)
		r->types[FIRST_COLUMN + i] = p->stream->schema.columns[p->needed[i]].type;
	return lk_copy_open(&r->rows, pg, sql, r->types, n, err);
}

int lk_late_open(lk_late_reader *r, lk_pg *pg, const lk_cat_copy *copy, const lk_cut *until, lk_error *err) {
	lk_buf sql = LK_BUF_INIT;
	select_late(copy->version->plan, copy, until, &sql);
	int rc = open_reader(r, pg, copy->version->plan, sql.data, err);
	lk_buf_release(&sql);
	return rc;
}

int lk_counted_open(lk_late_reader *r, lk_pg *pg, const lk_cat_copy *copy, const lk_cut *until, int64_t before, lk_error *err) {
	lk_buf sql = LK_BUF_INIT;
	select_counted(copy->version->plan, copy, until, before, &sql);
	int rc = open_reader(r, pg, copy->version->plan, sql.data, err);
	lk_buf_release(&sql);
	return rc;
}

int lk_late_next(lk_late_reader *r, lk_folder *f, lk_error *err) {
	int rc = lk_copy_next(&r->rows, r->values, err);
	if (rc)
		return rc;
	f->place.part = (int32_t)r->values[PART].i;
	f->place.off = r->values[OFF].i;
	f->row[lk_slot_at(r->plan->stream)] = r->values[AT];
	for (int i = 0; i < r->plan->nneeded; i++)
		f->row[r->plan->needed[i]] = r->values[FIRST_COLUMN + i];
	return LK_OK;
}

void lk_late_close(lk_late_reader *r) {
	if (r->plan)
		lk_copy_close(&r->rows);
	free(r->types);
	free(r->values);
	*r = (lk_late_reader){0};
}
