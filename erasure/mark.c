/* The erasure itself: one transaction that nobody can see half of.
 *
 * What a row of the log means follows from its part, its offset and its event time, and these stay: the log is as dense
 * as before, watermarks are the same, and what was late is late. PostgreSQL's own run of a view's text sees the same
 * NULLs as a batch and a replay do. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "catalog/log_sql.h"
#include "core/fault.h"
#include "core/hex.h"
#include "core/time.h"
#include "erasure/erasure.h"
#include "event_log/source.h"

enum { LOCK_MS = 10000, KILLED_WAIT_US = 500000, LOOK_EVERY_US = 20000 };

int lk_erase_lock(lk_pg *pg, const lk_cat_stream *s, lk_error *err) {
	lk_buf who = LK_BUF_INIT;
	int64_t until_us = lk_monotonic_us() + KILLED_WAIT_US;   /* of a process that was killed a moment ago */
	int rc = lk_pg_try_lock(pg, s->id, err);
	while (rc == LK_EBUSY && lk_monotonic_us() < until_us) {
		nanosleep(&(struct timespec){.tv_nsec = LOOK_EVERY_US * 1000}, NULL);
		rc = lk_pg_try_lock(pg, s->id, err);
	}
	if (rc != LK_EBUSY)
		return rc;
	lk_pg_lock_holder(pg, s->id, &who, NULL);
	lk_fail(err, LK_EBUSY, "events of stream %s are being erased%s%s", s->stream->name, who.len ? ": " : "",
	        who.len ? who.data : "");
	lk_buf_release(&who);
	return lk_hint(err, "wait until that has ended, and run it again");
}

/* --- what would be erased --- */

/* Rows of lk.rejected for lines of input; the reason may quote the value too. */
#define REJECTED_LINES \
	"version_id IS NULL AND content IS NOT NULL AND (SELECT %s FROM (SELECT concat(content, ' ', reason) AS line) AS l)"

static void copies_weigh(const lk_catalog *c, const lk_cat_stream *s, lk_erase_weight *out) {
	for (int i = 0; i < c->ncopies; i++) {
		const lk_cat_copy *k = &c->copies[i];
		const lk_cat_view *view = k->version->view;
		if (view->stream != s)
			continue;
		*(k->id == view->served_copy ? &out->views : k->state == LK_COPY_SANDBOX ? &out->sandboxes : &out->others) += 1;
	}
}

int lk_erase_unfinished(lk_pg *pg, const lk_cat_stream *s, int64_t *n, lk_error *err) {
	char id[24];
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, "SELECT count(*) FROM lk.erasure WHERE stream_id = $1::bigint"
	                    " AND done_at IS NULL", 1, (const char *const[]){lk_pg_number(id, s->id)});
	if (rc != LK_OK)
		return rc;
	*n = lk_pg_int(res, 0, 0);
	PQclear(res);
	return LK_OK;
}

int lk_erase_weigh(lk_pg *pg, const lk_catalog *c, const lk_erase_terms *t, lk_erase_weight *out, lk_error *err) {
	lk_buf log = LK_BUF_INIT;
	PGresult *res = NULL;
	long long id = (long long)t->stream->id;
	*out = (lk_erase_weight){0};
	copies_weigh(c, t->stream, out);
	lk_log_table(t->stream->stream, &log);
	char *sql = lk_asprintf("SELECT (SELECT count(*) FROM %s WHERE %s),"
	                        " (SELECT count(*) FROM lk.rejected WHERE stream_id = %lld AND " REJECTED_LINES ")",
	                        log.data, t->events.data, id, t->lines.data);
	int rc = lk_pg_query(pg, &res, err, sql);
	if (rc == LK_OK) {
		out->events = lk_pg_int(res, 0, 0);
		out->rejects = lk_pg_int(res, 0, 1);
	}
	PQclear(res);
	free(sql);
	lk_buf_release(&log);
	return rc == LK_OK ? lk_erase_unfinished(pg, t->stream, &out->unfinished, err) : rc;
}

/* --- the transaction --- */

/* Under a lock that a change of the declaration needs: all of its columns are known here. */
static int hold_declaration(lk_pg *pg, const lk_cat_stream *s, lk_error *err) {
	char id[24];
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, "SELECT definition FROM lk.stream WHERE stream_id = $1::bigint FOR SHARE", 1,
	                    (const char *const[]){lk_pg_number(id, s->id)});
	if (rc != LK_OK)
		return rc;
	if (PQntuples(res) != 1 || strcmp(PQgetvalue(res, 0, 0), s->definition) != 0) {
		rc = lk_fail(err, LK_ECONFLICT, "stream %s was dropped or declared differently just now", s->stream->name);
		lk_hint(err, "run it again");
	}
	PQclear(res);
	return rc;
}

static int write_down(lk_pg *pg, const lk_erase_terms *t, int64_t *id, lk_error *err) {
	char stream[24];
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err,
		"INSERT INTO lk.erasure (stream_id, conditions) VALUES ($1::bigint, $2) RETURNING erasure_id", 2,
		(const char *const[]){lk_pg_number(stream, t->stream->id), t->names.data});
	if (rc != LK_OK)
		return rc;
	*id = lk_pg_int(res, 0, 0);
	PQclear(res);
	return LK_OK;
}

static int erase_events(lk_pg *pg, const lk_erase_terms *t, lk_erase_marked *out, lk_error *err) {
	const lk_schema *schema = &t->stream->stream->schema;
	const char *comma = " SET ";
	lk_buf sql = LK_BUF_INIT;
	lk_buf_adds(&sql, "WITH gone AS (UPDATE ");
	lk_log_table(t->stream->stream, &sql);
	for (int i = 0; i < schema->ncolumns; i++) {
		if (i == schema->event_time)
			continue;
		lk_buf_adds(&sql, comma);
		lk_sql_ident(schema->columns[i].name, &sql);
		lk_buf_adds(&sql, " = NULL");
		comma = ", ";
	}
	lk_buf_addf(&sql, " WHERE %s RETURNING part, off)"
	            " INSERT INTO lk.erased (erasure_id, part, off) SELECT %lld, part, off FROM gone",
	            t->events.data, (long long)out->id);
	int rc = lk_pg_changed(pg, sql.data, 0, NULL, &out->events, err);
	lk_buf_release(&sql);
	return rc;
}

/* What a view's clause could not evaluate may be evaluated now; where not, a new row says so. */
static int erase_rejects(lk_pg *pg, const lk_erase_terms *t, lk_erase_marked *out, lk_error *err) {
	char *lines = lk_asprintf("UPDATE lk.rejected SET content = NULL, reason = 'its text was erased'"
	                          " WHERE stream_id = %lld AND " REJECTED_LINES, (long long)t->stream->id, t->lines.data);
	int rc = lk_pg_runf(pg, err, "DELETE FROM lk.rejected r USING lk.erased e"
	                    " WHERE e.erasure_id = %lld AND r.stream_id = %lld AND r.part = e.part AND r.off = e.off",
	                    (long long)out->id, (long long)t->stream->id);
	if (rc == LK_OK)
		rc = lk_pg_changed(pg, lines, 0, NULL, &out->rejects, err);
	free(lines);
	return rc;
}

static void digest_of_hex(const char *hex, char out[33]) {
	lk_buf head = LK_BUF_INIT;
	for (; hex[0] && hex[1]; hex += 2)
		lk_buf_addc(&head, (char)(lk_hex_digit(hex[0]) << 4 | lk_hex_digit(hex[1])));
	lk_source_head_digest(head.data, head.len, out);
	lk_buf_release(&head);
}

/* A file is told by its first bytes, which hold its first event. A digest of them tells it as well, and shows nobody
 * what they were. Of all files: in which form a value stands in them is not known. */
static int erase_heads(lk_pg *pg, const lk_erase_terms *t, lk_erase_marked *out, lk_error *err) {
	char id[24], digest[33];
	PGresult *res = NULL;
	int rc = lk_pg_exec(pg, &res, err, "SELECT name, number, encode(head, 'hex') FROM lk.source"
	                    " WHERE stream_id = $1::bigint AND length(head) > 0 ORDER BY name, number FOR UPDATE", 1,
	                    (const char *const[]){lk_pg_number(id, t->stream->id)});
	for (int i = 0; rc == LK_OK && i < PQntuples(res); i++, out->heads++) {
		digest_of_hex(PQgetvalue(res, i, 2), digest);
		rc = lk_pg_exec(pg, NULL, err, "UPDATE lk.source SET head_bytes = length(head), head_digest = $4, head = NULL"
		                " WHERE stream_id = $1::bigint AND name = $2 AND number = $3::int", 4,
		                (const char *const[]){id, PQgetvalue(res, i, 0), PQgetvalue(res, i, 1), digest});
	}
	PQclear(res);
	return rc;
}

/* Where no event has changed there is nothing to make again. */
static int count(lk_pg *pg, const lk_erase_marked *m, lk_error *err) {
	return lk_pg_runf(pg, err, "UPDATE lk.erasure SET events = %lld, rejects = %lld,"
	                  " done_at = CASE WHEN %lld = 0 THEN clock_timestamp() END WHERE erasure_id = %lld",
	                  (long long)m->events, (long long)m->rejects, (long long)m->events, (long long)m->id);
}

int lk_erase_mark(lk_pg *pg, const lk_erase_terms *t, lk_erase_marked *out, lk_error *err) {
	int (*const steps[])(lk_pg *, const lk_erase_terms *, lk_erase_marked *, lk_error *) = {
		erase_events, erase_rejects, erase_heads};
	*out = (lk_erase_marked){0};
	int rc = lk_pg_begin(pg, LOCK_MS, err);
	if (rc == LK_OK)
		rc = lk_pg_run(pg, err, "SET LOCAL synchronous_commit = on");
	if (rc == LK_OK)
		rc = hold_declaration(pg, t->stream, err);
	if (rc == LK_OK)
		rc = write_down(pg, t, &out->id, err);
	for (size_t i = 0; i < sizeof steps / sizeof *steps && rc == LK_OK; i++)
		rc = steps[i](pg, t, out, err);
	if (rc == LK_OK)
		rc = count(pg, out, err);
	LK_CRASH_POINT("erase.written");
	if (rc == LK_OK)
		rc = lk_pg_run(pg, err, "COMMIT");
	if (rc != LK_OK)
		lk_pg_rollback(pg);
	else
		LK_CRASH_POINT("erase.committed");
	return rc;
}
