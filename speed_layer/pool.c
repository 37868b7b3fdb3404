#include "speed_layer/pool.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/time.h"
#include "core/wait.h"

/* A server that is away, or has no room, is one trouble, however many meet it. */
void lk_pool_notice(lk_pool *p, const lk_error *e) {
	int kind = -e->code;
	const char *what = e->code == LK_EUNREACHABLE || e->code == LK_EFULL ? "" : e->text;
	pthread_mutex_lock(&p->lock);
	if (p->o->notice && kind > 0 && kind < LK_NOTICE_CODES && lk_told_due(&p->told[kind], what, lk_monotonic_us()))
		p->o->notice(p->o->ctx, e);
	pthread_mutex_unlock(&p->lock);
}

const lk_error *lk_pool_say_how_long(const lk_pool *p, lk_error *e) {
	int64_t most = p->o->server_wait_us;
	size_t len = strlen(e->text);
	if (e->code != LK_EUNREACHABLE || lk_stop_asked())
		return e;
	if (most > 0)
		snprintf(e->text + len, sizeof e->text - len, "; lk tries again for %lld s and keeps what is folded",
		         (long long)(most / LK_US_PER_S));
	else
		snprintf(e->text + len, sizeof e->text - len, "; lk tries again until it answers and keeps what is folded");
	return e;
}

void lk_pool_pause(lk_pool *p, int64_t us) {
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + us % LK_US_PER_S * 1000;
	until.tv_sec += us / LK_US_PER_S + ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	pthread_mutex_lock(&p->lock);
	if (!lk_pool_ending(p))
		pthread_cond_timedwait(&p->changed, &p->lock, &until);
	pthread_mutex_unlock(&p->lock);
}

void lk_pool_wake(lk_pool *p) {
	pthread_mutex_lock(&p->lock);
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
}

void lk_pool_waits(lk_pool *p, enum lk_wait_for what, bool *mine, bool now) {
	static const struct { int code; const char *over; } of[] = {
		{LK_EUNREACHABLE, "the servers answer again"}, {LK_EFULL, "Redis has room again"},
	};
	if (*mine == now)
		return;
	*mine = now;
	pthread_mutex_lock(&p->lock);
	p->waiting[what] += now ? 1 : -1;
	if (p->waiting[what] == 0)
		lk_told_over(&p->told[-of[what].code], lk_monotonic_us());
	if (p->waiting[what] == 0 && p->o->again)
		p->o->again(p->o->ctx, of[what].over);
	pthread_mutex_unlock(&p->lock);
}
