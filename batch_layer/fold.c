/* The batch by folding in C, for what SQL cannot compute: the same lk_fold_event as the stream path, over COPY of the
 * same range, without the lateness rule.
 *
 * The log is read in chunks of offsets, one partition at a time. When the cells take more than their limit after a chunk
 * they are written to the table and the map starts empty, so memory is bounded for any number of keys. A cell may then be in
 * several rows of the table; readers merge rows as they merge segments. */
#include "batch_layer/compute.h"
#include "batch_layer/expired.h"
#include "batch_layer/rows.h"

#include <stdlib.h>

#include "catalog/log_sql.h"
#include "core/time.h"
#include "event_log/side_output.h"
#include "event_log/scan.h"
#include "partials/fold.h"
#include "postgres/binary.h"
#include "sql/sql.h"

#define FOLD_BYTES   ((size_t)512 << 20)
#define CHUNK_EVENTS 50000   /* so few that what they add is small beside the limit */

typedef struct folding {
	lk_compute *c;
	const lk_plan *plan;
	lk_cells cells;
	lk_folder folder;
	lk_side_output *side_output;
	lk_type *types;        /* of a fetched row: off, _at, needed columns */
	lk_value *row;
	size_t limit_bytes;
} folding;

static void select_sql(const folding *f, int part, int64_t from, int64_t to, lk_buf *out) {
	lk_buf_adds(out, "SELECT off, _at");
	for (int i = 0; i < f->plan->nneeded; i++) {
		lk_buf_adds(out, ", ");
		lk_sql_ident(f->plan->stream->schema.columns[f->plan->needed[i]].name, out);
	}
	lk_buf_adds(out, " FROM ");
	lk_log_leaf(f->plan->stream, part, out);
	lk_log_between(part, from, to, out);
	lk_expired_events_sql(f->plan, f->c->cut, out);
}

static void fold_row(folding *f, int part) {
	for (int i = 0; i < f->plan->nneeded; i++)
		f->folder.row[f->plan->needed[i]] = f->row[2 + i];
	f->folder.row[lk_slot_at(f->plan->stream)] = f->row[1];
	f->folder.place.part = part;
	f->folder.place.off = f->row[0].i;
	if (lk_fold_event(&f->folder, &f->cells, LK_NEVER) & LK_FOLD_MARKED)
		lk_side_output_marked(f->side_output, f->c->copy->version->reads->id, f->c->copy->version->id, part, f->row[0].i,
		                 f->folder.reason);
}

static int fold_chunk(folding *f, int part, int64_t from, int64_t to, lk_error *err) {
	lk_buf sql = LK_BUF_INIT;
	lk_copy_reader reader = {0};
	select_sql(f, part, from, to, &sql);
	int rc = lk_copy_open(&reader, f->c->pg, sql.data, f->types, 2 + f->plan->nneeded, err);
	if (rc == LK_OK) {
		while ((rc = lk_copy_next(&reader, f->row, err)) == LK_OK)
			fold_row(f, part);
		lk_copy_close(&reader);
	}
	lk_buf_release(&sql);
	if (rc >= 0 && !lk_side_output_empty(f->side_output)) {
		rc = lk_side_output_write(f->c->pg, f->side_output, err);
		lk_side_output_clear(f->side_output);
	}
	return rc < 0 ? rc : LK_OK;
}

static int flush(folding *f, lk_error *err) {
	int rc = lk_batch_rows_write(f->c->pg, f->c->table, &f->cells, err);
	f->c->cells += (int64_t)f->cells.ncells;
	lk_cells_clear(&f->cells);
	return rc;
}

/* --- entry point --- */

static int fold_partition(folding *f, int part, lk_error *err) {
	int rc = LK_OK;
	int64_t end = f->c->cut->at.part[part].off;
	for (int64_t from = 0, to; from < end && rc == LK_OK; from = to) {
		to = end - from > CHUNK_EVENTS ? from + CHUNK_EVENTS : end;
		rc = fold_chunk(f, part, from, to, err);
		if (rc == LK_OK && lk_cells_bytes(&f->cells) > f->limit_bytes)
			rc = flush(f, err);
	}
	return rc;
}

static void init(folding *f, lk_compute *c) {
	const lk_plan *p = c->copy->version->plan;
	*f = (folding){.c = c, .plan = p, .limit_bytes = c->fold_bytes ? c->fold_bytes : FOLD_BYTES};
	lk_cells_init(&f->cells, p);
	lk_folder_init(&f->folder, p);
	f->side_output = lk_side_output_new();
	f->types = lk_calloc((size_t)p->nneeded + 2, sizeof *f->types);
	f->row = lk_calloc((size_t)p->nneeded + 2, sizeof *f->row);
	f->types[0] = (lk_type){.kind = LK_INT8};
	f->types[1] = (lk_type){.kind = LK_TIME};
	for (int i = 0; i < p->nneeded; i++)
		f->types[2 + i] = p->stream->schema.columns[p->needed[i]].type;
}

static void release(folding *f) {
	lk_cells_release(&f->cells);
	lk_folder_release(&f->folder);
	lk_side_output_free(f->side_output);
	free(f->types);
	free(f->row);
}

int lk_compute_fold(lk_compute *c, lk_error *err) {
	folding f;
	c->cells = 0;
	init(&f, c);
	int rc = lk_batch_rows_table(c->pg, f.plan, c->table, err);
	for (int part = 0; part < c->cut->at.n && rc == LK_OK; part++)
		rc = fold_partition(&f, part, err);
	if (rc == LK_OK)
		rc = flush(&f, err);
	release(&f);
	return rc;
}
