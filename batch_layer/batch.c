/* One batch: cut, compute, publish.
 *
 *   the copy's session lock ── held throughout; the statements run on the session that holds it, so a batch whose
 *   │                          session was killed cannot publish, and a new one may abandon every open cut
 *   ├─ transaction 1: the cut       (catalog/cut.c) open; an event at or after it commits after the cut row
 *   └─ transaction 2: READ COMMITTED
 *        check the count, compute into a table whose name is used once,
 *        lock the view's row, cut open -> published, pointer forward by compare-and-set, lk.batch,
 *        a newer version into service
 *
 * READ COMMITTED is enough, because everything computed lies below the cut: it was committed before the cut row and
 * never changes, whatever the snapshot. It is also necessary, because publishing must see the current pointer, not the
 * one at the start of a long computation. A batch that is killed leaves only an open cut, which the next one abandons.
 *
 * A batch brings a version into service once: if readers get an older version in lambda mode, and no copy of this
 * version was ever served. A version that readers were moved away from does not come back by itself. */
#include "batch_layer/batch.h"

#include <stdio.h>
#include <stdlib.h>

#include "batch_layer/compute.h"
#include "batch_layer/expired.h"
#include "batch_layer/publish.h"
#include "catalog/copies.h"
#include "catalog/log_sql.h"
#include "catalog/tail.h"
#include "core/fault.h"
#include "core/time.h"
#include "event_log/scan.h"

typedef struct batch {
	lk_pg *pg;
	const lk_cat_copy *copy;
	const lk_cat_stream *stream;
	const lk_frontier *at;     /* of the cut; NULL: the log's end */
	bool again;                /* also if nothing is new */
	lk_cut cut;
	lk_compute compute;
	char *table;
	bool folded;
	lk_published published;
	int64_t started_us;
} batch;

static const char *view_name(const batch *b) { return b->copy->version->view->name; }

static int is_nothing_new(batch *b, bool *nothing, lk_error *err) {
	lk_frontier tail;
	*nothing = false;
	if (!b->published.cut_id || b->again)
		return LK_OK;
	int rc = b->at ? LK_OK : lk_log_tail(b->pg, b->stream, &tail, err);
	*nothing = rc == LK_OK && lk_frontier_reaches(&b->published.cut, b->at ? b->at : &tail);
	return rc;
}

static int compute(batch *b, int64_t *events, lk_error *err) {
	const lk_cat_version *v = b->copy->version;
	lk_error e = {0};
	int rc = lk_publish_begin(b->pg, err);
	if (rc == LK_OK)
		rc = lk_compute_check(&b->compute, events, err);
	if (rc != LK_OK)
		return rc;
	b->folded = v->fold_only || v->plan->fold_only;
	rc = b->folded ? lk_compute_fold(&b->compute, &e) : lk_compute_sql(&b->compute, &e);
	if (rc == LK_EVALUE && !b->folded) {
		b->folded = true;
		lk_error_clear(&e);
		lk_pg_rollback(b->pg);
		rc = lk_publish_begin(b->pg, &e);
		if (rc == LK_OK)
			rc = lk_compute_fold(&b->compute, &e);
		if (rc == LK_OK)
			rc = lk_pg_runf(b->pg, &e, "UPDATE lk.version SET fold_only = true WHERE version_id = %lld", (long long)v->id);
	}
	if (rc == LK_OK && v->plan->window.kind == LK_W_SESSION)
		rc = lk_expired_delete(b->pg, v->plan, &b->cut, b->table, &e);
	if (rc == LK_OK)
		rc = lk_compute_index(&b->compute, &e);
	if (rc != LK_OK && err)
		*err = e;
	return rc;
}

static int record(batch *b, const lk_batch_report *out, lk_error *err) {
	return lk_publish_record(b->pg, &(lk_published_row){b->copy->id, b->cut.id, b->table, b->folded ? "fold" : "sql",
	                         out->events, out->cells, b->started_us}, err);
}

/* Is this copy the next to be served, and in place of which one? A separate statement after the lock, so that it sees
 * what the former holder has committed. */
static int is_next(batch *b, bool *next, int64_t *served, lk_error *err) {
	char copy[24];
	PGresult *res = NULL;
	int rc = lk_pg_exec(b->pg, &res, err,
		"SELECT w.served_copy FROM lk.copy c JOIN lk.version v USING (version_id) JOIN lk.view w USING (view_id)"
		" LEFT JOIN lk.copy sc ON sc.copy_id = w.served_copy LEFT JOIN lk.version sv ON sv.version_id = sc.version_id"
		" WHERE c.copy_id = $1::bigint AND c.state = 'live'"
		" AND NOT v.was_served"
		" AND (w.served_copy IS NULL OR sc.mode = 'lambda' AND sv.number < v.number)",
		1, (const char *const[]){lk_pg_number(copy, b->copy->id)});
	if (rc != LK_OK)
		return rc;
	*next = PQntuples(res) == 1;
	*served = *next ? lk_pg_int(res, 0, 0) : 0;
	PQclear(res);
	return LK_OK;
}

static int bring_into_service(batch *b, int *switched_to, lk_error *err) {
	bool next;
	int64_t served, retired;
	int rc = is_next(b, &next, &served, err);
	if (rc != LK_OK || !next)
		return rc;
	rc = lk_copy_serve(b->pg, b->copy->version->view->id, served, b->copy->id, &retired, err);
	if (rc == LK_OK)
		*switched_to = b->copy->version->number;
	return rc;
}

static int publish(batch *b, lk_batch_report *out, lk_error *err) {
	int rc = lk_publish_lock_view(b->pg, b->copy, err);
	if (rc == LK_OK)
		rc = lk_cut_publish(b->pg, b->copy->id, &b->cut, b->table, err);
	if (rc == LK_OK)
		rc = record(b, out, err);
	if (rc == LK_OK)
		rc = bring_into_service(b, &out->switched_to, err);
	LK_CRASH_POINT("batch.computed");
	if (rc == LK_OK)
		rc = lk_pg_run(b->pg, err, "COMMIT");
	LK_CRASH_POINT("batch.published");
	return rc;
}

/* If a cut in the past lies below the published one, the batch would be useless: fail before computing it. */
static int check_not_behind(const batch *b, lk_error *err) {
	if (!b->at || lk_frontier_reaches(b->at, &b->published.cut))
		return LK_OK;
	return lk_fail(err, LK_ECONFLICT, "a later batch of view %s is already published", view_name(b));
}

static int cut_and_compute(batch *b, lk_batch_report *out, lk_error *err) {
	const lk_cut_for f = {b->stream, b->copy->id, "batch"};
	const lk_frontier whole_log = lk_frontier_start(b->stream->id, b->stream->stream->partitions);
	int rc = b->at ? lk_cut_make_at(b->pg, &f, b->at, &b->cut, err) : lk_cut_make(b->pg, &f, &b->cut, err);
	if (rc != LK_OK)
		return rc;
	LK_CRASH_POINT("batch.cut");
	out->cut_id = b->cut.id;
	b->table = lk_batch_table_name(b->copy, &b->cut);
	b->compute = (lk_compute){.pg = b->pg, .copy = b->copy, .cut = &b->cut, .from = &whole_log, .table = b->table};
	int64_t counted = 0;
	rc = compute(b, &counted, err);
	out->events = lk_frontier_events(&b->cut.at);
	out->cells = b->compute.cells;
	out->folded = b->folded;
	return rc == LK_OK ? publish(b, out, err) : rc;
}

static int locked(batch *b, lk_batch_report *out, lk_error *err) {
	int rc = lk_cut_abandon(b->pg, b->copy->id, "batch", err);
	if (rc == LK_OK)
		rc = lk_published_read(b->pg, b->copy, &b->published, err);
	if (rc == LK_OK)
		rc = check_not_behind(b, err);
	if (rc == LK_OK)
		rc = is_nothing_new(b, &out->nothing_new, err);
	if (rc != LK_OK || out->nothing_new)
		return rc;
	rc = cut_and_compute(b, out, err);
	if (rc == LK_OK)
		return lk_batch_sweep(b->pg, b->copy, NULL) == LK_EUNREACHABLE
		       ? lk_fail(err, LK_EUNREACHABLE, "the batch was published, then PostgreSQL went away") : LK_OK;
	lk_pg_rollback(b->pg);
	lk_cut_abandon(b->pg, b->copy->id, "batch", NULL);
	return rc;
}

/* If the client is gone the server should stop computing. Not every operating system can tell it; there it goes on. */
static void notice_a_dead_client(lk_pg *pg) { lk_pg_run(pg, NULL, "SET client_connection_check_interval = '1s'"); }

static int run(batch *b, lk_batch_report *out, lk_error *err) {
	int64_t id = b->copy->id;
	lk_error e = {0};
	*out = (lk_batch_report){.copy_id = id};
	if (b->copy->kappa)
		return lk_fail(err, LK_EUSAGE, "view %s is in kappa mode: this copy has no batch", view_name(b));
	int rc = lk_pg_try_lock(b->pg, id, err);
	if (rc == LK_EBUSY)
		return lk_fail(err, LK_EBUSY, "another batch of view %s, or a comparison, is running", view_name(b));
	if (rc != LK_OK)
		return rc;
	notice_a_dead_client(b->pg);
	rc = locked(b, out, &e);
	if (rc != LK_OK)
		rc = lk_log_failed(b->stream->stream, rc, &e, err);
	lk_pg_unlock(b->pg, id, NULL);
	out->seconds = (double)(lk_monotonic_us() - b->started_us) / 1e6;
	lk_published_release(&b->published);
	free(b->table);
	return rc;
}

int lk_batch_run(lk_pg *pg, const lk_cat_copy *copy, lk_batch_report *out, lk_error *err) {
	batch b = {.pg = pg, .copy = copy, .stream = copy->version->reads, .started_us = lk_monotonic_us()};
	return run(&b, out, err);
}

int lk_batch_run_again(lk_pg *pg, const lk_cat_copy *copy, lk_batch_report *out, lk_error *err) {
	batch b = {.pg = pg, .copy = copy, .stream = copy->version->reads, .again = true, .started_us = lk_monotonic_us()};
	return run(&b, out, err);
}

int lk_batch_run_at(lk_pg *pg, const lk_cat_copy *copy, const lk_frontier *at, lk_batch_report *out, lk_error *err) {
	batch b = {.pg = pg, .copy = copy, .stream = copy->version->reads, .at = at, .started_us = lk_monotonic_us()};
	return run(&b, out, err);
}
