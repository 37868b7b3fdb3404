#include "event_log/sealed.h"

#include <stdlib.h>

#include "core/fault.h"
#include "event_log/scan.h"
#include "postgres/binary.h"

int lk_sealed_read(lk_pg *pg, const lk_cat_stream *log, int part, lk_sealed *out, lk_error *err) {
	char id[24], number[24];
	PGresult *res;
	*out = (lk_sealed){0};
	int rc = lk_pg_exec(pg, &res, err, "SELECT off, kept FROM lk.sealed WHERE stream_id = $1::bigint AND part = $2::int", 2,
	                    (const char *const[]){lk_pg_number(id, log->id), lk_pg_number(number, part)});
	if (rc)
		return rc;
	if (PQntuples(res))
		*out = (lk_sealed){lk_pg_int(res, 0, 0), lk_pg_int(res, 0, 1)};
	PQclear(res);
	return LK_OK;
}

/* --- reading --- */

static void add_bytes(const void *bytes, size_t len, lk_buf *sql) {
	static const char digits[] = "0123456789abcdef";
	const uint8_t *p = bytes;
	lk_buf_adds(sql, "'\\x");
	for (size_t i = 0; i < len; i++) {
		lk_buf_addc(sql, digits[p[i] >> 4]);
		lk_buf_addc(sql, digits[p[i] & 15]);
	}
	lk_buf_addc(sql, '\'');
}

/* A row for each field that there is. Names may be longer than an index takes, so it has a digest of them. `off + 0`
 * keeps the planner from the index over offsets, which would be read to the end. */
static void fields_sql(const lk_sealed_call *c, int64_t at, lk_buf *sql) {
	lk_buf_addf(sql, "SELECT f.i, s.bytes FROM unnest(ARRAY[");
	for (int i = 0; i < c->n; i++) {
		if (i)
			lk_buf_addc(sql, ',');
		add_bytes(c->fields[i].name, c->fields[i].name_len, sql);
	}
	lk_buf_addf(sql, "]::bytea[]) WITH ORDINALITY AS f(name, i) CROSS JOIN LATERAL (SELECT bytes FROM lk.state s WHERE s.stream_id = %1$lld"
	            " AND s.part = %2$d AND md5(s.field) = md5(f.name) AND s.field = f.name AND s.off + 0 <= %3$lld ORDER BY s.off + 0 DESC LIMIT 1) AS s",
	            (long long)c->log->id, c->part, (long long)at);
}

static int take_row(const lk_value *row, int (*take)(void *, int, const void *, size_t), void *ctx, lk_error *err) {
	if (take(ctx, (int)row[0].i - 1, row[1].s, row[1].len) != 0)
		return lk_fail(err, LK_EINTERNAL, "a row of lk.state is malformed: another program wrote to it");
	return LK_OK;
}

int lk_sealed_fields(lk_pg *pg, const lk_sealed_call *c, int (*take)(void *ctx, int i, const void *bytes, size_t len), void *ctx, lk_error *err) {
	static const lk_type types[] = {{.kind = LK_INT8}, {.kind = LK_BYTES}};
	lk_copy_reader reader = {0};
	lk_value row[2];
	lk_buf sql = LK_BUF_INIT;
	fields_sql(c, LK_MUTANT("sealed_newest") ? INT64_MAX : c->at, &sql);
	int rc = lk_copy_open(&reader, pg, sql.data, types, 2, err);
	lk_buf_release(&sql);
	while (rc == LK_OK && (rc = lk_copy_next(&reader, row, err)) == LK_OK)
		rc = take_row(row, take, ctx, err);
	lk_copy_close(&reader);
	return rc < 0 ? rc : LK_OK;
}

/* --- sealing --- */

static void put_field(const lk_sealed_call *c, const lk_sealed_field *f, lk_buf *out) {
	lk_copy_row(out, 5);
	lk_copy_int8(out, c->log->id);
	lk_copy_int4(out, c->part);
	lk_copy_value(out, (lk_type){.kind = LK_BYTES}, &(lk_value){.s = f->name, .len = f->name_len});
	lk_copy_int8(out, c->at);
	lk_copy_value(out, (lk_type){.kind = LK_BYTES}, &(lk_value){.s = f->bytes, .len = f->len});
}

int lk_sealed_add(lk_pg *pg, const lk_sealed_call *c, lk_error *err) {
	lk_buf tuples = LK_BUF_INIT;
	for (int i = 0; i < c->n; i++)
		put_field(c, &c->fields[i], &tuples);
	int rc = lk_pg_copy_in(pg, "COPY lk.state (stream_id, part, field, off, bytes) FROM STDIN (FORMAT binary)", &tuples, "sealing the state", err);
	lk_buf_release(&tuples);
	return rc;
}

/* Of what has changed up to the former end, the newest row is enough: nobody reads below it any more. */
static int put_together(lk_pg *pg, const lk_cat_stream *log, int part, const lk_sealed *former, lk_error *err) {
	return lk_pg_runf(pg, err, "DELETE FROM lk.state a USING (SELECT field, max(off) AS off FROM lk.state WHERE stream_id = %1$lld AND part = %2$d"
	                  " AND off > %3$lld AND off <= %4$lld GROUP BY field) AS b WHERE a.stream_id = %1$lld AND a.part = %2$d"
	                  " AND md5(a.field) = md5(b.field) AND a.field = b.field AND a.off < b.off",
	                  (long long)log->id, part, (long long)former->kept, (long long)former->off);
}

int lk_sealed_move(lk_pg *pg, const lk_cat_stream *log, int part, const lk_sealed *former, int64_t to, lk_error *err) {
	char id[24], number[24], before[24], after[24];
	const char *const params[] = {lk_pg_number(id, log->id), lk_pg_number(number, part), lk_pg_number(before, former->off), lk_pg_number(after, to)};
	int64_t moved = 0;
	int rc = lk_pg_changed(pg, "INSERT INTO lk.sealed AS s (stream_id, part, off, kept) VALUES ($1::bigint, $2::int, $4::bigint, $3::bigint)"
	                       " ON CONFLICT (stream_id, part) DO UPDATE SET off = excluded.off, kept = excluded.kept, at = clock_timestamp()"
	                       " WHERE s.off = $3::bigint", 4, params, &moved, err);
	if (rc == LK_OK && moved != 1)
		rc = lk_fail(err, LK_ECONFLICT, "another process has sealed the state of stream %s", log->stream->name);
	return rc == LK_OK ? put_together(pg, log, part, former, err) : rc;
}
