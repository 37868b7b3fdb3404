/* Appending.
 *
 * The batch is encoded before anything is locked: per partition one buffer of binary COPY tuples, in which offset and _at
 * are holes, because they are known only under the lock. Then
 *
 *   1. BEGIN; the source's compare-and-set; lock the tail rows in ascending order; move them on      one round trip
 *   2. fill the holes                                                                                (memory only)
 *   3. COPY into each partition's leaf, COPY the rejects, COMMIT                                     one query
 *
 * The locks are held to the end of the transaction, so an event becomes visible together with its tail, after every event with a
 * lower offset (design section 4). They are taken by a statement of their own: the UPDATE after it waits for nothing, so it
 * reads the clock once, under the lock, and _at, last_at and high come from that one reading. The client sends only
 * what it already has, and waits for no input in between.
 *
 * high is lk_high_advance() in SQL: greatest(high, least(largest event time, _at + max_ahead)).
 *
 * If anything fails the transaction is rolled back and the batch is as before: it may be appended again as it is. */
#include "event_log/append.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/fault.h"
#include "core/key.h"
#include "core/time.h"
#include "event_log/pg_binary.h"

enum {
	LEADING_FIELDS = 3,      /* part, off, _at */
	OFF_HOLE = 2 + 8 + 4,    /* from the tuple's begin: count of fields, part with its length, length of off */
	AT_HOLE = OFF_HOLE + 8 + 4,
	SEND_BYTES = 128 * 1024,
	REJECT_BYTES = 1000,
	NOTIFY_EVERY_US = 5000,
};
#define MAX_AHEAD_US INT64_C(315360000000000000)   /* 10,000 years: beyond it _at + max_ahead passes every event time anyway */
#define EPOCH_2000_US INT64_C(946684800000000)

struct partition {
	lk_buf tuples;
	size_t *begins;          /* of the tuples */
	size_t n, cap;
	int64_t max_ts;
	int64_t first_off, at;   /* given by the tail */
};

struct reject {
	int64_t position;
	char *reason, *content;
};

struct lk_append_batch {
	const lk_cat_stream *stream;
	struct partition *parts;
	size_t nevents;
	struct reject *rejects;
	size_t nrejects, reject_cap;
	lk_arena texts;
	lk_buf sql, reject_rows;
};

lk_append_batch *lk_append_batch_new(const lk_cat_stream *s) {
	lk_append_batch *b = lk_calloc(1, sizeof *b);
	b->stream = s;
	b->parts = lk_calloc((size_t)s->stream->partitions, sizeof *b->parts);
	lk_append_batch_clear(b);
	return b;
}

void lk_append_batch_clear(lk_append_batch *b) {
	for (int p = 0; p < b->stream->stream->partitions; p++) {
		lk_buf_clear(&b->parts[p].tuples);
		b->parts[p].n = 0;
		b->parts[p].max_ts = LK_NEVER;
	}
	b->nevents = b->nrejects = 0;
	lk_arena_clear(&b->texts);
}

void lk_append_batch_free(lk_append_batch *b) {
	if (!b)
		return;
	for (int p = 0; p < b->stream->stream->partitions; p++) {
		lk_buf_release(&b->parts[p].tuples);
		free(b->parts[p].begins);
	}
	free(b->parts);
	free(b->rejects);
	lk_arena_release(&b->texts);
	lk_buf_release(&b->sql);
	lk_buf_release(&b->reject_rows);
	free(b);
}

size_t lk_append_batch_events(const lk_append_batch *b) { return b->nevents; }
size_t lk_append_batch_rejects(const lk_append_batch *b) { return b->nrejects; }

size_t lk_append_batch_bytes(const lk_append_batch *b) {
	size_t n = b->texts.used_bytes;
	for (int p = 0; p < b->stream->stream->partitions; p++)
		n += b->parts[p].tuples.len;
	return n;
}

int lk_append_batch_add(lk_append_batch *b, const lk_value *row, const char **reason) {
	const lk_stream *s = b->stream->stream;
	const lk_value *ts = &row[s->event_time];
	if (lk_is_null(ts)) {
		*reason = "no event time";
		return -1;
	}
	int part = lk_partition_of(s->columns[s->partition_by].type, &row[s->partition_by], s->partitions);
	struct partition *p = &b->parts[part];
	if (p->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 1024;
		p->begins = lk_realloc(p->begins, p->cap * sizeof *p->begins);
	}
	p->begins[p->n++] = p->tuples.len;
	lk_copy_row(&p->tuples, LEADING_FIELDS + s->ncolumns);
	lk_copy_int4(&p->tuples, part);
	lk_copy_int8(&p->tuples, 0);
	lk_copy_int8(&p->tuples, 0);
	for (int i = 0; i < s->ncolumns; i++)
		lk_copy_value(&p->tuples, s->columns[i].type, &row[i]);
	if (ts->i > p->max_ts)
		p->max_ts = ts->i;
	b->nevents++;
	return 0;
}

/* Length of the valid UTF-8 character at s (not NUL), 0 where there is none. */
static size_t character(const char *s, size_t len) {
	for (size_t n = 1; n <= 4 && n <= len; n++)
		if (*s && lk_utf8_valid(s, n))
			return n;
	return 0;
}

/* At most REJECT_BYTES of valid UTF-8 without NUL; '?' stands for each byte that is neither. */
static char *clean(lk_arena *a, const char *s, size_t len) {
	char *out = lk_arena_alloc(a, REJECT_BYTES + 1);
	size_t used = 0;
	for (size_t i = 0; i < len; ) {
		size_t n = character(s + i, len - i);
		if (used + (n ? n : 1) > REJECT_BYTES)
			break;
		if (n)
			memcpy(out + used, s + i, n);
		else
			out[used] = '?';
		used += n ? n : 1;
		i += n ? n : 1;
	}
	out[used] = '\0';
	return out;
}

void lk_append_batch_reject(lk_append_batch *b, int64_t position, const char *reason, const char *content, size_t len) {
	if (b->nrejects == b->reject_cap) {
		b->reject_cap = b->reject_cap ? 2 * b->reject_cap : 64;
		b->rejects = lk_realloc(b->rejects, b->reject_cap * sizeof *b->rejects);
	}
	b->rejects[b->nrejects++] = (struct reject){position, clean(&b->texts, reason, strlen(reason)), clean(&b->texts, content, len)};
}

/* --- the first round trip: reserve --- */

static void reserve_sql(lk_append_batch *b, lk_buf *lock, lk_buf *move) {
	const lk_stream *s = b->stream->stream;
	int64_t ahead = s->max_ahead_us < MAX_AHEAD_US ? s->max_ahead_us : MAX_AHEAD_US;
	lk_buf_addf(lock, "SELECT 1 FROM lk.tail WHERE stream_id = %lld AND part IN (-1", (long long)b->stream->id);
	lk_buf_addf(move, "UPDATE lk.tail t SET next_off = next_off + n, last_at = greatest(last_at, now),"
	            " high = greatest(high, least(" LK_SQL_TIME("max_ts") ", greatest(last_at, now) + interval '%lld microseconds'))"
	            " FROM (SELECT clock_timestamp() AS now OFFSET 0) c, (VALUES (-1, 0::bigint, 0::bigint)", (long long)ahead);
	for (int p = 0; p < s->partitions; p++) {
		if (!b->parts[p].n)
			continue;
		lk_buf_addf(lock, ",%d", p);
		lk_buf_addf(move, ",(%d,%zu,%lld)", p, b->parts[p].n, (long long)b->parts[p].max_ts);
	}
	lk_buf_adds(lock, ") ORDER BY part FOR UPDATE");
	lk_buf_addf(move, ") v (p, n, max_ts) WHERE stream_id = %lld AND part = p"
	            " RETURNING part, next_off - n, " LK_SQL_US("last_at"), (long long)b->stream->id);
}

static int send_source(lk_pg *pg, const lk_append_batch *b, const lk_source_step *step) {
	char stream[24], from[24], to[24];
	snprintf(stream, sizeof stream, "%lld", (long long)b->stream->id);
	snprintf(from, sizeof from, "%lld", (long long)step->position_from);
	snprintf(to, sizeof to, "%lld", (long long)step->position_to);
	const char *const params[] = {stream, step->source, to, from};
	const char *sql = step->position_from
		? "UPDATE lk.source SET position = $3 WHERE stream_id = $1 AND name = $2 AND position = $4"
		: "INSERT INTO lk.source AS s (stream_id, name, position) VALUES ($1, $2, $3)"
		  " ON CONFLICT (stream_id, name) DO UPDATE SET position = excluded.position WHERE s.position = $4::bigint";
	return PQsendQueryParams(pg->conn, sql, 4, NULL, params, NULL, NULL, 0);
}

static int send_plain(lk_pg *pg, const char *sql) {
	return PQsendQueryParams(pg->conn, sql, 0, NULL, NULL, NULL, NULL, 0);
}

/* One result of the pipeline, and the NULL after it. */
static int pipeline_result(lk_pg *pg, PGresult **out, lk_error *err) {
	PGresult *res = PQgetResult(pg->conn);
	ExecStatusType st = PQresultStatus(res);
	int rc = st == PGRES_COMMAND_OK || st == PGRES_TUPLES_OK || st == PGRES_PIPELINE_ABORTED ? 0 : lk_pg_failed(pg, res, "appending", err);
	if (res && PQstatus(pg->conn) == CONNECTION_OK)
		PQclear(PQgetResult(pg->conn));
	*out = res;
	return rc;
}

static int take_places(lk_append_batch *b, const PGresult *res, size_t nparts, lk_error *err) {
	if ((size_t)PQntuples(res) != nparts)
		return lk_fail(err, LK_EINTERNAL, "stream %s: %d of %zu partitions are in lk.tail", b->stream->stream->name, PQntuples(res), nparts);
	for (int i = 0; i < PQntuples(res); i++) {
		struct partition *p = &b->parts[lk_pg_int(res, i, 0)];
		p->first_off = lk_pg_int(res, i, 1);
		p->at = lk_pg_int(res, i, 2);
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
			r = lk_fail(err, LK_ECONFLICT, "source %s is not at position %lld: another process reads it, or this part is already in",
			            step->source, (long long)step->position_from);
		if (!r && !rc && i == MOVE)
			r = take_places(b, res, nparts, err);
		PQclear(res);
		rc = rc ? rc : r;
		if (PQstatus(pg->conn) != CONNECTION_OK)
			return rc ? rc : lk_pg_failed(pg, NULL, "appending", err);
	}
	PQclear(PQgetResult(pg->conn));   /* the sync */
	return rc;
}

static int reserve(lk_pg *pg, lk_append_batch *b, const lk_source_step *step, lk_error *err) {
	lk_buf lock = LK_BUF_INIT, move = LK_BUF_INIT;
	size_t nparts = 0;
	for (int p = 0; p < b->stream->stream->partitions; p++)
		nparts += b->parts[p].n > 0;
	reserve_sql(b, &lock, &move);
	int ok = PQenterPipelineMode(pg->conn) && send_plain(pg, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
	         && send_plain(pg, "SELECT set_config('synchronous_commit', 'on', true), set_config('lock_timeout', '10s', true)")
	         && (!step->named || send_source(pg, b, step))
	         && (!nparts || (send_plain(pg, lock.data) && send_plain(pg, move.data))) && PQpipelineSync(pg->conn);
	int rc = ok ? reserve_results(pg, b, step, nparts, err) : lk_pg_failed(pg, NULL, "appending", err);
	lk_buf_release(&lock);
	lk_buf_release(&move);
	if (!PQexitPipelineMode(pg->conn) && !rc)
		rc = lk_pg_failed(pg, NULL, "appending", err);
	return rc;
}

/* --- the second: fill the holes, copy, commit --- */

static void fill_holes(struct partition *p) {
	uint64_t at = __builtin_bswap64((uint64_t)(p->at - EPOCH_2000_US));
	for (size_t i = 0; i < p->n; i++) {
		char *tuple = p->tuples.data + p->begins[i];
		uint64_t off = __builtin_bswap64((uint64_t)p->first_off + i);
		memcpy(tuple + OFF_HOLE, &off, 8);
		memcpy(tuple + AT_HOLE, &at, 8);
	}
}

static void encode_rejects(lk_append_batch *b, const char *source) {
	const lk_type text = {LK_TEXT, 0, 0};
	lk_value label = lk_text(source, strlen(source));
	lk_buf_clear(&b->reject_rows);
	for (size_t i = 0; i < b->nrejects; i++) {
		const struct reject *r = &b->rejects[i];
		lk_value reason = lk_text(r->reason, strlen(r->reason)), content = lk_text(r->content, strlen(r->content));
		lk_copy_row(&b->reject_rows, 5);
		lk_copy_int8(&b->reject_rows, b->stream->id);
		lk_copy_value(&b->reject_rows, text, &label);
		lk_copy_int8(&b->reject_rows, r->position);
		lk_copy_value(&b->reject_rows, text, &reason);
		lk_copy_value(&b->reject_rows, text, &content);
	}
}

static void copy_sql(const lk_append_batch *b, lk_buf *sql) {
	const lk_stream *s = b->stream->stream;
	lk_buf_clear(sql);
	for (int p = 0; p < s->partitions; p++) {
		if (!b->parts[p].n)
			continue;
		lk_buf_adds(sql, "COPY ");
		lk_log_leaf(s, p, sql);
		lk_buf_adds(sql, " (part, off, _at");
		for (int i = 0; i < s->ncolumns; i++) {
			lk_buf_addc(sql, ',');
			lk_sql_ident(s->columns[i].name, sql);
		}
		lk_buf_adds(sql, ") FROM STDIN (FORMAT binary);");
	}
	if (b->nrejects)
		lk_buf_adds(sql, "COPY lk.rejected (stream_id, source, position, reason, content) FROM STDIN (FORMAT binary);");
	lk_buf_adds(sql, "COMMIT");
}

static int put(lk_pg *pg, const char *p, size_t n, lk_error *err) {
	while (n) {
		size_t piece = n < SEND_BYTES ? n : SEND_BYTES;
		if (PQputCopyData(pg->conn, p, (int)piece) != 1)
			return lk_pg_failed(pg, NULL, "appending", err);
		p += piece;
		n -= piece;
	}
	return 0;
}

/* Sends one COPY's rows; the server has said that it waits for them. */
static int put_rows(lk_pg *pg, const lk_buf *rows, lk_error *err) {
	lk_buf frame = LK_BUF_INIT;
	lk_copy_header(&frame);
	int rc = put(pg, frame.data, frame.len, err);
	if (!rc)
		rc = put(pg, rows->data, rows->len, err);
	lk_buf_clear(&frame);
	lk_copy_trailer(&frame);
	if (!rc)
		rc = put(pg, frame.data, frame.len, err);
	lk_buf_release(&frame);
	LK_CRASH_POINT("append.copied");
	if (!rc && PQputCopyEnd(pg->conn, NULL) != 1)
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
	while (!rc && (res = PQgetResult(pg->conn))) {
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

/* A transaction of its own, which need not reach the disk: the hint may be lost, and it must not make the commit of
 * the append wait for the lock that NOTIFY takes. */
static void hint_readers(lk_pg *pg) {
	static _Atomic int64_t last_us;
	int64_t now = lk_monotonic_us(), last = atomic_load(&last_us);
	if ((!last || now - last >= NOTIFY_EVERY_US) && atomic_compare_exchange_strong(&last_us, &last, now)) {
		if (lk_pg_run(pg, NULL, "BEGIN; SET LOCAL synchronous_commit = off; NOTIFY lk_log; COMMIT"))
			lk_pg_rollback(pg);
	}
}

int lk_append(lk_pg *pg, lk_append_batch *b, const lk_source_step *step, lk_error *err) {
	static const lk_source_step unnamed = {.source = ""};
	step = step ? step : &unnamed;
	if (!b->nevents && !b->nrejects && !step->named)
		return 0;
	int rc = reserve(pg, b, step, err);
	if (rc)
		goto done;
	LK_CRASH_POINT("append.reserved");
	for (int p = 0; p < b->stream->stream->partitions; p++)
		fill_holes(&b->parts[p]);
	encode_rejects(b, step->source ? step->source : "");
	rc = copy_and_commit(pg, b, err);
done:
	if (rc) {
		lk_pg_rollback(pg);
		return rc;
	}
	LK_CRASH_POINT("append.committed");
	if (b->nevents)
		hint_readers(pg);
	return 0;
}

int lk_source_position(lk_pg *pg, const lk_cat_stream *s, const char *source, int64_t *position, lk_error *err) {
	char id[24];
	snprintf(id, sizeof id, "%lld", (long long)s->id);
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, "SELECT position FROM lk.source WHERE stream_id = $1 AND name = $2",
	                    2, (const char *const[]){id, source});
	if (rc)
		return rc;
	*position = PQntuples(res) ? lk_pg_int(res, 0, 0) : 0;
	PQclear(res);
	return 0;
}
