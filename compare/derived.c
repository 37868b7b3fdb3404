#include "compare/derived.h"

#include <stdlib.h>

#include "catalog/log_sql.h"
#include "event_log/derived_log.h"

static int read_positions(lk_pg *pg, const lk_cat_copy *copy, lk_frontier *read, lk_error *err) {
	const lk_cat_stream *source = copy->version->reads;
	int rc = LK_OK;
	*read = lk_frontier_start(source->id, source->stream->partitions);
	for (int p = 0; p < read->n && rc == LK_OK; p++) {
		lk_derived_position at;
		rc = lk_derived_position_read(pg, copy->log, source, p, &at, err);
		read->part[p].off = rc == LK_OK ? at.off : 0;
	}
	return rc;
}

static void put_columns(const lk_stream *s, const char *of, lk_buf *out) {
	for (int i = 0; i < s->schema.ncolumns; i++) {
		lk_buf_addf(out, "%s%s.", i ? ", " : "", of);
		lk_sql_ident(s->schema.columns[i].name, out);
	}
}

/* The order of the oracle's rows (lk_plan_oracle_sql). */
static void put_order(const lk_stream *s, lk_buf *out) {
	lk_buf_adds(out, s->merged ? "_src_part, _src, ROW(" : "part, off");
	if (!s->merged)
		return;
	put_columns(s, "l", out);
	lk_buf_adds(out, ")::text COLLATE \"C\"");
}

/* One row for each difference: its number, both rows as text, and how many rows and differences there are. */
static void comparison_sql(const lk_cat_copy *copy, const lk_frontier *read, lk_buf *out) {
	const lk_stream *s = copy->log->stream;
	lk_buf bound = LK_BUF_INIT;
	lk_frontier_behind_sql(read, read->part[0].stream, "", &bound);
	lk_buf_adds(out, "WITH want AS MATERIALIZED (SELECT row_number() OVER () AS _n, w.* FROM (");
	lk_log_oracle_sql(copy->version->plan, bound.data, out);
	lk_buf_adds(out, ") AS w), got AS MATERIALIZED (SELECT row_number() OVER (ORDER BY ");
	put_order(s, out);
	lk_buf_adds(out, ") AS _n, ");
	put_columns(s, "l", out);
	lk_buf_adds(out, " FROM ");
	lk_log_table(s, out);
	lk_buf_adds(out, " AS l), differ AS (SELECT coalesce(g._n, w._n) AS n, CASE WHEN g._n IS NOT NULL THEN ROW(");
	put_columns(s, "g", out);
	lk_buf_adds(out, ")::text END AS log, CASE WHEN w._n IS NOT NULL THEN ROW(");
	put_columns(s, "w", out);
	lk_buf_adds(out, ")::text END AS sql FROM got AS g FULL JOIN want AS w USING (_n) WHERE g._n IS NULL OR w._n IS NULL OR (");
	put_columns(s, "g", out);
	lk_buf_adds(out, ") IS DISTINCT FROM (");
	put_columns(s, "w", out);
	lk_buf_addf(out, ")) SELECT (SELECT count(*) FROM got), (SELECT count(*) FROM differ), d.n, d.log, d.sql FROM (SELECT) AS one"
	            " LEFT JOIN (SELECT * FROM differ ORDER BY n LIMIT %d) AS d ON true ORDER BY d.n", LK_DIFFERENCES_SHOWN);
	lk_buf_release(&bound);
}

static char *text_at(const PGresult *res, int row, int column) {
	return PQgetisnull(res, row, column) ? NULL : lk_strdup(PQgetvalue(res, row, column));
}

static int take_differences(lk_pg *pg, const char *sql, lk_derived_comparison *out, lk_error *err) {
	PGresult *res = NULL;
	int rc = lk_pg_query(pg, &res, err, sql);
	for (int i = 0; rc == LK_OK && i < PQntuples(res); i++) {
		out->rows = lk_pg_int(res, i, 0);
		out->differ = lk_pg_int(res, i, 1);
		if (!PQgetisnull(res, i, 2))
			out->shown[out->nshown++] = (struct lk_derived_difference){lk_pg_int(res, i, 2), text_at(res, i, 3), text_at(res, i, 4)};
	}
	PQclear(res);
	return rc;
}

static int compare(lk_pg *pg, const lk_cat_copy *copy, lk_derived_comparison *out, lk_error *err) {
	lk_buf sql = LK_BUF_INIT;
	int rc = read_positions(pg, copy, &out->read, err);
	if (rc == LK_OK) {
		comparison_sql(copy, &out->read, &sql);
		rc = take_differences(pg, sql.data, out, err);
	}
	lk_buf_release(&sql);
	return rc;
}

/* --- two logs of one definition --- */

/* The common part: what both have read. */
static int read_both(lk_pg *pg, const lk_cat_copy *a, const lk_cat_copy *b, lk_frontier *read, lk_error *err) {
	lk_frontier other;
	int rc = read_positions(pg, a, read, err);
	if (rc == LK_OK)
		rc = read_positions(pg, b, &other, err);
	for (int p = 0; rc == LK_OK && p < read->n; p++)
		if (other.part[p].off < read->part[p].off)
			read->part[p].off = other.part[p].off;
	return rc;
}

static void put_log(const lk_cat_copy *copy, const lk_frontier *read, lk_buf *out) {
	lk_buf behind = LK_BUF_INIT;
	bool merged = copy->log->stream->merged;
	lk_frontier_sql(read, read->part[0].stream, &behind);
	lk_buf_addf(out, "(SELECT row_number() OVER (ORDER BY part, off) AS _n, l.part, l.off, ROW(l._at, l._src, l._high, %s", merged ? "l._src_part, " : "");
	put_columns(copy->log->stream, "l", out);
	lk_buf_adds(out, ") AS _row FROM ");
	lk_log_table(copy->log->stream, out);
	lk_buf_addf(out, " AS l WHERE l._src < %s[l.%s + 1])", behind.data, merged ? "_src_part" : "part");
	lk_buf_release(&behind);
}

/* *<> compares the bytes of the values. */
static void logs_sql(const lk_cat_copy *served, const lk_cat_copy *rebuilt, const lk_frontier *read, lk_buf *out) {
	lk_buf_adds(out, "WITH a AS MATERIALIZED ");
	put_log(served, read, out);
	lk_buf_adds(out, ", b AS MATERIALIZED ");
	put_log(rebuilt, read, out);
	lk_buf_addf(out, ", differ AS (SELECT coalesce(a._n, b._n) AS n, a._row::text AS log, b._row::text AS other FROM a FULL JOIN b USING (part, off)"
	            " WHERE a._n IS NULL OR b._n IS NULL OR a._row *<> b._row)"
	            " SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM differ), d.n, d.log, d.other FROM (SELECT) AS one"
	            " LEFT JOIN (SELECT * FROM differ ORDER BY n LIMIT %d) AS d ON true ORDER BY d.n", LK_DIFFERENCES_SHOWN);
}

static int compare_both(lk_pg *pg, const lk_cat_copy *served, const lk_cat_copy *rebuilt, lk_derived_comparison *out, lk_error *err) {
	lk_buf sql = LK_BUF_INIT;
	int rc = read_both(pg, served, rebuilt, &out->read, err);
	if (rc == LK_OK) {
		logs_sql(served, rebuilt, &out->read, &sql);
		rc = take_differences(pg, sql.data, out, err);
	}
	lk_buf_release(&sql);
	return rc;
}

int lk_compare_logs(lk_pg *pg, const lk_cat_copy *served, const lk_cat_copy *rebuilt, lk_derived_comparison *out, lk_error *err) {
	*out = (lk_derived_comparison){0};
	int rc = lk_pg_run(pg, err, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
	if (rc == LK_OK)
		rc = compare_both(pg, served, rebuilt, out, err);
	lk_pg_rollback(pg);
	return rc;
}

/* --- a log and its definition's text --- */

int lk_compare_derived(lk_pg *pg, const lk_cat_copy *copy, lk_derived_comparison *out, lk_error *err) {
	*out = (lk_derived_comparison){0};
	int rc = lk_pg_run(pg, err, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
	if (rc == LK_OK)
		rc = compare(pg, copy, out, err);
	lk_pg_rollback(pg);
	if (rc == LK_EVALUE && err)
		lk_hint(err, "lk gives NULL where PostgreSQL raises this, and names the events: `lk rejected %s`", copy->version->reads->stream->name);
	return rc;
}

void lk_derived_comparison_release(lk_derived_comparison *c) {
	for (int i = 0; i < c->nshown; i++) {
		free(c->shown[i].log);
		free(c->shown[i].sql);
	}
	*c = (lk_derived_comparison){0};
}
