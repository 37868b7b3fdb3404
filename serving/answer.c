/* One exact answer from two stores that share no transaction.
 *
 * The log prefix [0, cut) is in a batch table of PostgreSQL, the rest [cut, cursor) in segments in Redis, and both move
 * during the reading: batches are published, segments below the published cut are dropped. The order of reading makes
 * the sum exact without locks, grace times or clocks:
 *
 *   1. the catalogue, and in it the published cut, as a hint which segments need not be read;
 *   2. Redis: each unit's segments at one cursor (read_units.c);
 *   3. PostgreSQL, one snapshot: the published cut again, and the rows of that batch (read_batch.c).
 *
 * The catalogue of step 1 may be old, since threads share it. Step 3 shows whether what was taken from it still holds
 * (the log, the stream's declaration, the copy that readers get); if not, the reader begins again with the catalogue of
 * now. An old hint costs only the reading of segments that do not count.
 *
 * Only segments from the cut of step 3 on count, and they must tile [cut, cursor) exactly. A segment that was dropped
 * before step 2 lay below a cut that was published before, and step 3 sees that cut or a later one. A batch that was
 * published between 2 and 3 makes the segments below it not count. What does not tile (a segment was compacted away
 * while it was read; Redis lost state that nobody has taken over yet) is never served: the reader begins again.
 *
 * Each partition stands alone: if its unit is missing, or has a cursor at or below the cut, the batch answers alone. So
 * the answer covers max(cut, cursor) of each partition, and names that frontier.
 *
 * A kappa copy has no batch: its cut is 0, or for a sandbox the position where it begins, and everything is in
 * segments. If it is sealed, its cut is that of the last seal: the rows below it are segments that were moved to
 * PostgreSQL, and nothing else differs.
 *
 * A query may ask for a given prefix, query.until: then only segments that end at or below it count, and they must tile
 * [cut, until). They do if `until` is a live cut, since segments end at live cuts. Once a batch above it is published
 * that answer no longer exists, and the query is refused at once.
 *
 * Batch rows and cells of Redis are merged into one map by the requested window, and finalised once, when a value is
 * read. The work is bounded by the cells that pass the query's filters, and by its budget (core/budget.h), which every
 * loop over cells, windows and rows checks. It counts first the cells of the units read so far; then these and the
 * cells merged from them; then the merged cells, and the windows and rows made from them. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/key.h"
#include "event_log/history.h"
#include "event_log/side_output.h"
#include "serving/having.h"
#include "serving/reader.h"
#include "serving/windows.h"
#include "windows/window.h"

enum { DEADLINE_US = 5000000, GRACE_US = 1000000, PAUSE_MAX_US = 50000, PAUSE_MIN_US = 500 };

int lk_reader_units(lk_reader *r, lk_error *err) {
	lk_reader_release_units(r);
	r->budget.held_bytes = 0;
	if (r->query->layer == LK_LAYER_BATCH)
		return LK_OK;
	lk_look looks[LK_MAX_PARTITIONS];
	for (int i = 0; i < r->partitions; i++)
		looks[i] = (lk_look){.unit = r->copy->units[i], .hint = r->hint.part[i].off, .read = &r->units[i]};
	int rc = lk_store_look(r->store, &(lk_looks){looks, r->partitions, r->plan, &r->filter.cells}, err);
	for (int i = 0; rc == LK_OK && i < r->partitions; i++) {
		if (looks[i].done)
			continue;
		const lk_unit_wanted w = {r->copy->units[i], r->hint.part[i].off, r->plan, &r->filter.cells};
		rc = lk_unit_read_cells(&r->units[i], r->store, &w, err);
	}
	return rc;
}

static void why_in(lk_reader *r, int i) {
	lk_buf_clear(&r->why);
	lk_buf_addf(&r->why, "partition %d, unit %lld: ", i, (long long)r->copy->units[i]);
}

/* True if the unit has come to where the answer ends. */
static bool unit_reaches(lk_reader *r, int i) {
	const lk_unit_read *u = &r->units[i];
	int64_t end = lk_reader_end(r, i);
	if (end <= lk_reader_cut(r, i) || (u->there && u->state.at.cursor >= end))
		return true;
	if (u->there)
		lk_buf_addf(&r->why, "its cursor %lld has not reached offset %lld", (long long)u->state.at.cursor, (long long)end);
	else
		lk_buf_addf(&r->why, "it is not in Redis, and should have reached offset %lld", (long long)end);
	return false;
}

/* True if what was read from Redis fits the cut and the log's end. */
static bool units_fit(lk_reader *r) {
	for (int i = 0; i < r->partitions; i++) {
		const lk_unit_read *u = &r->units[i];
		int64_t tail = r->pointer.tail.part[i].off;
		why_in(r, i);
		if (u->there && u->state.at.cursor > tail) {
			lk_buf_addf(&r->why, "its cursor %lld is beyond the log's end %lld", (long long)u->state.at.cursor, (long long)tail);
			return false;
		}
		if (!unit_reaches(r, i) || !lk_unit_read_tiles(u, lk_reader_cut(r, i), lk_reader_end(r, i), &r->why))
			return false;
	}
	return true;
}

/* Fails if the requested prefix can no longer be answered: what lies below the cut is merged for good. */
static int until_can_be_had(const lk_reader *r, lk_error *err) {
	const lk_pointer *p = &r->pointer;
	for (int i = 0; r->query->until && i < r->partitions; i++) {
		long long until = r->query->until->part[i].off, tail = p->tail.part[i].off, cut = lk_reader_cut(r, i);
		if (until > tail)
			return lk_fail(err, LK_EPARTIAL, "view %s cannot be read up to offset %lld of partition %d: the log ends at %lld",
			               r->query->view, until, i, tail);
		if (until < cut)
			return lk_fail(err, LK_EPARTIAL, "view %s can no longer be read up to offset %lld of partition %d: %s %lld",
			               r->query->view, until, i, r->copy->kappa ? p->published.table ? "this copy is sealed up to" : "this copy begins at" : "a batch is published up to", cut);
	}
	return LK_OK;
}

/* What a unit that counts has read, for as much as the tail row does not say: of a unit at the log's end it says the last
 * event's `_at`. */
static lk_seen read_by(const lk_reader *r, int i) {
	const lk_unit_read *u = &r->units[i];
	const lk_position *at = &u->state.at;
	bool counts = u->there && at->cursor > lk_reader_cut(r, i) && at->last_at != LK_NEVER;
	int64_t end = r->pointer.tail.part[i].off;
	bool asks = counts && (at->cursor < end || (at->cursor == end && r->plan->stream->derived));
	return asks ? (lk_seen){i, at->cursor, at->last_at, at->run} : (lk_seen){.part = i};
}

static bool fits_the_tail(const lk_reader *r, int i) {
	const lk_unit_read *u = &r->units[i];
	const lk_position *at = &u->state.at;
	const lk_frontier_part *tail = &r->pointer.tail.part[i];
	return !u->there || at->cursor != tail->off || at->cursor == 0 || at->last_at == LK_NEVER || at->last_at == tail->last_at;
}

/* Compares the last event that each unit folded with the one that the log has there: a log that lost its end and grew
 * again has another one (P6). 1 if they differ. */
static int units_are_of_this_log(lk_reader *r, lk_error *err) {
	lk_seen read[LK_MAX_PARTITIONS];
	bool has[LK_MAX_PARTITIONS];
	for (int i = 0; i < r->partitions; i++)
		read[i] = read_by(r, i);
	int rc = lk_log_has(r->pg, r->plan->stream, read, r->partitions, has, err);
	for (int i = 0; rc == LK_OK && i < r->partitions; i++) {
		if (has[i] && fits_the_tail(r, i))
			continue;
		const lk_position *unit = &r->units[i].state.at;
		why_in(r, i);
		lk_buf_addf(&r->why, "event %lld of the log is not the one that the unit folded", (long long)unit->cursor - 1);
		rc = 1;
	}
	return rc;
}

/* True if `into` may still grow. If windows are tiles, its cells are the answer's rows. */
static bool may_grow(lk_reader *r, const lk_cells *into) {
	return lk_budget_allows(&r->budget, lk_cells_bytes(into)) &&
	       (!lk_is_tiling(&r->filter.window) || lk_budget_allows_rows(&r->budget, (int64_t)into->ncells));
}

static int64_t add_cells(lk_reader *r, lk_cells *into, const lk_cells *from) {
	const lk_filter *f = &r->filter;
	lk_buf field = LK_BUF_INIT;
	int64_t n = 0;
	for (const lk_cell *c = from->first; c && may_grow(r, into); c = c->next) {
		const uint8_t *name = lk_cell_field(from, c);
		if (!lk_filter_field(f, name, c->field_len))
			continue;
		lk_filter_row_field(f, name, c->field_len, &field);
		lk_cells_add_state(into, field.data, field.len, lk_cell_state(from, c));
		n++;
	}
	lk_buf_release(&field);
	return n;
}

static void add_units(lk_reader *r, lk_answer *a, lk_cells *into) {
	for (int i = 0; i < r->partitions; i++) {
		const lk_unit_read *u = &r->units[i];
		lk_answer_part *part = &a->part[i];
		for (int s = 0; s < u->state.nsegments; s++) {
			if (!lk_unit_read_counts(u, s, lk_reader_cut(r, i), lk_reader_end(r, i)))
				continue;
			part->segments++;
			part->cells += add_cells(r, into, &u->cells[s]);
		}
		a->speed_cells += part->cells;
	}
}

static int add_batch(lk_reader *r, lk_answer *a, lk_cells *into, lk_error *err) {
	if (!r->pointer.published.table || r->query->layer == LK_LAYER_SPEED)
		return LK_OK;
	lk_batch_rows rows;
	const lk_filter *f = &r->filter;
	int rc = lk_batch_open(&rows, r->pg, r->pointer.published.table, f, err);
	while (rc == LK_OK && may_grow(r, into) && (rc = lk_batch_rows_next(&rows, err)) == LK_OK) {
		rc = lk_batch_rows_merge(&rows, lk_filter_tag(f, rows.pane), into, err);
		a->batch_cells++;
	}
	lk_batch_rows_close(&rows);
	return rc < 0 ? rc : lk_budget_fail(&r->budget, err);
}

/* With query.split the parts are kept, and their sum is made from them; otherwise all goes into the sum directly. */
static int add_all(lk_reader *r, lk_answer *a, lk_error *err) {
	bool split = r->query->split;
	lk_cells *sum = lk_is_tiling(&a->window) ? &a->cells : &a->panes;
	const lk_cells *parts[] = {&a->batch_part, &a->speed_part};
	int64_t held = r->budget.held_bytes;   /* by the units */
	add_units(r, a, split ? &a->speed_part : sum);
	r->budget.held_bytes += split ? (int64_t)lk_cells_bytes(&a->speed_part) : 0;
	int rc = add_batch(r, a, split ? &a->batch_part : sum, err);
	r->budget.held_bytes += split ? (int64_t)lk_cells_bytes(&a->batch_part) : 0;
	for (int i = 0; rc == LK_OK && split && i < 2; i++)
		for (const lk_cell *c = parts[i]->first; c && may_grow(r, sum); c = c->next)
			lk_cells_add_state(sum, lk_cell_field(parts[i], c), c->field_len, lk_cell_state(parts[i], c));
	may_grow(r, sum);   /* with its last cell */
	r->budget.held_bytes = held;
	return rc < 0 ? rc : lk_budget_fail(&r->budget, err);
}

/* SELECT count(*) without GROUP BY has a row even over nothing. */
static void add_the_one_row(lk_reader *r, lk_answer *a) {
	if (r->plan->nkeys || r->plan->window.kind != LK_W_NONE)
		return;
	lk_buf field = LK_BUF_INIT;
	lk_pane_put(&field, 0);
	lk_cells_at(&a->cells, field.data, field.len);
	lk_buf_release(&field);
}

static int count_late(lk_reader *r, lk_answer *a, lk_error *err) {
	if (r->plan->allowed_lateness_us < 0)
		return LK_OK;
	lk_cat_copy now = *r->copy;
	now.cut_id = r->pointer.published.cut_id;
	now.cut = r->pointer.published.cut;
	return lk_late_count(r->pg, &now, &a->end, &a->late, &a->healed, err);
}

static void begin_answer(lk_reader *r, lk_answer *a) {
	int rereads = a->rereads;
	const lk_cat_copy *c = r->copy;
	*a = (lk_answer){.plan = r->plan, .version = c->version->number, .kappa = c->kappa, .copy_id = c->id,
	                 .state = c->state, .range = c->range, .copy_name = c->name, .partitions = r->partitions,
	                 .window = r->filter.window, .from = r->filter.from, .to = r->filter.to, .rereads = rereads,
	                 .budget = &r->budget};
	if (r->query->last && !r->plan->having && !r->filter.nof_rows && !r->query->fill)
		a->only_last = r->query->last;
	a->made_by = lk_calloc((size_t)r->plan->noutputs, sizeof *a->made_by);
	lk_cells_init(&a->cells, r->plan);
	lk_cells_init(&a->panes, r->plan);
	lk_cells_init(&a->filled, r->plan);
	lk_cells_init(&a->blank, r->plan);
	lk_cells_init(&a->batch_part, r->plan);
	lk_cells_init(&a->speed_part, r->plan);
}

static void release_cells(lk_answer *a) {
	for (int i = 0; a->made_by && i < a->plan->noutputs; i++)
		lk_arena_release(&a->made_by[i].arena);
	free(a->made_by);
	a->made_by = NULL;
	lk_cells_release(&a->cells);
	lk_cells_release(&a->panes);
	lk_cells_release(&a->filled);
	lk_cells_release(&a->blank);
	lk_cells_release(&a->batch_part);
	lk_cells_release(&a->speed_part);
}

static bool copy_has_moved(lk_reader *r) {
	const lk_pointer *p = &r->pointer;
	bool by_name = r->query->version || r->query->copy;
	r->moved = p->redeclared || p->published.dropped || (!by_name && p->served_copy != r->copy->id);
	if (!r->moved)
		return false;
	lk_buf_clear(&r->why);
	lk_buf_adds(&r->why, p->redeclared          ? "its stream was declared anew while it was read"
	                     : p->published.dropped ? "the copy was dropped while it was read"
	                                            : "readers were switched to another copy while it was read");
	return true;
}

static int need_layer(const lk_reader *r, lk_error *err) {
	if (!r->copy->kappa || r->pointer.published.table || r->query->layer != LK_LAYER_BATCH)
		return LK_OK;
	lk_fail(err, LK_EUSAGE, "this copy of view %s is kappa: it has no batch layer", r->view->name);
	lk_hint(err, "leave out --layer: the whole answer comes from the speed layer");
	return LK_EUSAGE;
}

/* Step 3 in one snapshot. 0, 1 if it does not fit, or a failure. */
static int read_snapshot(lk_reader *r, lk_answer *a, lk_error *err) {
	lk_pointer_release(&r->pointer);
	int rc = lk_pointer_read(&r->pointer, r->pg, r->catalog->log_id, r->copy, &r->budget, err);
	if (rc < 0)
		return rc;
	if (copy_has_moved(r))
		return 1;
	rc = need_layer(r, err);
	if (rc == LK_OK)
		rc = until_can_be_had(r, err);
	if (rc < 0)
		return rc;
	if (!units_fit(r))
		return 1;
	rc = units_are_of_this_log(r, err);
	if (rc != LK_OK)
		return rc;
	rc = lk_reader_prefix(r, a, err);
	if (rc == LK_OK)
		rc = add_all(r, a, err);
	if (rc == LK_OK)
		rc = count_late(r, a, err);
	if (rc == LK_OK)
		rc = lk_pg_run(r->pg, err, "COMMIT");
	return rc;
}

/* Makes the rows of the merged cells. */
static int make_rows(lk_reader *r, lk_answer *a, lk_error *err) {
	const lk_cells *maps[] = {&a->cells, &a->panes, &a->batch_part, &a->speed_part};
	r->budget.held_bytes = 0;
	for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
		r->budget.held_bytes += (int64_t)lk_cells_bytes(maps[i]);
	if (!lk_answer_put_together(a))
		return lk_budget_fail(&r->budget, err);
	r->budget.held_bytes += (int64_t)(a->nrows * sizeof *a->rows);
	a->made = a->nrows;
	int rc = lk_rows_defined(a, r->query->layer == LK_LAYER_MERGED, r->query->unlimited, err);
	if (rc == LK_OK)
		rc = lk_answer_select(a, r->query, &r->filter, err);
	if (rc == LK_OK)
		lk_answer_mark(a);
	return rc == LK_OK ? lk_budget_fail(a->budget, err) : rc;
}

static void pause_us(int64_t us) { nanosleep(&(struct timespec){.tv_nsec = us * 1000}, NULL); }

int lk_reader_finish(lk_reader *r, lk_answer *out, lk_error *err) {
	int64_t deadline = lk_monotonic_us() + DEADLINE_US;
	for (;;) {
		lk_error e = {0};
		begin_answer(r, out);
		int rc = read_snapshot(r, out, &e);
		if (rc == LK_OK)
			break;
		release_cells(out);
		lk_pg_rollback(r->pg);
		if (rc > 0)
			return rc;
		if (strcmp(e.sqlstate, "42P01") || lk_monotonic_us() > deadline) {
			if (err && err->code == LK_OK)
				*err = e;
			return rc;
		}
		pause_us(PAUSE_MIN_US);
	}
	add_the_one_row(r, out);
	lk_reader_release_units(r);
	int rc = make_rows(r, out, err);
	out->budget = NULL;
	if (rc != LK_OK) {
		lk_answer_release(out);
		return rc;
	}
	out->catalog = r->catalog;
	r->catalog = NULL;
	return LK_OK;
}

static int begin_again(lk_reader *r, lk_error *err) {
	if (!r->moved) {
		r->hint = r->pointer.published.cut;
		return LK_OK;
	}
	return lk_reader_reopen(r, err);
}

static int give_up(lk_reader *r, lk_error *err) {
	lk_fail(err, LK_EPARTIAL, "view %s cannot be answered: %s", r->query->view,
	        r->why.data ? r->why.data : "it keeps changing");
	if (r->copy->state != LK_COPY_LIVE)
		lk_hint(err, "run its replay again: that repairs the unit");
	else if (r->copy->kappa)
		lk_hint(err, "a running speed layer (`lk speed`) repairs the unit");
	else
		lk_hint(err, "a running speed layer (`lk speed`) repairs the unit; --layer batch answers without it");
	return LK_EPARTIAL;
}

static int make(lk_pg *pg, lk_store *store, lk_current *current, const lk_query *q, lk_answer *out, lk_error *err) {
	*out = (lk_answer){0};
	int64_t deadline = lk_monotonic_us() + DEADLINE_US;
	int64_t wait_us = PAUSE_MIN_US;
	lk_reader r;
	int rc = lk_reader_open(&r, pg, store, current, q, err);
	while (rc == LK_OK) {
		rc = lk_reader_units(&r, err);
		if (rc == LK_OK)
			rc = lk_reader_finish(&r, out, err);
		if (rc <= 0)
			break;
		if (lk_monotonic_us() > deadline) {
			rc = give_up(&r, err);
			break;
		}
		out->rereads++;
		pause_us(wait_us);
		wait_us = wait_us * 2 < PAUSE_MAX_US ? wait_us * 2 : PAUSE_MAX_US;
		rc = begin_again(&r, err);
	}
	rc = lk_reader_bounded(&r, rc, err);
	lk_reader_close(&r);
	return rc;
}

/* PostgreSQL ends a statement when the query's time is over, so its session is given up a little later. */
static void limit_waits(lk_pg *pg, lk_store *store, int64_t time_us) {
	if (time_us <= 0)
		return;
	if (!pg->limit_us || pg->limit_us > time_us + GRACE_US)
		pg->limit_us = time_us + GRACE_US;
	if (store)
		lk_store_give_up_at(store, lk_monotonic_us() + time_us + GRACE_US);
}

int lk_answer_make(lk_pg *pg, lk_store *store, lk_current *current, const lk_query *q, lk_answer *out, lk_error *err) {
	int64_t usual_us = pg->limit_us;
	limit_waits(pg, store, q->bounds.time_us);
	int rc = make(pg, store, current, q, out, err);
	pg->limit_us = usual_us;
	if (store)
		lk_store_give_up_at(store, 0);
	return rc;
}

void lk_answer_release(lk_answer *a) {
	release_cells(a);
	free(a->rows);
	lk_catalog_release(a->catalog);
	*a = (lk_answer){0};
}
