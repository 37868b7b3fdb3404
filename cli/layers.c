#include "cli/layers.h"

#include <stdlib.h>

#include "cli/output.h"
#include "cli/signal.h"
#include "core/time.h"

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

int lk_speed_from_args(const lk_args *args, const lk_servers *at, lk_speed_options *o, lk_error *err) {
	int64_t workers;
	int rc = lk_args_int(args, "workers", 2, 1, 256, &workers, err);
	*o = (lk_speed_options){
		.postgres = at->postgres, .redis = at->redis, .workers = (int)workers, .once = lk_args_has(args, "once"),
		.view = lk_args_text(args, "view", NULL),
		.limits = lk_stream_defaults, .stop = &lk_stop, .progress = show_progress, .notice = show_notice,
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
		lk_buf_adds(&b, ", not to be evaluated (lk.rejected): ");
		lk_count_print(r->marked, &b);
	}
	lk_say("speed: %s", b.data);
	lk_buf_release(&b);
}

/* --- batch --- */

static const lk_cat_copy *newest_copy(const lk_catalog *c, const lk_cat_view *v) {
	const lk_cat_copy *best = NULL;
	for (int i = 0; i < c->ncopies; i++) {
		const lk_cat_copy *k = &c->copies[i];
		if (k->version->view == v && !k->kappa && (!best || k->version->number > best->version->number))
			best = k;
	}
	return best;
}

static void say_batch(const lk_cat_view *v, const lk_cat_copy *copy, const lk_batch_report *r, bool quiet) {
	lk_buf b = LK_BUF_INIT;
	if (r->nothing_new) {
		if (!quiet)
			lk_say("batch %s: nothing new in the log", v->name);
		return;
	}
	lk_count_print(r->events, &b);
	lk_buf_adds(&b, r->events == 1 ? " event, " : " events, ");
	lk_count_print(r->cells, &b);
	lk_buf_addf(&b, " cell%s, %.2f s%s", r->cells == 1 ? "" : "s", r->seconds, r->folded ? ", folded in C" : "");
	if (r->switched_to)
		lk_buf_addf(&b, "; readers get version %d now", r->switched_to);
	lk_say("batch %s@%d: %s", v->name, copy->version->number, b.data);
	lk_buf_release(&b);
}

static int batch_view(lk_pg *pg, const lk_catalog *c, const lk_cat_view *v, bool quiet, lk_error *err) {
	const lk_cat_copy *copy = newest_copy(c, v);
	lk_batch_report r = {0};
	if (!copy)
		return LK_OK;
	int rc = lk_batch_run(pg, c, copy, &r, err);
	if (rc == LK_OK)
		say_batch(v, copy, &r, quiet);
	return rc;
}

static int batch_views(lk_pg *pg, const lk_catalog *c, char *const *names, int n, bool quiet, lk_error *err) {
	const lk_cat_view **views = lk_calloc((size_t)(n ? n : c->nviews), sizeof(const lk_cat_view *));
	int rc = LK_OK, nviews = n ? n : c->nviews, first = LK_OK;
	for (int i = 0; rc == LK_OK && i < nviews; i++)
		if (n)
			rc = lk_catalog_need_view(c, names[i], &views[i], err);
		else
			views[i] = &c->views[i];
	for (int i = 0; rc == LK_OK && i < nviews && !lk_stop; i++) {
		lk_error e = {0};
		int failed = batch_view(pg, c, views[i], quiet, &e);
		lk_say_error(&e);
		if (!first)
			first = failed;
	}
	free(views);
	return rc ? rc : first;
}

int lk_batch_round(const lk_servers *at, char *const *views, int n, bool quiet, lk_error *err) {
	lk_pg pg = {0};
	lk_catalog *catalog = NULL;
	int rc = lk_pg_open(&pg, at->postgres, "lk batch", err);
	if (rc == LK_OK)
		rc = lk_catalog_load(&pg, &catalog, err);
	if (rc == LK_OK)
		rc = batch_views(&pg, catalog, views, n, quiet, err);
	if (catalog)
		lk_catalog_free(catalog);
	if (pg.conn)
		lk_pg_close(&pg);
	return rc;
}

void lk_batch_rounds(const lk_servers *at, char *const *views, int n, int64_t every_us) {
	while (!lk_stop) {
		int64_t next = lk_monotonic_us() + every_us;
		lk_error e = {0};
		lk_batch_round(at, views, n, true, &e);
		lk_say_error(&e);
		lk_wait_until(next);
	}
}
