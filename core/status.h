/* Status codes and the one error shape of the program.
 *
 * A function that can fail returns int: 0 is success, a negative lk_status is a failure,
 * a positive value (where documented) means "no more". The place that knows the cause fills
 * the lk_error; callers only pass the code on. The first error wins: lk_fail() does not
 * overwrite an error that is already set.
 *
 * An error is the caller's, of one thread; it owns no memory. */
#ifndef LK_CORE_STATUS_H
#define LK_CORE_STATUS_H

enum lk_status {
	LK_OK = 0,
	LK_EUSAGE = -1,       /* the command line or a name in it is wrong; exit 2 */
	LK_EDEFINITION = -2,  /* a definition is invalid; exit 78 */
	LK_EINPUT = -3,       /* input refused under --strict; exit 65 */
	LK_EUNREACHABLE = -4, /* a server cannot be reached or went away: reconnect, take over again; exit 3 */
	LK_EFENCED = -5,      /* the unit has another owner now: drop the map, take over again */
	LK_EFULL = -6,        /* the server has no room: wait and try again, nothing was written */
	LK_EBUSY = -7,        /* a lock is held elsewhere: try later */
	LK_EGAP = -8,         /* the log has a hole or does not fit the state: stop this unit */
	LK_EVALUE = -9,       /* SQLSTATE class 22: the statement met a value it cannot compute */
	LK_ECONFLICT = -10,   /* a compare-and-set found another value: another process was first */
	LK_EUNSUPPORTED = -11,/* a server is too old or misconfigured; exit 3 */
	LK_EPARTIAL = -12,    /* the answer is partial or stale and --strict was given; exit 5 */
	LK_ETOOBIG = -15,     /* an answer exceeds its bound of rows, bytes or time; exit 6 */
	LK_EDIFFERS = -14,    /* two answers that should be equal are not; exit 1 */
	LK_ECHANGED = -16,    /* the stream's definition has changed: read it again, nothing was written */
	LK_EINTERNAL = -13,   /* a statement failed that never should: a bug, or the tables were changed by hand; exit 70 */
};

typedef struct lk_error {
	int code;          /* LK_OK while unset */
	char sqlstate[6];  /* of PostgreSQL, or "" */
	char text[1024];   /* a short fact, with the place */
	char hint[512];    /* what to do, or "" */
} lk_error;

/* Fills *err (may be NULL) unless it is set already; returns code. */
int lk_fail(lk_error *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Adds the hint unless one is set. Returns err->code. */
int lk_hint(lk_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void lk_error_clear(lk_error *err);

/* The exit status of the program for a code (section "exit status" of the README). */
int lk_exit_status(int code);

#endif
