#include "server/feed.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT = 128 };   /* events: two minutes of a view that changes all the time */

/* Shared by the followers that are reading it. */
typedef struct shared {
	int holders;
	lk_buf text;
} shared;

struct lk_feed {
	lk_feed_calls calls;
	pthread_mutex_t lock;
	struct kept {
		shared *text;
		char *id;
	} events[KEPT];               /* of number n: [n % KEPT] */
	int64_t first, next;          /* numbers of those that are kept */
	shared *all;                  /* how a new follower begins: as of the event before `next` */
	lk_follower *followers;
	int nfollowers;
	bool ended;
};

struct lk_follower {
	lk_feed *feed;
	shared *now;                  /* being read, … */
	size_t at;                    /* … from here on */
	int64_t next;                 /* event */
	void *paused;                 /* its connection, or NULL */
	lk_follower *other, *former;
};

static shared *share(lk_buf *text) {
	shared *s = lk_calloc(1, sizeof *s);
	*s = (shared){.holders = 1, .text = *text};
	*text = (lk_buf)LK_BUF_INIT;
	return s;
}

static shared *hold(shared *s) {
	s->holders++;
	return s;
}

static void let_go(shared *s) {
	if (!s || --s->holders)
		return;
	lk_buf_release(&s->text);
	free(s);
}

lk_feed *lk_feed_new(const lk_feed_calls *calls) {
	lk_feed *f = lk_calloc(1, sizeof *f);
	f->calls = *calls;
	pthread_mutex_init(&f->lock, NULL);
	return f;
}

static void forget(struct kept *e) {
	let_go(e->text);
	free(e->id);
	*e = (struct kept){0};
}

void lk_feed_free(lk_feed *f) {
	for (int i = 0; i < KEPT; i++)
		forget(&f->events[i]);
	let_go(f->all);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

static void wake_all(lk_feed *f) {
	for (lk_follower *w = f->followers; w; w = w->other) {
		void *connection = w->paused;
		w->paused = NULL;
		if (connection)
			f->calls.wake(connection);
	}
}

void lk_feed_publish(lk_feed *f, lk_buf *text, const char *id, lk_buf *all) {
	pthread_mutex_lock(&f->lock);
	struct kept *e = &f->events[f->next % KEPT];
	forget(e);
	*e = (struct kept){share(text), id ? lk_strdup(id) : NULL};
	f->next++;
	f->first = f->next > KEPT ? f->next - KEPT : 0;
	if (all) {
		let_go(f->all);
		f->all = share(all);
	}
	wake_all(f);
	pthread_mutex_unlock(&f->lock);
}

void lk_feed_end(lk_feed *f) {
	pthread_mutex_lock(&f->lock);
	f->ended = true;
	wake_all(f);
	pthread_mutex_unlock(&f->lock);
}

int lk_feed_followers(lk_feed *f) {
	pthread_mutex_lock(&f->lock);
	int n = f->nfollowers;
	pthread_mutex_unlock(&f->lock);
	return n;
}

/* Without an event of this id a follower begins anew. Two events may have one id: what it may lack follows the first. */
static void place(lk_feed *f, lk_follower *w, const char *last) {
	for (int64_t n = f->first; last && n < f->next; n++)
		if (f->events[n % KEPT].id && !strcmp(f->events[n % KEPT].id, last)) {
			w->next = n + 1;
			return;
		}
	w->now = f->all ? hold(f->all) : NULL;
	w->next = f->all ? f->next : f->first;
}

lk_follower *lk_feed_follow(lk_feed *f, const char *last) {
	lk_follower *w = lk_calloc(1, sizeof *w);
	pthread_mutex_lock(&f->lock);
	*w = (lk_follower){.feed = f, .other = f->followers};
	place(f, w, last);
	if (f->followers)
		f->followers->former = w;
	f->followers = w;
	f->nfollowers++;
	pthread_mutex_unlock(&f->lock);
	return w;
}

void lk_follower_begin(lk_follower *w) {
	pthread_mutex_lock(&w->feed->lock);
	let_go(w->now);
	w->now = NULL;
	w->next = w->feed->next;
	pthread_mutex_unlock(&w->feed->lock);
}

void lk_follower_precede(lk_follower *w, lk_buf *text) {
	pthread_mutex_lock(&w->feed->lock);
	w->now = share(text);
	pthread_mutex_unlock(&w->feed->lock);
}

static ssize_t read_on(lk_follower *w, char *out, size_t most) {
	size_t left = w->now->text.len - w->at, n = left < most ? left : most;
	memcpy(out, w->now->text.data + w->at, n);
	w->at += n;
	if (w->at == w->now->text.len) {
		let_go(w->now);
		w->now = NULL;
		w->at = 0;
	}
	return (ssize_t)n;
}

ssize_t lk_follower_read(lk_follower *w, char *out, size_t most, void *connection) {
	lk_feed *f = w->feed;
	ssize_t n = 0;
	pthread_mutex_lock(&f->lock);
	if (!w->now && w->next >= f->first && w->next < f->next)
		w->now = hold(f->events[w->next++ % KEPT].text);
	if (w->now) {
		n = read_on(w, out, most);
	} else if (w->next < f->first) {
		n = -2;
	} else if (f->ended) {
		n = -1;
	} else {
		w->paused = connection;
		f->calls.pause(connection);
	}
	pthread_mutex_unlock(&f->lock);
	return n;
}

void lk_follower_leave(lk_follower *w) {
	lk_feed *f = w->feed;
	pthread_mutex_lock(&f->lock);
	let_go(w->now);
	if (w->other)
		w->other->former = w->former;
	*(w->former ? &w->former->other : &f->followers) = w->other;
	f->nfollowers--;
	pthread_mutex_unlock(&f->lock);
	free(w);
}
