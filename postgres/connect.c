/* Connecting to PostgreSQL.
 *
 * libpq looks names up without a limit, and applies connect_timeout only where it blocks. So a silent resolver, or one
 * silent host of several, would hold lk for ever. Here each host gets its time, as libpq promises: core/lookup.h looks
 * up its name, and libpq gets one address at a time, with the name, for TLS and passwords.
 *
 * A host is skipped if it cannot be reached, is starting or stopping, or does not match target_session_attrs; any other
 * refusal is final, as in libpq. */
#include <stdlib.h>
#include <string.h>

#include "core/fault.h"
#include "core/lookup.h"
#include "core/time.h"
#include "postgres/hosts.h"
#include "postgres/private.h"

typedef struct attempt {
	lk_pg *pg;
	const char *conninfo, *application_name;
	int64_t within_us;
	lk_error error;      /* of the last address */
	lk_buf before;       /* those of the others, in one line */
} attempt;

enum tried { CONNECTED, NEXT, OVER };

/* --- what went wrong --- */

static void where_is(const PGconn *conn, lk_buf *out) {
	const char *host = PQhost(conn), *port = PQport(conn), *address = PQhostaddr(conn);
	if (host && host[0] == '/')
		lk_buf_addf(out, "socket %s/.s.PGSQL.%s", host, port ? port : "");
	else
		lk_buf_addf(out, "%s port %s", host && *host ? host : "localhost", port && *port ? port : "5432");
	if (host && address && *address && strcmp(host, address) != 0)
		lk_buf_addf(out, " (%s)", address);
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

static const char cannot_connect_now[] = "57P03", wrong_password[] = "28P01";

/* Refusals of a server that answers, and what to do. */
static const struct { const char *sqlstate, *hint; } refusals[] = {
	{"3D000", "create the database, or name another one in LK_POSTGRES (dbname=…)"},
	{wrong_password, "give the role's password: in LK_POSTGRES (password=…), PGPASSWORD or ~/.pgpass"},
	{"28", "create the role (CREATE ROLE … LOGIN) or let it in (pg_hba.conf), or name another one in LK_POSTGRES"
	       " (user=…)"},
	{"42501", "GRANT CONNECT ON DATABASE to the role, or name another one in LK_POSTGRES (user=…)"},
	{"53300", "it has as many sessions as it may (max_connections, or the role's or database's limit): end some, or raise"
	          " it"},
	{cannot_connect_now, "it is starting or stopping: try again when it is up"},
};

/* libpq's reason without the place and the question, which the message around it has. */
static const char *reason(lk_buf *text) {
	static const char place[] = "connection to server ";
	char *failed = strstr(text->data, " failed: "), *question = strstr(text->data, "; Is the server running");
	if (strncmp(text->data, place, sizeof place - 1) != 0 || strstr(text->data + 1, place) || !failed)
		return text->data;
	if (question)
		*question = '\0';
	return failed + sizeof " failed: " - 1;
}

static enum tried refused(attempt *a, const char *place) {
	char *message = lk_strdup(PQerrorMessage(a->pg->conn)), sqlstate[6] = "";
	lk_buf text = LK_BUF_INIT;
	const char *hint = "start it (`lk up` starts a private one), or set LK_POSTGRES to where it is";
	split_refusal(message, sqlstate);
	if (PQconnectionNeedsPassword(a->pg->conn))   /* libpq had none, and ended the connection itself */
		memcpy(sqlstate, wrong_password, sizeof wrong_password);
	lk_pg_one_line(&text, message);
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		if (strncmp(sqlstate, refusals[i].sqlstate, strlen(refusals[i].sqlstate)) == 0) {
			hint = refusals[i].hint;
			break;
		}
	}
	lk_fail(&a->error, LK_EUNREACHABLE, "PostgreSQL %s at %s: %s", *sqlstate ? "refuses the connection" : "cannot be reached",
	        place, reason(&text));
	lk_hint(&a->error, "%s", hint);
	lk_buf_release(&text);
	free(message);
	return *sqlstate && strcmp(sqlstate, cannot_connect_now) != 0 ? OVER : NEXT;
}

static enum tried silent(attempt *a, enum lk_waited w, const char *what, const char *place) {
	if (w == LK_WAIT_STOPPED) {
		lk_wait_gave_up();
		lk_fail(&a->error, LK_EUNREACHABLE, "%s %s: stopped before it answered", what, place);
		return OVER;
	}
	lk_fail(&a->error, LK_EUNREACHABLE, "%s %s: no answer within %d s", what, place, (int)(a->within_us / LK_US_PER_S));
	lk_hint(&a->error, "check the server and its host, or set LK_POSTGRES to another one");
	return NEXT;
}

/* The failure of an address that is not the last one. */
static void set_aside(attempt *a) {
	if (a->error.code == LK_OK)
		return;
	lk_buf_addf(&a->before, "%s%s", a->before.len ? "; " : "", a->error.text);
	lk_error_clear(&a->error);
}

/* --- one address, one host, all --- */

static PGconn *start_at(const attempt *a, const lk_pg_host *at) {
	/* The text may override what comes before dbname, but not what comes after. lk recognises its sessions by their
	 * name. NULL overrides nothing. */
	const char *const keys[] = {"keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout",
	                            "dbname", "client_encoding", "application_name", "host", "hostaddr", "port", NULL};
	const char *const values[] = {"1", "10", "5", "3", "30000",
	                              a->conninfo, "UTF8", a->application_name, at->host, at->hostaddr, at->port, NULL};
	return PQconnectStartParams(keys, values, 1);
}

static void ignore_notice(void *arg, const PGresult *res) {
	(void)arg;
	(void)res;
}

static enum tried try_address(attempt *a, const lk_pg_host *at) {
	lk_buf place = LK_BUF_INIT;
	PGconn *conn = a->pg->conn = start_at(a, at);
	enum tried t = CONNECTED;
	set_aside(a);
	if (!conn) {
		lk_fail(&a->error, LK_EUNREACHABLE, "PostgreSQL: no memory for a connection");
		return OVER;
	}
	PQsetNoticeReceiver(conn, ignore_notice, NULL);
	PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
	enum lk_waited w = lk_pg_connect(conn, lk_monotonic_us() + LK_LIMIT_US(a->within_us));
	where_is(conn, &place);
	if (w != LK_WAIT_READY)
		t = silent(a, w, "PostgreSQL does not answer at", place.data);
	else if (PQstatus(conn) != CONNECTION_OK)
		t = refused(a, place.data);
	PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
	lk_buf_release(&place);
	if (t != CONNECTED) {
		PQfinish(conn);
		a->pg->conn = NULL;
	}
	return t;
}

static enum tried try_host(attempt *a, const lk_pg_host *at) {
	lk_addresses found;
	const char *why;
	if (!lk_pg_host_is_name(at))
		return try_address(a, at);
	enum lk_waited w = lk_lookup(at->host, lk_monotonic_us() + LK_LIMIT_US(a->within_us), &found, &why);
	enum tried t = NEXT;
	if (w != LK_WAIT_READY || found.n == 0)
		set_aside(a);
	if (w != LK_WAIT_READY)
		return silent(a, w, "PostgreSQL cannot be reached: looking up the host name", at->host);
	if (found.n == 0) {
		lk_fail(&a->error, LK_EUNREACHABLE, "PostgreSQL cannot be reached: the host name %s is not known: %s", at->host, why);
		lk_hint(&a->error, "check the name of the host in LK_POSTGRES");
	}
	for (int i = 0; i < found.n && t == NEXT; i++)
		t = try_address(a, &(lk_pg_host){at->host, found.text[i], at->port});
	return t;
}

static int check_text(const char *conninfo, lk_error *err) {
	char *complaint = NULL;
	PQconninfoOption *options = PQconninfoParse(conninfo, &complaint);
	PQfreemem(complaint);
	PQconninfoFree(options);
	if (options)
		return LK_OK;
	lk_fail(err, LK_EUSAGE, "PostgreSQL's connection text cannot be read");
	return lk_hint(err, "LK_POSTGRES takes key=value pairs (host=… dbname=…) or a postgresql:// URI");
}

int lk_pg_connect_to(lk_pg *pg, const char *conninfo, const char *application_name, lk_error *err) {
	attempt a = {.pg = pg, .conninfo = conninfo, .application_name = application_name};
	lk_pg_hosts hosts;
	enum tried t = NEXT;
	int rc = check_text(conninfo, err);
	if (rc != LK_OK)
		return rc;
	lk_pg_hosts_read(&hosts, conninfo);
	a.within_us = hosts.within_us;
	for (int i = 0; i < hosts.n && t == NEXT; i++)
		t = try_host(&a, &hosts.of[i]);
	if (t != CONNECTED) {
		rc = lk_fail(err, a.error.code, a.before.len ? "%s; before it: %s" : "%s", a.error.text, a.before.data);
		lk_hint(err, "%s", a.error.hint);
	}
	lk_pg_hosts_release(&hosts);
	lk_buf_release(&a.before);
	return rc;
}
