#include "server/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/flag.h"
#include "core/time.h"

/* A request that has lasted so much longer than it may will not end. */
enum { GRACE_US = 60 * LK_US_PER_S };

struct lk_pool {
	lk_service *service;
	pthread_mutex_t lock;
	pthread_cond_t some;
	lk_job *first, **last;
	int waiting;
	bool ending;
	int nthreads;
	pthread_t *threads;
	atomic_llong *deadlines;        /* of what each worker does now; INT64_MAX: nothing */
	atomic_int started;
};

/* --- one answer --- */

/* A kept session may have been lost long ago, as when its server was started again: a new one is tried once. */
static int answer(lk_session *s, lk_request *q, lk_error *err) {
	const lk_route *r = q->route;
	for (int again = 0;; again++) {
		int rc = lk_session_need(s, r->needs, err);
		if (rc == LK_OK)
			rc = r->answer(s, q, err);
		bool stale = lk_session_mend(s, rc);
		if (!stale || again || lk_flag_is_set(&s->service->stopping))
			return rc;
		lk_reply_release(&q->reply);
		lk_error_clear(err);
	}
}

static void refuse(lk_session *s, lk_request *q, int rc, const lk_error *why) {
	bool late = lk_monotonic_us() >= s->deadline_us, hidden = false;
	if (lk_flag_is_set(&s->service->stopping))
		lk_reply_problem(&q->reply, 503, "the server is stopping", "");
	else if (s->away && rc == LK_EUNREACHABLE)
		lk_reply_problem(&q->reply, 503, s->away, "try again later");
	else
		hidden = lk_request_failure(s->service, &q->reply, late && rc == LK_ETOOBIG ? 503 : q->reply.status, why);
	if (hidden || (s->away && rc == LK_EUNREACHABLE))
		lk_service_tell(s->service, why);
}

static void carry_out(lk_session *s, lk_job *job) {
	lk_request *q = job->request;
	lk_error err = {0};
	s->deadline_us = job->deadline_us;
	if (lk_monotonic_us() >= job->deadline_us) {
		lk_reply_problem(&q->reply, 503, "the request waited too long for its turn", "try again later");
	} else {
		int rc = answer(s, q, &err);
		if (rc != LK_OK)
			refuse(s, q, rc, &err);
	}
	if (q->gzip)
		lk_reply_compress(&q->reply);
	job->done(job);
}

/* --- the queue --- */

static lk_job *take(lk_pool *p) {
	pthread_mutex_lock(&p->lock);
	while (!p->first && !p->ending)
		pthread_cond_wait(&p->some, &p->lock);
	lk_job *job = p->first;
	if (job) {
		p->first = job->next;
		p->last = p->first ? p->last : &p->first;
		p->waiting--;
		atomic_store(&p->service->counts.waiting, p->waiting);
	}
	pthread_mutex_unlock(&p->lock);
	return job;
}

static void *work(void *pool) {
	lk_pool *p = pool;
	lk_session s = {.service = p->service};
	atomic_llong *deadline = &p->deadlines[atomic_fetch_add(&p->started, 1)];
	for (lk_job *job; (job = take(p));) {
		atomic_store(deadline, job->deadline_us);
		carry_out(&s, job);
		atomic_store(deadline, INT64_MAX);
	}
	lk_session_close(&s);
	return NULL;
}

bool lk_pool_is_well(const lk_pool *p) {
	int64_t now = lk_monotonic_us();
	for (int i = 0; i < p->nthreads; i++)
		if (atomic_load(&p->deadlines[i]) < now - GRACE_US)
			return false;
	return true;
}

lk_pool *lk_pool_new(lk_service *service, int workers) {
	lk_pool *p = lk_calloc(1, sizeof *p);
	p->service = service;
	p->last = &p->first;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->some, NULL);
	p->threads = lk_calloc((size_t)workers, sizeof *p->threads);
	p->deadlines = lk_calloc((size_t)workers, sizeof *p->deadlines);
	for (int i = 0; i < workers; i++)
		atomic_init(&p->deadlines[i], INT64_MAX);
	while (p->nthreads < workers && !pthread_create(&p->threads[p->nthreads], NULL, work, p))
		p->nthreads++;
	return p;
}

bool lk_pool_push(lk_pool *p, lk_job *job) {
	pthread_mutex_lock(&p->lock);
	bool taken = !p->ending && p->waiting < p->service->options->limits.waiting;
	if (taken) {
		job->next = NULL;
		*p->last = job;
		p->last = &job->next;
		p->waiting++;
		atomic_store(&p->service->counts.waiting, p->waiting);
		pthread_cond_signal(&p->some);
	}
	pthread_mutex_unlock(&p->lock);
	return taken;
}

void lk_pool_free(lk_pool *p) {
	lk_job *left;
	pthread_mutex_lock(&p->lock);
	p->ending = true;
	left = p->first;
	p->first = NULL;
	p->last = &p->first;
	pthread_cond_broadcast(&p->some);
	pthread_mutex_unlock(&p->lock);
	for (lk_job *next; left; left = next) {
		next = left->next;
		lk_reply_problem(&left->request->reply, 503, "the server is stopping", "");
		left->done(left);
	}
	for (int i = 0; i < p->nthreads; i++)
		pthread_join(p->threads[i], NULL);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->some);
	free(p->threads);
	free(p->deadlines);
	free(p);
}
