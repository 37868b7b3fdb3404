#include "costs/trial.h"

#include <stdio.h>

int lk_trial_make(lk_pg *pg, const lk_cat_version *v, bool kappa, int64_t *copy_id, lk_error *err) {
	const lk_copy_spec spec = {.kappa = kappa, .state = LK_COPY_TRIAL, .range = {LK_BY_EVENT, INT64_MIN, INT64_MAX}};
	return lk_copy_make(pg, v, &spec, copy_id, err);
}

/* --- cells: the store's sweep, with only these units dead --- */

typedef struct units {
	int64_t id[LK_MAX_PARTITIONS];
	int n;
} units;

static bool is_other(void *ctx, int64_t unit) {
	const units *u = ctx;
	for (int i = 0; i < u->n; i++)
		if (u->id[i] == unit)
			return false;
	return true;
}

static int read_units(lk_pg *pg, int64_t copy_id, units *out, lk_error *err) {
	char id[24];
	PGresult *res = NULL;
	out->n = 0;
	snprintf(id, sizeof id, "%lld", (long long)copy_id);
	int rc = lk_pg_exec(pg, &res, err, "SELECT unit_id FROM lk.unit WHERE copy_id = $1::bigint", 1, (const char *const[]){id});
	for (int i = 0; rc == LK_OK && i < PQntuples(res) && i < LK_MAX_PARTITIONS; i++)
		out->id[out->n++] = lk_pg_int(res, i, 0);
	if (rc == LK_OK)
		PQclear(res);
	return rc;
}

int lk_trial_empty(lk_store *store, const lk_cat_copy *copy, lk_error *err) {
	units u = {.n = copy->version->plan->stream->partitions};
	for (int i = 0; i < u.n; i++)
		u.id[i] = copy->units[i];
	return lk_store_sweep(store, is_other, &u, err);
}

/* --- removing --- */

int lk_trial_drop(lk_pg *pg, lk_store *store, int64_t copy_id, lk_error *err) {
	units u;
	int rc = lk_copy_drop(pg, copy_id, err);
	if (rc == LK_OK)
		rc = lk_copies_sweep(pg, NULL, err);
	if (rc == LK_OK)
		rc = read_units(pg, copy_id, &u, err);
	return rc == LK_OK ? lk_store_sweep(store, is_other, &u, err) : rc;
}

int lk_trial_drop_left(lk_pg *pg, lk_store *store, const lk_catalog *c, const lk_cat_view *v, lk_error *err) {
	int rc = LK_OK;
	for (int i = 0; rc == LK_OK && i < c->ncopies; i++)
		if (c->copies[i].version->view == v && c->copies[i].state == LK_COPY_TRIAL)
			rc = lk_trial_drop(pg, store, c->copies[i].id, err);
	return rc;
}
