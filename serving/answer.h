/* The serving layer: the exact sum of batch and speed. Redis first, then PostgreSQL (P3). */
#ifndef LK_SERVING_ANSWER_H
#define LK_SERVING_ANSWER_H

#include "core/budget.h"
#include "core/cells.h"
#include "core/window.h"
#include "event_log/catalog.h"
#include "view_store/store.h"

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
	int version;              /* 0: served */
	const char *copy;         /* a sandbox's name, or a copy's id in digits, instead of version; NULL: neither */
	const int64_t *until;     /* NULL, or a prefix to answer for: the state at these offsets, which must be a live cut that
	                             all units have passed and no published cut is beyond; where one is, LK_EPARTIAL at once,
	                             where a unit is behind, after the usual time */
	enum lk_layer layer;
	const lk_where *where;    /* AND-ed, also where they name one column twice. Those on group keys pick the cells that are
	                             read; those on other columns pick rows when all else is done, as HAVING would */
	int nwhere;
	int64_t from, to;         /* windows with from <= window_start < to; INT64_MIN, INT64_MAX */
	int64_t window_us;        /* 0: the view's windows; else of this size, … */
	int64_t slide_us;         /* … one every so often; 0: one after the other */
	bool split;               /* keep the batch's and the speed layer's part of every row beside their sum */
	enum lk_fill fill;        /* rows of windows without events */
	int64_t last;             /* rows of the last so many windows that have rows; 0: of all. Then: */
	const char *sort;         /* a column, by which rows are sorted anew, NULL last; those that are equal stay in order */
	bool descending;
	int64_t limit;            /* the first so many rows; 0: all */
	lk_bounds bounds;
} lk_query;

/* What one partition gave to an answer. */
typedef struct lk_answer_part {
	int64_t unit;
	bool taken;               /* the unit is in the view store; without it, and below the cut, batch stands alone */
	int segments;             /* that tile [cut, cursor) */
	int64_t cells;            /* of them, after filters */
	int64_t watermark;        /* of the prefix that the answer covers */
	bool idle;                /* the stream's idle_timeout has passed since its last event, and the answer covers that */
} lk_answer_part;

typedef struct lk_answer {
	lk_catalog *catalog;      /* owns the plan */
	const lk_plan *plan;
	int version;
	bool kappa;
	int64_t copy_id;
	enum lk_copy_state state;
	lk_range range;           /* everything, but for a sandbox: the answer is about these events only */
	const char *copy_name;    /* of a sandbox, else NULL; the catalogue's */
	int partitions;
	int64_t cut[LK_MAX_PARTITIONS], cursor[LK_MAX_PARTITIONS], tail[LK_MAX_PARTITIONS];
	int64_t end[LK_MAX_PARTITIONS];    /* of the prefix it covers: max(cut, cursor), or query.until; layer batch: cut;
	                                      layer speed, a sandbox: [cut, end) */
	int64_t goal[LK_MAX_PARTITIONS];   /* where its copy is going: the log's end; a sandbox: its own, fixed when it began */
	int64_t watermark;                 /* least of the partitions; LK_NEVER */
	int64_t horizon;                   /* windows that end at or before it are past, and in no row; LK_NEVER: none */
	int64_t final_to;                  /* LK_NEVER: none */
	bool provisional;                  /* final_to is beyond what the watermark makes final, since idle partitions were left out: one
	                                      that wakes up may still change windows between the two */
	int64_t late, healed;              /* refused at or above the cut; below it, counted by batch */
	lk_window window;                  /* of the rows */
	int64_t from, to;                  /* windows that start in [from, to) */
	lk_cells cells;                    /* windows (by their tags, core/window.h) + keys, merged */
	lk_cells panes;                    /* that cells was put together from, where !lk_is_tiling(window); else empty */
	lk_cell **rows; size_t nrows;      /* by window start, window end and group keys, or as query.sort says; filtered */
	size_t made, had, found;           /* how many there were before HAVING; after it, with those that fill added; before
	                                      query.limit */
	int64_t only_last;                 /* windows that are made at all, where nothing can take rows away later; 0: all */
	lk_budget *budget;                 /* while it is made; then NULL */
	enum lk_fill fill;                 /* by which rows were added, of windows without events: */
	lk_cells filled, blank;            /* with values, and all NULL */
	int64_t batch_cells, speed_cells;  /* that went in */
	lk_cells batch_part, speed_part;   /* with query.split: what cells is the sum of; find them by the row's field */
	lk_answer_part part[LK_MAX_PARTITIONS];
	int rereads;                       /* how often the reader began again */
} lk_answer;

/* Exact for the prefix `end` that it names, or a failure: LK_EUSAGE for what the query names wrongly, LK_EPARTIAL
 * where the segments of a unit do not tile what they must for five seconds, LK_ETOOBIG where a bound was met, LK_EBUSY where it
 * was stopped. store may be NULL for LK_LAYER_BATCH. A
 * view without keys and window always has its one row, as in SQL. Main thread only (the catalogue is parsed). */
int lk_answer_make(lk_pg *pg, lk_store *store, const lk_query *q, lk_answer *out, lk_error *err);
void lk_answer_release(lk_answer *a);

/* A digest of the merged cells (window, key, partials, in the order of the encoding), 32 hexadecimal digits: equal
 * digests mean byte-identical cells. Of an unfiltered answer it is the digest of a copy at `end`, whatever its segments,
 * batches and workers were; a batch that counted late events shows, since they are in its cells. Not cryptographic. */
void lk_answer_digest(const lk_answer *a, char out[33]);

/* Value of output `i` (of plan->outputs) in a row; finalised. Borrows. */
void lk_answer_value(const lk_answer *a, const lk_cell *row, int i, lk_value *out);
/* The columns of a view's rows: window_start and window_end where there are windows, then the select list. */
int lk_columns(const lk_plan *p);
const char *lk_column_name(const lk_plan *p, int i, lk_type *type);
int lk_column_find(const lk_plan *p, const char *name);   /* -1: there is none */
/* LK_EUSAGE: says so, and what it may be. option: "--where", "--sort". numbers: among columns of numbers alone. */
int lk_column_unknown(const lk_plan *p, const char *option, const char *name, bool numbers, lk_error *err);
/* The value of column i in a row; finalised. Borrows. */
void lk_answer_cell(const lk_answer *a, const lk_cell *row, int i, lk_value *out);
/* The window of a row. */
lk_span lk_answer_span(const lk_answer *a, const lk_cell *row);
/* Are rows final or open? Only where windows end and events can be too late. */
bool lk_answer_marks_final(const lk_answer *a);
bool lk_answer_is_final(const lk_answer *a, const lk_cell *row);
/* Only because idle partitions were left out. */
bool lk_answer_is_provisional(const lk_answer *a, const lk_cell *row);
/* Makes cells and rows anew from the panes, to which something was added; not of a split answer. Where windows
 * are tiles, of the cells as they are. False where a->budget is spent; without one it never is. */
bool lk_answer_put_together(lk_answer *a);
/* The same value in one part of a split answer: as if that part had been alone. */
void lk_answer_part_value(const lk_answer *a, const lk_cells *part, const lk_cell *row, int i, lk_value *out);

#endif
