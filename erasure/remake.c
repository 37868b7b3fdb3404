/* One copy is made again, by the means that the layers have anyway:
 *
 *   served, lambda   a batch at a new cut, which reads the whole log
 *   served, kappa    a replay into a new copy, and the switch; the copy that readers had is a former one then
 *   sandbox          a replay of the same range up to the same end, which then takes the name over
 *   any other        is dropped: what made it makes it again
 *
 * A session lock is held while a copy is dropped, as by `lk drop`: nobody works on it. */
#include "erasure/private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "batch_layer/batch.h"
#include "core/fault.h"
#include "core/time.h"
#include "replay/replay.h"

static void say(const lk_erase_run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(const lk_erase_run *r, const char *fmt, ...) {
	char text[512];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (r->o->say)
		r->o->say(r->o->ctx, text);
}

static const char *view_name(const lk_cat_copy *c) { return c->version->view->name; }

static lk_replay_options replay_of(const lk_erase_run *r, const lk_cat_copy *c) {
	return (lk_replay_options){
		.postgres = r->o->postgres, .redis = r->o->redis, .view = view_name(c), .version = c->version->number,
		.workers = r->o->workers ? r->o->workers : 1, .limits = lk_stream_defaults, .watch = r->o->watch,
		.range = {.from = INT64_MIN, .to = INT64_MAX},
	};
}

static int replay(const lk_replay_options *o, lk_replay_report *report, lk_error *err) {
	int rc = lk_replay_run(o, report, err);
	if (rc == LK_OK && report->stopped)
		rc = lk_fail(err, LK_EBUSY, "stopped while view %s was replayed", o->view);
	lk_replay_report_release(report);
	return rc;
}

/* --- what readers have --- */

static int batch(lk_erase_run *r, const lk_cat_copy *c, lk_error *err) {
	lk_batch_report report;
	int rc = lk_batch_run_again(r->pg, c, &report, err);
	if (rc == LK_OK)
		say(r, "batch %s@%d: made again", view_name(c), c->version->number);
	return rc;
}

/* A replay that switched and was killed then seems to be under way still; a new one would take it for its own. */
int lk_erase_settle(lk_erase_run *r, const lk_cat_copy *c, lk_error *err) {
	lk_replay_row row;
	int rc = lk_replay_read(r->pg, c, &row, err);
	if (rc != LK_OK || !row.there || row.ended_at != LK_NEVER)
		return rc;
	rc = lk_view_lock(r->pg, c->version->view, err);
	if (rc != LK_OK)
		return rc;
	rc = lk_cut_abandon(r->pg, c->id, "replay", err);
	if (rc == LK_OK)
		rc = lk_replay_phase(r->pg, c->id, "done", err);
	lk_pg_unlock(r->pg, c->version->view->id, NULL);
	return rc;
}

static int replay_served(lk_erase_run *r, const lk_cat_copy *c, lk_error *err) {
	lk_replay_report report = {0};
	lk_replay_options o = replay_of(r, c);
	o.switch_over = true;
	int rc = lk_erase_settle(r, c, err);
	if (rc == LK_OK)
		rc = replay(&o, &report, err);
	if (rc == LK_OK)
		say(r, "replay %s@%d: made again", view_name(c), c->version->number);
	return rc;
}

/* --- sandboxes --- */

static int lock_sandbox(lk_erase_run *r, const lk_cat_copy *c, lk_error *err) {
	int rc = lk_pg_try_lock(r->pg, c->id, err);
	return rc == LK_EBUSY ? lk_fail(err, rc, "sandbox %s of view %s is being replayed", c->name, view_name(c)) : rc;
}

/* The new one begins where the old one does, and has the same end: an open range would reach further by now. */
static int begin_sandbox(lk_erase_run *r, const lk_cat_copy *old, const char *name, lk_error *err) {
	const lk_copy_spec spec = {.kappa = true, .state = LK_COPY_SANDBOX, .name = name, .range = old->range,
	                           .start = &old->cut};
	lk_replay_row row;
	lk_cut end;
	int64_t id;
	int rc = lk_replay_read(r->pg, old, &row, err);
	if (rc == LK_OK)
		rc = lk_copy_make(r->pg, old->version, &spec, &id, err);
	if (rc != LK_OK || !row.there)
		return rc;
	LK_CRASH_POINT("erase.sandbox");
	rc = lk_cut_make_at(r->pg, &(lk_cut_for){r->stream, id, "replay"}, &row.end.at, &end, err);
	return rc == LK_OK ? lk_replay_begin(r->pg, id, &end, lk_frontier_events(&old->cut), err) : rc;
}

static int take_name_over(lk_erase_run *r, const lk_cat_copy *old, const lk_cat_copy *new, lk_error *err) {
	int rc = lock_sandbox(r, old, err);
	if (rc != LK_OK)
		return rc;
	rc = lk_sandbox_replace(r->pg, old->id, new->id, err);
	lk_pg_unlock(r->pg, old->id, NULL);
	if (rc == LK_OK)
		say(r, "sandbox %s of view %s: made again", old->name, view_name(old));
	return rc;
}

/* Each call goes a step further: make, replay, take the name over. */
static int remake_sandbox(lk_erase_run *r, const lk_cat_copy *old, lk_error *err) {
	char name[40];
	lk_replay_report report = {0};
	lk_replay_row row;
	lk_replay_options o = replay_of(r, old);
	snprintf(name, sizeof name, "erasing-%lld", (long long)old->id);
	const lk_cat_copy *new = lk_catalog_sandbox(r->catalog, name);
	if (!new)
		return begin_sandbox(r, old, name, err);
	int rc = lk_replay_read(r->pg, new, &row, err);
	if (rc != LK_OK || (row.there && row.ended_at != LK_NEVER))
		return rc == LK_OK ? take_name_over(r, old, new, err) : rc;
	o.sandbox = name;
	o.range = old->range;
	o.keep = true;
	return replay(&o, &report, err);
}

/* --- the others --- */

static const char *what_made(const lk_cat_copy *c) {
	return c->id == c->version->view->former_copy ? "the former copy, is dropped"
	       : c->state == LK_COPY_SCRATCH ? "left by a comparison, is dropped"
	       : !c->kappa && c->state == LK_COPY_LIVE ? "not served yet, is dropped; `lk batch` makes it again"
	                                               : "not served yet, is dropped; `lk replay` makes it again";
}

static int drop(lk_erase_run *r, const lk_cat_copy *c, lk_error *err) {
	const lk_cat_view *view = c->version->view;
	int rc = lk_view_lock(r->pg, view, err);
	if (rc != LK_OK)
		return rc;
	rc = lk_copy_drop(r->pg, c->id, err);
	lk_pg_unlock(r->pg, view->id, NULL);
	if (rc == LK_OK)
		say(r, "copy %lld of %s@%d, %s", (long long)c->id, view->name, c->version->number, what_made(c));
	return rc;
}

int lk_erase_remake(lk_erase_run *r, const lk_cat_copy *c, lk_error *err) {
	if (c->state == LK_COPY_SANDBOX)
		return remake_sandbox(r, c, err);
	if (c->id != c->version->view->served_copy)
		return drop(r, c, err);
	return c->kappa ? replay_served(r, c, err) : batch(r, c, err);
}
