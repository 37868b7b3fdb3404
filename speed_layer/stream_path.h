/* The stream path: fetch -> decode -> operator -> commit, for the units of one partition, from their cursors.
 * Live work and replay both call it.
 *
 * A path and its units are one thread's, with sessions of its own; they borrow the copies of a catalogue that must
 * outlive them. */
#ifndef LK_SPEED_LAYER_STREAM_PATH_H
#define LK_SPEED_LAYER_STREAM_PATH_H

#include <stdatomic.h>

#include "event_log/history.h"
#include "event_log/scan.h"
#include "speed_layer/operator.h"
#include "speed_layer/ranges.h"
#include "view_store/store.h"

typedef struct lk_stream_limits {
	int64_t fetch_events;      /* in one fetch: bounds the life of its snapshot; default 500,000 */
	int64_t commit_events;     /* N: default 100,000 */
	int64_t commit_cells;      /* M: 10,000 changed cells */
	int64_t commit_us;         /* T: default 20 ms */
	/* memory bound of a segment, and of a commit: larger ones are closed; default 64 MiB per unit */
	size_t segment_bytes;
} lk_stream_limits;
extern const lk_stream_limits lk_stream_defaults;

/* What is reported of events when their commit is acknowledged. */
typedef struct lk_folded {
	int64_t cells, late, marked;
} lk_folded;

/* One unit as its worker holds it. All state that matters is in Redis; on any doubt this is dropped. */
typedef struct lk_unit {
	int64_t id;
	const lk_cat_copy *copy;
	int part;
	bool locked;               /* the worker's session holds the lock of its id */
	bool taken;                /* token and position are valid */
	uint64_t token;
	lk_position at;            /* position up to which events are folded */
	int64_t committed;         /* cursor in Redis */
	int64_t sent;              /* cursor of the commit under way */
	bool outcome_unknown;      /* of that commit; the next take-over finds out */
	/* the largest cursor ever acknowledged: events below it that are folded again do not count again */
	int64_t counted;
	/* which events of the partition are counted, for all its units; NULL: this unit counts alone */
	lk_ranges *tally;
	lk_folded folded, on_way;  /* since the commit sent last; in that commit */
	const lk_operator *op;
	void *op_state;            /* what op has made of the events since the last commit, and what it needs for the next ones */
	int64_t uncommitted_events;
	int64_t next_in_log_us;    /* of an operator with in_log: it commits before the pass ends if this time has come */
	lk_error error;            /* why it is stuck; code LK_OK if it is not */
	int64_t retry_at_us;
	int64_t full_since_us;     /* since when Redis has had no room for its cells; 0: it has room */
} lk_unit;

void lk_unit_init(lk_unit *u, const lk_cat_copy *copy, int part);
void lk_unit_release(lk_unit *u);
/* Gives the unit its copy as read from a newer catalogue; the older catalogue may be freed afterwards. Nothing else
 * changes, unless the stream was redeclared: then the unit must be taken again. */
void lk_unit_show(lk_unit *u, const lk_cat_copy *copy);
/* Drops what was folded; the unit must be taken again, and may be at once. */
void lk_unit_drop(lk_unit *u);

typedef struct lk_path {
	lk_pg *reader;             /* fetches */
	lk_pg *writer;             /* side output, catalogue */
	lk_store *store;
	struct lk_compactor *compactor;   /* where sweeps post compactions (speed_layer/compactor.h); NULL: no compaction */
	lk_stream_limits limits;
	const volatile int *stop;  /* may be NULL */
	bool gated;                /* a pass stops before the first event whose time (see gate_by) is later than gate */
	int64_t gate;
	enum lk_range_by gate_by;
	int64_t at_gate;           /* set by a pass: the time of the event that waits; LK_NEVER: none waits */
	/* raised by passes: the largest time that passed the gate; the caller sets LK_NEVER at first */
	int64_t gate_high;
	const lk_frontier *ends;   /* where units that read all partitions end; NULL: at the log's end, or not known yet */
	lk_unit *pending;          /* the unit whose commit is under way; NULL between passes */
	struct { int64_t events, commits, cells, late, marked; } done;   /* acknowledged, each event once; never reset here */
	atomic_llong *counter;     /* copy of done.events that other threads read; may be NULL */
	/* a sweep posts no compaction where a unit has at most so many segments; 0: LK_SEGMENTS_MANY (speed_layer/tiers.h) */
	int segments_kept;
	atomic_llong *behind;      /* lowered by acknowledged events, for other threads; may be NULL */
} lk_path;

/* Takes the unit over: asks the catalogue where a missing unit begins, takes the token, checks the state against the
 * log (P6: cursor <= tail, _at of event cursor-1), resets the unit if they do not fit, and skips ahead if that is
 * allowed. A stuck unit may be taken again at or after retry_at_us. */
int lk_unit_take(lk_path *p, lk_unit *u, lk_error *err);
/* Marks the unit as stuck: drops what was folded, keeps `why`, and sets the time of the next attempt by the error's
 * code. */
void lk_unit_fail(lk_unit *u, const lk_error *why);

/* One pass over units of one partition: a shared fetch for those at the lowest cursor, up to `end_off` (INT64_MAX: the
 * log's end) or the fetch limit. A unit that fails (fenced, full) keeps its error and the others go on. *folded: events
 * read. Fails only with LK_EUNREACHABLE, when PostgreSQL's reader session is lost. */
int lk_path_pass(lk_path *p, lk_unit **units, int nunits, int64_t end_off, int64_t *folded, lk_error *err);

/* The owner's housekeeping, a repeated sweep: drops segments below the published cut and posts compactions of others.
 * Call it between passes. A unit that turns out to be lost is no longer `taken` afterwards. */
int lk_unit_sweep(lk_path *p, lk_unit *u, lk_error *err);

#endif
