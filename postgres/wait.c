/* Waiting for PostgreSQL.
 *
 * Sessions are in libpq's non-blocking mode, and each call that may have to wait is one of those below: they send when
 * the socket accepts data, and wait for answers with core/wait.h. So no wait lasts for ever:
 *
 *   - a session with a limit (workers, appends) is given up when nothing has come for that long;
 *   - one without, whose statements may compute for hours, is checked every 10 s from a second, short session
 *     (postgres/backend.c), and given up when for a minute the server has not shown that it works on the statement;
 *   - a process that is asked to stop gives up what has no answer after half a second, and cancels it, so that the
 *     server does not continue for nobody. It waits some seconds more for a session that `finishes` (an append, which
 *     may be nearly in), if the server works on it.
 *
 * Giving up shuts the socket: libpq and all callers then see a lost connection, and follow the same rules (P1, P14). */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

#include "core/fault.h"
#include "core/time.h"
#include "core/wait.h"
#include "postgres/backend.h"
#include "postgres/pg.h"

enum { LAST_READS = 64 };

#define LOOK_EVERY_US  (10 * LK_US_PER_S)
#define DEAD_AFTER_US  (60 * LK_US_PER_S)
#define FINISH_US      (10 * LK_US_PER_S)

static int give_up(lk_pg *pg, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int give_up(lk_pg *pg, const char *fmt, ...) {
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(pg->lost, sizeof pg->lost, fmt, ap);
	va_end(ap);
	shutdown(PQsocket(pg->conn), SHUT_RDWR);
	for (int i = 0; i < LAST_READS && PQstatus(pg->conn) == CONNECTION_OK; i++)
		PQconsumeInput(pg->conn);
	return -1;
}

static int end_for_a_stop(lk_pg *pg, short events) {
	if (pg->finishes && lk_pg_backend_works(pg)
	    && lk_wait_fd_through(PQsocket(pg->conn), events, lk_monotonic_us() + FINISH_US) == LK_WAIT_READY)
		return 0;
	if (!pg->finishes)
		lk_pg_backend_cancel(pg);
	lk_wait_gave_up();
	return give_up(pg, "stopped before it answered");
}

static int wait_for(lk_pg *pg, short events) {
	int64_t began = lk_monotonic_us(), worked = began, every = LK_LIMIT_US(pg->limit_us ? pg->limit_us : LOOK_EVERY_US);
	for (;;) {
		enum lk_waited w = lk_wait_fd(PQsocket(pg->conn), events, lk_monotonic_us() + every);
		if (w == LK_WAIT_READY)
			return 0;
		if (w == LK_WAIT_STOPPED)
			return end_for_a_stop(pg, events);
		if (pg->limit_us)
			return give_up(pg, "no answer for %lld s", (long long)(pg->limit_us / LK_US_PER_S));
		int64_t now = lk_monotonic_us();
		if (lk_pg_backend_works(pg))
			worked = now;
		else if (now - worked >= LK_LIMIT_US(DEAD_AFTER_US))
			return give_up(pg, "no answer, and no sign for %d s that the server works on it", (int)(DEAD_AFTER_US / LK_US_PER_S));
	}
}

/* Reads what has come; first without waiting if it may be in the buffers of TLS, which poll(2) does not see. */
static int wait_and_read(lk_pg *pg, short events) {
	if (PQsslInUse(pg->conn) && !PQconsumeInput(pg->conn))
		return -1;
	return wait_for(pg, events) == 0 && PQconsumeInput(pg->conn) ? 0 : -1;
}

PGresult *lk_pg_result(lk_pg *pg) {
	for (;;) {
		int unsent = PQflush(pg->conn);
		if (unsent < 0 || !PQisBusy(pg->conn))
			break;
		if (PQsslInUse(pg->conn) && (!PQconsumeInput(pg->conn) || !PQisBusy(pg->conn)))
			break;
		if (wait_for(pg, unsent ? POLLIN | POLLOUT : POLLIN) != 0 || !PQconsumeInput(pg->conn))
			break;
	}
	return PQgetResult(pg->conn);
}

PGresult *lk_pg_last_result(lk_pg *pg, int sent) {
	PGresult *last = NULL, *r;
	while (sent && (r = lk_pg_result(pg))) {
		ExecStatusType st = PQresultStatus(r);
		PQclear(last);
		last = r;
		if (st == PGRES_COPY_IN || st == PGRES_COPY_OUT || PQstatus(pg->conn) != CONNECTION_OK)
			break;
	}
	return last;
}

int lk_pg_copy_data(lk_pg *pg, char **row) {
	for (;;) {
		int n = PQgetCopyData(pg->conn, row, 1);
		if (n)
			return n;
		if (PQsslInUse(pg->conn) && PQconsumeInput(pg->conn) && (n = PQgetCopyData(pg->conn, row, 1)))
			return n;
		if (wait_for(pg, POLLIN) != 0 || !PQconsumeInput(pg->conn))
			return -2;
	}
}

static int send_all(lk_pg *pg) {
	int unsent;
	while ((unsent = PQflush(pg->conn)) > 0)
		if (wait_and_read(pg, POLLIN | POLLOUT) != 0)
			return -1;
	return unsent;
}

int lk_pg_put(lk_pg *pg, const char *data, size_t n) {
	int put;
	while ((put = PQputCopyData(pg->conn, data, (int)n)) == 0)
		if (send_all(pg) != 0)
			return -1;
	return put < 0 ? -1 : send_all(pg);
}

int lk_pg_put_end(lk_pg *pg, const char *why_not) {
	int put;
	while ((put = PQputCopyEnd(pg->conn, why_not)) == 0)
		if (send_all(pg) != 0)
			return -1;
	return put < 0 ? -1 : send_all(pg);
}
