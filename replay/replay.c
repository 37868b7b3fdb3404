/* A replay: the steps in their order.
 *
 *   connect      a session with the view's lock, the catalogue, where things stand
 *   choose       the copy: what an interrupted or switch-less replay left, or a new one
 *   fix_end      a cut at the log's end: where the bulk ends, and where copies can be compared
 *   replay       the stream path to it
 *   verify       against what is served, on the same prefix
 *   come_up      to the log's end as it is by now, and readers to the copy or the copy to the live workers
 *   settle       the end is released, what nobody needs any more is removed
 *
 * Every step looks at what is there before it does anything, so that an attempt that begins anew goes through the steps that are done at no cost: cursors
 * stand at the end already, the pointer has moved. A copy that was served once is not resumed: what is replayed again is replayed from the beginning. */
#include "replay/private.h"

#include <string.h>

#include "core/fault.h"
#include "core/time.h"

/* --- choosing the copy --- */

static const lk_cat_version *wanted_version(const lk_replay *r, lk_error *err) {
	const lk_cat_version *newest = lk_catalog_newest(r->catalog, r->view);
	const lk_cat_version *v = r->o->version ? lk_catalog_version(r->catalog, r->view, r->o->version) : newest;
	if (!v) {
		lk_fail(err, LK_EUSAGE, "view %s has no version %d", r->o->view, r->o->version);
		if (newest)
			lk_hint(err, "its newest version is %d", newest->number);
	}
	return v;
}

/* May a replay of this version go on with it? */
static bool is_waiting(const lk_replay *r, const lk_cat_copy *c, const lk_cat_version *v) {
	return c->version == v && c->kappa && c->id != r->view->served_copy
	       && (c->state == LK_COPY_BUILDING || (c->state == LK_COPY_LIVE && !c->was_served));
}

/* The one that has come furthest in its life; the others are litter of runs that did not hear that they had made one. */
static const lk_cat_copy *best_waiting(const lk_replay *r, const lk_cat_version *v) {
	const lk_cat_copy *best = NULL;
	for (int i = 0; i < r->catalog->ncopies; i++) {
		const lk_cat_copy *c = &r->catalog->copies[i];
		if (is_waiting(r, c, v) && (!best || c->state == LK_COPY_LIVE || (best->state != LK_COPY_LIVE && c->id > best->id)))
			best = c;
	}
	return best;
}

static int drop_waiting(lk_replay *r, const lk_cat_version *v, const lk_cat_copy *but, lk_error *err) {
	int rc = LK_OK, n = 0;
	for (int i = 0; i < r->catalog->ncopies && rc == LK_OK; i++) {
		const lk_cat_copy *c = &r->catalog->copies[i];
		if (c == but || !is_waiting(r, c, v) || (but && c->state == LK_COPY_LIVE))
			continue;
		rc = lk_copy_drop(&r->pg, c->id, err);
		n++;
	}
	if (rc == LK_OK && n > 0)
		lk_replay_sweep(r);
	return rc;
}

/* Did an earlier run switch to what is served, and end before it could say so? */
static int was_switched(lk_replay *r, const lk_cat_version *v, bool *already, lk_error *err) {
	const lk_cat_copy *served = lk_catalog_copy(r->catalog, r->view->served_copy);
	lk_replay_row row = {0};
	*already = false;
	if (!r->o->switch_over || r->o->fresh || !served || !served->kappa || served->version != v)
		return LK_OK;
	int rc = lk_replay_read(&r->pg, served, &row, err);
	*already = rc == LK_OK && row.there && row.ended_at == LK_NEVER;
	return rc;
}

static int make(lk_replay *r, const lk_cat_version *v, lk_error *err) {
	int64_t id;
	const lk_copy_spec spec = {.kappa = true, .state = LK_COPY_BUILDING, .range = {.from = INT64_MIN, .to = INT64_MAX}};
	int rc = lk_copy_make(&r->pg, v, &spec, &id, err);
	if (rc != LK_OK)
		return rc;
	LK_CRASH_POINT("replay.made");
	return lk_replay_adopt(r, id, err);
}

static int choose(lk_replay *r, lk_error *err) {
	if (r->copy)
		return LK_OK;
	const lk_cat_version *v = wanted_version(r, err);
	if (!v)
		return LK_EUSAGE;
	int rc = was_switched(r, v, &r->report.already, err);
	if (rc != LK_OK)
		return rc;
	if (r->report.already)
		return lk_replay_adopt(r, r->view->served_copy, err);
	const lk_cat_copy *c = r->o->fresh ? NULL : best_waiting(r, v);
	int64_t id = c ? c->id : 0;
	rc = drop_waiting(r, v, c, err);
	if (rc != LK_OK)
		return rc;
	r->report.resumed = id != 0;
	return id ? lk_replay_adopt(r, id, err) : make(r, v, err);
}

/* --- to its end --- */

static int fix_end(lk_replay *r, lk_error *err) {
	int rc = lk_cut_abandon(&r->pg, r->copy_id, "replay", err);
	if (rc == LK_OK)
		rc = lk_cut_make(&r->pg, r->view->stream, r->copy_id, "replay", &r->end, err);
	if (rc == LK_OK)
		rc = lk_replay_cursors(r, &r->at_start, err);
	if (rc == LK_OK)
		rc = lk_replay_begin(&r->pg, r->copy_id, &r->end, r->at_start, err);
	r->done = 0;
	r->began_us = lk_monotonic_us();
	return rc;
}

static int replay(lk_replay *r, lk_error *err) {
	int rc = lk_replay_bulk(r, "replaying", r->end.off, err);
	if (rc == LK_OK && !lk_replay_stopped(r))
		LK_CRASH_POINT("replay.replayed");
	return rc;
}

/* --- what becomes of it --- */

static int verify(lk_replay *r, lk_error *err) {
	if (!r->o->verify)
		return LK_OK;
	int rc = lk_replay_verify(r, &r->report.difference, err);
	r->report.verified = r->verified;
	return rc;
}

static int come_up(lk_replay *r, lk_error *err) {
	int rc = lk_replay_catch_up(r, err);
	if (rc != LK_OK || lk_replay_stopped(r))
		return rc;
	return r->o->switch_over ? lk_replay_switch(r, &r->report.switched_how, err) : lk_copy_go_live(&r->pg, r->copy_id, err);
}

static int settle(lk_replay *r, lk_error *err) {
	int rc = lk_cut_abandon(&r->pg, r->copy_id, "replay", err);
	if (rc == LK_OK)
		rc = lk_replay_phase_is(r, "done", err);
	if (rc == LK_OK && r->report.switched)
		lk_replay_sweep(r);
	return rc;
}

/* The next run makes an end of its own. */
static void leave(lk_replay *r) {
	lk_error ignored = {0};
	if (r->copy)
		lk_cut_abandon(&r->pg, r->copy_id, "replay", &ignored);
}

static int attempt(lk_replay *r, lk_error *err) {
	int (*const steps[])(lk_replay *, lk_error *) = {choose, fix_end, replay, verify, come_up, settle};
	lk_error e = {0};
	int rc = lk_replay_connect(r, true, &e);
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
	if (o->sandbox || o->pace > 0)
		return lk_fail(err, LK_EUNSUPPORTED, "view %s can be replayed from the beginning and at full speed only", o->view);
	int64_t began = lk_monotonic_us();
	int rc = lk_replay_attempts(&r, attempt, err);
	r.report.seconds = (double)(lk_monotonic_us() - began) / 1e6;
	*out = r.report;
	return rc;
}

void lk_replay_report_release(lk_replay_report *r) {
	lk_difference_release(&r->difference);
	memset(r, 0, sizeof *r);
}
