/* Opening PostgreSQL sessions.
 *
 * Every session gets the same settings before it is used (R7): defaults of the database's owner (time zone, isolation,
 * durability, search path, timeouts) must not change an answer or a promise. Constraint exclusion is off because it
 * decides, by the plan, whether a condition that contradicts itself is evaluated, and so whether an error in it is
 * raised. lk holds session advisory locks, so the session must be a server process of its own. Behind a pooler the
 * process that answers is not the one that was announced at the connect; such a connection is refused. A host that
 * vanishes closes no connection, and what its sessions hold (the end of the log in the middle of an append, the locks
 * of its units) would stay held until the server's kernel probes it, by default after two hours: hence keepalives on
 * the server's side too.
 *
 * The conninfo may hold a password, so neither it nor libpq's complaint about its form is ever shown. */
#include "event_log/pg_private.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/fault.h"
#include "core/time.h"

#define CONNECT_S 5

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

static void ignore_notice(void *arg, const PGresult *res) {
	(void)arg;
	(void)res;
}

static void where_is(const PGconn *conn, lk_buf *out) {
	const char *host = PQhost(conn), *port = PQport(conn);
	if (host && host[0] == '/')
		lk_buf_addf(out, "socket %s/.s.PGSQL.%s", host, port ? port : "");
	else
		lk_buf_addf(out, "%s port %s", host && *host ? host : "localhost", port && *port ? port : "5432");
	lk_buf_addf(out, ", database %s, user %s", PQdb(conn) ? PQdb(conn) : "?", PQuser(conn) ? PQuser(conn) : "?");
}

/* "FATAL:  3D000: database …\nLOCATION: …": takes code and place out of libpq's verbose form of the server's
 * refusal. */
static void split_refusal(char *message, char sqlstate[6]) {
	char *at = message;
	while ((at = strstr(at, ":  "))) {
		char *code = at + 3;
		if (strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 && code[5] == ':') {
			memcpy(sqlstate, code, 5);
			memmove(code, code + 7, strlen(code + 7) + 1);
			break;
		}
		at = code;
	}
	char *place = strstr(message, "\nLOCATION:");
	if (*sqlstate && place)
		*place = '\0';
}

/* Refusals of a server that answers, and what to do. */
static const struct { const char *sqlstate, *hint; } refusals[] = {
	{"3D000", "create the database, or name another one in LK_POSTGRES (dbname=…)"},
	{"28P01", "give the role's password: in LK_POSTGRES (password=…), PGPASSWORD or ~/.pgpass"},
	{"28", "create the role (CREATE ROLE … LOGIN) or let it in (pg_hba.conf), or name another one in LK_POSTGRES (user=…)"},
	{"42501", "GRANT CONNECT ON DATABASE to the role, or name another one in LK_POSTGRES (user=…)"},
	{"53300", "it has max_connections sessions already: end some, or raise the limit"},
	{"57P03", "it is starting or stopping: try again when it is up"},
};

static int refused(lk_pg *pg, const char *place, lk_error *err) {
	char *message = lk_strdup(PQerrorMessage(pg->conn)), sqlstate[6] = "";
	lk_buf text = LK_BUF_INIT;
	const char *hint = "start it (`lk up` starts a private one), or set LK_POSTGRES to where it is";
	split_refusal(message, sqlstate);
	lk_pg_one_line(&text, message);
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		if (strncmp(sqlstate, refusals[i].sqlstate, strlen(refusals[i].sqlstate)) == 0) {
			hint = refusals[i].hint;
			break;
		}
	}
	lk_fail(err, LK_EUNREACHABLE, "PostgreSQL %s at %s: %s", *sqlstate ? "refuses the connection" : "cannot be reached", place, text.data);
	lk_hint(err, "%s", hint);
	lk_buf_release(&text);
	free(message);
	return LK_EUNREACHABLE;
}

/* connect_timeout of the conninfo; 0 waits for ever in libpq, and here as long as for any answer. */
static int64_t connect_us(PGconn *conn) {
	int64_t s = CONNECT_S;
	PQconninfoOption *options = PQconninfo(conn);
	for (PQconninfoOption *o = options; o && o->keyword; o++)
		if (!strcmp(o->keyword, "connect_timeout") && o->val)
			s = atoi(o->val);
	PQconninfoFree(options);
	return s > 0 && s <= LK_PG_ANSWER_S ? s * LK_US_PER_S : LK_PG_ANSWER_US;
}

static int await_connection(lk_pg *pg, lk_error *err) {
	int64_t within_us = connect_us(pg->conn);
	lk_buf place = LK_BUF_INIT;
	int rc = 0;
	PQsetErrorVerbosity(pg->conn, PQERRORS_VERBOSE);
	enum lk_waited w = lk_pg_connect(pg->conn, lk_monotonic_us() + LK_LIMIT_US(within_us));
	where_is(pg->conn, &place);
	if (w == LK_WAIT_READY && PQstatus(pg->conn) != CONNECTION_OK)
		rc = refused(pg, place.data, err);
	else if (w == LK_WAIT_STOPPED)
		rc = lk_fail(err, LK_EUNREACHABLE, "PostgreSQL at %s: stopped before it answered", place.data);
	else if (w == LK_WAIT_LATE) {
		rc = lk_fail(err, LK_EUNREACHABLE, "PostgreSQL does not answer at %s within %d s", place.data, (int)(within_us / LK_US_PER_S));
		lk_hint(err, "check the server and its host, or set LK_POSTGRES to another one");
	}
	PQsetErrorVerbosity(pg->conn, PQERRORS_DEFAULT);
	lk_buf_release(&place);
	return rc;
}

static int connect_to(lk_pg *pg, const char *conninfo, const char *application_name, lk_error *err) {
	char *complaint = NULL;
	PQconninfoOption *options = PQconninfoParse(conninfo, &complaint);
	PQfreemem(complaint);
	if (!options) {
		lk_fail(err, LK_EUSAGE, "PostgreSQL's connection text cannot be read");
		lk_hint(err, "LK_POSTGRES takes key=value pairs (host=… dbname=…) or a postgresql:// URI");
		return LK_EUSAGE;
	}
	PQconninfoFree(options);
	/* The text may override what comes before dbname, but not what comes after. lk recognises its sessions by their
	 * name. */
	const char *const keys[] = {"keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count",
	                            "tcp_user_timeout", "dbname", "client_encoding", "application_name", NULL};
	const char *const values[] = {"1", "10", "5", "3", "30000", conninfo, "UTF8", application_name, NULL};
	pg->conn = PQconnectStartParams(keys, values, 1);
	if (!pg->conn)
		return lk_fail(err, LK_EUNREACHABLE, "PostgreSQL: no memory for a connection");
	PQsetNoticeReceiver(pg->conn, ignore_notice, NULL);
	return await_connection(pg, err);
}

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
	int rc = connect_to(pg, conninfo, application_name, err);
	if (!rc)
		rc = check_session(pg, err);
	if (rc) {
		lk_pg_close(pg);
		return rc;
	}
	pg->conninfo = lk_strdup(conninfo);
	pg->limit_us = 0;
	return 0;
}

void lk_pg_close(lk_pg *pg) {
	if (pg->conn)
		PQfinish(pg->conn);
	free(pg->conninfo);
	*pg = (lk_pg){0};
}

