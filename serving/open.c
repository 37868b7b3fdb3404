/* Step 1 of an answer: which copy is meant, and what the query asks of it.
 *
 * A catalogue that threads share may be older than the query. What it lacks may have been declared since, and what the
 * query refuses to be may be so by a former version of the view. So no query fails by an old catalogue: it is tried
 * again by the one of now. What succeeds by an old one is compared in step 3. */
#include <stdlib.h>

#include "serving/reader.h"

/* The sort column must exist, and its values must have an order. */
static int check_sort(const lk_reader *r, lk_error *err) {
	const lk_query *q = r->query;
	lk_type type;
	if (q->last && r->plan->window.kind == LK_W_NONE)
		return lk_fail(err, LK_EUSAGE, "view %s has no windows: --last does not apply", q->view);
	if (!q->sort)
		return LK_OK;
	int column = lk_column_find(r->plan, q->sort);
	if (column < 0)
		return lk_column_unknown(r->plan, "--sort", q->sort, false, err);
	lk_column_name(r->plan, column, &type);
	return lk_type_is_ordered(type) ? LK_OK : lk_fail(err, LK_EUSAGE, "--sort %s: its values have no order", q->sort);
}

static int get_catalogue(lk_reader *r, bool now, lk_error *err) {
	int rc = r->current ? lk_current_get(r->current, r->pg, now, &r->catalog, err)
	                    : lk_catalog_load_view(r->pg, r->query->view, &r->catalog, err);
	if (rc == LK_OK && r->store)
		lk_store_set_log(r->store, r->catalog->log_id);
	return rc;
}

static int find_copy(lk_reader *r, lk_error *err) {
	const lk_query *q = r->query;
	int rc = lk_catalog_need_view(r->catalog, q->view, &r->view, err);
	if (rc == LK_OK)
		rc = lk_catalog_wanted_copy(r->catalog, r->view, q->copy, q->version, &r->copy, err);
	return rc == LK_OK ? lk_catalog_plan(r->catalog, r->pg, r->copy->version, err) : rc;
}

static int open_copy(lk_reader *r, bool now, lk_error *err) {
	int rc = get_catalogue(r, now, err);
	if (rc == LK_OK)
		rc = find_copy(r, err);
	if (rc < 0)
		return rc;
	r->plan = r->copy->version->plan;
	r->partitions = r->plan->stream->partitions;
	r->hint = r->copy->cut;
	rc = lk_filter_init(&r->filter, r->plan, r->query, err);
	r->filter.cells.budget = &r->budget;
	return rc == LK_OK ? check_sort(r, err) : rc;
}

void lk_reader_release_units(lk_reader *r) {
	for (int i = 0; i < r->partitions; i++)
		lk_unit_read_release(&r->units[i]);
}

static void close_copy(lk_reader *r) {
	lk_reader_release_units(r);
	lk_filter_release(&r->filter);
	lk_catalog_release(r->catalog);
	r->catalog = NULL;
	r->partitions = 0;
}

int lk_reader_reopen(lk_reader *r, lk_error *err) {
	close_copy(r);
	r->moved = false;
	return open_copy(r, true, err);
}

int lk_reader_open(lk_reader *r, lk_pg *pg, lk_store *store, lk_current *current, const lk_query *q, lk_error *err) {
	lk_error e = {0};
	*r = (lk_reader){.pg = pg, .store = store, .current = current, .query = q};
	lk_budget_begin(&r->budget, &q->bounds);
	if (!store && q->layer != LK_LAYER_BATCH)
		return lk_fail(err, LK_EUNREACHABLE, "without Redis only the batch layer can answer");
	int rc = open_copy(r, false, &e);
	if (rc < 0 && rc != LK_EUNREACHABLE && current)
		return lk_reader_reopen(r, err);
	if (rc < 0 && err && err->code == LK_OK)
		*err = e;
	return rc;
}

void lk_reader_close(lk_reader *r) {
	close_copy(r);
	lk_pointer_release(&r->pointer);
	lk_buf_release(&r->why);
}
