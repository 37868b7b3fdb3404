/* Statements of a session, their errors, its locks. How sessions are opened is in postgres/open.c, how they wait in
 * postgres/wait.c.
 *
 * Errors are sorted here by SQLSTATE into what the caller should do (core/status.h); no other code reads error
 * texts. */
#include "postgres/private.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/fault.h"
#include "core/time.h"
#include "postgres/backend.h"

enum { CLOSING_READS = 3 };

void lk_pg_one_line(lk_buf *out, const char *message) {
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
		{"55P03", LK_EBUSY}, {"57014", LK_EBUSY}, {"40001", LK_EBUSY}, {"40P01", LK_EBUSY}, {"53", LK_EFULL},
		{"23503", LK_ECONFLICT},   /* a row that is named is gone, or one that was to go is named */
		{"42501", LK_EUNSUPPORTED},   /* a right is missing */
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (!strncmp(s, table[i].prefix, strlen(table[i].prefix)))
			return table[i].code;
	return LK_EINTERNAL;
}

/* If libpq cannot send, its error has no SQLSTATE, and the connection looks alive until what the server sent before it
 * closed is read, too: a warning, if another session's crash has ended all. */
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
	if (pg->lost[0])
		message = pg->lost;
	else if (!message || !*message)
		message = res && *PQresultErrorMessage(res) ? PQresultErrorMessage(res) : PQerrorMessage(pg->conn);
	lk_buf text = LK_BUF_INIT;
	lk_pg_one_line(&text, *message ? message : "unexpected answer");
	if (detail)
		lk_buf_addf(&text, ": %s", detail);
	bool first = err && err->code == LK_OK;
	if (sqlstate && strcmp(sqlstate, "53100") == 0) {
		lk_fail(err, code, "PostgreSQL's disk is full, %s: %s", doing, text.data);
		lk_hint(err, "free space where PostgreSQL keeps its data; what was acknowledged is in the log, and this step wrote nothing");
	} else {
		lk_fail(err, code, "PostgreSQL, %s: %s", doing, text.data);
	}
	if (code == LK_EUNSUPPORTED && pg->conn)
		lk_hint(err, "let role %s do this, or name the owner of schema lk in LK_POSTGRES (user=…); `lk query` and `lk status` need"
		        " USAGE on the schema and SELECT on its tables", PQuser(pg->conn));
	if (first && sqlstate) {
		memcpy(err->sqlstate, sqlstate, 5);
		err->sqlstate[5] = '\0';
	}
	lk_buf_release(&text);
	return code;
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

/* Discards what an earlier statement left unread, as PQexec does. */
static void clear_former(lk_pg *pg) {
	if (PQtransactionStatus(pg->conn) == PQTRANS_ACTIVE)
		lk_pg_cancel(pg);
}

PGresult *lk_pg_answer(lk_pg *pg, const char *sql) {
	clear_former(pg);
	return lk_pg_last_result(pg, PQsendQuery(pg->conn, sql));
}

PGresult *lk_pg_answer_prepared(lk_pg *pg, const char *name, int nparams, const char *const *params) {
	clear_former(pg);
	return lk_pg_last_result(pg, PQsendQueryPrepared(pg->conn, name, nparams, params, NULL, NULL, 0));
}

int lk_pg_exec(lk_pg *pg, PGresult **res, lk_error *err, const char *sql, int nparams, const char *const *params) {
	if (res)
		*res = NULL;
	clear_former(pg);
	int sent = PQsendQueryParams(pg->conn, sql, nparams, NULL, params, NULL, NULL, 0);
	return finish_exec(pg, lk_pg_last_result(pg, sent), res, sql, err);
}

int lk_pg_changed(lk_pg *pg, const char *sql, int nparams, const char *const *params, int64_t *rows, lk_error *err) {
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, sql, nparams, params);
	*rows = rc ? 0 : strtoll(PQcmdTuples(res), NULL, 10);
	PQclear(res);
	return rc;
}

int lk_pg_prepare(lk_pg *pg, enum lk_prepared which, const char *sql, char name[8], lk_error *err) {
	snprintf(name, 8, "lk%d", (int)which);
	if (pg->prepared >> which & 1)
		return 0;
	clear_former(pg);
	int rc = finish_exec(pg, lk_pg_last_result(pg, PQsendPrepare(pg->conn, name, sql, 0, NULL)), NULL, sql, err);
	if (!rc)
		pg->prepared |= 1u << which;
	return rc;
}

int lk_pg_run(lk_pg *pg, lk_error *err, const char *sql) {
	return finish_exec(pg, lk_pg_answer(pg, sql), NULL, sql, err);
}

int lk_pg_begin(lk_pg *pg, int lock_timeout_ms, lk_error *err) {
	return lk_pg_runf(pg, err, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL synchronous_commit = on;"
	                  " SET LOCAL lock_timeout = %d; SET LOCAL idle_in_transaction_session_timeout = %d",
	                  LK_HURRIED(lock_timeout_ms), LK_HURRIED(LK_IDLE_MS));
}

int lk_pg_query(lk_pg *pg, PGresult **res, lk_error *err, const char *sql) {
	*res = NULL;
	return finish_exec(pg, lk_pg_answer(pg, sql), res, sql, err);
}

int lk_pg_query_all(lk_pg *pg, PGresult **res, int n, const char *doing, lk_error *err, const char *sql) {
	int got = 0, rc = 0;
	memset(res, 0, (size_t)n * sizeof *res);
	clear_former(pg);
	if (!PQsendQuery(pg->conn, sql))
		return lk_pg_failed(pg, NULL, doing, err);
	for (PGresult *r; (r = lk_pg_result(pg));) {
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
	while (pg->conn && PQstatus(pg->conn) == CONNECTION_OK && (res = lk_pg_result(pg))) {
		ExecStatusType st = PQresultStatus(res);
		PQclear(res);
		if (st == PGRES_COPY_IN)
			lk_pg_put_end(pg, "given up");
		if (st != PGRES_COPY_OUT)
			continue;
		lk_pg_backend_cancel(pg);
		while (lk_pg_copy_data(pg, &row) > 0)
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
		PQclear(lk_pg_answer(pg, "ROLLBACK"));
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

int64_t lk_pg_int(const PGresult *res, int row, int col) { return lk_pg_int_or(res, row, col, 0); }

int64_t lk_pg_time_or(const PGresult *res, int row, int col, int64_t if_null) {
	int64_t us;
	bool known = !lk_time_parse(PQgetvalue(res, row, col), (size_t)PQgetlength(res, row, col), false, &us);
	return known ? us : if_null;
}
