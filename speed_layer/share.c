/* A worker's shares of the partitions, and what it keeps of them when the catalogue changes.
 *
 * A change of the catalogue mostly concerns one view. So a new world takes over every unit that is in both worlds:
 * cells, token, position and lock stay, and the unit gets the plan of the new catalogue, which is the same text parsed
 * again (a version never changes its meaning). If a stream was redeclared, rows may have other slots, and the units
 * over it keep only their locks.
 *
 * Locks are taken in growing strides: one partition in the first round, then twice as many in each round, until another
 * process holds one; then one a round again. So a process that is alone has all its partitions after a few rounds, and
 * processes that start together still share the work, since each begins at a different place. */
#include "speed_layer/worker.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/time.h"
#include "speed_layer/tiers.h"
#include "speed_layer/unit.h"

#define LOCK_EVERY_US   500000
#define SWEEP_EVERY_US 1000000

/* --- adopting a world --- */

static lk_share *share_of(const lk_worker *w, const lk_world_part *part) {
	for (int i = 0; i < w->nshares; i++)
		if (w->shares[i].of->stream->id == part->stream->id && w->shares[i].of->part == part->part)
			return &w->shares[i];
	return NULL;
}

static int unit_number(int part) { return part == LK_ALL_PARTS ? 0 : part; }

/* Removes the copy's unit from the share and gives it to the caller; NULL if there is none. */
static lk_unit *take_out(lk_share *s, const lk_cat_copy *copy) {
	for (int i = 0; s && i < s->nunits; i++) {
		lk_unit *u = s->units[i];
		if (u->id != copy->units[unit_number(s->of->part)])
			continue;
		s->units[i] = s->units[--s->nunits];
		return u;
	}
	return NULL;
}

static lk_unit *unit_for(lk_share *former, const lk_cat_copy *copy, int part) {
	lk_unit *u = take_out(former, copy);
	if (u) {
		lk_unit_show(u, copy);
		return u;
	}
	u = lk_calloc(1, sizeof *u);
	lk_unit_init(u, copy, unit_number(part));
	return u;
}

static lk_share build_share(const lk_worker *w, const lk_world *world, lk_world_part *of, lk_share *former) {
	const lk_catalog *cat = world->catalog;
	lk_share s = {0};
	if (former) {
		s = *former;
		former->tally = NULL;
	}
	s.of = of;
	s.nunits = 0;
	s.next_lock_us = 0;
	s.tally = s.tally ? s.tally : lk_calloc(1, sizeof *s.tally);
	s.units = lk_calloc((size_t)cat->ncopies + 1, sizeof *s.units);
	for (int i = 0; i < cat->ncopies; i++) {
		bool reads = cat->copies[i].version->reads == of->stream && lk_copy_reads_all(&cat->copies[i]) == (of->part == LK_ALL_PARTS);
		if (!reads || !lk_pool_wants(w->pool, &cat->copies[i]))
			continue;
		lk_unit *u = s.units[s.nunits++] = unit_for(former, &cat->copies[i], of->part);
		u->tally = s.tally;
	}
	return s;
}

static void release_share(lk_share *s) {
	for (int i = 0; i < s->nunits; i++) {
		lk_unit_release(s->units[i]);
		free(s->units[i]);
	}
	if (s->tally)
		lk_ranges_release(s->tally);
	free(s->tally);
	free(s->units);
}

static void release_shares(lk_share *shares, int n) {
	for (int i = 0; i < n; i++)
		release_share(&shares[i]);
	free(shares);
}

/* Releases the locks of units that are gone or that another worker drives now. */
static int give_back(lk_worker *w, const lk_share *shares, int n, lk_error *err) {
	int rc = LK_OK;
	for (int i = 0; i < n; i++)
		for (int k = 0; k < shares[i].nunits && rc == LK_OK; k++)
			if (shares[i].units[k]->locked)
				rc = lk_pg_unlock(&w->writer, shares[i].units[k]->id, err);
	return rc;
}

static int change_world(lk_worker *w, lk_world *now, lk_error *err) {
	lk_share *former = w->shares, *shares = lk_calloc((size_t)now->nparts + 1, sizeof *shares);
	lk_world *left = w->world;
	int nformer = w->nshares, n = 0;
	bool same_log = left && strcmp(left->catalog->log_id, now->catalog->log_id) == 0;
	for (int i = 0; i < now->nparts; i++)
		if (now->parts[i].owner == w->index)
			shares[n++] = build_share(w, now, &now->parts[i], same_log ? share_of(w, &now->parts[i]) : NULL);
	w->shares = shares;
	w->nshares = n;
	w->world = now;
	int rc = give_back(w, former, nformer, err);
	release_shares(former, nformer);
	if (left)
		lk_world_leave(w->pool, left);
	return rc;
}

/* The catalogue of another log (schema lk was recreated) means other keys in Redis, so every session is opened
 * again. */
int lk_worker_adopt(lk_worker *w, lk_error *err) {
	lk_world *now = lk_world_hold(w->pool);
	bool other_log = strcmp(now->catalog->log_id, w->log_id) != 0;
	if (now != w->world && !other_log)
		return change_world(w, now, err);
	lk_world_leave(w->pool, now);
	return other_log ? lk_fail(err, LK_EUNREACHABLE, "the log was replaced by another one") : LK_OK;
}

void lk_worker_lost_sessions(lk_worker *w) {
	for (int i = 0; i < w->nshares; i++) {
		lk_share *s = &w->shares[i];
		s->next_lock_us = s->next_sweep_us = s->moved_us = 0;
		for (int k = 0; k < s->nunits; k++) {
			lk_unit_drop(s->units[k]);
			s->units[k]->locked = false;
		}
	}
	w->stride = 1;
}

void lk_worker_leave_world(lk_worker *w) {
	release_shares(w->shares, w->nshares);
	w->shares = NULL;
	w->nshares = 0;
	if (w->world)
		lk_world_leave(w->pool, w->world);
	w->world = NULL;
}

/* --- locks --- */

static bool is_held(const lk_share *s) {
	for (int i = 0; i < s->nunits; i++)
		if (!s->units[i]->locked)
			return false;
	return true;
}

int lk_share_lock(lk_worker *w, lk_share *s, lk_error *err) {
	s->next_lock_us = lk_monotonic_us() + LOCK_EVERY_US;
	for (int i = 0; i < s->nunits; i++) {
		int rc = s->units[i]->locked ? LK_OK : lk_pg_try_lock(&w->writer, s->units[i]->id, err);
		if (rc != LK_OK && rc != LK_EBUSY)
			return rc;
		s->units[i]->locked = rc == LK_OK;
	}
	return LK_OK;
}

int lk_worker_lock(lk_worker *w, lk_error *err) {
	int64_t now = lk_monotonic_us();
	bool refused = false;
	int got = 0;
	for (int i = 0; i < w->nshares && got < w->stride && !refused; i++) {
		lk_share *s = &w->shares[w->turn % (unsigned)w->nshares];
		w->turn++;
		if (is_held(s) || now < s->next_lock_us)
			continue;
		int rc = lk_share_lock(w, s, err);
		if (rc != LK_OK)
			return rc;
		refused = !is_held(s);
		got += !refused;
	}
	if (refused)
		w->stride = 1;
	else if (got > 0 && w->stride < w->nshares)
		w->stride *= 2;
	return LK_OK;
}

/* --- units --- */

int lk_share_take(lk_worker *w, lk_share *s, lk_error *err) {
	int64_t now = lk_monotonic_us();
	for (int i = 0; i < s->nunits; i++) {
		lk_unit *u = s->units[i];
		lk_error e = {0};
		if (!u->locked || u->taken || now < u->retry_at_us)
			continue;
		if (lk_unit_take(&w->path, u, &e) == LK_OK)
			continue;
		lk_unit_fail(u, &e);
		int rc = lk_worker_trouble(w, u, err);
		if (rc != LK_OK)
			return rc;
	}
	return LK_OK;
}

/* Compaction is for readers, and Redis has one thread: a unit that is behind comes first, and so does the end of a run
 * that has one. */
static int segments_kept(const lk_worker *w, const lk_share *s, const lk_unit *u) {
	bool behind = lk_share_end(s) - u->committed > w->path.limits.commit_events;
	return behind || w->pool->o->once ? LK_SEGMENTS_MOST : LK_SEGMENTS_MANY;
}

void lk_share_follow(lk_worker *w, lk_share *s) {
	for (int i = 0; i < s->nunits; i++)
		lk_unit_follow(&w->path, s->units[i], &s->tail);
}

int lk_share_sweep(lk_worker *w, lk_share *s, lk_error *err) {
	s->next_sweep_us = lk_monotonic_us() + SWEEP_EVERY_US;
	for (int i = 0; i < s->nunits; i++) {
		w->path.segments_kept = segments_kept(w, s, s->units[i]);
		if (lk_unit_sweep(&w->path, s->units[i], NULL) == LK_OK)
			continue;
		int rc = lk_worker_trouble(w, s->units[i], err);
		if (rc != LK_OK)
			return rc;
	}
	return LK_OK;
}
