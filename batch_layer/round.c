#include "batch_layer/round.h"

#include <stdlib.h>
#include <string.h>

#include "batch_layer/seal_state.h"
#include "catalog/copies.h"
#include "catalog/published.h"
#include "catalog/tail.h"
#include "core/flag.h"

typedef struct round_of {
	const lk_round_options *o;
	lk_pg pg;
	lk_catalog *catalog;
	lk_store *store;           /* opened for the first seal */
} round_of;

static bool is_stopped(const round_of *of) { return lk_flag_is_set(of->o->stop); }

/* --- which copies --- */

static const lk_cat_copy *served_copy(const lk_catalog *c, const lk_cat_view *v) { return lk_catalog_copy(c, v->served_copy); }

static bool in_kappa(const lk_catalog *c, const lk_cat_view *v) {
	const lk_cat_copy *served = served_copy(c, v);
	return served && served->kappa;
}

/* The lambda copy of the newest version: the served one, or the one that is served next. NULL if it has none. */
static const lk_cat_copy *newest_copy(const lk_catalog *c, const lk_cat_view *v) {
	const lk_cat_version *newest = lk_catalog_newest(c, v);
	const lk_cat_copy *best = served_copy(c, v);
	if (best && best->version == newest)
		return best;
	best = NULL;
	for (int i = 0; i < c->ncopies; i++) {
		const lk_cat_copy *k = &c->copies[i];
		if (k->version == newest && !k->kappa && k->state == LK_COPY_LIVE)
			best = k;
	}
	return best;
}

/* --- one view --- */

static int batch_copy(round_of *of, const lk_cat_copy *copy, bool *switched) {
	lk_batch_report r = {0};
	lk_error e = {0};
	int rc = lk_batch_run(&of->pg, copy, &r, &e);
	if (rc == LK_OK)
		of->o->done(of->o->ctx, copy, &r);
	else
		of->o->failed(of->o->ctx, copy, &e);
	*switched = r.switched_to != 0;
	return rc;
}

/* The served copy always gets batches, also while the batch of a newer version fails. */
static int batch_view(round_of *of, const lk_cat_view *v) {
	const lk_cat_copy *newest = newest_copy(of->catalog, v), *served = served_copy(of->catalog, v);
	int rc = LK_OK, failed = LK_OK;
	bool switched = false;
	if (newest)
		rc = batch_copy(of, newest, &switched);
	if (served && served != newest && !switched && !is_stopped(of))
		failed = batch_copy(of, served, &switched);
	return rc ? rc : failed;
}

/* A kappa copy is sealed instead of computed. */
static int seal_copy(round_of *of, const lk_cat_copy *copy, lk_error *err) {
	const lk_seal_options o = {.stop = of->o->stop};
	lk_batch_report r = {0};
	int rc = of->store ? LK_OK : lk_store_open(&of->store, of->o->redis, of->catalog->log_id, err);
	if (rc == LK_OK)
		rc = lk_seal_run(&of->pg, of->store, copy, &o, &r, err);
	if (rc == LK_OK)
		of->o->done(of->o->ctx, copy, &r);
	if (rc == LK_EUNREACHABLE && of->store) {
		lk_store_close(of->store);
		of->store = NULL;
	}
	return rc;
}

static int seal_view(round_of *of, const lk_cat_view *v) {
	const lk_cat_copy *copy = served_copy(of->catalog, v);
	lk_error e = {0};
	int rc = seal_copy(of, copy, &e);
	if (rc != LK_OK && !is_stopped(of))
		of->o->failed(of->o->ctx, copy, &e);
	return rc;
}

/* --- the former copy, which the speed layer keeps up to date too --- */

/* Sealed, a kappa copy needs no more of Redis than while readers had it. Where nobody drives the units, nothing grows
 * either; and this round may just have dropped the copy. */
static int seal_former(round_of *of, const lk_cat_copy *copy) {
	lk_error e = {0};
	int rc = of->o->seals ? seal_copy(of, copy, &e) : LK_OK;
	if (rc == LK_OK || rc == LK_EBUSY || rc == LK_ECONFLICT || is_stopped(of))
		return LK_OK;
	of->o->failed(of->o->ctx, copy, &e);
	return rc;
}

/* A batch of a lambda copy costs as much as one that readers get, so it has one only when the log has grown by half since
 * its cut: all of them together read three times the log, and Redis keeps a third of it. */
static int is_due(round_of *of, const lk_cat_copy *copy, bool *due, lk_error *err) {
	lk_published published = {0};
	lk_frontier tail;
	int rc = lk_published_read(&of->pg, copy, &published, err);
	if (rc == LK_OK)
		rc = lk_log_tail(&of->pg, copy->version->reads, &tail, err);
	if (rc == LK_OK) {
		int64_t covered = lk_frontier_events(&published.cut);
		*due = lk_frontier_events(&tail) - covered > covered / 2;
	}
	lk_published_release(&published);
	return rc;
}

static int batch_former(round_of *of, const lk_cat_copy *copy) {
	lk_error e = {0};
	bool due = false, switched;
	int rc = is_due(of, copy, &due, &e);
	if (rc == LK_OK)
		return due ? batch_copy(of, copy, &switched) : LK_OK;
	if (rc == LK_ECONFLICT || is_stopped(of))   /* this round may just have dropped the copy */
		return LK_OK;
	of->o->failed(of->o->ctx, copy, &e);
	return rc;
}

static int keep_former(round_of *of, const lk_cat_view *v) {
	const lk_cat_copy *copy = lk_catalog_copy(of->catalog, v->former_copy);
	if (!copy || is_stopped(of))
		return LK_OK;
	if (copy->kappa)
		return seal_former(of, copy);
	bool had_its_batch = !in_kappa(of->catalog, v) && copy == newest_copy(of->catalog, v);
	return had_its_batch ? LK_OK : batch_former(of, copy);
}

/* --- all views --- */

/* The views of a round: those named, or all. */
static int choose_views(const lk_catalog *c, char *const *names, int n, const lk_cat_view **views, int *nviews, lk_error *err) {
	int rc = LK_OK;
	*nviews = n ? n : c->nviews;
	for (int i = 0; i < n && rc == LK_OK; i++)
		rc = lk_catalog_need_view(c, names[i], &views[i], err);
	for (int i = 0; i < c->nviews && !n; i++)
		views[i] = &c->views[i];
	return rc;
}

/* A newest version that was declared in kappa mode has no copy, and gets one; not if readers were moved away from it,
 * which was a user's decision. The view's lock prevents a second round from making another copy; if it is held, the
 * next round checks again. */
static int make_copy(lk_pg *pg, const lk_cat_view *v, bool *made, lk_error *err) {
	bool was_served = false;
	int64_t id;
	lk_catalog *now = NULL;
	int rc = lk_pg_try_lock(pg, v->id, err);
	if (rc)
		return rc == LK_EBUSY ? LK_OK : rc;
	rc = lk_catalog_load(pg, &now, err);
	const lk_cat_view *view = rc ? NULL : lk_catalog_view(now, v->name);
	bool wanted = view && !newest_copy(now, view) && !in_kappa(now, view);
	if (wanted)
		rc = lk_version_was_served(pg, lk_catalog_newest(now, view), &was_served, err);
	if (rc == LK_OK && wanted && !was_served) {
		rc = lk_copy_make(pg, lk_catalog_newest(now, view), &(lk_copy_spec){.state = LK_COPY_LIVE}, &id, err);
		*made = rc == LK_OK;
	}
	lk_catalog_release(now);
	lk_pg_unlock(pg, v->id, NULL);
	return rc;
}

static bool is_meant(const lk_cat_view *v, char *const *names, int n) {
	for (int i = 0; i < n; i++)
		if (!strcmp(names[i], v->name))
			return true;
	return n == 0;
}

static int make_copies(lk_pg *pg, lk_catalog **catalog, char *const *names, int n, lk_error *err) {
	const lk_catalog *c = *catalog;
	bool made = false;
	int rc = LK_OK;
	for (int i = 0; i < c->nviews && rc == LK_OK; i++)
		if (is_meant(&c->views[i], names, n) && !in_kappa(c, &c->views[i]) && !newest_copy(c, &c->views[i]))
			rc = make_copy(pg, &c->views[i], &made, err);
	if (rc || !made)
		return rc;
	lk_catalog_release(*catalog);
	*catalog = NULL;
	return lk_catalog_load(pg, catalog, err);
}

static int batch_views(round_of *of, int *nviews, lk_error *err) {
	const lk_catalog *c = of->catalog;
	char *const *names = of->o->views;
	int n = of->o->n;
	const lk_cat_view **views = lk_calloc((size_t)(n ? n : c->nviews), sizeof(const lk_cat_view *));
	int first = LK_OK, rc = choose_views(c, names, n, views, nviews, err);
	for (int i = 0; rc == LK_OK && i < *nviews && !is_stopped(of); i++) {
		int failed = !in_kappa(c, views[i]) ? batch_view(of, views[i]) : of->o->seals ? seal_view(of, views[i]) : LK_OK;
		int former = keep_former(of, views[i]);
		first = first ? first : failed ? failed : former;
	}
	free(views);
	return rc ? rc : first;
}

/* --- derived streams --- */

/* Live copies keep a state, the former and the coming ones too. */
static int seal_state(round_of *of, const lk_cat_copy *copy) {
	lk_batch_report r = {0};
	lk_error e = {0};
	int rc = lk_seal_state(&of->pg, copy, &r, &e);
	if (rc == LK_OK)
		of->o->done(of->o->ctx, copy, &r);
	else if (rc == LK_EBUSY || rc == LK_ECONFLICT || is_stopped(of))   /* another one does it, or it was just dropped */
		rc = LK_OK;
	else
		of->o->failed(of->o->ctx, copy, &e);
	return rc;
}

static int seal_states(round_of *of, int *sealed) {
	const lk_catalog *c = of->catalog;
	int first = LK_OK;
	for (int i = 0; i < c->ncopies && !is_stopped(of); i++)
		if (c->copies[i].state == LK_COPY_LIVE && lk_keeps_state(&c->copies[i])) {
			int rc = seal_state(of, &c->copies[i]);
			first = first ? first : rc;
			++*sealed;
		}
	return first;
}

/* A failure of housekeeping is reported and does not fail the round. */
static void keep_house(round_of *of) {
	lk_error e = {0};
	if (lk_housekeep(&of->pg, of->catalog, &of->o->keep, &e) != LK_OK)
		of->o->failed(of->o->ctx, NULL, &e);
}

int lk_round_run(const lk_round_options *o, int *nviews, lk_error *err) {
	round_of of = {.o = o};
	int rc = lk_pg_open(&of.pg, o->postgres, "lk batch", err);
	if (rc == LK_OK)
		rc = lk_catalog_load(&of.pg, &of.catalog, err);
	if (rc == LK_OK)
		rc = make_copies(&of.pg, &of.catalog, o->views, o->n, err);
	if (rc == LK_OK)
		rc = batch_views(&of, nviews, err);
	if (of.pg.conn && of.catalog && rc != LK_EUNREACHABLE && !o->n) {
		int failed = seal_states(&of, nviews);
		rc = rc ? rc : failed;
	}
	if (of.pg.conn && of.catalog && rc != LK_EUNREACHABLE && !is_stopped(&of))
		keep_house(&of);
	if (of.store)
		lk_store_close(of.store);
	if (of.catalog)
		lk_catalog_release(of.catalog);
	if (of.pg.conn)
		lk_pg_close(&of.pg);
	return rc;
}
