/* What one answer may cost, counted while it is made: rows, bytes of memory, time; and whether it was cancelled.
 *
 * One answer's, on its thread; the flag of lk_bounds may be set from any thread. */
#ifndef LK_CORE_BUDGET_H
#define LK_CORE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

typedef struct lk_bounds {
	int64_t rows;               /* that are made; 0: no bound */
	int64_t bytes;              /* of its maps of cells and its rows, at any one time; 0: no bound */
	int64_t time_us;            /* since lk_budget_begin; 0: no bound */
	const volatile int *stop;   /* nonzero cancels the answer; or NULL */
} lk_bounds;

enum lk_spent { LK_SPENT_NOTHING, LK_SPENT_ROWS, LK_SPENT_BYTES, LK_SPENT_TIME, LK_SPENT_STOPPED };

/* All zero, or no budget at all (NULL): no bounds. */
typedef struct lk_budget {
	lk_bounds most;
	int64_t deadline_us;        /* monotonic; 0: none */
	int64_t held_bytes;         /* of complete maps; each call passes the size of the growing one */
	int64_t peak_bytes;
	enum lk_spent spent;        /* the first bound that was exceeded: nothing is allowed after it */
	int64_t wanted;             /* rows or bytes, if known before they are made; else 0 */
} lk_budget;

void lk_budget_begin(lk_budget *b, const lk_bounds *most);
/* May the work continue, with `growing` bytes beyond those held? It costs little: ask at each step. */
bool lk_budget_allows(lk_budget *b, size_t growing);
/* The same for rows, `made` so far. */
bool lk_budget_allows_rows(lk_budget *b, int64_t made);
/* The same before `rows` rows of at least row_bytes each are made. */
bool lk_budget_allows_plan(lk_budget *b, int64_t rows, size_t row_bytes);
/* Fails with the bound that was exceeded: LK_ETOOBIG, or LK_EBUSY if the answer was cancelled. LK_OK if none was. */
int lk_budget_fail(const lk_budget *b, lk_error *err);

#endif
