/* What a replay would take, estimated from a sample that is folded in memory.
 *
 * The sample consists of whole pages of each partition's table, spread over all of it (TABLESAMPLE SYSTEM), because the
 * number of cells depends on how events are spread over keys and time; of a small partition it is everything. Cells are
 * counted in one half of the pages and in all of them. The more events are known, the fewer new cells the next one
 * adds; so the events that are not in the sample add at most as many cells each as those of its second half did:
 *
 *     cells ^               ..''  at most
 *           |          _w-''      really
 *           |      h-''
 *           +-------------------> events
 *
 * A cell in Redis is an entry of a hash: its field, its partial, and the overhead of Redis (7.0, 64 bit: 38 to 60 bytes;
 * less in a small hash, which is packed). The lateness rule is left out: late events are few.
 *
 * The rate is that of reading and folding the sample by one thread, now. Commits run beside the folding. A worker and
 * the server process that reads for it need a processor each, so workers count only as far as there are two processors
 * for each of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/log_sql.h"
#include "catalog/tail.h"
#include "core/time.h"
#include "event_log/scan.h"
#include "partials/fold.h"
#include "replay/private.h"

#define SAMPLE_EVENTS   200000   /* of a partition */
#define PAGE_EVENTS         64   /* about as many are on a page, so halves are told apart by this number */
#define ENTRY_BYTES         50
#define UNIT_BYTES         350   /* meta and the segment's own key */

typedef struct estimate {
	const lk_replay_options *o;
	int64_t sample_events;
	lk_pg pg;
	lk_store *store;
	lk_catalog *catalog;
	const lk_cat_view *view;
	const lk_cat_version *version;
	lk_frontier from, to;
	lk_folder folder;
	lk_cells half, whole;      /* of the partition's sample */
	int64_t half_events, whole_events;
	double cells, bytes, sampling_s;
	lk_replay_estimate *out;
} estimate;

static const lk_stream *stream(const estimate *e) { return e->view->stream->stream; }

/* --- what would be replayed --- */

/* From the cursors of an interrupted copy's units. */
static int from_cursors(estimate *e, const lk_cat_copy *copy, lk_error *err) {
	e->out->resumes = true;
	e->from = copy->cut;
	for (int p = 0; p < stream(e)->partitions; p++) {
		lk_unit_state st = {0};
		int rc = lk_store_read_unit(e->store, copy->units[p], NULL, &st, NULL, err);
		if (rc == LK_OK)
			e->from.part[p].off = st.at.cursor;
		lk_unit_state_release(&st);
		if (rc < 0)
			return rc;
	}
	return LK_OK;
}

static int whole_log(estimate *e, lk_error *err) {
	const lk_cat_copy *waiting = e->o->fresh ? NULL : lk_replay_waiting(e->catalog, e->view, e->version, true);
	int rc = lk_log_tail(&e->pg, e->view->stream, &e->to, err);
	e->from = lk_frontier_start(e->view->stream->id, stream(e)->partitions);
	return rc == LK_OK && waiting ? from_cursors(e, waiting, err) : rc;
}

static int part_of_log(estimate *e, lk_error *err) {
	const lk_cat_copy *copy = e->o->fresh ? NULL : lk_sandbox_find(e->catalog, e->version, e->o->sandbox, &e->o->range);
	lk_replay_row row = {0};
	int rc = copy ? lk_replay_read(&e->pg, copy, &row, err) : LK_OK;
	if (rc != LK_OK)
		return rc;
	if (!row.there || row.ended_at != LK_NEVER)
		return lk_range_offsets(&e->pg, e->view->stream, &e->o->range, &e->from, &e->to, err);
	e->to = row.end.at;
	return from_cursors(e, copy, err);
}

static int find(estimate *e, lk_error *err) {
	int rc = lk_pg_open(&e->pg, e->o->postgres, "lk replay", err);
	if (rc == LK_OK)
		rc = lk_catalog_load(&e->pg, &e->catalog, err);
	if (rc == LK_OK)
		rc = lk_catalog_need_view(e->catalog, e->o->view, &e->view, err);
	if (rc == LK_OK)
		rc = lk_store_open(&e->store, e->o->redis, e->catalog->log_id, err);
	if (rc != LK_OK)
		return rc;
	const lk_replay r = {.o = e->o, .catalog = e->catalog, .view = e->view};
	rc = lk_replay_version(&r, &e->version, err);
	if (rc == LK_OK)
		rc = e->o->sandbox ? part_of_log(e, err) : whole_log(e, err);
	return rc;
}

/* --- the sample --- */

static void sample_sql(const estimate *e, int part, lk_buf *out) {
	const lk_plan *plan = e->version->plan;
	double share = (double)e->sample_events / (double)(e->to.part[part].off - e->from.part[part].off);
	lk_buf_adds(out, "SELECT off, _at");
	for (int i = 0; i < plan->nneeded; i++) {
		lk_buf_adds(out, ", ");
		lk_sql_ident(plan->stream->schema.columns[plan->needed[i]].name, out);
	}
	lk_buf_adds(out, " FROM ");
	lk_log_leaf(plan->stream, part, out);
	lk_buf_addf(out, " TABLESAMPLE SYSTEM (%.6f) REPEATABLE (1)", share < 1 ? 100 * share : 100);
	lk_log_between(part, e->from.part[part].off, e->to.part[part].off, out);
}

static bool belongs(const estimate *e) {
	int64_t time = e->folder.row[stream(e)->schema.event_time].i;
	return !e->o->sandbox || e->o->range.by != LK_BY_EVENT || (e->o->range.from <= time && time < e->o->range.to);
}

static void fold_row(estimate *e, const lk_value *values) {
	const lk_plan *plan = e->version->plan;
	bool in_half = values[0].i / PAGE_EVENTS % 2;
	e->folder.place.off = values[0].i;
	e->folder.row[lk_slot_at(plan->stream)] = values[1];
	for (int i = 0; i < plan->nneeded; i++)
		e->folder.row[plan->needed[i]] = values[i + 2];
	e->whole_events++;
	e->half_events += in_half;
	if (!belongs(e))
		return;
	lk_fold_event(&e->folder, &e->whole, LK_NEVER);
	if (in_half)
		lk_fold_event(&e->folder, &e->half, LK_NEVER);
}

static int read_sample(estimate *e, int part, lk_error *err) {
	const lk_plan *plan = e->version->plan;
	lk_type types[LK_MAX_COLUMNS + 2] = {{.kind = LK_INT8}, {.kind = LK_TIME}};
	lk_value values[LK_MAX_COLUMNS + 2];
	lk_copy_reader reader;
	lk_buf sql = LK_BUF_INIT;
	int64_t began = lk_monotonic_us();
	sample_sql(e, part, &sql);
	for (int i = 0; i < plan->nneeded; i++)
		types[i + 2] = plan->stream->schema.columns[plan->needed[i]].type;
	int rc = lk_copy_open(&reader, &e->pg, sql.data, types, plan->nneeded + 2, err);
	lk_buf_release(&sql);
	if (rc != LK_OK)
		return rc;
	e->folder.place.part = part;
	while ((rc = lk_copy_next(&reader, values, err)) == LK_OK)
		fold_row(e, values);
	lk_copy_close(&reader);
	e->sampling_s += (double)(lk_monotonic_us() - began) / 1e6;
	return rc < 0 ? rc : LK_OK;
}

/* Adds the cells of a partition of so many events. */
static void count_cells(estimate *e, int64_t events) {
	lk_buf partial = LK_BUF_INIT;
	double texts = 0, cells = (double)e->whole.ncells;
	for (const lk_cell *c = e->whole.first; c; c = c->next) {
		lk_buf_clear(&partial);
		lk_cell_encode(&e->whole, c, &partial);
		texts += (double)(c->field_len + partial.len);
	}
	lk_buf_release(&partial);
	if (!e->whole.ncells)
		return;
	double text = texts / cells;
	if (e->whole_events > e->half_events)
		cells += (double)(events - e->whole_events) * (double)(e->whole.ncells - e->half.ncells)
		         / (double)(e->whole_events - e->half_events);
	e->cells += cells;
	e->bytes += cells * (text + ENTRY_BYTES) + UNIT_BYTES;
}

static int estimate_partition(estimate *e, int part, lk_error *err) {
	int64_t events = e->to.part[part].off - e->from.part[part].off;
	if (events <= 0)
		return LK_OK;
	e->half_events = e->whole_events = 0;
	lk_cells_clear(&e->half);
	lk_cells_clear(&e->whole);
	int rc = read_sample(e, part, err);
	e->out->events += events;
	e->out->sampled += e->whole_events;
	count_cells(e, events);
	return rc;
}

static int estimate_cells(estimate *e, lk_error *err) {
	int rc = LK_OK;
	lk_folder_init(&e->folder, e->version->plan);
	lk_cells_init(&e->half, e->version->plan);
	lk_cells_init(&e->whole, e->version->plan);
	for (int p = 0; rc == LK_OK && p < stream(e)->partitions; p++)
		rc = estimate_partition(e, p, err);
	lk_folder_release(&e->folder);
	lk_cells_release(&e->half);
	lk_cells_release(&e->whole);
	e->out->cells = llround(e->cells);
	e->out->bytes = llround(e->bytes);
	return rc;
}

static int read_room(estimate *e, lk_error *err) {
	lk_store_usage usage;
	int rc = lk_store_usage_read(e->store, &usage, err);
	if (rc == LK_OK && usage.max_bytes > 0)
		e->out->room = usage.max_bytes > usage.used_bytes ? usage.max_bytes - usage.used_bytes : 0;
	return rc;
}

/* --- time --- */

static double workers_at_once(const estimate *e) {
	long n = sysconf(_SC_NPROCESSORS_ONLN) / 2;
	n = n < stream(e)->partitions ? n : stream(e)->partitions;
	n = n < e->o->workers ? n : e->o->workers;
	return e->o->pace > 0 || n < 1 ? 1 : (double)n;
}

/* How long the events took to happen. No two of them are further apart than the longest gap. */
static int paced_seconds(estimate *e, double *out, lk_error *err) {
	const lk_range all = {.by = e->o->range.by, .from = INT64_MIN, .to = INT64_MAX};
	const lk_range_in in = {.stream = e->view->stream, .range = e->o->sandbox ? &e->o->range : &all, .from = &e->from, .to = &e->to};
	int64_t least, largest;
	int rc = lk_range_times(&e->pg, &in, &least, &largest, err);
	if (rc != LK_OK || least > largest)
		return rc;
	double us = (double)largest - (double)least;
	if (e->o->max_gap_us > 0 && (double)e->out->events * (double)e->o->max_gap_us < us)
		us = (double)e->out->events * (double)e->o->max_gap_us;
	*out = us / 1e6 / e->o->pace;
	return LK_OK;
}

static int estimate_seconds(estimate *e, lk_error *err) {
	double paced = 0;
	int rc = e->o->pace > 0 && e->out->events ? paced_seconds(e, &paced, err) : LK_OK;
	if (e->out->sampled > 0)
		e->out->seconds = (double)e->out->events * (e->sampling_s / (double)e->out->sampled) / workers_at_once(e);
	if (paced > e->out->seconds)
		e->out->seconds = paced;
	return rc;
}

int lk_replay_estimate_of(const lk_replay_options *o, int64_t sample_events, lk_replay_estimate *out, lk_error *err) {
	estimate *e = lk_calloc(1, sizeof *e);
	*out = (lk_replay_estimate){.room = -1};
	*e = (estimate){.o = o, .sample_events = sample_events, .out = out};
	int rc = find(e, err);
	if (rc == LK_OK)
		rc = estimate_cells(e, err);
	if (rc == LK_OK)
		rc = read_room(e, err);
	if (rc == LK_OK)
		rc = estimate_seconds(e, err);
	lk_catalog_release(e->catalog);
	lk_store_close(e->store);
	lk_pg_close(&e->pg);
	free(e);
	return rc;
}

int lk_replay_dry_run(const lk_replay_options *o, lk_replay_estimate *out, lk_error *err) {
	return lk_replay_estimate_of(o, SAMPLE_EVENTS, out, err);
}
