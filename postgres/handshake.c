/* The handshake of a new connection, within a limit. */
#include <poll.h>

#include "core/wait.h"
#include "postgres/pg.h"

enum lk_waited lk_pg_connect(PGconn *conn, int64_t until_us) {
	PostgresPollingStatusType st = PGRES_POLLING_WRITING;
	if (PQstatus(conn) == CONNECTION_BAD)
		return LK_WAIT_READY;
	while (st != PGRES_POLLING_OK && st != PGRES_POLLING_FAILED) {
		enum lk_waited w = lk_wait_fd(PQsocket(conn), st == PGRES_POLLING_READING ? POLLIN : POLLOUT, until_us);
		if (w != LK_WAIT_READY)
			return w;
		st = PQconnectPoll(conn);
	}
	PQsetnonblocking(conn, 1);
	return LK_WAIT_READY;
}
