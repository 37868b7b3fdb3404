#include "cli/layers.h"

#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/signal.h"
#include "core/flag.h"
#include "core/time.h"
#include "event_log/copies.h"

/* --- speed --- */

static void show_progress(void *ctx, int64_t events, int64_t behind) {
	lk_buf b = LK_BUF_INIT;
	(void)ctx;
	lk_count_print(events, &b);
	lk_buf_adds(&b, " events, ");
	lk_count_print(behind, &b);
	lk_say_progress("speed: %s behind", b.data);
	lk_buf_release(&b);
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
	int64_t workers;
	bool once = lk_args_has(args, "once");
	int rc = lk_args_int(args, "workers", 2, 1, 256, &workers, err);
	*o = (lk_speed_options){
		.postgres = at->postgres, .redis = at->redis, .workers = (int)workers, .once = once,
		.view = lk_args_text(args, "view", NULL),
		.room_wait_us = once ? ROOM_WAIT_S * LK_US_PER_S : 0, .server_wait_us = once ? SERVER_WAIT_S * LK_US_PER_S : 0,
		.limits = lk_stream_defaults, .stop = &lk_stop, .progress = show_progress, .notice = show_notice, .again = show_again,
	};
	return rc;
}

void lk_speed_say_report(const lk_speed_report *r) {
	lk_buf b = LK_BUF_INIT;
	lk_count_print(r->events, &b);
	lk_buf_addf(&b, " event%s in %.2f s, ", r->events == 1 ? "" : "s", r->seconds);
	lk_count_print(r->commits, &b);
	lk_buf_addf(&b, " commit%s", r->commits == 1 ? "" : "s");
	if (r->late) {
		lk_buf_adds(&b, ", late: ");
		lk_count_print(r->late, &b);
	}
	if (r->marked) {
		lk_buf_adds(&b, ", could not be evaluated (lk.rejected): ");
		lk_count_print(r->marked, &b);
	}
	lk_say("speed: %s", b.data);
	lk_buf_release(&b);
}

/* --- batch --- */

/* What is not of a copy. */
enum { THE_ROUND = 0, HOUSEKEEPING = -1 };

typedef struct round_of {
	lk_rounds *rounds;
	lk_pg pg;
	lk_catalog *catalog;
	lk_store *store;           /* opened for the first seal */
	bool quiet, seals;
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

static void say_batch(const lk_cat_view *v, const lk_cat_copy *copy, const lk_batch_report *r, bool quiet) {
	lk_buf b = LK_BUF_INIT;
	if (r->nothing_new) {
		if (!quiet)
			lk_say("%s %s: nothing new in the log", copy->kappa ? "seal" : "batch", v->name);
		return;
	}
	lk_count_print(r->events, &b);
	lk_buf_adds(&b, r->events == 1 ? " event, " : " events, ");
	lk_count_print(r->cells, &b);
	lk_buf_addf(&b, " cell%s, %.2f s%s", r->cells == 1 ? "" : "s", r->seconds, r->folded ? ", folded in C" : "");
	if (r->switched_to)
		lk_buf_addf(&b, "; readers get version %d now", r->switched_to);
	lk_say("%s %s@%d: %s", copy->kappa ? "seal" : "batch", v->name, copy->version->number, b.data);
	lk_buf_release(&b);
}

static int batch_copy(round_of *of, const lk_cat_copy *copy, bool *switched) {
	lk_batch_report r = {0};
	lk_error e = {0};
	int rc = lk_batch_run(&of->pg, of->catalog, copy, &r, &e);
	if (rc == LK_OK) {
		say_works_again(of->rounds, copy);
		say_batch(copy->version->view, copy, &r, of->quiet);
	} else {
		say_failure(of->rounds, copy->id, &e);
	}
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
	if (served && served != newest && !switched && !lk_flag_is_set(&lk_stop))
		failed = batch_copy(of, served, &switched);
	return rc ? rc : failed;
}

/* A kappa view is sealed instead of computed. */
static int seal_view(round_of *of, const lk_cat_view *v) {
	const lk_cat_copy *copy = served_copy(of->catalog, v);
	const lk_seal_options o = {.stop = &lk_stop};
	lk_batch_report r = {0};
	lk_error e = {0};
	int rc = of->store ? LK_OK : lk_store_open(&of->store, of->rounds->at->redis, of->catalog->log_id, &e);
	if (rc == LK_OK)
		rc = lk_seal_run(&of->pg, of->store, copy, &o, &r, &e);
	if (rc == LK_OK) {
		say_works_again(of->rounds, copy);
		say_batch(v, copy, &r, of->quiet);
	} else if (!lk_flag_is_set(&lk_stop)) {
		say_failure(of->rounds, copy->id, &e);
	}
	if (rc == LK_EUNREACHABLE && of->store) {
		lk_store_close(of->store);
		of->store = NULL;
	}
	return rc;
}

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

/* A newest version without a copy, made while the view was in kappa mode, gets one. Not where readers were moved
 * away from it: that was somebody's decision. The view's lock keeps a second round from making another; where it is
 * held, the next round looks again. */
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
	lk_catalog_free(now);
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
	lk_catalog_free(*catalog);
	*catalog = NULL;
	return lk_catalog_load(pg, catalog, err);
}

static int batch_views(round_of *of, char *const *names, int n, lk_error *err) {
	const lk_catalog *c = of->catalog;
	const lk_cat_view **views = lk_calloc((size_t)(n ? n : c->nviews), sizeof(const lk_cat_view *));
	int nviews, first = LK_OK;
	int rc = choose_views(c, names, n, views, &nviews, err);
	if (rc == LK_OK && nviews == 0 && !of->quiet)
		lk_say("no views are declared: `lk apply FILE` declares them");
	for (int i = 0; rc == LK_OK && i < nviews && !lk_flag_is_set(&lk_stop); i++) {
		int failed = !in_kappa(c, views[i]) ? batch_view(of, views[i]) : of->seals ? seal_view(of, views[i]) : LK_OK;
		first = first ? first : failed;
	}
	free(views);
	return rc ? rc : first;
}

int lk_keep_from_args(const lk_args *args, lk_keep *keep, lk_error *err) {
	*keep = lk_keep_defaults;
	return lk_args_int(args, "keep-rejected", keep->rejected, 0, INT64_MAX / 2, &keep->rejected, err);
}

/* A failure of housekeeping is reported and does not fail the round. */
static void keep_house(round_of *of) {
	lk_error e = {0};
	if (lk_housekeep(&of->pg, of->catalog, &of->rounds->keep, &e) != LK_OK)
		say_failure(of->rounds, HOUSEKEEPING, &e);
}

int lk_batch_round(lk_rounds *r, enum lk_round how, lk_error *err) {
	round_of of = {.rounds = r, .quiet = how == LK_ROUND_AGAIN, .seals = how != LK_ROUND_FIRST};
	int rc = lk_pg_open(&of.pg, r->at->postgres, "lk batch", err);
	if (rc == LK_OK)
		rc = lk_catalog_load(&of.pg, &of.catalog, err);
	if (rc == LK_OK)
		rc = make_copies(&of.pg, &of.catalog, r->views, r->n, err);
	if (rc == LK_OK)
		rc = batch_views(&of, r->views, r->n, err);
	if (of.pg.conn && of.catalog && rc != LK_EUNREACHABLE && !lk_flag_is_set(&lk_stop))
		keep_house(&of);
	if (of.store)
		lk_store_close(of.store);
	if (of.catalog)
		lk_catalog_free(of.catalog);
	if (of.pg.conn)
		lk_pg_close(&of.pg);
	return rc;
}

int lk_until_stopped(int rc, lk_error *err) {
	if (!lk_ended_by_signal(rc))
		return rc;
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
		else
			say_failure(r, THE_ROUND, &e);
		say_trouble(r, rc, every_us);
		lk_wait_until(next);
	}
}
