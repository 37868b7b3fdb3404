/* Housekeeping: the tables that grow with time and use, and who needs which of their rows.
 *
 *   lk.rejected   only users read it: `lk rejected`, `lk status`. The stream keeps the number of removed lines.
 *   lk.late       an answer needs the number of rows in [cut, end); lk.late_block keeps the sums of whole blocks. A
 *                 comparison folds the rows again that the copy's answer does not count: for a lambda copy those above
 *                 its cut; for a kappa copy all rows, except those of panes that `retention` has removed (not for
 *                 sessions: a late event may join an expired session again). Only users read the other rows: `lk late`.
 *   lk.cut, _part all layers need a live cut; lk.replay needs a closed one (the end of a replay that is shown or
 *                 resumed), and so do the pointer of a copy and its row of lk.batch
 *   lk.batch      needed: the row of the pointer (`lk status`), the two newest (batch_layer/sweep.c), and the row of
 *                 the seal that made a table in use (batch_layer/seal.c)
 *   lk.copy       a dropped copy is not needed: a copy without a row counts as dropped, and its id is never used again.
 *                 Its units, cuts, batches, replay and blocks go with it.
 *   lk.version    needed by its copies, by `lk replay --version`, which can make one, and, if newest, by apply
 *   lk.source     one row per name, kept for ever: the source may be read again
 *
 * A statement is a transaction of at most 10,000 rows (100 copies or versions). If another process begins to need what
 * it removes (a replay of an old version, a batch of a copy that is dropped meanwhile), a foreign key makes the
 * statement fail, and the next round tries again. Rows of lk.late are removed below lk.unit.late_from, where triggers no
 * longer count. A unit has late rows only at offsets that it has passed, so all rows below late_from were counted, and a
 * worker that folds that part of the log again adds none (event_log/side_output.c). */
#include "catalog/housekeeping.h"

#include <string.h>

#include "catalog/copies.h"
#include "plan/watermark.h"

const lk_keep lk_keep_defaults = {.rejected = 100000, .late = 100000, .cuts = 100, .copies = 50, .versions = 50};

static const char rejected_sql[] =
	"WITH old AS MATERIALIZED (SELECT x.id FROM lk.stream s"
	"  CROSS JOIN LATERAL (SELECT at, ctid AS id FROM lk.rejected r WHERE r.stream_id = s.stream_id"
	"   ORDER BY at DESC, ctid DESC OFFSET $1 LIMIT 1) newest_old"
	"  CROSS JOIN LATERAL (SELECT r.ctid AS id FROM lk.rejected r WHERE r.stream_id = s.stream_id AND r.at <= newest_old.at"
	"   AND (r.at, r.ctid) <= (newest_old.at, newest_old.id) LIMIT 10000) x"
	"  LIMIT 10000),"
	" gone AS (DELETE FROM lk.rejected r USING old WHERE r.ctid = old.id RETURNING r.stream_id, r.version_id),"
	" counted AS (UPDATE lk.stream s SET rejected_removed = rejected_removed + g.n FROM"
	"  (SELECT stream_id, count(*) AS n FROM gone WHERE version_id IS NULL GROUP BY 1) g WHERE g.stream_id = s.stream_id)"
	" SELECT FROM gone";

/* The table of a seal is named after the cut that made it. */
static const char cuts_sql[] =
	"WITH old AS MATERIALIZED (SELECT k.cut_id FROM lk.copy c"
	"  CROSS JOIN LATERAL (SELECT cut_id FROM lk.cut k WHERE k.copy_id = c.copy_id AND k.state IN ('released', 'abandoned')"
	"   ORDER BY cut_id DESC OFFSET $1) k"
	"  WHERE k.cut_id IS DISTINCT FROM c.cut_id AND k.cut_id::text IS DISTINCT FROM substring(c.batch_table FROM '_([0-9]+)\"$')"
	"  AND NOT EXISTS (SELECT FROM lk.replay r WHERE r.cut_id = k.cut_id) LIMIT 10000),"
	" batches AS (DELETE FROM lk.batch x USING old WHERE x.cut_id = old.cut_id),"
	" parts AS (DELETE FROM lk.cut_part x USING old WHERE x.cut_id = old.cut_id)"
	" DELETE FROM lk.cut x USING old WHERE x.cut_id = old.cut_id";

static const char copies_sql[] =
	"WITH old AS MATERIALIZED (SELECT c.copy_id FROM lk.view w"
	"  CROSS JOIN LATERAL (SELECT c.copy_id FROM lk.version v JOIN lk.copy c USING (version_id)"
	"   WHERE v.view_id = w.view_id AND c.dropped ORDER BY c.copy_id DESC OFFSET $1) c"
	"  WHERE (SELECT l.off FROM lk.late l WHERE l.copy_id = c.copy_id LIMIT 1) IS NULL LIMIT 100),"
	" blocks AS (DELETE FROM lk.late_block x USING old WHERE x.copy_id = old.copy_id),"
	" replays AS (DELETE FROM lk.replay x USING old WHERE x.copy_id = old.copy_id),"
	" batches AS (DELETE FROM lk.batch x USING old WHERE x.copy_id = old.copy_id),"
	" parts AS (DELETE FROM lk.cut_part x USING lk.cut k, old WHERE k.copy_id = old.copy_id AND x.cut_id = k.cut_id),"
	" cuts AS (DELETE FROM lk.cut x USING old WHERE x.copy_id = old.copy_id),"
	" units AS (DELETE FROM lk.unit x USING old WHERE x.copy_id = old.copy_id)"
	" DELETE FROM lk.copy x USING old WHERE x.copy_id = old.copy_id";

static const char versions_sql[] =
	"WITH old AS MATERIALIZED (SELECT v.version_id FROM lk.view w"
	"  CROSS JOIN LATERAL (SELECT version_id FROM lk.version v WHERE v.view_id = w.view_id ORDER BY number DESC OFFSET $1) v"
	"  WHERE NOT EXISTS (SELECT FROM lk.copy c WHERE c.version_id = v.version_id) LIMIT 100),"
	" calendars AS (DELETE FROM lk.calendar x USING old WHERE x.version_id = old.version_id),"
	" marked AS (DELETE FROM lk.rejected x USING old WHERE x.version_id = old.version_id)"
	" DELETE FROM lk.version x USING old WHERE x.version_id = old.version_id";

/* Rows that are locked, or that have been needed since the statement looked, stay for the next time. */
static int left_to_the_next_time(int rc, const lk_error *e, lk_error *err) {
	if (rc == LK_OK || rc == LK_EBUSY || rc == LK_ECONFLICT)
		return LK_OK;
	if (err && err->code == LK_OK)
		*err = *e;
	return rc;
}

/* Runs the statement until it finds nothing more. */
static int remove_all(lk_pg *pg, const char *sql, int nparams, const char *const *params, lk_error *err) {
	lk_error e = {0};
	int64_t rows = 1;
	int rc = LK_OK;
	while (rc == LK_OK && rows > 0)
		rc = lk_pg_changed(pg, sql, nparams, params, &rows, &e);
	return left_to_the_next_time(rc, &e, err);
}

static int keep_newest(lk_pg *pg, const char *sql, int64_t n, lk_error *err) {
	char text[24];
	return remove_all(pg, sql, 1, (const char *const[]){lk_pg_number(text, n)}, err);
}

/* --- late events --- */

/* $1 copy, $2 partition, $3 how many are kept, $4 the first offset that is needed, $5 panes before it are expired and not
 * needed, or NULL. Whole blocks only: the rows of other blocks are counted. */
static const char late_from_sql[] =
	"WITH last AS (SELECT off FROM lk.late WHERE copy_id = $1::bigint AND part = $2::int ORDER BY off DESC OFFSET $3 LIMIT 1)"
	" UPDATE lk.unit u SET late_from = n.off FROM (SELECT least(off + 1, $4::bigint, CASE WHEN $5::bigint IS NULL THEN NULL ELSE"
	"  (SELECT min(l.off) FROM lk.late l WHERE copy_id = $1::bigint AND part = $2::int AND l.pane >= " LK_SQL_TIME("$5") ") END)"
	"  >> 16 << 16 AS off FROM last) n WHERE u.copy_id = $1::bigint AND u.part = $2::int AND u.late_from < n.off";
static const char late_sql[] =
	"DELETE FROM lk.late l USING (SELECT l.off FROM lk.late l WHERE copy_id = $1::bigint AND part = $2::int AND off <"
	"  (SELECT late_from FROM lk.unit u WHERE u.copy_id = $1::bigint AND u.part = $2::int) LIMIT 10000) old"
	" WHERE l.copy_id = $1::bigint AND l.part = $2::int AND l.off = old.off";

static int64_t first_kept(const lk_cat_copy *copy) {
	const lk_plan *p = copy->version->plan;
	return lk_first_kept(p, &p->window, lk_horizon(p, lk_watermark_of_frontier(p, &copy->cut)));
}

static int keep_late(lk_pg *pg, const lk_cat_copy *copy, int64_t n, lk_error *err) {
	const lk_plan *p = copy->version->plan;
	char id[24], part[24], kept[24], from[24], pane[24];
	int64_t first = copy->kappa ? first_kept(copy) : LK_TIME_MIN;
	int rc = LK_OK;
	if (p->allowed_lateness_us < 0 || !copy->cut_id || (copy->kappa && (p->window.kind == LK_W_SESSION || first < LK_TIME_MIN)))
		return LK_OK;
	for (int i = 0; rc == LK_OK && i < p->stream->partitions; i++) {
		const char *const params[] = {lk_pg_number(id, copy->id), lk_pg_number(part, i), lk_pg_number(kept, n),
		                              lk_pg_number(from, copy->cut.part[i].off), copy->kappa ? lk_pg_number(pane, first) : NULL};
		lk_error e = {0};
		rc = left_to_the_next_time(lk_pg_exec(pg, NULL, &e, late_from_sql, 5, params), &e, err);
		if (rc == LK_OK)
			rc = remove_all(pg, late_sql, 2, params, err);
	}
	return rc;
}

int lk_housekeep(lk_pg *pg, const lk_catalog *cat, const lk_keep *keep, lk_error *err) {
	int rc = lk_copies_sweep(pg, NULL, err);
	if (rc == LK_OK)
		rc = lk_pg_run(pg, err, "SET lock_timeout = '1s'");
	for (int i = 0; rc == LK_OK && i < cat->ncopies; i++)
		rc = keep_late(pg, &cat->copies[i], keep->late, err);
	if (rc == LK_OK)
		rc = keep_newest(pg, rejected_sql, keep->rejected, err);
	if (rc == LK_OK)
		rc = keep_newest(pg, cuts_sql, keep->cuts, err);
	if (rc == LK_OK)
		rc = keep_newest(pg, copies_sql, keep->copies, err);
	if (rc == LK_OK)
		rc = keep_newest(pg, versions_sql, keep->versions, err);
	lk_pg_run(pg, NULL, "SET lock_timeout = 0");
	return rc;
}
