/* What is declared, how far each copy has come, and what it costs: `lk status`, and the same for programs.
 *
 * A report is its reader's, of one thread. */
#ifndef LK_STATUS_STATUS_H
#define LK_STATUS_STATUS_H

#include "catalog/copies.h"
#include "catalog/current.h"
#include "catalog/overview.h"
#include "core/sink.h"
#include "delivery/named.h"
#include "print/text.h"
#include "view_store/store.h"

typedef struct lk_part_status {
	bool taken;             /* the unit is in Redis */
	int64_t cut, cursor, watermark, bytes;
	int64_t tail;           /* the log's end; for a sandbox, its own end */
	int64_t last_at;        /* when the last event was appended */
	bool idle;              /* lk_is_idle */
	int segments;
} lk_part_status;

typedef struct lk_copy_status {
	const lk_cat_copy *copy;
	bool served, former;
	int partitions;
	lk_part_status part[LK_MAX_PARTITIONS];
	int64_t cut, watermark, bytes;   /* sums; the smallest watermark */
	int64_t covered, tail;           /* events that its answer covers now, and would cover without lag */
	bool beyond;                     /* a unit's state is beyond the log's end: no answer until it is repaired */
	lk_copy_overview counts;
	lk_replay_row replay;
	int64_t streamed;                /* sum of the cursors, like lk_replay_row.started_off */
	char digest[33];                 /* "": not requested, or not available */
	lk_frontier digest_end;  /* the end of the log prefix that the digest covers */
} lk_copy_status;

typedef struct lk_stream_status {
	const lk_cat_stream *stream;
	int64_t events, last_at, high;
	lk_stream_overview counts;
} lk_stream_status;

/* A derived stream: how far its source was read. */
typedef struct lk_derived_status {
	const lk_cat_copy *copy;
	int64_t read, tail;              /* events of the source that became rows, or were left out; all of them */
} lk_derived_status;

typedef struct lk_delivery_status {
	const lk_delivery *delivery;
	int64_t behind;         /* rows of the log that it has not passed; -1: its log is another one now */
} lk_delivery_status;

typedef struct lk_status_report {
	lk_pg *pg;
	lk_store *store;
	lk_catalog *catalog;    /* lent, like the two sessions */
	const char *view;       /* NULL: all */
	bool digest;
	void (*tell)(const lk_error *why);   /* that a copy has no digest; may be NULL */
	lk_current *current;    /* shared by the answers whose digests are shown; NULL without */
	lk_stream_status *streams;
	int nstreams;
	lk_copy_status *copies;
	int ncopies;
	lk_derived_status *derived;
	int nderived;
	lk_delivery *deliveries;
	lk_delivery_status *delivered;
	int ndeliveries;
} lk_status_report;

/* All above `current` is set. The caller releases *s in any case. */
int lk_status_read(lk_status_report *s, lk_error *err);
void lk_status_release(lk_status_report *s);
/* For people; and one JSON object. Into any sink. */
void lk_status_tables(const lk_status_report *s, const lk_screen *screen, lk_sink *out);
void lk_status_json(const lk_status_report *s, lk_sink *out);

/* Events missing from an answer of this copy; means nothing if it is `beyond`. */
int64_t lk_status_lag(const lk_copy_status *c);

/* A replay, or a change of mode, that has not ended, or whose copy differs from the served one. */
typedef struct lk_status_replay {
	int64_t done, total;
	double rate, eta_s;     /* events/s since its last start; < 0: unknown, or not running */
} lk_status_replay;
bool lk_status_replaying(const lk_copy_status *c);
void lk_status_progress(const lk_copy_status *c, lk_status_replay *out);

#endif
