/* Appending.
 *
 * The batch is encoded before anything is locked (append_batch.c), with holes for the values known only under the lock.
 * Then
 *
 *   1. BEGIN; the source's compare-and-set; lock the tail rows in ascending order; move them on      one round trip
 *   2. fill the holes                                                                                (memory only)
 *   3. COPY into each partition's leaf, COPY the rejects, COMMIT                                     one query
 *
 * The batch was encoded for one definition of the stream. A change of the definition holds all tail rows to its end
 * (catalog/apply.c), so the definition that is read under the lock is valid when the append commits. If it is not the
 * batch's, the batch is refused.
 *
 * The locks are held to the end of the transaction, so an event becomes visible together with its tail, after every
 * event with a lower offset (P14). They are taken by a statement of their own: the UPDATE after it waits for nothing,
 * so it reads the clock once, under the lock, and _at, last_at and high come from that one reading. If the clock is not
 * after last_at (it stands, or was put back), _at is last_at and a random step. So `_at` ascends from append to append,
 * and if the log loses its end, the event that comes in place of a lost one has another `_at` (P6). The same holds for
 * `closed`, which a reader of several logs raises (event_log/in_order.h): what comes is not earlier. The client sends
 * only what it already has, and waits for no input in between.
 *
 * high is lk_high_advance() in SQL: greatest(high, least(largest event time, _at + max_ahead)).
 *
 * The server ends the session of a client that stops between two statements. If a client stops in its COPY, those who
 * wait for the end of the log end its session (tail_holder.c).
 *
 * If anything fails, the transaction is rolled back and the batch is unchanged: it may be appended again as it is. */
#include "event_log/append_private.h"

#include <stdatomic.h>
#include <string.h>

#include "catalog/log_sql.h"
#include "catalog/tail.h"
#include "catalog/tail_holder.h"
#include "core/fault.h"
#include "core/time.h"

enum {
	APPEND_WAIT_MS = 10000,         /* for the end of the log */
	NOTIFY_EVERY_US = 1000,
};

/* --- the first round trip: reserve --- */

static const char settings_sql[] = "SELECT set_config('synchronous_commit', 'on', true), set_config('lock_timeout', '%d', true),"
	" set_config('idle_in_transaction_session_timeout', '%d', true)";
static const char lock_sql[] = "SELECT 1 FROM lk.tail WHERE stream_id = $1::bigint AND part = ANY ($2::int[]) ORDER BY part FOR UPDATE";
/* The clock, or if that is not after what was before, a step after that. */
#define NEW_AT(before) "CASE WHEN now <= " before " THEN " before " + step ELSE now END"
#define MOVE_SQL(before, step) \
	"UPDATE lk.tail t SET next_off = next_off + n, last_at = " NEW_AT(before) "," \
	" high = greatest(high, least(" LK_SQL_TIME("max_ts") ", " NEW_AT(before) " + $5::bigint * interval '1 second'" \
	" + $6::bigint * interval '1 microsecond'))" \
	" FROM (SELECT clock_timestamp() AS now, " step " AS step OFFSET 0) c, unnest($2::int[], $3::bigint[], $4::bigint[]) v (p, n, max_ts)" \
	" WHERE stream_id = $1::bigint AND part = p RETURNING part, next_off - n, " LK_SQL_US("last_at") "," \
	" (SELECT definition = $7 FROM lk.stream WHERE stream_id = $1::bigint)"
#define BEFORE "greatest(last_at, closed)"
#define STEP "(1 + floor(1000 * random())) * interval '1 microsecond'"

static const char *move_sql(void) {
	return LK_MUTANT("at_stands") ? MOVE_SQL(BEFORE, "interval '0'") : LK_MUTANT("closed_unheeded") ? MOVE_SQL("last_at", STEP) : MOVE_SQL(BEFORE, STEP);
}

/* Parameters of the two statements above; the lock has the first two. */
enum { P_STREAM, P_PARTS, P_COUNTS, P_MAX_TS, P_AHEAD_S, P_AHEAD_US, P_DEFINITION, NPARAMS };

static void reserve_params(const lk_append_batch *b, lk_buf params[NPARAMS]) {
	const lk_stream *s = b->stream->stream;
	int64_t ahead = s->max_ahead_us < LK_MAX_AHEAD_US ? s->max_ahead_us : LK_MAX_AHEAD_US;
	lk_buf_addf(&params[P_STREAM], "%lld", (long long)b->stream->id);
	lk_buf_addf(&params[P_AHEAD_S], "%lld", (long long)(ahead / LK_US_PER_S));
	lk_buf_addf(&params[P_AHEAD_US], "%lld", (long long)(ahead % LK_US_PER_S));
	lk_buf_adds(&params[P_DEFINITION], s->text);
	char sep = '{';
	for (int p = 0; p < s->partitions; p++) {
		if (!b->parts[p].n)
			continue;
		lk_buf_addf(&params[P_PARTS], "%c%d", sep, p);
		lk_buf_addf(&params[P_COUNTS], "%c%zu", sep, b->parts[p].n);
		lk_buf_addf(&params[P_MAX_TS], "%c%lld", sep, (long long)b->parts[p].max_ts);
		sep = ',';
	}
	for (int i = P_PARTS; i <= P_MAX_TS; i++)
		lk_buf_addc(&params[i], '}');
}

/* Statements that the pipeline needs; they are prepared outside of it, because a refused PREPARE would abort it. */
struct names {
	char settings[8], lock[8], move[8];
};

static int prepare(lk_pg *pg, struct names *n, lk_error *err) {
	char settings[sizeof settings_sql + 24];
	snprintf(settings, sizeof settings, settings_sql, LK_HURRIED(APPEND_WAIT_MS), LK_HURRIED(LK_IDLE_MS));
	int rc = lk_pg_prepare(pg, LK_PREPARED_SETTINGS, settings, n->settings, err);
	if (!rc)
		rc = lk_pg_prepare(pg, LK_PREPARED_LOCK, lock_sql, n->lock, err);
	return rc ? rc : lk_pg_prepare(pg, LK_PREPARED_MOVE, move_sql(), n->move, err);
}

static int send_prepared(lk_pg *pg, const char *name, int nparams, const lk_buf *params) {
	const char *values[NPARAMS];
	for (int i = 0; i < nparams; i++)
		values[i] = params[i].data ? params[i].data : "";
	return PQsendQueryPrepared(pg->conn, name, nparams, values, NULL, NULL, 0);
}

/* One result of the pipeline, and the NULL after it. */
static int pipeline_result(lk_pg *pg, PGresult **out, lk_error *err) {
	PGresult *res = lk_pg_result(pg);
	ExecStatusType st = PQresultStatus(res);
	int rc = st == PGRES_COMMAND_OK || st == PGRES_TUPLES_OK || st == PGRES_PIPELINE_ABORTED ? 0 : lk_pg_failed(pg, res, "appending", err);
	if (res && PQstatus(pg->conn) == CONNECTION_OK)
		PQclear(lk_pg_result(pg));
	*out = res;
	return rc;
}

static int take_places(lk_append_batch *b, const PGresult *res, size_t nparts, lk_error *err) {
	if (!PQntuples(res))
		return lk_fail(err, LK_ECONFLICT, "stream %s no longer exists", b->stream->stream->name);
	if ((size_t)PQntuples(res) != nparts)
		return lk_fail(err, LK_EINTERNAL, "stream %s: %d of %zu partitions are in lk.tail", b->stream->stream->name, PQntuples(res), nparts);
	for (int i = 0; i < PQntuples(res); i++) {
		struct lk_append_part *p = &b->parts[lk_pg_int(res, i, 0)];
		p->first_off = lk_pg_int(res, i, 1);
		p->at = lk_pg_int(res, i, 2);
		if (*PQgetvalue(res, i, 3) != 't')
			return lk_fail(err, LK_ECHANGED, "the definition of stream %s has changed", b->stream->stream->name);
	}
	return 0;
}

static int reserve_results(lk_pg *pg, lk_append_batch *b, const lk_source_step *step, size_t nparts, lk_error *err) {
	enum { BEGIN, SETTINGS, SOURCE, LOCK, MOVE, NSTEPS };
	const bool sent[NSTEPS] = {true, true, step->named, nparts, nparts};
	int rc = 0;
	for (int i = 0; i < NSTEPS; i++) {
		if (!sent[i])
			continue;
		PGresult *res;
		int r = pipeline_result(pg, &res, rc ? NULL : err);
		if (!r && !rc && i == SOURCE && strcmp(PQcmdTuples(res), "1"))
			r = lk_fail(err, LK_ECONFLICT, "source %s is not at position %lld: another process reads it, or this part is already in the log",
			            step->source, (long long)step->from->position);
		if (!r && !rc && i == MOVE)
			r = take_places(b, res, nparts, err);
		PQclear(res);
		rc = rc ? rc : r;
		if (PQstatus(pg->conn) != CONNECTION_OK)
			return rc ? rc : lk_pg_failed(pg, NULL, "appending", err);
	}
	PQclear(lk_pg_result(pg));   /* the sync */
	return rc;
}

static int send_all(lk_pg *pg, const lk_append_batch *b, const lk_source_step *step, size_t nparts, const struct names *n, const lk_buf *params) {
	return PQenterPipelineMode(pg->conn)
	       && PQsendQueryParams(pg->conn, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", 0, NULL, NULL, NULL, NULL, 0)
	       && send_prepared(pg, n->settings, 0, NULL) && (!step->named || lk_source_send(pg, b->stream, step))
	       && (!nparts || (send_prepared(pg, n->lock, P_PARTS + 1, params) && send_prepared(pg, n->move, NPARAMS, params)))
	       && PQpipelineSync(pg->conn);
}

/* A session that is ended after the last statement reports it in one more result, which blocks the end of the
 * pipeline. */
static int leave_pipeline(lk_pg *pg, lk_error *err) {
	if (PQexitPipelineMode(pg->conn))
		return 0;
	PGresult *res = lk_pg_result(pg);
	if (!res)   /* the end of the statement before it */
		res = lk_pg_result(pg);
	int rc = lk_pg_failed(pg, res, "appending", err);
	PQclear(res);
	return rc;
}

static int reserve(lk_pg *pg, lk_append_batch *b, const lk_source_step *step, lk_error *err) {
	lk_buf params[NPARAMS] = {0};
	struct names names;
	size_t nparts = 0;
	int rc = prepare(pg, &names, err);
	if (rc)
		return rc;
	for (int p = 0; p < b->stream->stream->partitions; p++)
		nparts += b->parts[p].n > 0;
	reserve_params(b, params);
	rc = send_all(pg, b, step, nparts, &names, params) ? reserve_results(pg, b, step, nparts, err) : lk_pg_failed(pg, NULL, "appending", err);
	for (int i = 0; i < NPARAMS; i++)
		lk_buf_release(&params[i]);
	int left = leave_pipeline(pg, rc ? NULL : err);
	return rc ? rc : left;
}

/* --- the second: fill the holes, copy, commit --- */

static void copy_sql(const lk_append_batch *b, lk_buf *sql) {
	const lk_stream *s = b->stream->stream;
	lk_buf_clear(sql);
	for (int p = 0; p < s->partitions; p++) {
		if (!b->parts[p].n)
			continue;
		lk_buf_adds(sql, "COPY ");
		lk_log_leaf(s, p, sql);
		lk_buf_adds(sql, " (part, off, _at");
		for (int i = 0; i < s->schema.ncolumns; i++) {
			lk_buf_addc(sql, ',');
			lk_sql_ident(s->schema.columns[i].name, sql);
		}
		lk_buf_adds(sql, ") FROM STDIN (FORMAT binary);");
	}
	if (b->nrejects)
		lk_buf_adds(sql, "COPY lk.rejected (stream_id, source, position, reason, content) FROM STDIN (FORMAT binary);");
	lk_buf_adds(sql, "COMMIT");
}

/* Sends one COPY's rows; the server is waiting for them. */
static int put_rows(lk_pg *pg, const lk_buf *rows, lk_error *err) {
	int rc = lk_pg_put_tuples(pg, rows, "appending", err);
	LK_CRASH_POINT("append.copied");
	if (!rc && lk_pg_put_end(pg, NULL) != 0)
		rc = lk_pg_failed(pg, NULL, "appending", err);
	return rc;
}

static int copy_and_commit(lk_pg *pg, lk_append_batch *b, lk_error *err) {
	int rc = 0, next = 0, partitions = b->stream->stream->partitions;
	bool committed = false;
	PGresult *res;
	copy_sql(b, &b->sql);
	if (!PQsendQuery(pg->conn, b->sql.data))
		return lk_pg_failed(pg, NULL, "appending", err);
	while (!rc && (res = lk_pg_result(pg))) {
		ExecStatusType st = PQresultStatus(res);
		if (st == PGRES_COPY_IN) {
			while (next < partitions && !b->parts[next].n)
				next++;
			rc = put_rows(pg, next < partitions ? &b->parts[next].tuples : &b->reject_rows, err);
			next++;
		} else if (st != PGRES_COMMAND_OK)
			rc = lk_pg_failed(pg, res, "appending", err);
		else
			committed = !strcmp(PQcmdStatus(res), "COMMIT");
		PQclear(res);
	}
	return rc || committed ? rc : lk_pg_failed(pg, NULL, "appending", err);
}

/* In its own transaction, which need not reach the disk: the hint may be lost, and the append's commit must not wait
 * for the lock that NOTIFY takes. */
void lk_append_hint(lk_pg *pg) {
	static _Atomic int64_t last_us;
	int64_t now = lk_monotonic_us(), last = atomic_load(&last_us);
	if ((!last || now - last >= NOTIFY_EVERY_US) && atomic_compare_exchange_strong(&last_us, &last, now)) {
		if (lk_pg_run(pg, NULL, "BEGIN; SET LOCAL synchronous_commit = off; NOTIFY lk_log; COMMIT"))
			lk_pg_rollback(pg);
	}
}

static int append_once(lk_pg *pg, lk_append_batch *b, const lk_source_step *step, lk_error *err) {
	int rc = reserve(pg, b, step, err);
	if (!rc) {
		LK_CRASH_POINT("append.reserved");
		for (int p = 0; p < b->stream->stream->partitions; p++)
			lk_append_fill(&b->parts[p]);
		lk_append_encode_rejects(b, step->source ? step->source : "");
		rc = copy_and_commit(pg, b, err);
	}
	if (rc)
		lk_pg_rollback(pg);
	return rc;
}

int lk_append(lk_pg *pg, lk_append_batch *b, const lk_source_step *step, lk_error *err) {
	static const lk_source_step unnamed = {.source = ""};
	int rc;
	step = step ? step : &unnamed;
	if (!b->nevents && !b->nrejects && !step->named)
		return 0;
	do
		rc = append_once(pg, b, step, err);
	while (rc == LK_EBUSY && lk_tail_free(pg, err));
	if (rc)
		return rc;
	LK_CRASH_POINT("append.committed");
	if (b->nevents)
		lk_append_hint(pg);
	return 0;
}
