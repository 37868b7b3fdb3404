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
#include "core/key.h"
#include "core/time.h"
#include "event_log/append.h"
#include "plan/watermark.h"
#include "postgres/binary.h"

enum {
	LEADING_FIELDS = 5,        /* part, off, _at, _src, _high; of a merged log also _src_part */
	OFF_HOLE = 2 + 8 + 4,      /* from the tuple's begin: count of fields, part with its length, length of off */
	APPEND_WAIT_MS = 10000,
};

/* Rows of one partition of the log. */
struct part_rows {
	lk_buf tuples;
	size_t *begins, n, cap;
	int64_t last_at, high;     /* as of any log: of the rows, by their own event times */
};

struct lk_derived_rows {
	const lk_cat_stream *log;
	int first, nparts;         /* the partitions that are written: first, first + 1 … */
	struct part_rows *parts;
};

lk_derived_rows *lk_derived_rows_new(const lk_cat_stream *log, int part) {
	lk_derived_rows *r = lk_calloc(1, sizeof *r);
	bool merged = log->stream->merged;
	r->log = log;
	r->first = merged ? 0 : part;
	r->nparts = merged ? log->stream->partitions : 1;
	r->parts = lk_calloc((size_t)r->nparts, sizeof *r->parts);
	lk_derived_rows_clear(r);
	return r;
}

void lk_derived_rows_free(lk_derived_rows *r) {
	for (int i = 0; r && i < r->nparts; i++) {
		lk_buf_release(&r->parts[i].tuples);
		free(r->parts[i].begins);
	}
	if (r)
		free(r->parts);
	free(r);
}

void lk_derived_rows_clear(lk_derived_rows *r) {
	for (int i = 0; i < r->nparts; i++) {
		lk_buf_clear(&r->parts[i].tuples);
		r->parts[i].n = 0;
		r->parts[i].high = LK_NEVER;
	}
}

size_t lk_derived_rows_count(const lk_derived_rows *r) {
	size_t n = 0;
	for (int i = 0; i < r->nparts; i++)
		n += r->parts[i].n;
	return n;
}

size_t lk_derived_rows_bytes(const lk_derived_rows *r) {
	size_t bytes = 0;
	for (int i = 0; i < r->nparts; i++)
		bytes += r->parts[i].tuples.len;
	return bytes;
}

void lk_derived_rows_show(lk_derived_rows *r, const lk_cat_stream *log) { r->log = log; }

/* Where a new row of the partition begins. */
static void begin_row(struct part_rows *p) {
	if (p->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 1024;
		p->begins = lk_realloc(p->begins, p->cap * sizeof *p->begins);
	}
	p->begins[p->n++] = p->tuples.len;
}

void lk_derived_rows_add(lk_derived_rows *r, const lk_value *values, const lk_derived_from *from) {
	const lk_type time = {.kind = LK_TIME};
	const lk_stream *s = r->log->stream;
	lk_value at = lk_int(from->at), high = from->high == LK_NEVER ? lk_null() : lk_int(from->high);
	int i = s->merged ? lk_partition_of(s->schema.columns[s->partition_by].type, &values[s->partition_by], s->partitions) : 0;
	struct part_rows *p = &r->parts[i];
	begin_row(p);
	lk_copy_row(&p->tuples, LEADING_FIELDS + s->merged + s->schema.ncolumns);
	lk_copy_int4(&p->tuples, r->first + i);
	lk_copy_int8(&p->tuples, 0);
	lk_copy_value(&p->tuples, time, &at);
	lk_copy_int8(&p->tuples, from->src);
	lk_copy_value(&p->tuples, time, &high);
	if (s->merged)
		lk_copy_int4(&p->tuples, from->part);
	for (int c = 0; c < s->schema.ncolumns; c++)
		lk_copy_value(&p->tuples, s->schema.columns[c].type, &values[c]);
	p->last_at = from->at;
	p->high = lk_high_advance(s, p->high, values[s->schema.event_time].i, from->at);
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

static void move_sql(const lk_derived_rows *r, const lk_derived_step *step, const lk_derived_move *m, lk_buf *sql) {
	lk_buf_addf(sql, "UPDATE lk.source SET position = %lld, high = greatest(high, ", (long long)m->to.off);
	add_time(m->to.high, sql);
	lk_buf_addf(sql, ") WHERE stream_id = %lld AND name = '%lld/%d' AND number = 0 AND position = %lld RETURNING 1;", (long long)r->log->id,
	            (long long)step->source->id, m->part, (long long)m->from.off);
}

static void tail_sql(const lk_derived_rows *r, const lk_derived_step *step, int i, lk_buf *sql) {
	const struct part_rows *p = &r->parts[i];
	long long n = (long long)p->n;
	lk_buf_addf(sql, "UPDATE lk.tail SET next_off = next_off + %lld, last_at = coalesce(", n);
	add_time(n ? p->last_at : LK_NEVER, sql);
	lk_buf_adds(sql, ", last_at), high = greatest(high, ");
	add_time(lk_later(p->high, step->high), sql);
	lk_buf_adds(sql, "), closed = greatest(closed, ");
	add_time(step->closed, sql);
	lk_buf_addf(sql, ") WHERE stream_id = %lld AND part = %d RETURNING next_off - %lld;", (long long)r->log->id, r->first + i, n);
}

static void begin_sql(const lk_derived_rows *r, const lk_derived_step *step, lk_buf *sql) {
	lk_buf_addf(sql, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL synchronous_commit = on; SET LOCAL lock_timeout = %d;"
	            " SET LOCAL idle_in_transaction_session_timeout = %d;", LK_HURRIED(APPEND_WAIT_MS), LK_HURRIED(LK_IDLE_MS));
	for (int i = 0; i < step->nmoves; i++)
		move_sql(r, step, &step->moves[i], sql);
	for (int i = 0; i < r->nparts; i++)
		tail_sql(r, step, i, sql);
}

static void fill_offsets(struct part_rows *p, int64_t first) {
	for (size_t i = 0; i < p->n; i++) {
		uint64_t off = __builtin_bswap64((uint64_t)first + i);
		memcpy(p->tuples.data + p->begins[i] + OFF_HOLE, &off, 8);
	}
}

static int reserve(lk_pg *pg, lk_derived_rows *r, const lk_derived_step *step, lk_error *err) {
	PGresult *res[2 * LK_MAX_PARTITIONS] = {0};
	lk_buf sql = LK_BUF_INIT;
	int n = step->nmoves + r->nparts;
	begin_sql(r, step, &sql);
	int rc = lk_pg_query_all(pg, res, n, "appending rows", err, sql.data);
	for (int i = 0; !rc && i < step->nmoves; i++)
		if (PQntuples(res[i]) != 1)
			rc = lk_fail(err, LK_EFENCED, "stream %s, partition %d: another process has read its source beyond offset %lld", r->log->stream->name,
			             step->moves[i].part, (long long)step->moves[i].from.off);
	for (int i = 0; !rc && i < r->nparts; i++) {
		if (PQntuples(res[step->nmoves + i]) == 1)
			fill_offsets(&r->parts[i], lk_pg_int(res[step->nmoves + i], 0, 0));
		else
			rc = lk_fail(err, LK_ECONFLICT, "stream %s was dropped", r->log->stream->name);
	}
	for (int i = 0; i < n; i++)
		PQclear(res[i]);
	lk_buf_release(&sql);
	return rc;
}

static void copy_sql(const lk_derived_rows *r, int part, lk_buf *sql) {
	const lk_stream *s = r->log->stream;
	lk_buf_adds(sql, "COPY ");
	lk_log_leaf(s, part, sql);
	lk_buf_addf(sql, " (part, off, _at, _src, _high%s", s->merged ? ", _src_part" : "");
	for (int i = 0; i < s->schema.ncolumns; i++) {
		lk_buf_adds(sql, ", ");
		lk_sql_ident(s->schema.columns[i].name, sql);
	}
	lk_buf_adds(sql, ") FROM STDIN (FORMAT binary)");
}

static int put_rows(lk_pg *pg, const struct part_rows *p, lk_error *err) {
	int rc = lk_pg_put_tuples(pg, &p->tuples, "appending rows", err);
	LK_CRASH_POINT("derived.copied");
	return !rc && lk_pg_put_end(pg, NULL) != 0 ? lk_pg_failed(pg, NULL, "appending rows", err) : rc;
}

static int copy_part(lk_pg *pg, const lk_derived_rows *r, int i, lk_error *err) {
	lk_buf sql = LK_BUF_INIT;
	PGresult *res;
	int rc = 0;
	copy_sql(r, r->first + i, &sql);
	if (!PQsendQuery(pg->conn, sql.data))
		rc = lk_pg_failed(pg, NULL, "appending rows", err);
	lk_buf_release(&sql);
	while (!rc && (res = lk_pg_result(pg))) {
		ExecStatusType st = PQresultStatus(res);
		rc = st == PGRES_COPY_IN ? put_rows(pg, &r->parts[i], err) : st == PGRES_COMMAND_OK ? 0 : lk_pg_failed(pg, res, "appending rows", err);
		PQclear(res);
	}
	return rc;
}

static int copy(lk_pg *pg, const lk_derived_rows *r, lk_error *err) {
	int rc = 0;
	for (int i = 0; !rc && i < r->nparts; i++)
		rc = r->parts[i].n ? copy_part(pg, r, i, err) : 0;
	return rc;
}

int lk_derived_append(lk_pg *pg, lk_derived_rows *rows, const lk_derived_step *step, lk_error *err) {
	int rc = reserve(pg, rows, step, err);
	if (!rc) {
		LK_CRASH_POINT("derived.reserved");
		rc = copy(pg, rows, err);
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
	if (lk_derived_rows_count(rows))
		lk_append_hint(pg);
	return 0;
}
