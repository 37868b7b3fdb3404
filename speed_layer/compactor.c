#include "speed_layer/compactor.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/flag.h"
#include "core/time.h"
#include "plan/plan.h"

#define REST_US    30000000   /* after a job that would fail again */
#define GIVE_UP_US   300000   /* for a job to end and remove what it has staged */

typedef struct job {
	struct job *next;
	char *log_id;
	lk_compaction work;
	int64_t rests_until_us;   /* set after a failure; 0: it waits or runs */
} job;

struct lk_compactor {
	char *redis;
	void (*notice)(void *ctx, const lk_error *e);
	void *ctx;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;     /* guards all below */
	pthread_cond_t changed;
	job *jobs;                /* in order of arrival */
	volatile int ending;      /* accessed atomically */
	bool idle;                /* the thread has nothing to do, or has ended */
	lk_store *store;          /* its connection, or NULL. The thread uses it without the lock */
	lk_compactor_report done;
};

static void free_job(job *j) {
	free(j->log_id);
	free((void *)j->work.inputs);
	free((void *)j->work.plan);
	free(j);
}

static job **find(lk_compactor *c, int64_t unit) {
	job **at = &c->jobs;
	while (*at && (*at)->work.unit != unit)
		at = &(*at)->next;
	return at;
}

static void remove_job(job **at) {
	job *j = *at;
	*at = j->next;
	free_job(j);
}

static job *next_job(lk_compactor *c) {
	job *j = c->jobs;
	while (j && j->rests_until_us)
		j = j->next;
	return j;
}

static bool is_ending(const lk_compactor *c) { return lk_flag_is_set(&c->ending); }

/* --- the thread --- */

static void set_store(lk_compactor *c, lk_store *s) {
	pthread_mutex_lock(&c->lock);
	lk_store *former = c->store;
	c->store = s;
	pthread_mutex_unlock(&c->lock);
	lk_store_close(former);
}

static int run(lk_compactor *c, job *j, lk_error *err) {
	int rc = LK_OK;
	if (!c->store) {
		lk_store *s = NULL;
		rc = lk_store_open(&s, c->redis, j->log_id, err);
		set_store(c, s);
	}
	if (rc == LK_OK && strcmp(lk_store_log(c->store), j->log_id) != 0)
		lk_store_set_log(c->store, j->log_id);
	if (rc == LK_OK)
		rc = lk_store_compact(c->store, &j->work, err);
	if (rc == LK_EUNREACHABLE)
		set_store(c, NULL);
	return rc;
}

/* If another process changed the segments first, the job is removed: the next sweep chooses again. */
static void end_job(lk_compactor *c, job *j, int result) {
	bool rests = result == LK_EFULL || result == LK_EINTERNAL || result == LK_EUNSUPPORTED;
	pthread_mutex_lock(&c->lock);
	c->done.compactions += result == LK_OK;
	c->done.written_bytes += j->work.written;
	if (rests)
		j->rests_until_us = lk_monotonic_us() + REST_US;
	else
		remove_job(find(c, j->work.unit));
	pthread_mutex_unlock(&c->lock);
}

static void *compact(void *arg) {
	lk_compactor *c = arg;
	pthread_mutex_lock(&c->lock);
	while (!is_ending(c)) {
		job *j = next_job(c);
		c->idle = !j;
		pthread_cond_broadcast(&c->changed);
		if (!j) {
			pthread_cond_wait(&c->changed, &c->lock);
			continue;
		}
		pthread_mutex_unlock(&c->lock);
		lk_error e = {0};
		int result = run(c, j, &e);
		if (result == LK_EINTERNAL && c->notice)
			c->notice(c->ctx, &e);
		end_job(c, j, result);
		pthread_mutex_lock(&c->lock);
	}
	c->idle = true;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* --- called by other threads --- */

lk_compactor *lk_compactor_open(const char *redis, void (*notice)(void *ctx, const lk_error *e), void *ctx) {
	lk_compactor *c = lk_calloc(1, sizeof *c);
	c->redis = lk_strdup(redis);
	c->notice = notice;
	c->ctx = ctx;
	c->idle = true;
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return c;
}

bool lk_compactor_is_free(lk_compactor *c, int64_t unit) {
	pthread_mutex_lock(&c->lock);
	job **at = find(c, unit);
	if (*at && (*at)->rests_until_us && (*at)->rests_until_us <= lk_monotonic_us())
		remove_job(at);
	bool is_free = !*find(c, unit);
	pthread_mutex_unlock(&c->lock);
	return is_free;
}

static job *copy_of(const char *log_id, const lk_compaction *work, const volatile int *stop) {
	job *j = lk_calloc(1, sizeof *j);
	lk_segment *inputs = lk_calloc((size_t)work->n, sizeof *inputs);
	memcpy(inputs, work->inputs, (size_t)work->n * sizeof *inputs);
	j->log_id = lk_strdup(log_id);
	j->work = *work;
	j->work.inputs = inputs;
	j->work.plan = lk_plan_of_cells(work->plan);
	j->work.stop = stop;
	return j;
}

void lk_compactor_post(lk_compactor *c, const char *log_id, const lk_compaction *work) {
	if (!lk_compactor_is_free(c, work->unit))
		return;
	pthread_mutex_lock(&c->lock);
	if (!c->started)
		c->started = pthread_create(&c->thread, NULL, compact, c) == 0;
	if (c->started && !*find(c, work->unit)) {
		job **end = &c->jobs;
		while (*end)
			end = &(*end)->next;
		*end = copy_of(log_id, work, &c->ending);
		c->idle = false;
		pthread_cond_broadcast(&c->changed);
	}
	pthread_mutex_unlock(&c->lock);
}

/* The caller holds the lock. */
static void wait_idle(lk_compactor *c, int64_t patience_us) {
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + patience_us % LK_US_PER_S * 1000;
	until.tv_sec += patience_us / LK_US_PER_S + ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	while (!c->idle && pthread_cond_timedwait(&c->changed, &c->lock, &until) == 0)
		;
}

bool lk_compactor_wait(lk_compactor *c, int64_t patience_us) {
	pthread_mutex_lock(&c->lock);
	wait_idle(c, patience_us);
	bool idle = c->idle;
	pthread_mutex_unlock(&c->lock);
	return idle;
}

/* A thread that waits for a server that does not answer is cut off. */
static void end_thread(lk_compactor *c) {
	pthread_mutex_lock(&c->lock);
	lk_flag_set(&c->ending);
	pthread_cond_broadcast(&c->changed);
	wait_idle(c, GIVE_UP_US);
	if (!c->idle && c->store)
		lk_store_cut_off(c->store);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
}

void lk_compactor_close(lk_compactor *c) {
	if (!c)
		return;
	if (c->started)
		end_thread(c);
	while (c->jobs)
		remove_job(&c->jobs);
	lk_store_close(c->store);
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
	free(c->redis);
	free(c);
}

lk_compactor_report lk_compactor_done(lk_compactor *c) {
	pthread_mutex_lock(&c->lock);
	lk_compactor_report done = c->done;
	pthread_mutex_unlock(&c->lock);
	return done;
}
