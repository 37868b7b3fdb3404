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

enum { CUT_WAIT_MS = 5000 };   /* for the end of the log */

/* Columns: part, off, last_at, high, stream_id; rows by stream and partition. */
static int take_parts(lk_frontier *out, const PGresult *res, lk_error *err) {
	*out = (lk_frontier){.n = PQntuples(res)};
	if (!out->n || out->n > LK_FRONTIER_PARTS)
		return lk_fail(err, LK_EINTERNAL, "a cut of %d partitions", out->n);
	for (int i = 0; i < out->n; i++) {
		lk_frontier_part *p = &out->part[i];
		*p = (lk_frontier_part){.part = (int)lk_pg_int(res, i, 0), .off = lk_pg_int(res, i, 1),
		                        .last_at = lk_pg_int_or(res, i, 2, LK_NEVER), .high = lk_pg_int_or(res, i, 3, LK_NEVER),
		                        .stream = lk_pg_int(res, i, 4)};
		if (p->part != (i && p[-1].stream == p->stream ? p[-1].part + 1 : 0))
			return lk_fail(err, LK_EINTERNAL, "a partition before %d is missing from lk.tail or a cut", p->part);
	}
	return 0;
}

static const char make_sql[] =
	"WITH t AS (SELECT stream_id, part, next_off, last_at, high FROM lk.tail WHERE stream_id = $1 ORDER BY part FOR UPDATE),"
	" c AS (INSERT INTO lk.cut (copy_id, purpose, state) VALUES ($2, $3, 'open') RETURNING cut_id),"
	" p AS (INSERT INTO lk.cut_part (cut_id, stream_id, part, off, last_at, high)"
	"  SELECT cut_id, stream_id, part, next_off, last_at, high FROM t, c RETURNING *)"
	" SELECT part, off, " LK_SQL_US("last_at") ", " LK_SQL_US("high") ", stream_id, cut_id FROM p ORDER BY part";

static int make(lk_pg *pg, const lk_cut_for *f, lk_cut *out, lk_error *err) {
	char stream[24], copy[24];
	PGresult *res = NULL;
	lk_pg_number(stream, f->stream->id);
	lk_pg_number(copy, f->copy_id);
	int rc = lk_pg_begin(pg, CUT_WAIT_MS, err);
	if (!rc)
		rc = lk_pg_exec(pg, &res, err, make_sql, 3, (const char *const[]){stream, copy, f->purpose});
	if (!rc)
		rc = take_parts(&out->at, res, err);
	if (!rc)
		out->id = lk_pg_int(res, 0, 5);
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

int lk_cut_make(lk_pg *pg, const lk_cut_for *f, lk_cut *out, lk_error *err) {
	int rc;
	do
		rc = make(pg, f, out, err);
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
	int rc = lk_pg_exec(pg, &res, err, "SELECT part, off, " LK_SQL_US("last_at") ", " LK_SQL_US("high") ", stream_id"
	                    " FROM lk.cut_part WHERE cut_id = $1 ORDER BY stream_id, part", 1, (const char *const[]){id});
	if (rc)
		return rc;
	out->id = cut_id;
	rc = take_parts(&out->at, res, err);
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
		" LEFT JOIN lk.cut_part n ON n.cut_id = $1 AND n.stream_id = o.stream_id AND n.part = o.part WHERE o.cut_id = $4 AND (n.off IS NULL OR n.off < o.off))",
		4, (const char *const[]){id, copy, batch_table, former});
	if (!rc && former)
		rc = lk_pg_exec(pg, NULL, err, "UPDATE lk.cut SET state = 'released' WHERE cut_id = $1 AND state = 'published'", 1, &former);
	LK_CRASH_POINT("publish.before_commit");
done:
	PQclear(res);
	return rc;
}

const char lk_live_cuts_sql[] =
	"SELECT DISTINCT p.off FROM lk.cut k JOIN lk.copy c USING (copy_id) JOIN lk.cut_part p ON p.cut_id = k.cut_id"
	" WHERE k.state IN ('open', 'published') AND (k.state = 'open' OR c.cut_id = k.cut_id) AND NOT c.dropped"
	" AND p.stream_id = $1::bigint AND p.part = $2::int AND p.off >= $3::bigint ORDER BY 1";

int lk_cut_live(lk_pg *pg, const lk_frontier_part *from, lk_cut_offsets *out, lk_error *err) {
	char stream[24], part[24], off[24];
	PGresult *res = NULL;
	const char *const params[] = {lk_pg_number(stream, from->stream), lk_pg_number(part, from->part), lk_pg_number(off, from->off)};
	int rc = lk_pg_exec(pg, &res, err, lk_live_cuts_sql, 3, params);
	if (rc)
		return rc;
	out->n = PQntuples(res);
	out->off = lk_calloc((size_t)out->n, sizeof *out->off);
	for (int i = 0; i < out->n; i++)
		out->off[i] = lk_pg_int(res, i, 0);
	PQclear(res);
	return 0;
}
