/* PostgreSQL's side of an answer. It runs inside one REPEATABLE READ snapshot, which the first step begins and the
 * caller ends, so the pointer and the rows it points to are of one moment (I9). A published batch table is never
 * written again. One that was dropped after the snapshot was taken raises 42P01, and the caller takes a new snapshot,
 * in which the pointer has moved (P16). */
#include "serving/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/log_sql.h"
#include "core/key.h"
#include "windows/window.h"

enum { R_DECLARED, R_VIEW, R_COPY, R_TAIL, R_CUT, NRESULTS };

/* One round trip takes the snapshot and reads the pointer in it. For a new session plain reads are cheaper than one with
 * joins. A definition is read with the log's id, since ids begin anew if schema lk is made anew. */
static const char pointer_sql[] =
	"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;%s"
	"SELECT log_id, (SELECT definition FROM lk.stream WHERE stream_id = %lld) FROM lk.meta;"
	"SELECT served_copy FROM lk.view WHERE view_id = %lld;"
	"SELECT dropped, cut_id, batch_table FROM lk.copy WHERE copy_id = %lld;"
	"SELECT part, next_off, last_at, clock_timestamp() FROM lk.tail WHERE stream_id = %lld;"
	"SELECT part, off, last_at, high FROM lk.cut_part WHERE cut_id = (SELECT cut_id FROM lk.copy WHERE copy_id = %lld)";

static bool is_part(const PGresult *res, int row, int partitions, int64_t *part) {
	*part = lk_pg_int(res, row, 0);
	return *part >= 0 && *part < partitions;
}

static bool is_declared(const PGresult *res, const char *log_id, const lk_cat_stream *s) {
	return PQntuples(res) == 1 && !strcmp(PQgetvalue(res, 0, 0), log_id) && !PQgetisnull(res, 0, 1) &&
	       !strcmp(PQgetvalue(res, 0, 1), s->definition);
}

static int take_rows(lk_pointer *p, PGresult *const r[NRESULTS], int partitions) {
	int64_t part;
	int found = 0;
	p->dropped = PQntuples(r[R_VIEW]) == 0 || PQntuples(r[R_COPY]) == 0;   /* with all of the view */
	if (p->dropped)
		return 0;
	p->served_copy = lk_pg_int(r[R_VIEW], 0, 0);
	p->dropped = PQgetvalue(r[R_COPY], 0, 0)[0] == 't';
	p->cut_id = lk_pg_int(r[R_COPY], 0, 1);
	if (!PQgetisnull(r[R_COPY], 0, 2))
		p->batch_table = lk_strdup(PQgetvalue(r[R_COPY], 0, 2));
	for (int i = 0; i < partitions; i++)
		p->cut_at[i] = p->cut_high[i] = LK_NEVER;
	for (int i = 0; i < PQntuples(r[R_TAIL]); i++) {
		if (!is_part(r[R_TAIL], i, partitions, &part))
			continue;
		p->tail[part] = lk_pg_int(r[R_TAIL], i, 1);
		p->tail_at[part] = lk_pg_time_or(r[R_TAIL], i, 2, LK_NEVER);
		p->now = lk_pg_time_or(r[R_TAIL], i, 3, LK_NEVER);
		found++;
	}
	for (int i = 0; i < PQntuples(r[R_CUT]); i++) {
		if (!is_part(r[R_CUT], i, partitions, &part))
			continue;
		p->cut[part] = lk_pg_int(r[R_CUT], i, 1);
		p->cut_at[part] = lk_pg_time_or(r[R_CUT], i, 2, LK_NEVER);
		p->cut_high[part] = lk_pg_time_or(r[R_CUT], i, 3, LK_NEVER);
	}
	return found;
}

/* At least 1, since 0 would mean no limit. */
static int64_t left_ms(const lk_budget *b) {
	int64_t ms = (b->deadline_us - lk_monotonic_us()) / 1000;
	return ms < 1 ? 1 : ms > INT32_MAX ? INT32_MAX : ms;
}

/* 1 if schema lk is gone. */
static int query(lk_pg *pg, PGresult **r, const char *sql, lk_error *err) {
	lk_error e = {0};
	int rc = lk_pg_query_all(pg, r, NRESULTS, "reading the pointer", &e, sql);
	if (rc < 0 && !strcmp(e.sqlstate, "42P01"))
		return 1;
	if (rc < 0 && err && err->code == LK_OK)
		*err = e;
	return rc;
}

int lk_pointer_read(lk_pointer *p, lk_pg *pg, const char *log_id, const lk_cat_copy *copy, const lk_budget *b, lk_error *err) {
	const lk_cat_view *view = copy->version->view;
	int partitions = view->stream->stream->partitions;
	long long id = (long long)copy->id;
	lk_buf sql = LK_BUF_INIT;
	PGresult *r[NRESULTS];
	*p = (lk_pointer){0};
	char limit[64] = "";
	if (b->deadline_us)
		snprintf(limit, sizeof limit, "SET LOCAL statement_timeout = %lld;", (long long)left_ms(b));
	long long stream = (long long)view->stream->id;
	lk_buf_addf(&sql, pointer_sql, limit, stream, (long long)view->id, id, stream, id);
	int rc = query(pg, r, sql.data, err);
	p->redeclared = rc > 0 || (rc == LK_OK && !is_declared(r[R_DECLARED], log_id, view->stream));
	int found = rc == LK_OK && !p->redeclared ? take_rows(p, r, partitions) : 0;
	if (rc == LK_OK && !p->redeclared && !p->dropped && found != partitions)
		rc = lk_fail(err, LK_EINTERNAL, "copy %lld: the catalogue lists %d of %d partitions", id, found, partitions);
	for (int i = 0; i < NRESULTS; i++)
		PQclear(r[i]);
	lk_buf_release(&sql);
	return rc < 0 ? rc : LK_OK;
}

void lk_pointer_release(lk_pointer *p) {
	free(p->batch_table);
	*p = (lk_pointer){0};
}

int lk_events_at(lk_pg *pg, const lk_stream *s, const int64_t *off, int64_t *at, lk_error *err) {
	lk_buf sql = LK_BUF_INIT;
	for (int i = 0; i < s->partitions; i++) {
		at[i] = LK_NEVER;
		if (off[i] < 0)
			continue;
		lk_buf_addf(&sql, "%sSELECT part, " LK_SQL_US("_at") " FROM ", sql.len ? " UNION ALL " : "");
		lk_log_leaf(s, i, &sql);
		lk_buf_addf(&sql, " WHERE part = %d AND off = %lld", i, (long long)off[i]);
	}
	if (!sql.len)
		return LK_OK;
	PGresult *res = NULL;
	int rc = lk_pg_exec(pg, &res, err, sql.data, 0, NULL);
	for (int i = 0; rc == LK_OK && i < PQntuples(res); i++)
		at[lk_pg_int(res, i, 0)] = lk_pg_int(res, i, 1);
	PQclear(res);
	lk_buf_release(&sql);
	return rc;
}

/* A cut of any copy of the stream serves: what it keeps of a partition is a function of the prefix. */
static const char prefix_high_sql[] =
	"SELECT DISTINCT ON (p.part) p.part, " LK_SQL_US("p.high") ", " LK_SQL_US("p.last_at")
	" FROM lk.cut k JOIN lk.copy c USING (copy_id) JOIN lk.version USING (version_id) JOIN lk.view w USING (view_id)"
	" JOIN lk.cut_part p ON p.cut_id = k.cut_id"
	" WHERE k.state IN ('open', 'published') AND w.stream_id = %lld AND p.off = %s[p.part + 1]";

int lk_prefix_high(lk_pg *pg, const lk_cat_stream *s, const int64_t *off, int64_t *high, int64_t *at, lk_error *err) {
	lk_buf offsets = LK_BUF_INIT, sql = LK_BUF_INIT;
	PGresult *res = NULL;
	for (int i = 0; i < s->stream->partitions; i++)
		high[i] = at[i] = LK_NEVER;
	lk_vector_sql(off, s->stream->partitions, &offsets);
	lk_buf_addf(&sql, prefix_high_sql, (long long)s->id, offsets.data);
	int rc = lk_pg_exec(pg, &res, err, sql.data, 0, NULL);
	for (int i = 0; rc == LK_OK && i < PQntuples(res); i++) {
		int64_t part = lk_pg_int(res, i, 0);
		high[part] = lk_pg_int_or(res, i, 1, LK_NEVER);
		at[part] = lk_pg_int_or(res, i, 2, LK_NEVER);
	}
	PQclear(res);
	lk_buf_release(&offsets);
	lk_buf_release(&sql);
	return rc;
}

int lk_batch_open(lk_batch_rows *rows, lk_pg *pg, const char *batch_table, const lk_filter *f, lk_error *err) {
	lk_buf where = LK_BUF_INIT;
	lk_filter_sql(f, &where);
	int rc = lk_batch_rows_open(rows, pg, f->plan, batch_table, where.data ? where.data : "", err);
	lk_buf_release(&where);
	return rc;
}
