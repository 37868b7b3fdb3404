/* The operator of views: folds events into cells, which commits write to the open segment.
 *
 * The map holds the cells of the open segment, so that a commit can write absolute values. A segment ends, and the next
 * one begins with an empty map, at a live cut, when the map has grown too large, and when commits mostly rewrite what
 * they have written before (sets of distinct values, which are stored as their additions). Segments add up when they
 * are read, so nothing needs to be loaded after a take-over. */
#include <stdlib.h>

#include "core/fault.h"
#include "partials/fold.h"
#include "speed_layer/stream_path.h"

/* A reader fetches the open segment in one call, and Redis serves no other client meanwhile: so a segment ends at this
 * many cells or stored bytes. A commit ends when its unit has grown by COMMIT_GROWTH, so neither is ever much
 * larger. */
#define SEGMENT_CELLS  50000
#define SEGMENT_STORED (8 << 20)
#define COMMIT_GROWTH  (8 << 20)

typedef struct folding {
	lk_cells cells;            /* of the open segment */
	int64_t segment_from;
	lk_folder folder;
	lk_value *own_row;         /* the folder's, while it reads that of the pass */
	lk_side_output *side_output;
} folding;

static void *make(const lk_cat_copy *copy, int part) {
	(void)part;
	folding *f = lk_calloc(1, sizeof *f);
	lk_cells_init(&f->cells, copy->version->plan);
	lk_folder_init(&f->folder, copy->version->plan);
	f->own_row = f->folder.row;
	f->side_output = lk_side_output_new();
	return f;
}

static void release(void *state) {
	folding *f = state;
	f->folder.row = f->own_row;
	lk_cells_release(&f->cells);
	lk_folder_release(&f->folder);
	lk_side_output_free(f->side_output);
	free(f);
}

static void show(void *state, const lk_cat_copy *copy) {
	folding *f = state;
	f->cells.plan = copy->version->plan;
	lk_folder_show(&f->folder, copy->version->plan);
}

static void record(lk_unit *u, const lk_event *e, int result) {
	folding *f = u->op_state;
	const lk_plan *plan = f->folder.plan;
	if (result & LK_FOLD_LATE) {
		lk_side_output_late(f->side_output, &(lk_late_row){u->copy->id, u->part, e->off, e->row[plan->window.time_slot].i,
		                                         f->folder.pane, u->at.watermark});
		u->folded.late += e->off >= u->counted;
	}
	if (result & LK_FOLD_MARKED) {
		lk_side_output_marked(f->side_output, e->stream->id, u->copy->version->id, u->part, e->off, f->folder.reason);
		u->folded.marked += e->off >= u->counted;
	}
}

static bool row(lk_unit *u, const lk_event *e, const lk_stream_limits *most) {
	folding *f = u->op_state;
	f->folder.row = e->row;
	f->folder.place.part = u->part;
	f->folder.place.off = e->off;
	int result = lk_fold_event(&f->folder, &f->cells, u->at.watermark);
	if (result != LK_FOLDED)
		record(u, e, result);
	return (int64_t)f->cells.nchanged >= most->commit_cells || lk_cells_growth(&f->cells) > COMMIT_GROWTH
	       || lk_cells_bytes(&f->cells) > most->segment_bytes;
}

static void begin_segment(lk_unit *u) {
	folding *f = u->op_state;
	lk_cells_clear(&f->cells);
	f->segment_from = u->at.cursor;
}

static int commit(lk_path *p, lk_unit *u, lk_error *err) {
	folding *f = u->op_state;
	const lk_write writes[] = {
		{.kind = LK_WRITE_SIDE_OUTPUT, .side_output = f->side_output},
		{.kind = LK_WRITE_CELLS, .segment = {&f->cells, f->segment_from}},
	};
	int rc = lk_path_write(p, u, writes, 2, err);
	if (rc != LK_OK)
		return rc;
	u->folded.cells = (int64_t)f->cells.nchanged;
	bool rewrites = lk_cells_rewrites(&f->cells);
	lk_cells_settle(&f->cells);
	lk_side_output_clear(f->side_output);
	if (rewrites || f->cells.ncells > SEGMENT_CELLS || f->cells.stored_bytes > SEGMENT_STORED
	    || lk_cells_bytes(&f->cells) > p->limits.segment_bytes)
		begin_segment(u);
	return LK_OK;
}

static void cut(lk_unit *u) {
	const folding *f = u->op_state;
	if (f->segment_from < u->at.cursor)
		begin_segment(u);
}

static void restore(lk_unit *u) {
	folding *f = u->op_state;
	lk_side_output_clear(f->side_output);
	if (!LK_MUTANT("keep_map"))
		lk_cells_clear(&f->cells);
	f->segment_from = u->at.cursor;
}

static bool is_for(const lk_plan *p) { return !p->makes; }

const lk_operator lk_fold_cells = {
	.is_for = is_for, .open = make, .close = release, .show = show, .row = row, .commit = commit, .cut = cut, .restore = restore,
};
