/* One condition of a query, read by the type of its column. */
#ifndef LK_SERVING_CONDITION_H
#define LK_SERVING_CONDITION_H

#include "serving/answer.h"

typedef struct lk_condition {
	int column;             /* index among the view's columns */
	enum lk_where_op op;
	/* in which values are compared: the column's, or a numeric with room for the text's digits */
	lk_type type;
	bool widen;             /* values are integers, to be compared as numerics */
	lk_value value;         /* its texts are the caller's */
} lk_condition;

/* LK_EUSAGE if the text is not a value of the column, or the column's values have no order. */
int lk_condition_read(lk_condition *c, const lk_plan *p, int column, const lk_where *w, lk_error *err);
/* The same for a column of this type of something else, such as a log. */
int lk_condition_of_type(lk_condition *c, lk_type type, int column, const lk_where *w, lk_error *err);
/* Fails with LK_EUSAGE: the text is not a value of that type. */
int lk_condition_no_value(const lk_where *w, lk_type type, const char *reason, lk_error *err);
/* True if the condition holds for the column's value. For NULL only the test of NULL can hold. */
bool lk_condition_holds(const lk_condition *c, const lk_value *v);
/* The same as SQL over a column of that name. */
void lk_condition_sql(const lk_condition *c, const char *name, lk_buf *out);

#endif
