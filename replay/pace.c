/* Replaying at a pace.
 *
 * One thread drives all partitions through one gate, the time that the clock shows: a pass over a partition stops
 * before the first event that is later. If every partition waits, the earliest of the waiting events says how long
 * there is nothing to do. A gap without events is known then, and is shortened, if the options say so, by moving the
 * clock forward.
 *
 *     partition 0   a   b        │ e                events that are not later than the clock pass the gate;
 *     partition 1     c   d      │       f          the thread sleeps until e is due
 *                            clock
 *
 * The pace decides when events are folded and never what they become: the order in a partition is that of the log, and
 * so are the cells (I4). A run that is interrupted is resumed at the cursors, and its clock starts again there.
 *
 * A fetch that reaches the gate is cancelled, which costs more than the few events that are due then. So a fetch is
 * only as large as the last passes through the gate suggest. */
#include "replay/pace.h"

#include <time.h>

#include "core/flag.h"
#include "core/time.h"
#include "replay/private.h"

#define SLEEP_LEAST_US     1000   /* events due within it are folded together */
#define SLEEP_MOST_US     50000   /* how often *stop is checked */
#define LOOK_EVERY_US   1000000   /* how often units are swept and locks tried while nothing is due */
#define TELL_EVERY_US    200000
#define PAUSE_US          10000   /* while another process drives a partition */
#define FETCH_LEAST          64

/* --- the clock --- */

void lk_pace_init(lk_pace *p, double pace, int64_t max_gap_us) {
	*p = (lk_pace){.pace = pace, .max_gap_us = max_gap_us, .shortened = LK_NEVER};
}

/* Sums of times that are further apart than an int64_t can hold stop at its ends. by_us is rounded down before it is
 * added: a sum with a distant time has no bits left below a microsecond, and would be rounded up. */
static int64_t later(int64_t time, long double by_us) {
	long double sum = (long double)time + __builtin_floorl(by_us);
	if (sum >= 0x1p63L)
		return INT64_MAX;
	return sum <= -0x1p63L ? LK_NEVER + 1 : (int64_t)sum;
}

int64_t lk_pace_shows(const lk_pace *p, int64_t now_us) {
	return p->begun ? later(p->time, ((long double)now_us - p->at_us) * (long double)p->pace) : LK_NEVER;
}

int64_t lk_pace_due_us(const lk_pace *p, int64_t time) {
	int64_t due = later(p->at_us, __builtin_ceill(((long double)time - p->time) / (long double)p->pace));
	while (due < INT64_MAX && lk_pace_shows(p, due) < time)   /* makes up for rounding in the division */
		due++;
	return due;
}

void lk_pace_waits_for(lk_pace *p, int64_t passed, int64_t next, int64_t now_us) {
	if (!p->begun) {
		p->begun = true;
		p->time = next;
		p->at_us = now_us;
		return;
	}
	int64_t gap, shows = lk_pace_shows(p, now_us);
	if (p->max_gap_us <= 0 || passed == LK_NEVER || next <= shows || next == p->shortened
	    || __builtin_sub_overflow(next, passed, &gap) || gap <= p->max_gap_us)
		return;
	int64_t forward = later(shows, (long double)gap - p->max_gap_us);
	p->time = forward < next ? forward : next;
	p->at_us = now_us;
	p->shortened = next;
}

/* --- the run --- */

typedef struct paced {
	lk_driver *d;
	const lk_frontier *end;
	lk_pace clock;
	int64_t fetch_most;
	int64_t events, told_us;
	void (*tell)(void *ctx, int64_t events);
	void *ctx;
} paced;

static bool is_stopped(const lk_replay_options *o) {
	return lk_flag_is_set(o->watch.stop);
}

static void tell(paced *p) {
	int64_t now = lk_monotonic_us();
	if (!p->tell || now - p->told_us < TELL_EVERY_US)
		return;
	p->told_us = now;
	p->tell(p->ctx, p->events);
}

/* The earliest event that a partition waits for; LK_NEVER if a partition may have more to read, or another process
 * drives it. */
static int64_t earliest(const paced *p) {
	int64_t next = INT64_MAX;
	for (int i = 0; i < p->d->partitions; i++) {
		if (p->d->cursor.part[i].off >= p->end->part[i].off)
			continue;
		if (p->d->waits[i] == LK_NEVER)
			return LK_NEVER;
		if (p->d->waits[i] < next)
			next = p->d->waits[i];
	}
	return next == INT64_MAX ? LK_NEVER : next;
}

/* As many events as passed the gate last time are likely to be due next time. */
static void size_fetch(paced *p, int64_t folded, bool all_wait) {
	int64_t *size = &p->d->path.limits.fetch_events;
	int64_t want = all_wait ? 2 * folded : 2 * *size;
	*size = want < FETCH_LEAST ? FETCH_LEAST : want > p->fetch_most ? p->fetch_most : want;
}

static void sleep_until(paced *p, int64_t due_us, const lk_replay_options *o) {
	int64_t now = lk_monotonic_us(), until = now + LOOK_EVERY_US;
	if (due_us < until)
		until = due_us > now + SLEEP_LEAST_US ? due_us : now + SLEEP_LEAST_US;
	for (; now < until && !is_stopped(o); now = lk_monotonic_us()) {
		int64_t us = until - now < SLEEP_MOST_US ? until - now : SLEEP_MOST_US;
		nanosleep(&(struct timespec){.tv_nsec = us * 1000}, NULL);
		tell(p);
	}
}

static int step(paced *p, const lk_replay_options *o, lk_error *err) {
	int64_t folded = 0;
	p->d->path.gate = lk_pace_shows(&p->clock, lk_monotonic_us());
	int rc = lk_driver_pass(p->d, p->end, &folded, err);
	if (rc != LK_OK)
		return rc;
	p->events += folded;
	tell(p);
	int64_t next = earliest(p), now = lk_monotonic_us();
	size_fetch(p, folded, next != LK_NEVER);
	if (next != LK_NEVER) {
		lk_pace_waits_for(&p->clock, p->d->path.gate_high, next, now);
		if (next > lk_pace_shows(&p->clock, now))
			sleep_until(p, lk_pace_due_us(&p->clock, next), o);
	} else if (folded == 0 && !lk_driver_reached(p->d, p->end)) {
		sleep_until(p, now + PAUSE_US, o);
	}
	return LK_OK;
}

int lk_pace_run(lk_driver *d, const lk_replay_options *o, const lk_frontier *end,
                void (*tell_events)(void *ctx, int64_t events), void *ctx, lk_error *err) {
	paced p = {.d = d, .end = end, .fetch_most = d->path.limits.fetch_events, .tell = tell_events, .ctx = ctx};
	int rc = LK_OK;
	lk_pace_init(&p.clock, o->pace, o->max_gap_us);
	d->path.gated = true;
	d->path.gate_by = o->range.by;
	d->path.gate_high = LK_NEVER;
	d->path.limits.fetch_events = FETCH_LEAST < p.fetch_most ? FETCH_LEAST : p.fetch_most;
	while (rc == LK_OK && !lk_driver_reached(d, end) && !is_stopped(o))
		rc = step(&p, o, err);
	d->path.gated = false;
	d->path.limits.fetch_events = p.fetch_most;
	if (p.tell && rc == LK_OK)
		p.tell(p.ctx, p.events);
	return rc;
}
