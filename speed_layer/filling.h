/* What the operators share that fill the log of a derived stream: rows that a commit appends together with the position in
 * the source. */
#ifndef LK_SPEED_LAYER_FILLING_H
#define LK_SPEED_LAYER_FILLING_H

#include "event_log/derived_log.h"
#include "plan/event_rows.h"
#include "speed_layer/unit.h"

typedef struct lk_filling {
	const lk_cat_copy *copy;
	lk_event_rows makes;       /* of an event, what passes WHERE */
	lk_derived_rows *rows;     /* that no commit has written */
	lk_side_output *side_output;
	lk_derived_position at, committed;
	int64_t closed;            /* `_at` of the last event */
	lk_value *values;          /* of a row */
	const char *reason;        /* why the event is marked */
} lk_filling;

void lk_filling_init(lk_filling *f, const lk_cat_copy *copy, int part);
void lk_filling_release(lk_filling *f);
void lk_filling_show(lk_filling *f, const lk_cat_copy *copy);   /* see lk_operator */
/* Forgets what was not committed. */
void lk_filling_restore(lk_filling *f);
static inline const lk_plan *lk_filling_plan(const lk_filling *f) { return f->copy->version->plan; }

/* The event has a value that cannot be computed; the first reason is kept. */
static inline void lk_filling_mark(lk_filling *f, const char *reason) { f->reason = f->reason ? f->reason : reason; }
/* Adds the row of the log that the plan's outputs make of an event's row, whose slots are all set. */
void lk_filling_add(lk_filling *f, const lk_event *e);
/* Adds the rows that the definition makes of the event. */
void lk_filling_rows(lk_filling *f, const lk_event *e);
/* Names the event if it is marked. */
void lk_filling_name(lk_filling *f, lk_unit *u, const lk_event *e);
/* The event is done: names it if it is marked, and moves the position's high behind it. */
void lk_filling_pass(lk_filling *f, lk_unit *u, const lk_event *e);
/* Appends everything, and moves these positions. */
int lk_filling_write(lk_filling *f, lk_path *p, lk_unit *u, const lk_derived_move *moves, int nmoves, lk_error *err);
/* The same in the unit's partition, up to the offset. */
int lk_filling_append(lk_filling *f, lk_path *p, lk_unit *u, int64_t to, lk_error *err);
/* The source, a derived log itself, is at the position and follows a source of its own: the watermark goes on without rows. */
int lk_filling_follow(lk_filling *f, lk_path *p, lk_unit *u, int64_t high, lk_error *err);
/* The position that the log shows. */
int lk_filling_read(const lk_filling *f, lk_path *p, const lk_unit *u, lk_derived_position *out, lk_error *err);

#endif
