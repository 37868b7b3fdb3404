/* The rows of a view at one moment, and how they differ from those of another: as server-sent events.
 *
 * Used by one thread. */
#ifndef LK_SERVER_PICTURE_H
#define LK_SERVER_PICTURE_H

#include "serving/answer.h"

typedef struct lk_picture {
	bool taken;
	char id[1000];             /* the place in the log: "COPY/OFFSET,OFFSET" */
	lk_buf head;               /* members that say what it covers */
	struct lk_picture_row {
		char id[33];           /* of its window and group key */
		char *text;            /* its object, with "_id" */
	} *rows;                   /* by id */
	size_t n;
} lk_picture;

/* *out is empty. */
void lk_picture_take(lk_picture *out, const lk_answer *a);
bool lk_picture_differs(const lk_picture *a, const lk_picture *b);
/* Adds the event "rows": all of them. */
void lk_picture_print_all(const lk_picture *p, lk_buf *out);
/* Adds the event "changes": rows that are new or have other values, and the ids of those that are gone. */
void lk_picture_print_changes(const lk_picture *before, const lk_picture *now, lk_buf *out);
void lk_picture_release(lk_picture *p);

#endif
