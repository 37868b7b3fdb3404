/* Streams and view plans: what a definition means, with all names and types resolved. Immutable once made, and
 * shared by all threads. Made by sql/sql.h only. */
#ifndef LK_PLAN_PLAN_H
#define LK_PLAN_PLAN_H

#include "aggregates/aggregate.h"
#include "core/schema.h"
#include "core/status.h"
#include "core/value.h"
#include "expr/row_function.h"
#include "frames/frames.h"
#include "windows/window.h"

#define LK_MAX_PARTITIONS 64
#define LK_MAX_KEYS 64
#define LK_MAX_AGGS 128
#define LK_MAX_LATERALS 8
#define LK_EVENT_ROWS 1000000   /* that an event may make: one that would make more makes none, and is marked */
#define LK_MAX_BATCH_COLUMNS (1 + LK_MAX_KEYS + LK_MAX_AGGS * LK_MAX_PARTIALS)   /* pane, keys, partials */

typedef struct lk_stream {
	char *name;
	const char *log;             /* its tables are lk.log_<log> and lk.part_<log>_<n>; NULL: they are called like the stream */
	lk_schema schema;
	int partition_by;            /* column index; of a derived stream -1 if it has no such column */
	int partitions;              /* 1 … LK_MAX_PARTITIONS */
	int64_t watermark_delay_us;  /* WITH (watermark = '10 seconds'); default 0 */
	int64_t max_ahead_us;        /* WITH (max_ahead = '1 day'): how far event time may run ahead of _at before it is not believed (P9) */
	int64_t idle_timeout_us;     /* WITH (idle_timeout = '1 minute'): a partition without events for this long does not hold
	                              * back what answers call final, provisionally; 0: never. It decides no row, no late event
	                              * and no seal */
	bool derived;                /* a definition fills its log, and ingest does not. The log also has columns _src, the offset of
	                              * the event that a row comes from, and _high, its source's high before that event */
	bool merged;                 /* derived of all partitions of its source in one order, and divided by another column: its log also
	                              * has _src_part, the partition of _src */
	bool least_high;             /* of such a log, or made of one: _high is the least of those partitions', and no row's own event time
	                              * moves the log's watermark */
	char *text;                  /* the statement as written, NUL-ended, for the catalogue */
} lk_stream;

/* What its tables are called. */
static inline const char *lk_stream_log(const lk_stream *s) { return s->log ? s->log : s->name; }

/* A row of values, by slot: 0 … ncolumns-1 the stream's columns, then _at, then the lateral columns. */
static inline int lk_slot_at(const lk_stream *s) { return s->schema.ncolumns; }
static inline int lk_slot_lateral(const lk_stream *s) { return s->schema.ncolumns + 1; }

enum lk_output_kind { LK_OUT_KEY, LK_OUT_AGG, LK_OUT_EXPR };

typedef struct lk_output {
	char *name;
	uint8_t kind;
	int index;          /* into keys or aggs */
	lk_type type;
	lk_expr *expr;      /* LK_OUT_EXPR: over a row of the keys and then the final values of aggs; of a derived stream over
	                     * the event's row */
} lk_output;

/* An edit of the user's text for the oracle: `insert` replaces `remove` bytes from `at` on. NULL: a position in the select
 * list, which begins later there; without one, the columns that the select list of a subquery hands on. */
typedef struct lk_edit {
	int at, remove;
	const char *insert;
	int position;                  /* from 1 */
	bool of_event;                 /* handed on: its windows and place in the log; … */
	int first_lateral, nlaterals;  /* … the places in it that items [first, n) of FROM number */
} lk_edit;
#define LK_MAX_ORDER 64

typedef struct lk_key {
	char *name;         /* of the output that shows it; "" if the select list leaves it out */
	lk_expr *expr;
} lk_key;

/* An item of ORDER BY. Without a word NULL is the largest value, as in PostgreSQL. */
typedef struct lk_order {
	const lk_expr *expr;   /* over a row of the keys and then the final values of aggs */
	int output;            /* the output that it names; -1: it is an expression of its own, … */
	int at, end;           /* … bytes [at, end) of text */
	bool descending, nulls_first;
} lk_order;

/* An item of FROM beside the stream, LATERAL (VALUES …) or a function: it makes rows of each row of what stands before it. */
typedef struct lk_lateral {
	const lk_row_function *fn;     /* NULL: VALUES */
	const void *made;              /* by fn->prepare */
	bool ordinality;               /* its last column counts its rows from 1 */
	char *alias, **names;
	lk_type *types;
	int slot, ncolumns;            /* its columns are the slots from `slot` on */
	lk_expr **exprs;               /* VALUES: [row * ncolumns + column]; fn's arguments */
	int nexprs;
	int at;                        /* byte of text: in VALUES, or where the call of fn begins */
	bool aliased;                  /* the statement gives it the alias */
} lk_lateral;

/* The plan of a view, which aggregates, or of a derived stream, whose rows go to a log (`makes`).
 *
 * A view's plan has at least one aggregate. Without keys and window it is SQL's aggregate over everything: always one row,
 * even over no events (count 0, other aggregates NULL), though no cell exists then. */
typedef struct lk_plan {
	char *view;                    /* its name, or that of the derived stream */
	lk_stream *makes;              /* the stream whose log it fills: outputs[i] is column i, an expression over the event's row.
	                                * NULL: it is a view */
	const lk_stream *stream;
	const char *stream_name;       /* as the statement calls it: the alias, or its name */
	lk_window window;
	int64_t allowed_lateness_us;   /* WITH (allowed_lateness = '…'); -1: an event is never too late */
	int64_t retention_us;          /* WITH (retention = '…'), at least allowed_lateness_us, whose default it is;
	                                * 0: windows are kept for ever */

	lk_lateral *laterals;          /* plan/event_rows.h */
	int nlaterals;

	lk_expr *where;                /* NULL: all */
	lk_overs overs;                /* window functions over the rows that pass it, of a derived stream: slots after all others */
	lk_expr *after;                /* what is asked of a row once they are known; NULL: nothing */
	lk_key *keys;
	int nkeys;
	lk_agg *aggs;
	int naggs;
	int first_agg, last_agg;       /* LK_W_SESSION: min and max of the time, which no output shows; else -1 */
	size_t state_size;             /* of one cell: all aggregates */
	lk_expr *having;               /* NULL: all rows. Over a row of the keys and then the final values of aggs */
	lk_output *outputs;            /* the select list in order, without the window columns */
	int noutputs;
	lk_order *order;               /* of the rows of each window; equal rows come in the order of their keys */
	int norder;
	int64_t limit;                 /* the first rows of each window in that order, or of all without windows; 0: all */

	int nslots;                    /* of a row */
	int *needed;                   /* stream columns that the plan reads, ascending; event_time always among them */
	int nneeded;
	bool fold_only;                /* an aggregate or a function has no exact SQL form */

	char *text;                    /* the statement as written */
	bool flattened;                /* the statement reads from a subquery or a query of WITH */
	int stream_at;                 /* byte of text where the stream is named; … */
	bool stream_aliased;           /* … and whether an alias follows */
	int with_at;                   /* WITH, if there is one */
	int select_at, window_at;      /* bytes in text: the first select item; the window's call in GROUP BY, if there is one */
	int having_at;                 /* the word HAVING, if there is one */
	int order_at;                  /* the word with which ORDER BY and LIMIT begin, if there is one */
	lk_edit *edits;                /* ascending; what PostgreSQL runs instead of aggregates that it does not have */
	int nedits;
	char *canonical;               /* R27; equal for equal meaning as far as lk can tell */
	char hash[33];                 /* 128 bits of it, hex */
} lk_plan;

/* Finds which columns of the stream a plan reads that is complete otherwise: sets needed and nneeded. */
void lk_plan_find_needed(lk_plan *p, lk_arena *arena);
/* Is the event time of the derived stream that of its source? Then its watermark can follow the source's. */
bool lk_plan_keeps_time(const lk_plan *p);
/* Do its rows hang on the rows of their key before them, of which something is kept? */
static inline bool lk_plan_keeps_state(const lk_plan *p) { return p->makes && p->overs.ncalls > 0; }

/* Sets canonical and hash of a plan that is complete otherwise. */
void lk_plan_seal(lk_plan *p, lk_arena *arena);

lk_type lk_slot_type(const lk_plan *p, int slot);
/* The item of FROM that has the slot; NULL if the stream has it. */
const lk_lateral *lk_slot_item(const lk_plan *p, int slot);
/* The window function whose value the slot has; NULL if it is none. */
const lk_over *lk_slot_over(const lk_plan *p, int slot);
/* Index of the output of that name, or -1. */
int lk_plan_output(const lk_plan *p, const char *name);
/* Does an expression over keys and aggregates read aggregate i? Does an output depend on an aggregate? */
bool lk_reads_agg(const lk_plan *p, const lk_expr *merged, int i);
bool lk_output_varies(const lk_plan *p, const lk_output *o);
/* The bound in words of an output that is an approximation, or is computed from one; NULL if it is exact. */
const char *lk_output_bound(const lk_plan *p, const lk_output *o);
/* Do approximate values decide which rows LIMIT leaves? */
bool lk_limit_is_approximate(const lk_plan *p);
/* The first comparison that is never true because one side, or a value of NOT IN, is the constant NULL; NULL if there is
 * none. */
const lk_expr *lk_plan_never_true(const lk_plan *p);
/* The first call or cast that is computed for events and must not be pushed to PostgreSQL (R3); NULL if there is none. */
const lk_expr *lk_plan_fold_only(const lk_plan *p);
/* A self-contained copy of what it takes to read, merge and write a plan's cells: key types and aggregates. For work
 * that may outlive the plan. Free it with free(). */
lk_plan *lk_plan_of_cells(const lk_plan *p);
/* Do partials grow with the rows, as sets and sketches do? */
bool lk_plan_grows(const lk_plan *p);
/* Does an aggregate hang on the order of events? Or do rows have one, as those of a derived stream? */
bool lk_plan_is_in_order(const lk_plan *p);
/* The most rows that an event can make, whatever it holds; UINT64_MAX if that is more, or not known. */
uint64_t lk_plan_most_rows(const lk_plan *p);

#endif
