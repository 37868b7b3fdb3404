/* One condition of a query, read by the type of its column. */
#ifndef LK_SERVING_CONDITION_H
#define LK_SERVING_CONDITION_H

#include "serving/answer.h"

typedef struct lk_condition {
	int column;             /* of the view's columns */
	enum lk_where_op op;
	lk_type type;           /* in which values are compared: the column's, or an exact number with room for the text's digits */
	bool widen;             /* values are integers, and are compared as numbers */
	lk_value value;         /* texts are the caller's */
} lk_condition;

/* LK_EUSAGE where the text is no value of the column, or the column's values have no order. */
int lk_condition_read(lk_condition *c, const lk_plan *p, int column, const lk_where *w, lk_error *err);
/* Says that the text is none; LK_EUSAGE. */
int lk_condition_no_value(const lk_where *w, lk_type type, const char *reason, lk_error *err);
/* Is it true of the column's value? Never of NULL, but for the test of NULL. */
bool lk_condition_holds(const lk_condition *c, const lk_value *v);
/* The same as SQL over a column of that name. */
void lk_condition_sql(const lk_condition *c, const char *name, lk_buf *out);

#endif
