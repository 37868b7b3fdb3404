/* The view store: what Redis keeps, and the fenced calls that are the only ways to change it (P1, P2 in docs/protocol.md).
 *
 * Keys, all under "lk:<log id>:":
 *   u:<unit>                      hash, the unit's meta: token, cursor, watermark, at, base, open, and one field
 *                                 "s:<from>:<token>" per segment whose value says where it ends and what panes it holds
 *   u:<unit>:<from>:<token>       hash, a segment: field (pane + group key) -> partial
 * The open segment is the one that the last commit wrote, until the unit is taken over; only its owner writes it. A
 * commit to a segment_from at its own cursor closes it and opens another one, also a commit that moves nothing (from =
 * to = segment_from).
 *
 * All calls: LK_EUNREACHABLE when the connection is lost or answers nothing for 10 s: the outcome is unknown and every
 * later call fails, so close, open, take over again. LK_EFULL: Redis has no room, nothing was written. LK_EINTERNAL: a
 * bug or a foreign hand. Fenced calls: LK_EFENCED when the unit has another owner or is gone. */
#ifndef LK_VIEW_STORE_STORE_H
#define LK_VIEW_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/budget.h"
#include "core/cells.h"
#include "core/status.h"

typedef struct lk_store lk_store;   /* one connection; not thread-safe */

/* url: redis://[user:password@]host:port/db or unix:path. Connects within 5 s, checks the version (>= 6) and
 * maxmemory-policy noeviction. LK_EUNREACHABLE, LK_EUNSUPPORTED; no password in messages. */
int lk_store_open(lk_store **out, const char *url, const char *log_id, lk_error *err);
/* The same in two steps, so that Redis and the caller need not wait for each other: nothing else is called before
 * ready. After a failure of start there is nothing to close. */
int lk_store_start(lk_store **out, const char *url, lk_error *err);
int lk_store_ready(lk_store *s, lk_error *err);
/* Names the log whose units are meant from now on; for a store that was started before its id was known. */
void lk_store_set_log(lk_store *s, const char *log_id);
/* Until it is called again: what has not answered by that instant of the monotonic clock is given up (LK_EUNREACHABLE, as when
 * a server is lost). 0: the usual limit. */
void lk_store_give_up_at(lk_store *s, int64_t monotonic_us);
void lk_store_close(lk_store *s);

typedef struct lk_position {
	int64_t cursor;       /* next offset to read */
	int64_t watermark;    /* of the prefix below it; LK_NEVER */
	int64_t last_at;      /* _at of event cursor-1; LK_NEVER at 0 or where it is not known */
} lk_position;

typedef struct lk_segment {
	int64_t from, to;
	uint64_t token;
	int64_t min_pane, max_pane;   /* of its cells */
	int64_t cells;
	int64_t bytes;                /* of their fields and partials; -1: a unit of format 1 does not tell */
	bool open;
} lk_segment;

typedef struct lk_unit_state {
	uint64_t token;
	lk_position at;
	lk_position base;             /* where the segments begin */
	lk_segment *segments;         /* ascending by from */
	int nsegments;
} lk_unit_state;
void lk_unit_state_release(lk_unit_state *u);

/* Takes a unit over: makes it at `start` if it is not there, writes a fresh random owner token, and gives its state.
 * The former owner's segment is closed by this. */
int lk_store_take_over(lk_store *s, int64_t unit, const lk_position *start, lk_unit_state *out, lk_error *err);

/* One commit: the changed cells of `cells` as absolute values into segment (segment_from, token), the new position,
 * atomically, only if stored token and cursor are token and from. Never creates a unit. */
typedef struct lk_commit {
	int64_t unit;
	uint64_t token;
	int64_t from;                 /* the cursor it began with */
	lk_position to;
	int64_t segment_from;
	lk_cells *cells;              /* changed ones are written, and what they take in Redis is counted */
} lk_commit;
/* send encodes and sends all; the caller may fold on while Redis works. One commit may be under way per connection,
 * which does nothing else until wait. wait gives the outcome, also that of a failed send: LK_OK, LK_EFENCED, LK_EFULL
 * (nothing written), LK_EUNREACHABLE (outcome unknown). */
int lk_store_commit_send(lk_store *s, const lk_commit *c, lk_error *err);
int lk_store_commit_wait(lk_store *s, lk_error *err);

/* Fenced, for the owner only. drop: removes closed segments (those named, which must exist or are ignored) and moves
 * the base up to `base` if given. reset: empties the unit and begins again at `start`, same token. */
int lk_store_drop(lk_store *s, int64_t unit, uint64_t token, const lk_segment *segments, int n,
                  const lk_position *base, lk_error *err);
int lk_store_reset(lk_store *s, int64_t unit, uint64_t token, const lk_position *start, lk_error *err);
/* Compaction: replaces closed, adjacent segments by one that holds their merged cells. It is staged piece by piece under
 * a fresh name, however large it is, with about a mebibyte or one cell in memory and in each call; the swap checks the
 * token, that the inputs are still there exactly so, and that all that was staged is (else LK_ECONFLICT). LK_EFULL also
 * where Redis has too little room for what is to be staged. LK_EBUSY once *stop is set. After any failure the unit is
 * as it was; written: bytes that were staged, whatever came of them. */
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
/* From another thread: ends whatever call is under way, and all later ones, with LK_EUNREACHABLE. */
void lk_store_cut_off(lk_store *s);
/* The log whose units are meant. */
const char *lk_store_log(const lk_store *s);
/* Removes units whose ids are not in `live` (a sweep: lists Redis first; the caller then reads the catalogue through
 * `is_live`). */
int lk_store_sweep(lk_store *s, bool (*is_live)(void *ctx, int64_t unit), void *ctx, lk_error *err);

/* --- reading; changes nothing --- */

/* Which cells a reader wants. Both NULL/0: all. */
typedef struct lk_cell_filter {
	int64_t from_pane, to_pane;           /* [from, to); INT64_MIN, INT64_MAX: no bound */
	const lk_buf *keys;                   /* full encoded group keys, no two of them equal; a cell must have one of them */
	int nkeys;
	int64_t pane_us;                      /* of every pane, or … */
	const struct lk_calendar *calendar;   /* … where they start, of panes that differ in length; else NULL */
	bool (*keeps)(const void *ctx, const uint8_t *field, size_t len);   /* of those; NULL: all. Others are not kept */
	const void *ctx;
	lk_budget *budget;                    /* of whoever reads; may be NULL */
} lk_cell_filter;

/* Meta and open segment in one atomic call: cells of the open segment are merged into `open` (may be NULL to skip
 * them). Returns 1 where the unit is not there. */
int lk_store_read_unit(lk_store *s, int64_t unit, const lk_cell_filter *f, lk_unit_state *out, lk_cells *open,
                       lk_error *err);
/* Merges the cells of one closed segment into `into`. 1 if it is gone (read the unit again). Uses HMGET where the
 * filter names keys and few panes, pages of HSCAN else. After 1 or a failure of any reading call the map may hold some
 * of the cells: drop it. */
int lk_store_read_segment(lk_store *s, int64_t unit, const lk_segment *seg, const lk_cell_filter *f, lk_cells *into,
                          lk_error *err);
/* The same, always in pages, with a call after each, which may empty the map; its failure ends the reading. */
typedef struct lk_page_reader {
	const lk_cell_filter *filter;                   /* or NULL */
	lk_cells *into;
	int (*after_page)(void *ctx, lk_error *err);    /* or NULL */
	void *ctx;
} lk_page_reader;
int lk_store_read_pages(lk_store *s, int64_t unit, const lk_segment *seg, const lk_page_reader *r, lk_error *err);

/* What the server as a whole uses, whoever asks it to. */
typedef struct lk_store_usage {
	double cpu_s;                 /* since it started, with its children's */
	int64_t used_bytes, max_bytes;   /* max 0: no limit is set */
} lk_store_usage;
int lk_store_usage_read(lk_store *s, lk_store_usage *out, lk_error *err);

/* Bytes Redis uses for a unit (MEMORY USAGE of its keys), for status. */
int lk_store_unit_bytes(lk_store *s, int64_t unit, int64_t *bytes, lk_error *err);

#endif
