/* Sealing keeps Redis small in kappa mode. It is a publish at an ordinary cut (P12), so everything that knows published
 * cuts works unchanged: readers add the table and the segments from the cut on, a missing unit begins at the cut, a
 * unit's owner drops the segments below it.
 *
 *   the copy's session lock
 *   ├─ transaction 1: the cut (catalog/cut.c), at which the units' segments end
 *   ├─ wait: every cursor of the copy at the cut or beyond
 *   └─ transaction 2: the segments of [sealed, cut), read from Redis, as rows of the copy's table;
 *                     cut open -> published, pointer forward by compare-and-set, lk.batch
 *
 * Nothing is computed here: the rows are what the stream path has committed, merged. A closed segment never changes,
 * and the open one ends at the cut as soon as its unit has passed it, so the cells are the same whoever owns the units
 * and however often they change hands. Segments must tile [sealed, cut) exactly, as for a reader. If one disappears
 * while it is read (a compaction, Redis going back in time), the transaction is rolled back and all is read again. A
 * seal that is killed leaves an open cut, which the next one abandons.
 *
 * The seal is at an ordinary cut, not wherever some segment happens to end: Redis may come back at an earlier position
 * and fold across that place before the seal commits, and then nothing would ever tile from the seal on. It is not made
 * before all cursors have passed: the sealed part would be short. It does not move cell by cell: between the two stores
 * a cell would be counted twice or not at all.
 *
 * The table grows by inserts, seal after seal; a snapshot taken before a seal sees neither its rows nor its pointer. A
 * cell that changed in several seals is in several rows, which readers merge. When the table has doubled, the next seal
 * merges its rows into a new table. */
#include "batch_layer/seal.h"

#include <stdlib.h>
#include <time.h>

#include "batch_layer/compute.h"
#include "batch_layer/expired.h"
#include "batch_layer/publish.h"
#include "batch_layer/rows.h"
#include "catalog/tail.h"
#include "core/fault.h"
#include "core/flag.h"
#include "core/time.h"
#include "event_log/history.h"
#include "event_log/scan.h"
#include "view_store/segments.h"

#define PATIENCE_US    10000000
#define ALONE_US        1000000   /* the same if no process holds the unit that is waited for */
#define POLL_LEAST_US      2000
#define POLL_MOST_US      50000
#define MERGE_BYTES  ((size_t)512 << 20)
#define COMPACT_ROWS      10000

typedef struct seal {
	lk_pg *pg;
	lk_store *store;
	const lk_cat_copy *copy;
	const lk_plan *plan;
	lk_seal_options o;
	lk_cut cut;
	lk_published sealed;
	char *table;               /* that the rows are written to */
	lk_cells cells;
	int64_t rows;              /* written */
	int lagging;               /* the first partition that has not passed the cut */
	int64_t started_us;
} seal;

static const char purpose[] = "seal";

static const lk_cat_stream *stream_of(const seal *s) { return s->copy->version->reads; }
static const char *view_name(const seal *s) { return s->copy->version->view->name; }

/* --- waiting for the units --- */

static int has_passed(const seal *s, int part, const lk_unit_state *u, bool there, lk_buf *why) {
	long long cut = (long long)s->cut.at.part[part].off;
	if (s->cut.at.part[part].off == s->sealed.cut.part[part].off || LK_MUTANT("seal_early"))
		return true;
	if (!there)
		lk_buf_addf(why, "partition %d is not in Redis", part);
	else if (u->at.cursor < cut)
		lk_buf_addf(why, "partition %d is at offset %lld and has not reached %lld", part, (long long)u->at.cursor, cut);
	return there && u->at.cursor >= cut;
}

/* *sum: the sum of the cursors, which shows whether any of them moves. */
static int all_have_passed(seal *s, bool *passed, int64_t *sum, lk_buf *why, lk_error *err) {
	*passed = true;
	*sum = 0;
	for (int part = 0; part < s->cut.at.n; part++) {
		lk_unit_state u = {0};
		int rc = lk_store_read_unit(s->store, s->copy->units[part], NULL, &u, NULL, err);
		if (rc < 0)
			return rc;
		*sum += u.at.cursor;
		if (*passed) {
			*passed = has_passed(s, part, &u, rc == LK_OK, why);
			s->lagging = part;
		}
		lk_unit_state_release(&u);
	}
	return LK_OK;
}

static int give_up(const seal *s, const lk_buf *why, lk_error *err) {
	if (lk_flag_is_set(s->o.stop))
		return lk_fail(err, LK_EBUSY, "the seal of view %s was stopped", view_name(s));
	lk_fail(err, LK_EBUSY, "view %s cannot be sealed: %s, and its cursors do not move", view_name(s),
	        why->data ? why->data : "a unit changes");
	lk_hint(err, "a seal needs the speed layer to fold first: start `lk speed`, or use `lk run`, which does both");
	return LK_EBUSY;
}

/* A deadline that moves as long as the cursors do. */
typedef struct patience {
	int64_t sum, since_us, pause_us;
} patience;

static void note_progress(patience *p, int64_t sum) {
	if (p->since_us && sum == p->sum)
		return;
	p->sum = sum;
	p->since_us = lk_monotonic_us();
}

static bool is_over(const seal *s, const patience *p) {
	int64_t now = lk_monotonic_us();
	if (now - p->since_us > s->o.patience_us || lk_flag_is_set(s->o.stop))
		return true;
	return now - p->since_us > ALONE_US && lk_pg_lock_holder(s->pg, s->copy->units[s->lagging], NULL, NULL) == 0;
}

static void pause_longer(patience *p) {
	p->pause_us = p->pause_us == 0 ? POLL_LEAST_US : p->pause_us * 2 < POLL_MOST_US ? p->pause_us * 2 : POLL_MOST_US;
	nanosleep(&(struct timespec){.tv_nsec = p->pause_us * 1000}, NULL);
}

static int wait_for_units(seal *s, patience *p, lk_error *err) {
	lk_buf why = LK_BUF_INIT;
	bool passed = false;
	int rc = LK_OK;
	for (;;) {
		int64_t sum;
		lk_buf_clear(&why);
		rc = all_have_passed(s, &passed, &sum, &why, err);
		note_progress(p, sum);
		if (rc != LK_OK || passed)
			break;
		if (is_over(s, p)) {
			rc = give_up(s, &why, err);
			break;
		}
		pause_longer(p);
	}
	lk_buf_release(&why);
	return rc;
}

/* --- reading the segments: 1 if they do not fit, or no longer fit --- */

static int write_out(seal *s, lk_error *err) {
	int rc = lk_batch_rows_write(s->pg, s->table, &s->cells, err);
	s->rows += (int64_t)s->cells.ncells;
	lk_cells_clear(&s->cells);
	return rc;
}

static int write_if_large(void *seal_, lk_error *err) {
	seal *s = seal_;
	return lk_cells_bytes(&s->cells) > s->o.merge_bytes ? write_out(s, err) : LK_OK;
}

static bool counts(const seal *s, int part, const lk_segment *g) {
	return lk_segment_counts(g, s->sealed.cut.part[part].off, s->cut.at.part[part].off);
}

static bool tiles(const seal *s, int part, const lk_unit_state *u) {
	return lk_segments_reach(u, s->sealed.cut.part[part].off, s->cut.at.part[part].off, NULL) == s->cut.at.part[part].off || LK_MUTANT("seal_early");
}

/* 0 if the last event that the unit has folded is the one that the log has there (P6); 1 if not. */
static int is_of_this_log(seal *s, int part, const lk_unit_state *u, lk_error *err) {
	bool has;
	int rc = lk_log_has(s->pg, stream_of(s)->stream, &(lk_seen){part, u->at.cursor, u->at.last_at, u->at.run}, 1, &has, err);
	return rc != LK_OK ? rc : !has;
}

/* The open segment was read together with the unit's meta; it does not count if it lies above the cut. */
static int add_segments(seal *s, int part, const lk_unit_state *u, lk_cells *open, lk_error *err) {
	int rc = LK_OK;
	const lk_page_reader pages = {.into = &s->cells, .after_page = write_if_large, .ctx = s};
	for (int i = 0; rc == LK_OK && i < u->nsegments; i++) {
		const lk_segment *g = &u->segments[i];
		if (!counts(s, part, g))
			continue;
		if (!g->open) {
			rc = lk_store_read_pages(s->store, s->copy->units[part], g, &pages, err);
			continue;
		}
		lk_cells_add(&s->cells, open);
		rc = write_if_large(s, err);
	}
	return rc;
}

/* 1 unless the closed segments that were read are still those that were listed. */
static int check_again(seal *s, int part, const lk_unit_state *u, lk_error *err) {
	lk_unit_state now = {0};
	int rc = lk_store_read_unit(s->store, s->copy->units[part], NULL, &now, NULL, err);
	for (int i = 0; rc == LK_OK && i < u->nsegments; i++)
		if (!u->segments[i].open && counts(s, part, &u->segments[i]) && !lk_segment_is_listed(&now, &u->segments[i]))
			rc = 1;
	lk_unit_state_release(&now);
	return rc;
}

static int add_unit(seal *s, int part, lk_error *err) {
	lk_unit_state u = {0};
	lk_cells open;
	if (s->cut.at.part[part].off == s->sealed.cut.part[part].off)
		return LK_OK;
	lk_cells_init(&open, s->plan);
	int rc = lk_store_read_unit(s->store, s->copy->units[part], NULL, &u, &open, err);
	if (rc == LK_OK && ((u.at.cursor < s->cut.at.part[part].off && !LK_MUTANT("seal_early")) || !tiles(s, part, &u)))
		rc = 1;
	if (rc == LK_OK)
		rc = is_of_this_log(s, part, &u, err);
	if (rc == LK_OK)
		rc = add_segments(s, part, &u, &open, err);
	if (rc == LK_OK)
		rc = check_again(s, part, &u, err);
	lk_unit_state_release(&u);
	lk_cells_release(&open);
	return rc;
}

/* --- merging the table's rows --- */

/* Rows that all publishes wrote to the table, and those of the first publish. */
static int count_rows(seal *s, int64_t *all, int64_t *first, lk_error *err) {
	char copy[24];
	PGresult *res = NULL;
	int rc = lk_pg_exec(s->pg, &res, err, "SELECT coalesce(max(table_rows), 0), coalesce((array_agg(cells ORDER BY cut_id))[1], 0)"
	                   " FROM lk.batch WHERE copy_id = $1::bigint AND batch_table = $2", 2,
	                   (const char *const[]){lk_pg_number(copy, s->copy->id), s->table});
	if (rc == LK_OK) {
		*all = lk_pg_int(res, 0, 0);
		*first = lk_pg_int(res, 0, 1);
	}
	PQclear(res);
	return rc;
}

static int put_together(seal *s, int64_t rows, lk_error *err) {
	char *from = s->table;
	s->table = lk_batch_table_name(s->copy, &s->cut);
	lk_rows_merge m = {.pg = s->pg, .plan = s->plan, .from = from, .to = s->table, .rows = rows,
	                   .most_bytes = s->o.merge_bytes};
	int rc = lk_batch_rows_put_together(&m, err);
	s->rows = m.cells;
	const lk_compute made = {.pg = s->pg, .copy = s->copy, .table = s->table, .cells = s->rows};
	free(from);
	return rc == LK_OK ? lk_compute_index(&made, err) : rc;
}

/* Merges the table's rows if it has doubled since it was made, by at least compact_rows rows. */
static int put_together_if_grown(seal *s, lk_error *err) {
	int64_t all = 0, first = 0;
	int rc = s->sealed.table ? count_rows(s, &all, &first, err) : LK_OK;
	if (rc != LK_OK || !s->sealed.table)
		return rc;
	int64_t came = all - first + s->rows;
	return came >= s->o.compact_rows && came >= first ? put_together(s, all + s->rows, err) : LK_OK;
}

/* --- entry point --- */

static int make_table(seal *s, lk_error *err) {
	if (s->sealed.table) {
		s->table = lk_strdup(s->sealed.table);
		return LK_OK;
	}
	s->table = lk_batch_table_name(s->copy, &s->cut);
	return lk_batch_rows_table(s->pg, s->plan, s->table, err);
}

static int move_cells(seal *s, lk_error *err) {
	const lk_compute check = {.pg = s->pg, .copy = s->copy, .cut = &s->cut, .from = &s->sealed.cut};
	int64_t events;
	int rc = lk_publish_begin(s->pg, err);
	if (rc == LK_OK)
		rc = lk_compute_check(&check, &events, err);
	if (rc == LK_OK)
		rc = make_table(s, err);
	for (int part = 0; rc == LK_OK && part < s->cut.at.n; part++)
		rc = add_unit(s, part, err);
	if (rc == LK_OK)
		rc = write_out(s, err);
	if (rc == LK_OK)
		rc = lk_expired_delete(s->pg, s->plan, &s->cut, s->table, err);
	LK_CRASH_POINT("seal.written");
	return rc == LK_OK ? put_together_if_grown(s, err) : rc;
}

static int publish(seal *s, lk_batch_report *out, lk_error *err) {
	out->cells = s->rows;
	out->events = lk_frontier_events(&s->cut.at);
	int rc = lk_publish_lock_view(s->pg, s->copy, err);
	if (rc == LK_OK)
		rc = lk_cut_publish(s->pg, s->copy->id, &s->cut, s->table, err);
	if (rc == LK_OK)
		rc = lk_publish_record(s->pg, &(lk_published_row){s->copy->id, s->cut.id, s->table, "seal", out->events, out->cells, s->started_us}, err);
	if (rc == LK_OK)
		rc = lk_pg_run(s->pg, err, "COMMIT");
	LK_CRASH_POINT("seal.published");
	return rc;
}

static void begin_anew(seal *s) {
	lk_pg_rollback(s->pg);
	lk_cells_clear(&s->cells);
	free(s->table);
	s->table = NULL;
	s->rows = 0;
}

/* Tries again if segments disappeared while they were read, as long as the units move or patience lasts. */
static int wait_and_move(seal *s, lk_error *err) {
	patience p = {0};
	for (;;) {
		int rc = wait_for_units(s, &p, err);
		LK_CRASH_POINT("seal.passed");
		if (rc == LK_OK)
			rc = move_cells(s, err);
		if (rc != 1)
			return rc;
		begin_anew(s);
		if (is_over(s, &p))
			return give_up(s, &(lk_buf){0}, err);
		pause_longer(&p);
	}
}

static int cut_and_seal(seal *s, lk_batch_report *out, lk_error *err) {
	int rc = lk_cut_make(s->pg, &(lk_cut_for){stream_of(s), s->copy->id, purpose}, &s->cut, err);
	if (rc != LK_OK)
		return rc;
	LK_CRASH_POINT("seal.cut");
	out->cut_id = s->cut.id;
	rc = wait_and_move(s, err);
	return rc == LK_OK ? publish(s, out, err) : rc;
}

static int is_nothing_new(seal *s, bool *nothing, lk_error *err) {
	lk_frontier tail;
	int rc = lk_log_tail(s->pg, stream_of(s), &tail, err);
	*nothing = rc == LK_OK && lk_frontier_reaches(&s->sealed.cut, &tail);
	return rc;
}

static int locked(seal *s, lk_batch_report *out, lk_error *err) {
	int rc = lk_cut_abandon(s->pg, s->copy->id, purpose, err);
	if (rc == LK_OK)
		rc = lk_published_read(s->pg, s->copy, &s->sealed, err);
	if (rc == LK_OK)
		rc = is_nothing_new(s, &out->nothing_new, err);
	if (rc != LK_OK || out->nothing_new)
		return rc;
	rc = cut_and_seal(s, out, err);
	if (rc == LK_OK)
		return lk_batch_sweep(s->pg, s->copy, NULL) == LK_EUNREACHABLE
		       ? lk_fail(err, LK_EUNREACHABLE, "the seal was published, then PostgreSQL went away") : LK_OK;
	lk_pg_rollback(s->pg);
	lk_cut_abandon(s->pg, s->copy->id, purpose, NULL);
	return rc;
}

static lk_seal_options with_defaults(const lk_seal_options *o) {
	lk_seal_options all = *o;
	all.patience_us = o->patience_us ? o->patience_us : PATIENCE_US;
	all.merge_bytes = o->merge_bytes ? o->merge_bytes : MERGE_BYTES;
	all.compact_rows = o->compact_rows ? o->compact_rows : COMPACT_ROWS;
	return all;
}

int lk_seal_run(lk_pg *pg, lk_store *store, const lk_cat_copy *copy, const lk_seal_options *o, lk_batch_report *out, lk_error *err) {
	seal s = {.pg = pg, .store = store, .copy = copy, .plan = copy->version->plan, .o = with_defaults(o), .started_us = lk_monotonic_us()};
	*out = (lk_batch_report){.copy_id = copy->id};
	if (!copy->kappa || copy->state != LK_COPY_LIVE)
		return lk_fail(err, LK_EUSAGE, "only a live kappa copy of view %s can be sealed", view_name(&s));
	int rc = lk_pg_try_lock(pg, copy->id, err);
	if (rc == LK_EBUSY)
		return lk_fail(err, LK_EBUSY, "another process is sealing or comparing view %s", view_name(&s));
	if (rc != LK_OK)
		return rc;
	lk_cells_init(&s.cells, s.plan);
	rc = locked(&s, out, err);
	lk_pg_unlock(pg, copy->id, NULL);
	out->seconds = (double)(lk_monotonic_us() - s.started_us) / 1e6;
	lk_cells_release(&s.cells);
	lk_published_release(&s.sealed);
	free(s.table);
	return rc;
}
