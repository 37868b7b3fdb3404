#include "modes/scratch.h"

int lk_scratch_make(lk_pg *pg, const lk_cat_version *v, bool kappa, int64_t *copy_id, lk_error *err) {
	const lk_copy_spec spec = {.kappa = kappa, .state = LK_COPY_SCRATCH, .range = {LK_BY_EVENT, INT64_MIN, INT64_MAX}};
	return lk_copy_make(pg, v, &spec, copy_id, err);
}

static bool is_of_another(void *ctx, int64_t unit) {
	const lk_cat_copy *copy = ctx;
	for (int i = 0; i < copy->version->plan->stream->partitions; i++)
		if (copy->units[i] == unit)
			return false;
	return true;
}

int lk_scratch_empty(lk_store *store, const lk_cat_copy *copy, lk_error *err) {
	lk_cat_copy own = *copy;
	return lk_store_sweep(store, is_of_another, &own, err);
}

int lk_scratch_drop(lk_pg *pg, lk_store *store, int64_t copy_id, lk_error *err) {
	int rc = lk_copy_drop(pg, copy_id, err);
	if (rc == LK_OK)
		rc = lk_copies_sweep(pg, NULL, err);
	return rc == LK_OK ? lk_store_sweep(store, lk_unit_is_live, pg, err) : rc;
}

int lk_scratch_drop_left(lk_pg *pg, lk_store *store, const lk_catalog *c, const lk_cat_view *v, lk_error *err) {
	int rc = LK_OK;
	for (int i = 0; rc == LK_OK && i < c->ncopies; i++)
		if (c->copies[i].version->view == v && c->copies[i].state == LK_COPY_SCRATCH)
			rc = lk_scratch_drop(pg, store, c->copies[i].id, err);
	return rc;
}
