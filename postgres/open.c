/* Opening PostgreSQL sessions.
 *
 * Every session gets the same settings before it is used (R7): defaults of the database's owner (time zone, isolation,
 * durability, search path, timeouts) must not change an answer or a promise. Constraint exclusion is off because it
 * decides, by the plan, whether a condition that contradicts itself is evaluated, and so whether an error in it is
 * raised. lk holds session advisory locks, so the session must be a server process of its own. Behind a pooler the
 * process that answers is not the one that was announced at the connect; such a connection is refused. A host that
 * vanishes closes no connection, and what its sessions hold (the end of the log in the middle of an append, the locks
 * of its units) would stay held until the server's kernel probes it, by default after two hours: hence keepalives on
 * the server's side too. */
#include "postgres/private.h"

#include <string.h>

static const char session_settings[] =
	"SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 1;"
	"SET search_path = pg_catalog; SET standard_conforming_strings = on; SET transform_null_equals = off; SET jit = off;"
	"SET constraint_exclusion = off;"
	"SET bytea_output = 'hex'; SET synchronous_commit = on; SET default_transaction_isolation = 'read committed';"
	"SET default_transaction_read_only = off; SET default_transaction_deferrable = off;"
	"SET row_security = off; SET client_min_messages = warning;"
	"SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET idle_session_timeout = 0;"
	"SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;"
	"SET tcp_user_timeout = 30000;"
	"SELECT pg_catalog.current_setting('server_encoding'), pg_catalog.pg_backend_pid()";

static int check_session(lk_pg *pg, lk_error *err) {
	PGresult *res = lk_pg_answer(pg, session_settings);
	int rc = 0;
	if (PQstatus(pg->conn) == CONNECTION_OK && PQserverVersion(pg->conn) < 140000)
		rc = lk_fail(err, LK_EUNSUPPORTED, "PostgreSQL is version %s; lk needs 14 or later",
		             PQparameterStatus(pg->conn, "server_version"));
	else if (PQresultStatus(res) != PGRES_TUPLES_OK)
		rc = lk_pg_failed(pg, res, "preparing the session", err);
	else if (strcmp(PQgetvalue(res, 0, 0), "UTF8")) {
		rc = lk_fail(err, LK_EUNSUPPORTED, "the database's encoding is %s; lk needs UTF8", PQgetvalue(res, 0, 0));
		lk_hint(err, "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0");
	} else if (lk_pg_int(res, 0, 1) != PQbackendPID(pg->conn)) {
		rc = lk_fail(err, LK_EUNSUPPORTED, "the connection goes through a pooler, where session locks do not hold");
		lk_hint(err, "set LK_POSTGRES to PostgreSQL itself");
	}
	PQclear(res);
	return rc;
}

int lk_pg_open(lk_pg *pg, const char *conninfo, const char *application_name, lk_error *err) {
	*pg = (lk_pg){.limit_us = LK_PG_ANSWER_US};
	int rc = lk_pg_connect_to(pg, conninfo, application_name, err);
	if (!rc)
		rc = check_session(pg, err);
	if (rc) {
		lk_pg_close(pg);
		return rc;
	}
	pg->watched = true;
	pg->limit_us = 0;
	return 0;
}

void lk_pg_close(lk_pg *pg) {
	if (pg->conn)
		PQfinish(pg->conn);
	*pg = (lk_pg){0};
}

