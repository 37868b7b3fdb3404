/* One position for several copies of a view.
 *
 * An answer for a prefix exists only if segments end at it, no batch reaches beyond it, and every unit has passed it.
 * So first the batch locks of the copies are taken (a running batch or seal is waited for, and no other can start);
 * then the cut is made, at which the segments of all units of the stream will close; then the units are brought to it.
 * From then on each of the copies answers for the cut, however far it goes on. */
#include "compare/barrier.h"

#include <stdlib.h>
#include <time.h>

#include "catalog/overview.h"
#include "core/time.h"

enum { LOCK_POLL_US = 50000, NOTICE_AFTER_US = 1000000 };

static const char purpose[] = "compare";

static void tell_waiting(const lk_replay_watch *w, const lk_cat_copy *copy) {
	lk_error e = {0};
	lk_fail(&e, LK_EBUSY, "waiting for the running %s of view %s", copy->kappa ? "seal" : "batch",
	        copy->version->view->name);
	if (w->notice)
		w->notice(w->ctx, &e);
}

static int lock_batches(lk_barrier *m, int i, const lk_replay_watch *watch, lk_error *err) {
	int64_t began = lk_monotonic_us();
	bool told = false;
	int rc;
	while ((rc = lk_pg_try_lock(m->pg, m->copies[i]->id, err)) == LK_EBUSY) {
		if (lk_watch_stopped(watch))
			return lk_stopped(err);
		if (!told && lk_monotonic_us() - began > NOTICE_AFTER_US) {
			tell_waiting(watch, m->copies[i]);
			told = true;
		}
		nanosleep(&(struct timespec){.tv_nsec = LOCK_POLL_US * 1000}, NULL);
	}
	m->locked[i] = rc == LK_OK;
	return rc;
}

/* A killed comparison left its cut open; its process is gone, since the caller holds the view's lock. */
static int make_cut(lk_barrier *m, lk_error *err) {
	int rc = LK_OK;
	for (int i = 0; rc == LK_OK && i < m->n; i++)
		rc = lk_cut_abandon(m->pg, m->copies[i]->id, purpose, err);
	if (rc == LK_OK)
		rc = lk_cut_make(m->pg, &(lk_cut_for){m->copies[0]->version->reads, m->copies[0]->id, purpose}, &m->cut, err);
	return rc;
}

static bool all_there(const lk_barrier *m, const lk_unit_state *units) {
	for (int p = 0; p < m->cut.at.n; p++)
		if (units[p].at.cursor < m->cut.at.part[p].off)
			return false;
	return true;
}

/* True if all units of the copy are at the cut or beyond: then they need not be driven. */
static int has_passed(lk_barrier *m, lk_store *store, const lk_cat_copy *copy, bool *passed, lk_error *err) {
	lk_unit_state *units = lk_calloc(LK_MAX_PARTITIONS, sizeof *units);
	int rc = LK_OK;
	for (int p = 0; rc >= 0 && p < m->cut.at.n; p++)
		rc = lk_store_read_unit(store, copy->units[p], NULL, &units[p], NULL, err);
	*passed = all_there(m, units);
	for (int p = 0; p < m->cut.at.n; p++)
		lk_unit_state_release(&units[p]);
	free(units);
	return rc < 0 ? rc : LK_OK;
}

static int bring_all(lk_barrier *m, const lk_run_to_options *o, lk_error *err) {
	char log_id[33];
	lk_store *store = NULL;
	int rc = lk_catalog_id(m->pg, log_id, err);
	if (rc == LK_OK)
		rc = lk_store_open(&store, o->redis, log_id, err);
	for (int i = 0; rc == LK_OK && i < m->n; i++) {
		bool passed;
		rc = has_passed(m, store, m->copies[i], &passed, err);
		if (rc == LK_OK && !passed)
			rc = lk_run_to(o, m->copies[i], &m->cut.at, "catching up", NULL, err);
	}
	lk_store_close(store);
	return rc;
}

int lk_barrier_open(lk_barrier *m, lk_pg *pg, const lk_cat_copy *const *copies, int n, const lk_run_to_options *o, lk_error *err) {
	*m = (lk_barrier){.pg = pg, .n = n};
	int rc = LK_OK;
	for (int i = 0; i < n; i++)
		m->copies[i] = copies[i];
	for (int i = 0; rc == LK_OK && i < n; i++)
		rc = lock_batches(m, i, o->watch, err);
	if (rc == LK_OK)
		rc = make_cut(m, err);
	if (rc == LK_OK)
		rc = bring_all(m, o, err);
	return rc;
}

int lk_barrier_abandon(lk_pg *pg, int64_t copy_id, lk_error *err) { return lk_cut_abandon(pg, copy_id, purpose, err); }

void lk_barrier_close(lk_barrier *m) {
	if (m->cut.id)
		lk_cut_abandon(m->pg, m->copies[0]->id, purpose, NULL);
	for (int i = 0; i < m->n; i++)
		if (m->locked[i])
			lk_pg_unlock(m->pg, m->copies[i]->id, NULL);
	*m = (lk_barrier){0};
}
