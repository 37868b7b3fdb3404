/* A derived stream beside its own text: is each row of its log the one that PostgreSQL makes of the source's events?
 *
 * Any thread, with a session of its own. */
#ifndef LK_COMPARE_DERIVED_H
#define LK_COMPARE_DERIVED_H

#include "catalog/catalog.h"
#include "compare/compare.h"

typedef struct lk_derived_comparison {
	lk_frontier read;          /* the source's events that were compared */
	int64_t rows, differ;      /* of the log; rows that differ, or that one side lacks */
	int nshown;                /* of the first ones */
	struct lk_derived_difference {
		int64_t row;             /* in the order of (partition, offset), from 1 */
		char *log, *sql;         /* the row's values as text; NULL: there is none */
	} shown[LK_DIFFERENCES_SHOWN];
} lk_derived_comparison;

/* Runs the definition's text over all events that have become rows, in one snapshot, and compares row by row, in order.
 * LK_EVALUE: PostgreSQL raises an error over a value where lk gives NULL, so it has no answer. */
int lk_compare_derived(lk_pg *pg, const lk_cat_copy *copy, lk_derived_comparison *out, lk_error *err);
/* Two logs of one definition, over the events that both have read: each value of each row, `_at`, `_src` and `_high` too,
 * byte by byte. The served one is `log`, the other one stands in the place of `sql`. */
int lk_compare_logs(lk_pg *pg, const lk_cat_copy *served, const lk_cat_copy *rebuilt, lk_derived_comparison *out, lk_error *err);
void lk_derived_comparison_release(lk_derived_comparison *c);

#endif
