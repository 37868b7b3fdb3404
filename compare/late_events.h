/* The events that a copy's answer does not count because they were late, read from the log by their positions in
 * lk.late; and the events that it counts. Private to compare/. */
#ifndef LK_COMPARE_LATE_EVENTS_H
#define LK_COMPARE_LATE_EVENTS_H

#include "catalog/cut.h"
#include "event_log/scan.h"
#include "partials/fold.h"

typedef struct lk_late_reader {
	const lk_plan *plan;
	lk_copy_reader rows;
	lk_type *types;
	lk_value *values;
} lk_late_reader;

/* The late events between the copy's currently published cut and `until`, in the order of _at, partition, offset. Close
 * it in either case. */
int lk_late_open(lk_late_reader *r, lk_pg *pg, const lk_cat_copy *copy, const lk_cut *until, lk_error *err);
/* The counted events below `until` whose window time is before `before`, in no particular order. */
int lk_counted_open(lk_late_reader *r, lk_pg *pg, const lk_cat_copy *copy, const lk_cut *until, int64_t before, lk_error *err);
/* Puts the next event into the folder (of the copy's plan): its row and its place; texts are borrowed until the next
 * call. 0; 1 at the end. */
int lk_late_next(lk_late_reader *r, lk_folder *f, lk_error *err);
void lk_late_close(lk_late_reader *r);

#endif
