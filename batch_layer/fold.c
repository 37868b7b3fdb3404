/* The batch by folding in C, for what SQL cannot compute: the same lk_fold_event as the stream path, over COPY of the
 * same range, without the lateness rule.
 *
 * The log is read in chunks of offsets, one partition at a time. When the cells take more than their limit after a chunk
 * they are written to the table and the map starts empty, so memory is bounded for any number of keys. A cell may then be in
 * several rows of the table; readers merge rows as they merge segments. */
#include "batch_layer/compute.h"
#include "batch_layer/log_events.h"
#include "batch_layer/rows.h"

#include "core/time.h"
#include "event_log/side_output.h"
#include "partials/fold.h"

#define FOLD_BYTES   ((size_t)512 << 20)
#define CHUNK_EVENTS 50000   /* so few that what they add is small beside the limit */

typedef struct folding {
	lk_compute *c;
	const lk_plan *plan;
	lk_cells cells;
	lk_folder folder;
	lk_side_output *side_output;
	lk_log_events events;
	size_t limit_bytes;
} folding;

static void fold_event(void *ctx, int part, int64_t off) {
	folding *f = ctx;
	f->folder.place.part = part;
	f->folder.place.off = off;
	if (lk_fold_event(&f->folder, &f->cells, LK_NEVER) & LK_FOLD_MARKED)
		lk_side_output_marked(f->side_output, f->c->copy->version->reads->id, f->c->copy->version->id, part, off, f->folder.reason);
}

static int fold_chunk(folding *f, int part, int64_t from, int64_t to, lk_error *err) {
	int64_t n;
	int rc = lk_log_events_read(&f->events, part, from, to, &n, err);
	if (rc == LK_OK && !lk_side_output_empty(f->side_output)) {
		rc = lk_side_output_write(f->c->pg, f->side_output, err);
		lk_side_output_clear(f->side_output);
	}
	return rc;
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
	f->events = (lk_log_events){.pg = c->pg, .plan = p, .cut = c->cut, .row = f->folder.row, .take = fold_event, .ctx = f};
	lk_log_events_begin(&f->events);
}

static void release(folding *f) {
	lk_cells_release(&f->cells);
	lk_folder_release(&f->folder);
	lk_side_output_free(f->side_output);
	lk_log_events_end(&f->events);
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
