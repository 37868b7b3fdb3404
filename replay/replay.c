/* A replay: the steps in their order.
 *
 *   connect      a session with the view's lock, the catalogue, the current state
 *   choose       the copy: left by an interrupted replay or one without a switch, or a new one
 *   batch        for a change to lambda: computes what lies below the log's end; the stream path begins there
 *   fix_end      a cut at the log's end: where the bulk ends, and where copies can be compared
 *   replay       the stream path up to it; a paced one goes event by event
 *   verify       against the served copy, on the same prefix
 *   come_up      to the current end of the log; then readers move to the copy, or it is left to the live workers
 *   settle       releases the end and removes what nobody needs any more
 *
 * Every step first looks at what exists, so a new attempt passes through finished steps at no cost: the cursors are
 * already at the end, the pointer has moved. A sandbox differs only in having its own end, no comparison and no
 * readers, and in being removed when it is done. */
#include "replay/private.h"

#include <string.h>

#include "batch_layer/batch.h"
#include "catalog/tail.h"
#include "compare/barrier.h"
#include "compare/run_to.h"
#include "core/fault.h"
#include "core/time.h"

/* --- to its end --- */

int lk_replay_batch(lk_replay *r, lk_error *err) {
	lk_batch_report report;
	if (r->copy->kappa || r->copy->cut_id)
		return LK_OK;
	lk_watch_phase(&r->o->watch, r->copy, "computing the batch");
	int rc = lk_batch_run(&r->pg, r->copy, &report, err);
	return rc == LK_OK ? lk_replay_adopt(r, r->copy_id, err) : rc;   /* with the cut that is published now */
}

static int check_end(lk_replay *r, lk_error *err) {
	lk_frontier tail;
	int rc = lk_log_tail(&r->pg, r->copy->version->reads, &tail, err);
	for (int i = 0; rc == LK_OK && i < tail.n; i++)
		if (r->end.at.part[i].off > tail.part[i].off) {
			rc = lk_fail(err, LK_EGAP, "sandbox %s ends at %lld in partition %d, but the log has lost its end: it ends"
			             " at %lld", r->copy->name, (long long)r->end.at.part[i].off, i, (long long)tail.part[i].off);
			lk_hint(err, "--fresh starts again, with the current log");
		}
	return rc;
}

/* A sandbox ends where its range does, however far the log has grown: the end fixed first stays. */
static int end_of_sandbox(lk_replay *r, lk_error *err) {
	lk_frontier start, end;
	lk_replay_row row = {0};
	int rc = lk_replay_read(&r->pg, r->copy, &row, err);
	if (rc != LK_OK || row.there) {
		r->end = row.end;
		return rc == LK_OK ? check_end(r, err) : rc;
	}
	rc = lk_cut_abandon(&r->pg, r->copy_id, "replay", err);
	if (rc == LK_OK)
		rc = lk_range_offsets(&r->pg, r->copy->version->reads, &r->copy->range, &start, &end, err);
	return rc == LK_OK ? lk_cut_make_at(&r->pg, &(lk_cut_for){r->copy->version->reads, r->copy_id, "replay"}, &end, &r->end, err) : rc;
}

static int end_of_log(lk_replay *r, lk_error *err) {
	int rc = lk_cut_abandon(&r->pg, r->copy_id, "replay", err);
	return rc == LK_OK ? lk_cut_make(&r->pg, &(lk_cut_for){r->copy->version->reads, r->copy_id, "replay"}, &r->end, err) : rc;
}

int lk_replay_fix_end(lk_replay *r, lk_error *err) {
	int rc = r->o->sandbox ? end_of_sandbox(r, err) : end_of_log(r, err);
	if (rc == LK_OK)
		rc = lk_replay_cursors(r, &r->at_start, err);
	if (rc == LK_OK)
		rc = lk_replay_begin(&r->pg, r->copy_id, &r->end, r->at_start, err);
	r->done = 0;
	r->began_us = lk_monotonic_us();
	return rc;
}

typedef struct paced {
	lk_replay *run;
	int64_t total;
} paced;

static void on_paced(void *ctx, int64_t events) {
	const paced *p = ctx;
	lk_replay_tell(p->run, "replaying", p->run->at_start + events, p->total);
}

static int replay_paced(lk_replay *r, lk_error *err) {
	lk_driver d;
	lk_error e = {0};
	paced p = {.run = r, .total = lk_frontier_events(&r->end.at)};
	const lk_run_to_options at = {.postgres = r->o->postgres, .redis = r->o->redis, .watch = &r->o->watch};
	int rc = lk_driver_open(&d, &at, r->log_id, r->copy, &r->o->limits, &e);
	if (rc == LK_OK)
		rc = lk_pace_run(&d, r->o, &r->end.at, on_paced, &p, &e);
	r->done += d.path.done.events;
	r->report.events += d.path.done.events;
	r->report.cells += d.path.done.cells;
	r->report.late += d.path.done.late;
	r->report.marked += d.path.done.marked;
	lk_driver_close(&d);
	if (rc == LK_EFULL)
		return lk_replay_no_room(r, &e, err);
	if (rc != LK_OK && err)
		*err = e;
	return rc;
}

int lk_replay_stream(lk_replay *r, lk_error *err) {
	int rc = r->o->pace > 0 ? replay_paced(r, err) : lk_replay_bulk(r, "replaying", &r->end.at, err);
	if (rc == LK_OK && !lk_replay_stopped(r))
		LK_CRASH_POINT("replay.replayed");
	return rc;
}

/* --- after the replay --- */

static int verify(lk_replay *r, lk_error *err) {
	if (!r->o->verify || r->o->sandbox)
		return LK_OK;
	int rc = lk_replay_verify(r, &r->report.difference, err);
	r->report.verified = r->verified;
	return rc;
}

static int come_up(lk_replay *r, lk_error *err) {
	if (r->o->sandbox)
		return LK_OK;
	int rc = lk_replay_catch_up(r, err);
	if (rc != LK_OK || lk_replay_stopped(r))
		return rc;
	return r->o->switch_over ? lk_replay_switch(r, &r->report.switched_how, err)
	                         : lk_copy_go_live(&r->pg, r->copy_id, err);
}

static int settle(lk_replay *r, lk_error *err) {
	if (r->o->sandbox && !r->o->keep)
		return lk_replay_drop(r, err);
	int rc = lk_cut_abandon(&r->pg, r->copy_id, "replay", err);
	/* a sandbox does not hold the view's lock: the barrier may belong to another run */
	if (rc == LK_OK && !r->o->sandbox)
		rc = lk_barrier_abandon(&r->pg, r->from_copy, err);
	if (rc == LK_OK)
		rc = lk_replay_phase_is(r, "done", err);
	if (rc == LK_OK && (r->report.switched || r->report.already))
		lk_replay_sweep(r);
	return rc;
}

/* Releases the end: the next run makes its own. */
static void leave(lk_replay *r) {
	lk_error ignored = {0};
	if (r->copy)
		lk_cut_abandon(&r->pg, r->copy_id, "replay", &ignored);
}

int lk_replay_attempt(lk_replay *r, lk_error *err) {
	int (*const steps[])(lk_replay *, lk_error *) = {lk_replay_choose, lk_replay_batch, lk_replay_fix_end, lk_replay_stream, verify, come_up, settle};
	lk_error e = {0};
	int rc = lk_replay_connect(r, !r->o->sandbox, &e);
	for (size_t i = 0; i < sizeof steps / sizeof *steps && rc == LK_OK && !r->report.stopped; i++) {
		bool readers_are_there = r->report.switched || r->report.already;
		if (!readers_are_there || steps[i] == settle)
			rc = steps[i](r, &e);
		if (rc == LK_EBUSY && lk_replay_stopped(r))   /* it was interrupted */
			rc = LK_OK;
		r->report.stopped = rc == LK_OK && lk_replay_stopped(r) && !r->report.switched && steps[i] != settle;
	}
	if (rc != LK_OK || r->report.stopped)
		leave(r);
	if (rc != LK_OK && err)
		*err = e;
	return rc;
}

int lk_replay_run(const lk_replay_options *o, lk_replay_report *out, lk_error *err) {
	lk_replay r = {.o = o};
	int64_t began = lk_monotonic_us();
	int rc = lk_replay_attempts(&r, lk_replay_attempt, err);
	r.report.seconds = (double)(lk_monotonic_us() - began) / 1e6;
	*out = r.report;
	return rc;
}

void lk_replay_report_release(lk_replay_report *r) {
	lk_difference_release(&r->difference);
	memset(r, 0, sizeof *r);
}
