/* Appending to the log of a derived stream.
 *
 * Exactly once follows from one transaction: it moves the position in the source by compare-and-set, writes the rows
 * with the next offsets, and what could not be evaluated. A batch is never sent a second time: if its session ends with a
 * restore of the database, the position may fit again while the events before it are others.
 *
 * Rows are encoded when they are made; only their offsets are known later, as in append_batch.c. Locks are taken in the
 * order of an append (lk.source, then lk.tail), and the log has one writer, so nobody waits long. */
#include "event_log/derived_log.h"

#include <stdlib.h>
#include <string.h>

#include "catalog/log_sql.h"
#include "core/fault.h"
#include "core/time.h"
#include "event_log/append.h"
#include "plan/watermark.h"
#include "postgres/binary.h"

enum {
	LEADING_FIELDS = 5,        /* part, off, _at, _src, _high */
	OFF_HOLE = 2 + 8 + 4,      /* from the tuple's begin: count of fields, part with its length, length of off */
	APPEND_WAIT_MS = 10000,
};

struct lk_derived_rows {
	const lk_cat_stream *log;
	int part;
	lk_buf tuples;
	size_t *begins, n, cap;
	int64_t last_at, high;     /* as of any log: of the rows, by their own event times */
};

lk_derived_rows *lk_derived_rows_new(const lk_cat_stream *log, int part) {
	lk_derived_rows *r = lk_calloc(1, sizeof *r);
	r->log = log;
	r->part = part;
	r->high = LK_NEVER;
	return r;
}

void lk_derived_rows_free(lk_derived_rows *r) {
	if (!r)
		return;
	lk_buf_release(&r->tuples);
	free(r->begins);
	free(r);
}

void lk_derived_rows_clear(lk_derived_rows *r) {
	lk_buf_clear(&r->tuples);
	r->n = 0;
	r->high = LK_NEVER;
}

size_t lk_derived_rows_count(const lk_derived_rows *r) { return r->n; }
size_t lk_derived_rows_bytes(const lk_derived_rows *r) { return r->tuples.len; }
void lk_derived_rows_show(lk_derived_rows *r, const lk_cat_stream *log) { r->log = log; }

void lk_derived_rows_add(lk_derived_rows *r, const lk_value *values, const lk_derived_from *from) {
	const lk_type time = {.kind = LK_TIME};
	const lk_schema *schema = &r->log->stream->schema;
	lk_value at = lk_int(from->at), high = from->high == LK_NEVER ? lk_null() : lk_int(from->high);
	if (r->n == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 1024;
		r->begins = lk_realloc(r->begins, r->cap * sizeof *r->begins);
	}
	r->begins[r->n++] = r->tuples.len;
	lk_copy_row(&r->tuples, LEADING_FIELDS + schema->ncolumns);
	lk_copy_int4(&r->tuples, r->part);
	lk_copy_int8(&r->tuples, 0);
	lk_copy_value(&r->tuples, time, &at);
	lk_copy_int8(&r->tuples, from->src);
	lk_copy_value(&r->tuples, time, &high);
	for (int i = 0; i < schema->ncolumns; i++)
		lk_copy_value(&r->tuples, schema->columns[i].type, &values[i]);
	r->last_at = from->at;
	r->high = lk_high_advance(r->log->stream, r->high, values[schema->event_time].i, from->at);
}

/* --- the position --- */

int lk_derived_position_read(lk_pg *pg, const lk_cat_stream *log, const lk_cat_stream *source, int part, lk_derived_position *out, lk_error *err) {
	char id[24], name[48];
	PGresult *res;
	snprintf(name, sizeof name, "%lld/%d", (long long)source->id, part);
	int rc = lk_pg_exec(pg, &res, err, "SELECT position, " LK_SQL_US("high") " FROM lk.source WHERE stream_id = $1::bigint AND name = $2 AND number = 0",
	                    2, (const char *const[]){lk_pg_number(id, log->id), name});
	if (rc)
		return rc;
	if (PQntuples(res)) {
		out->off = lk_pg_int(res, 0, 0);
		out->high = PQgetisnull(res, 0, 1) ? LK_NEVER : lk_pg_int(res, 0, 1);
	} else
		rc = lk_fail(err, LK_ECONFLICT, "stream %s was dropped", log->stream->name);
	PQclear(res);
	return rc;
}

static void add_time(int64_t us, lk_buf *out) {
	if (us == LK_NEVER)
		lk_buf_adds(out, "NULL::timestamptz");
	else
		lk_buf_addf(out, LK_SQL_TIME("%1$lld"), (long long)us);
}

/* --- the append --- */

static void begin_sql(const lk_derived_rows *r, const lk_derived_step *step, lk_buf *sql) {
	long long id = (long long)r->log->id, n = (long long)r->n;
	lk_buf_addf(sql, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL synchronous_commit = on; SET LOCAL lock_timeout = %d;"
	            " SET LOCAL idle_in_transaction_session_timeout = %d;", LK_HURRIED(APPEND_WAIT_MS), LK_HURRIED(LK_IDLE_MS));
	lk_buf_addf(sql, "UPDATE lk.source SET position = %lld, high = greatest(high, ", (long long)step->to.off);
	add_time(step->to.high, sql);
	lk_buf_addf(sql, ") WHERE stream_id = %lld AND name = '%lld/%d' AND number = 0 AND position = %lld RETURNING 1;", id,
	            (long long)step->source->id, step->part, (long long)step->from.off);
	lk_buf_addf(sql, "UPDATE lk.tail SET next_off = next_off + %lld, last_at = coalesce(", n);
	add_time(n ? r->last_at : LK_NEVER, sql);
	lk_buf_adds(sql, ", last_at), high = greatest(high, ");
	add_time(step->keeps_time ? lk_later(r->high, step->to.high) : r->high, sql);
	lk_buf_adds(sql, "), closed = greatest(closed, ");
	add_time(step->closed, sql);
	lk_buf_addf(sql, ") WHERE stream_id = %lld AND part = %d RETURNING next_off - %lld;", id, step->part, n);
}

static void fill_offsets(lk_derived_rows *r, int64_t first) {
	for (size_t i = 0; i < r->n; i++) {
		uint64_t off = __builtin_bswap64((uint64_t)first + i);
		memcpy(r->tuples.data + r->begins[i] + OFF_HOLE, &off, 8);
	}
}

static int reserve(lk_pg *pg, lk_derived_rows *r, const lk_derived_step *step, lk_error *err) {
	PGresult *res[2] = {0};
	lk_buf sql = LK_BUF_INIT;
	begin_sql(r, step, &sql);
	int rc = lk_pg_query_all(pg, res, 2, "appending rows", err, sql.data);
	if (!rc && PQntuples(res[0]) != 1) {
		rc = lk_fail(err, LK_EFENCED, "stream %s, partition %d: another process has read its source beyond offset %lld", r->log->stream->name, step->part,
		             (long long)step->from.off);
	} else if (!rc && PQntuples(res[1]) != 1)
		rc = lk_fail(err, LK_ECONFLICT, "stream %s was dropped", r->log->stream->name);
	else if (!rc)
		fill_offsets(r, lk_pg_int(res[1], 0, 0));
	PQclear(res[0]);
	PQclear(res[1]);
	lk_buf_release(&sql);
	return rc;
}

static void copy_sql(const lk_derived_rows *r, lk_buf *sql) {
	const lk_stream *s = r->log->stream;
	lk_buf_adds(sql, "COPY ");
	lk_log_leaf(s, r->part, sql);
	lk_buf_adds(sql, " (part, off, _at, _src, _high");
	for (int i = 0; i < s->schema.ncolumns; i++) {
		lk_buf_adds(sql, ", ");
		lk_sql_ident(s->schema.columns[i].name, sql);
	}
	lk_buf_adds(sql, ") FROM STDIN (FORMAT binary)");
}

static int put_rows(lk_pg *pg, const lk_derived_rows *r, lk_error *err) {
	int rc = lk_pg_put_tuples(pg, &r->tuples, "appending rows", err);
	LK_CRASH_POINT("derived.copied");
	return !rc && lk_pg_put_end(pg, NULL) != 0 ? lk_pg_failed(pg, NULL, "appending rows", err) : rc;
}

static int copy(lk_pg *pg, const lk_derived_rows *r, lk_error *err) {
	lk_buf sql = LK_BUF_INIT;
	PGresult *res;
	int rc = 0;
	copy_sql(r, &sql);
	if (!PQsendQuery(pg->conn, sql.data))
		rc = lk_pg_failed(pg, NULL, "appending rows", err);
	lk_buf_release(&sql);
	while (!rc && (res = lk_pg_result(pg))) {
		ExecStatusType st = PQresultStatus(res);
		rc = st == PGRES_COPY_IN ? put_rows(pg, r, err) : st == PGRES_COMMAND_OK ? 0 : lk_pg_failed(pg, res, "appending rows", err);
		PQclear(res);
	}
	return rc;
}

int lk_derived_append(lk_pg *pg, lk_derived_rows *rows, const lk_derived_step *step, lk_error *err) {
	int rc = reserve(pg, rows, step, err);
	if (!rc) {
		LK_CRASH_POINT("derived.reserved");
		rc = rows->n ? copy(pg, rows, err) : 0;
	}
	if (!rc)
		rc = lk_side_output_write(pg, step->side_output, err);
	if (!rc)
		rc = lk_pg_run(pg, err, "COMMIT");
	if (rc) {
		lk_pg_rollback(pg);
		if (rc == LK_EUNREACHABLE && LK_MUTANT("rows_sent_again")) {
			PQreset(pg->conn);
			return lk_derived_append(pg, rows, step, err);
		}
		return rc;
	}
	LK_CRASH_POINT("derived.committed");
	if (rows->n)
		lk_append_hint(pg);
	return 0;
}
