#include "server/live.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/flag.h"
#include "core/time.h"
#include "server/followed.h"

enum { VIEWS_MOST = 64 };

struct lk_live {
	lk_service *service;
	lk_feed_calls calls;
	pthread_mutex_t lock;
	pthread_cond_t changed;    /* a thread has ended, or is to end */
	lk_followed *first;        /* those that can be followed */
	int nviews, nclients;
	bool ending;
};

/* --- its thread --- */

void lk_followed_problem(lk_followed *f, const char *away, const lk_error *why) {
	lk_reply r = {0};
	lk_buf b = LK_BUF_INIT;
	if (away)
		lk_reply_problem(&r, 503, away, "it goes on by itself");
	else
		lk_request_failure(f->service, &r, 0, why);
	lk_buf_adds(&b, "event: problem\ndata: ");
	lk_buf_add(&b, r.body.data, r.body.len);   /* which ends its line */
	lk_buf_addc(&b, '\n');
	lk_feed_publish(f->feed, &b, NULL, NULL);
	lk_reply_release(&r);
}

static void release(lk_followed *f) {
	lk_session_close(&f->session);
	lk_picture_release(&f->picture);
	lk_args_release(&f->args);
	lk_arena_release(&f->arena);
	lk_feed_free(f->feed);
	pthread_mutex_destroy(&f->lock);
	pthread_cond_destroy(&f->moved);
	free(f);
}

/* Nobody finds it any more. With the lock. */
static void leave_list(lk_followed *f) {
	lk_followed **at = &f->live->first;
	while (*at && *at != f)
		at = &(*at)->next;
	if (*at)
		*at = f->next;
	lk_flag_set(&f->over);
}

bool lk_followed_goes_on(lk_followed *f, int64_t until_us) {
	lk_live *l = f->live;
	pthread_mutex_lock(&l->lock);
	for (int64_t left; !l->ending && (left = until_us - lk_monotonic_us()) > 0;) {
		int64_t at = lk_time_now() + left;
		const struct timespec t = {.tv_sec = at / LK_US_PER_S, .tv_nsec = at % LK_US_PER_S * 1000};
		pthread_cond_timedwait(&l->changed, &l->lock, &t);
	}
	bool on = !l->ending && lk_feed_followers(f->feed) > 0;
	if (!on)
		leave_list(f);
	pthread_mutex_unlock(&l->lock);
	return on;
}

static void *follow(void *of) {
	lk_followed *f = of;
	lk_live *l = f->live;
	f->kind->run(f);
	pthread_mutex_lock(&l->lock);
	leave_list(f);
	pthread_mutex_unlock(&l->lock);
	lk_feed_end(f->feed);
	while (lk_feed_followers(f->feed) > 0)
		usleep(5000);
	release(f);
	pthread_mutex_lock(&l->lock);
	l->nviews--;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* --- following --- */

static bool tells_apart(const lk_followed_kind *kind, const char *option) {
	for (const char *const *o = kind->options; o && *o; o++)
		if (!strcmp(*o, option))
			return true;
	return !kind->options;
}

/* The name and the options, each as it was given: the same in another order is another key, which costs a thread. A
 * value may have any byte but NUL, so its length says where it ends. */
static char *key_of(const lk_followed_kind *kind, const lk_request *q) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_addf(&b, "%s %zu %s", q->route->path, strlen(q->operand), q->operand);
	for (int i = 0; i < q->args.ngiven; i++) {
		const struct lk_given *g = &q->args.given[i];
		if (tells_apart(kind, g->option->name))
			lk_buf_addf(&b, " %s %zu %s", g->option->name, strlen(g->value), g->value);
	}
	return lk_buf_steal(&b);
}

/* What -1h means stays as it was when the first follower came. */
static lk_followed *make(lk_live *l, const lk_followed_kind *kind, const lk_request *q, const char *key) {
	lk_followed *f = lk_calloc(1, sizeof *f);
	*f = (lk_followed){.live = l, .service = l->service, .kind = kind, .session.service = l->service,
	                   .feed = lk_feed_new(&l->calls), .arena.small = true};
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->moved, NULL);
	f->key = lk_arena_strdup(&f->arena, key);
	f->operand = lk_arena_strdup(&f->arena, q->operand);
	f->args = (lk_args){.operands = &f->operand, .noperands = 1, .now_us = q->args.now_us};
	for (int i = 0; i < q->args.ngiven; i++)
		if (tells_apart(kind, q->args.given[i].option->name))
			lk_args_add(&f->args, q->args.given[i].option, lk_arena_strdup(&f->arena, q->args.given[i].value), NULL);
	return f;
}

static lk_followed *find(const lk_live *l, const char *key) {
	for (lk_followed *f = l->first; f; f = f->next)
		if (!strcmp(f->key, key))
			return f;
	return NULL;
}

static int too_many(const char *of, lk_error *err) {
	lk_fail(err, LK_EBUSY, "as many %s are followed as may be", of);
	return lk_hint(err, "try again later");
}

/* The first follower is there before the thread looks whether there are any. */
static int begin(lk_live *l, lk_followed *f, const lk_request *q, lk_follower **out, lk_error *err) {
	pthread_t thread;
	*out = lk_feed_follow(f->feed, q->last_event);
	if (pthread_create(&thread, NULL, follow, f)) {
		lk_follower_leave(*out);
		release(f);
		return lk_fail(err, LK_EBUSY, "no thread can be started");
	}
	pthread_detach(thread);
	f->next = l->first;
	l->first = f;
	l->nviews++;
	return LK_OK;
}

int lk_live_follow(lk_live *l, const lk_followed_kind *kind, const lk_request *q, lk_follower **out, lk_followed **of, lk_error *err) {
	char *key = key_of(kind, q);
	int rc = LK_OK;
	*out = NULL;
	pthread_mutex_lock(&l->lock);
	lk_followed *f = find(l, key);
	if (l->ending || l->nclients >= l->service->options->limits.live)
		rc = too_many("clients", err);
	else if (!f && l->nviews >= VIEWS_MOST)
		rc = too_many("views and streams", err);
	else if (f)
		*out = lk_feed_follow(f->feed, q->last_event);
	else
		rc = begin(l, f = make(l, kind, q, key), q, out, err);
	l->nclients += rc == LK_OK;
	atomic_store(&l->service->counts.live, l->nclients);
	if (of)
		*of = rc == LK_OK ? f : NULL;
	pthread_mutex_unlock(&l->lock);
	free(key);
	return rc;
}

/* With the lock. */
static void end_unread(lk_live *l) {
	for (lk_followed *f = l->first, *next; f; f = next) {
		next = f->next;
		if (f->kind->at_once && lk_feed_followers(f->feed) == 0)
			leave_list(f);
	}
}

void lk_live_leave(lk_live *l, lk_follower *w) {
	lk_follower_leave(w);
	pthread_mutex_lock(&l->lock);
	end_unread(l);
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
	for (lk_followed *f = l->first; f; f = f->next)
		lk_flag_set(&f->over);
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
