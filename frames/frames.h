/* Moving windows: aggregates and values OVER (PARTITION BY … ORDER BY _off …), one row after the other in the order of
 * the log. A row's values depend on the rows of its key before it, and on it: never on what comes later.
 *
 * What is kept of a key are the *series* that its calls read: the last values of an argument, as many as the longest
 * frame reaches back, in a ring (frames/ring.h). Calls over one argument share its series. A frame without a beginning
 * keeps a partial instead. What makes a step cheap (running sums, candidates for a minimum) follows from the rings, so
 * it is not stored: a key that is read again begins with its first step. A step costs O(1) amortised, whatever the
 * frame's length: a value enters each frame once and leaves it once, by the aggregate's inverse, or as a candidate
 * (D. Lemire, "Streaming maximum-minimum filter using no more than three comparisons per element", 2006).
 *
 * A store keeps keys as (field, bytes): one field for each key, with all of a short ring, and one for each 64 values of
 * a longer ring, so that an event rewrites little. Keys that have not changed since may leave the memory and are asked
 * for when they are met again.
 *
 * One thread at a time. */
#ifndef LK_FRAMES_FRAMES_H
#define LK_FRAMES_FRAMES_H

#include "aggregates/aggregate.h"
#include "core/status.h"
#include "expr/expr.h"

#define LK_FRAME_MAX_ROWS 100000           /* that a frame reaches back */
#define LK_FRAME_MAX_BYTES (16 << 20)      /* of the values that a key may need to keep */
#define LK_MAX_OVERS 64                    /* calls of a definition */

enum lk_over_kind { LK_OVER_AGG, LK_OVER_ROW_NUMBER, LK_OVER_LAG, LK_OVER_FIRST_VALUE, LK_OVER_LAST_VALUE, LK_OVER_NTH_VALUE };

/* ROWS: the rows of the key from `from` rows before the current one up to `to` rows before it. RANGE: the rows whose
 * _at is at most `from` microseconds earlier, and not its own, and the current row (EXCLUDE TIES). */
typedef struct lk_frame {
	bool range;
	int64_t from;         /* LK_UNBOUNDED: from the key's first row */
	int64_t to;           /* 0: up to the current row */
} lk_frame;
#define LK_UNBOUNDED (-1)

typedef struct lk_over {
	uint8_t kind;         /* enum lk_over_kind */
	int partition;        /* index into lk_overs.partitions */
	lk_frame frame;       /* lag and row_number look at all of the key */
	lk_agg agg;           /* arg and filter of every kind; all of it for LK_OVER_AGG */
	int64_t n;            /* lag: rows back, 0 …; nth_value: 1 … */
	lk_expr *otherwise;   /* lag's default, of the type of its argument; or NULL */
	lk_type type;         /* of the result */
	int slot;             /* of the row, where a step puts the result */
} lk_over;

typedef struct lk_partition_by {
	lk_expr **keys;       /* types that core/key.h encodes; NULL is a key as others */
	int nkeys;
} lk_partition_by;

/* The calls of one definition. */
typedef struct lk_overs {
	lk_over *calls;
	int ncalls;
	lk_partition_by *partitions;
	int npartitions;
	int at_slot, time_slot;   /* _at, for RANGE; the event time, for first and last */
} lk_overs;

/* Can the frame be kept in bounds? NULL, or what is wrong, with *hint (both static text). */
const char *lk_over_fault(const lk_over *o, const char **hint);
/* The most bytes that the values of a key may take, if frames by time have 1,000 rows; they get as many as fit. A longer one
 * has no value, which is named (lk_frames_step). */
uint64_t lk_overs_longest(const lk_overs *o);

typedef struct lk_frames lk_frames;

/* The calls and their expressions must outlive it. Nothing is known of any key. */
lk_frames *lk_frames_new(const lk_overs *o);
void lk_frames_free(lk_frames *f);
/* Forgets all keys. */
void lk_frames_clear(lk_frames *f);

/* One row: reads its slots, and writes row[call.slot] of every call; texts live in ev->arena. A key that is not in
 * memory is a new one: ask before (lk_frames_want). NULL, or the reason of the first value that could not be computed:
 * it is NULL for all frames that it is in. */
const char *lk_frames_step(lk_frames *f, lk_value *row, lk_eval *ev);

/* --- what a store keeps --- */

/* A field that the store must be asked for, or that has changed. */
typedef struct lk_frames_field {
	const uint8_t *name, *bytes;    /* bytes: NULL for a field that is no longer needed */
	size_t name_len, len;
} lk_frames_field;

/* Notes the keys of a row that are not in memory. */
void lk_frames_want(lk_frames *f, const lk_value *row, lk_eval *ev);
/* The fields of noted keys to be read next (names only), until the next call: ask, answer each, and ask again until
 * there are none. */
int lk_frames_asks(lk_frames *f, const lk_frames_field **fields);
/* The bytes of the i-th of them; NULL: there is no such field. 0, or -1 if they are malformed: clear. */
int lk_frames_answer(lk_frames *f, int i, const void *bytes, size_t len);

/* Calls `take` for each field that has changed since the last call, and counts them as stored. Each is lent until
 * `take` returns. */
void lk_frames_changes(lk_frames *f, void (*take)(void *ctx, const lk_frames_field *field), void *ctx);

/* What the keys in memory take, in bytes, about. */
size_t lk_frames_bytes(const lk_frames *f);
/* Drops stored keys, the longest unused ones first, until the rest takes at most that many bytes. Not between
 * lk_frames_want and the step of its row. */
void lk_frames_trim(lk_frames *f, size_t most_bytes);

#endif
