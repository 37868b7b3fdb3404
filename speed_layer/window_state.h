/* Where the operator of moving windows keeps its keys: in memory those that were used last, in Redis what has changed since the
 * state was sealed, in PostgreSQL the rest (P18, P21).
 *
 * What is not in memory is read with token and cursor in one atomic call; what is not in Redis either has not changed since
 * the unit's base, and is read from the sealed state as it was before the cursor. */
#ifndef LK_SPEED_LAYER_WINDOW_STATE_H
#define LK_SPEED_LAYER_WINDOW_STATE_H

#include "event_log/derived_log.h"
#include "frames/frames.h"
#include "speed_layer/unit.h"
#include "view_store/state.h"

typedef struct lk_window_state {
	const lk_cat_copy *copy;
	lk_frames *frames;
	int64_t stored;             /* the cursor of the state in Redis */
	int64_t base;               /* what has not changed since may be missing there; 0: nothing is */
	char page[24];              /* of Redis' hash, which is looked at next for what may go; "": none */
	lk_state_field *fields;     /* of a call */
	int nfields, room;
	lk_arena bytes;             /* of the fields */
	int *missing, nmissing;     /* in Redis, of the fields of a call */
} lk_window_state;

void lk_window_state_init(lk_window_state *w, const lk_cat_copy *copy);
void lk_window_state_release(lk_window_state *w);
void lk_window_state_show(lk_window_state *w, const lk_cat_copy *copy);   /* see lk_operator */

/* Reads what was asked for with lk_frames_want. */
int lk_window_state_read(lk_window_state *w, lk_path *p, lk_unit *u, lk_error *err);
/* Writes what has changed, and the new position. */
int lk_window_state_write(lk_window_state *w, lk_path *p, lk_unit *u, const lk_position *at, lk_error *err);
/* What a take-over finds. */
typedef struct lk_window_taken {
	uint64_t token;
	lk_position start;          /* where the state is */
	lk_derived_position made;   /* to where the log's rows are made; it is read after the token was written */
} lk_window_taken;
/* Takes the unit over. What does not fit the log, or is behind the sealed state, is dropped, and begins again at the sealed
 * state. */
int lk_window_state_take(lk_window_state *w, lk_path *p, const lk_unit *u, lk_window_taken *out, lk_error *err);
/* Housekeeping: what has not changed since the state was sealed goes from Redis, some at a time. */
int lk_window_state_sweep(lk_window_state *w, lk_path *p, const lk_unit *u, lk_error *err);

#endif
