/* A worker: a thread with its own sessions that drives a fixed share of the partitions.
 *
 * Partitions are dealt out round robin. For each unit the worker tries the advisory lock of the unit's id on its writer
 * session; what another process holds is left to it and tried again within the second, so that a process that dies is
 * succeeded. At most one partition is locked in each round: processes that start together share the work. The lock
 * says who should own a unit; the token in Redis keeps the state right whoever believes it does.
 *
 * Appends send hints to whoever listens. A worker that is idle waits for one; each round takes those that have come, also
 * one that has had work all the time, since libpq and the server keep them until they are taken.
 *
 * A lost server is one case: everything is dropped, sessions are opened anew (50 ms to 2 s between tries), locks and
 * units are taken again. A unit's own trouble (no room in Redis, a hole in the log) stops that unit alone. */
#include "speed_layer/pool.h"

#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "speed_layer/unit.h"

#define BACKOFF_LEAST_US   50000
#define BACKOFF_MOST_US  2000000
#define LOCK_EVERY_US     500000
#define SWEEP_EVERY_US   1000000
#define STALLED_US      60000000
#define IDLE_MS               50
#define IDLE_US           500000   /* without a partition */

typedef struct share {
	lk_world_part *of;
	lk_unit *units;
	lk_unit **held;            /* those whose lock this session has; nheld of them */
	bool *locked;
	int nunits, nheld;
	int64_t tail, next_lock_us, next_sweep_us;
	int64_t seen, moved_us;    /* the cursor of a unit that another process holds, and since when it stands there */
} share;

typedef struct worker {
	lk_pool *pool;
	int index, turn;           /* turn: the share whose locks are tried next */
	lk_world *world;
	share *shares;
	int nshares;
	bool connected;
	lk_pg reader, writer;
	lk_path path;
	char log_id[33];           /* of the log that the store was opened for */
	int64_t backoff_us;
} worker;

/* --- shares --- */

static void build_share(worker *w, share *s, lk_world_part *of) {
	const lk_catalog *cat = w->world->catalog;
	s->of = of;
	s->units = lk_calloc((size_t)cat->ncopies + 1, sizeof *s->units);
	s->held = lk_calloc((size_t)cat->ncopies + 1, sizeof *s->held);
	s->locked = lk_calloc((size_t)cat->ncopies + 1, sizeof *s->locked);
	for (int i = 0; i < cat->ncopies; i++)
		if (cat->copies[i].version->view->stream == of->stream && lk_pool_wants(w->pool, &cat->copies[i]))
			lk_unit_init(&s->units[s->nunits++], &cat->copies[i], of->part);
}

static void release_share(share *s) {
	for (int i = 0; i < s->nunits; i++)
		lk_unit_release(&s->units[i]);
	free(s->units);
	free(s->held);
	free(s->locked);
}

static void leave_world(worker *w) {
	for (int i = 0; i < w->nshares; i++)
		release_share(&w->shares[i]);
	free(w->shares);
	w->shares = NULL;
	w->nshares = 0;
	if (w->world)
		lk_world_leave(w->pool, w->world);
	w->world = NULL;
}

/* A changed catalogue: all units are given back and dealt out anew. One of another log (schema lk was made anew) names
 * other keys in Redis, so that everything is opened again. */
static int adopt_world(worker *w, lk_error *err) {
	lk_world *now = lk_world_hold(w->pool);
	bool other_log = strcmp(now->catalog->log_id, w->log_id) != 0;
	if (now == w->world || other_log) {
		lk_world_leave(w->pool, now);
		return other_log ? lk_fail(err, LK_EUNREACHABLE, "the log was replaced by another one") : LK_OK;
	}
	bool had = w->world != NULL;
	leave_world(w);
	w->world = now;
	w->shares = lk_calloc((size_t)now->nparts + 1, sizeof *w->shares);
	for (int i = w->index; i < now->nparts; i += w->pool->o->workers)
		build_share(w, &w->shares[w->nshares++], &now->parts[i]);
	return had ? lk_pg_run(&w->writer, err, "SELECT pg_advisory_unlock_all()") : LK_OK;
}

/* --- sessions --- */

static void disconnect(worker *w) {
	leave_world(w);
	lk_pg_close(&w->reader);
	lk_pg_close(&w->writer);
	if (w->path.store)
		lk_store_close(w->path.store);
	w->path.store = NULL;
	w->connected = false;
}

static int connect_all(worker *w, lk_error *err) {
	const lk_speed_options *o = w->pool->o;
	lk_world *world = lk_world_hold(w->pool);
	int r = lk_pg_open(&w->reader, o->postgres, "lk speed", err);
	if (r == LK_OK)
		r = lk_pg_open(&w->writer, o->postgres, "lk speed", err);
	if (r == LK_OK)
		r = lk_log_listen(&w->writer, err);
	if (r == LK_OK)
		r = lk_store_open(&w->path.store, o->redis, world->catalog->log_id, err);
	memcpy(w->log_id, world->catalog->log_id, sizeof w->log_id);
	lk_world_leave(w->pool, world);
	w->connected = r == LK_OK;
	return r;
}

/* --- one round --- */

static int try_locks(worker *w, share *s, lk_error *err) {
	s->next_lock_us = lk_monotonic_us() + LOCK_EVERY_US;
	for (int i = 0; i < s->nunits; i++) {
		if (s->locked[i])
			continue;
		int r = lk_pg_try_lock(&w->writer, s->units[i].id, err);
		if (r == LK_EBUSY)
			continue;
		if (r != LK_OK)
			return r;
		s->locked[i] = true;
		s->held[s->nheld++] = &s->units[i];
	}
	return LK_OK;
}

static int lock_one_share(worker *w, lk_error *err) {
	int64_t now = lk_monotonic_us();
	for (int i = 0; i < w->nshares; i++) {
		share *s = &w->shares[(w->turn + i) % w->nshares];
		if (s->nheld == s->nunits || now < s->next_lock_us)
			continue;
		w->turn = (w->turn + i + 1) % w->nshares;
		return try_locks(w, s, err);
	}
	return LK_OK;
}

static int read_tails(worker *w, lk_error *err) {
	int64_t next[LK_MAX_PARTITIONS];
	for (int i = 0; i < w->nshares; i++) {
		const lk_cat_stream *stream = w->shares[i].of->stream;
		bool known = false;
		for (int k = 0; k < i && !known; k++)
			known = w->shares[k].of->stream == stream;
		if (known)
			continue;
		int r = lk_log_tail(&w->reader, stream, next, NULL, NULL, err);
		if (r != LK_OK)
			return r;
		for (int k = i; k < w->nshares; k++)
			if (w->shares[k].of->stream == stream)
				w->shares[k].tail = next[w->shares[k].of->part];
	}
	return LK_OK;
}

/* Is it of no use to wait for this unit? */
static bool is_hopeless(const lk_unit *u) {
	return !u->taken && u->error.code != LK_OK && u->error.code != LK_EFENCED && u->error.code != LK_EFULL
	       && u->error.code != LK_EUNREACHABLE && u->error.code != LK_EBUSY;
}

static void note_fatal(worker *w, const lk_error *why, bool give_up) {
	pthread_mutex_lock(&w->pool->lock);
	if (w->pool->fatal.code == LK_OK)
		w->pool->fatal = *why;
	if (give_up)
		atomic_store(&w->pool->given_up, 1);
	pthread_mutex_unlock(&w->pool->lock);
}

/* No room in Redis: how much there is, who waits, and what makes room. */
static void add_usage(worker *w, const lk_unit *u, lk_error *e) {
	lk_store_usage use;
	*e = u->error;
	if (e->code != LK_EFULL || *e->sqlstate || lk_store_usage_read(w->path.store, &use, NULL) != LK_OK || use.max_bytes == 0)
		return;
	lk_error_clear(e);
	lk_fail(e, LK_EFULL, "no room for partition %d of view %s, which waits; nothing is lost. %.600s (%lld of %lld bytes of maxmemory are used)", u->part,
	        u->copy->version->view->name, u->error.text, (long long)use.used_bytes, (long long)use.max_bytes);
	if (lk_unit_plan(u)->allowed_lateness_us < 0 && !u->copy->kappa)
		lk_hint(e, "a batch makes room (`lk batch`); or raise maxmemory, or drop copies that are not needed (`lk mode`, `lk drop`)");
	else
		lk_hint(e, "raise maxmemory, or drop copies that are not needed (`lk mode`, `lk drop`); then batches, and in kappa mode seals, that come"
		        " more often keep less in it (`lk run --every`)");
}

static int report_trouble(worker *w, const lk_unit *u, lk_error *err) {
	if (u->error.code == LK_EUNREACHABLE) {
		if (err)
			*err = u->error;
		return LK_EUNREACHABLE;
	}
	lk_error told;
	add_usage(w, u, &told);
	if (u->error.code != LK_EFENCED && u->error.code != LK_ECONFLICT)
		lk_pool_notice(w->pool, &told);
	bool no_room = u->error.code == LK_EFULL && w->pool->o->no_room_ends;
	bool was_dropped = u->error.code == LK_ECONFLICT;
	if (no_room || (w->pool->o->once && is_hopeless(u) && (!was_dropped || w->pool->o->copy)))
		note_fatal(w, &u->error, no_room);
	return LK_OK;
}

static int take_missing(worker *w, share *s, lk_error *err) {
	int64_t now = lk_monotonic_us();
	for (int i = 0; i < s->nheld; i++) {
		lk_unit *u = s->held[i];
		lk_error e = {0};
		if (u->taken || now < u->retry_at_us)
			continue;
		if (lk_unit_take(&w->path, u, &e) == LK_OK)
			continue;
		lk_unit_fail(u, &e);
		int r = report_trouble(w, u, err);
		if (r != LK_OK)
			return r;
	}
	return LK_OK;
}

static int64_t lowest_cursor(lk_unit *const *units, int n) {
	int64_t lowest = INT64_MAX;
	for (int i = 0; i < n; i++)
		if (units[i]->taken && units[i]->at.cursor < lowest)
			lowest = units[i]->at.cursor;
	return lowest;
}

/* Puts the units at `cursor`, and those that are not taken, first. How many they are. */
static int put_first(lk_unit **units, int n, int64_t cursor) {
	int first = 0;
	for (int i = 0; i < n; i++) {
		lk_unit *u = units[i];
		if (u->taken && u->at.cursor > cursor)
			continue;
		units[i] = units[first];
		units[first++] = u;
	}
	return first;
}

/* Where the share's work ends: at the log's end, or where `once` stops. */
static int64_t end_of(const share *s) { return s->tail < s->of->end ? s->tail : s->of->end; }

/* One fetch for the units at the lowest cursor, and, unless they have met the next ones by it, one for those, and so on:
 * however far behind a unit is (a view that was just declared over a long log), the others go on. */
static int pass_all(worker *w, share *s, lk_unit **units, int n, bool *busy, lk_error *err) {
	int64_t end = end_of(s);
	for (int first; n > 0; units += first, n -= first) {
		int64_t folded = 0, lowest = lowest_cursor(units, n);
		if (lowest >= end)
			break;
		first = put_first(units, n, lowest);
		int r = lk_path_pass(&w->path, units, n, s->of->end, &folded, err);
		*busy |= folded > 0;
		if (r != LK_OK)
			return r;
		int64_t met = lowest_cursor(units, first);
		if (met != INT64_MAX && met >= lowest_cursor(units + first, n - first))
			break;
	}
	return LK_OK;
}

static int pass(worker *w, share *s, bool *busy, lk_error *err) {
	lk_unit **units = lk_calloc((size_t)s->nheld + 1, sizeof *units);
	int n = 0;
	for (int i = 0; i < s->nheld; i++)
		if (s->held[i]->taken)
			units[n++] = s->held[i];
	int r = pass_all(w, s, units, n, busy, err);
	for (int i = 0; i < n && r == LK_OK; i++)
		if (!units[i]->taken)
			r = report_trouble(w, units[i], err);
	free(units);
	return r;
}

static int sweep(worker *w, share *s, lk_error *err) {
	s->next_sweep_us = lk_monotonic_us() + SWEEP_EVERY_US;
	for (int i = 0; i < s->nheld; i++) {
		if (lk_unit_sweep(&w->path, s->held[i], NULL) == LK_OK)
			continue;
		int r = report_trouble(w, s->held[i], err);
		if (r != LK_OK)
			return r;
	}
	return LK_OK;
}

/* A run for one copy does not wait for ever for another process that holds its units and does nothing. */
static void watch_other(worker *w, share *s, const lk_unit *u, int64_t cursor) {
	lk_error e = {0};
	int64_t now = lk_monotonic_us();
	if (s->moved_us == 0 || s->seen != cursor) {
		s->seen = cursor;
		s->moved_us = now;
	}
	if (!w->pool->o->copy || now - s->moved_us < STALLED_US)
		return;
	lk_fail(&e, LK_EBUSY, "partition %d of copy %lld of view %s is held by another process and stands at %lld", u->part,
	        (long long)u->copy->id, u->copy->version->view->name, (long long)cursor);
	lk_hint(&e, "in pg_locks, the session with the advisory lock %lld is that process's", (long long)u->id);
	note_fatal(w, &e, true);
}

/* Has this unit come to the end, in our hands or in another process's? */
static int has_arrived(worker *w, share *s, int i, bool *arrived, lk_error *err) {
	lk_unit *u = &s->units[i];
	*arrived = s->locked[i] && ((u->taken && u->committed >= s->of->end) || is_hopeless(u));
	if (s->locked[i])
		return LK_OK;
	lk_unit_state st = {0};
	int r = lk_store_read_unit(w->path.store, u->id, NULL, &st, NULL, err);
	*arrived = r == LK_OK && st.at.cursor >= s->of->end;
	if (r >= 0 && !*arrived)
		watch_other(w, s, u, st.at.cursor);
	lk_unit_state_release(&st);
	return r < 0 ? r : LK_OK;
}

/* A share that has nothing to do may be at its end before its turn to be locked comes. What a batch answers is dropped all
 * the same. */
static int sweep_at_end(worker *w, share *s, lk_error *err) {
	int r = s->next_lock_us == 0 ? try_locks(w, s, err) : LK_OK;
	if (r == LK_OK)
		r = take_missing(w, s, err);
	return r == LK_OK ? sweep(w, s, err) : r;
}

static int have_arrived(worker *w, share *s, bool *all, lk_error *err) {
	int r = LK_OK;
	*all = true;
	for (int i = 0; i < s->nunits && *all && r == LK_OK; i++)
		r = has_arrived(w, s, i, all, err);
	return r;
}

/* Asked again after the units that were free are taken: one that does not fit the log any more begins anew (P6). */
static int check_end(worker *w, share *s, lk_error *err) {
	bool all;
	int r = have_arrived(w, s, &all, err);
	if (r != LK_OK || !all)
		return r;
	r = sweep_at_end(w, s, err);
	if (r == LK_OK)
		r = have_arrived(w, s, &all, err);
	if (r == LK_OK && all) {
		atomic_store(&s->of->reached, 1);
		lk_pool_wake(w->pool);
	}
	return r;
}

static void publish_progress(share *s) {
	int64_t behind = 0;
	for (int i = 0; i < s->nheld; i++)
		if (s->held[i]->taken && end_of(s) - s->held[i]->committed > behind)
			behind = end_of(s) - s->held[i]->committed;
	atomic_store(&s->of->behind, behind);
}

static int advance(worker *w, share *s, bool *busy, lk_error *err) {
	int r = take_missing(w, s, err);
	if (r == LK_OK)
		r = pass(w, s, busy, err);
	if (r == LK_OK && lk_monotonic_us() >= s->next_sweep_us)
		r = sweep(w, s, err);
	if (r == LK_OK && w->pool->o->once && !atomic_load(&s->of->reached))
		r = check_end(w, s, err);
	publish_progress(s);
	return r;
}

static int round_of_work(worker *w, lk_error *err) {
	bool busy = false;
	bool hints;   /* of no use here: the ends of the log are read below */
	int r = adopt_world(w, err);
	if (r == LK_OK)
		r = lk_log_hints(&w->writer, &hints, err);
	if (r == LK_OK)
		r = lock_one_share(w, err);
	if (r == LK_OK)
		r = read_tails(w, err);
	for (int i = 0; i < w->nshares && r == LK_OK && !lk_pool_ending(w->pool); i++)
		r = advance(w, &w->shares[i], &busy, err);
	if (r == LK_OK && !busy && !lk_pool_ending(w->pool))
		r = lk_log_wait(&w->writer, IDLE_MS, err);
	return r;
}

/* More workers than partitions: who has none takes no sessions, which would be missing elsewhere. */
static bool has_work(const worker *w) {
	lk_world *now = lk_world_hold(w->pool);
	bool has = w->index < now->nparts;
	lk_world_leave(w->pool, now);
	return has;
}

static void wait_and_grow(worker *w) {
	if (w->backoff_us < BACKOFF_LEAST_US)
		w->backoff_us = BACKOFF_LEAST_US;
	lk_pool_pause(w->pool, w->backoff_us);
	w->backoff_us = w->backoff_us * 2 < BACKOFF_MOST_US ? w->backoff_us * 2 : BACKOFF_MOST_US;
}

void *lk_worker_main(void *arg) {
	const lk_worker *self = arg;
	worker w = {.pool = self->pool, .index = self->index};
	w.path.reader = &w.reader;
	w.path.writer = &w.writer;
	w.path.limits = w.pool->o->limits;
	w.path.stop = &w.pool->ending;
	w.path.counter = &w.pool->events;

	while (!lk_pool_ending(w.pool)) {
		lk_error e = {0};
		if (!has_work(&w)) {
			disconnect(&w);
			lk_pool_pause(w.pool, IDLE_US);
			continue;
		}
		int r = w.connected ? round_of_work(&w, &e) : connect_all(&w, &e);
		if (r != LK_OK) {
			lk_pool_notice(w.pool, &e);
			disconnect(&w);
			wait_and_grow(&w);
		} else if (w.nshares > 0) {
			w.backoff_us = 0;
		}
	}
	disconnect(&w);
	pthread_mutex_lock(&w.pool->lock);
	w.pool->report.events += w.path.done.events;
	w.pool->report.commits += w.path.done.commits;
	w.pool->report.cells += w.path.done.cells;
	w.pool->report.late += w.path.done.late;
	w.pool->report.marked += w.path.done.marked;
	pthread_mutex_unlock(&w.pool->lock);
	return NULL;
}
