/* The operator of derived streams: makes rows of events, and commits append them to the stream's log together with the
 * position in the source.
 *
 * It keeps no state: what a commit did not write is dropped after any failure, and made anew from the position that the
 * log shows. A row hangs on its event alone, so whoever makes it, in whatever steps, makes the same log. */
#include <stdlib.h>

#include "plan/watermark.h"
#include "speed_layer/filling.h"

#define COMMIT_BYTES (8 << 20)   /* of rows */

static void *make(const lk_cat_copy *copy, int part) {
	lk_filling *f = lk_calloc(1, sizeof *f);
	lk_filling_init(f, copy, part);
	return f;
}

static void release(void *state) {
	lk_filling_release(state);
	free(state);
}

static void show(void *state, const lk_cat_copy *copy) { lk_filling_show(state, copy); }

static bool row(lk_unit *u, const lk_event *e, const lk_stream_limits *most) {
	lk_filling *f = u->op_state;
	(void)most;
	f->at.high = lk_later(f->at.high, e->high);
	lk_filling_rows(f, e);
	lk_filling_pass(f, u, e);
	return lk_derived_rows_bytes(f->rows) > COMMIT_BYTES;
}

static int commit(lk_path *p, lk_unit *u, lk_error *err) { return lk_filling_append(u->op_state, p, u, u->at.cursor, err); }

static void cut(lk_unit *u) { (void)u; }   /* rows are not kept apart: offsets of the log keep them apart */

static void restore(lk_unit *u) { lk_filling_restore(u->op_state); }

static int read_position(lk_path *p, lk_unit *u, int64_t *cursor, lk_error *err) {
	lk_filling *f = u->op_state;
	int rc = lk_filling_read(f, p, u, &f->committed, err);
	f->at = f->committed;
	*cursor = f->committed.off;
	return rc;
}

static int follow(lk_path *p, lk_unit *u, int64_t high, lk_error *err) { return lk_filling_follow(u->op_state, p, u, high, err); }

static const lk_in_log in_log = {.read = read_position, .follow = follow};

static bool is_for(const lk_plan *p) { return p->makes && !lk_plan_keeps_state(p) && !p->makes->merged; }

const lk_operator lk_fill_log = {
	.is_for = is_for, .in_log = &in_log, .open = make, .close = release, .show = show, .row = row, .commit = commit, .cut = cut, .restore = restore,
};
