/* The steps of one answer, private to serving/ and its tests, which run other things between them. */
#ifndef LK_SERVING_READER_H
#define LK_SERVING_READER_H

#include "catalog/published.h"
#include "event_log/batch_rows.h"
#include "serving/condition.h"
#include "view_store/look.h"

/* --- filter.c: what a query asks for, as Redis, PostgreSQL and the merge need it --- */

typedef struct lk_key_condition {
	int key;
	lk_condition condition;
} lk_key_condition;

typedef struct lk_filter {
	const lk_plan *plan;      /* of the catalogue, which may be released before the filter */
	int nkeys;
	lk_window window;         /* of the rows */
	int64_t from, to;         /* windows that start in [from, to) … */
	int64_t from_pane, to_pane;   /* … may hold panes that start in [from, to); INT64_MIN, INT64_MAX */
	int64_t asked_pane;       /* from_pane by the query alone, ignoring what has expired */
	bool nothing;             /* the conditions contradict each other */
	bool *given;              /* [nkeys]: the key must equal a value or be NULL */
	lk_value *values;         /* [nkeys] if given */
	lk_buf *encoded;          /* [nkeys] if given */
	lk_key_condition *of_keys;   /* other conditions on keys */
	int nof_keys;
	lk_condition *of_rows;    /* conditions on other columns */
	int nof_rows;
	lk_buf key;               /* the whole key, if all keys are given */
	lk_cell_filter cells;     /* for the store */
} lk_filter;

/* *f must not move: f->cells points to it. */
int lk_filter_init(lk_filter *f, const lk_plan *p, const lk_query *q, lk_error *err);
void lk_filter_release(lk_filter *f);
/* From now on leaves out cells that lie only in expired windows (plan/watermark.h). */
void lk_filter_hide(lk_filter *f, int64_t horizon);
/* True if a cell passes. field: pane + key. */
bool lk_filter_field(const lk_filter *f, const uint8_t *field, size_t len);
/* " WHERE …" over the columns of a batch table, or nothing. */
void lk_filter_sql(const lk_filter *f, lk_buf *out);
/* The tag that a cell is merged under: its window's, or if windows share panes its pane's. */
int64_t lk_filter_tag(const lk_filter *f, int64_t pane_start);
void lk_filter_row_field(const lk_filter *f, const uint8_t *field, size_t len, lk_buf *out);

/* --- read_units.c: Redis, each unit at one cursor --- */

typedef struct lk_unit_wanted {
	int64_t unit, hint;       /* hint: segments below it are not read */
	const lk_plan *plan;
	const lk_cell_filter *filter;
} lk_unit_wanted;
/* Step by step, for a unit that is too large to be read at once (view_store/look.h). */
int lk_unit_read_cells(lk_unit_read *u, lk_store *store, const lk_unit_wanted *w, lk_error *err);
/* True if the segments from the cut on tile [cut, end), or if end <= cut, where none count. end: the unit's cursor, or
 * an offset below it where the query ends. If they do not tile, *why says what is wrong. */
bool lk_unit_read_tiles(const lk_unit_read *u, int64_t cut, int64_t end, lk_buf *why);
/* True if segment i counts in [cut, end). */
bool lk_unit_read_counts(const lk_unit_read *u, int i, int64_t cut, int64_t end);

/* --- read_batch.c: PostgreSQL, in one snapshot --- */

typedef struct lk_pointer {
	bool redeclared;          /* the log or the stream is not what the catalogue says any more; nothing else was read */
	int64_t served_copy;
	lk_published published;
	lk_frontier tail;
	int64_t now;              /* PostgreSQL's clock */
} lk_pointer;

/* Begins the snapshot, reads the pointer and the log's end in it, and compares what is declared with the catalogue of
 * that log that the copy is of. Statements in it may take the time that the budget has left. */
int lk_pointer_read(lk_pointer *p, lk_pg *pg, const char *log_id, const lk_cat_copy *copy, const lk_budget *b, lk_error *err);
void lk_pointer_release(lk_pointer *p);
/* Sets last_at of each partition of a frontier, from the event before its offset; LK_NEVER if it does not exist, or at
 * offset 0. */
int lk_frontier_last_at(lk_pg *pg, const lk_stream *s, lk_frontier *f, lk_error *err);
/* Sets high and last_at of each partition of a frontier, from a live cut at its offset; LK_NEVER if there is none. */
int lk_frontier_high(lk_pg *pg, lk_frontier *f, lk_error *err);
/* Opens the batch rows that pass the filter. */
int lk_batch_open(lk_batch_rows *rows, lk_pg *pg, const char *batch_table, const lk_filter *f, lk_error *err);

/* --- one answer, being made --- */

typedef struct lk_reader {
	lk_pg *pg;
	lk_store *store;
	lk_current *current;      /* or NULL */
	const lk_query *query;
	lk_catalog *catalog;      /* held */
	const lk_cat_view *view;
	const lk_cat_copy *copy;
	const lk_plan *plan;
	int partitions;
	lk_filter filter;
	lk_frontier hint;
	lk_unit_read units[LK_MAX_PARTITIONS];
	lk_pointer pointer;
	bool moved;               /* the catalogue is out of date: readers get another copy, say. Open again */
	lk_buf why;               /* what did not fit, for the message */
	lk_budget budget;
} lk_reader;

/* --- open.c --- */

/* Step 1. *r must not move until it is closed. */
int lk_reader_open(lk_reader *r, lk_pg *pg, lk_store *store, lk_current *current, const lk_query *q, lk_error *err);
/* The same again, by the catalogue of now: what was found has proved to be out of date. */
int lk_reader_reopen(lk_reader *r, lk_error *err);
void lk_reader_release_units(lk_reader *r);
void lk_reader_close(lk_reader *r);

/* --- answer.c --- */

int lk_reader_units(lk_reader *r, lk_error *err);                                                 /* step 2 */
/* Step 3. 0: *out is the answer, and holds the catalogue. 1: what was read does not fit; repeat from step 2 (from step 1
 * if r->moved). */
int lk_reader_finish(lk_reader *r, lk_answer *out, lk_error *err);

/* --- bounded.c --- */

/* Maps a failure: if a bound of the query was reached, *err says so, with a hint what to ask for instead. */
int lk_reader_bounded(lk_reader *r, int rc, lk_error *err);

/* --- select.c: which rows to show, and in which order --- */

/* After lk_rows_defined: fills, then applies the query's conditions, last, sort and limit. */
int lk_answer_select(lk_answer *a, const lk_query *q, const lk_filter *f, lk_error *err);

/* --- prefix.c: sets in *a the prefix that it covers, its watermark, its horizon, and what is final --- */

int lk_reader_prefix(lk_reader *r, lk_answer *a, lk_error *err);
/* Where the answer ends in partition i, and the published cut there. */
int64_t lk_reader_end(const lk_reader *r, int i);
static inline int64_t lk_reader_cut(const lk_reader *r, int i) { return r->pointer.published.cut.part[i].off; }

#endif
