/* What a replay would take, estimated by a small one in memory.
 *
 * If a partition has few events, all of them are folded, in order and with the lateness rule, and the number of cells
 * is exact. Of a larger partition a sample is folded. It consists of whole pages of the table, spread over all of it
 * (TABLESAMPLE SYSTEM), because the number of cells depends on how events are spread over keys and time, which one
 * stretch of the log does not show. Cells are counted in each quarter of the sampled pages, in each half, and in all of
 * them. The steps between these counts show how many cells an event adds, and how that changes as more events are
 * known. It changes with a power of the number of events (Heaps' law, for words in texts; "Information Retrieval",
 * 1978), and with that power it is extrapolated to all events:
 *
 *     cells ^                    ___---    all keys were seen: nothing is added        power  none
 *           |           __--w--''          each event makes a cell of its own                 0
 *           |      _h-''                   as words in texts do                        between -1 and 0
 *           |  q-'
 *           +-----------------------> events
 *
 * A few frequent keys beside many rare ones fit this too, since only the added cells count, not the known ones. If keys
 * are many but finite the estimate is too high: the sample does not show that they come to an end.
 *
 * The rate is that of the stream path without its last step: fetched in order and folded, by one thread, now. Commits
 * run beside the folding. A worker and the server process that reads for it need a processor each, so workers count
 * only as far as there are two processors for each of them.
 *
 * A cell in Redis is an entry of a hash: its field, its partial, and the overhead of Redis. If copies of the version
 * exist that are not much smaller, all of it is measured on them. Otherwise the overhead is as measured once (7.0, 64
 * bit): 38 to 60 bytes, depending on how full the hash table is; a few bytes in a hash of up to 512 short entries,
 * which is packed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/log_sql.h"
#include "catalog/tail.h"
#include "core/time.h"
#include "event_log/scan.h"
#include "plan/watermark.h"
#include "replay/private.h"

#define SAMPLE_EVENTS   200000   /* of a partition */
#define STRETCH_EVENTS   50000   /* for the rate, if a partition is not folded as a whole */
#define PAGE_EVENTS         64   /* about as many are on a page, so shares are told apart by this number */
#define ENTRY_BYTES         50
#define PACKED_BYTES         6
#define PACKED_MOST        512   /* entries, the default of hash-max-listpack-entries, whose texts have up to … */
#define PACKED_TEXT         64   /* … bytes: hash-max-listpack-value */
#define UNIT_BYTES         350   /* meta and the segment's own key */
#define MUCH_SMALLER        10

typedef struct estimate {
	const lk_replay_options *o;
	int64_t sample_events;
	lk_pg pg;
	lk_store *store;
	lk_catalog *catalog;
	const lk_cat_view *view;
	const lk_cat_version *version;
	int64_t from[LK_MAX_PARTITIONS], to[LK_MAX_PARTITIONS], watermark[LK_MAX_PARTITIONS];
	lk_folder folder;
	double scanned_s;
	int64_t scanned;
	double cells, bytes;
	lk_replay_estimate *out;
} estimate;

static const lk_stream *stream(const estimate *e) { return e->view->stream->stream; }

/* --- what would be replayed --- */

/* From the cursors of an interrupted copy's units. */
static int from_cursors(estimate *e, const lk_cat_copy *copy, lk_error *err) {
	e->out->resumes = true;
	for (int p = 0; p < stream(e)->partitions; p++) {
		lk_unit_state st = {0};
		int rc = lk_store_read_unit(e->store, copy->units[p], NULL, &st, NULL, err);
		e->from[p] = rc == LK_OK ? st.at.cursor : copy->cut[p];
		e->watermark[p] = rc == LK_OK ? st.at.watermark : LK_NEVER;
		lk_unit_state_release(&st);
		if (rc < 0)
			return rc;
	}
	return LK_OK;
}

static int whole_log(estimate *e, lk_error *err) {
	const lk_cat_copy *waiting = e->o->fresh ? NULL : lk_replay_waiting(e->catalog, e->view, e->version, true);
	int rc = lk_log_tail(&e->pg, e->view->stream, e->to, NULL, NULL, err);
	return rc == LK_OK && waiting ? from_cursors(e, waiting, err) : rc;
}

/* Ignores the watermark of the log below a sandbox: it matters only for late events, which are few. */
static int part_of_log(estimate *e, lk_error *err) {
	const lk_cat_copy *copy = e->o->fresh ? NULL : lk_sandbox_find(e->catalog, e->version, e->o->sandbox, &e->o->range);
	lk_replay_row row = {0};
	int rc = copy ? lk_replay_read(&e->pg, copy, &row, err) : LK_OK;
	if (rc != LK_OK)
		return rc;
	if (!row.there || row.ended_at != LK_NEVER)
		return lk_range_offsets(&e->pg, e->view->stream, &e->o->range, e->from, e->to, err);
	memcpy(e->to, row.end.off, sizeof e->to);
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
	for (int p = 0; p < LK_MAX_PARTITIONS; p++)
		e->watermark[p] = LK_NEVER;
	if (rc == LK_OK)
		rc = e->o->sandbox ? part_of_log(e, err) : whole_log(e, err);
	return rc;
}

/* --- folding in order --- */

static bool belongs(const estimate *e) {
	int64_t time = e->folder.row[stream(e)->schema.event_time].i;
	return !e->o->sandbox || e->o->range.by != LK_BY_EVENT || (e->o->range.from <= time && time < e->o->range.to);
}

static int fold_in_order(estimate *e, int part, int64_t from, int64_t to, lk_cells *cells, lk_error *err) {
	const lk_plan *plan = e->version->plan;
	int64_t off, watermark = e->watermark[part], began = lk_monotonic_us();
	lk_scan scan;
	int rc = lk_scan_begin(&scan, &e->pg, &(lk_scan_of){.stream = e->view->stream, .part = part, .columns = plan->needed, .ncolumns = plan->nneeded, .from = from, .to = to}, err);
	if (rc != LK_OK)
		return rc;
	while ((rc = lk_scan_next(&scan, e->folder.row, &off, err)) == LK_OK) {
		const lk_value *row = e->folder.row;
		e->folder.place.part = part;
		e->folder.place.off = off;
		if (belongs(e))
			lk_fold_event(&e->folder, cells, watermark);
		watermark = lk_watermark_advance(plan, watermark, row[plan->stream->schema.event_time].i,
		                                 row[lk_slot_at(plan->stream)].i);
	}
	int ended = lk_scan_end(&scan, rc < 0 ? NULL : err);
	e->scanned_s += (double)(lk_monotonic_us() - began) / 1e6;
	e->scanned += to - from;
	return rc < 0 ? rc : ended;
}

/* Counts these cells as a sample of as_many cells of the partition. */
static void count_cells(estimate *e, const lk_cells *cells, double as_many) {
	lk_buf partial = LK_BUF_INIT;
	double texts = 0;
	bool is_short = true;
	for (const lk_cell *c = cells->first; c; c = c->next) {
		lk_buf_clear(&partial);
		lk_cell_encode(cells, c, &partial);
		texts += (double)(c->field_len + partial.len);
		is_short &= c->field_len <= PACKED_TEXT && partial.len <= PACKED_TEXT;
	}
	lk_buf_release(&partial);
	e->cells += as_many;
	if (cells->ncells > 0) {
		double more = is_short && as_many <= PACKED_MOST ? PACKED_BYTES : ENTRY_BYTES;
		e->bytes += as_many * (texts / (double)cells->ncells + more) + UNIT_BYTES;
	}
}

/* --- a sample --- */

static void sample_sql(const estimate *e, int part, lk_buf *out) {
	const lk_plan *plan = e->version->plan;
	int64_t n = e->to[part] - e->from[part];
	lk_buf_adds(out, "SELECT off, _at");
	for (int i = 0; i < plan->nneeded; i++) {
		lk_buf_adds(out, ", ");
		lk_sql_ident(plan->stream->schema.columns[plan->needed[i]].name, out);
	}
	lk_buf_adds(out, " FROM ");
	lk_log_leaf(plan->stream, part, out);
	lk_buf_addf(out, " TABLESAMPLE SYSTEM (%.6f) REPEATABLE (1) WHERE off >= %lld AND off < %lld",
	            100.0 * (double)e->sample_events / (double)n,
	            (long long)e->from[part], (long long)e->to[part]);
}

enum { QUARTERS, HALVES = 4, WHOLE = 6, SHARES };   /* index of the first quarter, the first half */

typedef struct sample {
	lk_cells cells[SHARES];
	int64_t events[SHARES];
} sample;

static void fold_share(estimate *e, sample *s, int share) {
	s->events[share]++;
	if (belongs(e))
		lk_fold_event(&e->folder, &s->cells[share], LK_NEVER);
}

static int read_sample(estimate *e, int part, sample *s, lk_error *err) {
	const lk_plan *plan = e->version->plan;
	lk_type types[LK_MAX_COLUMNS + 2] = {{.kind = LK_INT8}, {.kind = LK_TIME}};
	lk_value values[LK_MAX_COLUMNS + 2];
	lk_copy_reader reader;
	lk_buf sql = LK_BUF_INIT;
	sample_sql(e, part, &sql);
	for (int i = 0; i < plan->nneeded; i++)
		types[i + 2] = plan->stream->schema.columns[plan->needed[i]].type;
	int rc = lk_copy_open(&reader, &e->pg, sql.data, types, plan->nneeded + 2, err);
	lk_buf_release(&sql);
	if (rc != LK_OK)
		return rc;
	while ((rc = lk_copy_next(&reader, values, err)) == LK_OK) {
		for (int i = 0; i < plan->nneeded; i++)
			e->folder.row[plan->needed[i]] = values[i + 2];
		e->folder.row[lk_slot_at(plan->stream)] = values[1];
		e->folder.place.part = part;
		e->folder.place.off = values[0].i;
		int quarter = (int)(values[0].i / PAGE_EVENTS % 4);
		fold_share(e, s, QUARTERS + quarter);
		fold_share(e, s, HALVES + quarter % 2);
		fold_share(e, s, WHOLE);
	}
	lk_copy_close(&reader);
	return rc < 0 ? rc : LK_OK;
}

/* The means over n shares: events, cells. */
static void mean(const sample *s, int first, int n, double *events, double *cells) {
	*events = *cells = 0;
	for (int i = first; i < first + n; i++) {
		*events += (double)s->events[i] / n;
		*cells += (double)s->cells[i].ncells / n;
	}
}

/* The sum of adds * (x / at)^(power - 1) over the events that are not in the sample. `adds` is the number of cells that
 * an event adds between half the sample and all of it, roughly at `at`; the power follows from the change since the
 * step from a quarter to a half. */
static double extrapolate(const sample *s, int64_t events) {
	double n[3], cells[3], all = (double)events, power = 1;
	mean(s, QUARTERS, 4, &n[0], &cells[0]);
	mean(s, HALVES, 2, &n[1], &cells[1]);
	mean(s, WHOLE, 1, &n[2], &cells[2]);
	if (n[2] >= all || n[1] >= n[2] || cells[2] <= cells[1])
		return cells[2];
	double at = sqrt(n[1] * n[2]), adds = (cells[2] - cells[1]) / (n[2] - n[1]);
	if (n[0] > 0 && n[1] > n[0] && cells[1] > cells[0])
		power += log(adds / ((cells[1] - cells[0]) / (n[1] - n[0]))) / log(at / sqrt(n[0] * n[1]));
	if (power > 1)
		power = 1;
	if (fabs(power) < 1e-3)
		return cells[2] + adds * at * log(all / n[2]);
	return cells[2] + adds * at / power * (pow(all / at, power) - pow(n[2] / at, power));
}

static int estimate_sampled(estimate *e, int part, lk_error *err) {
	sample s = {0};
	int64_t n = e->to[part] - e->from[part], stretch = STRETCH_EVENTS < n ? STRETCH_EVENTS : n;
	int64_t middle = e->from[part] + (n - stretch) / 2;
	for (int i = 0; i < SHARES; i++)
		lk_cells_init(&s.cells[i], e->version->plan);
	int rc = fold_in_order(e, part, middle, middle + stretch, &s.cells[WHOLE], err);
	lk_cells_clear(&s.cells[WHOLE]);
	if (rc == LK_OK)
		rc = read_sample(e, part, &s, err);
	if (rc == LK_OK)
		count_cells(e, &s.cells[WHOLE], extrapolate(&s, n));
	e->out->sampled += s.events[WHOLE];
	for (int i = 0; i < SHARES; i++)
		lk_cells_release(&s.cells[i]);
	return rc;
}

static int estimate_whole(estimate *e, int part, lk_error *err) {
	lk_cells cells;
	int64_t n = e->to[part] - e->from[part];
	lk_cells_init(&cells, e->version->plan);
	int rc = fold_in_order(e, part, e->from[part], e->to[part], &cells, err);
	if (rc == LK_OK)
		count_cells(e, &cells, (double)cells.ncells);
	e->out->sampled += n;
	lk_cells_release(&cells);
	return rc;
}

static int estimate_cells(estimate *e, lk_error *err) {
	int rc = LK_OK;
	lk_folder_init(&e->folder, e->version->plan);
	for (int p = 0; rc == LK_OK && p < stream(e)->partitions; p++) {
		int64_t n = e->to[p] - e->from[p];
		if (n <= 0)
			continue;
		e->out->events += n;
		rc = n <= e->sample_events ? estimate_whole(e, p, err) : estimate_sampled(e, p, err);
	}
	lk_folder_release(&e->folder);
	return rc;
}

/* --- bytes --- */

static int measure_unit(estimate *e, int64_t unit, int64_t *cells, int64_t *bytes, lk_error *err) {
	lk_unit_state st = {0};
	int64_t of_unit = 0;
	int rc = lk_store_read_unit(e->store, unit, NULL, &st, NULL, err);
	for (int i = 0; rc == LK_OK && i < st.nsegments; i++)
		*cells += st.segments[i].cells;
	lk_unit_state_release(&st);
	if (rc == LK_OK)
		rc = lk_store_unit_bytes(e->store, unit, &of_unit, err);
	*bytes += of_unit;
	return rc < 0 ? rc : LK_OK;
}

/* What the copies of this version hold now. */
static int measure_copies(estimate *e, int64_t *cells, int64_t *bytes, lk_error *err) {
	int rc = LK_OK;
	*cells = *bytes = 0;
	for (int i = 0; i < e->catalog->ncopies; i++) {
		const lk_cat_copy *c = &e->catalog->copies[i];
		for (int p = 0; rc == LK_OK && c->version == e->version && p < stream(e)->partitions; p++)
			rc = measure_unit(e, c->units[p], cells, bytes, err);
	}
	return rc;
}

static int estimate_bytes(estimate *e, lk_error *err) {
	int64_t cells, bytes;
	lk_store_usage usage;
	int rc = measure_copies(e, &cells, &bytes, err);
	if (rc == LK_OK)
		rc = lk_store_usage_read(e->store, &usage, err);
	if (rc != LK_OK)
		return rc;
	e->out->cells = llround(e->cells);
	e->out->bytes = llround(e->bytes);
	if (cells > 0 && (double)cells * MUCH_SMALLER >= e->cells)
		e->out->bytes = llround(e->cells * (double)bytes / (double)cells);
	e->out->room = usage.max_bytes > 0 ? usage.max_bytes - usage.used_bytes : -1;
	if (usage.max_bytes > 0 && e->out->room < 0)
		e->out->room = 0;
	return LK_OK;
}

/* --- time --- */

static double workers_at_once(const estimate *e) {
	long processors = sysconf(_SC_NPROCESSORS_ONLN), pairs = processors / 2;
	int n = e->o->workers < stream(e)->partitions ? e->o->workers : stream(e)->partitions;
	if (e->o->pace > 0 || n < 1)
		n = 1;
	return n < pairs ? n : pairs > 0 ? (double)pairs : 1;
}

static void gap_sql(const estimate *e, lk_buf *out) {
	const lk_stream *s = stream(e);
	lk_buf column = LK_BUF_INIT;
	lk_sql_ident(e->o->range.by == LK_BY_AT ? "_at" : s->schema.columns[s->schema.event_time].name, &column);
	lk_buf_adds(out, "SELECT coalesce(sum(d), 0) FROM (SELECT ");
	if (e->o->max_gap_us > 0)
		lk_buf_addf(out, "least(" LK_SQL_US("t - lag(t, 1, t) OVER (ORDER BY t)") ", %lld) AS d FROM (",
		            (long long)e->o->max_gap_us);
	else
		lk_buf_adds(out, LK_SQL_US("max(t) - min(t)") " AS d FROM (");
	for (int p = 0; p < s->partitions; p++) {
		lk_buf_addf(out, "%sSELECT %s AS t FROM ", p ? " UNION ALL " : "", column.data);
		lk_log_leaf(s, p, out);
		lk_buf_addf(out, " WHERE off >= %lld AND off < %lld", (long long)e->from[p], (long long)e->to[p]);
	}
	lk_buf_adds(out, ") AS events");
	if (e->o->sandbox && e->o->range.by == LK_BY_EVENT) {
		if (e->o->range.from != INT64_MIN)
			lk_buf_addf(out, " WHERE t >= " LK_SQL_TIME("%lld"), (long long)e->o->range.from,
			            (long long)e->o->range.from);
		if (e->o->range.to != INT64_MAX)
			lk_buf_addf(out, " %s t < " LK_SQL_TIME("%lld"), e->o->range.from != INT64_MIN ? "AND" : "WHERE",
			            (long long)e->o->range.to,
			            (long long)e->o->range.to);
	}
	lk_buf_adds(out, ") AS gaps");
	lk_buf_release(&column);
}

/* How long the events took to happen. */
static int paced_seconds(estimate *e, double *out, lk_error *err) {
	lk_buf sql = LK_BUF_INIT;
	PGresult *res = NULL;
	gap_sql(e, &sql);
	int rc = lk_pg_query(&e->pg, &res, err, sql.data);
	*out = rc == LK_OK ? strtod(PQgetvalue(res, 0, 0), NULL) / 1e6 / e->o->pace : 0;
	PQclear(res);
	lk_buf_release(&sql);
	return rc;
}

static int estimate_seconds(estimate *e, lk_error *err) {
	double paced = 0;
	int rc = e->o->pace > 0 ? paced_seconds(e, &paced, err) : LK_OK;
	if (e->scanned > 0)
		e->out->seconds = (double)e->out->events * (e->scanned_s / (double)e->scanned) / workers_at_once(e);
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
		rc = estimate_bytes(e, err);
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
