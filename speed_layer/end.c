/* When a run with an end has reached it: each unit has committed everything below the end, whether this process holds
 * it or another does. */
#include "speed_layer/worker.h"

#include "core/time.h"
#include "speed_layer/unit.h"

#define STALLED_US 60000000

/* The run gives up when another process holds a unit whose cursor has not moved for STALLED_US. */
static void watch_other(lk_worker *w, lk_share *s, const lk_unit *u, int64_t cursor) {
	lk_error e = {0};
	int64_t now = lk_monotonic_us();
	if (s->moved_us == 0 || s->seen != cursor) {
		s->seen = cursor;
		s->moved_us = now;
	}
	if (now - s->moved_us < STALLED_US)
		return;
	lk_fail(&e, LK_EBUSY, "another process holds partition %d of copy %lld of view %s, and has been at offset %lld for"
	        " a minute", u->part, (long long)u->copy->id, u->copy->version->view->name, (long long)cursor);
	lk_hint(&e, "find that process by its session, which holds the advisory lock %lld in pg_locks", (long long)u->id);
	lk_worker_fatal(w, &e, true);
}

static int has_arrived(lk_worker *w, lk_share *s, lk_unit *u, bool *arrived, lk_error *err) {
	*arrived = u->locked && ((u->taken && u->committed >= s->of->end) || lk_unit_is_hopeless(u));
	if (u->locked)
		return LK_OK;
	int64_t cursor = 0;
	int rc = lk_unit_cursor(&w->path, u, &cursor, err);
	*arrived = rc == LK_OK && cursor >= s->of->end;
	if (rc == LK_OK && !*arrived)
		watch_other(w, s, u, cursor);
	return rc;
}

static int have_arrived(lk_worker *w, lk_share *s, bool *all, lk_error *err) {
	int rc = LK_OK;
	*all = true;
	for (int i = 0; i < s->nunits && *all && rc == LK_OK; i++)
		rc = has_arrived(w, s, s->units[i], all, err);
	return rc;
}

/* A share without work may be at its end before its locks were ever tried. It is swept all the same, to drop what the
 * published cut covers. */
static int sweep_at_end(lk_worker *w, lk_share *s, lk_error *err) {
	int rc = s->next_lock_us == 0 ? lk_share_lock(w, s, err) : LK_OK;
	if (rc == LK_OK)
		rc = lk_share_take(w, s, err);
	if (rc == LK_OK)
		lk_share_follow(w, s);
	return rc == LK_OK ? lk_share_sweep(w, s, err) : rc;
}

/* Checks twice: taking the free units may reset one that no longer fits the log (P6). */
int lk_share_check_end(lk_worker *w, lk_share *s, lk_error *err) {
	bool all;
	int rc = have_arrived(w, s, &all, err);
	if (rc != LK_OK || !all)
		return rc;
	rc = sweep_at_end(w, s, err);
	if (rc == LK_OK)
		rc = have_arrived(w, s, &all, err);
	if (rc == LK_OK && all) {
		atomic_store(&s->of->reached, 1);
		lk_pool_wake(w->pool);
	}
	return rc;
}
