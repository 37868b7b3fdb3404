/* Where rows go: a printer, a URL, a command. */
#ifndef LK_DELIVERY_TARGET_H
#define LK_DELIVERY_TARGET_H

#include "delivery/shape.h"

typedef struct lk_target {
	void *ctx;
	int rows_most;        /* that it takes before it is flushed */
	bool waits;           /* a flush may take long */
	/* Before the first row, and when the columns may have changed; may be NULL. */
	int (*shaped)(void *ctx, const lk_shape *shape, lk_error *err);
	/* Takes a row, whose id is this: copies what it needs. */
	int (*row)(void *ctx, const lk_shape *shape, const lk_log_row *row, const char *id, lk_error *err);
	bool (*full)(const void *ctx);   /* is to be flushed before it takes another row; may be NULL */
	/* 0: every row that was taken is out, and will not be sent again. LK_EBUSY: not yet, the caller tries again later;
	 * another failure: it never will be. */
	int (*flush)(void *ctx, lk_error *err);
	/* Every row before this position that passes is out: after each flush, also where none has passed; may be NULL. */
	void (*reached)(void *ctx, const lk_bookmark *at);
	int64_t (*again_us)(const void *ctx);   /* how long the receiver asked to be left alone, or 0; may be NULL */
} lk_target;

#endif
