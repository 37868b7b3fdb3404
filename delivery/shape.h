/* What a reader of rows gets of them: which rows, and which columns in which order.
 *
 * Only read once it is made: any thread. */
#ifndef LK_DELIVERY_SHAPE_H
#define LK_DELIVERY_SHAPE_H

#include "delivery/reader.h"
#include "print/rows.h"
#include "serving/condition.h"

typedef struct lk_shape {
	const lk_rows_log *log;
	int columns[LK_MAX_COLUMNS + 4], n;   /* what is shown: slots of a row, or one of the two below */
	int read[LK_MAX_COLUMNS], nread;      /* stream columns that are shown or asked for, ascending */
	lk_condition *where;
	int nwhere;
} lk_shape;

/* names: "a,b", of columns, _part, _off, _at or _src; NULL: all of them, these first. where: its texts must outlive the
 * shape. LK_EUSAGE with a hint: an unknown column, or a text that is no value of it. Release *out in any case. */
int lk_shape_make(const lk_rows_log *log, const char *names, const lk_where *where, int nwhere, lk_shape *out, lk_error *err);
void lk_shape_release(lk_shape *s);

bool lk_shape_passes(const lk_shape *s, const lk_log_row *row);
const char *lk_shape_column(const lk_shape *s, int i, lk_type *type);
lk_value lk_shape_value(const lk_shape *s, const lk_log_row *row, int i);
/* The row as rows of print/rows.h; pair is the caller's. */
typedef struct lk_shaped_row {
	const lk_shape *shape;
	const lk_log_row *row;
} lk_shaped_row;
lk_rows lk_shaped_rows(const lk_shaped_row *pair);

#endif
