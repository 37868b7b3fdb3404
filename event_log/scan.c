/* Reading the log.
 *
 * One simple query carries the whole fetch: BEGIN REPEATABLE READ, the partition's end, the live cuts, the COPY,
 * COMMIT. So a fetch costs one round trip, and events, cuts and end come from one snapshot (P4): a reader of an event
 * at or after a cut also sees that cut, and all offsets below the snapshot's end exist. A missing one is an error: the
 * scan never skips it, because a skipped event would never be folded (I6).
 *
 * The statement reads the partition's leaf by its primary key. Plans that sort are switched off: the heap is only
 * nearly in offset order (space of aborted appends is reused), and on a large range the planner would sort it all. */
#include "event_log/scan.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/cut.h"
#include "catalog/log_sql.h"
#include "core/fault.h"
#include "core/time.h"
#include "postgres/binary.h"

/* --- any COPY TO --- */

enum {
	COPY_END = 1,
	FIRST_FIELD = 6,   /* of a tuple: after the count of fields and its own length */
	SECOND_LEN = FIRST_FIELD + 8,
	HINT_READS = 100,
};

/* Reads until the COPY begins. Results before it that have rows go to `seen`, in order. */
static int await_copy(lk_pg *pg, const char *doing, PGresult **seen, int nseen, lk_error *err) {
	PGresult *res;
	int n = 0;
	while ((res = lk_pg_result(pg))) {
		ExecStatusType st = PQresultStatus(res);
		if (st == PGRES_TUPLES_OK && n < nseen) {
			seen[n++] = res;
			continue;
		}
		int rc = st == PGRES_COPY_OUT || st == PGRES_COMMAND_OK ? 0 : lk_pg_failed(pg, res, doing, err);
		PQclear(res);
		if (rc || st == PGRES_COPY_OUT)
			return rc;
	}
	return lk_pg_failed(pg, NULL, doing, err);
}

/* The results after a COPY's last row: was it whole? */
static int finish_copy(lk_pg *pg, const char *doing, lk_error *err) {
	PGresult *res;
	int rc = 0;
	while ((res = lk_pg_result(pg))) {
		if (PQresultStatus(res) != PGRES_COMMAND_OK && !rc)
			rc = lk_pg_failed(pg, res, doing, err);
		PQclear(res);
	}
	return rc || PQstatus(pg->conn) == CONNECTION_OK ? rc : lk_pg_failed(pg, NULL, doing, err);
}

/* One message of the COPY, freed with the next. Its length, 0 at the end, or an error. */
static int next_message(lk_pg *pg, char **message, const char *doing, lk_error *err) {
	PQfreemem(*message);
	*message = NULL;
	int len = lk_pg_copy_data(pg, message);
	if (len > 0)
		return len;
	return len == -1 ? 0 : lk_pg_failed(pg, NULL, doing, err);
}

/* What is being read, for next_tuple. */
struct rows {
	lk_pg *pg;
	char **message;
	bool *first, *copying;
	const lk_type *types;
	const int *slots;
	int n;
	const char *doing;
};

/* The next tuple into row, and where it begins. 0; COPY_END after the last one, with all results read; an error. */
static int next_tuple(const struct rows *r, lk_value *row, const char **begin, lk_error *err) {
	for (;;) {
		int len = next_message(r->pg, r->message, r->doing, err);
		if (len <= 0) {
			*r->copying = false;
			if (len == 0 && !(len = finish_copy(r->pg, r->doing, err)))
				len = COPY_END;
			return len;
		}
		*begin = *r->message;
		if (*r->first) {
			*r->first = false;
			if (len < LK_COPY_HEADER_BYTES)
				return lk_fail(err, LK_EINTERNAL, "PostgreSQL, %s: no header of a binary COPY", r->doing);
			*begin += LK_COPY_HEADER_BYTES;
			if (!(len -= LK_COPY_HEADER_BYTES))
				continue;
		}
		int rc = lk_copy_decode(*begin, len, r->types, r->slots, r->n, row);
		if (rc < 0)
			return lk_fail(err, LK_EINTERNAL, "PostgreSQL, %s: a row of an unexpected form", r->doing);
		if (rc == 0)
			return 0;
	}
}

int lk_copy_open(lk_copy_reader *r, lk_pg *pg, const char *select_sql, const lk_type *types, int ntypes, lk_error *err) {
	*r = (lk_copy_reader){.pg = pg, .types = types, .ntypes = ntypes, .first = true};
	lk_buf sql = LK_BUF_INIT;
	lk_buf_addf(&sql, "COPY (%s) TO STDOUT (FORMAT binary)", select_sql);
	int rc = PQsendQuery(pg->conn, sql.data) ? await_copy(pg, "reading rows", NULL, 0, err) : lk_pg_failed(pg, NULL, "reading rows", err);
	lk_buf_release(&sql);
	if (rc)
		lk_pg_cancel(pg);
	r->copying = !rc;
	return rc;
}

int lk_copy_next(lk_copy_reader *r, lk_value *row, lk_error *err) {
	if (!r->copying)
		return COPY_END;
	const struct rows rows = {r->pg, &r->message, &r->first, &r->copying, r->types, NULL, r->ntypes, "reading rows"};
	const char *begin;
	return next_tuple(&rows, row, &begin, err);
}

void lk_copy_close(lk_copy_reader *r) {
	PQfreemem(r->message);
	r->message = NULL;
	if (r->copying)
		lk_pg_cancel(r->pg);
	r->copying = false;
}

/* --- the log --- */

static const char end_sql[] = "SELECT next_off FROM lk.tail WHERE stream_id = $1::bigint AND part = $2::int";
static int fetch_sql(const lk_scan *s, int64_t stream_id, int64_t from, int64_t limit_off, lk_buf *sql, lk_error *err) {
	char end[8], cuts[8];
	int rc = lk_pg_prepare(s->pg, LK_PREPARED_END, end_sql, end, err);
	if (rc || (rc = lk_pg_prepare(s->pg, LK_PREPARED_CUTS, lk_live_cuts_sql, cuts, err)))
		return rc;
	lk_buf_addf(sql, "BEGIN ISOLATION LEVEL %s READ ONLY;"
	            "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off;"
	            "EXECUTE %s(%lld, %d); EXECUTE %s(%lld, %d, %lld);", LK_MUTANT("cuts_first") ? "READ COMMITTED" : "REPEATABLE READ",
	            end, (long long)stream_id, s->part, cuts, (long long)stream_id, s->part, (long long)from);
	lk_buf_adds(sql, s->stream->derived ? "COPY (SELECT off, _high, _at" : "COPY (SELECT off, _at");
	for (int i = 0; i < s->ncolumns; i++) {
		lk_buf_addc(sql, ',');
		lk_sql_ident(s->stream->schema.columns[s->columns[i]].name, sql);
	}
	lk_buf_adds(sql, s->src ? ", _src FROM " : " FROM ");
	lk_log_leaf(s->stream, s->part, sql);
	lk_log_between(s->part, from, limit_off, sql);
	lk_buf_adds(sql, " ORDER BY off) TO STDOUT (FORMAT binary); COMMIT");
	return 0;
}

/* Offset, and _high of a derived stream, come first. They have no slot in a row, so _at, which comes next, overwrites
 * them. */
static int leading_fields(const lk_scan *s) { return s->stream->derived ? 3 : 2; }

static void describe_row(lk_scan *s) {
	int lead = leading_fields(s);
	s->types = lk_calloc((size_t)(s->ncolumns + lead + 1), sizeof *s->types);
	s->slots = lk_calloc((size_t)(s->ncolumns + lead + 1), sizeof *s->slots);
	for (int i = 0; i < lead; i++) {
		s->types[i] = (lk_type){.kind = i ? LK_TIME : LK_INT8};
		s->slots[i] = lk_slot_at(s->stream);
	}
	for (int i = 0; i < s->ncolumns; i++) {
		s->types[i + lead] = s->stream->schema.columns[s->columns[i]].type;
		s->slots[i + lead] = s->columns[i];
	}
	s->types[s->ncolumns + lead] = (lk_type){.kind = LK_INT8};
	s->slots[s->ncolumns + lead] = lk_slot_src(s->stream);
}

static int take_bounds(lk_scan *s, PGresult *const seen[2], int64_t from, int64_t limit_off, lk_error *err) {
	if (!seen[0] || !seen[1] || PQntuples(seen[0]) != 1)
		return lk_fail(err, LK_EGAP, "stream %s has no partition %d in the log", s->stream->name, s->part);
	s->tail = lk_pg_int(seen[0], 0, 0);
	if (from > s->tail)
		return lk_fail(err, LK_EGAP, "stream %s, partition %d: the log ends at %lld, before %lld", s->stream->name, s->part,
		               (long long)s->tail, (long long)from);
	s->end_off = limit_off < s->tail ? limit_off : s->tail;
	s->ncuts = PQntuples(seen[1]);
	s->cuts = lk_calloc((size_t)s->ncuts, sizeof *s->cuts);
	for (int i = 0; i < s->ncuts; i++)
		s->cuts[i] = lk_pg_int(seen[1], i, 0);
	return 0;
}

int lk_scan_begin(lk_scan *s, lk_pg *pg, const lk_scan_of *of, lk_error *err) {
	*s = (lk_scan){.pg = pg, .stream = of->stream->stream, .part = of->part, .ncolumns = of->ncolumns, .columns = of->columns,
	               .src = of->src, .next_off = of->from, .first = true, .high = LK_NEVER};
	PGresult *seen[2] = {0};
	lk_buf sql = LK_BUF_INIT;
	describe_row(s);
	lk_error e = {0};
	int rc = fetch_sql(s, of->stream->id, of->from, of->to, &sql, &e);
	if (!rc)
		rc = PQsendQuery(pg->conn, sql.data) ? await_copy(pg, "reading the log", seen, 2, &e) : lk_pg_failed(pg, NULL, "reading the log", &e);
	if (rc) {
		rc = lk_log_failed(s->stream, rc, &e, err);
	} else {
		s->copying = true;
		rc = take_bounds(s, seen, of->from, of->to, err);
	}
	PQclear(seen[0]);
	PQclear(seen[1]);
	lk_buf_release(&sql);
	if (rc)
		lk_scan_end(s, NULL);
	return rc;
}

static int gap(const lk_scan *s, int64_t found, lk_error *err) {
	lk_buf at = LK_BUF_INIT;
	if (found >= 0)
		lk_buf_addf(&at, "%lld comes next", (long long)found);
	else
		lk_buf_addf(&at, "the log ends at %lld", (long long)s->end_off);
	lk_fail(err, LK_EGAP, "stream %s, partition %d: event %lld is missing from the log; %s", s->stream->name, s->part,
	        (long long)s->next_off, at.data);
	lk_hint(err, "rows of the log were removed or changed by hand, or the database was restored in part");
	lk_buf_release(&at);
	return LK_EGAP;
}

/* The second field of a tuple. */
static int64_t high_of(const char *begin) {
	bool null = lk_get32(begin + SECOND_LEN) == UINT32_MAX;
	return null ? LK_NEVER : (int64_t)lk_get64(begin + SECOND_LEN + 4) + LK_PG_EPOCH_US;
}

int lk_scan_next(lk_scan *s, lk_value *row, int64_t *off, lk_error *err) {
	if (!s->copying)
		return COPY_END;
	const struct rows rows = {s->pg, &s->message, &s->first, &s->copying, s->types, s->slots, s->ncolumns + leading_fields(s) + s->src, "reading the log"};
	const char *begin;
	int rc = next_tuple(&rows, row, &begin, err);
	if (rc == COPY_END && s->next_off < s->end_off)
		return gap(s, -1, err);
	if (rc)
		return rc;
	*off = (int64_t)lk_get64(begin + FIRST_FIELD);
	if (*off != s->next_off)
		return gap(s, *off, err);
	if (s->stream->derived)
		s->high = high_of(begin);
	s->next_off++;
	return 0;
}

int lk_scan_end(lk_scan *s, lk_error *err) {
	int rc = 0;
	PQfreemem(s->message);
	free(s->cuts);
	free(s->types);
	free(s->slots);
	s->message = NULL;
	s->cuts = NULL;
	s->types = NULL;
	s->slots = NULL;
	s->copying = false;
	if (!s->pg)
		return 0;
	lk_pg_rollback(s->pg);
	if (PQstatus(s->pg->conn) != CONNECTION_OK)
		rc = lk_pg_failed(s->pg, NULL, "reading the log", err);
	s->pg = NULL;
	return rc;
}

int lk_log_at(lk_pg *pg, const lk_cat_stream *s, int part, int64_t off, int64_t *at, lk_error *err) {
	char p[24], o[24];
	snprintf(p, sizeof p, "%d", part);
	snprintf(o, sizeof o, "%lld", (long long)off);
	lk_buf sql = LK_BUF_INIT;
	PGresult *res;
	lk_buf_adds(&sql, "SELECT " LK_SQL_US("_at") " FROM ");
	lk_log_leaf(s->stream, part, &sql);
	lk_buf_adds(&sql, " WHERE part = $1 AND off = $2");
	int rc = lk_pg_exec(pg, &res, err, sql.data, 2, (const char *const[]){p, o});
	lk_buf_release(&sql);
	if (rc)
		return rc;
	*at = PQntuples(res) ? lk_pg_int(res, 0, 0) : LK_NEVER;
	PQclear(res);
	return 0;
}

/* --- the appender's hint --- */

int lk_log_listen(lk_pg *pg, lk_error *err) { return lk_pg_run(pg, err, "LISTEN lk_log"); }

/* Takes what has come, without waiting. More may come meanwhile: that is left to the next call. */
int lk_log_hints(lk_pg *pg, bool *any, lk_error *err) {
	bool more = true;
	*any = false;
	for (int reads = 0; more && reads < HINT_READS; reads++) {
		PGnotify *hint;
		if (!PQconsumeInput(pg->conn))
			return lk_pg_failed(pg, NULL, "reading hints", err);
		for (more = false; (hint = PQnotifies(pg->conn)); more = true)
			PQfreemem(hint);
		*any |= more;
	}
	return 0;
}

int lk_log_wait(lk_pg *pg, int timeout_ms, lk_error *err) {
	int64_t deadline = lk_monotonic_us() + timeout_ms * INT64_C(1000);
	for (;;) {
		bool any;
		int rc = lk_log_hints(pg, &any, err);
		int64_t left_us = deadline - lk_monotonic_us();
		struct pollfd fd = {.fd = PQsocket(pg->conn), .events = POLLIN};
		if (rc || any || left_us <= 0)
			return rc;
		int n = poll(&fd, 1, (int)((left_us + 999) / 1000));
		if (n < 0 && errno == EINTR)
			return 0;
		if (fd.fd < 0 || n < 0)
			return lk_pg_failed(pg, NULL, "waiting for events", err);
	}
}
