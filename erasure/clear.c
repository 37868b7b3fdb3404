/* What is left when every copy is newer than the erasure: cells in Redis below the cuts, tables of former batches, the
 * old versions of rows.
 *
 * A segment below a cut belongs to the owner of its unit (P2). Where a process drives the unit, its sweep drops the
 * segment soon; where none does, this thread takes the unit for a moment and sweeps. */
#include <stdlib.h>
#include <time.h>

#include "batch_layer/batch.h"
#include "catalog/log_sql.h"
#include "core/fault.h"
#include "core/flag.h"
#include "core/time.h"
#include "erasure/private.h"
#include "replay/driver.h"

enum { SWEEP_WAIT_MS = 30000, SWEEP_EVERY_US = 20000 };

/* --- cells --- */

static int count_below(lk_erase_run *r, const lk_cat_copy *c, int *segments, lk_error *err) {
	int rc = LK_OK;
	*segments = 0;
	for (int p = 0; p < r->stream->stream->partitions && rc >= 0; p++) {
		lk_unit_state st = {0};
		rc = lk_store_read_unit(r->store, c->units[p], NULL, &st, NULL, err);
		for (int i = 0; i < st.nsegments; i++)
			*segments += st.segments[i].from < c->cut.part[p].off;
		lk_unit_state_release(&st);
	}
	return rc < 0 ? rc : LK_OK;
}

static int sweep_until(lk_erase_run *r, const lk_cat_copy *c, lk_driver *d, lk_error *err) {
	int64_t until_us = lk_monotonic_us() + INT64_C(1000) * LK_HURRIED(SWEEP_WAIT_MS), folded;
	int segments = 0, rc = LK_OK;
	while (rc == LK_OK && !lk_flag_is_set(r->o->watch.stop)) {
		rc = count_below(r, c, &segments, err);
		if (rc == LK_OK && !segments)
			return LK_OK;
		if (rc == LK_OK && lk_monotonic_us() > until_us)
			break;
		if (rc == LK_OK)
			rc = lk_driver_pass(d, &c->cut, &folded, err);
		nanosleep(&(struct timespec){.tv_nsec = SWEEP_EVERY_US * 1000}, NULL);
	}
	return rc != LK_OK ? rc : lk_fail(err, LK_EBUSY, "Redis still holds %d segment%s of view %s below its batch", segments,
	                                  segments == 1 ? "" : "s", c->version->view->name);
}

static int sweep_cells(lk_erase_run *r, const lk_cat_copy *c, lk_error *err) {
	const lk_run_to_options at = {.postgres = r->o->postgres, .redis = r->o->redis, .watch = &r->o->watch};
	lk_driver d;
	int segments, rc = count_below(r, c, &segments, err);
	if (rc != LK_OK || !segments)
		return rc;
	rc = lk_driver_open(&d, &at, r->catalog->log_id, c, &lk_stream_defaults, err);
	if (rc == LK_OK)
		rc = sweep_until(r, c, &d, err);
	lk_driver_close(&d);
	return rc;
}

/* --- tables --- */

/* Tables of cuts that were made before the erasure could be seen. */
static const char old_tables[] =
	"SELECT count(*), min(t.relname) FROM pg_class t"
	" LEFT JOIN lk.copy c ON c.copy_id = substring(t.relname from '^batch_([0-9]+)_')::bigint"
	" LEFT JOIN lk.version USING (version_id) LEFT JOIN lk.view w USING (view_id)"
	" WHERE t.relnamespace = 'lk'::regnamespace AND t.relkind = 'r' AND t.relname ~ '^batch_[0-9]+_[0-9]+$'"
	" AND coalesce(w.stream_id, $1::bigint) = $1::bigint AND substring(t.relname from '[0-9]+$')::bigint <= $2::bigint";

static int check_tables(lk_erase_run *r, lk_error *err) {
	char stream[24], seen[24];
	PGresult *res;
	int rc = lk_pg_exec(r->pg, &res, err, old_tables, 2,
	                    (const char *const[]){lk_pg_number(stream, r->stream->id), lk_pg_number(seen, r->seen_from)});
	if (rc != LK_OK)
		return rc;
	if (lk_pg_int(res, 0, 0))
		rc = lk_fail(err, LK_EBUSY, "a reader still has table lk.%s of a former batch open", PQgetvalue(res, 0, 1));
	PQclear(res);
	return rc;
}

/* --- PostgreSQL's old row versions --- */

/* A vacuum runs in no transaction. What it may not remove yet, since an old snapshot sees it, autovacuum will. */
static int vacuum(lk_erase_run *r, lk_error *err) {
	int rc = LK_OK;
	for (int p = 0; p < r->stream->stream->partitions && rc == LK_OK; p++) {
		lk_buf leaf = LK_BUF_INIT;
		lk_log_leaf(r->stream->stream, p, &leaf);
		rc = lk_pg_runf(r->pg, err, "VACUUM (ANALYZE) %s", leaf.data);
		lk_buf_release(&leaf);
	}
	if (rc == LK_OK)
		rc = lk_pg_run(r->pg, err, "VACUUM (ANALYZE) lk.rejected");
	return rc == LK_OK ? lk_pg_run(r->pg, err, "VACUUM (ANALYZE) lk.source") : rc;
}

/* A worker may have recorded an event that it had read before. */
static int erase_marks(lk_erase_run *r, lk_error *err) {
	return lk_pg_runf(r->pg, err, "UPDATE lk.rejected j SET reason = 'it could not be evaluated; it was erased since'"
	                  " FROM lk.erased e JOIN lk.erasure a USING (erasure_id)"
	                  " WHERE a.stream_id = %lld AND a.done_at IS NULL AND j.stream_id = a.stream_id AND j.part = e.part"
	                  " AND j.off = e.off", (long long)r->stream->id);
}

int lk_erase_clear(lk_erase_run *r, lk_error *err) {
	int rc = lk_store_sweep(r->store, lk_unit_is_live, r->pg, err);
	if (rc == LK_OK)
		rc = lk_copies_sweep(r->pg, NULL, err);
	for (int i = 0; i < r->catalog->ncopies && rc == LK_OK; i++) {
		const lk_cat_copy *c = &r->catalog->copies[i];
		if (c->version->reads != r->stream || c->id != c->version->view->served_copy)
			continue;
		if (c->kappa) {
			rc = lk_erase_settle(r, c, err);
			continue;
		}
		rc = sweep_cells(r, c, err);
		if (rc == LK_OK)
			rc = lk_batch_sweep_former(r->pg, c, err);
	}
	if (rc == LK_OK)
		rc = check_tables(r, err);
	if (rc == LK_OK)
		rc = erase_marks(r, err);
	if (rc == LK_OK)
		rc = vacuum(r, err);
	return rc == LK_OK ? lk_store_rewrite(r->store, err) : rc;
}
