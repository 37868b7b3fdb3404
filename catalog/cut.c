/* Cuts.
 *
 * The tail rows are locked in ascending order, as appends lock them, and the lock is kept until the cut is committed.
 * So every event at or after the cut is committed after the cut, and a fetch that reads such an event also reads the
 * cut (P5). The lock is FOR UPDATE and none weaker: it must wait for an append that is being committed.
 *
 *   open --publish--> published --the next publish--> released
 *     \--abandon--> abandoned
 *
 * State changes happen under the row's lock and only from the state named here, so two that compete cannot both win. */
#include "catalog/cut.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/tail_holder.h"
#include "core/fault.h"
#include "core/time.h"
#include "plan/watermark.h"

enum { CUT_WAIT_MS = 5000 };   /* for the end of the log */

static int take_parts(lk_cut *out, const PGresult *res, int id_column, lk_error *err) {
	out->partitions = PQntuples(res);
	if (!out->partitions || out->partitions > LK_MAX_PARTITIONS)
		return lk_fail(err, LK_EINTERNAL, "a cut of %d partitions", out->partitions);
	for (int i = 0; i < out->partitions; i++) {
		if (lk_pg_int(res, i, 0) != i)
			return lk_fail(err, LK_EINTERNAL, "partition %d is missing from lk.tail or a cut", i);
		out->off[i] = lk_pg_int(res, i, 1);
		out->last_at[i] = lk_pg_int_or(res, i, 2, LK_NEVER);
		out->high[i] = lk_pg_int_or(res, i, 3, LK_NEVER);
	}
	out->id = lk_pg_int(res, 0, id_column);
	return 0;
}

static const char make_sql[] =
	"WITH t AS (SELECT part, next_off, last_at, high FROM lk.tail WHERE stream_id = $1 ORDER BY part FOR UPDATE),"
	" c AS (INSERT INTO lk.cut (copy_id, purpose, state) VALUES ($2, $3, 'open') RETURNING cut_id),"
	" p AS (INSERT INTO lk.cut_part (cut_id, part, off, last_at, high) SELECT cut_id, part, next_off, last_at, high FROM t, c RETURNING *)"
	" SELECT part, off, " LK_SQL_US("last_at") ", " LK_SQL_US("high") ", cut_id FROM p ORDER BY part";

static int make(lk_pg *pg, const lk_cat_stream *s, int64_t copy_id, const char *purpose, lk_cut *out, lk_error *err) {
	char stream[24], copy[24];
	PGresult *res = NULL;
	lk_pg_number(stream, s->id);
	lk_pg_number(copy, copy_id);
	int rc = lk_pg_begin(pg, CUT_WAIT_MS, err);
	if (!rc)
		rc = lk_pg_exec(pg, &res, err, make_sql, 3, (const char *const[]){stream, copy, purpose});
	if (!rc)
		rc = take_parts(out, res, 4, err);
	if (!rc)
		rc = lk_pg_run(pg, err, "COMMIT");
	PQclear(res);
	if (!rc) {
		LK_CRASH_POINT("cut.made");
		return 0;
	}
	lk_pg_rollback(pg);
	return rc;
}

int lk_cut_make(lk_pg *pg, const lk_cat_stream *s, int64_t copy_id, const char *purpose, lk_cut *out, lk_error *err) {
	int rc;
	do
		rc = make(pg, s, copy_id, purpose, out, err);
	while (rc == LK_EBUSY && lk_tail_free(pg, err));
	return rc;
}

int lk_cut_abandon(lk_pg *pg, int64_t copy_id, const char *purpose, lk_error *err) {
	char copy[24];
	lk_pg_number(copy, copy_id);
	return lk_pg_exec(pg, NULL, err, "UPDATE lk.cut SET state = 'abandoned' WHERE copy_id = $1 AND purpose = $2 AND state = 'open'",
	                  2, (const char *const[]){copy, purpose});
}

int lk_cut_load(lk_pg *pg, int64_t cut_id, lk_cut *out, lk_error *err) {
	char id[24];
	PGresult *res;
	lk_pg_number(id, cut_id);
	int rc = lk_pg_exec(pg, &res, err, "SELECT part, off, " LK_SQL_US("last_at") ", " LK_SQL_US("high") ", cut_id"
	                    " FROM lk.cut_part WHERE cut_id = $1 ORDER BY part", 1, (const char *const[]){id});
	if (rc)
		return rc;
	rc = take_parts(out, res, 4, err);
	PQclear(res);
	return rc;
}

/* Runs an UPDATE that must change one row; another number is a conflict. */
static int change_one(lk_pg *pg, lk_error *err, const char *what, const char *sql, int nparams, const char *const *params) {
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, sql, nparams, params);
	if (rc)
		return rc;
	if (strcmp(PQcmdTuples(res), "1"))
		rc = lk_fail(err, LK_ECONFLICT, "cut %s: %s", params[0], what);
	PQclear(res);
	return rc;
}

int lk_cut_publish(lk_pg *pg, int64_t copy_id, const lk_cut *cut, const char *batch_table, lk_error *err) {
	char copy[24], id[24];
	PGresult *res = NULL;
	lk_pg_number(copy, copy_id);
	lk_pg_number(id, cut->id);
	int rc = change_one(pg, err, "it is no longer open", "UPDATE lk.cut SET state = 'published' WHERE cut_id = $1 AND copy_id = $2 AND state = 'open'",
	                    2, (const char *const[]){id, copy});
	if (rc || (rc = lk_pg_exec(pg, &res, err, "SELECT cut_id FROM lk.copy WHERE copy_id = $1 AND NOT dropped FOR UPDATE",
	                           1, (const char *const[]){copy})))
		return rc;
	if (!PQntuples(res)) {
		rc = lk_fail(err, LK_ECONFLICT, "copy %s was dropped", copy);
		goto done;
	}
	const char *former = PQgetisnull(res, 0, 0) ? NULL : PQgetvalue(res, 0, 0);
	rc = change_one(pg, err, "a later one is published",
		"UPDATE lk.copy SET cut_id = $1, batch_table = $3 WHERE copy_id = $2 AND NOT EXISTS (SELECT FROM lk.cut_part o"
		" LEFT JOIN lk.cut_part n ON n.cut_id = $1 AND n.part = o.part WHERE o.cut_id = $4 AND (n.off IS NULL OR n.off < o.off))",
		4, (const char *const[]){id, copy, batch_table, former});
	if (!rc && former)
		rc = lk_pg_exec(pg, NULL, err, "UPDATE lk.cut SET state = 'released' WHERE cut_id = $1 AND state = 'published'", 1, &former);
	LK_CRASH_POINT("publish.before_commit");
done:
	PQclear(res);
	return rc;
}

int64_t lk_cut_watermark(const lk_cut *cut, const lk_plan *p) {
	int64_t least = INT64_MAX;
	for (int i = 0; i < cut->partitions; i++) {
		int64_t watermark = lk_watermark_of_prefix(p, cut->high[i], cut->last_at[i]);
		least = watermark < least ? watermark : least;
	}
	return least;
}

const char lk_live_cuts_sql[] =
	"SELECT DISTINCT p.off FROM lk.cut k JOIN lk.copy c USING (copy_id) JOIN lk.version USING (version_id)"
	" JOIN lk.view w USING (view_id) JOIN lk.cut_part p ON p.cut_id = k.cut_id"
	" WHERE k.state IN ('open', 'published') AND (k.state = 'open' OR c.cut_id = k.cut_id) AND NOT c.dropped"
	" AND w.stream_id = $1::bigint AND p.part = $2::int AND p.off >= $3::bigint ORDER BY 1";

int lk_cut_live(lk_pg *pg, const lk_cat_stream *s, int part, int64_t from, int64_t **offs, int *n, lk_error *err) {
	char params[3][24];
	PGresult *res = NULL;
	lk_pg_number(params[0], s->id);
	lk_pg_number(params[1], part);
	lk_pg_number(params[2], from);
	int rc = lk_pg_exec(pg, &res, err, lk_live_cuts_sql, 3, (const char *const[]){params[0], params[1], params[2]});
	if (rc)
		return rc;
	*n = PQntuples(res);
	*offs = lk_calloc((size_t)*n, sizeof **offs);
	for (int i = 0; i < *n; i++)
		(*offs)[i] = lk_pg_int(res, i, 0);
	PQclear(res);
	return 0;
}
