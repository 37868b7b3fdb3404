/* For people: what could not become an event of a stream, and the events for which a view's clause had no value.
 *
 * A report is the caller's; what it points to lives in its arena. Any thread, with a session of its own. */
#ifndef LK_EVENT_LOG_REJECTED_REPORT_H
#define LK_EVENT_LOG_REJECTED_REPORT_H

#include "catalog/catalog.h"
#include "core/buf.h"

/* One row of lk.rejected: a record of a source, or (view is set) a marked event of the log. */
typedef struct lk_rejected {
	int64_t at;              /* when it was noted */
	const char *source;      /* NULL for a marked event */
	int64_t position;
	const char *view;        /* NULL for a record */
	int version, part;
	int64_t off;
	const char *reason;
	const char *content;     /* of a record, cut at 1,000 bytes; else NULL */
} lk_rejected;

/* All rows with one reason; each version of a view is counted apart. */
typedef struct lk_rejected_reason {
	const char *reason, *view;
	int version;
	int64_t rows, first_at, last_at;
} lk_rejected_reason;

typedef struct lk_rejected_report {
	int64_t records, marked;         /* all of them, also records that housekeeping has removed */
	int64_t removed;                 /* those of `records` that are not kept any more; 0 where sources are chosen */
	lk_rejected_reason *reasons;     /* the most common ones first */
	int nreasons;
	lk_rejected *first;              /* records before marked events; the last source read first, then in order */
	int nfirst;
	lk_arena arena;
} lk_rejected_report;

/* At most `limit` rows, but all reasons, from one snapshot. source: only records of sources whose name contains this;
 * NULL: all. Release in either case. */
int lk_rejected_report_read(lk_pg *pg, const lk_cat_stream *s, const char *source, int limit, lk_rejected_report *out, lk_error *err);
void lk_rejected_report_release(lk_rejected_report *r);

#endif
