/* What one answer may cost, counted while it is made: rows, bytes of memory, time; and whether it is still wanted. */
#ifndef LK_CORE_BUDGET_H
#define LK_CORE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

typedef struct lk_bounds {
	int64_t rows;               /* that are put together; 0: no bound */
	int64_t bytes;              /* that its maps of cells and its rows take at once; 0: no bound */
	int64_t time_us;            /* from lk_budget_begin on; 0: no bound */
	const volatile int *stop;   /* once it is not 0 the answer is not wanted any more; or NULL */
} lk_bounds;

enum lk_spent { LK_SPENT_NOTHING, LK_SPENT_ROWS, LK_SPENT_BYTES, LK_SPENT_TIME, LK_SPENT_STOPPED };

/* All zero, or no budget at all (NULL): no bounds. */
typedef struct lk_budget {
	lk_bounds most;
	int64_t deadline_us;        /* monotonic; 0: none */
	int64_t held_bytes;         /* by maps that are complete; the one that grows is told with each step */
	int64_t peak_bytes;
	enum lk_spent spent;        /* the first bound that was met: nothing is allowed from then on */
	int64_t wanted;             /* of rows or bytes, where it is known before they are made; else 0 */
} lk_budget;

void lk_budget_begin(lk_budget *b, const lk_bounds *most);
/* May the work go on, with `growing` bytes beside those held? To be asked at each step of it: it costs little. */
bool lk_budget_allows(lk_budget *b, size_t growing);
/* The same of rows, `made` so far. */
bool lk_budget_allows_rows(lk_budget *b, int64_t made);
/* Of rows that are still to be made, each of at least row_bytes. */
bool lk_budget_allows_plan(lk_budget *b, int64_t rows, size_t row_bytes);
/* Says which bound was met: LK_ETOOBIG, or LK_EBUSY where the answer is not wanted any more. LK_OK where none was. */
int lk_budget_fail(const lk_budget *b, lk_error *err);

#endif
