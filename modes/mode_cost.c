/* What a mode costs, measured as it is used: built from nothing, lost in Redis and rebuilt.
 *
 *   0 ───────────────────── batch ─────── end
 *   lambda: cut, batch, publish │ streamed │
 *   kappa:  replayed ───────────┴──────────┘
 *
 * Both modes are built up to the same position and measured by the same clock, one after the other, with the servers as
 * they are: what others do on them meanwhile is included. */
#include "modes/mode_cost.h"

#include <stdio.h>

#include "batch_layer/batch.h"
#include "core/time.h"
#include "modes/scratch.h"
#include "serving/answer.h"

static double since(int64_t began_us) { return (double)(lk_monotonic_us() - began_us) / 1e6; }

/* Makes an answer and throws it away: the work is done when it can be made. */
static int answer(const lk_costing *c, lk_error *err) {
	char id[24];
	lk_answer a = {0};
	snprintf(id, sizeof id, "%lld", (long long)c->copy->id);
	const lk_query q = {.view = c->copy->version->view->name, .copy = id, .from = INT64_MIN, .to = INT64_MAX,
	                    .bounds = {.stop = c->run.watch->stop}};
	int rc = lk_answer_make(c->pg, c->store, NULL, &q, &a, err);
	if (rc == LK_OK && !lk_frontier_reaches(&a.end, c->end))
		rc = lk_fail(err, LK_EINTERNAL, "copy %s is not answered up to its end", id);
	lk_answer_release(&a);
	return rc;
}

static int stream(const lk_costing *c, const char *phase, int64_t *events, lk_error *err) {
	lk_speed_report speed = {0};
	int rc = lk_run_to(&c->run, c->copy, c->end, phase, &speed, err);
	*events += speed.events;
	return rc == LK_OK ? answer(c, err) : rc;
}

static int measure_build(const lk_costing *c, lk_mode_cost *out, lk_error *err) {
	lk_batch_report batch = {0};
	int64_t began = lk_monotonic_us();
	int rc = LK_OK;
	if (!c->copy->kappa) {
		lk_watch_phase(c->run.watch, c->copy, "lambda: computing the batch");
		rc = lk_batch_run_at(c->pg, c->copy, c->batch, &batch, err);
	}
	if (rc == LK_OK && lk_watch_stopped(c->run.watch))
		rc = lk_stopped(err);
	out->rows_read = batch.events;
	if (rc == LK_OK)
		rc = stream(c, c->copy->kappa ? "kappa: replaying" : "lambda: streaming the rest", &out->rows_read, err);
	out->build_s = since(began);
	return rc;
}

static int measure_bytes(const lk_costing *c, lk_mode_cost *out, lk_error *err) {
	char id[24];
	PGresult *res = NULL;
	int rc = LK_OK;
	for (int i = 0; rc == LK_OK && i < c->copy->version->plan->stream->partitions; i++) {
		int64_t bytes = 0;
		rc = lk_store_unit_bytes(c->store, c->copy->units[i], &bytes, err);
		out->redis_bytes += bytes;
	}
	snprintf(id, sizeof id, "%lld", (long long)c->copy->id);
	if (rc == LK_OK)
		rc = lk_pg_exec(c->pg, &res, err,
		                "SELECT coalesce((SELECT pg_total_relation_size(batch_table::regclass) FROM lk.copy"
		                " WHERE copy_id = $1::bigint), 0)"
		                " + coalesce((SELECT sum(pg_column_size(l.*)) FROM lk.late l WHERE copy_id = $1::bigint), 0)",
		                1, (const char *const[]){id});
	if (rc == LK_OK)
		out->postgres_bytes = lk_pg_int(res, 0, 0);
	PQclear(res);
	return rc;
}

static int measure_recovery(const lk_costing *c, lk_mode_cost *out, lk_error *err) {
	int rc = lk_scratch_empty(c->store, c->copy, err);
	int64_t began = lk_monotonic_us();
	if (rc == LK_OK)
		rc = stream(c, c->copy->kappa ? "kappa: recovering" : "lambda: recovering", &out->recover_events, err);
	out->recover_s = since(began);
	return rc;
}

int lk_mode_cost_measure(const lk_costing *c, lk_mode_cost *out, lk_error *err) {
	*out = (lk_mode_cost){0};
	int rc = measure_build(c, out, err);
	if (rc == LK_OK)
		rc = measure_bytes(c, out, err);
	return rc == LK_OK ? measure_recovery(c, out, err) : rc;
}
