/* lk drop: removes a copy that nobody reads. Its cells go from Redis at once; a speed layer that runs would do the same
 * within a minute. */
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/output.h"
#include "event_log/copies.h"

static int find(const lk_connection *c, const lk_args *args, const lk_cat_copy **out, lk_error *err) {
	const char *name = lk_args_text(args, "copy", NULL);
	const lk_cat_view *v = NULL;
	int rc = lk_catalog_need_view(c->catalog, args->operands[0], &v, err);
	*out = NULL;
	if (rc == LK_OK && name)
		return lk_catalog_need_copy(c->catalog, v, name, out, err);
	if (rc == LK_OK)
		*out = lk_catalog_copy(c->catalog, v->former_copy);
	if (rc != LK_OK || *out)
		return rc;
	lk_fail(err, LK_EUSAGE, "view %s has no former copy", v->name);
	return lk_hint(err, "`lk mode %s` lists its copies; --copy names one", v->name);
}

/* Whoever replays or compares holds the lock. A sandbox's is its own: it has nothing to do with what else becomes of
 * the view. */
static int lock(lk_connection *c, const lk_cat_copy *copy, lk_error *err) {
	if (copy->state != LK_COPY_SANDBOX)
		return lk_view_lock(&c->pg, copy->version->view, err);
	int rc = lk_pg_try_lock(&c->pg, copy->id, err);
	if (rc != LK_EBUSY)
		return rc;
	lk_fail(err, rc, "sandbox %s is being replayed", copy->name);
	return lk_hint(err, "stop that replay, or wait until it has ended");
}

/* What was found before the lock was taken may have changed. */
static int find_again(lk_connection *c, const lk_args *args, const lk_cat_copy **copy, lk_error *err) {
	int64_t id = (*copy)->id;
	lk_catalog_free(c->catalog);
	c->catalog = NULL;
	int rc = lk_catalog_load(&c->pg, &c->catalog, err);
	if (rc == LK_OK)
		rc = find(c, args, copy, err);
	if (rc == LK_OK && (*copy)->id != id)
		rc = lk_fail(err, LK_ECONFLICT, "the copies of view %s have changed this moment: try again", args->operands[0]);
	return rc;
}

static int refuse_served(const lk_cat_copy *copy, lk_error *err) {
	const char *view = copy->version->view->name;
	if (copy->version->view->served_copy != copy->id)
		return LK_OK;
	lk_fail(err, LK_EUSAGE, "copy %lld is what readers of view %s get: it is not dropped", (long long)copy->id, view);
	return lk_hint(err, "`lk mode %s --back` or `lk replay %s --switch` moves readers to another one", view, view);
}

static int drop(lk_connection *c, const lk_cat_copy *copy, lk_error *err) {
	const char *view = copy->version->view->name;
	int rc = refuse_served(copy, err);
	if (rc == LK_OK)
		rc = lk_copy_drop(&c->pg, copy->id, err);
	if (rc == LK_OK)
		rc = lk_store_sweep(c->store, lk_unit_is_live, &c->pg, err);
	if (rc == LK_OK)
		rc = lk_copies_sweep(&c->pg, NULL, err);
	if (rc != LK_OK)
		return rc;
	lk_say("copy %lld of %s@%d (%s%s) is dropped", (long long)copy->id, view, copy->version->number,
	       copy->name ? "sandbox " : copy->kappa ? "kappa" : "lambda", copy->name ? copy->name : "");
	return LK_OK;
}

int lk_cmd_drop(const lk_args *args, lk_error *err) {
	lk_connection c = {0};
	const lk_cat_copy *copy = NULL;
	int rc = lk_connect(&c, LK_WITH_CATALOG | LK_WITH_STORE, err);
	if (rc == LK_OK)
		rc = find(&c, args, &copy, err);
	if (rc == LK_OK)
		rc = lock(&c, copy, err);
	if (rc == LK_OK)
		rc = find_again(&c, args, &copy, err);
	if (rc == LK_OK)
		rc = drop(&c, copy, err);
	lk_disconnect(&c);
	return rc;
}
