/* Changing the mode that a view is served in.
 *
 * To kappa is a replay of the served version, verified and switched to. To lambda is the same run with another kind of
 * copy: its batch computes what lies below the log's end, and the stream path goes on from there. Both resume where
 * they were interrupted, and find nothing to do if the view is already in that mode.
 *
 * Back is only a switch: the former copy was served, and live workers have kept it up to date; if none run, it is first
 * brought to the log's end. Going back twice returns to the first copy. */
#include "replay/private.h"

#include "compare/run_to.h"
#include "core/time.h"

static int choose_former(lk_replay *r, lk_error *err) {
	if (r->copy)
		return LK_OK;
	const lk_cat_copy *former = lk_catalog_copy(r->catalog, r->view->former_copy);
	if (former && former->version->reads != r->view->stream) {
		const char *stream = r->view->stream->stream->name;
		lk_fail(err, LK_EUSAGE, "the former copy of view %s is over a former log of stream %s", r->o->view, stream);
		return lk_hint(err, "`lk mode %s --back` goes back with the stream and all that reads it", stream);
	}
	if (former)
		return lk_replay_adopt(r, former->id, err);
	lk_fail(err, LK_EUSAGE, "view %s has no former copy to go back to", r->o->view);
	return lk_hint(err, "a view has one after a switch, until it is dropped or readers are moved again");
}

static int go_back(lk_replay *r, lk_error *err) {
	lk_error e = {0};
	int rc = lk_replay_connect(r, true, &e);
	if (rc == LK_OK && !r->report.switched)
		rc = choose_former(r, &e);
	if (rc == LK_OK && !r->report.switched)
		rc = lk_replay_cursors(r, &r->at_start, &e);
	r->done = 0;
	r->began_us = lk_monotonic_us();
	if (rc == LK_OK && !r->report.switched)
		rc = lk_replay_catch_up(r, &e);
	if (rc == LK_OK && !r->report.switched && !lk_replay_stopped(r))
		rc = lk_replay_switch(r, &r->report.switched_how, &e);
	r->report.stopped = lk_replay_stopped(r) && !r->report.switched && (rc == LK_OK || rc == LK_EBUSY);
	if (rc != LK_OK && !r->report.stopped && err)
		*err = e;
	return r->report.stopped ? LK_OK : rc;
}

static int run(const lk_replay_options *o, enum lk_replay_goal goal, int (*attempt)(lk_replay *, lk_error *),
               lk_mode_report *out, lk_error *err) {
	lk_replay_options options = *o;
	lk_replay r = {.o = &options, .goal = goal};
	int64_t began = lk_monotonic_us();
	options.switch_over = options.verify = true;
	options.version = 0;
	options.pace = 0;
	options.sandbox = NULL;
	int rc = lk_replay_attempts(&r, attempt, err);
	*out = (lk_mode_report){
		.nothing_to_do = r.report.already, .resumed = r.report.resumed, .stopped = r.report.stopped,
		.from_copy = r.from_copy, .to_copy = r.copy_id, .difference = r.report.difference,
		.switched_how = r.report.switched_how,
	};
	out->seconds = (double)(lk_monotonic_us() - began) / 1e6;
	return rc;
}

int lk_mode_change(const lk_replay_options *o, bool kappa, lk_mode_report *out, lk_error *err) {
	return run(o, kappa ? LK_GOAL_KAPPA : LK_GOAL_LAMBDA, lk_replay_attempt, out, err);
}

int lk_mode_back(const lk_replay_options *o, lk_mode_report *out, lk_error *err) {
	return run(o, LK_GOAL_BACK, go_back, out, err);
}
