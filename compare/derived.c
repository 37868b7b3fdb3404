#include "compare/derived.h"

#include <stdlib.h>

#include "catalog/log_sql.h"
#include "event_log/derived_log.h"

static int read_positions(lk_pg *pg, const lk_cat_copy *copy, lk_frontier *read, lk_error *err) {
	const lk_cat_stream *source = copy->version->view->stream;
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

/* One row for each difference: its number, both rows as text, and how many rows and differences there are. */
static void comparison_sql(const lk_cat_copy *copy, const lk_frontier *read, lk_buf *out) {
	const lk_stream *s = copy->log->stream;
	lk_buf bound = LK_BUF_INIT;
	lk_frontier_behind_sql(read, read->part[0].stream, "", &bound);
	lk_buf_adds(out, "WITH want AS MATERIALIZED (SELECT row_number() OVER () AS _n, w.* FROM (");
	lk_log_oracle_sql(copy->version->plan, bound.data, out);
	lk_buf_adds(out, ") AS w), got AS MATERIALIZED (SELECT row_number() OVER (ORDER BY part, off) AS _n, ");
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

static int compare(lk_pg *pg, const lk_cat_copy *copy, lk_derived_comparison *out, lk_error *err) {
	lk_buf sql = LK_BUF_INIT;
	PGresult *res = NULL;
	int rc = read_positions(pg, copy, &out->read, err);
	if (rc == LK_OK) {
		comparison_sql(copy, &out->read, &sql);
		rc = lk_pg_query(pg, &res, err, sql.data);
	}
	for (int i = 0; rc == LK_OK && i < PQntuples(res); i++) {
		out->rows = lk_pg_int(res, i, 0);
		out->differ = lk_pg_int(res, i, 1);
		if (!PQgetisnull(res, i, 2))
			out->shown[out->nshown++] = (struct lk_derived_difference){lk_pg_int(res, i, 2), text_at(res, i, 3), text_at(res, i, 4)};
	}
	PQclear(res);
	lk_buf_release(&sql);
	return rc;
}

int lk_compare_derived(lk_pg *pg, const lk_cat_copy *copy, lk_derived_comparison *out, lk_error *err) {
	*out = (lk_derived_comparison){0};
	int rc = lk_pg_run(pg, err, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
	if (rc == LK_OK)
		rc = compare(pg, copy, out, err);
	lk_pg_rollback(pg);
	if (rc == LK_EVALUE && err)
		lk_hint(err, "lk gives NULL where PostgreSQL raises this, and names the events: `lk rejected %s`", copy->version->view->stream->stream->name);
	return rc;
}

void lk_derived_comparison_release(lk_derived_comparison *c) {
	for (int i = 0; i < c->nshown; i++) {
		free(c->shown[i].log);
		free(c->shown[i].sql);
	}
	*c = (lk_derived_comparison){0};
}
