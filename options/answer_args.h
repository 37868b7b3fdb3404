/* The options that query and explain share: which answer is wanted. */
#ifndef LK_OPTIONS_ANSWER_ARGS_H
#define LK_OPTIONS_ANSWER_ARGS_H

#include "options/args.h"
#include "serving/answer.h"

/* The default bounds of an answer. */
enum { LK_ANSWER_ROWS = 5000000, LK_ANSWER_BYTES = 1 << 30 };

/* Which cells, of which copy. */
#define LK_CELLS_OPTIONS \
	{"where", "COL=VALUE", "only rows for which this holds; may be repeated (all must hold). Also 'COL != VALUE', < <= " \
	 "> >=, 'COL is null', 'COL is not null'. On group keys it limits what is read; on other columns it is applied " \
	 "last, like HAVING", true}, \
	{"from", "TIME", "windows that start at or after TIME: RFC 3339, a date (its beginning in UTC), or -1h for an hour before now", false}, \
	{"to", "TIME", "windows that start before TIME", false}, \
	{"window", "SIZE", "another window size: a multiple of the view's pane", false}, \
	{"slide", "SIZE", "with --window: hopping windows, one every SIZE", false}, \
	{"version", "N", "this version instead of the served one", false}, \
	{"copy", "COPY", "this copy: the name of a sandbox, or an id from lk status", false}

#define LK_ANSWER_OPTIONS \
	LK_CELLS_OPTIONS, \
	{"max-rows", "N", "give up if the answer would need more rows, before --where and --limit remove any (5000000; " \
	 "0: no bound)", false}, \
	{"max-memory", "SIZE", "give up if the rows and their parts would take more memory: 512MB, 2GB (1GB; 0: no " \
	 "bound)", false}, \
	{"timeout", "INTERVAL", "give up after this time (no bound)", false}

/* Those of query alone: which rows of the answer. */
#define LK_ROWS_OPTIONS \
	{"fill", "HOW", "add rows for windows without events, between the first and the last window, or --from " \
	 "and --to: null, zero, or previous (the values of the window before)", false}, \
	{"last", "N", "only rows of the last N windows that have rows", false}, \
	{"sort", "COL", "sort by this column instead of window and keys; 'COL desc': largest first; NULL comes " \
	 "last", false}, \
	{"limit", "N", "only the first N rows, after all other options", false}, \
	{"layer", "LAYER", "merged, batch or speed (merged)", false}

typedef struct lk_answer_args {
	lk_query query;
	lk_where *where;
	char **texts;     /* the column and value of where[i]: texts[2 * i], texts[2 * i + 1] */
	char *sort;
} lk_answer_args;

/* Reads --copy (NULL if not given) and --version (0 if not given). LK_EUSAGE if both are given. */
int lk_args_copy(const lk_args *args, const char **copy, int *version, lk_error *err);
int lk_answer_args_read(const lk_args *args, lk_answer_args *out, lk_error *err);
/* Reads --fill, --sort, --last and --limit too, where there are any. Call it after lk_answer_args_read. */
int lk_rows_args_read(const lk_args *args, lk_answer_args *out, lk_error *err);
/* Only --where. *out is empty before. */
int lk_conditions_read(const lk_args *args, lk_answer_args *out, lk_error *err);
void lk_answer_args_release(lk_answer_args *a);

#endif
