/* Attempts: what a run does about lost servers, and what every attempt begins and ends with.
 *
 * The view's lock belongs to a session. If the session is lost, the server may take a while to notice, and keeps the
 * lock until then. So a later attempt of the same run waits longer for it than a first one, which should learn at once
 * that another replay is running. */
#include "replay/private.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/time.h"
#include "event_log/derived_log.h"

#define BACKOFF_LEAST_US   50000
#define BACKOFF_MOST_US  2000000
#define OWN_LOCK_US     45000000   /* until the server notices that a lost session is gone */
#define KILLED_LOCK_US    500000   /* the same for a process killed a moment ago on this machine */
#define LOCK_EVERY_US      20000
#define PARTIAL_TRIES          5

static void rest(const lk_replay *r, int64_t us) {
	int64_t left, until = lk_monotonic_us() + us;
	while (!lk_replay_stopped(r) && (left = until - lk_monotonic_us()) > 0) {
		int64_t slice = left < 50000 ? left : 50000;
		nanosleep(&(struct timespec){.tv_nsec = slice * 1000}, NULL);
	}
}

static void disconnect(lk_replay *r) {
	r->copy = NULL;
	r->view = NULL;
	r->end = (lk_cut){0};
	lk_catalog_release(r->catalog);
	r->catalog = NULL;
	lk_store_close(r->store);
	r->store = NULL;
	lk_pg_close(&r->pg);
}

int lk_replay_attempts(lk_replay *r, int (*attempt)(lk_replay *r, lk_error *err), lk_error *err) {
	int64_t backoff_us = BACKOFF_LEAST_US;
	for (int partial = 0;;) {
		lk_error e = {0};
		int rc = attempt(r, &e);
		disconnect(r);
		bool again = rc == LK_EUNREACHABLE || (rc == LK_EPARTIAL && partial++ < PARTIAL_TRIES);
		if (again && r->connected && lk_replay_stopped(r)) {
			r->report.stopped = true;
			return LK_OK;
		}
		if (!again || !r->connected) {
			if (rc != LK_OK && err)
				*err = e;
			return rc;
		}
		if (r->o->watch.notice)
			r->o->watch.notice(r->o->watch.ctx, &e);
		rest(r, backoff_us);
		backoff_us = backoff_us * 2 < BACKOFF_MOST_US ? backoff_us * 2 : BACKOFF_MOST_US;
	}
}

/* --- the current state --- */

/* Of the copy that the run works on; before there is one, that which the options name. */
static int find_view(lk_replay *r, lk_error *err) {
	const lk_cat_copy *copy = r->copy_id ? lk_catalog_copy(r->catalog, r->copy_id) : NULL;
	if (copy)
		r->view = copy->version->view;
	if (copy)
		return LK_OK;
	return (r->derived ? lk_catalog_need_definition : lk_catalog_need_view)(r->catalog, r->o->view, &r->view, err);
}

static int load(lk_replay *r, lk_error *err) {
	r->copy = NULL;
	r->view = NULL;
	lk_catalog_release(r->catalog);
	r->catalog = NULL;
	int rc = lk_catalog_load(&r->pg, &r->catalog, err);
	if (rc == LK_OK)
		rc = find_view(r, err);
	if (rc != LK_OK)
		return rc;
	if (r->log_id[0] && strcmp(r->log_id, r->catalog->log_id) != 0)
		return lk_fail(err, LK_ECONFLICT, "the log was replaced by another one");
	memcpy(r->log_id, r->catalog->log_id, sizeof r->log_id);
	return LK_OK;
}

/* The copy served when the run began may have changed: a batch brought a newer version into service, or this run's own
 * switch was committed without the run learning it. */
static int find_copy(lk_replay *r, lk_error *err) {
	if (r->copy_id && !(r->copy = lk_catalog_copy(r->catalog, r->copy_id))) {
		lk_fail(err, LK_ECONFLICT, "copy %lld of view %s was dropped while it was replayed", (long long)r->copy_id,
		        r->o->view);
		lk_hint(err, "run it again: it will make another copy");
		return LK_ECONFLICT;
	}
	if (r->copy && ((r->unserved && r->view->served_copy == r->copy_id) || (r->unheard && r->copy->was_served))) {
		r->report.switched = true;
		return LK_OK;
	}
	if (r->from_copy != r->view->served_copy)
		r->verified = false;
	r->from_copy = r->view->served_copy;
	return LK_OK;
}

/* Tries until until_us, since the other session may be gone without the server having noticed yet. */
static int lock(lk_replay *r, int (*try)(lk_replay *r, int64_t id, lk_error *err), int64_t id, int64_t until_us,
                lk_error *err) {
	for (;;) {
		lk_error e = {0};
		int rc = try(r, id, &e);
		if (rc != LK_EBUSY || lk_monotonic_us() >= until_us || lk_replay_stopped(r)) {
			if (rc != LK_OK && err)
				*err = e;
			return rc;
		}
		rest(r, LOCK_EVERY_US);
	}
}

static int try_view(lk_replay *r, int64_t id, lk_error *err) {
	(void)id;
	return lk_view_lock(&r->pg, r->view, err);
}

int lk_replay_lock_view(lk_replay *r, lk_error *err) {
	return lock(r, try_view, 0, lk_monotonic_us() + (r->connected ? OWN_LOCK_US : KILLED_LOCK_US), err);
}

static int try_id(lk_replay *r, int64_t id, lk_error *err) { return lk_pg_try_lock(&r->pg, id, err); }

int lk_replay_lock(lk_replay *r, int64_t id, lk_error *err) {
	return lock(r, try_id, id, lk_monotonic_us() + (r->copy_id == id ? OWN_LOCK_US : KILLED_LOCK_US), err);
}

int lk_replay_connect(lk_replay *r, bool with_lock, lk_error *err) {
	int rc = lk_pg_open(&r->pg, r->o->postgres, "lk replay", err);
	if (rc == LK_OK)
		rc = load(r, err);
	if (rc == LK_OK && with_lock) {
		rc = lk_replay_lock_view(r, err);
		if (rc == LK_OK)
			rc = load(r, err);
	}
	if (rc == LK_OK)
		rc = lk_store_open(&r->store, r->o->redis, r->log_id, err);
	if (rc != LK_OK)
		return rc;
	r->connected = true;
	return find_copy(r, err);
}

int lk_replay_adopt(lk_replay *r, int64_t copy_id, lk_error *err) {
	r->copy_id = copy_id;
	int rc = load(r, err);
	if (rc != LK_OK)
		return rc;
	const lk_cat_copy *copy = lk_catalog_copy(r->catalog, copy_id);
	r->unserved = r->view->served_copy != copy_id;
	r->unheard = copy && !copy->was_served;
	rc = find_copy(r, err);
	if (rc == LK_OK) {
		r->report.copy_id = copy_id;
		r->report.version = r->copy->version->number;
	}
	return rc;
}

static int cursors_in_log(lk_replay *r, int64_t *sum, lk_error *err) {
	const lk_cat_stream *source = r->copy->version->reads;
	for (int i = 0; i < source->stream->partitions; i++) {
		lk_derived_position at;
		int rc = lk_derived_position_read(&r->pg, r->copy->log, source, i, &at, err);
		if (rc != LK_OK)
			return rc;
		*sum += at.off;
	}
	return LK_OK;
}

int lk_replay_cursors(lk_replay *r, int64_t *sum, lk_error *err) {
	*sum = 0;
	if (r->copy->log)
		return cursors_in_log(r, sum, err);
	for (int i = 0; i < r->copy->version->reads->stream->partitions; i++) {
		lk_unit_state st = {0};
		int rc = lk_store_read_unit(r->store, r->copy->units[i], NULL, &st, NULL, err);
		*sum += rc == LK_OK ? st.at.cursor : r->copy->cut.part[i].off;
		lk_unit_state_release(&st);
		if (rc < 0)
			return rc;
	}
	return LK_OK;
}

int lk_replay_phase_is(lk_replay *r, const char *phase, lk_error *err) {
	return r->goal == LK_GOAL_BACK ? LK_OK : lk_replay_phase(&r->pg, r->copy_id, phase, err);
}

void lk_replay_tell(lk_replay *r, const char *phase, int64_t done, int64_t total) {
	double elapsed = (double)(lk_monotonic_us() - r->began_us) / 1e6;
	int64_t below = r->copy ? lk_frontier_events(&r->copy->cut) : 0;
	done = done < total ? done : total;
	lk_replay_progress p = {.view = r->view ? r->view->name : r->o->view, .phase = phase, .done = done - below, .total = total - below,
	                        .eta_s = -1};
	if (!r->o->watch.progress)
		return;
	if (elapsed > 0 && done > r->at_start)
		p.rate = (double)(done - r->at_start) / elapsed;
	/* a paced replay takes as long as its events took to happen, however many they are */
	if (p.rate > 0 && r->o->pace <= 0)
		p.eta_s = (double)(p.total - p.done) / p.rate;
	r->o->watch.progress(r->o->watch.ctx, &p);
}

/* --- dropping --- */

void lk_replay_sweep(lk_replay *r) {
	lk_error e = {0};
	lk_store_close(r->store);
	r->store = NULL;
	if (lk_store_open(&r->store, r->o->redis, r->log_id, &e) == LK_OK)
		lk_store_sweep(r->store, lk_unit_is_live, &r->pg, &e);
	lk_copies_sweep(&r->pg, NULL, &e);
}

int lk_replay_drop(lk_replay *r, lk_error *err) {
	int rc = lk_copy_drop(&r->pg, r->copy_id, err);
	if (rc != LK_OK)
		return rc;
	r->copy = NULL;
	r->copy_id = 0;
	lk_replay_sweep(r);
	return LK_OK;
}
