/* The supervisor: hands the current catalogue to the workers, and looks twice a second whether it has changed
 * (catalog/current.h). On its own session it also removes the cells of units that the catalogue no longer knows: it lists
 * Redis first and looks each unit up afterwards, so it does not take a unit made in between for dead.
 *
 * A replay runs the same code for its own copy alone, up to an end. Nothing else is served while a unit waits,
 * so what other runs wait out ends this one: no room in Redis (if the options say so), and a dropped copy. It leaves the
 * cells of dead units to others.
 *
 * A run to the log's end ends where the logs of declared streams ended when it began. The log of a derived stream that
 * this run fills still grows then: its end is known when the source has been read to its own.
 *
 * A world is freed when the last worker has left it. */
#include "core/flag.h"
#include "speed_layer/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/copies.h"
#include "catalog/current.h"
#include "catalog/overview.h"
#include "catalog/tail.h"
#include "core/time.h"

#define SWEEP_EVERY_US  60000000
#define LOOK_US            20000

typedef struct supervisor {
	lk_pool pool;
	lk_pg pg;
	bool connected, waits_for_server;
	lk_store *store;
	lk_current *current;
	int64_t next_look_us, next_sweep_us;
	lk_frontier *ends;         /* of `once`: of each stream */
	int nends;
	lk_worker *workers;
	int nworkers;
} supervisor;

/* --- the catalogue --- */

static int64_t end_of(const supervisor *v, int64_t stream, int part) {
	if (!v->pool.o->once)
		return INT64_MAX;
	if (v->pool.o->end)
		return lk_frontier_off(v->pool.o->end, stream, part);
	for (int i = 0; i < v->nends; i++)
		if (v->ends[i].part[0].stream == stream)
			return v->ends[i].part[part].off;
	return 0;
}

/* Of all partitions: the sum, once all are known. */
static void set_whole_end(const supervisor *v, lk_world_part *of) {
	int64_t sum = 0;
	for (int p = 0; p < of->stream->stream->partitions; p++) {
		int64_t end = end_of(v, of->stream->id, p);
		of->ends[p] = end;
		sum = end == INT64_MAX || sum == INT64_MAX ? INT64_MAX : sum + end;
	}
	of->end = sum;
}

static void set_ends(const supervisor *v, lk_world *w) {
	for (int i = 0; i < w->nparts; i++) {
		lk_world_part *of = &w->parts[i];
		if (of->part == LK_ALL_PARTS)
			set_whole_end(v, of);
		else
			of->end = end_of(v, of->stream->id, of->part);
	}
}

static void install_world(supervisor *v, lk_catalog *cat) {
	lk_world *former = v->pool.world, *w = lk_world_make(&v->pool, cat, former);
	set_ends(v, w);
	pthread_mutex_lock(&v->pool.lock);
	v->pool.world = w;
	pthread_mutex_unlock(&v->pool.lock);
	/* the store's keys begin with the old log's id */
	if (former && strcmp(former->catalog->log_id, cat->log_id) != 0) {
		lk_store_close(v->store);
		v->store = NULL;
	}
	if (former)
		lk_world_leave(&v->pool, former);
	v->next_sweep_us = 0;
	lk_pool_wake(&v->pool);
}

/* LK_EUNSUPPORTED: a newer lk has upgraded the schema, and this one must not write to it. */
static int look_at_catalogue(supervisor *v, lk_error *err) {
	lk_catalog *cat;
	int rc = lk_current_get(v->current, &v->pg, true, &cat, err);
	if (rc != LK_OK)
		return rc;
	if (!v->pool.world || cat != v->pool.world->catalog)
		install_world(v, cat);
	else
		lk_catalog_release(cat);
	return LK_OK;
}

/* Does this run fill the stream's log? */
static bool is_filled_here(const supervisor *v, const lk_cat_stream *s) {
	const lk_cat_copy *copy = s->of_copy ? lk_catalog_copy(v->pool.world->catalog, s->of_copy) : NULL;
	return copy && lk_pool_wants(&v->pool, copy);
}

/* Fails if the log does not reach the end: the end was wrong, or a server came back without its last events.
 * Waiting would not help. */
static int check_ends(supervisor *v, lk_error *err) {
	const lk_catalog *cat = v->pool.world->catalog;
	for (int i = 0; i < cat->nstreams; i++) {
		const lk_cat_stream *s = &cat->streams[i];
		lk_frontier tail = {0};
		bool wanted = lk_pool_wants_stream(&v->pool, cat, s);
		int rc = wanted ? lk_log_tail(&v->pg, s, &tail, err) : LK_OK;
		for (int p = 0; rc == LK_OK && p < tail.n; p++)
			if (end_of(v, s->id, p) != INT64_MAX && end_of(v, s->id, p) > tail.part[p].off)
				rc = lk_fail(err, LK_EGAP, "stream %s, partition %d: the log ends at %lld, before %lld", s->stream->name, p,
				            (long long)tail.part[p].off, (long long)end_of(v, s->id, p));
		if (rc != LK_OK)
			return rc;
	}
	return LK_OK;
}

static int note_ends(supervisor *v, lk_error *err) {
	const lk_catalog *cat = v->pool.world->catalog;
	v->ends = lk_calloc((size_t)cat->nstreams + 1, sizeof *v->ends);
	for (int i = 0; i < cat->nstreams; i++) {
		int rc = lk_log_tail(&v->pg, &cat->streams[i], &v->ends[i], err);
		if (rc != LK_OK)
			return rc;
		for (int p = 0; p < v->ends[i].n && is_filled_here(v, &cat->streams[i]); p++)
			v->ends[i].part[p].off = INT64_MAX;
		v->nends++;
	}
	set_ends(v, v->pool.world);
	return check_ends(v, err);
}

static bool is_reached(const lk_world *w, const lk_cat_stream *s, int part) {
	for (int i = 0; i < w->nparts; i++)
		if (w->parts[i].stream == s && w->parts[i].part == part)
			return atomic_load(&w->parts[i].reached);
	return false;
}

/* The ends of one derived log, where its source has been read to its end. */
static int find_ends_of(supervisor *v, const lk_cat_stream *s, lk_frontier *ends, lk_error *err) {
	const lk_cat_copy *maker = lk_catalog_copy(v->pool.world->catalog, s->of_copy);
	const lk_cat_stream *source = maker ? maker->version->reads : NULL;
	int rc = LK_OK;
	for (int p = 0; source && p < ends->n && rc == LK_OK; p++) {
		lk_frontier tail;
		bool known = ends->part[p].off != INT64_MAX;
		if (known || !is_reached(v->pool.world, source, lk_copy_reads_all(maker) ? LK_ALL_PARTS : p))
			continue;
		rc = lk_log_tail(&v->pg, s, &tail, err);
		if (rc == LK_OK)
			ends->part[p].off = tail.part[p].off;
	}
	return rc;
}

static int find_ends(supervisor *v, lk_error *err) {
	const lk_catalog *cat = v->pool.world->catalog;
	int rc = LK_OK;
	for (int i = 0; v->pool.o->once && i < v->nends && rc == LK_OK; i++)
		for (int k = 0; k < cat->nstreams && rc == LK_OK; k++)
			if (cat->streams[k].id == v->ends[i].part[0].stream && cat->streams[k].of_copy)
				rc = find_ends_of(v, &cat->streams[k], &v->ends[i], err);
	if (v->nends)
		set_ends(v, v->pool.world);
	return rc;
}

/* --- dead units --- */

/* A failure does no harm: workers report that Redis is away, and the next sweep tries again. */
static void sweep_dead_units(supervisor *v) {
	lk_error e = {0};
	v->next_sweep_us = lk_monotonic_us() + SWEEP_EVERY_US;
	int rc = v->store ? LK_OK : lk_store_open(&v->store, v->pool.o->redis, v->pool.world->catalog->log_id, &e);
	if (rc == LK_OK)
		rc = lk_store_sweep(v->store, lk_unit_is_live, &v->pg, &e);
	if (rc != LK_OK && v->store) {
		lk_store_close(v->store);
		v->store = NULL;
	}
}

/* --- supervision --- */

static bool all_reached(const lk_world *w) {
	for (int i = 0; i < w->nparts; i++)
		if (!atomic_load(&w->parts[i].reached))
			return false;
	return true;
}

static void tell_progress(supervisor *v) {
	int64_t behind = 0;
	for (int i = 0; i < v->pool.world->nparts; i++)
		behind += atomic_load(&v->pool.world->parts[i].behind);
	if (v->pool.o->progress)
		v->pool.o->progress(v->pool.o->ctx, atomic_load(&v->pool.events), behind > 0 ? behind : 0);
}

static int connect_supervisor(supervisor *v, lk_error *err) {
	if (v->connected)
		return LK_OK;
	int rc = lk_pg_open(&v->pg, v->pool.o->postgres, "lk speed", err);
	v->pg.limit_us = LK_PG_ANSWER_US;
	v->connected = rc == LK_OK;
	return rc;
}

static void give_up(supervisor *v, const lk_error *why) {
	pthread_mutex_lock(&v->pool.lock);
	if (v->pool.fatal.code == LK_OK)
		v->pool.fatal = *why;
	pthread_mutex_unlock(&v->pool.lock);
	atomic_store(&v->pool.given_up, 1);
}

static void look(supervisor *v) {
	lk_error e = {0};
	v->next_look_us = lk_monotonic_us() + LK_CURRENT_US;
	bool was_away = !v->connected;
	int rc = connect_supervisor(v, &e);
	bool connected = rc == LK_OK;
	if (rc == LK_OK)
		rc = look_at_catalogue(v, &e);
	if (rc == LK_OK && was_away && v->pool.o->once)
		rc = check_ends(v, &e);
	bool other_program = rc == LK_EUNSUPPORTED && !*e.sqlstate;   /* and not a right that may be given back */
	if (rc == LK_EGAP || (connected && other_program))
		give_up(v, &e);
	if (rc == LK_OK && !v->pool.o->copy && lk_monotonic_us() >= v->next_sweep_us)
		sweep_dead_units(v);
	if (rc != LK_OK) {
		lk_pool_notice(&v->pool, lk_pool_say_how_long(&v->pool, &e));
		lk_pg_close(&v->pg);
		v->connected = false;
	}
	lk_pool_waits(&v->pool, LK_WAIT_SERVER, &v->waits_for_server, rc != LK_OK);
	tell_progress(v);
}

static bool is_over(const supervisor *v) {
	const lk_speed_options *o = v->pool.o;
	return lk_flag_is_set(o->stop) || (o->once && all_reached(v->pool.world))
	       || atomic_load(&v->pool.given_up);
}

static int need_copy(const supervisor *v, lk_error *err) {
	if (!v->pool.o->copy || lk_catalog_copy(v->pool.world->catalog, v->pool.o->copy))
		return LK_OK;
	return lk_fail(err, LK_ECONFLICT, "copy %lld was dropped", (long long)v->pool.o->copy);
}

static void tell_alive(supervisor *v) {
	for (int i = 0; i < v->nworkers; i++)
		if (!atomic_load(&v->workers[i].went_on))
			return;
	for (int i = 0; i < v->nworkers; i++)
		atomic_store(&v->workers[i].went_on, 0);
	if (v->pool.o->alive)
		v->pool.o->alive(v->pool.o->ctx);
}

static void supervise(supervisor *v) {
	while (!is_over(v)) {
		lk_pool_pause(&v->pool, LOOK_US);
		/* a server that is away is noticed by the next look */
		if (lk_monotonic_us() >= v->next_look_us || (v->connected && find_ends(v, NULL) != LK_OK))
			look(v);
		tell_alive(v);
	}
}

static int start(supervisor *v, lk_error *err) {
	char log_id[33];
	int rc = connect_supervisor(v, err);
	if (rc == LK_OK)
		rc = lk_catalog_id(&v->pg, log_id, err);
	if (rc == LK_OK)
		rc = look_at_catalogue(v, err);
	if (rc == LK_OK && v->pool.o->view) {
		const lk_cat_view *view;
		rc = lk_catalog_need_view(v->pool.world->catalog, v->pool.o->view, &view, err);
	}
	if (rc == LK_OK)
		rc = need_copy(v, err);
	if (rc == LK_OK && v->pool.o->once)
		rc = note_ends(v, err);
	if (rc == LK_OK)
		rc = lk_store_open(&v->store, v->pool.o->redis, v->pool.world->catalog->log_id, err);
	return rc;
}

static bool is_stopped(const supervisor *v) { return lk_flag_is_set(v->pool.o->stop); }

/* Begins again from what is there already. */
static int start_or_wait(supervisor *v, lk_error *err) {
	lk_error e = {0};
	int rc;
	while ((rc = start(v, &e)) == LK_EUNREACHABLE && v->pool.o->waits_at_start && !is_stopped(v)) {
		lk_pool_notice(&v->pool, lk_pool_say_how_long(&v->pool, &e));
		lk_pool_waits(&v->pool, LK_WAIT_SERVER, &v->waits_for_server, true);
		lk_error_clear(&e);
		lk_pg_close(&v->pg);
		v->connected = false;
		lk_pool_pause(&v->pool, LK_US_PER_S / 2);
	}
	if (rc == LK_OK)
		lk_pool_waits(&v->pool, LK_WAIT_SERVER, &v->waits_for_server, false);
	else if (err)
		*err = e;
	return rc;
}

static void notice_of_compactor(void *pool, const lk_error *e) { lk_pool_notice(pool, e); }

static int start_workers(supervisor *v, lk_error *err) {
	int n = v->pool.o->workers;
	v->pool.compactor = lk_compactor_open(v->pool.o->redis, notice_of_compactor, &v->pool);
	v->workers = lk_calloc((size_t)n, sizeof *v->workers);
	for (; v->nworkers < n; v->nworkers++) {
		lk_worker *w = &v->workers[v->nworkers];
		w->pool = &v->pool;
		w->index = v->nworkers;
		int e = pthread_create(&w->thread, NULL, lk_worker_main, w);
		if (e)
			return lk_fail(err, LK_EINTERNAL, "cannot start a thread: %s", strerror(e));
	}
	return LK_OK;
}

static void end_workers(supervisor *v) {
	pthread_mutex_lock(&v->pool.lock);
	lk_flag_set(&v->pool.ending);
	pthread_cond_broadcast(&v->pool.changed);
	pthread_mutex_unlock(&v->pool.lock);
	for (int i = 0; i < v->nworkers; i++)
		pthread_join(v->workers[i].thread, NULL);
}

/* A run to an end finishes the compactions that it has posted, unless it is stopped: no other process may come and do it. */
static void end_compactor(supervisor *v) {
	while (v->pool.compactor && v->pool.o->once && !is_stopped(v))
		if (lk_compactor_wait(v->pool.compactor, LOOK_US))
			break;
	lk_compactor_close(v->pool.compactor);
	v->pool.compactor = NULL;
}

static void init(supervisor *v, const lk_speed_options *o) {
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&v->pool.lock, NULL);
	pthread_cond_init(&v->pool.changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	v->pool.o = o;
	v->current = lk_current_new(true);
}

static void release(supervisor *v) {
	if (v->pool.world)
		lk_world_leave(&v->pool, v->pool.world);
	lk_current_free(v->current);
	if (v->store)
		lk_store_close(v->store);
	if (v->connected)
		lk_pg_close(&v->pg);
	free(v->ends);
	free(v->workers);
	pthread_cond_destroy(&v->pool.changed);
	pthread_mutex_destroy(&v->pool.lock);
}

int lk_speed_run(const lk_speed_options *o, lk_speed_report *report, lk_error *err) {
	supervisor v = {0};
	int64_t started = lk_monotonic_us();
	init(&v, o);
	int rc = start_or_wait(&v, err);
	if (rc == LK_OK)
		rc = start_workers(&v, err);
	if (rc == LK_OK)
		supervise(&v);
	end_workers(&v);
	end_compactor(&v);
	if (rc == LK_OK && v.pool.fatal.code != LK_OK) {
		rc = v.pool.fatal.code;
		if (err)
			*err = v.pool.fatal;
	}
	if (rc == LK_OK)
		rc = need_copy(&v, err);
	*report = v.pool.report;
	report->stopped = rc == LK_OK && o->once && !all_reached(v.pool.world);
	report->seconds = (double)(lk_monotonic_us() - started) / 1e6;
	release(&v);
	return rc;
}
