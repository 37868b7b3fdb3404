/* Cuts at offsets in the past.
 *
 * No lock is needed: events below an offset that the log has passed do not change any more. What the tail held at that
 * point (the last _at, and high, from which the watermark of the prefix follows) is computed again from the events, by
 * the appender's own formula. That reads the whole prefix. It is a statement apart from the INSERT, so that the planner
 * may read in parallel; it also counts the events. */
#include "catalog/cut_private.h"

#include <stdio.h>

#include "catalog/log_sql.h"
#include "catalog/tail.h"
#include "core/time.h"

static void prefix_sql(const lk_stream *s, int part, int64_t off, lk_buf *out) {
	int64_t ahead = s->max_ahead_us < LK_MAX_AHEAD_US ? s->max_ahead_us : LK_MAX_AHEAD_US;
	lk_buf_addf(out, "%s SELECT %d AS part, count(*), " LK_SQL_US("max(_at)") ", (extract(epoch from max(least(",
	            part ? " UNION ALL" : "", part);
	lk_sql_ident(s->schema.columns[s->schema.event_time].name, out);
	lk_buf_addf(out, ", _at + %lld * interval '1 second' + %lld * interval '1 microsecond'))) * 1000000)::bigint FROM ",
	            (long long)(ahead / LK_US_PER_S), (long long)(ahead % LK_US_PER_S));
	lk_log_leaf(s, part, out);
	lk_buf_addf(out, " WHERE off < %lld", (long long)off);
}

static int check_offsets(lk_pg *pg, const lk_cat_stream *s, const int64_t *at, lk_error *err) {
	int64_t tail[LK_MAX_PARTITIONS];
	int rc = lk_log_tail(pg, s, tail, NULL, NULL, err);
	for (int p = 0; !rc && p < s->stream->partitions; p++)
		if (at[p] < 0 || at[p] > tail[p])
			rc = lk_fail(err, LK_EUSAGE, "stream %s, partition %d ends at offset %lld: a cut cannot be at %lld",
			             s->stream->name, p, (long long)tail[p], (long long)at[p]);
	return rc;
}

int lk_cut_measure(lk_pg *pg, const lk_cat_stream *s, const int64_t *at, lk_cut *out, lk_error *err) {
	lk_buf sql = LK_BUF_INIT;
	PGresult *res = NULL;
	*out = (lk_cut){.partitions = s->stream->partitions};
	int rc = check_offsets(pg, s, at, err);
	if (rc)
		return rc;
	for (int p = 0; p < out->partitions; p++)
		prefix_sql(s->stream, p, at[p], &sql);
	lk_buf_adds(&sql, " ORDER BY part");
	rc = lk_pg_query(pg, &res, err, sql.data);
	lk_buf_release(&sql);
	for (int p = 0; !rc && p < out->partitions; p++) {
		out->off[p] = at[p];
		out->last_at[p] = lk_pg_int_or(res, p, 2, LK_NEVER);
		out->high[p] = lk_pg_int_or(res, p, 3, LK_NEVER);
		if (lk_pg_int(res, p, 1) != at[p])
			rc = lk_fail(err, LK_EGAP, "stream %s, partition %d holds %lld events below offset %lld", s->stream->name,
			             p, (long long)lk_pg_int(res, p, 1), (long long)at[p]);
	}
	PQclear(res);
	return rc;
}

static void add_number(lk_buf *out, int i, int64_t n) {
	if (n == LK_NEVER)
		lk_buf_addf(out, "%sNULL", i ? "," : "{");
	else
		lk_buf_addf(out, "%s%lld", i ? "," : "{", (long long)n);
}

int lk_cut_insert(lk_pg *pg, int64_t copy_id, const char *purpose, const char *state, lk_cut *cut, lk_error *err) {
	lk_buf arrays[3] = {LK_BUF_INIT, LK_BUF_INIT, LK_BUF_INIT};
	char copy[24];
	PGresult *res = NULL;
	snprintf(copy, sizeof copy, "%lld", (long long)copy_id);
	for (int p = 0; p < cut->partitions; p++) {
		add_number(&arrays[0], p, cut->off[p]);
		add_number(&arrays[1], p, cut->last_at[p]);
		add_number(&arrays[2], p, cut->high[p]);
	}
	for (int i = 0; i < 3; i++)
		lk_buf_addc(&arrays[i], '}');
	int rc = lk_pg_exec(pg, &res, err,
		"WITH c AS (INSERT INTO lk.cut (copy_id, purpose, state) VALUES ($1::bigint, $2, $3) RETURNING cut_id)"
		" INSERT INTO lk.cut_part (cut_id, part, off, last_at, high)"
		" SELECT cut_id, v.n - 1, v.off, " LK_SQL_TIME("v.last_at") ", " LK_SQL_TIME("v.high")
		" FROM c, unnest($4::bigint[], $5::bigint[], $6::bigint[]) WITH ORDINALITY v (off, last_at, high, n) RETURNING cut_id",
		6, (const char *const[]){copy, purpose, state, arrays[0].data, arrays[1].data, arrays[2].data});
	if (!rc)
		cut->id = lk_pg_int(res, 0, 0);
	PQclear(res);
	for (int i = 0; i < 3; i++)
		lk_buf_release(&arrays[i]);
	return rc;
}

int lk_cut_make_at(lk_pg *pg, const lk_cat_stream *s, int64_t copy_id, const char *purpose, const int64_t *at, lk_cut *out, lk_error *err) {
	int rc = lk_cut_measure(pg, s, at, out, err);
	return rc ? rc : lk_cut_insert(pg, copy_id, purpose, "open", out, err);
}
