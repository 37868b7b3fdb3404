/* The definition language: SQL text -> streams and plans (docs/language.md; R1 … R31 in comments are its rules).
 * libpg_query parses; its JSON tree is read with jansson; only what the tables of this directory list is accepted.
 *
 * Any thread may call these functions; what one call returns is used by one thread at a time, or only read. */
#ifndef LK_SQL_SQL_H
#define LK_SQL_SQL_H

#include "plan/plan.h"
#include "windows/calendar.h"

/* One fault of a definition file. line and col from 1, col in characters. */
typedef struct lk_fault {
	int line, col;
	char *message;    /* a short fact with the offending text in it */
	char *hint;       /* what to write instead, or "" */
} lk_fault;

/* What a file declares, in file order. */
typedef struct lk_definition {
	enum { LK_DEF_STREAM, LK_DEF_VIEW, LK_DEF_DERIVED } kind;
	lk_stream *stream;   /* owned by the lk_definitions; NULL of a view */
	lk_plan *plan;       /* NULL of a stream that is not derived */
} lk_definition;

typedef struct lk_definitions {
	lk_definition *items;
	int nitems;
	lk_fault *faults;
	int nfaults;
	lk_arena arena;      /* owns all of it */
} lk_definitions;

/* stream: finds a stream declared elsewhere (in the catalogue); NULL if there is none. suggest: a similar name for
 * did-you-mean. calendar: does the time zone c->zone exist? 0; LK_EUSAGE if there is none, with *near a similar name,
 * allocated in `arena`, or NULL; else a failure, which the caller of lk_sql_parse finds in its own ctx. *c lasts as long
 * as the definitions, so the list of where its windows start may be set later. Without it no zone is known.
 * stored_digits: of a stored version, the most digits of a numeric key or argument when it was made: 18 or
 * LK_NUMERIC_DIGITS; 0 for a new one. */
typedef struct lk_resolver {
	const lk_stream *(*stream)(void *ctx, const char *name);
	const char *(*suggest)(void *ctx, const char *name);   /* may be NULL */
	bool (*view)(void *ctx, const char *name);             /* is there such a view? may be NULL */
	void *ctx;
	int (*calendar)(void *ctx, lk_calendar *c, lk_arena *arena, const char **near);   /* may be NULL */
	bool derived;   /* streams are read as the logs of derived streams, which lk wrote down itself */
	int stored_digits;
} lk_resolver;

/* Parses a whole file, on a thread with a large stack, which also calls the resolver; the caller waits for it. Streams
 * declared earlier in it are visible to later views. All faults are collected; items holds the definitions without
 * faults. 0, or LK_EDEFINITION if there is any fault. Release in either case. */
int lk_sql_parse(const char *text, size_t len, const lk_resolver *resolver, lk_definitions *out);
void lk_definitions_release(lk_definitions *d);

/* Prints "file:line:col: message" and the hint, the offending source line and a caret under it. */
void lk_fault_print(const lk_fault *f, const char *file, const char *text, size_t len, lk_buf *out);
/* A definition's statement as it was written. */
const char *lk_definition_text(const lk_definition *d);
/* The stream of that name that a file declares, of either kind; NULL if it declares none. */
const lk_stream *lk_definitions_stream(const lk_definitions *d, const char *name);
/* The place behind the word that stands at the fault; false if none does, or the text is not UTF-8. */
bool lk_fault_end(const lk_fault *f, const char *text, size_t len, int *line, int *col);

/* --- SQL made from a plan (sql/to_sql.c) --- */

/* The events that a statement reads. */
typedef struct lk_sql_log {
	const char *table;             /* quoted name of a table with the columns part, off, _at and the stream's */
	const char *bound;             /* a condition over part and off, such as "off < ('{…}'::bigint[])[part+1]" */
	const char *calendar_starts;   /* for a plan with calendar windows: an SQL array of the instants at which they start */
} lk_sql_log;

/*  * The partials of the plan over these events:
 *   SELECT <pane timestamptz> AS _pane, <key exprs> AS _k0, …, <partial columns> AS _p0_0, _p0_1, _p1_0 …
 *   FROM <table> WHERE <bound> AND (<where>) GROUP BY …
 * `_pane` is absent for LK_W_NONE. */
void lk_plan_batch_sql(const lk_plan *p, const lk_sql_log *log, lk_buf *out);

/* "col type, …" of the batch table: _pane timestamptz, _k0 …, _p0_0 …; text columns COLLATE "C". */
void lk_plan_batch_columns(const lk_plan *p, lk_buf *out);
/* Only their names, "_pane, _k0, …, _p0_0, …"; and those that identify a cell, "_pane, _k0, …", empty for a view that
 * has one cell. */
void lk_plan_batch_names(const lk_plan *p, lk_buf *out);
void lk_plan_cell_names(const lk_plan *p, lk_buf *out);

/* The third way (R4): the user's own text, run over these events:
 *   SELECT <columns> FROM (WITH <stream> AS (SELECT <columns>, _at FROM <table> WHERE <bound>)
 *     SELECT <window_start, window_end,> <user's text from the first select item to the statement's end>) ORDER BY all columns.
 * The source also has the columns _window_start and _window_end, with a row for each window that contains the event:
 * from lk.<the window's call as written>, or, for sessions, from gaps and islands of the events that pass WHERE, by
 * group. Three edits are made to the text: these columns replace the call, lk's own aggregates become functions over
 * array_agg (catalog/schema.sql), and ORDER BY and LIMIT become row_number() over the rows of each window. Text columns
 * have COLLATE "C".
 *
 * Of a derived stream: its rows, ORDER BY the partition and offset of the event that they come from. */
void lk_plan_oracle_sql(const lk_plan *p, const lk_sql_log *log, lk_buf *out);

/* Types of the columns of lk_plan_batch_sql, in order (R5). Returns how many (<= max). */
int lk_plan_batch_types(const lk_plan *p, lk_type *types, int max);

#endif
