/* The batch by SQL: partials by pane and key over all events below the cut.
 *
 * The table is an ordinary, logged one: an unlogged table would be empty after a crash while the pointer to it stays.
 * CREATE TABLE AS rather than INSERT … SELECT, because PostgreSQL computes only the former in parallel.
 *
 * The number of events is checked against the cut: a hole in the log, or a server that has not yet replayed up to the
 * cut, must not silently make a short batch. A batch counts all events that it is about to read, also those below the
 * published cut: someone may have deleted events since. The published batch was computed while they existed, and stays.
 * A seal reads nothing from the log, and counts only the new events. */
#include "batch_layer/compute.h"
#include "batch_layer/expired.h"

#include <stdio.h>
#include <stdlib.h>

#include "catalog/log_sql.h"
#include "sql/sql.h"

static const lk_stream *stream_of(const lk_compute *c) { return c->copy->version->plan->stream; }

static void count_sql(const lk_compute *c, lk_buf *out) {
	for (int part = 0; part < c->cut->at.n; part++) {
		lk_buf_adds(out, part ? " UNION ALL SELECT " : "SELECT ");
		lk_buf_addf(out, "%d, count(*) FROM ", part);
		lk_log_leaf(stream_of(c), part, out);
		lk_log_between(part, c->from->part[part].off, c->cut->at.part[part].off, out);
	}
}

/* Names the first missing offsets of [from, cut). For messages only: it reads all events in order. */
static void first_hole(const lk_compute *c, int part, lk_buf *out) {
	lk_buf sql = LK_BUF_INIT;
	PGresult *res = NULL;
	int64_t from = c->from->part[part].off, to = c->cut->at.part[part].off;
	lk_buf_addf(&sql, "SELECT before + 1, off - 1 FROM (SELECT off, lag(off, 1, %lld::bigint) OVER (ORDER BY off) AS before FROM"
	            " (SELECT off FROM ", (long long)from - 1);
	lk_log_leaf(stream_of(c), part, &sql);
	lk_log_between(part, from, to, &sql);
	lk_buf_addf(&sql, " UNION ALL SELECT %lld) AS o) AS pairs WHERE off > before + 1 ORDER BY off LIMIT 1", (long long)to);
	int rc = lk_pg_query(c->pg, &res, NULL, sql.data);
	if (rc == LK_OK && PQntuples(res) == 1)
		lk_buf_addf(out, "; the first missing ones are %lld to %lld", (long long)lk_pg_int(res, 0, 0),
		            (long long)lk_pg_int(res, 0, 1));
	PQclear(res);
	lk_buf_release(&sql);
}

static int is_short(const lk_compute *c, int part, int64_t found, lk_error *err) {
	lk_buf hole = LK_BUF_INIT;
	long long from = (long long)c->from->part[part].off, to = (long long)c->cut->at.part[part].off;
	first_hole(c, part, &hole);
	lk_fail(err, LK_EGAP, "stream %s, partition %d holds %lld events in [%lld, %lld), not %lld%s", stream_of(c)->name, part,
	        (long long)found, from, to, to - from, hole.len ? hole.data : "");
	lk_hint(err, "the former batch stays published; restore the events from a backup: lk needs the whole log");
	lk_buf_release(&hole);
	return LK_EGAP;
}

int lk_compute_check(const lk_compute *c, int64_t *events, lk_error *err) {
	lk_buf sql = LK_BUF_INIT;
	PGresult *res = NULL;
	*events = 0;
	count_sql(c, &sql);
	int rc = lk_pg_exec(c->pg, &res, err, sql.data, 0, NULL);
	lk_buf_release(&sql);
	if (rc != LK_OK)
		return rc;
	for (int i = 0; i < PQntuples(res) && rc == LK_OK; i++) {
		int part = (int)lk_pg_int(res, i, 0);
		int64_t found = lk_pg_int(res, i, 1), wanted = c->cut->at.part[part].off - c->from->part[part].off;
		*events += found;
		if (found != wanted)
			rc = is_short(c, part, found, err);
	}
	PQclear(res);
	return rc;
}

int lk_compute_sql(lk_compute *c, lk_error *err) {
	lk_buf sql = LK_BUF_INIT, bound = LK_BUF_INIT;
	PGresult *res = NULL;
	lk_frontier_behind_sql(&c->cut->at, c->cut->at.part[0].stream, "", &bound);
	lk_expired_events_sql(c->copy->version->plan, c->cut, &bound);
	lk_buf_addf(&sql, "CREATE TABLE %s AS ", c->table);
	lk_log_batch_sql(c->copy->version->plan, bound.data, &sql);
	int rc = lk_pg_exec(c->pg, &res, err, sql.data, 0, NULL);
	if (rc == LK_OK) {
		c->cells = atoll(PQcmdTuples(res));
		PQclear(res);
	}
	lk_buf_release(&sql);
	lk_buf_release(&bound);
	return rc;
}

/* --- index ---
 *
 * Measured: without an index, reading one key takes 2.3 ms in 30,000 cells and 54 ms in 1,000,000; with a hash index,
 * which takes 30 ms and 1.5 s to make, 0.2 and 1 ms. A small table needs none. It is a hash index because a btree over the key itself
 * fails above 2,704 bytes. It is left out if a key is in very many rows: five keys in 1,000,000 rows took 43 s. */

#define INDEX_ABOVE_CELLS    5000
#define ROWS_A_KEY           2000
#define ROWS_OF_MOST_COMMON 10000

static int key_is_selective(const lk_compute *c, bool *selective, lk_error *err) {
	char cells[24];
	PGresult *res = NULL;
	snprintf(cells, sizeof cells, "%lld", (long long)c->cells);
	int rc = lk_pg_runf(c->pg, err, "ANALYZE %s (_k0)", c->table);
	if (rc == LK_OK)
		rc = lk_pg_exec(c->pg, &res, err,
			"SELECT CASE WHEN n_distinct < 0 THEN -1 / n_distinct ELSE $1::float8 / greatest(n_distinct, 1) END,"
			" coalesce(most_common_freqs[1] * $1::float8, 0) FROM pg_stats"
			" WHERE quote_ident(schemaname) || '.' || quote_ident(tablename) = replace($2, '\"', '') AND attname = '_k0'",
			2, (const char *const[]){cells, c->table});
	if (rc != LK_OK)
		return rc;
	*selective = PQntuples(res) == 1 && atof(PQgetvalue(res, 0, 0)) <= ROWS_A_KEY
	             && atof(PQgetvalue(res, 0, 1)) <= ROWS_OF_MOST_COMMON;
	PQclear(res);
	return LK_OK;
}

int lk_compute_index(const lk_compute *c, lk_error *err) {
	bool selective = false;
	int rc = LK_OK;
	if (c->cells > INDEX_ABOVE_CELLS && c->copy->version->plan->nkeys > 0)
		rc = key_is_selective(c, &selective, err);
	if (rc == LK_OK && selective)
		rc = lk_pg_runf(c->pg, err, "CREATE INDEX ON %s USING hash (_k0)", c->table);
	return rc;
}
