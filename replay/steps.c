/* The steps that bring a copy to the log's end and readers to the copy. They are the same for a replay and for a change
 * of mode, and each works whether or not an earlier run has done a part of it. */
#include "replay/private.h"

#include <string.h>

#include "catalog/tail.h"
#include "compare/barrier.h"
#include "core/fault.h"
#include "core/time.h"
#include "speed_layer/speed.h"

#define NEAR_FOR_DRIVER 50000   /* events that the one thread of the switch may fold before it holds the log */
#define SLOW_ROUNDS        10

/* --- the stream path --- */

typedef struct bulk {
	lk_replay *run;
	const char *phase;
	int64_t total;
} bulk;

static void on_progress(void *ctx, int64_t events, int64_t behind) {
	const bulk *b = ctx;
	(void)behind;
	lk_replay_tell(b->run, b->phase, b->run->at_start + b->run->done + events, b->total);
}

static void on_notice(void *ctx, const lk_error *e) {
	const lk_replay *r = ((const bulk *)ctx)->run;
	if (r->o->watch.notice)
		r->o->watch.notice(r->o->watch.ctx, e);
}

int lk_replay_no_room(lk_replay *r, const lk_error *why, lk_error *err) {
	long long id = r->copy_id;
	if (r->derived) {   /* logs.c says what becomes of all copies */
		if (err)
			*err = *why;
		return LK_EFULL;
	}
	if (r->goal == LK_GOAL_BACK) {
		lk_fail(err, LK_EFULL, "no room to bring the former copy of view %s to the log's end: %s", r->o->view,
		        why->text);
		return lk_hint(err, "nothing was switched; when there is room, run it again to resume");
	}
	if (why->sqlstate[0]) {   /* PostgreSQL's disk: dropping cells from Redis would not help */
		lk_fail(err, LK_EFULL, "no room to replay view %s: %s", r->o->view, why->text);
		return lk_hint(err, "the copy stays: when PostgreSQL has room, run it again to resume");
	}
	int rc = lk_replay_drop(r, err);
	if (rc != LK_OK)
		return rc;
	lk_fail(err, LK_EFULL, "no room to replay view %s: %s", r->o->view, why->text);
	lk_hint(err, "copy %lld was dropped and its cells removed, so that the served copy has its room;"
	        " `lk replay %s --dry-run` says how much it needs", id, r->o->view);
	return LK_EFULL;
}

/* Why the speed layer met a hole: if the log has come back without its last events, this attempt's end is void, just as
 * its session is. */
static int look_at_gap(lk_replay *r, const lk_frontier *end, const lk_error *why, lk_error *err) {
	lk_frontier tail;
	int rc = lk_log_tail(&r->pg, r->copy->version->reads, &tail, err);
	if (rc != LK_OK)
		return rc;
	if (!lk_frontier_reaches(&tail, end))
		return lk_fail(err, LK_EUNREACHABLE, "%s", why->text);
	*err = *why;
	return why->code;
}

int lk_replay_bulk(lk_replay *r, const char *phase, const lk_frontier *end, lk_error *err) {
	bulk b = {.run = r, .phase = phase, .total = lk_frontier_events(end)};
	lk_error e = {0};
	lk_speed_report report = {0};
	const lk_speed_options o = {
		.postgres = r->o->postgres, .redis = r->o->redis, .workers = r->o->workers, .once = true, .copy = r->copy_id,
		.end = end, .room_wait_us = 1, .limits = r->o->limits, .stop = r->o->watch.stop, .progress = on_progress,
		.notice = on_notice, .ctx = &b,
	};
	lk_replay_tell(r, phase, r->at_start + r->done, b.total);
	int rc = lk_speed_run(&o, &report, &e);
	r->done += report.events;
	r->report.events += report.events;
	r->report.cells += report.cells;
	r->report.late += report.late;
	r->report.marked += report.marked;
	if (rc == LK_EFULL)
		return lk_replay_no_room(r, &e, err);
	if (rc == LK_EGAP)
		return look_at_gap(r, end, &e, err);
	if (rc != LK_OK && err)
		*err = e;
	if (rc == LK_OK && !lk_replay_stopped(r))
		lk_replay_tell(r, phase, b.total, b.total);
	return rc;
}

/* --- comparing with the served copy --- */

static int compare_at(lk_replay *r, const lk_cat_copy *served, const lk_cut *cut, lk_difference *out, lk_error *err) {
	lk_result left = {0}, right = {0};
	int rc = lk_result_of_copy(&r->pg, r->store, &(lk_result_of){served, cut, "served"}, &left, err);
	if (rc == LK_OK)
		rc = lk_result_of_copy(&r->pg, r->store, &(lk_result_of){r->copy, cut, r->copy->kappa ? "replayed" : "batch"}, &right, err);
	if (rc == LK_OK) {
		lk_difference_release(out);
		lk_compare_results(&left, &right, out);
		if (!lk_difference_none(out) && !out->other_shape)
			rc = lk_first_events(&r->pg, &(lk_sides){.left = served, .right = r->copy, .until = cut}, out, err);
	}
	lk_result_release(&left);
	lk_result_release(&right);
	return rc;
}

static void say_unequal(const lk_replay *r, const lk_difference *d, lk_error *err) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, "of ");
	lk_buf_add_count(&b, d->compared);
	lk_buf_adds(&b, " rows, ");
	lk_buf_add_count(&b, d->equal);
	lk_fail(err, LK_EDIFFERS, "version %d of view %s, copy %lld, differs from the served copy: %s are equal", r->copy->version->number,
	        r->o->view, (long long)r->copy_id, b.data);
	lk_buf_release(&b);
}

static int judge(const lk_replay *r, const lk_difference *d, lk_error *err) {
	if (lk_difference_none(d) || r->o->force)
		return LK_OK;
	if (d->other_shape)
		lk_fail(err, LK_EDIFFERS, "version %d of view %s has other columns than the served copy",
		        r->copy->version->number, r->o->view);
	else
		say_unequal(r, d, err);
	lk_hint(err, "nothing was switched, and the copy stays; if the definition was meant to change, use --force");
	return LK_EDIFFERS;
}

int lk_replay_verify(lk_replay *r, lk_difference *out, lk_error *err) {
	const lk_cat_copy *served = lk_catalog_copy(r->catalog, r->from_copy);
	lk_barrier m = {0};
	lk_error e = {0};
	if (r->verified || !served || served == r->copy)
		return LK_OK;
	int rc = lk_replay_phase_is(r, "verifying", err);
	if (rc != LK_OK)
		return rc;
	lk_replay_tell(r, "verifying", r->at_start + r->done, r->at_start + r->done);
	rc = lk_barrier_open(&m, &r->pg, (const lk_cat_copy *const[]){served, r->copy}, 2,
	                     &(lk_run_to_options){.postgres = r->o->postgres, .redis = r->o->redis, .watch = &r->o->watch}, &e);
	if (rc == LK_OK && !lk_replay_stopped(r)) {
		rc = compare_at(r, served, &m.cut, out, &e);
		r->verified = rc == LK_OK;
	}
	if (rc == LK_EGAP) {
		const lk_error why = e;
		lk_error_clear(&e);
		rc = look_at_gap(r, &m.cut.at, &why, &e);
	}
	lk_barrier_close(&m);
	if (rc == LK_EFULL)
		return lk_replay_no_room(r, &e, err);
	if (rc != LK_OK && err)
		*err = e;
	if (!r->verified)
		return rc;
	LK_CRASH_POINT("replay.verified");
	rc = judge(r, out, &e);
	if (rc == LK_EDIFFERS)
		lk_replay_differs(&r->pg, r->copy_id, NULL);   /* for `lk status`; the difference itself is what counts */
	if (rc != LK_OK && err)
		*err = e;
	return rc;
}

/* --- to the log's end, and readers to the copy --- */

/* Each round is shorter than the one before, as long as the log grows more slowly than it is replayed. */
int lk_replay_catch_up(lk_replay *r, lk_error *err) {
	lk_frontier tail;
	int64_t cursors, before = INT64_MAX;
	int rc = lk_replay_phase_is(r, "catching up", err);
	for (int slow = 0; rc == LK_OK && !lk_replay_stopped(r);) {
		rc = lk_log_tail(&r->pg, r->copy->version->reads, &tail, err);
		if (rc == LK_OK)
			rc = lk_replay_cursors(r, &cursors, err);
		if (rc != LK_OK)
			return rc;
		int64_t lag = lk_frontier_events(&tail) - cursors;
		if (lag <= NEAR_FOR_DRIVER)
			break;
		slow = lag > before / 10 * 9 ? slow + 1 : 0;
		before = lag;
		if (slow >= SLOW_ROUNDS) {
			lk_fail(err, LK_EBUSY, "view %s cannot catch up: events arrive as fast as they are replayed,"
			        " and %lld are missing", r->o->view, (long long)lag);
			return lk_hint(err, "the copy stays: run it again when fewer events arrive, or with more --workers");
		}
		rc = lk_replay_bulk(r, "catching up", &tail, err);
	}
	return rc;
}

int lk_replay_switch(lk_replay *r, lk_switch_report *out, lk_error *err) {
	lk_driver d;
	lk_error e = {0};
	struct lk_switch_move move = {.to = &d, .from = lk_catalog_copy(r->catalog, r->from_copy)};
	const lk_run_to_options at = {.postgres = r->o->postgres, .redis = r->o->redis, .watch = &r->o->watch};
	int rc = lk_driver_open(&d, &at, r->log_id, r->copy, &r->o->limits, &e);
	if (rc == LK_OK)
		rc = lk_switch_readers(&r->pg, &(lk_switch){.moves = &move, .n = 1, .stop = r->o->watch.stop}, out, &e);
	r->report.events += d.path.done.events;
	r->report.cells += d.path.done.cells;
	r->report.late += d.path.done.late;
	r->report.marked += d.path.done.marked;
	lk_driver_close(&d);
	if (rc == LK_EFULL)
		return lk_replay_no_room(r, &e, err);
	if (rc == LK_ECONFLICT)
		lk_hint(&e, "another copy is served by now; run it again to resume with copy %lld", (long long)r->copy_id);
	if (rc != LK_OK && err)
		*err = e;
	r->report.switched = rc == LK_OK;
	return rc;
}
