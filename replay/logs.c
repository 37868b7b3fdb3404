/* A derived stream is filled anew, into a log beside the served one, by the stream path.
 *
 *   connect      a session with the lock of the stream's definition
 *   choose       the copy that fills the log: left by an interrupted run, or a new one
 *   gather       with it, what goes into service together: copies of all that reads the stream, over the new log
 *   fill         each of them to the end of what it reads, in that order
 *   verify       the log against the served one, if both are of one definition, else against the definition's text in
 *                PostgreSQL; each view against its own text
 *   switch       one transaction moves all of them; the former ones are kept, and one command goes back to them
 *
 * Without a switch the log is dropped again when it has been verified. As in a replay of a view, every step first looks at
 * what exists; going back is the same run over the former copies. */
#include "replay/private.h"

#include <stdlib.h>
#include <string.h>

#include "catalog/tail.h"
#include "catalog/together.h"
#include "compare/barrier.h"
#include "core/fault.h"
#include "core/time.h"

#define NEAR_FOR_DRIVER 50000
#define ROUNDS             20   /* over all copies, until the first one is near its log's end */

typedef struct rebuild {
	lk_replay r;               /* of the copy that is worked on: attempts know only this */
	bool back;
	int64_t lead;              /* the copy that fills the stream's log; 0: not chosen yet */
	bool unserved, unheard;    /* of it, as in lk_replay */
	lk_together set;
	lk_logs_report report;
} rebuild;

static rebuild *of(lk_replay *r) { return (rebuild *)r; }   /* r is its first member */

/* --- which copies --- */

static int refuse_other_source(lk_replay *r, const lk_cat_copy *former, lk_error *err) {
	if (former->version->reads == r->view->stream)
		return LK_OK;
	lk_fail(err, LK_EUSAGE, "the former log of stream %s was made of a former log of stream %s", r->o->view, r->view->stream->stream->name);
	return lk_hint(err, "`lk mode %s --back` goes back to both", r->view->stream->stream->name);
}

static int choose_former(lk_replay *r, lk_error *err) {
	const lk_cat_copy *former = lk_catalog_copy(r->catalog, r->view->former_copy);
	if (former) {
		int rc = refuse_other_source(r, former, err);
		return rc == LK_OK ? lk_replay_adopt(r, former->id, err) : rc;
	}
	lk_fail(err, LK_EUSAGE, "stream %s has no former log to go back to", r->o->view);
	return lk_hint(err, "it has one after a switch, until that is dropped or readers are moved again");
}

static int choose(rebuild *b, lk_error *err) {
	lk_replay *r = &b->r;
	int rc = r->copy ? LK_OK : b->back ? choose_former(r, err) : lk_replay_choose(r, err);
	if (rc != LK_OK)
		return rc;
	b->lead = r->copy_id;
	b->unserved = r->unserved;
	b->unheard = r->unheard;
	return LK_OK;
}

static int work_on(rebuild *b, int i, lk_error *err) {
	int rc = lk_replay_adopt(&b->r, b->set.copies[i], err);
	b->r.end = (lk_cut){0};
	return rc;
}

/* Nobody may replay one of them, or change its mode, meanwhile. What is only verified has no readers. */
static int gather(rebuild *b, lk_error *err) {
	int rc = LK_OK;
	lk_together_release(&b->set);
	if (b->r.o->switch_over)
		rc = lk_together_make(&b->r.pg, b->lead, b->back, &b->set, err);
	else
		lk_together_alone(b->lead, &b->set);
	for (int i = 1; rc == LK_OK && i < b->set.n; i++) {
		rc = work_on(b, i, err);
		if (rc == LK_OK)
			rc = lk_replay_lock_view(&b->r, err);
	}
	return rc;
}

static int check_set(void *ctx, lk_pg *pg, lk_error *err) {
	const rebuild *b = ctx;
	lk_together now;
	int rc = lk_together_find(pg, b->lead, b->back, false, &now, err);
	bool same = now.n == b->set.n;
	for (int i = 0; rc == LK_OK && same && i < now.n; i++)
		same = now.copies[i] == b->set.copies[i];
	if (rc == LK_OK && !same) {
		rc = lk_fail(err, LK_ECONFLICT, "what reads stream %s was declared or changed meanwhile", b->r.o->view);
		lk_hint(err, "run it again");
	}
	for (int i = 1; rc == LK_OK && i < now.n; i++)   /* that of the first one shows the next run that it has switched */
		rc = lk_replay_phase(pg, now.copies[i], "done", err);
	lk_together_release(&now);
	return rc;
}

/* --- filling --- */

static int fill_one(rebuild *b, int i, lk_error *err) {
	lk_replay *r = &b->r;
	int rc = work_on(b, i, err);
	if (rc == LK_OK)
		rc = lk_replay_batch(r, err);
	if (rc == LK_OK && !lk_replay_stopped(r))
		rc = lk_replay_fix_end(r, err);
	if (rc == LK_OK && !lk_replay_stopped(r))
		rc = lk_replay_stream(r, err);
	int left = r->copy ? lk_cut_abandon(&r->pg, r->copy_id, "replay", rc == LK_OK ? err : NULL) : LK_OK;
	return rc == LK_OK ? left : rc;
}

static int fill(rebuild *b, lk_error *err) {
	int rc = LK_OK;
	for (int i = 0; rc == LK_OK && i < b->set.n && !lk_replay_stopped(&b->r); i++)
		rc = fill_one(b, i, err);
	if (rc == LK_OK && !lk_replay_stopped(&b->r))
		LK_CRASH_POINT("logs.filled");
	return rc;
}

/* Each copy that is brought to its end lets the first one fall behind again. */
static int come_near(rebuild *b, lk_error *err) {
	lk_replay *r = &b->r;
	int64_t lag = INT64_MAX, cursors;
	int rc = LK_OK;
	for (int round = 0; rc == LK_OK && lag > NEAR_FOR_DRIVER && round < ROUNDS && !lk_replay_stopped(r); round++) {
		lk_frontier tail;
		for (int i = 0; rc == LK_OK && i < b->set.n && !lk_replay_stopped(r); i++) {
			rc = work_on(b, i, err);
			if (rc == LK_OK)
				rc = lk_replay_cursors(r, &r->at_start, err);
			r->done = 0;
			r->began_us = lk_monotonic_us();
			if (rc == LK_OK)
				rc = lk_replay_catch_up(r, err);
		}
		if (rc == LK_OK)
			rc = work_on(b, 0, err);
		if (rc == LK_OK)
			rc = lk_log_tail(&r->pg, r->copy->version->reads, &tail, err);
		if (rc == LK_OK)
			rc = lk_replay_cursors(r, &cursors, err);
		lag = rc == LK_OK ? lk_frontier_events(&tail) - cursors : 0;
	}
	return rc;
}

/* --- verifying --- */

static int verify_log(rebuild *b, const lk_cat_copy *copy, lk_error *err) {
	lk_replay *r = &b->r;
	const lk_cat_copy *served = lk_catalog_copy(r->catalog, copy->version->view->served_copy);
	bool same = served && served != copy && served->version == copy->version;
	lk_logs_report *out = &b->report;
	lk_derived_comparison_release(&out->log);
	int rc = same ? lk_compare_logs(&r->pg, served, copy, &out->log, err) : lk_compare_derived(&r->pg, copy, &out->log, err);
	if (rc == LK_EVALUE && !r->o->force)
		return rc;
	if (rc == LK_EVALUE)
		rc = LK_OK;
	out->by_sql = !same;
	out->rows += rc == LK_OK ? out->log.rows : 0;
	out->logs++;
	if (rc != LK_OK || !out->log.differ || r->o->force)
		return rc;
	lk_fail(err, LK_EDIFFERS, "the new log of stream %s differs from %s", copy->version->view->name, same ? "the served one" : "what PostgreSQL makes of its definition");
	return lk_hint(err, "nothing was switched, and the log stays; `lk replay %s --fresh` begins again", r->o->view);
}

static int compare_with_sql(rebuild *b, const lk_cat_copy *copy, const lk_cut *cut, lk_error *err) {
	lk_replay *r = &b->r;
	lk_difference *d = &b->report.difference;
	lk_result sql = {0}, replayed = {0};
	int rc = lk_result_of_sql(&r->pg, copy->version->plan, cut, &sql, err);
	if (rc == LK_OK)
		rc = lk_result_of_copy(&r->pg, r->store, &(lk_result_of){copy, cut, copy->kappa ? "replayed" : "batch"}, &replayed, err);
	if (rc == LK_OK) {
		lk_difference_release(d);
		lk_compare_results(&sql, &replayed, d);
		if (!lk_difference_none(d))
			rc = lk_first_events(&r->pg, &(lk_sides){.right = copy, .plan = copy->version->plan, .until = cut}, d, err);
	}
	lk_result_release(&sql);
	lk_result_release(&replayed);
	return rc;
}

static int verify_view(rebuild *b, const lk_cat_copy *copy, lk_error *err) {
	lk_replay *r = &b->r;
	lk_barrier m = {0};
	int rc = lk_barrier_open(&m, &r->pg, &copy, 1, &(lk_run_to_options){.postgres = r->o->postgres, .redis = r->o->redis, .watch = &r->o->watch}, err);
	if (rc == LK_OK && !lk_replay_stopped(r))
		rc = compare_with_sql(b, copy, &m.cut, err);
	lk_barrier_close(&m);
	if (rc != LK_OK || lk_replay_stopped(r))
		return rc;
	b->report.views++;
	if (lk_difference_none(&b->report.difference) || r->o->force)
		return LK_OK;
	lk_fail(err, LK_EDIFFERS, "view %s over the new log differs from what PostgreSQL makes of its definition", copy->version->view->name);
	return lk_hint(err, "nothing was switched, and the copy stays; `lk replay %s --fresh` begins again", r->o->view);
}

static int verify(rebuild *b, lk_error *err) {
	lk_replay *r = &b->r;
	int rc = LK_OK;
	b->report.logs = b->report.views = 0;
	b->report.rows = 0;
	for (int i = 0; rc == LK_OK && i < b->set.n && !lk_replay_stopped(r); i++) {
		rc = work_on(b, i, err);
		if (rc == LK_OK)
			rc = lk_replay_phase(&r->pg, r->copy_id, "verifying", err);
		lk_replay_tell(r, "verifying", 0, 0);
		if (rc == LK_OK)
			rc = r->copy->log ? verify_log(b, r->copy, err) : verify_view(b, r->copy, err);
	}
	b->report.verified = rc == LK_OK && !lk_replay_stopped(r);
	if (b->report.verified)
		LK_CRASH_POINT("logs.verified");
	return rc;
}

/* --- the switch --- */

static int open_move(rebuild *b, int i, struct lk_switch_move *m, lk_error *err) {
	lk_replay *r = &b->r;
	const lk_run_to_options at = {.postgres = r->o->postgres, .redis = r->o->redis, .watch = &r->o->watch};
	const lk_cat_copy *copy = lk_catalog_copy(r->catalog, b->set.copies[i]);
	m->from = copy ? lk_catalog_copy(r->catalog, copy->version->view->served_copy) : NULL;
	m->to = lk_calloc(1, sizeof *m->to);
	if (!m->from)
		return lk_fail(err, LK_ECONFLICT, "copy %lld was dropped meanwhile", (long long)b->set.copies[i]);
	return lk_driver_open(m->to, &at, r->log_id, copy, &r->o->limits, err);
}

static void close_move(rebuild *b, struct lk_switch_move *m) {
	lk_replay_report *out = &b->r.report;
	if (!m->to)
		return;
	out->events += m->to->path.done.events;
	out->cells += m->to->path.done.cells;
	out->late += m->to->path.done.late;
	out->marked += m->to->path.done.marked;
	lk_driver_close(m->to);
	free(m->to);
}

static int switch_all(rebuild *b, lk_error *err) {
	lk_replay *r = &b->r;
	struct lk_switch_move *moves = lk_calloc((size_t)b->set.n, sizeof *moves);
	const lk_switch s = {.moves = moves, .n = b->set.n, .check = check_set, .ctx = b, .stop = r->o->watch.stop};
	lk_error e = {0};
	int rc = work_on(b, 0, &e);
	for (int i = 0; rc == LK_OK && i < b->set.n; i++)
		rc = open_move(b, i, &moves[i], &e);
	if (rc == LK_OK)
		rc = lk_switch_readers(&r->pg, &s, &r->report.switched_how, &e);
	for (int i = 0; i < b->set.n; i++)
		close_move(b, &moves[i]);
	free(moves);
	r->report.switched = rc == LK_OK;
	if (rc == LK_EFULL)
		return lk_replay_no_room(r, &e, err);
	if (rc != LK_OK && err)
		*err = e;
	return rc;
}

/* --- the end --- */

static int settle(rebuild *b, lk_error *err) {
	lk_replay *r = &b->r;
	int rc = lk_replay_adopt(r, b->lead, err);
	if (rc == LK_OK && !r->report.switched && !r->report.already)
		return lk_replay_drop(r, err);
	if (rc == LK_OK)
		rc = lk_replay_phase(&r->pg, b->lead, "done", err);
	if (rc == LK_OK)
		lk_replay_sweep(r);
	return rc;
}

static int start(rebuild *b, lk_error *err) {
	lk_replay *r = &b->r;
	r->copy_id = b->lead;
	r->unserved = b->unserved;
	r->unheard = b->unheard;
	int rc = lk_replay_connect(r, true, err);
	if (rc == LK_OK && !r->report.switched)
		rc = choose(b, err);
	b->report.from_copy = b->report.from_copy ? b->report.from_copy : r->from_copy;
	return rc == LK_OK && !r->report.switched && !r->report.already ? gather(b, err) : rc;
}

static int bring(rebuild *b, lk_error *err) {
	lk_replay *r = &b->r;
	int rc = fill(b, err);
	if (rc == LK_OK && r->o->verify && !lk_replay_stopped(r))
		rc = verify(b, err);
	if (rc == LK_OK && r->o->switch_over && !lk_replay_stopped(r))
		rc = come_near(b, err);
	if (rc == LK_OK && r->o->switch_over && !lk_replay_stopped(r))
		rc = switch_all(b, err);
	return rc;
}

/* As for one copy (lk_replay_no_room): the log and all copies over it go, unless they were served before, or it is PostgreSQL's
 * disk that is full. */
static int no_room(rebuild *b, const lk_error *why, lk_error *err) {
	lk_replay *r = &b->r;
	lk_fail(err, LK_EFULL, "no room to fill stream %s anew: %s", r->o->view, why->text);
	if (b->back || why->sqlstate[0])
		return lk_hint(err, "nothing was switched; when there is room, run it again to resume");
	lk_error e = {0};
	if (lk_replay_adopt(r, b->lead, &e) != LK_OK || lk_replay_drop(r, &e) != LK_OK)
		return lk_hint(err, "nothing was switched; the copies stay: %s", e.text);
	b->lead = 0;
	return lk_hint(err, "nothing was switched; the new log and the copies over it were dropped, so that what is served has its room");
}

static int attempt(lk_replay *r, lk_error *err) {
	rebuild *b = of(r);
	lk_error e = {0};
	int rc = start(b, &e);
	if (rc == LK_OK && !r->report.switched && !r->report.already)
		rc = bring(b, &e);
	if (rc == LK_EBUSY && lk_replay_stopped(r))   /* it was interrupted */
		rc = LK_OK;
	r->report.stopped = rc == LK_OK && lk_replay_stopped(r) && !r->report.switched;
	if (rc == LK_OK && !r->report.stopped)
		rc = settle(b, &e);
	if (rc == LK_EFULL && b->lead)
		return no_room(b, &e, err);
	if (rc != LK_OK && err)
		*err = e;
	return rc;
}

int lk_logs_run(const lk_replay_options *o, bool back, lk_logs_report *out, lk_error *err) {
	rebuild b = {.r = {.o = o, .derived = true, .goal = back ? LK_GOAL_BACK : LK_GOAL_REPLAY}, .back = back};
	int64_t began = lk_monotonic_us();
	int rc = lk_replay_attempts(&b.r, attempt, err);
	b.report.run = b.r.report;
	b.report.run.copy_id = b.lead;
	b.report.run.seconds = (double)(lk_monotonic_us() - began) / 1e6;
	b.report.moved = b.r.report.switched ? b.set.n : 0;
	lk_together_release(&b.set);
	*out = b.report;
	return rc;
}

void lk_logs_report_release(lk_logs_report *r) {
	lk_derived_comparison_release(&r->log);
	lk_difference_release(&r->difference);
	*r = (lk_logs_report){0};
}
