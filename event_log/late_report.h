/* What the stream path of a copy has refused as late, for people: the newest late events, and how late all of them
 * were.
 *
 * A report is the caller's; what it points to lives in its arena. Any thread, with a session of its own. */
#ifndef LK_EVENT_LOG_LATE_REPORT_H
#define LK_EVENT_LOG_LATE_REPORT_H

#include "catalog/catalog.h"
#include "core/value.h"

typedef struct lk_late_event {
	int part;
	int64_t off, at, event_time;   /* event_time: the time of the view's windows */
	int64_t watermark;             /* of the partition, before the event */
	int64_t late_by_us;            /* how long ago, by that watermark, its pane became final (lk_late_from) */
	bool healed;                   /* a batch has counted it since */
	lk_value *values;              /* of the requested columns */
} lk_late_event;

/* Late by [from_us, to_us). */
typedef struct lk_late_bucket {
	int64_t from_us, to_us;        /* the last one: INT64_MAX */
	int64_t events, healed;
} lk_late_bucket;

enum { LK_LATE_BUCKETS = 12 };

typedef struct lk_late_report {
	int64_t events, healed;        /* all of them, including those that are no longer kept */
	int64_t removed;               /* no longer kept one by one: in no bucket, and none of the newest */
	int64_t least_us, most_us;     /* late by, of those that are kept; 0 if there are none */
	lk_late_bucket buckets[LK_LATE_BUCKETS];
	lk_late_event *newest;         /* by the time at which the log took them */
	int nnewest;
	lk_arena arena;
} lk_late_report;

typedef struct lk_late_wanted {
	const lk_cat_copy *copy;
	int limit;                     /* of the newest events, … */
	const int *columns;            /* … with the stream's columns of these indexes */
	int ncolumns;
} lk_late_wanted;
/* From one snapshot. A view that has no late events (no lateness bound, or no windows) gives an empty report. Release in
 * either case. */
int lk_late_report_read(lk_pg *pg, const lk_late_wanted *w, lk_late_report *out, lk_error *err);
void lk_late_report_release(lk_late_report *r);

#endif
