/* A worker: a thread with its own sessions that drives a share of the partitions.
 *
 * The world says which partitions (speed_layer/world.c). For each unit the worker tries the advisory lock of the unit's
 * id on its writer session. It leaves units that another process holds and tries again within the second, so a process
 * that dies has a successor (speed_layer/share.c). The lock says who should own a unit; the token in Redis protects the
 * state from every process that wrongly believes it is the owner.
 *
 * Appends notify all listeners. An idle worker waits for such a hint. Each round takes the hints that have come, even
 * if the worker was never idle, since libpq and the server keep them until they are taken.
 *
 * A lost server is one case: the sessions are opened again (50 ms to 2 s between attempts), and locks and units taken
 * again. Trouble of one unit (no room in Redis, a hole in the log) stops that unit alone. */
#include "speed_layer/worker.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/tail.h"
#include "core/time.h"

#define BACKOFF_LEAST_US   50000
#define BACKOFF_MOST_US  2000000
#define SWEEP_EVERY_US   1000000
#define IDLE_MS               50
#define IDLE_US           500000   /* without a partition */

/* --- sessions --- */

static void disconnect(lk_worker *w) {
	lk_worker_lost_sessions(w);
	lk_pg_close(&w->reader);
	lk_pg_close(&w->writer);
	if (w->path.store)
		lk_store_close(w->path.store);
	w->path.store = NULL;
	w->connected = false;
}

static int connect_all(lk_worker *w, lk_error *err) {
	const lk_speed_options *o = w->pool->o;
	lk_world *world = lk_world_hold(w->pool);
	int rc = lk_pg_open(&w->reader, o->postgres, "lk speed", err);
	if (rc == LK_OK)
		rc = lk_pg_open(&w->writer, o->postgres, "lk speed", err);
	w->reader.limit_us = w->writer.limit_us = LK_PG_ANSWER_US;
	if (rc == LK_OK)
		rc = lk_log_listen(&w->writer, err);
	if (rc == LK_OK)
		rc = lk_store_open(&w->path.store, o->redis, world->catalog->log_id, err);
	memcpy(w->log_id, world->catalog->log_id, sizeof w->log_id);
	lk_world_leave(w->pool, world);
	w->connected = rc == LK_OK;
	return rc;
}

/* --- one round --- */

/* A stream that is gone has no events; what reads it leaves with the next picture of the catalogue. */
static int read_tail(lk_worker *w, const lk_cat_stream *stream, lk_frontier *tail, lk_error *err) {
	lk_error e = {0};
	int rc = lk_log_tail(&w->reader, stream, tail, &e);
	if (rc == LK_ECONFLICT)
		*tail = lk_frontier_start(stream->id, stream->stream->partitions);
	else if (rc != LK_OK && err)
		*err = e;
	return rc == LK_ECONFLICT ? LK_OK : rc;
}

static lk_frontier_part tail_of(const lk_frontier *tail, int part) {
	return part == LK_ALL_PARTS ? (lk_frontier_part){.off = lk_frontier_events(tail), .high = LK_NEVER, .last_at = LK_NEVER} : tail->part[part];
}

static int read_tails(lk_worker *w, lk_error *err) {
	lk_frontier tail;
	for (int i = 0; i < w->nshares; i++) {
		const lk_cat_stream *stream = w->shares[i].of->stream;
		bool known = false;
		for (int k = 0; k < i && !known; k++)
			known = w->shares[k].of->stream == stream;
		if (known)
			continue;
		for (int k = i; k < w->nshares; k++)
			w->shares[k].knows_end |= w->shares[k].of->stream == stream && w->shares[k].of->end != INT64_MAX;
		int rc = read_tail(w, stream, &tail, err);
		if (rc != LK_OK)
			return rc;
		for (int k = i; k < w->nshares; k++)
			if (w->shares[k].of->stream == stream)
				w->shares[k].tail = tail_of(&tail, w->shares[k].of->part);
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

/* Moves the units at `cursor`, and those that are not taken, to the front. Returns how many they are. */
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

/* One fetch for the units at the lowest cursor. Unless that brings them up to the next ones, one fetch for those too,
 * and so on: however far behind a unit is (a view just declared over a long log), the others go on. */
static int pass_all(lk_worker *w, lk_share *s, lk_unit **units, int n, bool *busy, lk_error *err) {
	int64_t end = lk_share_end(s);
	for (int first; n > 0; units += first, n -= first) {
		int64_t folded = 0, lowest = lowest_cursor(units, n);
		if (lowest >= end)
			break;
		first = put_first(units, n, lowest);
		int rc = lk_path_pass(&w->path, units, n, s->of->end, &folded, err);
		*busy |= folded > 0;
		if (rc != LK_OK)
			return rc;
		int64_t met = lowest_cursor(units, first);
		if (met != INT64_MAX && met >= lowest_cursor(units + first, n - first))
			break;
	}
	return LK_OK;
}

/* Units that read all partitions of the stream, as far as the run goes. */
static int pass_whole(lk_worker *w, lk_share *s, lk_unit **units, int n, bool *busy) {
	lk_frontier ends = lk_frontier_start(s->of->stream->id, s->of->stream->stream->partitions);
	int64_t read = 0;
	for (int i = 0; i < ends.n; i++)
		ends.part[i].off = s->of->ends[i];
	w->path.ends = s->of->end != INT64_MAX ? &ends : NULL;
	int rc = lk_path_pass(&w->path, units, n, INT64_MAX, &read, NULL);
	w->path.ends = NULL;
	*busy |= read > 0;
	return rc;
}

static int pass(lk_worker *w, lk_share *s, bool *busy, lk_error *err) {
	lk_unit **units = lk_calloc((size_t)s->nunits + 1, sizeof *units);
	int n = 0;
	for (int i = 0; i < s->nunits; i++)
		if (s->units[i]->taken)
			units[n++] = s->units[i];
	int rc = s->of->part == LK_ALL_PARTS ? pass_whole(w, s, units, n, busy) : pass_all(w, s, units, n, busy, err);
	if (rc == LK_OK)
		lk_share_follow(w, s);
	for (int i = 0; i < n && rc == LK_OK; i++)
		if (!units[i]->taken)
			rc = lk_worker_trouble(w, units[i], err);
	free(units);
	return rc;
}

static void publish_progress(lk_share *s) {
	int64_t end = lk_share_end(s), behind = 0;
	for (int i = 0; i < s->nunits; i++) {
		lk_unit *u = s->units[i];
		if (u->taken && u->committed >= end)
			/* it needs no more room, also if a batch has answered the events that it waited with */
			u->full_since_us = 0;
		if (u->taken && end - u->committed > behind)
			behind = end - u->committed;
	}
	atomic_store(&s->of->behind, behind);
}

static int advance(lk_worker *w, lk_share *s, bool *busy, lk_error *err) {
	int rc = lk_share_take(w, s, err);
	publish_progress(s);
	w->path.behind = &s->of->behind;
	if (rc == LK_OK)
		rc = pass(w, s, busy, err);
	if (rc == LK_OK && lk_monotonic_us() >= s->next_sweep_us)
		rc = lk_share_sweep(w, s, err);
	if (rc == LK_OK && w->pool->o->once && s->knows_end && !atomic_load(&s->of->reached))
		rc = lk_share_check_end(w, s, err);
	w->path.behind = NULL;
	publish_progress(s);
	return rc;
}

static bool is_at_end(const lk_worker *w) {
	for (int i = 0; i < w->nshares; i++)
		if (!atomic_load(&w->shares[i].of->reached))
			return false;
	return w->pool->o->once;
}

/* A worker at its end waits for the others: the log has nothing more for it. */
static int idle(lk_worker *w, lk_error *err) {
	if (!is_at_end(w))
		return lk_log_wait(&w->writer, IDLE_MS, err);
	lk_pool_pause(w->pool, IDLE_MS * 1000);
	return LK_OK;
}

static int round_of_work(lk_worker *w, lk_error *err) {
	bool busy = false;
	bool hints;   /* not used: the ends of the log are read below */
	int rc = lk_worker_adopt(w, err);
	if (rc == LK_OK)
		rc = lk_log_hints(&w->writer, &hints, err);
	if (rc == LK_OK)
		rc = lk_worker_lock(w, err);
	if (rc == LK_OK)
		rc = read_tails(w, err);
	for (int i = 0; i < w->nshares && rc == LK_OK && !lk_pool_ending(w->pool); i++)
		rc = advance(w, &w->shares[i], &busy, err);
	if (rc == LK_OK && !busy && !lk_pool_ending(w->pool))
		rc = idle(w, err);
	return rc;
}

/* If there are more workers than partitions: a worker without partitions opens no sessions. */
static bool has_work(const lk_worker *w) {
	lk_world *now = lk_world_hold(w->pool);
	bool has = lk_world_parts_of(now, w->index) > 0;
	lk_world_leave(w->pool, now);
	return has;
}

static void wait_and_grow(lk_worker *w) {
	if (w->backoff_us < BACKOFF_LEAST_US)
		w->backoff_us = BACKOFF_LEAST_US;
	lk_pool_pause(w->pool, w->backoff_us);
	w->backoff_us = w->backoff_us * 2 < BACKOFF_MOST_US ? w->backoff_us * 2 : BACKOFF_MOST_US;
}

static void work(lk_worker *w) {
	lk_error e = {0};
	bool was_connected = w->connected;
	int rc = was_connected ? round_of_work(w, &e) : connect_all(w, &e);
	if (rc != LK_OK) {
		lk_worker_server_trouble(w, &e);
		disconnect(w);
		wait_and_grow(w);
	} else if (was_connected) {
		w->backoff_us = 0;
		lk_worker_end_of_trouble(w);
	}
}

static void report(const lk_worker *w) {
	lk_speed_report *sum = &w->pool->report;
	pthread_mutex_lock(&w->pool->lock);
	sum->events += w->path.done.events;
	sum->commits += w->path.done.commits;
	sum->cells += w->path.done.cells;
	sum->late += w->path.done.late;
	sum->marked += w->path.done.marked;
	pthread_mutex_unlock(&w->pool->lock);
}

void *lk_worker_main(void *arg) {
	lk_worker *w = arg;
	w->path = (lk_path){.reader = &w->reader, .writer = &w->writer, .limits = w->pool->o->limits, .stop = &w->pool->ending,
	                    .counter = &w->pool->events, .compactor = w->pool->compactor};
	/* processes begin at different places */
	w->turn = ((unsigned)getpid() ^ (unsigned)lk_monotonic_us()) * 2654435761u >> 16;
	w->stride = 1;
	for (; !lk_pool_ending(w->pool); atomic_store(&w->went_on, 1)) {
		if (has_work(w)) {
			work(w);
			continue;
		}
		disconnect(w);
		lk_worker_leave_world(w);
		lk_pool_pause(w->pool, IDLE_US);
	}
	disconnect(w);
	lk_worker_leave_world(w);
	report(w);
	return NULL;
}
