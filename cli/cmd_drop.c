/* lk drop: removes a view, a copy that is not served, or a stream that no view reads. It removes the cells from Redis
 * at once; a running speed layer would remove them within a minute. */
#include <stdlib.h>

#include "catalog/copies.h"
#include "catalog/drop.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/output.h"
#include "delivery/named.h"

/* --- a copy --- */

static int find(const lk_connection *c, const lk_args *args, const lk_cat_copy **out, lk_error *err) {
	const char *name = lk_args_text(args, "copy", NULL);
	const lk_cat_view *v = NULL;
	int rc = lk_catalog_need_definition(c->catalog, args->operands[0], &v, err);
	*out = NULL;
	if (rc == LK_OK && name)
		return lk_catalog_need_copy(c->catalog, v, name, out, err);
	if (rc == LK_OK)
		*out = lk_catalog_copy(c->catalog, v->former_copy);
	if (rc != LK_OK || *out)
		return rc;
	lk_fail(err, LK_EUSAGE, "%s has no former copy", v->name);
	return lk_hint(err, "`lk mode %s` lists its copies; --copy names one", v->name);
}

/* A replay or comparison holds the view's lock. A sandbox has its own lock: other work on the view does not affect
 * it. */
static int lock(lk_connection *c, const lk_cat_copy *copy, lk_error *err) {
	if (copy->state != LK_COPY_SANDBOX)
		return lk_view_lock(&c->pg, copy->version->view, err);
	int rc = lk_pg_try_lock(&c->pg, copy->id, err);
	if (rc != LK_EBUSY)
		return rc;
	lk_fail(err, rc, "sandbox %s is being replayed", copy->name);
	return lk_hint(err, "stop that replay, or wait until it has ended");
}

/* The catalogue may have changed before the lock was taken. */
static int find_again(lk_connection *c, const lk_args *args, const lk_cat_copy **copy, lk_error *err) {
	int64_t id = (*copy)->id;
	lk_catalog_release(c->catalog);
	c->catalog = NULL;
	int rc = lk_catalog_load(&c->pg, &c->catalog, err);
	if (rc == LK_OK)
		rc = find(c, args, copy, err);
	if (rc == LK_OK && (*copy)->id != id)
		rc = lk_fail(err, LK_ECONFLICT, "the copies of view %s have just changed: try again", args->operands[0]);
	return rc;
}

static int refuse_served(const lk_cat_copy *copy, lk_error *err) {
	const char *view = copy->version->view->name;
	if (copy->version->view->served_copy != copy->id)
		return LK_OK;
	lk_fail(err, LK_EUSAGE, "copy %lld serves the readers of view %s and cannot be dropped", (long long)copy->id, view);
	return lk_hint(err, "`lk mode %s --back` or `lk replay %s --switch` moves readers to another one", view, view);
}

/* Removes from both stores what is no longer in the catalogue. */
static int sweep(lk_connection *c, lk_error *err) {
	int rc = lk_store_sweep(c->store, lk_unit_is_live, &c->pg, err);
	return rc == LK_OK ? lk_copies_sweep(&c->pg, NULL, err) : rc;
}

static int drop_found(lk_connection *c, const lk_cat_copy *copy, lk_error *err) {
	const char *view = copy->version->view->name;
	int rc = refuse_served(copy, err);
	if (rc == LK_OK)
		rc = lk_copy_drop(&c->pg, copy->id, err);
	if (rc == LK_OK)
		rc = sweep(c, err);
	if (rc != LK_OK)
		return rc;
	lk_say("copy %lld of %s@%d (%s%s) is dropped", (long long)copy->id, view, copy->version->number,
	       copy->name ? "sandbox " : copy->kappa ? "kappa" : "lambda", copy->name ? copy->name : "");
	return LK_OK;
}

static int drop_copy(lk_connection *c, const lk_args *args, lk_error *err) {
	const lk_cat_copy *copy = NULL;
	int rc = find(c, args, &copy, err);
	if (rc == LK_OK)
		rc = lock(c, copy, err);
	if (rc == LK_OK)
		rc = find_again(c, args, &copy, err);
	return rc == LK_OK ? drop_found(c, copy, err) : rc;
}

/* --- a view --- */

static void add_size(lk_buf *b, int64_t bytes) { lk_buf_addf(b, "%.1f MB", (double)bytes / 1e6); }

static int ask_for_view(lk_connection *c, const lk_cat_view *v, lk_error *err) {
	lk_drop_weight w;
	lk_buf what = LK_BUF_INIT;
	int rc = lk_view_weigh(&c->pg, v, &w, err);
	if (rc != LK_OK)
		return rc;
	lk_buf_addf(&what, "this removes view %s, its %lld version%s and %lld cop%s", v->name, (long long)w.versions, w.versions == 1 ? "" : "s",
	            (long long)w.copies, w.copies == 1 ? "y" : "ies");
	if (w.sandboxes)
		lk_buf_addf(&what, ", %lld of them sandboxes", (long long)w.sandboxes);
	lk_buf_adds(&what, ", their cells in Redis and ");
	add_size(&what, w.bytes);
	lk_buf_addf(&what, " of batches in PostgreSQL; the log of stream %s stays, and the view can be computed from it again", v->stream->stream->name);
	rc = lk_ask(what.data, err);
	lk_buf_release(&what);
	return rc;
}

static int drop_view(lk_connection *c, const lk_args *args, lk_error *err) {
	const lk_cat_view *v = NULL;
	int rc = lk_catalog_need_view(c->catalog, args->operands[0], &v, err);
	if (rc == LK_OK && !lk_args_has(args, "yes"))
		rc = ask_for_view(c, v, err);
	if (rc == LK_OK)
		rc = lk_view_lock(&c->pg, v, err);
	if (rc == LK_OK)
		rc = lk_view_drop(&c->pg, v, err);
	if (rc != LK_OK)
		return rc;
	lk_say("view %s is dropped", v->name);
	return sweep(c, err);
}

/* --- a stream --- */

static void add_number(lk_buf *b, int64_t n, const char *one) {
	lk_buf_add_count(b, n);
	lk_buf_addf(b, " %s%s", one, n == 1 ? "" : "s");
}

static int ask_for_stream(lk_connection *c, const lk_cat_stream *s, lk_error *err) {
	lk_drop_weight w;
	lk_buf what = LK_BUF_INIT;
	int rc = lk_stream_weigh(&c->pg, s, &w, err);
	if (rc != LK_OK)
		return rc;
	lk_buf_addf(&what, "this removes %sstream %s, %sits log of ", s->of_copy ? "derived " : "", s->stream->name, s->of_copy ? "its definition and " : "");
	add_number(&what, w.events, s->of_copy ? "row" : "event");
	lk_buf_adds(&what, " (");
	add_size(&what, w.bytes);
	lk_buf_adds(&what, ")");
	if (!s->of_copy) {
		lk_buf_adds(&what, ", ");
		add_number(&what, w.sources, "source");
		lk_buf_adds(&what, ", ");
		add_number(&what, w.rejects, "rejected line");
	}
	lk_buf_adds(&what, " and the position of ");
	add_number(&what, w.deliveries, "reader");
	lk_buf_adds(&what, s->of_copy ? "; the log of its source stays, and the definition can be applied again" : "; this cannot be undone");
	rc = lk_ask(what.data, err);
	lk_buf_release(&what);
	return rc;
}

/* A stream that a definition reads is refused without a question. */
static int drop_stream(lk_connection *c, const lk_args *args, lk_error *err) {
	const lk_cat_stream *s = NULL;
	int rc = lk_catalog_need_stream(c->catalog, lk_args_text(args, "stream", ""), &s, err);
	if (rc == LK_OK && !lk_args_has(args, "yes") && !lk_catalog_readers(c->catalog, s))
		rc = ask_for_stream(c, s, err);
	const lk_cat_view *maker = rc == LK_OK ? lk_catalog_maker(c->catalog, s) : NULL;
	if (maker)   /* it may be filled anew */
		rc = lk_view_lock(&c->pg, maker, err);
	if (rc == LK_OK)
		rc = lk_stream_drop(&c->pg, s, err);
	if (rc == LK_OK)
		lk_say("stream %s is dropped", s->stream->name);
	return rc;
}

/* --- a delivery --- */

/* Its rows stay in the log; only the position of who reads them is forgotten. */
static int drop_delivery(const char *name, lk_error *err) {
	lk_connection c = {0};
	int rc = lk_connect(&c, LK_WITH_CATALOG, err);
	if (rc == LK_OK)
		rc = lk_delivery_drop(&c.pg, name, err);
	if (rc == LK_OK)
		lk_say("delivery %s is dropped", name);
	lk_disconnect(&c);
	return rc;
}

/* --- the command --- */

static int check_args(const lk_args *args, lk_error *err) {
	bool stream = lk_args_has(args, "stream"), copy = lk_args_has(args, "copy"), former = lk_args_has(args, "former");
	if (lk_args_has(args, "delivery")) {
		if (stream || copy || former || args->noperands)
			return lk_fail(err, LK_EUSAGE, "lk drop --delivery NAME takes nothing else");
		return LK_OK;
	}
	if (stream == (args->noperands > 0)) {
		lk_fail(err, LK_EUSAGE, stream ? "lk drop takes VIEW or --stream NAME, not both" : "lk drop needs VIEW or --stream NAME");
		return lk_hint(err, "`lk help drop`");
	}
	if (copy && former)
		return lk_fail(err, LK_EUSAGE, "--copy and --former both say which copy to drop");
	if (stream && (copy || former))
		return lk_fail(err, LK_EUSAGE, "a stream has no copies: leave --%s out", copy ? "copy" : "former");
	return LK_OK;
}

static int run(const lk_args *args, lk_error *err) {
	lk_connection c = {0};
	bool copy = lk_args_has(args, "copy") || lk_args_has(args, "former"), stream = lk_args_has(args, "stream");
	int rc = check_args(args, err);
	if (rc != LK_OK)
		return rc;
	if (lk_args_has(args, "delivery"))
		return drop_delivery(lk_args_text(args, "delivery", ""), err);
	rc = lk_connect(&c, stream ? LK_WITH_CATALOG : LK_WITH_CATALOG | LK_WITH_STORE, err);
	if (rc == LK_OK)
		rc = stream ? drop_stream(&c, args, err) : copy ? drop_copy(&c, args, err) : drop_view(&c, args, err);
	lk_disconnect(&c);
	return rc;
}

const lk_command lk_cmd_drop = {
	.name = "drop",
	.operands = "[VIEW]",
	.max_operands = 1,
	.summary = "remove a view, a copy of it that is not served, or a stream",
	.detail = "Removes a view with all versions and copies, or a stream with its log and the positions of its readers; a stream that a definition "
		"reads cannot be removed. Both ask first; without a terminal they need --yes. The names can be declared again. "
		"With --copy or --former, one copy of the view is removed: its cells in Redis and its batch, at once; the "
		"log and the definition stay. Of a derived stream, a copy goes with the log that it fills and all that reads this log.",
	.options = {
		{"copy", "COPY", "only this copy: the name of a sandbox, or an id from lk mode", false},
		{"former", NULL, "only the copy that was served before the last switch", false},
		{"stream", "NAME", "this stream and its log", false},
		{"delivery", "NAME", "the position of this delivery (`lk tail --name`); the rows stay", false},
		{"yes", NULL, "do not ask", false},
	},
	.examples = {
		{"lk drop traffic", "the view, after a question"},
		{"lk drop traffic --former", "the copy that readers were moved away from last"},
		{"lk drop traffic --copy morning", "a sandbox"},
		{"lk drop --stream hits --yes", "a stream that no view reads any more, and its log"},
	},
	.run = run,
};
