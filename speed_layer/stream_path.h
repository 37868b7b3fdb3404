/* The stream path: fetch -> decode -> evaluate -> fold -> commit, for the units of one partition, from their cursors.
 * Live and replay both call it. */
#ifndef LK_SPEED_LAYER_STREAM_PATH_H
#define LK_SPEED_LAYER_STREAM_PATH_H

#include <stdatomic.h>

#include "core/fold.h"
#include "event_log/ledger.h"
#include "event_log/scan.h"
#include "speed_layer/ranges.h"
#include "view_store/store.h"

typedef struct lk_stream_limits {
	int64_t fetch_events;      /* of one fetch: bounds its snapshot; default 500,000 */
	int64_t commit_events;     /* N: default 100,000 */
	int64_t commit_cells;      /* M: 10,000 changed cells */
	int64_t commit_us;         /* T: default 20 ms */
	size_t segment_bytes;      /* memory bound, of a commit too: a segment whose cells take more is closed; default 64 MiB a unit */
} lk_stream_limits;
extern const lk_stream_limits lk_stream_defaults;

/* What is reported of events once their commit is acknowledged. */
typedef struct lk_folded {
	int64_t cells, late, marked;
} lk_folded;

/* One unit as its worker holds it. All state that matters is in Redis; this is dropped on any doubt. */
typedef struct lk_unit {
	int64_t id;
	const lk_cat_copy *copy;
	int part;
	bool locked;               /* the worker's session holds the lock of its id */
	bool taken;                /* token and position are valid */
	uint64_t token;
	lk_position at;            /* folded up to here */
	int64_t committed;         /* cursor in Redis */
	int64_t sent;              /* cursor of the commit under way */
	bool outcome_unknown;      /* of that commit: the next take-over finds out */
	int64_t counted;           /* the largest cursor that was ever acknowledged: what is folded again below it is not counted again */
	lk_ranges *tally;          /* which events of its partition are counted, for all its units; NULL: only this one counts */
	lk_folded folded, on_way;  /* since the commit that was sent last; in that commit */
	int64_t segment_from;
	lk_cells cells;            /* of the open segment */
	lk_folder folder;
	lk_ledger *ledger;
	int64_t uncommitted_events;
	lk_error error;            /* why it stands still; code LK_OK while it does not */
	int64_t retry_at_us;
	int64_t full_since_us;     /* Redis has had no room for its cells since then; 0: it has */
} lk_unit;

void lk_unit_init(lk_unit *u, const lk_cat_copy *copy, int part);
void lk_unit_release(lk_unit *u);
/* Shows the unit its copy as another catalogue has it; the former one may go then. Nothing else changes, unless the
 * stream was declared anew: then the unit is to be taken again. */
void lk_unit_show(lk_unit *u, const lk_cat_copy *copy);
/* Drops the map; the unit is to be taken again, at once. */
void lk_unit_drop(lk_unit *u);

typedef struct lk_path {
	lk_pg *reader;             /* fetches */
	lk_pg *writer;             /* ledger, catalogue */
	lk_store *store;
	struct lk_compactor *compactor;   /* what sweeps post compactions to (speed_layer/compactor.h); NULL: none are made */
	lk_stream_limits limits;
	const volatile int *stop;  /* may be NULL */
	bool gated;                /* a pass stops before the first event whose time, by gate_by, is later than gate */
	int64_t gate;
	enum lk_range_by gate_by;
	int64_t at_gate;           /* set by a pass: the time of the event that waits; LK_NEVER: none does */
	int64_t gate_high;         /* raised by passes: the largest time that went through the gate; the caller begins with LK_NEVER */
	lk_unit *pending;          /* whose commit is under way; NULL between passes */
	struct { int64_t events, commits, cells, late, marked; } done;   /* acknowledged, each event once; never reset here */
	atomic_llong *counter;     /* done.events, for other threads to see; NULL: not */
	atomic_llong *behind;      /* lowered by what is acknowledged, for them too; NULL: not */
} lk_path;

/* Takes over (a unit that stood still may be taken again, at or after retry_at_us): asks the catalogue where a
 * missing unit begins, takes the token, checks the state against the log (P6: cursor <= tail, _at of event cursor-1)
 * and resets the unit where they do not fit, skips ahead where that is allowed. */
int lk_unit_take(lk_path *p, lk_unit *u, lk_error *err);
/* The unit stands still: its map is dropped, `why` is kept, and when to try again follows from the code. */
void lk_unit_fail(lk_unit *u, const lk_error *why);

/* One pass over units of one partition: a shared fetch for those at the lowest cursor, up to `end_off` (INT64_MAX:
 * the log's end) or the fetch limit. A unit's own failure (fenced, full) stays with it. *folded: events read. Returns
 * LK_EUNREACHABLE only for PostgreSQL's reader. */
int lk_path_pass(lk_path *p, lk_unit **units, int nunits, int64_t end_off, int64_t *folded, lk_error *err);

/* The owner's housekeeping: drops segments below the published cut, has others compacted, as a repeated sweep; call it
 * between passes. A unit that turns out to be lost is no longer `taken` afterwards. */
int lk_unit_sweep(lk_path *p, lk_unit *u, lk_error *err);

#endif
