/* PostgreSQL sessions.
 *
 * Every session is made equal before it is used (R7): what the database's owner set as defaults (time zone,
 * isolation, durability, search path, timeouts) must not change an answer or a promise. Constraint exclusion is off
 * because it decides, by the plan, whether a condition that contradicts itself is evaluated, and so whether an error
 * in it is met. lk holds session advisory locks, so the session must be a server process of its own: behind a pooler
 * the process that answers is not the one that was announced at the connect, and such a connection is refused. A
 * host that vanishes sends no farewell, and what its sessions hold (the end of the log in the middle of an append,
 * the locks of its units) would stand until the server's kernel asks after it, by default for two hours: hence
 * keepalives on the server's side too.
 *
 * Errors are sorted here by SQLSTATE into what the caller should do (core/status.h); nobody else looks at texts. The
 * conninfo may hold a password, so neither it nor libpq's complaint about its form is ever shown. */
#include "event_log/pg.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/fault.h"
#include "core/time.h"

enum { CLOSING_READS = 3 };

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

static void trim_into(lk_buf *out, const char *message) {
	static const char blank[] = " \t\n";
	for (const char *p = message + strspn(message, blank), *end; *p; p = end + strspn(end, blank)) {
		end = p + strcspn(p, "\n");
		lk_buf_adds(out, p > message ? "; " : "");
		lk_buf_add(out, p, (size_t)(end - p));
	}
	lk_buf_grow(out, 0);
	out->data[out->len] = '\0';
}

static int status_of_sqlstate(const char *s) {
	static const struct { const char *prefix; int code; } table[] = {
		{"08", LK_EUNREACHABLE}, {"57P", LK_EUNREACHABLE}, {"25006", LK_EUNREACHABLE}, {"25P03", LK_EUNREACHABLE}, {"22", LK_EVALUE},
		{"23503", LK_ECONFLICT},   /* a row that is named is gone, or one that was to go is named */
		{"55P03", LK_EBUSY}, {"57014", LK_EBUSY}, {"40001", LK_EBUSY}, {"40P01", LK_EBUSY}, {"53", LK_EFULL},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (!strncmp(s, table[i].prefix, strlen(table[i].prefix)))
			return table[i].code;
	return LK_EINTERNAL;
}

/* Where libpq cannot send, its error has no SQLSTATE, and the connection looks well until what the server sent before
 * it closed has been read, too: a warning, where another session's crash has ended all. */
static bool is_lost(lk_pg *pg, const char *sqlstate) {
	for (int i = 0; !sqlstate && i < CLOSING_READS && PQstatus(pg->conn) == CONNECTION_OK; i++)
		PQconsumeInput(pg->conn);
	return PQstatus(pg->conn) != CONNECTION_OK;
}

int lk_pg_failed(lk_pg *pg, const PGresult *res, const char *doing, lk_error *err) {
	const char *sqlstate = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
	const char *message = res ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	const char *detail = res ? PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL) : NULL;
	int code = sqlstate ? status_of_sqlstate(sqlstate) : LK_EINTERNAL;
	if (is_lost(pg, sqlstate))
		code = LK_EUNREACHABLE;
	if (!message || !*message)
		message = res && *PQresultErrorMessage(res) ? PQresultErrorMessage(res) : PQerrorMessage(pg->conn);
	lk_buf text = LK_BUF_INIT;
	trim_into(&text, *message ? message : "an answer that was not expected");
	if (detail)
		lk_buf_addf(&text, ": %s", detail);
	bool first = err && err->code == LK_OK;
	lk_fail(err, code, "PostgreSQL, %s: %s", doing, text.data);
	if (first && sqlstate) {
		memcpy(err->sqlstate, sqlstate, 5);
		err->sqlstate[5] = '\0';
	}
	lk_buf_release(&text);
	return code;
}

static void where_is(const PGconn *conn, lk_buf *out) {
	const char *host = PQhost(conn), *port = PQport(conn);
	if (host && host[0] == '/')
		lk_buf_addf(out, "socket %s/.s.PGSQL.%s", host, port ? port : "");
	else
		lk_buf_addf(out, "%s port %s", host && *host ? host : "localhost", port && *port ? port : "5432");
	lk_buf_addf(out, ", database %s, user %s", PQdb(conn) ? PQdb(conn) : "?", PQuser(conn) ? PQuser(conn) : "?");
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
	/* What stands before dbname may be overridden by the text, what comes after it may not. lk knows its sessions by their name. */
	const char *const keys[] = {"connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count",
	                            "tcp_user_timeout", "dbname", "client_encoding", "application_name", NULL};
	const char *const values[] = {"5", "1", "10", "5", "3", "30000", conninfo, "UTF8", application_name, NULL};
	pg->conn = PQconnectdbParams(keys, values, 1);
	if (!pg->conn)
		return lk_fail(err, LK_EUNREACHABLE, "PostgreSQL: no memory for a connection");
	PQsetNoticeReceiver(pg->conn, ignore_notice, NULL);
	if (PQstatus(pg->conn) == CONNECTION_OK)
		return 0;
	lk_buf place = LK_BUF_INIT, text = LK_BUF_INIT;
	where_is(pg->conn, &place);
	trim_into(&text, PQerrorMessage(pg->conn));
	lk_fail(err, LK_EUNREACHABLE, "PostgreSQL cannot be reached at %s: %s", place.data, text.data);
	lk_hint(err, "start it (`lk up` starts a private one), or set LK_POSTGRES to where it is");
	lk_buf_release(&place);
	lk_buf_release(&text);
	return LK_EUNREACHABLE;
}

static int check_session(lk_pg *pg, lk_error *err) {
	PGresult *res = PQexec(pg->conn, session_settings);
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
		lk_hint(err, "let LK_POSTGRES name PostgreSQL itself");
	}
	PQclear(res);
	return rc;
}

int lk_pg_open(lk_pg *pg, const char *conninfo, const char *application_name, lk_error *err) {
	*pg = (lk_pg){0};
	int rc = connect_to(pg, conninfo, application_name, err);
	if (!rc)
		rc = check_session(pg, err);
	if (rc) {
		lk_pg_close(pg);
		return rc;
	}
	pg->conninfo = lk_strdup(conninfo);
	return 0;
}

void lk_pg_close(lk_pg *pg) {
	if (pg->conn)
		PQfinish(pg->conn);
	free(pg->conninfo);
	*pg = (lk_pg){0};
}

/* The statement's first words, for messages: enough to find it, short enough to read. */
static void doing_what(const char *sql, char *out, size_t size) {
	while (sql[0] == '-' && sql[1] == '-' && strchr(sql, '\n'))
		sql = strchr(sql, '\n') + 1;
	size_t n = strcspn(sql, "(\n;");
	if (n > size - 1)
		n = size - 1;
	memcpy(out, sql, n);
	while (n && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
}

static int finish_exec(lk_pg *pg, PGresult *r, PGresult **res, const char *sql, lk_error *err) {
	ExecStatusType st = PQresultStatus(r);
	if (st == PGRES_COMMAND_OK || st == PGRES_TUPLES_OK) {
		if (res)
			*res = r;
		else
			PQclear(r);
		return 0;
	}
	char doing[64];
	doing_what(sql, doing, sizeof doing);
	int rc = lk_pg_failed(pg, r, doing, err);
	PQclear(r);
	return rc;
}

int lk_pg_exec(lk_pg *pg, PGresult **res, lk_error *err, const char *sql, int nparams, const char *const *params) {
	if (res)
		*res = NULL;
	return finish_exec(pg, PQexecParams(pg->conn, sql, nparams, NULL, params, NULL, NULL, 0), res, sql, err);
}

int lk_pg_prepare(lk_pg *pg, enum lk_prepared which, const char *sql, char name[8], lk_error *err) {
	snprintf(name, 8, "lk%d", (int)which);
	if (pg->prepared >> which & 1)
		return 0;
	int rc = finish_exec(pg, PQprepare(pg->conn, name, sql, 0, NULL), NULL, sql, err);
	if (!rc)
		pg->prepared |= 1u << which;
	return rc;
}

int lk_pg_run(lk_pg *pg, lk_error *err, const char *sql) {
	return finish_exec(pg, PQexec(pg->conn, sql), NULL, sql, err);
}

int lk_pg_begin(lk_pg *pg, int lock_timeout_ms, lk_error *err) {
	return lk_pg_runf(pg, err, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL synchronous_commit = on;"
	                  " SET LOCAL lock_timeout = %d; SET LOCAL idle_in_transaction_session_timeout = %d",
	                  LK_HURRIED(lock_timeout_ms), LK_HURRIED(LK_IDLE_MS));
}

int lk_pg_query(lk_pg *pg, PGresult **res, lk_error *err, const char *sql) {
	*res = NULL;
	return finish_exec(pg, PQexec(pg->conn, sql), res, sql, err);
}

int lk_pg_query_all(lk_pg *pg, PGresult **res, int n, const char *doing, lk_error *err, const char *sql) {
	int got = 0, rc = 0;
	memset(res, 0, (size_t)n * sizeof *res);
	if (!PQsendQuery(pg->conn, sql))
		return lk_pg_failed(pg, NULL, doing, err);
	for (PGresult *r; (r = PQgetResult(pg->conn));) {
		ExecStatusType st = PQresultStatus(r);
		if (st == PGRES_TUPLES_OK && got < n) {
			res[got++] = r;
			continue;
		}
		if (st != PGRES_COMMAND_OK && !rc)
			rc = lk_pg_failed(pg, r, doing, err);
		PQclear(r);
	}
	return !rc && got != n ? lk_pg_failed(pg, NULL, doing, err) : rc;
}

int lk_pg_runf(lk_pg *pg, lk_error *err, const char *fmt, ...) {
	lk_buf sql = LK_BUF_INIT;
	va_list ap;
	va_start(ap, fmt);
	lk_buf_vaddf(&sql, fmt, ap);
	va_end(ap);
	int rc = lk_pg_run(pg, err, sql.data);
	lk_buf_release(&sql);
	return rc;
}

void lk_pg_cancel(lk_pg *pg) {
	PGresult *res;
	char *row;
	while (pg->conn && PQstatus(pg->conn) == CONNECTION_OK && (res = PQgetResult(pg->conn))) {
		ExecStatusType st = PQresultStatus(res);
		PQclear(res);
		if (st == PGRES_COPY_IN)
			PQputCopyEnd(pg->conn, "given up");
		if (st != PGRES_COPY_OUT)
			continue;
		PGcancel *cancel = PQgetCancel(pg->conn);
		char ignored[256];
		if (cancel)
			PQcancel(cancel, ignored, sizeof ignored);
		PQfreeCancel(cancel);
		while (PQgetCopyData(pg->conn, &row, 0) > 0)
			PQfreemem(row);
	}
}

void *lk_pg_cancel_handle(lk_pg *pg) { return PQgetCancel(pg->conn); }

/* libpq promises that PQcancel may be called in a handler. */
void lk_pg_cancel_by_handle(void *handle) {
	char ignored[256];
	if (handle)
		PQcancel(handle, ignored, sizeof ignored);
}

void lk_pg_rollback(lk_pg *pg) {
	if (!pg->conn || PQstatus(pg->conn) != CONNECTION_OK)
		return;
	if (PQtransactionStatus(pg->conn) == PQTRANS_ACTIVE)
		lk_pg_cancel(pg);
	if (PQtransactionStatus(pg->conn) == PQTRANS_INTRANS || PQtransactionStatus(pg->conn) == PQTRANS_INERROR)
		PQclear(PQexec(pg->conn, "ROLLBACK"));
}

/* "lk" in the upper bits keeps lk's locks apart from the small numbers that other programs in the database use. */
static void lock_key(int64_t id, char *out, size_t size) {
	snprintf(out, size, "%lld", (long long)((INT64_C(0x6c6b) << 48) + id));
}

static int lock_call(lk_pg *pg, const char *sql, int64_t id, lk_error *err) {
	char key[24];
	lock_key(id, key, sizeof key);
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, sql, 1, (const char *const[]){key});
	if (rc)
		return rc;
	bool yes = PQgetvalue(res, 0, 0)[0] == 't';
	PQclear(res);
	return yes ? 0 : LK_EBUSY;
}

int lk_pg_try_lock(lk_pg *pg, int64_t id, lk_error *err) {
	return lock_call(pg, "SELECT pg_try_advisory_lock($1::bigint)", id, err);
}

int lk_pg_unlock(lk_pg *pg, int64_t id, lk_error *err) {
	int rc = lock_call(pg, "SELECT pg_advisory_unlock($1::bigint)", id, err);
	return rc == LK_EBUSY ? lk_fail(err, LK_EINTERNAL, "lock %lld was not held by this session", (long long)id) : rc;
}

int lk_pg_lock_holder(lk_pg *pg, int64_t id, lk_buf *who, lk_error *err) {
	char key[24];
	lock_key(id, key, sizeof key);
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, "SELECT l.pid, coalesce(nullif(a.application_name, ''), 'unknown') FROM pg_locks l"
	                    " LEFT JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"
	                    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
	                    " AND (l.classid::bigint << 32 | l.objid::bigint) = $1::bigint", 1, (const char *const[]){key});
	if (rc)
		return rc;
	rc = PQntuples(res) > 0;
	if (rc && who)
		lk_buf_addf(who, "process %s (%s)", PQgetvalue(res, 0, 0), PQgetvalue(res, 0, 1));
	PQclear(res);
	return rc;
}

int lk_pg_lock_transaction(lk_pg *pg, int64_t id, lk_error *err) {
	char key[24];
	lock_key(id, key, sizeof key);
	return lk_pg_exec(pg, NULL, err, "SELECT pg_advisory_xact_lock($1::bigint)", 1, (const char *const[]){key});
}

int lk_pg_try_lock_transaction(lk_pg *pg, int64_t id, lk_error *err) {
	return lock_call(pg, "SELECT pg_try_advisory_xact_lock($1::bigint)", id, err);
}

int64_t lk_pg_int_or(const PGresult *res, int row, int col, int64_t if_null) {
	return PQgetisnull(res, row, col) ? if_null : strtoll(PQgetvalue(res, row, col), NULL, 10);
}

const char *lk_pg_number(char text[24], int64_t n) {
	snprintf(text, 24, "%lld", (long long)n);
	return text;
}

void lk_vector_sql(const int64_t *v, int n, lk_buf *out) {
	lk_buf_adds(out, "('{");
	for (int i = 0; i < n; i++)
		lk_buf_addf(out, "%s%lld", i ? "," : "", (long long)v[i]);
	lk_buf_adds(out, "}'::bigint[])");
}

int64_t lk_pg_int(const PGresult *res, int row, int col) { return lk_pg_int_or(res, row, col, 0); }

int64_t lk_pg_time_or(const PGresult *res, int row, int col, int64_t if_null) {
	int64_t us;
	bool known = !lk_time_parse(PQgetvalue(res, row, col), (size_t)PQgetlength(res, row, col), false, &us);
	return known ? us : if_null;
}
