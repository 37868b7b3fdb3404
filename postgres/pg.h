/* PostgreSQL sessions: every connection of lk is opened here and sets the session of R7.
 *
 * A session is the caller's, for one thread at a time; results (PGresult) are the caller's, for PQclear, which takes
 * NULL too. lk_pg_cancel_by_handle may be called from a signal handler. */
#ifndef LK_POSTGRES_PG_H
#define LK_POSTGRES_PG_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/status.h"
#include "core/wait.h"

typedef struct lk_pg {
	PGconn *conn;
	unsigned prepared;  /* bit set of enum lk_prepared */
	int64_t limit_us;   /* the session is given up after this long without an answer; 0: only if the server is silent */
	bool again;         /* it has read an answer's snapshot before: the statements of further ones are prepared */
	bool watched;       /* it is prepared: a second session may look at it */
	bool finishes;      /* a process that is asked to stop still waits some seconds for it, if the server works */
	char lost[96];      /* why it was given up, or "" */
} lk_pg;

/* The limit of sessions whose statements are all short. */
#define LK_PG_ANSWER_S 60
#define LK_PG_ANSWER_US (LK_PG_ANSWER_S * INT64_C(1000000))

/* Statements that run often enough to be planned once per session. */
enum lk_prepared { LK_PREPARED_TAIL, LK_PREPARED_END, LK_PREPARED_CUTS, LK_PREPARED_SETTINGS, LK_PREPARED_LOCK, LK_PREPARED_MOVE,
	LK_PREPARED_SNAPSHOT };

/* Connects to the first host of conninfo (LK_POSTGRES, or the private server: key=value text or a URI) that answers in
 * 5 s, or its connect_timeout. Checks version (>= 14), encoding (UTF8) and session advisory locks (a direct connection).
 * Errors say which server, where it was expected and what to do; never the password. LK_EUNREACHABLE, also if the
 * database or role does not exist; LK_EUNSUPPORTED. The session has no limit_us yet. */
int lk_pg_open(lk_pg *pg, const char *conninfo, const char *application_name, lk_error *err);
void lk_pg_close(lk_pg *pg);

/* Runs SQL with text parameters (NULL = SQL NULL) and gives text results; res may be NULL if no result is wanted. The
 * SQL must be constant or built from quoted identifiers. Connection loss: LK_EUNREACHABLE; SQLSTATE class 22:
 * LK_EVALUE; 55P03 and 57014 from lock_timeout: LK_EBUSY; 53xxx: LK_EFULL; 23503: LK_ECONFLICT; else LK_EINTERNAL. */
int lk_pg_exec(lk_pg *pg, PGresult **res, lk_error *err, const char *sql, int nparams, const char *const *params);
/* The same for a statement that changes rows: how many it changed. */
int lk_pg_changed(lk_pg *pg, const char *sql, int nparams, const char *const *params, int64_t *rows, lk_error *err);
/* Prepares the statement unless the session already has it, and gives its name. */
int lk_pg_prepare(lk_pg *pg, enum lk_prepared which, const char *sql, char name[8], lk_error *err);
/* Several statements without parameters ("BEGIN", "SET LOCAL …; …"). */
int lk_pg_run(lk_pg *pg, lk_error *err, const char *sql);
/* The same, with the rows of the last one. */
int lk_pg_query(lk_pg *pg, PGresult **res, lk_error *err, const char *sql);
/* The same, with the rows of each that gives rows, of which there must be n. The caller clears
 * res[0 … n-1], also after a failure. */
int lk_pg_query_all(lk_pg *pg, PGresult **res, int n, const char *doing, lk_error *err, const char *sql);
/* BEGIN READ COMMITTED for a short transaction that holds what others need. It waits lock_timeout_ms for a lock (then
 * LK_EBUSY); if its process is stopped between two statements, the server ends the session after LK_IDLE_MS (P14). */
int lk_pg_begin(lk_pg *pg, int lock_timeout_ms, lk_error *err);
enum { LK_IDLE_MS = 5000 };
/* printf form of one statement with no outside text in it but numbers and quoted identifiers. */
int lk_pg_runf(lk_pg *pg, lk_error *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Ends what the session is doing (a COPY, unread results) and discards its answers. */
void lk_pg_cancel(lk_pg *pg);
/* For a signal handler: cancels what the session runs. Make the handle before; it lives as long as the process. */
void *lk_pg_cancel_handle(lk_pg *pg);
void lk_pg_cancel_by_handle(void *handle);
/* Cancels and rolls back what is open; ignores errors (the connection may be gone). */
void lk_pg_rollback(lk_pg *pg);

/* --- libpq's calls that may wait, for code that needs more than the above (postgres/wait.c). No wait is endless: if the server
 * is silent too long, or the process is asked to stop, the connection is given up and libpq sees it as lost. --- */

PGresult *lk_pg_result(lk_pg *pg);                            /* PQgetResult */
int lk_pg_copy_data(lk_pg *pg, char **row);                   /* PQgetCopyData */
int lk_pg_put(lk_pg *pg, const char *data, size_t n);         /* PQputCopyData, and sent; 0 or -1 */
/* All tuples of a binary COPY that the server waits for, with what stands before and after them (postgres/copy_in.c); the
 * end is the caller's to send. `doing` is for the error. */
int lk_pg_put_tuples(lk_pg *pg, const lk_buf *tuples, const char *doing, lk_error *err);
/* A whole binary COPY: sql is COPY … FROM STDIN (FORMAT binary). */
int lk_pg_copy_in(lk_pg *pg, const char *sql, const lk_buf *tuples, const char *doing, lk_error *err);
int lk_pg_put_end(lk_pg *pg, const char *why_not);            /* PQputCopyEnd, and sent; 0 or -1 */
PGresult *lk_pg_last_result(lk_pg *pg, int sent);             /* the end of PQexec; sent: what PQsendQuery returned */
PGresult *lk_pg_answer(lk_pg *pg, const char *sql);           /* PQexec */
PGresult *lk_pg_answer_prepared(lk_pg *pg, const char *name, int nparams, const char *const *params);   /* PQexecPrepared */
enum lk_waited lk_pg_connect(PGconn *conn, int64_t until_us); /* of PQconnectStartParams; READY: connected or refused */

/* Turns a failed result (or the connection's state, res NULL) into an error; returns its code. */
int lk_pg_failed(lk_pg *pg, const PGresult *res, const char *doing, lk_error *err);

/* Session advisory lock keyed by an id from lk.id. try_lock: 0, or LK_EBUSY without filling err. */
int lk_pg_try_lock(lk_pg *pg, int64_t id, lk_error *err);
int lk_pg_unlock(lk_pg *pg, int64_t id, lk_error *err);
/* Who holds it: 1, and "process 123 (lk replay)" added to `who` (may be NULL); 0 if nobody does. */
int lk_pg_lock_holder(lk_pg *pg, int64_t id, lk_buf *who, lk_error *err);
/* Waits for the lock and keeps it to the end of the caller's transaction; LK_EBUSY after lock_timeout. */
int lk_pg_lock_transaction(lk_pg *pg, int64_t id, lk_error *err);
/* The same without waiting: LK_EBUSY, without filling err, if another session has it. */
int lk_pg_try_lock_transaction(lk_pg *pg, int64_t id, lk_error *err);

/* A number as a parameter: writes it to `text` and returns `text`. */
const char *lk_pg_number(char text[24], int64_t n);

/* Fields of text results. */
int64_t lk_pg_int(const PGresult *res, int row, int col);          /* NULL: 0 */
int64_t lk_pg_int_or(const PGresult *res, int row, int col, int64_t if_null);
int64_t lk_pg_time_or(const PGresult *res, int row, int col, int64_t if_null);   /* timestamptz; if_null also outside lk's time */
/* SQL between timestamptz and microseconds since 1970 as bigint, exact over all of lk's time. (bigint * interval goes
 * through double, so seconds and the rest are multiplied apart.) The parameter's text is used twice. */
#define LK_SQL_US(expr) "(extract(epoch from " expr ") * 1000000)::bigint"
#define LK_SQL_TIME(param) "(timestamptz '1970-01-01 00:00:00+00' + " param "::bigint / 1000000 * interval '1 second' + " \
	"mod(" param "::bigint, 1000000) * interval '1 microsecond')"

#endif
