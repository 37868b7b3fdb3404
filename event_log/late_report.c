/* The report of late events. Both parts of it are read in one snapshot.
 *
 * How late an event was follows from what the side output keeps of it: its pane, its time, and the watermark that refused
 * it. Panes of calendar windows differ in length, so windows/window.h computes the ends of those that occur, and the query
 * gets them as values.
 *
 * The newest events are found without sorting all of them: _at never goes back within a partition, so they are among
 * the last ones of each. */
#include "event_log/late_report.h"

#include <stdlib.h>
#include <string.h>

#include "catalog/log_sql.h"
#include "core/time.h"
#include "catalog/published.h"
#include "event_log/side_output.h"
#include "plan/watermark.h"

/* Where one bucket ends and the next one, about ten times as long, begins; in units that people know. */
static const int64_t bounds[LK_LATE_BUCKETS - 1] = {
	10000, 100000, LK_US_PER_S, 10 * LK_US_PER_S, 60 * LK_US_PER_S, 600 * LK_US_PER_S, 3600 * LK_US_PER_S, 6 * 3600 * LK_US_PER_S,
	86400 * LK_US_PER_S, 7 * 86400 * LK_US_PER_S, 30 * 86400 * LK_US_PER_S,
};

static void add_int(lk_buf *out, const char *before, int64_t n) { lk_buf_addf(out, "%s%lld", before, (long long)n); }

/* --- how late they were --- */

/* The ends of the panes of late events, as " JOIN (VALUES …)": only for calendar windows. */
static int ends_sql(lk_pg *pg, const lk_cat_copy *copy, lk_buf *out, lk_error *err) {
	const lk_window *w = &copy->version->plan->window;
	lk_buf sql = LK_BUF_INIT;
	PGresult *res = NULL;
	if (w->kind != LK_W_CALENDAR)
		return LK_OK;
	add_int(&sql, "SELECT DISTINCT " LK_SQL_US("pane") " FROM lk.late WHERE copy_id = ", copy->id);
	int rc = lk_pg_query(pg, &res, err, sql.data);
	lk_buf_release(&sql);
	if (rc)
		return rc;
	lk_buf_adds(out, " JOIN (VALUES (NULL::bigint, NULL::bigint)");
	for (int i = 0; i < PQntuples(res); i++) {
		int64_t pane = lk_pg_int(res, i, 0);
		add_int(out, ", (", pane);
		add_int(out, ", ", lk_pane_end(w, lk_pane_start(w, pane)));
		lk_buf_addc(out, ')');
	}
	lk_buf_adds(out, ") AS ends (pane, until) ON ends.pane = " LK_SQL_US("l.pane"));
	PQclear(res);
	return LK_OK;
}

/* lk_late_from in SQL. */
static void late_from_sql(const lk_plan *p, lk_buf *out) {
	const lk_window *w = &p->window;
	if (w->kind == LK_W_CALENDAR)
		lk_buf_adds(out, "ends.until");
	else if (w->kind == LK_W_SESSION)
		add_int(out, LK_SQL_US("l.event_time") " + ", w->size_us);
	else
		add_int(out, LK_SQL_US("l.pane") " + ", w->pane_us);
	add_int(out, " + ", p->allowed_lateness_us);
}

static int read_buckets(lk_pg *pg, const lk_cat_copy *copy, lk_late_report *r, lk_error *err) {
	lk_buf sql = LK_BUF_INIT;
	PGresult *res = NULL;
	lk_buf_adds(&sql, "SELECT width_bucket(late_by, ARRAY[");
	for (int i = 0; i < LK_LATE_BUCKETS - 1; i++)
		add_int(&sql, i ? ", " : "", bounds[i]);
	lk_buf_adds(&sql, "]::bigint[]) AS b, count(*), count(*) FILTER (WHERE healed), min(late_by), max(late_by) FROM (SELECT "
	                  LK_SQL_US("l.watermark") " - (");
	late_from_sql(copy->version->plan, &sql);
	lk_buf_adds(&sql, ") AS late_by, ");
	lk_healed_sql(copy, "c.off", &sql);
	lk_buf_adds(&sql, " AS healed FROM lk.late l");
	lk_published_join(copy, "l.part", &sql);
	int rc = ends_sql(pg, copy, &sql, err);
	add_int(&sql, " WHERE l.copy_id = ", copy->id);
	lk_buf_adds(&sql, ") AS t GROUP BY b ORDER BY b");
	if (!rc)
		rc = lk_pg_query(pg, &res, err, sql.data);
	for (int i = 0; !rc && i < PQntuples(res); i++) {
		lk_late_bucket *b = &r->buckets[lk_pg_int(res, i, 0)];
		int64_t least = lk_pg_int(res, i, 3), most = lk_pg_int(res, i, 4);
		r->events += b->events = lk_pg_int(res, i, 1);
		r->healed += b->healed = lk_pg_int(res, i, 2);
		r->least_us = i ? r->least_us : least;
		r->most_us = most;
	}
	PQclear(res);
	lk_buf_release(&sql);
	return rc;
}

/* --- the newest --- */

enum { PART, OFF, AT, EVENT_TIME, WATERMARK, HEALED, FIRST_COLUMN };

static void newest_sql(const lk_late_wanted *w, lk_buf *out) {
	const lk_cat_copy *copy = w->copy;
	const lk_stream *s = copy->version->plan->stream;
	lk_buf_adds(out, "SELECT e.part, e.off, " LK_SQL_US("e._at") ", " LK_SQL_US("l.event_time") ", " LK_SQL_US("l.watermark") ", ");
	lk_healed_sql(copy, "c.off", out);
	for (int i = 0; i < w->ncolumns; i++) {
		const lk_column *column = &s->schema.columns[w->columns[i]];
		bool time = column->type.kind == LK_TIME;
		lk_buf_adds(out, time ? ", (extract(epoch from e." : ", e.");
		lk_sql_ident(column->name, out);
		lk_buf_adds(out, time ? ") * 1000000)::bigint" : "");
	}
	add_int(out, " FROM generate_series(0, ", s->partitions - 1);
	add_int(out, ") AS g(part) CROSS JOIN LATERAL (SELECT off, event_time, watermark FROM lk.late WHERE copy_id = ", copy->id);
	add_int(out, " AND part = g.part ORDER BY off DESC LIMIT ", w->limit);
	lk_buf_adds(out, ") AS l JOIN ");
	lk_log_table(s, out);
	lk_buf_adds(out, " e ON e.part = g.part AND e.off = l.off");
	lk_published_join(copy, "g.part", out);
	add_int(out, " ORDER BY e._at DESC, e.part, e.off DESC LIMIT ", w->limit);
}

/* text: NULL for a null; a time in microseconds. */
static int read_value(lk_arena *arena, const char *text, const lk_column *column, lk_value *out, lk_error *err) {
	const char *reason = "";
	*out = lk_null();
	if (!text)
		return LK_OK;
	if (column->type.kind == LK_TIME) {
		*out = lk_int(strtoll(text, NULL, 10));
		return LK_OK;
	}
	size_t len = strlen(text);
	if (lk_value_parse(column->type, lk_arena_strndup(arena, text, len), len, out, &reason) == 0)
		return LK_OK;
	return lk_fail(err, LK_EINTERNAL, "column %s of the log cannot be read: %s", column->name, reason);
}

static int read_newest(lk_pg *pg, const lk_late_wanted *w, lk_late_report *r, lk_error *err) {
	const lk_plan *p = w->copy->version->plan;
	lk_buf sql = LK_BUF_INIT;
	PGresult *res = NULL;
	newest_sql(w, &sql);
	int rc = lk_pg_query(pg, &res, err, sql.data);
	lk_buf_release(&sql);
	int n = rc ? 0 : PQntuples(res);
	r->newest = lk_arena_zalloc(&r->arena, (size_t)(n + 1) * sizeof *r->newest);
	for (int i = 0; !rc && i < n; i++) {
		lk_late_event *e = &r->newest[i];
		*e = (lk_late_event){.part = (int)lk_pg_int(res, i, PART), .off = lk_pg_int(res, i, OFF), .at = lk_pg_int(res, i, AT),
		                     .event_time = lk_pg_int(res, i, EVENT_TIME), .watermark = lk_pg_int(res, i, WATERMARK),
		                     .healed = PQgetvalue(res, i, HEALED)[0] == 't'};
		e->late_by_us = e->watermark - lk_late_from(p, e->event_time);
		e->values = lk_arena_zalloc(&r->arena, (size_t)(w->ncolumns + 1) * sizeof *e->values);
		for (int k = 0, col = FIRST_COLUMN; !rc && k < w->ncolumns; k++, col++)
			rc = read_value(&r->arena, PQgetisnull(res, i, col) ? NULL : PQgetvalue(res, i, col),
			                &p->stream->schema.columns[w->columns[k]], &e->values[k], err);
		r->nnewest = i + 1;
	}
	PQclear(res);
	return rc;
}

int lk_late_report_read(lk_pg *pg, const lk_late_wanted *w, lk_late_report *out, lk_error *err) {
	const lk_cat_copy *copy = w->copy;
	const lk_plan *p = copy->version->plan;
	*out = (lk_late_report){0};
	for (int i = 0; i < LK_LATE_BUCKETS; i++) {
		out->buckets[i].from_us = i ? bounds[i - 1] : 0;
		out->buckets[i].to_us = i < LK_LATE_BUCKETS - 1 ? bounds[i] : INT64_MAX;
	}
	if (p->allowed_lateness_us < 0 || p->window.kind == LK_W_NONE)
		return LK_OK;
	int rc = lk_pg_run(pg, err, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
	if (!rc)
		rc = read_buckets(pg, copy, out, err);
	if (!rc)
		rc = lk_late_removed(pg, copy, &out->removed, err);
	out->events += out->removed;
	out->healed += copy->kappa ? 0 : out->removed;
	if (!rc && w->limit > 0)
		rc = read_newest(pg, w, out, err);
	if (!rc)
		rc = lk_pg_run(pg, err, "COMMIT");
	if (rc)
		lk_pg_rollback(pg);
	return rc;
}

void lk_late_report_release(lk_late_report *r) {
	lk_arena_release(&r->arena);
	*r = (lk_late_report){0};
}
