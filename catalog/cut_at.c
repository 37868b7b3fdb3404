/* Cuts at offsets in the past.
 *
 * No lock is needed: events below an offset that the log has passed do not change any more. What the tail held at that
 * point (the last _at, and high, from which the watermark of the prefix follows) is computed again from the events, by
 * the appender's own formula; in a derived log also _high. That reads the whole prefix. It is a statement apart from the INSERT, so that the planner
 * may read in parallel; it also counts the events. */
#include "catalog/cut_private.h"

#include <stdio.h>

#include "catalog/log_sql.h"
#include "catalog/tail.h"
#include "core/time.h"

/* The largest event time that is believed, and of a derived log what _high says. */
static void high_sql(const lk_stream *s, lk_buf *out) {
	int64_t ahead = s->max_ahead_us < LK_MAX_AHEAD_US ? s->max_ahead_us : LK_MAX_AHEAD_US;
	if (s->least_high) {
		lk_buf_adds(out, "_high");
		return;
	}
	lk_buf_adds(out, s->derived ? "greatest(_high, least(" : "least(");
	lk_sql_ident(s->schema.columns[s->schema.event_time].name, out);
	lk_buf_addf(out, ", _at + %lld * interval '1 second' + %lld * interval '1 microsecond')%s", (long long)(ahead / LK_US_PER_S),
	            (long long)(ahead % LK_US_PER_S), s->derived ? ")" : "");
}

static void prefix_sql(const lk_stream *s, int part, int64_t off, lk_buf *out) {
	lk_buf_addf(out, "%s SELECT %d AS part, count(*), " LK_SQL_US("max(_at)") ", (extract(epoch from max(", part ? " UNION ALL" : "", part);
	high_sql(s, out);
	lk_buf_adds(out, ")) * 1000000)::bigint FROM ");
	lk_log_leaf(s, part, out);
	lk_log_between(part, 0, off, out);
}

static int check_offsets(lk_pg *pg, const lk_cat_stream *s, const lk_frontier *at, lk_error *err) {
	lk_frontier tail;
	int rc = lk_log_tail(pg, s, &tail, err);
	for (int p = 0; !rc && p < tail.n; p++)
		if (at->part[p].off < 0 || at->part[p].off > tail.part[p].off)
			rc = lk_fail(err, LK_EUSAGE, "stream %s, partition %d ends at offset %lld: a cut cannot be at %lld",
			             s->stream->name, p, (long long)tail.part[p].off, (long long)at->part[p].off);
	return rc;
}

int lk_frontier_measure(lk_pg *pg, const lk_cat_stream *s, lk_frontier *at, lk_error *err) {
	lk_buf sql = LK_BUF_INIT;
	PGresult *res = NULL;
	int rc = check_offsets(pg, s, at, err);
	if (rc)
		return rc;
	for (int p = 0; p < at->n; p++)
		prefix_sql(s->stream, p, at->part[p].off, &sql);
	lk_buf_adds(&sql, " ORDER BY part");
	rc = lk_pg_query(pg, &res, err, sql.data);
	lk_buf_release(&sql);
	for (int p = 0; !rc && p < at->n; p++) {
		lk_frontier_part *to = &at->part[p];
		to->last_at = lk_pg_int_or(res, p, 2, LK_NEVER);
		to->high = lk_pg_int_or(res, p, 3, LK_NEVER);
		if (lk_pg_int(res, p, 1) != to->off)
			rc = lk_fail(err, LK_EGAP, "stream %s, partition %d holds %lld events below offset %lld", s->stream->name,
			             p, (long long)lk_pg_int(res, p, 1), (long long)to->off);
	}
	PQclear(res);
	return rc;
}

static void add_number(lk_buf *out, int64_t n) {
	const char *comma = out->len ? "," : "{";
	if (n == LK_NEVER)
		lk_buf_addf(out, "%sNULL", comma);
	else
		lk_buf_addf(out, "%s%lld", comma, (long long)n);
}

enum { STREAMS, PARTS, OFFS, LAST_ATS, HIGHS, NARRAYS };

int lk_cut_insert(lk_pg *pg, const lk_cut_for *f, const char *state, lk_cut *cut, lk_error *err) {
	lk_buf arrays[NARRAYS] = {{0}};
	const char *params[3 + NARRAYS];
	char copy[24];
	PGresult *res = NULL;
	for (int i = 0; i < cut->at.n; i++) {
		const lk_frontier_part *p = &cut->at.part[i];
		const int64_t row[NARRAYS] = {p->stream, p->part, p->off, p->last_at, p->high};
		for (int k = 0; k < NARRAYS; k++)
			add_number(&arrays[k], row[k]);
	}
	params[0] = lk_pg_number(copy, f->copy_id);
	params[1] = f->purpose;
	params[2] = state;
	for (int k = 0; k < NARRAYS; k++) {
		lk_buf_addc(&arrays[k], '}');
		params[3 + k] = arrays[k].data;
	}
	int rc = lk_pg_exec(pg, &res, err,
		"WITH c AS (INSERT INTO lk.cut (copy_id, purpose, state) VALUES ($1::bigint, $2, $3) RETURNING cut_id)"
		" INSERT INTO lk.cut_part (cut_id, stream_id, part, off, last_at, high)"
		" SELECT cut_id, v.stream, v.part, v.off, " LK_SQL_TIME("v.last_at") ", " LK_SQL_TIME("v.high")
		" FROM c, unnest($4::bigint[], $5::int[], $6::bigint[], $7::bigint[], $8::bigint[]) v (stream, part, off, last_at, high)"
		" RETURNING cut_id", 3 + NARRAYS, params);
	if (!rc)
		cut->id = lk_pg_int(res, 0, 0);
	PQclear(res);
	for (int k = 0; k < NARRAYS; k++)
		lk_buf_release(&arrays[k]);
	return rc;
}

int lk_cut_make_at(lk_pg *pg, const lk_cut_for *f, const lk_frontier *at, lk_cut *out, lk_error *err) {
	*out = (lk_cut){.at = *at};
	int rc = lk_frontier_measure(pg, f->stream, &out->at, err);
	return rc ? rc : lk_cut_insert(pg, f, "open", out, err);
}
