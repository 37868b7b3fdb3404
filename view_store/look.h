/* A look at several units at once: for each its meta and the cells that a filter asks for, all of one instant, in one
 * round trip for all units (P3). For what is small: a few keys over some windows, or views of few cells.
 *
 * The structs are the caller's, for one thread. */
#ifndef LK_VIEW_STORE_LOOK_H
#define LK_VIEW_STORE_LOOK_H

#include "view_store/store.h"

typedef struct lk_unit_read {
	bool there;
	lk_unit_state state;
	lk_cells *cells;          /* [state.nsegments], one map each: which of them count is known only when the cut is */
	bool *whole;              /* [state.nsegments]: was read, and still existed when all were read */
} lk_unit_read;
void lk_unit_read_release(lk_unit_read *u);

typedef struct lk_look {
	int64_t unit, hint;       /* closed segments below hint are not read */
	lk_unit_read *read;       /* out, if done */
	bool done;                /* out. If not, there is too much to read, or the unit changes too often: read it step by step */
} lk_look;

typedef struct lk_looks {
	lk_look *all;
	int n;
	const lk_plan *plan;
	const lk_cell_filter *filter;
} lk_looks;
/* The caller releases all[i].read, also after a failure. */
int lk_store_look(lk_store *s, const lk_looks *l, lk_error *err);

#endif
