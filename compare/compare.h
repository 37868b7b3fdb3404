/* Comparing answers over the same prefix, row by row. A result is the answer that one way gives: a copy at a cut, or
 * the user's own SQL run by PostgreSQL.
 *
 * Results and differences are the caller's, to be released also after a failure; their texts live in the result's
 * arena, or are owned by the difference. One thread at a time. */
#ifndef LK_COMPARE_COMPARE_H
#define LK_COMPARE_COMPARE_H

#include "catalog/cut.h"
#include "compare/watch.h"
#include "view_store/store.h"

/* The rows of one result, sorted by (window start, window end, the group keys that the view selects), then by
 * lk_values_compare; all values as text. */
typedef struct lk_result {
	char *name;                /* "lambda", "kappa", "sql", "served" */
	const lk_plan *plan;       /* of the caller's catalogue */
	/* PostgreSQL's own: its exact values are compared with approximate aggregates within their error bound */
	bool sql;
	struct lk_result_row {
		/* start, RFC 3339; "start/end" if windows with one start may have several ends; NULL without windows */
		char *window;
		char *key;             /* "path=/, status=200", for people; "" without keys */
		char *values;          /* "hits=3, bytes=12" */
		void *identity; size_t identity_len;   /* orders and matches rows */
		/* values of the select list's approximate aggregates, of which `exact` says only which are NULL */
		double *approximate;
		int napproximate;
		char *exact;
		int64_t late_events;   /* of a `whole` result: the number of events added to this row */
	} *rows;
	size_t nrows;
	/* rows by keys, then window; reach: the latest end of the key's rows up to this one */
	struct lk_result_key { struct lk_result_row *row; int64_t reach; } *by_key;
	int64_t late;              /* events of the prefix that the result does not count because they were late */
	struct lk_result *whole;   /* the same result with them added, if late > 0; else NULL */
	lk_arena arena;
} lk_result;

/* The answer of a copy at `until`. If it lacks late events, also what it would be with them: they are read from lk.late
 * and the log and folded in. The caller has made sure that `until` is a live cut that the copy has passed, and that no
 * batch beyond it is published. */
typedef struct lk_result_of {
	const lk_cat_copy *copy;
	const lk_cut *until;
	const char *name;
} lk_result_of;
int lk_result_of_copy(lk_pg *pg, lk_store *store, const lk_result_of *of, lk_result *out, lk_error *err);
/* The answer of the user's own text, run by PostgreSQL over [0, until). */
int lk_result_of_sql(lk_pg *pg, const lk_plan *plan, const lk_cut *until, lk_result *out, lk_error *err);
void lk_result_release(lk_result *l);

enum { LK_DIFFERENCES_SHOWN = 10 };

typedef struct lk_difference {
	bool made;                 /* a comparison took place */
	char left[16], right[16];
	bool other_shape;          /* the results have different columns: rows cannot be matched */
	int64_t compared, equal, only_left, only_right, different;   /* rows */
	int64_t by_late;           /* of the last three: explained by late events that only one result counts */
	struct {
		char *window, *key, *left, *right;   /* values; NULL if only the other side has the row */
		void *identity; size_t identity_len; /* of the row, for lk_first_events */
		bool by_late;
		/* "partition 1, offset 123, 2015-05-17T10:05:03Z: …", or why there is none; NULL: not searched */
		char *first_event;
	} shown[LK_DIFFERENCES_SHOWN];
	int nshown;
} lk_difference;

/* True if late events explain everything that is unequal. */
static inline bool lk_difference_none(const lk_difference *d) {
	return !d->other_shape && d->only_left + d->only_right + d->different == d->by_late;
}
void lk_compare_results(const lk_result *left, const lk_result *right, lk_difference *out);
void lk_difference_release(lk_difference *d);
/* What a difference is between: two copies, or NULL for SQL, whose plan is `plan`. */
typedef struct lk_sides {
	const lk_cat_copy *left, *right;
	const lk_plan *plan;
	const lk_cut *until;
} lk_sides;
/* Finds for each shown row the first event that makes it differ: one that only one side counts (it was late, or the
 * definitions treat it differently), or says that there is none. Scans the log below `until` at most once. */
int lk_first_events(lk_pg *pg, const lk_sides *of, lk_difference *d, lk_error *err);

#endif
