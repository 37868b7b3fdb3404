/* The rows that a definition makes of one event: LATERAL, then WHERE. One definition for whatever evaluates a plan over
 * events: the fold of views, and streams that are made of others.
 *
 *   lk_event_rows_begin(&rows, row);
 *   while (lk_event_rows_next(&rows, row))
 *       … evaluate expressions over row with &rows.eval; rows.number tells the event's rows apart …
 *
 * Items of FROM nest: the last one runs fastest. What of WHERE reads no lateral column is asked once, before rows are
 * made, so that an event that it rejects is marked for none of them.
 *
 * For one thread. Texts of lateral columns, and those that are made with `eval`, live until the next call. */
#ifndef LK_PLAN_EVENT_ROWS_H
#define LK_PLAN_EVENT_ROWS_H

#include "plan/plan.h"

typedef struct lk_event_rows {
	const lk_plan *plan;
	lk_eval eval;
	const char *reason;          /* the first mark of LATERAL and WHERE for this event, static text (R1); NULL: none */
	int32_t number;              /* of the row in the event, from 0, of all that LATERAL makes */
	/* private */
	const lk_expr *where_event, *where_row;
	struct lk_lateral_level *levels;
	int nopen;                   /* levels that have begun; -1: there is no further row */
	bool counts;                 /* an event may make more than LK_EVENT_ROWS */
	lk_arena row, own;
} lk_event_rows;

void lk_event_rows_init(lk_event_rows *r, const lk_plan *p);
void lk_event_rows_release(lk_event_rows *r);

/* row: nslots values, of which the caller has set the columns and _at. */
void lk_event_rows_begin(lk_event_rows *r, lk_value *row);
/* Sets the lateral slots of `row` to those of the next row that passes WHERE; false if there is none. */
bool lk_event_rows_next(lk_event_rows *r, lk_value *row);

/* A copy of an event's row that lives in the arena: its columns and _at; the other slots are NULL. */
lk_value *lk_event_keep(const lk_plan *p, const lk_value *row, lk_arena *arena);

#endif
