/* PQcancel is not used here, because it waits for the server without a limit. */
#include "postgres/backend.h"

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/fault.h"
#include "core/time.h"
#include "core/wait.h"

#define LOOK_US    (5 * LK_US_PER_S)
#define STOPPING_US INT64_C(250000)     /* less than LK_STOP_US, so that a stop does not end it */

/* On this machine /proc shows that a process is stopped, which no table of PostgreSQL does. */
static bool is_stopped_here(const PGconn *conn) {
	char path[64], line[256];
	const char *host = PQhost(conn);
	if (host && *host && host[0] != '/' && strcmp(host, "localhost") && strncmp(host, "127.", 4) && strcmp(host, "::1"))
		return false;
	snprintf(path, sizeof path, "/proc/%d/stat", PQbackendPID(conn));
	FILE *f = fopen(path, "re");
	if (!f)
		return false;
	size_t n = fread(line, 1, sizeof line - 1, f);
	fclose(f);
	line[n] = '\0';
	const char *end = strrchr(line, ')');
	return strstr(line, "(postgres)") && end && (!strncmp(end, ") T", 3) || !strncmp(end, ") t", 3));
}

static PGresult *result_within(PGconn *conn, int64_t until_us, bool *answered) {
	PQsetnonblocking(conn, 1);
	while (PQisBusy(conn)) {
		PQflush(conn);
		if (lk_wait_fd_through(PQsocket(conn), POLLIN, until_us) != LK_WAIT_READY)
			return NULL;
		if (!PQconsumeInput(conn))
			break;
	}
	*answered = true;
	return PQgetResult(conn);
}

enum { OPTIONS_MOST = 96 };

/* A session like this one: at the same address, since only that server can answer, and no name must be looked up. */
static PGconn *start_beside(const PGconn *conn) {
	const struct { const char *key, *value; } own[] = {
		{"host", PQhost(conn)}, {"hostaddr", PQhostaddr(conn)}, {"port", PQport(conn)}, {"application_name", "lk watch"},
	};
	const char *keys[OPTIONS_MOST + 1] = {0}, *values[OPTIONS_MOST + 1] = {0};
	PQconninfoOption *options = PQconninfo((PGconn *)(uintptr_t)conn);
	int n = 0;
	for (PQconninfoOption *o = options; o && o->keyword && n < OPTIONS_MOST; o++, n++) {
		keys[n] = o->keyword;
		values[n] = o->val;
		for (size_t i = 0; i < sizeof own / sizeof *own; i++)
			if (strcmp(o->keyword, own[i].key) == 0)
				values[n] = own[i].value;
	}
	PGconn *beside = PQconnectStartParams(keys, values, 0);
	PQconninfoFree(options);
	return beside;
}

/* Asks from a session of its own. The result, or NULL. *answered: the server gave any answer, even a refusal. */
static PGresult *ask(const lk_pg *pg, const char *sql, int64_t within_us, bool *answered) {
	int64_t until_us = lk_monotonic_us() + within_us;
	char pid[16];
	PGresult *res = NULL;
	*answered = false;
	PGconn *conn = start_beside(pg->conn);
	if (!conn)
		return NULL;
	enum lk_waited w = lk_pg_connect(conn, until_us);
	*answered = w == LK_WAIT_READY && PQstatus(conn) != CONNECTION_OK;
	snprintf(pid, sizeof pid, "%d", PQbackendPID(pg->conn));
	if (w == LK_WAIT_READY && PQsendQueryParams(conn, sql, 1, NULL, (const char *const[]){pid}, NULL, NULL, 0))
		res = result_within(conn, until_us, answered);
	PQfinish(conn);
	return res;
}

static int64_t patience_us(void) { return lk_stop_asked() ? STOPPING_US : LK_LIMIT_US(LOOK_US); }

bool lk_pg_backend_works(const lk_pg *pg) {
	bool answered;
	if (!pg->watched || is_stopped_here(pg->conn))
		return false;
	PGresult *res = ask(pg, "SELECT count(*) FILTER (WHERE coalesce(state, '') !~ '^idle' AND wait_event_type IS DISTINCT FROM 'Client')"
	                    " FROM pg_catalog.pg_stat_activity WHERE pid = $1::int", patience_us(), &answered);
	bool known = PQresultStatus(res) == PGRES_TUPLES_OK, works = known && strcmp(PQgetvalue(res, 0, 0), "0");
	PQclear(res);
	return known ? works : answered;
}

void lk_pg_backend_cancel(const lk_pg *pg) {
	bool answered;
	if (pg->watched && PQtransactionStatus(pg->conn) == PQTRANS_ACTIVE && !is_stopped_here(pg->conn))
		PQclear(ask(pg, "SELECT pg_catalog.pg_cancel_backend($1::int)", patience_us(), &answered));
}
