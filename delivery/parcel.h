/* Rows that are delivered together: JSON objects whose first member is the row's id.
 *
 * Used by one thread. */
#ifndef LK_DELIVERY_PARCEL_H
#define LK_DELIVERY_PARCEL_H

#include "delivery/shape.h"

enum { LK_PARCEL_BYTES = 1 << 20 };   /* with so many it takes no further row */

typedef struct lk_parcel {
	bool array;          /* "[{…},\n{…}"; else an object on each line */
	int rows;
	lk_buf body, first;  /* first: the id of its first row */
} lk_parcel;

void lk_parcel_add(lk_parcel *p, const lk_shape *shape, const lk_log_row *row, const char *id);
void lk_parcel_clear(lk_parcel *p);
void lk_parcel_release(lk_parcel *p);

#endif
