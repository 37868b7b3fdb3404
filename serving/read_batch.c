/* PostgreSQL's side of an answer. It runs inside one REPEATABLE READ snapshot, which the first step begins and the
 * caller ends, so the pointer and the rows it points to are of one moment (I9). A published batch table is never
 * written again. One that was dropped after the snapshot was taken raises 42P01, and the caller takes a new snapshot,
 * in which the pointer has moved (P16). */
#include "serving/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/log_sql.h"
#include "core/fault.h"
#include "core/key.h"
#include "windows/window.h"

enum { R_DECLARED, R_VIEW, R_TAIL, R_PUBLISHED, NRESULTS = R_PUBLISHED + LK_PUBLISHED_RESULTS };

/* One round trip takes the snapshot and reads the pointer in it. Plain reads of one id each are cheaper than one with
 * joins. A definition is read with the log's id, since ids begin anew if schema lk is made anew. */
static const char *sql_of(int result) {
	static const char *const sql[] = {
		[R_DECLARED] = "SELECT log_id, (SELECT definition FROM lk.stream WHERE stream_id = $1) FROM lk.meta",
		[R_VIEW] = "SELECT served_copy FROM lk.view WHERE view_id = $1",
		[R_TAIL] = "SELECT part, next_off, last_at, high, clock_timestamp() FROM lk.tail WHERE stream_id = $1",
	};
	return result < R_PUBLISHED ? sql[result] : lk_published_sql[result - R_PUBLISHED];
}

static long long id_of(const lk_cat_copy *copy, int result) {
	return result >= R_PUBLISHED ? copy->id : result == R_VIEW ? copy->version->view->id : copy->version->reads->id;
}

/* A session that asks once does not pay for preparing. Without schema lk nothing can be prepared: the reads say so. */
static bool is_prepared(lk_pg *pg) {
	if (pg->again && !(pg->prepared >> LK_PREPARED_SNAPSHOT & 1)) {
		lk_buf sql = LK_BUF_INIT;
		for (int i = 0; i < NRESULTS; i++)
			lk_buf_addf(&sql, "PREPARE lk_snapshot_%d(bigint) AS %s;", i, sql_of(i));
		pg->prepared |= (unsigned)(lk_pg_run(pg, NULL, sql.data) == LK_OK) << LK_PREPARED_SNAPSHOT;
		lk_buf_release(&sql);
	}
	pg->again = true;
	return pg->prepared >> LK_PREPARED_SNAPSHOT & 1;
}

static void read_sql(const lk_cat_copy *copy, int result, bool prepared, lk_buf *out) {
	const char *sql = sql_of(result), *id = strstr(sql, "$1");
	if (prepared)
		lk_buf_addf(out, "EXECUTE lk_snapshot_%d(%lld);", result, id_of(copy, result));
	else
		lk_buf_addf(out, "%.*s%lld%s;", (int)(id - sql), sql, id_of(copy, result), id + 2);
}

static bool is_declared(const PGresult *res, const char *log_id, const lk_cat_stream *s) {
	if (LK_MUTANT("catalogue_trusted"))
		return true;
	return PQntuples(res) == 1 && !strcmp(PQgetvalue(res, 0, 0), log_id) && !PQgetisnull(res, 0, 1) &&
	       !strcmp(PQgetvalue(res, 0, 1), s->definition);
}

/* The number of partitions found. */
static int take_tail(lk_pointer *p, const PGresult *res) {
	int found = 0;
	for (int i = 0; i < PQntuples(res); i++) {
		int64_t part = lk_pg_int(res, i, 0);
		if (part < 0 || part >= p->tail.n)
			continue;
		p->tail.part[part].off = lk_pg_int(res, i, 1);
		p->tail.part[part].last_at = lk_pg_time_or(res, i, 2, LK_NEVER);
		p->tail.part[part].high = lk_pg_time_or(res, i, 3, LK_NEVER);
		p->now = lk_pg_time_or(res, i, 4, LK_NEVER);
		found++;
	}
	return found;
}

/* At least 1, since 0 would mean no limit. Rounded up: when PostgreSQL cancels the statement the time must be over here
 * too, or the failure would not be known as that of the budget. */
static int64_t left_ms(const lk_budget *b) {
	int64_t ms = (b->deadline_us - lk_monotonic_us()) / 1000 + 1;
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
	const lk_cat_stream *log = copy->version->reads;
	lk_buf sql = LK_BUF_INIT;
	PGresult *r[NRESULTS];
	*p = (lk_pointer){.tail = lk_frontier_start(log->id, log->stream->partitions)};
	bool prepared = is_prepared(pg);
	lk_buf_adds(&sql, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;");
	if (b->deadline_us)
		lk_buf_addf(&sql, "SET LOCAL statement_timeout = %lld;", (long long)left_ms(b));
	for (int i = 0; i < NRESULTS; i++)
		read_sql(copy, i, prepared, &sql);
	int rc = query(pg, r, sql.data, err);
	p->redeclared = rc > 0 || (rc == LK_OK && !is_declared(r[R_DECLARED], log_id, log));
	bool read = rc == LK_OK && !p->redeclared;
	int found = read ? take_tail(p, r[R_TAIL]) : 0;
	if (read) {
		lk_published_take(&p->published, copy, &r[R_PUBLISHED]);
		p->published.dropped |= PQntuples(r[R_VIEW]) == 0;   /* with all of the view */
		p->served_copy = PQntuples(r[R_VIEW]) ? lk_pg_int(r[R_VIEW], 0, 0) : 0;
	}
	if (read && !p->published.dropped && found != p->tail.n)
		rc = lk_fail(err, LK_EINTERNAL, "copy %lld: the catalogue lists %d of %d partitions", (long long)copy->id, found, p->tail.n);
	for (int i = 0; i < NRESULTS; i++)
		PQclear(r[i]);
	lk_buf_release(&sql);
	return rc < 0 ? rc : LK_OK;
}

void lk_pointer_release(lk_pointer *p) {
	lk_published_release(&p->published);
	*p = (lk_pointer){0};
}

int lk_frontier_last_at(lk_pg *pg, const lk_stream *s, lk_frontier *f, lk_error *err) {
	lk_buf sql = LK_BUF_INIT;
	for (int i = 0; i < f->n; i++) {
		f->part[i].last_at = LK_NEVER;
		if (f->part[i].off == 0)
			continue;
		lk_buf_addf(&sql, "%sSELECT part, " LK_SQL_US("_at") " FROM ", sql.len ? " UNION ALL " : "");
		lk_log_leaf(s, i, &sql);
		lk_buf_addf(&sql, " WHERE part = %d AND off = %lld", i, (long long)f->part[i].off - 1);
	}
	if (!sql.len)
		return LK_OK;
	PGresult *res = NULL;
	int rc = lk_pg_exec(pg, &res, err, sql.data, 0, NULL);
	for (int i = 0; rc == LK_OK && i < PQntuples(res); i++)
		f->part[lk_pg_int(res, i, 0)].last_at = lk_pg_int(res, i, 1);
	PQclear(res);
	lk_buf_release(&sql);
	return rc;
}

/* A cut of any copy serves: what it keeps of a partition is a function of the prefix. */
static const char high_sql[] =
	"SELECT DISTINCT ON (p.part) p.part, " LK_SQL_US("p.high") ", " LK_SQL_US("p.last_at")
	" FROM lk.cut k JOIN lk.cut_part p USING (cut_id)"
	" WHERE k.state IN ('open', 'published') AND p.stream_id = %lld AND p.off = %s[p.part + 1]";

int lk_frontier_high(lk_pg *pg, lk_frontier *f, lk_error *err) {
	lk_buf offsets = LK_BUF_INIT, sql = LK_BUF_INIT;
	PGresult *res = NULL;
	int64_t stream = f->part[0].stream;
	for (int i = 0; i < f->n; i++)
		f->part[i].high = f->part[i].last_at = LK_NEVER;
	lk_frontier_sql(f, stream, &offsets);
	lk_buf_addf(&sql, high_sql, (long long)stream, offsets.data);
	int rc = lk_pg_exec(pg, &res, err, sql.data, 0, NULL);
	for (int i = 0; rc == LK_OK && i < PQntuples(res); i++) {
		lk_frontier_part *p = lk_frontier_find(f, stream, (int)lk_pg_int(res, i, 0));
		p->high = lk_pg_int_or(res, i, 1, LK_NEVER);
		p->last_at = lk_pg_int_or(res, i, 2, LK_NEVER);
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
