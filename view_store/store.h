/* The view store: what Redis keeps, and the fenced calls that are the only ways to change it (P1, P2 in
 * docs/protocol.md).
 *
 * Keys, all under "lk:<log id>:":
 *   u:<unit>                      hash, the unit's meta: token, cursor, watermark, at, base, open, and one field
 *                                 "s:<from>:<token>" per segment whose value says where it ends and what panes it holds
 *   u:<unit>:<from>:<token>       hash, a segment: field (pane + group key) -> partial
 *   u:<unit>:state                hash, what moving windows keep (view_store/state.h)
 * The open segment is the one that the last commit wrote, until the unit is taken over; only its owner writes it. A
 * commit whose segment_from equals its own cursor closes that segment and opens another one, even if the commit moves
 * nothing (from = to = segment_from).
 *
 * All calls return LK_EUNREACHABLE if the connection is lost or silent for 10 s: the outcome is unknown and every later
 * call fails, so close, open, take over again. LK_EFULL: Redis has no room, nothing was written. LK_EINTERNAL: a bug,
 * or another program has written to these keys. Fenced calls: LK_EFENCED if the unit has another owner or is gone.
 *
 * A connection is the caller's, for one thread at a time, but lk_store_cut_off may be called from any. What a call
 * reads into a unit's state or into cells is the caller's, to be released also after a failure. */
#ifndef LK_VIEW_STORE_STORE_H
#define LK_VIEW_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/budget.h"
#include "core/status.h"
#include "partials/cells.h"

typedef struct lk_store lk_store;   /* one connection; not thread-safe */

/* url: redis://[user:password@]host:port/db or unix:path. Connects within 5 s, checks the version (>= 6) and that
 * maxmemory-policy is noeviction. LK_EUNREACHABLE, LK_EUNSUPPORTED; messages never contain the password. */
int lk_store_open(lk_store **out, const char *url, const char *log_id, lk_error *err);
/* The same in two steps, so that Redis and the caller need not wait for each other. Call nothing else before ready. If
 * start fails there is nothing to close. */
int lk_store_start(lk_store **out, const char *url, lk_error *err);
int lk_store_ready(lk_store *s, lk_error *err);
/* Names the log whose units later calls mean; for a store that was started before the log's id was known. */
void lk_store_set_log(lk_store *s, const char *log_id);
/* From now on gives up calls that have not answered by this monotonic time (LK_EUNREACHABLE, as when a server is lost).
 * 0: the usual limit. */
void lk_store_give_up_at(lk_store *s, int64_t monotonic_us);
void lk_store_close(lk_store *s);

typedef struct lk_position {
	int64_t cursor;       /* next offset to read */
	int64_t watermark;    /* of the prefix below it; LK_NEVER */
	int64_t last_at;      /* _at of event cursor-1; LK_NEVER at cursor 0 or if unknown */
	int64_t run;          /* how many events up to it have this _at (event_log/history.h); 0 if unknown */
} lk_position;

typedef struct lk_segment {
	int64_t from, to;
	uint64_t token;
	int64_t min_pane, max_pane;   /* of its cells */
	int64_t cells;
	/* of their fields and partials; -1: unknown, since a unit of format 1 does not store it */
	int64_t bytes;
	bool open;
} lk_segment;

typedef struct lk_unit_state {
	uint64_t token;
	lk_position at;
	lk_position base;             /* where its segments begin; of a state: what has not changed since may be missing */
	bool has_state;               /* fields of view_store/state.h, in the form that is read today */
	lk_segment *segments;         /* ascending by from */
	int nsegments;
} lk_unit_state;
void lk_unit_state_release(lk_unit_state *u);

/* Takes a unit over: creates it at `start` if it is missing, writes a fresh random fencing token, and returns its state.
 * This closes the former owner's segment. */
int lk_store_take_over(lk_store *s, int64_t unit, const lk_position *start, lk_unit_state *out, lk_error *err);

/* One commit: writes the changed cells of `cells` as absolute values into segment (segment_from, token), and the new
 * position, atomically, and only if the stored token and cursor equal token and from. Never creates a unit. */
typedef struct lk_commit {
	int64_t unit;
	uint64_t token;
	int64_t from;                 /* the cursor that the commit begins with */
	lk_position to;
	int64_t segment_from;
	lk_cells *cells;              /* the changed ones are written; their bytes in Redis are counted */
} lk_commit;
/* send encodes and sends everything; the caller may go on folding while Redis works. One commit may be under way per
 * connection, and the connection does nothing else until wait. wait returns the outcome, also that of a failed send:
 * LK_OK, LK_EFENCED, LK_EFULL (nothing written), LK_EUNREACHABLE (outcome unknown). */
int lk_store_commit_send(lk_store *s, const lk_commit *c, lk_error *err);
int lk_store_commit_wait(lk_store *s, lk_error *err);

/* Fenced, for the owner only. drop: removes the named closed segments (missing ones are ignored) and moves the base up
 * to `base` if given. reset: empties the unit, restarts it at `start`, and gives it a new token: Redis may be set back to
 * the moment before the reset, and the unit may then have come to the same cursor again. */
typedef struct lk_removal {
	int64_t unit;
	uint64_t token;
	const lk_segment *segments;
	int n;
	const lk_position *base;      /* or NULL */
} lk_removal;
int lk_store_drop(lk_store *s, const lk_removal *r, lk_error *err);
int lk_store_reset(lk_store *s, int64_t unit, uint64_t *token, const lk_position *start, lk_error *err);
/* Compaction: replaces closed, adjacent segments by one that holds their merged cells. The new segment is staged piece
 * by piece under a fresh name, however large it is, with about 1 MiB or one cell in memory and in each call. The swap
 * checks the token, that the inputs are unchanged, and that everything staged is still there (else LK_ECONFLICT).
 * LK_EFULL also if Redis has too little room for the staged cells. LK_EBUSY after *stop is set. After any failure the
 * unit is as it was. written: bytes staged, whether or not the swap happened. */
typedef struct lk_compaction {
	int64_t unit;
	uint64_t token;
	const lk_plan *plan;          /* or lk_plan_of_cells */
	const lk_segment *inputs;
	int n;                        /* >= 2 */
	const volatile int *stop;     /* may be NULL */
	int64_t written;              /* out */
} lk_compaction;
int lk_store_compact(lk_store *s, lk_compaction *c, lk_error *err);
/* From another thread: ends the call under way, and all later ones, with LK_EUNREACHABLE. */
void lk_store_cut_off(lk_store *s);
/* The log whose units calls mean. */
const char *lk_store_log(const lk_store *s);
/* Removes units for which `is_live` returns false. It lists Redis first and asks afterwards, so `is_live` must read the
 * current catalogue. */
int lk_store_sweep(lk_store *s, bool (*is_live)(void *ctx, int64_t unit), void *ctx, lk_error *err);

/* --- reading; changes nothing --- */

/* Which cells a reader wants. No keys and no bounds: all. */
typedef struct lk_cell_filter {
	int64_t from_pane, to_pane;           /* [from, to); INT64_MIN, INT64_MAX: no bound */
	const lk_buf *keys;                   /* full encoded group keys, all different; a cell must have one of them */
	int nkeys;
	int64_t pane_us;                      /* length of every pane, or … */
	const struct lk_calendar *calendar;   /* … the calendar, if panes differ in length; else NULL */
	bool (*keeps)(const void *ctx, const uint8_t *field, size_t len);   /* filters further by field; NULL: keeps all */
	const void *ctx;
	lk_budget *budget;                    /* the reader's; may be NULL */
} lk_cell_filter;

/* Reads meta and open segment in one atomic call, and merges the cells of the open segment into `open` (NULL skips
 * them). Returns 1 if the unit does not exist. */
int lk_store_read_unit(lk_store *s, int64_t unit, const lk_cell_filter *f, lk_unit_state *out, lk_cells *open,
                       lk_error *err);
/* Merges the cells of one closed segment into `into`. 1 if it is gone (read the unit again). Uses HMGET if the filter
 * names keys and few panes, else pages of HSCAN. After 1 or a failure of any reading call the map may hold some of the
 * cells: drop it. */
int lk_store_read_segment(lk_store *s, int64_t unit, const lk_segment *seg, const lk_cell_filter *f, lk_cells *into,
                          lk_error *err);
/* The same, always in pages, and calls after_page after each, which may empty the map; if it fails, reading ends. */
typedef struct lk_page_reader {
	const lk_cell_filter *filter;                   /* or NULL */
	lk_cells *into;
	int (*after_page)(void *ctx, lk_error *err);    /* or NULL */
	void *ctx;
} lk_page_reader;
int lk_store_read_pages(lk_store *s, int64_t unit, const lk_segment *seg, const lk_page_reader *r, lk_error *err);

/* What the server as a whole uses, for all its clients. */
typedef struct lk_store_usage {
	int64_t used_bytes, max_bytes;   /* max 0: no limit is set */
} lk_store_usage;
int lk_store_usage_read(lk_store *s, lk_store_usage *out, lk_error *err);

/* Asks a server that keeps an append-only file to write it anew, without what was removed; in the background. A server
 * that refuses, or is at it already, is left alone. */
int lk_store_rewrite(lk_store *s, lk_error *err);

/* Bytes that Redis uses for a unit (MEMORY USAGE of its keys), for status. */
int lk_store_unit_bytes(lk_store *s, int64_t unit, int64_t *bytes, lk_error *err);

#endif
