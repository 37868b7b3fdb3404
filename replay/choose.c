/* Which copy a run works on. The next run resumes a copy that an interrupted run left, whatever step it was in. It
 * never resumes a copy that was once served: replaying that again starts from the beginning. */
#include "catalog/together.h"
#include "core/fault.h"
#include "core/time.h"
#include "replay/private.h"

static bool wants_kappa(const lk_replay *r) { return r->goal != LK_GOAL_LAMBDA; }

int lk_replay_version(const lk_replay *r, const lk_cat_version **v, lk_error *err) {
	const lk_cat_version *newest = lk_catalog_newest(r->catalog, r->view);
	const lk_cat_copy *served = lk_catalog_copy(r->catalog, r->view->served_copy);
	if (r->goal != LK_GOAL_REPLAY && served)
		*v = served->version;
	else
		*v = r->o->version ? lk_catalog_version(r->catalog, r->view, r->o->version) : newest;
	if (*v)
		return LK_OK;
	lk_fail(err, LK_EUSAGE, "%s %s has no version %d over the log that it reads", r->derived ? "stream" : "view", r->o->view, r->o->version);
	return newest ? lk_hint(err, "its newest version is %d", newest->number) : LK_EUSAGE;
}

static bool is_waiting(const lk_cat_copy *c, const lk_cat_view *view, const lk_cat_version *v, bool kappa) {
	return c->version == v && c->kappa == kappa && c->id != view->served_copy
	       && (c->state == LK_COPY_BUILDING || (c->state == LK_COPY_LIVE && !c->was_served));
}

/* The most advanced one; the others were left by runs that did not learn that they had made a copy. */
const lk_cat_copy *lk_replay_waiting(const lk_catalog *c, const lk_cat_view *view, const lk_cat_version *v,
                                     bool kappa) {
	const lk_cat_copy *best = NULL;
	for (int i = 0; i < c->ncopies; i++) {
		const lk_cat_copy *k = &c->copies[i];
		if (!is_waiting(k, view, v, kappa))
			continue;
		if (!best || k->state == LK_COPY_LIVE || (best->state != LK_COPY_LIVE && k->id > best->id))
			best = k;
	}
	return best;
}

/* Of a derived stream also those of other versions: each has a log. */
static bool is_in_the_way(const lk_replay *r, const lk_cat_copy *c, const lk_cat_version *v) {
	const lk_cat_version *of = r->derived && c->version->view == r->view ? c->version : v;
	return is_waiting(c, r->view, of, wants_kappa(r));
}

static int drop_waiting(lk_replay *r, const lk_cat_version *v, const lk_cat_copy *but, lk_error *err) {
	int rc = LK_OK, n = 0;
	for (int i = 0; i < r->catalog->ncopies && rc == LK_OK; i++) {
		const lk_cat_copy *c = &r->catalog->copies[i];
		if (c == but || !is_in_the_way(r, c, v) || (but && c->state == LK_COPY_LIVE))
			continue;
		rc = lk_copy_drop(&r->pg, c->id, err);
		n++;
	}
	if (rc == LK_OK && n > 0)
		lk_replay_sweep(r);
	return rc;
}

/* Is the wanted copy already served? For a change of mode that is the only question; a replay is done if an earlier run
 * switched and ended before it could report it. */
static int is_served(lk_replay *r, const lk_cat_version *v, bool *already, lk_error *err) {
	const lk_cat_copy *served = lk_catalog_copy(r->catalog, r->view->served_copy);
	lk_replay_row row = {0};
	*already = served && served->version == v && served->kappa == wants_kappa(r);
	if (!*already || r->goal != LK_GOAL_REPLAY)
		return LK_OK;
	*already = false;
	if (!r->o->switch_over || r->o->fresh)
		return LK_OK;
	int rc = lk_replay_read(&r->pg, served, &row, err);
	*already = rc == LK_OK && row.there && row.ended_at == LK_NEVER;
	return rc;
}

static int make(lk_replay *r, const lk_cat_version *v, lk_error *err) {
	int64_t id;
	const lk_copy_spec spec = {.kappa = wants_kappa(r), .state = LK_COPY_BUILDING,
	                           .range = {.from = INT64_MIN, .to = INT64_MAX}};
	int rc = r->derived ? lk_filler_make(&r->pg, v, &id, err) : lk_copy_make(&r->pg, v, &spec, &id, err);
	if (rc != LK_OK)
		return rc;
	LK_CRASH_POINT("replay.made");
	return lk_replay_adopt(r, id, err);
}

int lk_replay_choose(lk_replay *r, lk_error *err) {
	const lk_cat_version *v;
	if (r->copy && !r->o->sandbox)
		return LK_OK;
	int rc = lk_replay_version(r, &v, err);
	if (rc != LK_OK || r->o->sandbox)
		return rc == LK_OK ? lk_sandbox_adopt(r, v, err) : rc;
	rc = is_served(r, v, &r->report.already, err);
	if (rc != LK_OK || r->report.already)
		return rc == LK_OK ? lk_replay_adopt(r, r->view->served_copy, err) : rc;
	const lk_cat_copy *c = r->o->fresh ? NULL : lk_replay_waiting(r->catalog, r->view, v, wants_kappa(r));
	int64_t id = c ? c->id : 0;
	rc = drop_waiting(r, v, c, err);
	if (rc != LK_OK)
		return rc;
	r->report.resumed = id != 0;
	return id ? lk_replay_adopt(r, id, err) : make(r, v, err);
}
