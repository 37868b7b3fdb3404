#include "cli/layers.h"

#include <stdlib.h>
#include <string.h>

#include "cli/notify.h"
#include "cli/output.h"
#include "cli/signal.h"
#include "core/flag.h"
#include "core/time.h"

/* --- speed --- */

static void show_progress(void *ctx, int64_t events, int64_t behind) {
	lk_buf b = LK_BUF_INIT;
	(void)ctx;
	lk_buf_add_count(&b, events);
	lk_buf_adds(&b, " events, ");
	lk_buf_add_count(&b, behind);
	lk_say_progress("speed: %s behind", b.data);
	lk_buf_adds(&b, " behind");
	lk_notify_status(b.data);
	lk_buf_release(&b);
}

static void show_alive(void *ctx) {
	(void)ctx;
	lk_notify_alive();
}

static void show_notice(void *ctx, const lk_error *e) {
	(void)ctx;
	lk_say_error(e);
}

static void show_again(void *ctx, const char *what) {
	(void)ctx;
	lk_say("speed: %s; it continues where it was", what);
}

/* How long `lk speed --once` waits without progress: for a batch to make room, or for servers to be restarted. */
enum { ROOM_WAIT_S = 30, SERVER_WAIT_S = 300 };

int lk_speed_from_args(const lk_args *args, const lk_servers *at, lk_speed_options *o, lk_error *err) {
	bool once = lk_args_has(args, "once");
	*o = (lk_speed_options){
		.postgres = at->postgres, .redis = at->redis, .once = once,
		.view = lk_args_text(args, "view", NULL),
		.room_wait_us = once ? ROOM_WAIT_S * LK_US_PER_S : 0, .server_wait_us = once ? SERVER_WAIT_S * LK_US_PER_S : 0,
		.limits = lk_stream_defaults, .stop = &lk_stop, .progress = show_progress, .alive = show_alive, .notice = show_notice, .again = show_again,
	};
	return lk_args_workers(args, &o->workers, err);
}

void lk_speed_say_report(const lk_speed_report *r) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_add_count(&b, r->events);
	lk_buf_addf(&b, " event%s in %.2f s, ", r->events == 1 ? "" : "s", r->seconds);
	lk_buf_add_count(&b, r->commits);
	lk_buf_addf(&b, " commit%s", r->commits == 1 ? "" : "s");
	if (r->late) {
		lk_buf_adds(&b, ", late: ");
		lk_buf_add_count(&b, r->late);
	}
	if (r->marked) {
		lk_buf_adds(&b, ", could not be evaluated (lk.rejected): ");
		lk_buf_add_count(&b, r->marked);
	}
	lk_say("speed: %s", b.data);
	lk_buf_release(&b);
}

/* --- batch --- */

/* What is not of a copy. */
enum { THE_ROUND = 0, HOUSEKEEPING = -1 };

typedef struct round_of {
	lk_rounds *rounds;
	bool quiet;
} round_of;

void lk_rounds_release(lk_rounds *r) {
	free(r->told);
	r->told = NULL;
	r->ntold = 0;
}

static lk_told *told_of(lk_rounds *r, int64_t copy) {
	for (int i = 0; i < r->ntold; i++)
		if (r->told[i].copy == copy)
			return &r->told[i].trouble;
	r->told = lk_realloc(r->told, ((size_t)r->ntold + 1) * sizeof *r->told);
	r->told[r->ntold] = (struct lk_round_told){.copy = copy};
	return &r->told[r->ntold++].trouble;
}

/* Another batch or a comparison may run for hours, which is no fault: said once. */
static void say_failure(lk_rounds *r, int64_t copy, const lk_error *e) {
	lk_told *t = told_of(r, copy);
	bool known = e->code == LK_EBUSY && lk_told_has(t, e->text);
	if (e->text[0] && !known && lk_told_due(t, e->text, lk_monotonic_us()))
		lk_say_error(e);
}

/* That servers answer again is said of all at once (say_trouble). */
static void say_works_again(lk_rounds *r, const lk_cat_copy *copy) {
	lk_buf b = LK_BUF_INIT;
	int64_t lasted_us = lk_told_over(told_of(r, copy->id), lk_monotonic_us());
	if (!lasted_us || r->troubled_since_us)
		return;
	lk_duration_print(lasted_us, &b);
	lk_say("%s %s: works again, after %s", copy->kappa ? "seal" : "batch", copy->version->view->name, b.data);
	lk_buf_release(&b);
}

/* The state of moving windows. */
static void say_state(const lk_cat_copy *copy, const lk_batch_report *r) {
	lk_buf b = LK_BUF_INIT;
	if (r->nothing_new)
		return;
	lk_buf_add_count(&b, r->events);
	lk_buf_adds(&b, r->events == 1 ? " event, " : " events, ");
	lk_buf_add_count(&b, r->cells);
	lk_say("state of %s: sealed, %s field%s, %.2f s", copy->log->stream->name, b.data, r->cells == 1 ? "" : "s", r->seconds);
	lk_buf_release(&b);
}

static void say_batch(const lk_cat_copy *copy, const lk_batch_report *r, bool quiet) {
	const lk_cat_view *v = copy->version->view;
	lk_buf b = LK_BUF_INIT;
	if (copy->log) {
		say_state(copy, r);
		return;
	}
	if (r->nothing_new) {
		if (!quiet && v->former_copy != copy->id)
			lk_say("%s %s: nothing new in the log", copy->kappa ? "seal" : "batch", v->name);
		return;
	}
	lk_buf_add_count(&b, r->events);
	lk_buf_adds(&b, r->events == 1 ? " event, " : " events, ");
	lk_buf_add_count(&b, r->cells);
	lk_buf_addf(&b, " cell%s, %.2f s%s", r->cells == 1 ? "" : "s", r->seconds, r->folded ? ", folded in C" : "");
	if (r->switched_to)
		lk_buf_addf(&b, "; readers get version %d now", r->switched_to);
	lk_say("%s %s@%d%s: %s", copy->kappa ? "seal" : "batch", v->name, copy->version->number,
	       v->former_copy == copy->id ? ", the former copy" : "", b.data);
	lk_buf_release(&b);
}

int lk_keep_from_args(const lk_args *args, lk_keep *keep, lk_error *err) {
	*keep = lk_keep_defaults;
	return lk_args_int(args, "keep-rejected", (lk_whole){keep->rejected, 0, INT64_MAX / 2}, &keep->rejected, err);
}

static void show_done(void *ctx, const lk_cat_copy *copy, const lk_batch_report *report) {
	const round_of *of = ctx;
	say_works_again(of->rounds, copy);
	say_batch(copy, report, of->quiet);
}

/* Work that a signal ended is reported once, by the layer that noticed it first. */
static bool said_stopped;

static void say_stopped(const lk_cat_copy *copy) {
	if (!said_stopped)
		lk_say("%s%s%s: stopped; what is published stays, and the log has the rest", copy && copy->kappa ? "seal" : "batch",
		       copy ? " " : "", copy ? copy->version->view->name : "");
	said_stopped = true;
}

static void show_failure(void *ctx, const lk_cat_copy *copy, const lk_error *e) {
	const round_of *of = ctx;
	if (lk_ended_by_signal(e->code))
		say_stopped(copy);
	else
		say_failure(of->rounds, copy ? copy->id : HOUSEKEEPING, e);
}

int lk_batch_round(lk_rounds *r, enum lk_round how, lk_error *err) {
	round_of of = {.rounds = r, .quiet = how == LK_ROUND_AGAIN};
	const lk_round_options o = {
		.postgres = r->at->postgres, .redis = r->at->redis, .views = r->views, .n = r->n, .keep = r->keep,
		.seals = how != LK_ROUND_FIRST, .stop = &lk_stop, .ctx = &of, .done = show_done, .failed = show_failure,
	};
	int nviews = 0, rc = lk_round_run(&o, &nviews, err);
	if (rc == LK_OK && nviews == 0 && !of.quiet)
		lk_say("no views are declared: `lk apply FILE` declares them");
	return rc;
}

int lk_until_stopped(int rc, lk_error *err) {
	if (!lk_ended_by_signal(rc))
		return rc;
	if (!said_stopped)
		lk_say_error(err);
	lk_error_clear(err);
	return LK_OK;
}

/* A server that is away or full: the first round that fails says what happens next, the first one that succeeds says
 * that it is over. */
static void say_trouble(lk_rounds *r, int rc, int64_t every_us) {
	bool troubled = rc == LK_EUNREACHABLE || rc == LK_EFULL;
	lk_buf b = LK_BUF_INIT;
	if (lk_flag_is_set(&lk_stop) || troubled == (r->troubled_since_us != 0))
		return;
	lk_duration_print(troubled ? every_us : lk_monotonic_us() - r->troubled_since_us, &b);
	if (troubled)
		lk_say("batch: tried again every %s; what is published stays, and the log has the rest", b.data);
	else
		lk_say("batch: works again, after %s", b.data);
	r->troubled_since_us = troubled ? lk_monotonic_us() : 0;
	lk_buf_release(&b);
}

void lk_batch_rounds(lk_rounds *r, int64_t every_us) {
	while (!lk_flag_is_set(&lk_stop)) {
		int64_t next = lk_monotonic_us() + every_us;
		lk_error e = {0};
		int rc = lk_batch_round(r, LK_ROUND_AGAIN, &e);
		if (e.code == LK_OK)
			lk_told_over(told_of(r, THE_ROUND), lk_monotonic_us());
		else if (lk_ended_by_signal(e.code))
			say_stopped(NULL);
		else
			say_failure(r, THE_ROUND, &e);
		say_trouble(r, rc, every_us);
		lk_wait_until(next);
	}
}
