/* Evaluate and fold: one event into the cells of one plan. The only place where an event becomes part of a partial;
 * the stream path, replay and the batch layer's C fold all call it.
 *
 * A folder is the caller's, for one thread; it borrows the plan and the texts of its row. */
#ifndef LK_PARTIALS_FOLD_H
#define LK_PARTIALS_FOLD_H

#include "partials/cells.h"
#include "plan/event_rows.h"

enum lk_fold_result {
	LK_FOLDED = 0,
	LK_FOLD_LATE = 1,      /* not folded: the caller records it in lk.late */
	LK_FOLD_MARKED = 2,    /* bit: a clause was marked; the event counts with that NULL, the caller records it (R1) */
};

typedef struct lk_folder {
	const lk_plan *plan;
	lk_event_rows rows;
	lk_buf field;
	lk_value *row;           /* nslots values: the caller fills columns and _at */
	const char *reason;      /* of the last LK_FOLD_MARKED, static text */
	int64_t pane;            /* start of the last event's pane */
	lk_place place;          /* of the event; the caller sets part and off */
} lk_folder;

void lk_folder_init(lk_folder *f, const lk_plan *p);
void lk_folder_release(lk_folder *f);
/* The same definition, parsed again: from now on borrows this plan, and no longer the former one. */
void lk_folder_show(lk_folder *f, const lk_plan *p);

/* Folds folder->row into cells. `watermark` is the one before this event; LK_NEVER: no lateness check (the batch
 * layer). Returns LK_FOLDED or LK_FOLD_LATE, possibly | LK_FOLD_MARKED. An event that WHERE rejects is LK_FOLDED even
 * if it is late: lk.late holds only what an answer lacks. Clauses are evaluated for late events too, so both modes mark
 * alike. */
int lk_fold_event(lk_folder *f, lk_cells *cells, int64_t watermark);

#endif
