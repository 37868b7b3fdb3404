/* The serving layer: the exact sum of batch and speed. Redis first, then PostgreSQL (P3).
 *
 * Many threads may make answers at once, each with sessions of its own, over one catalogue (catalog/current.h). An
 * answer belongs to one thread at a time; it needs no session any more once it is made. */
#ifndef LK_SERVING_ANSWER_H
#define LK_SERVING_ANSWER_H

#include "catalog/current.h"
#include "core/budget.h"
#include "partials/cells.h"
#include "view_store/store.h"
#include "windows/window.h"

enum lk_layer { LK_LAYER_MERGED, LK_LAYER_BATCH, LK_LAYER_SPEED };
enum lk_fill { LK_FILL_NOTHING, LK_FILL_NULL, LK_FILL_ZERO, LK_FILL_PREVIOUS };   /* serving/fill.h */

/* A comparison with NULL is not true, as in SQL. */
enum lk_where_op { LK_WHERE_EQ, LK_WHERE_NE, LK_WHERE_LT, LK_WHERE_LE, LK_WHERE_GT, LK_WHERE_GE, LK_WHERE_NULL, LK_WHERE_NOT_NULL };

typedef struct lk_where {
	const char *column;
	enum lk_where_op op;
	const char *text;     /* read by the column's type; NULL for the tests of NULL */
} lk_where;

typedef struct lk_query {
	const char *view;
	int version;              /* 0: the one that readers get */
	const char *copy;         /* a sandbox's name, or a copy's id in digits, instead of version; NULL: neither */
	const lk_frontier *until; /* NULL, or a prefix to answer for: the state at this frontier. It must be a live cut
	                             that all units have passed and that no published cut exceeds: else LK_EPARTIAL, at once
	                             if a published cut does, after the usual time if a unit is behind */
	enum lk_layer layer;
	const lk_where *where;    /* AND-ed, even if two name one column. Conditions on group keys pick the cells to read;
	                             conditions on other columns pick rows when all else is done, as HAVING would */
	int nwhere;
	int64_t from, to;         /* windows with from <= window_start < to; INT64_MIN, INT64_MAX: no bound */
	int64_t window_us;        /* 0: the view's windows; else windows of this size, … */
	int64_t slide_us;         /* … one every slide_us; 0: tumbling */
	bool split;               /* keep the batch's and the speed layer's part of every row beside their sum */
	enum lk_fill fill;        /* rows of windows without events */
	int64_t last;             /* rows of only the last windows that have rows, this many; 0: of all. Then: */
	const char *sort;         /* the column to sort by, NULL last; equal rows keep their order */
	bool descending;
	int64_t limit;            /* the most rows to return, from the first on; 0: all */
	bool unlimited;           /* without the view's LIMIT, where approximate values decide what it leaves: to compare */
	lk_bounds bounds;
} lk_query;

/* What one partition contributed to an answer. */
typedef struct lk_answer_part {
	int64_t unit;
	/* the unit is in Redis; if not, or at a cursor at or below the cut, the batch answers alone */
	bool taken;
	int segments;             /* the number of those that tile [cut, cursor) */
	int64_t cells;            /* in them, after filters */
	int64_t watermark;        /* of the prefix that the answer covers */
	/* its last event is older than the stream's idle_timeout, and the answer covers that event */
	bool idle;
} lk_answer_part;

/* Rows where PostgreSQL would raise an error, and the last reason: "division by zero". */
typedef struct lk_marks {
	int64_t rows;
	const char *reason;
} lk_marks;

/* For each output that is an expression: what its last value borrows from, and the rows in which it is NULL because
 * PostgreSQL would raise an error. */
typedef struct lk_made_by {
	lk_arena arena;
	lk_marks marks;
} lk_made_by;

typedef struct lk_answer {
	lk_catalog *catalog;      /* held: the plan is in it */
	const lk_plan *plan;
	int version;
	bool kappa;
	int64_t copy_id;
	enum lk_copy_state state;
	lk_range range;           /* unlimited, except for a sandbox: the answer covers only the events in it */
	const char *copy_name;    /* of a sandbox, else NULL; owned by the catalogue */
	int partitions;
	lk_frontier cut, cursor, tail;     /* the published cut; the units' cursors; the log's end */
	lk_frontier end;                   /* of the prefix it covers: max(cut, cursor), or query.until; layer batch: cut;
	                                      layer speed, a sandbox: [cut, end) */
	/* where the copy is going: the log's end; for a sandbox its own end, fixed when it began */
	lk_frontier goal;
	int64_t watermark;                 /* the least of the partitions; LK_NEVER */
	int64_t horizon;                   /* windows that end at or before it are expired, and in no row; LK_NEVER: none */
	int64_t final_to;                  /* LK_NEVER: none */
	bool provisional;                  /* final_to exceeds what the watermark makes final, since idle partitions were
	                                      left out: if one wakes up it may still change windows between the two */
	int64_t late, healed;              /* refused at or above the cut; refused below it, but counted by the batch */
	lk_window window;                  /* of the rows */
	int64_t from, to;                  /* windows that start in [from, to) */
	lk_cells cells;                    /* merged; by window (its tag, windows/window.h) and keys */
	lk_cells panes;                    /* that `cells` was made from if !lk_is_tiling(window); else empty */
	lk_cell **rows; size_t nrows;      /* by window start, window end and group keys, or by query.sort; filtered */
	size_t made, had, found;           /* rows before HAVING; after it, with filled ones; before query.limit */
	int64_t only_last;                 /* make only this many windows, the last ones, if no later step removes rows; 0: all */
	lk_made_by *made_by;               /* [plan->noutputs] */
	lk_marks having_marks;             /* rows that HAVING leaves out because it cannot be evaluated */
	lk_budget *budget;                 /* while the answer is being made; then NULL */
	enum lk_fill fill;                 /* rows added for windows without events: … */
	lk_cells filled, blank;            /* … with values; … with only NULLs */
	int64_t batch_cells, speed_cells;  /* that went into the answer */
	/* with query.split: the parts whose sum is `cells`; find them by the row's field */
	lk_cells batch_part, speed_part;
	lk_answer_part part[LK_MAX_PARTITIONS];
	int rereads;                       /* how often the reader began again */
} lk_answer;

/* Makes an answer that is exact for the prefix `end` that it names, or fails: LK_EUSAGE if the query names something
 * that does not exist or does not fit, LK_EPARTIAL if a unit's segments have not tiled what they must for five seconds,
 * LK_ETOOBIG if a bound was reached, LK_EBUSY if it was stopped. store may be NULL for LK_LAYER_BATCH. A view without
 * keys and windows always has its one row, as in SQL. If the query's time is bounded, a server that is silent for a
 * second longer is given up: LK_EUNREACHABLE, and the session is lost. query.bounds.stop is noticed between two calls of
 * a server.
 *
 * Any thread, with its own pg and store. current: where definitions come from, shared by threads; the answer is by the
 * definitions at the time of its PostgreSQL snapshot, whatever the shared catalogue's age. NULL: reads the catalogue,
 * for a process that asks once. The caller releases *out. */
int lk_answer_make(lk_pg *pg, lk_store *store, lk_current *current, const lk_query *q, lk_answer *out, lk_error *err);
void lk_answer_release(lk_answer *a);

/* A digest of the merged cells (window, key, partials, in encoding order) in 32 hexadecimal digits: equal digests mean
 * byte-identical cells. For an unfiltered answer it is the digest of a copy at `end`, whatever its segments, batches
 * and workers were. If a batch counted late events the digest differs, since they are in its cells. Not
 * cryptographic. */
void lk_answer_digest(const lk_answer *a, char out[33]);

/* The final value of output `i` (of plan->outputs) in a row. Borrows, at most until the next value of the same output is
 * asked for. LK_MARKED: NULL, where PostgreSQL would raise an error. */
void lk_answer_value(const lk_answer *a, const lk_cell *row, int i, lk_value *out);
/* The number of columns of a view's rows: window_start and window_end if there are windows, then the select list. */
int lk_columns(const lk_plan *p);
const char *lk_column_name(const lk_plan *p, int i, lk_type *type);
int lk_column_find(const lk_plan *p, const char *name);   /* -1: no such column */
/* Fails with LK_EUSAGE and names the columns there are. option: "--where", "--sort". numbers: only numeric columns
 * count. */
int lk_column_unknown(const lk_plan *p, const char *option, const char *name, bool numbers, lk_error *err);
/* The final value of column i in a row. Borrows as lk_answer_value does. */
void lk_answer_cell(const lk_answer *a, const lk_cell *row, int i, lk_value *out);
/* Counts in a->made_by the marks of the rows. */
void lk_answer_mark(lk_answer *a);
/* The window of a row. */
lk_span lk_answer_span(const lk_answer *a, const lk_cell *row);
/* True if rows are marked as final or open: only if windows end and events can be too late. */
bool lk_answer_marks_final(const lk_answer *a);
bool lk_answer_is_final(const lk_answer *a, const lk_cell *row);
/* True if some of them may be marked as provisional. */
bool lk_answer_marks_provisional(const lk_answer *a);
/* True if the row is final only because idle partitions were left out. */
bool lk_answer_is_provisional(const lk_answer *a, const lk_cell *row);
/* Makes cells and rows again from the panes, after something was added to these; not for a split answer. If windows are
 * tiles, makes the rows of the cells as they are. False if a->budget is spent; it never is without a budget. */
bool lk_answer_put_together(lk_answer *a);
/* The same value in one part of a split answer, as if that part were alone. */
void lk_answer_part_value(const lk_answer *a, const lk_cells *part, const lk_cell *row, int i, lk_value *out);

#endif
