#include "compare/run_to.h"

#include "core/flag.h"
#include "core/time.h"

typedef struct run {
	const lk_replay_watch *watch;
	lk_replay_progress now;
	int64_t started_us;
} run;

static void tell(void *ctx, int64_t events, int64_t behind) {
	run *r = ctx;
	double seconds = (double)(lk_monotonic_us() - r->started_us) / 1e6;
	if (events + behind > r->now.total)   /* units not taken yet are behind by an unknown number */
		r->now.total = events + behind;
	r->now.done = events < r->now.total ? events : r->now.total;
	r->now.rate = seconds > 0 ? (double)events / seconds : 0;
	r->now.eta_s = r->now.rate > 0 ? (double)behind / r->now.rate : -1;
	if (r->watch->progress)
		r->watch->progress(r->watch->ctx, &r->now);
}

static void notice(void *ctx, const lk_error *e) {
	const run *r = ctx;
	if (r->watch->notice)
		r->watch->notice(r->watch->ctx, e);
}

bool lk_watch_stopped(const lk_replay_watch *w) { return lk_flag_is_set(w->stop); }

int lk_stopped(lk_error *err) { return lk_fail(err, LK_EBUSY, "interrupted"); }

void lk_watch_phase(const lk_replay_watch *w, const lk_cat_copy *copy, const char *phase) {
	const lk_replay_progress p = {.view = copy->version->view->name, .phase = phase, .eta_s = -1};
	if (w->progress)
		w->progress(w->ctx, &p);
}

int lk_run_to(const lk_run_to_options *o, const lk_cat_copy *copy, const lk_frontier *end, const char *phase, lk_speed_report *report, lk_error *err) {
	run r = {.watch = o->watch, .now = {.view = copy->version->view->name, .phase = phase, .eta_s = -1}, .started_us = lk_monotonic_us()};
	lk_speed_report ignored;
	const lk_speed_options options = {
		.postgres = o->postgres, .redis = o->redis, .workers = o->workers > 0 ? o->workers : 1, .once = true, .copy = copy->id, .end = end,
		.room_wait_us = 1, .limits = o->limits.fetch_events ? o->limits : lk_stream_defaults, .stop = o->watch->stop,
		.progress = tell, .notice = notice, .ctx = &r,
	};
	int rc = lk_speed_run(&options, report ? report : &ignored, err);
	return rc == LK_OK && lk_watch_stopped(o->watch) ? lk_stopped(err) : rc;
}
