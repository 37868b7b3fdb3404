#include "server/live.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/time.h"
#include "options/answer_args.h"
#include "server/picture.h"

enum { EVERY_US = 1000000, QUIET_US = 15000000, VIEWS_MOST = 64 };

/* A view as it is followed, with the options of those that follow it. */
typedef struct followed {
	lk_live *live;
	char *key;                 /* the view and its options: followers with the same ones share it */
	lk_args args;              /* a copy */
	char *operand;
	lk_arena arena;
	lk_feed *feed;
	lk_session session;
	lk_picture picture;        /* of the last look */
	bool failing;
	int64_t said_us;           /* of the last event */
	struct followed *next;
} followed;

struct lk_live {
	lk_service *service;
	lk_feed_calls calls;
	pthread_mutex_t lock;
	pthread_cond_t changed;    /* a thread has ended, or all are to end */
	followed *first;
	int nviews, nclients;
	bool ending;
};

/* --- one look --- */

static int look(followed *f, lk_picture *out, lk_error *err) {
	lk_answer_args wanted;
	lk_answer a = {0};
	lk_session *s = &f->session;
	s->deadline_us = lk_monotonic_us() + s->service->options->limits.time_us;
	int rc = lk_answer_args_read(&f->args, &wanted, err);
	if (rc == LK_OK)
		rc = lk_rows_args_read(&f->args, &wanted, err);
	wanted.query.bounds = (lk_bounds){.rows = s->service->options->limits.rows, .bytes = s->service->options->limits.memory_bytes,
	                                  .time_us = s->service->options->limits.time_us, .stop = &s->service->stopping};
	if (rc == LK_OK)
		rc = lk_session_need(s, LK_NEEDS_POSTGRES | LK_NEEDS_REDIS, err);
	if (rc == LK_OK)
		rc = lk_answer_make(&s->pg, s->store, s->service->current, &wanted.query, &a, err);
	if (rc == LK_OK)
		lk_picture_take(out, &a);
	lk_answer_release(&a);
	lk_answer_args_release(&wanted);
	return rc;
}

static void publish_problem(followed *f, const lk_error *why) {
	lk_reply r = {0};
	lk_buf b = LK_BUF_INIT;
	if (f->session.away)
		lk_reply_problem(&r, 503, f->session.away, "it goes on by itself");
	else
		lk_reply_failure(&r, 0, why);
	lk_buf_adds(&b, "event: problem\ndata: ");
	lk_buf_add(&b, r.body.data, r.body.len);   /* which ends its line */
	lk_buf_addc(&b, '\n');
	lk_feed_publish(f->feed, &b, NULL, NULL);
	lk_reply_release(&r);
}

static void publish_quiet(followed *f) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, ": nothing has changed\n\n");
	lk_feed_publish(f->feed, &b, NULL, NULL);
}

/* A client that lost its connection is noticed when something is sent to it, so something is. */
static void tell(followed *f, lk_picture *now) {
	lk_buf changes = LK_BUF_INIT, all = LK_BUF_INIT;
	if (!lk_picture_differs(&f->picture, now) && !f->failing) {
		lk_picture_release(now);
		if (lk_monotonic_us() < f->said_us + QUIET_US)
			return;
		publish_quiet(f);
	} else {
		lk_picture_print_all(now, &all);
		if (f->picture.taken)
			lk_picture_print_changes(&f->picture, now, &changes);
		else
			lk_buf_add(&changes, all.data, all.len);
		lk_feed_publish(f->feed, &changes, now->id, &all);
		lk_picture_release(&f->picture);
		f->picture = *now;
	}
	f->said_us = lk_monotonic_us();
}

static void look_and_tell(followed *f) {
	lk_picture now = {0};
	lk_error err = {0};
	int rc = look(f, &now, &err);
	if (lk_session_mend(&f->session, rc)) {   /* the sessions were old: new ones may do */
		lk_error_clear(&err);
		rc = look(f, &now, &err);
		lk_session_mend(&f->session, rc);
	}
	if (rc == LK_OK)
		tell(f, &now);
	else if (!f->failing)
		publish_problem(f, &err);
	f->failing = rc != LK_OK;
}

/* --- its thread --- */

static void release(followed *f) {
	lk_session_close(&f->session);
	lk_picture_release(&f->picture);
	lk_args_release(&f->args);
	lk_arena_release(&f->arena);
	free(f);
}

/* Waits for the next look. False: it is over, since nobody follows, or the server ends. Then nobody finds it any more. */
static bool goes_on(followed *f, int64_t until_us) {
	lk_live *l = f->live;
	pthread_mutex_lock(&l->lock);
	for (int64_t left; !l->ending && (left = until_us - lk_monotonic_us()) > 0;) {
		int64_t at = lk_time_now() + left;
		const struct timespec t = {.tv_sec = at / LK_US_PER_S, .tv_nsec = at % LK_US_PER_S * 1000};
		pthread_cond_timedwait(&l->changed, &l->lock, &t);
	}
	bool on = !l->ending && lk_feed_followers(f->feed) > 0;
	if (!on) {
		followed **at = &l->first;
		while (*at != f)
			at = &(*at)->next;
		*at = f->next;
	}
	pthread_mutex_unlock(&l->lock);
	return on;
}

static void *follow(void *of) {
	followed *f = of;
	lk_live *l = f->live;
	int64_t next_us;
	do {
		next_us = lk_monotonic_us() + EVERY_US;
		look_and_tell(f);
	} while (goes_on(f, next_us));
	lk_feed_end(f->feed);
	while (lk_feed_followers(f->feed) > 0)
		usleep(5000);
	lk_feed_free(f->feed);
	release(f);
	pthread_mutex_lock(&l->lock);
	l->nviews--;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* --- following --- */

/* The view and its options, each as it was given: the same in another order is another key, which costs a thread. */
static char *key_of(const lk_request *q) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, q->operand);
	for (int i = 0; i < q->args.ngiven; i++)
		lk_buf_addf(&b, "\n%s=%s", q->args.given[i].option->name, q->args.given[i].value);
	return lk_buf_steal(&b);
}

/* What -1h means stays as it was when the first follower came. */
static followed *make(lk_live *l, const lk_request *q, const char *key) {
	followed *f = lk_calloc(1, sizeof *f);
	*f = (followed){.live = l, .session.service = l->service, .feed = lk_feed_new(&l->calls), .arena.small = true};
	f->key = lk_arena_strdup(&f->arena, key);
	f->operand = lk_arena_strdup(&f->arena, q->operand);
	f->args = (lk_args){.operands = &f->operand, .noperands = 1, .now_us = q->args.now_us};
	for (int i = 0; i < q->args.ngiven; i++)
		lk_args_add(&f->args, q->args.given[i].option, lk_arena_strdup(&f->arena, q->args.given[i].value), NULL);
	return f;
}

static followed *find(const lk_live *l, const char *key) {
	for (followed *f = l->first; f; f = f->next)
		if (!strcmp(f->key, key))
			return f;
	return NULL;
}

static int too_many(const char *of, lk_error *err) {
	lk_fail(err, LK_EBUSY, "as many %s are followed as may be", of);
	return lk_hint(err, "try again later");
}

/* The first follower is there before the thread looks whether there are any. */
static int begin(lk_live *l, followed *f, const lk_request *q, lk_follower **out, lk_error *err) {
	pthread_t thread;
	*out = lk_feed_follow(f->feed, q->last_event);
	if (pthread_create(&thread, NULL, follow, f)) {
		lk_follower_leave(*out);
		lk_feed_free(f->feed);
		release(f);
		return lk_fail(err, LK_EBUSY, "no thread can be started");
	}
	pthread_detach(thread);
	f->next = l->first;
	l->first = f;
	l->nviews++;
	return LK_OK;
}

int lk_live_follow(lk_live *l, const lk_request *q, lk_follower **out, lk_error *err) {
	char *key = key_of(q);
	int rc = LK_OK;
	pthread_mutex_lock(&l->lock);
	followed *f = find(l, key);
	if (l->ending || l->nclients >= l->service->options->limits.live)
		rc = too_many("clients", err);
	else if (!f && l->nviews >= VIEWS_MOST)
		rc = too_many("views", err);
	else if (f)
		*out = lk_feed_follow(f->feed, q->last_event);
	else
		rc = begin(l, make(l, q, key), q, out, err);
	l->nclients += rc == LK_OK;
	atomic_store(&l->service->counts.live, l->nclients);
	pthread_mutex_unlock(&l->lock);
	free(key);
	return rc;
}

void lk_live_leave(lk_live *l, lk_follower *w) {
	lk_follower_leave(w);
	pthread_mutex_lock(&l->lock);
	l->nclients--;
	atomic_store(&l->service->counts.live, l->nclients);
	pthread_mutex_unlock(&l->lock);
}

lk_live *lk_live_new(lk_service *service, const lk_feed_calls *calls) {
	lk_live *l = lk_calloc(1, sizeof *l);
	*l = (lk_live){.service = service, .calls = *calls};
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->changed, NULL);
	return l;
}

void lk_live_end(lk_live *l) {
	pthread_mutex_lock(&l->lock);
	l->ending = true;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
}

void lk_live_free(lk_live *l) {
	pthread_mutex_lock(&l->lock);
	while (l->nviews > 0)
		pthread_cond_wait(&l->changed, &l->lock);
	pthread_mutex_unlock(&l->lock);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->changed);
	free(l);
}
