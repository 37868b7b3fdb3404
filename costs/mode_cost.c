/* What a mode costs, measured as it is used: built from nothing, streamed one by one, lost in Redis and rebuilt,
 * switched to.
 *
 *   0 ───────────── batch ──────── built ──────── end
 *   lambda: cut, batch, publish │ streamed in bulk │ one by one
 *   kappa:  replayed ───────────┴────────────────┘ │ one by one
 *
 * Both modes are built up to the same position and measured by the same clock, one after the other, with the servers as
 * they are: what others do on them meanwhile is included. */
#include "costs/mode_cost.h"

#include <stdio.h>
#include <stdlib.h>

#include "batch_layer/batch.h"
#include "catalog/tail.h"
#include "catalog/tail_holder.h"
#include "core/time.h"
#include "costs/cpu.h"
#include "costs/trial.h"
#include "replay/switch.h"
#include "serving/answer.h"

enum {
	STREAMED_MOST = 1000,     /* events of the prefix that are not in lambda's batch, … */
	STREAMED_SHARE = 10,      /* … or a tenth; the second half of them go one by one */
	SWITCH_TRIES = 5,
	SWITCH_NEAR_US = 30000000,
	SWITCH_PATIENCE_US = 500000,
};

int64_t lk_vector_sum(const int64_t *v, int n) {
	int64_t sum = 0;
	for (int i = 0; i < n; i++)
		sum += v[i];
	return sum;
}

void lk_places_of(lk_places *p, const int64_t *tail, int partitions) {
	int64_t all = lk_vector_sum(tail, partitions), streamed = all / STREAMED_SHARE < STREAMED_MOST ? all / STREAMED_SHARE : STREAMED_MOST;
	p->partitions = partitions;
	for (int i = 0; i < partitions; i++) {
		int64_t here = all ? (int64_t)((lk_int128)streamed * tail[i] / all) : 0;
		p->end[i] = tail[i];
		p->batch[i] = tail[i] - here;
		p->built[i] = tail[i] - here / 2;
	}
}

static double since(int64_t began_us) { return (double)(lk_monotonic_us() - began_us) / 1e6; }

/* Makes an answer and throws it away: the work is done when it can be made. */
static int answer(lk_costing *c, const int64_t *end, lk_error *err) {
	char id[24];
	lk_answer a = {0};
	snprintf(id, sizeof id, "%lld", (long long)c->copy->id);
	const lk_query q = {.view = c->copy->version->view->name, .copy = id, .from = INT64_MIN, .to = INT64_MAX,
	                    .bounds = {.stop = c->run.watch->stop}};
	int rc = lk_answer_make(c->pg, c->store, &q, &a, err);
	for (int i = 0; rc == LK_OK && i < a.partitions; i++)
		if (a.end[i] < end[i])
			rc = lk_fail(err, LK_EINTERNAL, "partition %d of copy %s is answered up to %lld, not %lld", i, id, (long long)a.end[i], (long long)end[i]);
	lk_answer_release(&a);
	return rc;
}

/* --- build --- */

static int build(lk_costing *c, lk_error *err) {
	lk_batch_report batch = {0};
	lk_speed_report speed = {0};
	int rc = LK_OK;
	if (!c->copy->kappa) {
		lk_watch_phase(c->run.watch, c->copy, "lambda: computing the batch");
		rc = lk_batch_run_at(c->pg, c->copy, c->places->batch, &batch, err);
	}
	if (rc == LK_OK && lk_watch_stopped(c->run.watch))
		rc = lk_stopped(err);
	if (rc == LK_OK)
		rc = lk_run_to(&c->run, c->copy, c->places->built, c->copy->kappa ? "kappa: replaying" : "lambda: streaming the rest", &speed, err);
	if (rc == LK_OK)
		rc = answer(c, c->places->built, err);
	c->out->rows_read = batch.events + speed.events;
	return rc;
}

static int measure_build(lk_costing *c, lk_error *err) {
	lk_cpu before, after;
	int rc = lk_cpu_read(c->pg, c->store, &before, err);
	int64_t began = lk_monotonic_us();
	if (rc == LK_OK)
		rc = build(c, err);
	c->out->build_s = since(began);
	if (rc == LK_OK)
		rc = lk_cpu_read(c->pg, c->store, &after, err);
	if (rc != LK_OK)
		return rc;
	c->out->build_cpu_s = lk_cpu_between(&before, &after);
	c->out->events = lk_vector_sum(c->places->built, c->places->partitions);
	c->out->events_per_s = c->out->build_s > 0 ? (double)c->out->events / c->out->build_s : 0;
	return LK_OK;
}

/* --- bytes --- */

static int measure_bytes(lk_costing *c, lk_error *err) {
	char id[24];
	PGresult *res = NULL;
	int rc = LK_OK;
	c->out->redis_bytes = 0;
	for (int i = 0; rc == LK_OK && i < c->places->partitions; i++) {
		int64_t bytes;
		rc = lk_store_unit_bytes(c->store, c->copy->units[i], &bytes, err);
		c->out->redis_bytes += rc == LK_OK ? bytes : 0;
	}
	snprintf(id, sizeof id, "%lld", (long long)c->copy->id);
	if (rc == LK_OK)
		rc = lk_pg_exec(c->pg, &res, err, "SELECT coalesce((SELECT pg_total_relation_size(batch_table::regclass) FROM lk.copy WHERE copy_id = $1::bigint), 0)"
		                " + coalesce((SELECT sum(pg_column_size(l.*)) FROM lk.late l WHERE copy_id = $1::bigint), 0)", 1, (const char *const[]){id});
	if (rc == LK_OK) {
		c->out->postgres_bytes = lk_pg_int(res, 0, 0);
		PQclear(res);
	}
	return rc;
}

/* --- recovery --- */

static int measure_recovery(lk_costing *c, lk_error *err) {
	lk_speed_report speed = {0};
	int rc = lk_trial_empty(c->store, c->copy, err);
	int64_t began = lk_monotonic_us();
	if (rc == LK_OK)
		rc = lk_run_to(&c->run, c->copy, c->places->end, c->copy->kappa ? "kappa: recovering" : "lambda: recovering", &speed, err);
	if (rc == LK_OK)
		rc = answer(c, c->places->end, err);
	c->out->recover_s = since(began);
	c->out->recover_events = speed.events;
	return rc;
}

int lk_mode_cost_measure(lk_costing *c, lk_error *err) {
	int rc = measure_build(c, err);
	if (rc == LK_OK)
		rc = lk_latency_measure(c, err);
	if (rc == LK_OK)
		rc = measure_bytes(c, err);
	return rc == LK_OK ? measure_recovery(c, err) : rc;
}

/* --- switch --- */

/* The steps of replay/switch.c, with a row of the trial copy instead of the view's: the log's end is held, the units
 * come to it, a row is written and committed. Readers are not moved. */
static int hold_and_catch_up(lk_costing *c, lk_driver *d, lk_error *err) {
	char stream[24];
	int64_t tail[LK_MAX_PARTITIONS];
	PGresult *res = NULL;
	snprintf(stream, sizeof stream, "%lld", (long long)c->copy->version->view->stream->id);
	int rc = lk_pg_exec(c->pg, &res, err, "SELECT part, next_off FROM lk.tail WHERE stream_id = $1::bigint ORDER BY part FOR UPDATE", 1,
	                    (const char *const[]){stream});
	for (int i = 0; rc == LK_OK && i < d->partitions; i++)
		tail[i] = i < PQntuples(res) ? lk_pg_int(res, i, 1) : 0;
	PQclear(res);
	if (rc == LK_OK)
		rc = lk_hold_fold(d, tail, SWITCH_PATIENCE_US, err);
	if (rc == LK_OK)
		rc = lk_pg_runf(c->pg, err, "UPDATE lk.copy SET made_at = made_at WHERE copy_id = %lld", (long long)c->copy->id);
	return rc == LK_OK ? lk_pg_run(c->pg, err, "COMMIT") : rc;
}

static int try_switch(lk_costing *c, lk_driver *d, lk_error *err) {
	int64_t tail[LK_MAX_PARTITIONS];
	int rc = lk_log_tail(c->pg, c->copy->version->view->stream, tail, NULL, NULL, err);
	if (rc == LK_OK)
		rc = lk_driver_run(d, tail, lk_monotonic_us() + SWITCH_NEAR_US, err);
	if (rc == LK_OK)
		rc = lk_hold_begin(c->pg, SWITCH_PATIENCE_US, err);
	int64_t began = lk_monotonic_us();
	if (rc == LK_OK && (rc = hold_and_catch_up(c, d, err)) != LK_OK)
		lk_pg_rollback(c->pg);
	c->out->switch_s = since(began);
	return rc;
}

static int switch_kappa(lk_costing *c, lk_error *err) {
	lk_driver *d = lk_calloc(1, sizeof *d);
	lk_error e = {0};
	int rc = lk_driver_open(d, &c->run, c->log_id, c->copy, &lk_stream_defaults, &e);
	if (rc == LK_OK)
		for (int tries = 1; (rc = try_switch(c, d, &e)) == LK_EBUSY && !lk_watch_stopped(c->run.watch); tries++) {
			if (tries >= SWITCH_TRIES && !lk_tail_free(c->pg, &e))
				break;
			lk_error_clear(&e);
		}
	lk_driver_close(d);
	free(d);
	if (rc != LK_OK && err)
		*err = e;
	return rc;
}

static int read_table(lk_costing *c, char **table, lk_error *err) {
	char id[24];
	PGresult *res = NULL;
	snprintf(id, sizeof id, "%lld", (long long)c->copy->id);
	int rc = lk_pg_exec(c->pg, &res, err, "SELECT batch_table FROM lk.copy WHERE copy_id = $1::bigint", 1, (const char *const[]){id});
	if (rc == LK_OK) {
		*table = lk_strdup(PQntuples(res) ? PQgetvalue(res, 0, 0) : "");
		PQclear(res);
	}
	return rc;
}

/* Publishes a later cut with the same table: the transaction that ends a batch, without the batch. */
static int switch_lambda(lk_costing *c, lk_error *err) {
	lk_cut cut;
	char *table = NULL;
	int rc = read_table(c, &table, err);
	if (rc == LK_OK)
		rc = lk_cut_make(c->pg, c->copy->version->view->stream, c->copy->id, "batch", &cut, err);
	int64_t began = lk_monotonic_us();
	if (rc == LK_OK)
		rc = lk_pg_begin(c->pg, 5000, err);
	if (rc == LK_OK)
		rc = lk_cut_publish(c->pg, c->copy->id, &cut, table, err);
	if (rc == LK_OK)
		rc = lk_pg_run(c->pg, err, "COMMIT");
	c->out->switch_s = since(began);
	if (rc != LK_OK)
		lk_pg_rollback(c->pg);
	free(table);
	return rc;
}

int lk_mode_cost_switch(lk_costing *c, lk_error *err) {
	lk_watch_phase(c->run.watch, c->copy, "measuring the switch");
	int rc = c->copy->kappa ? switch_kappa(c, err) : switch_lambda(c, err);
	return rc == LK_OK && lk_watch_stopped(c->run.watch) ? lk_stopped(err) : rc;
}
