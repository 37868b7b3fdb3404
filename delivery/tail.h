/* Rows of a log to a target, from where the reader was, once or until it is stopped.
 *
 * A run is the caller's thread, with a session of its own. */
#ifndef LK_DELIVERY_TAIL_H
#define LK_DELIVERY_TAIL_H

#include "delivery/begin.h"
#include "delivery/target.h"

typedef struct lk_tail_options {
	const char *postgres;         /* conninfo; of no meaning with a session */
	lk_pg *session;               /* lent, for a run that does not follow; NULL: it opens its own */
	int64_t until_us;             /* stops at this monotonic time; 0: at none */
	const char *stream;
	const char *columns;          /* as for lk_shape_make */
	const lk_where *where;
	int nwhere;
	lk_begin begin;               /* for a reader without a position; and which partition is read */
	const lk_bookmark *at;        /* goes on here, as from a position that was kept; NULL: `begin` says where. Borrowed */
	const lk_bookmark *to;        /* of the same log: ends there at the latest; NULL: nowhere. Borrowed */
	int64_t limit;                /* rows, then it ends; 0: no limit */
	bool follow;                  /* waits for more rows, and for a server that is lost */
	int64_t retry_us;             /* how long a target that takes nothing is tried; 0: for ever */
	const char *cursor;           /* file that keeps the position, or NULL */
	const char *name;             /* of the delivery that keeps it in PostgreSQL, or NULL */
	const char *target_name;      /* for people: where the rows go */
	const lk_target *target;
	const volatile int *stop;
	bool (*unread)(void *ctx);    /* nobody reads the output any more: ends the run; may be NULL */
	/* A trouble that lasts, or its end. */
	void (*notice)(void *ctx, const lk_error *what);
	void *ctx;
} lk_tail_options;

typedef struct lk_tail_report {
	int64_t rows;                 /* that the target has taken */
	int64_t read;                 /* with those that did not pass */
	lk_bookmark at;               /* behind the last of them */
	bool resumed;                 /* it began at a position that was kept */
	bool stopped;                 /* by *stop or until_us, before the end */
} lk_tail_report;

/* LK_EUSAGE: no such stream, column, partition, offset; LK_EINPUT, LK_EBUSY, LK_EFULL: the cursor; LK_EGAP: a row is
 * missing; LK_EUNREACHABLE, unless it follows and has begun; the target's own failures. What the report says is out,
 * also after a failure. */
int lk_tail_run(const lk_tail_options *o, lk_tail_report *out, lk_error *err);

#endif
