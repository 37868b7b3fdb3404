/* One comparison of a view, from the lock to the last removal.
 *
 *   lock the view ─ remove what a killed one left ─ make scratch copies ─ measure each mode ─ all copies at one cut
 *    ─ results ─ differences ─ first events ─ remove
 *
 * The comparison uses the view's own copies if it has them, since its users get those; scratch copies stand in for
 * missing ones. With costs, scratch copies are always made: the measurement covers the whole way from nothing. */
#include "modes/comparison.h"

#include <stdlib.h>
#include <string.h>

#include "batch_layer/batch.h"
#include "catalog/log_sql.h"
#include "catalog/tail.h"
#include "compare/barrier.h"
#include "compare/result_rows.h"
#include "core/time.h"
#include "modes/mode_cost.h"
#include "modes/scratch.h"

enum {
	LAMBDA, KAPPA, MODES,
	STREAMED_MOST = 1000,      /* events that a scratch copy's batch leaves to the stream path, … */
	STREAMED_SHARE = 10,       /* … or a tenth of them */
};

typedef struct comparing {
	const lk_replay_options *o;
	lk_comparison *out;
	bool costs;
	lk_pg pg;
	lk_store *store;
	lk_catalog *catalog;
	const lk_cat_view *view;
	const lk_cat_version *version;
	int64_t locked;                    /* id of the locked view; 0: none */
	int64_t scratch[MODES];            /* ids; 0: none */
	const lk_cat_copy *copy[MODES];    /* being compared */
	lk_frontier tail;                  /* of the log, when the copies were made, … */
	lk_frontier batch;                 /* … and how much of it lambda's batch takes: the rest is streamed */
	lk_result result[MODES], sql;
} comparing;

static const char *const names[MODES] = {"lambda", "kappa"};

static lk_run_to_options run_options(const comparing *c) {
	return (lk_run_to_options){.postgres = c->o->postgres, .redis = c->o->redis, .workers = c->o->workers, .limits = c->o->limits, .watch = &c->o->watch};
}

/* --- beginning --- */

static int connect_both(comparing *c, lk_error *err) {
	int rc = lk_pg_open(&c->pg, c->o->postgres, "lk compare", err);
	return rc == LK_OK ? lk_store_open(&c->store, c->o->redis, NULL, err) : rc;
}

static void disconnect_both(comparing *c) {
	if (c->pg.conn)
		lk_pg_close(&c->pg);
	lk_store_close(c->store);
	c->pg = (lk_pg){0};
	c->store = NULL;
}

static int find_version(comparing *c, lk_error *err) {
	const lk_cat_copy *served = lk_catalog_copy(c->catalog, c->view->served_copy);
	c->version = c->o->version ? lk_catalog_version(c->catalog, c->view, c->o->version) : served ? served->version : NULL;
	if (c->version)
		return LK_OK;
	if (!c->o->version)
		return lk_fail(err, LK_EINTERNAL, "view %s serves no copy", c->view->name);
	const lk_cat_version *newest = lk_catalog_newest(c->catalog, c->view);
	lk_fail(err, LK_EUSAGE, "view %s has no version %d", c->view->name, c->o->version);
	return lk_hint(err, "its newest version is %d", newest ? newest->number : 0);
}

static int load(comparing *c, lk_error *err) {
	lk_catalog_release(c->catalog);
	c->catalog = NULL;
	c->version = NULL;
	int rc = lk_catalog_load_view(&c->pg, c->o->view, &c->catalog, err);
	if (rc == LK_OK)
		rc = lk_catalog_need_view(c->catalog, c->o->view, &c->view, err);
	if (rc == LK_OK)
		rc = find_version(c, err);
	if (rc == LK_OK)
		lk_store_set_log(c->store, c->catalog->log_id);
	return rc;
}

static int lock(comparing *c, lk_error *err) {
	int rc = lk_view_lock(&c->pg, c->view, err);
	c->locked = rc == LK_OK ? c->view->id : 0;
	return rc;
}

/* --- copies --- */

static const lk_cat_copy *live_copy(const comparing *c, int mode) {
	const lk_cat_copy *best = NULL;
	for (int i = 0; i < c->catalog->ncopies; i++) {
		const lk_cat_copy *k = &c->catalog->copies[i];
		if (k->version == c->version && k->state == LK_COPY_LIVE && k->kappa == (mode == KAPPA) && !(best && best->id == c->view->served_copy))
			best = k;
	}
	return best;
}

static int make_copies(comparing *c, lk_error *err) {
	int rc = LK_OK;
	for (int m = 0; m < MODES && rc == LK_OK; m++)
		if (c->costs || !live_copy(c, m))
			rc = lk_scratch_make(&c->pg, c->version, m == KAPPA, &c->scratch[m], err);
	if (rc == LK_OK)
		rc = load(c, err);
	for (int m = 0; m < MODES && rc == LK_OK; m++) {
		const lk_cat_copy *live = live_copy(c, m);
		*(m == LAMBDA ? &c->out->lambda_was_there : &c->out->kappa_was_there) = live != NULL;
		c->copy[m] = live ? live : lk_catalog_copy(c->catalog, c->scratch[m]);
		if (!c->copy[m] || (c->scratch[m] && !lk_catalog_copy(c->catalog, c->scratch[m])))
			rc = lk_fail(err, LK_ECONFLICT, "a copy of view %s was dropped meanwhile", c->view->name);
	}
	return rc;
}

static int read_tail(comparing *c, lk_error *err) {
	int rc = lk_log_tail(&c->pg, c->view->stream, &c->tail, err);
	int64_t all = rc == LK_OK ? lk_frontier_events(&c->tail) : 0;
	int64_t streamed = all / STREAMED_SHARE < STREAMED_MOST ? all / STREAMED_SHARE : STREAMED_MOST;
	c->batch = c->tail;
	for (int i = 0; all && i < c->tail.n; i++)
		c->batch.part[i].off -= (int64_t)((lk_int128)streamed * c->tail.part[i].off / all);
	return rc;
}

/* Without costs: builds what is missing as its mode does, and the barrier brings it to the cut. */
static int build_missing(comparing *c, lk_error *err) {
	lk_batch_report batch;
	if (!c->scratch[LAMBDA])
		return LK_OK;
	lk_watch_phase(&c->o->watch, c->copy[LAMBDA], "lambda: computing the batch");
	return lk_batch_run_at(&c->pg, c->copy[LAMBDA], &c->batch, &batch, err);
}

/* --- costs --- */

static int measure_costs(comparing *c, lk_error *err) {
	lk_mode_cost *const costs[MODES] = {&c->out->lambda, &c->out->kappa};
	int rc = LK_OK;
	for (int m = 0; m < MODES && rc == LK_OK; m++) {
		const lk_costing one = {.run = run_options(c), .pg = &c->pg, .store = c->store,
		                        .copy = lk_catalog_copy(c->catalog, c->scratch[m]), .batch = &c->batch, .end = &c->tail};
		rc = lk_mode_cost_measure(&one, costs[m], err);
	}
	return rc;
}

static int read_log_bytes(comparing *c, lk_error *err) {
	lk_buf log = LK_BUF_INIT;
	PGresult *res = NULL;
	lk_log_table(c->view->stream->stream, &log);
	int rc = lk_pg_exec(&c->pg, &res, err, "SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree($1::regclass)", 1,
	                    (const char *const[]){log.data});
	if (rc == LK_OK) {
		c->out->log_bytes = lk_pg_int(res, 0, 0);
		PQclear(res);
	}
	lk_buf_release(&log);
	return rc;
}

/* --- what the batch has healed --- */

/* How many late events are behind a row: those that were added to make the result whole. */
static int64_t late_events(const lk_result *l, const struct lk_result_row *like) {
	size_t first;
	return l->whole && lk_result_find(l->whole, like->identity, like->identity_len, &first) ? l->whole->rows[first].late_events : 0;
}

/* What late events make one long session may be several sessions without them. */
static char *sessions_in(const lk_result *l, const struct lk_result_row *like) {
	lk_result_rows rows = {0};
	lk_buf out = LK_BUF_INIT;
	lk_result_touching(l, lk_identity_span(like->identity), (const uint8_t *)like->identity + LK_IDENTITY_KEYS, like->identity_len - LK_IDENTITY_KEYS, &rows);
	for (size_t i = 0; i < rows.n; i++)
		lk_buf_addf(&out, "%s%s", i ? " and " : "", rows.at[i]->values);
	lk_result_rows_release(&rows);
	return out.len ? lk_buf_steal(&out) : NULL;
}

static char *values_in(const lk_result *l, const struct lk_result_row *like) {
	size_t first;
	if (l->plan->window.kind == LK_W_SESSION)
		return sessions_in(l, like);
	return lk_result_find(l, like->identity, like->identity_len, &first) ? lk_strdup(l->rows[first].values) : NULL;
}

static void note_healed(comparing *c, const struct lk_result_row *row, int64_t events) {
	lk_comparison *out = c->out;
	out->healed_rows++;
	if (out->nhealed_shown == LK_DIFFERENCES_SHOWN)
		return;
	out->healed_shown[out->nhealed_shown++] = (lk_healed){
		.window = row->window ? lk_strdup(row->window) : NULL, .key = lk_strdup(row->key), .events = events,
		.lambda = values_in(&c->result[LAMBDA], row), .kappa = values_in(&c->result[KAPPA], row),
	};
}

static void find_healed(comparing *c) {
	const lk_result *whole = c->result[KAPPA].whole;
	c->out->late = c->result[KAPPA].late;
	c->out->healed = c->result[KAPPA].late - c->result[LAMBDA].late;
	for (size_t i = 0; whole && i < whole->nrows; i++) {
		const struct lk_result_row *row = &whole->rows[i], *before = i ? row - 1 : NULL;
		bool again = before && !lk_identity_compare(before->identity, before->identity_len, row->identity, row->identity_len);
		int64_t events = row->late_events - late_events(&c->result[LAMBDA], row);
		if (events > 0 && !again)
			note_healed(c, row, events);
	}
}

/* --- comparing --- */

/* PostgreSQL may have no answer where lk has one: it raises an error over values that lk counts as NULL (R1). */
static int make_sql_result(comparing *c, const lk_cut *cut, lk_error *err) {
	lk_error e = {0};
	int64_t began = lk_monotonic_us();
	lk_watch_phase(&c->o->watch, c->copy[LAMBDA], "plain SQL");
	int rc = lk_result_of_sql(&c->pg, c->version->plan, cut, &c->sql, &e);
	c->out->sql_s = (double)(lk_monotonic_us() - began) / 1e6;
	if (rc == LK_EVALUE) {
		c->out->sql_raised = lk_strdup(e.text);
		return LK_OK;
	}
	if (rc != LK_OK && err)
		*err = e;
	return rc;
}

static int make_results(comparing *c, const lk_cut *cut, lk_error *err) {
	int rc = LK_OK;
	for (int m = 0; m < MODES && rc == LK_OK; m++) {
		lk_watch_phase(&c->o->watch, c->copy[m], "comparing");
		rc = lk_result_of_copy(&c->pg, c->store, &(lk_result_of){c->copy[m], cut, names[m]}, &c->result[m], err);
	}
	return rc == LK_OK ? make_sql_result(c, cut, err) : rc;
}

static int find_events(comparing *c, const lk_cut *cut, lk_error *err) {
	const struct { lk_difference *d; const lk_cat_copy *left, *right; } pairs[] = {
		{&c->out->lambda_kappa, c->copy[LAMBDA], c->copy[KAPPA]},
		{&c->out->lambda_sql, c->copy[LAMBDA], NULL},
		{&c->out->kappa_sql, c->copy[KAPPA], NULL},
	};
	int rc = LK_OK;
	for (int i = 0; i < 3 && rc == LK_OK; i++) {
		if (pairs[i].d->nshown)
			lk_watch_phase(&c->o->watch, c->copy[LAMBDA], "looking for the first events that differ");
		const lk_sides of = {.left = pairs[i].left, .right = pairs[i].right, .plan = c->version->plan, .until = cut};
		rc = lk_first_events(&c->pg, &of, pairs[i].d, err);
	}
	return rc;
}

static char *name_approximate(const lk_plan *p) {
	lk_buf b = LK_BUF_INIT;
	for (int i = 0; i < p->noutputs; i++) {
		const char *bound = lk_output_bound(p, &p->outputs[i]);
		if (bound)
			lk_buf_addf(&b, "%s%s (%s)", b.len ? ", " : "", p->outputs[i].name, bound);
	}
	return b.len ? lk_buf_steal(&b) : NULL;
}

static int compare_at(comparing *c, const lk_cut *cut, lk_error *err) {
	int rc = make_results(c, cut, err);
	if (rc != LK_OK)
		return rc;
	c->out->cut = *cut;
	c->out->approximate = name_approximate(c->version->plan);
	c->out->events = lk_frontier_events(&cut->at);
	c->out->lambda_rows = (int64_t)c->result[LAMBDA].nrows;
	c->out->kappa_rows = (int64_t)c->result[KAPPA].nrows;
	c->out->sql_rows = (int64_t)c->sql.nrows;
	lk_compare_results(&c->result[LAMBDA], &c->result[KAPPA], &c->out->lambda_kappa);
	if (!c->out->sql_raised) {
		lk_compare_results(&c->result[LAMBDA], &c->sql, &c->out->lambda_sql);
		lk_compare_results(&c->result[KAPPA], &c->sql, &c->out->kappa_sql);
	}
	find_healed(c);
	return find_events(c, cut, err);
}

static int compare_copies(comparing *c, lk_error *err) {
	lk_barrier m;
	int rc = lk_barrier_open(&m, &c->pg, c->copy, MODES, &(lk_run_to_options){.postgres = c->o->postgres, .redis = c->o->redis, .watch = &c->o->watch}, err);
	if (rc == LK_OK)
		rc = compare_at(c, &m.cut, err);
	lk_barrier_close(&m);
	return rc == LK_OK && lk_watch_stopped(&c->o->watch) ? lk_stopped(err) : rc;
}

/* --- entry point --- */

static int steps(comparing *c, lk_error *err) {
	int rc = load(c, err);
	if (rc == LK_OK)
		rc = lock(c, err);
	if (rc == LK_OK)
		rc = load(c, err);
	if (rc == LK_OK)
		rc = lk_scratch_drop_left(&c->pg, c->store, c->catalog, c->view, err);
	if (rc == LK_OK)
		rc = make_copies(c, err);
	if (rc == LK_OK)
		rc = read_tail(c, err);
	if (rc == LK_OK)
		rc = c->costs ? measure_costs(c, err) : build_missing(c, err);
	if (rc == LK_OK)
		rc = compare_copies(c, err);
	return rc == LK_OK && c->costs ? read_log_bytes(c, err) : rc;
}

static int remove_scratch(comparing *c, lk_error *err) {
	int rc = LK_OK;
	for (int m = 0; m < MODES; m++) {
		if (!c->scratch[m])
			continue;
		int dropped = lk_scratch_drop(&c->pg, c->store, c->scratch[m], err);
		rc = rc == LK_OK ? dropped : rc;
	}
	return rc;
}

/* If the session broke, it is replaced once; what remains then is removed by the next comparison. */
static int clean_up(comparing *c, lk_error *err) {
	lk_error e = {0};
	char log_id[33] = "";
	if (!c->scratch[LAMBDA] && !c->scratch[KAPPA])
		return LK_OK;
	lk_pg_rollback(&c->pg);
	int rc = remove_scratch(c, &e);
	if (rc == LK_OK)
		return LK_OK;
	if (c->catalog)
		memcpy(log_id, c->catalog->log_id, sizeof log_id);
	disconnect_both(c);
	c->locked = 0;
	lk_error_clear(&e);
	rc = connect_both(c, &e);
	if (rc == LK_OK) {
		lk_store_set_log(c->store, log_id);
		rc = remove_scratch(c, &e);
	}
	if (rc != LK_OK && err && err->code == LK_OK)
		*err = e;
	return rc;
}

int lk_compare_view(const lk_replay_options *o, bool costs, lk_comparison *out, lk_error *err) {
	comparing *c = lk_calloc(1, sizeof *c);
	*c = (comparing){.o = o, .out = out, .costs = costs};
	*out = (lk_comparison){.costs = costs};
	int rc = connect_both(c, err);
	if (rc == LK_OK)
		rc = steps(c, err);
	if (c->version) {
		out->view = lk_strdup(c->view->name);
		out->version = c->version->number;
	}
	int cleaned = clean_up(c, rc == LK_OK ? err : NULL);
	if (c->locked)
		lk_pg_unlock(&c->pg, c->locked, NULL);
	lk_result_release(&c->result[LAMBDA]);
	lk_result_release(&c->result[KAPPA]);
	lk_result_release(&c->sql);
	lk_catalog_release(c->catalog);
	disconnect_both(c);
	free(c);
	if (rc == LK_EBUSY && lk_watch_stopped(&o->watch) && err) {
		lk_error_clear(err);
		lk_fail(err, rc, "interrupted: nothing was compared%s",
		        cleaned == LK_OK ? "; its scratch copies are removed" : "");
	}
	return rc == LK_OK ? cleaned : rc;
}

void lk_comparison_release(lk_comparison *c) {
	lk_difference_release(&c->lambda_kappa);
	lk_difference_release(&c->lambda_sql);
	lk_difference_release(&c->kappa_sql);
	for (int i = 0; i < c->nhealed_shown; i++) {
		free(c->healed_shown[i].window);
		free(c->healed_shown[i].key);
		free(c->healed_shown[i].lambda);
		free(c->healed_shown[i].kappa);
	}
	free(c->view);
	free(c->sql_raised);
	free(c->approximate);
	*c = (lk_comparison){0};
}

static bool is_equal(const lk_difference *d) { return !d->made || (!d->other_shape && d->equal == d->compared); }

bool lk_comparison_equal(const lk_comparison *c) {
	return is_equal(&c->lambda_kappa) && is_equal(&c->lambda_sql) && is_equal(&c->kappa_sql);
}

bool lk_comparison_explained(const lk_comparison *c) {
	return lk_difference_none(&c->lambda_kappa) && lk_difference_none(&c->lambda_sql) && lk_difference_none(&c->kappa_sql);
}
