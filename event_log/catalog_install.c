/* Installing schema lk: once, in one transaction, under a lock, so that any number of processes may begin together. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "event_log/catalog_private.h"

static const char schema[] =
#include "schema_sql.h"
;

enum { SCHEMA_VERSION = 5 };

/* 0; 1 where schema lk is not there. It is looked for in pg_namespace: to_regclass() may answer from the session's
 * cache, which does not yet know what another session has installed while this one waited for the lock. */
static int read_meta(lk_pg *pg, char log_id[33], lk_error *err) {
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, "SELECT FROM pg_namespace WHERE nspname = 'lk'", 0, NULL);
	if (rc)
		return rc;
	bool there = PQntuples(res) > 0;
	PQclear(res);
	if (!there)
		return 1;
	lk_error e = {0};
	rc = lk_pg_exec(pg, &res, &e, "SELECT log_id, schema_version FROM lk.meta", 0, NULL);
	if (rc && (!strcmp(e.sqlstate, "42P01") || !strcmp(e.sqlstate, "42703"))) {
		lk_fail(err, LK_EUNSUPPORTED, "database %s has a schema lk that is not this program's", PQdb(pg->conn));
		lk_hint(err, "let LK_POSTGRES name another database");
		return LK_EUNSUPPORTED;
	}
	if (rc)
		return lk_fail(err, rc, "%s", e.text);
	rc = lk_catalog_check_meta(res, log_id, err);
	PQclear(res);
	return rc;
}

int lk_catalog_check_meta(const PGresult *meta, char log_id[33], lk_error *err) {
	if (PQntuples(meta) != 1 || PQgetlength(meta, 0, 0) != 32)
		return lk_fail(err, LK_EINTERNAL, "lk.meta does not hold one row with the log's id");
	if (lk_pg_int(meta, 0, 1) != SCHEMA_VERSION)
		return lk_fail(err, LK_EUNSUPPORTED, "schema lk is of version %lld; this lk reads version %d",
		               (long long)lk_pg_int(meta, 0, 1), SCHEMA_VERSION);
	memcpy(log_id, PQgetvalue(meta, 0, 0), 33);
	return 0;
}

static int fresh_id(char id[33], lk_error *err) {
	unsigned char bytes[16];
	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		return lk_fail(err, LK_EINTERNAL, "no random bytes to be had");
	for (int i = 0; i < 16; i++)
		snprintf(id + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

int lk_catalog_begin(lk_pg *pg, lk_error *err) {
	int rc = lk_pg_run(pg, err, "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '10s'");
	if (!rc)
		rc = lk_pg_lock_transaction(pg, 0, err);   /* ids begin at 1: 0 is the catalogue */
	return rc;
}

static int install(lk_pg *pg, lk_error *err) {
	char id[33], version[12];
	int rc = fresh_id(id, err);
	if (!rc)
		rc = lk_pg_run(pg, err, schema);
	if (rc)
		return rc;
	snprintf(version, sizeof version, "%d", SCHEMA_VERSION);
	return lk_pg_exec(pg, NULL, err, "INSERT INTO lk.meta (log_id, schema_version) VALUES ($1, $2)",
	                  2, (const char *const[]){id, version});
}

int lk_catalog_install(lk_pg *pg, char log_id[33], lk_error *err) {
	int rc = read_meta(pg, log_id, err);
	if (rc != 1)
		return rc;
	if ((rc = lk_catalog_begin(pg, err)))
		goto done;
	rc = read_meta(pg, log_id, err);
	if (rc == 1 && !(rc = install(pg, err)))
		rc = read_meta(pg, log_id, err);
	if (!rc)
		rc = lk_pg_run(pg, err, "COMMIT");
done:
	if (rc)
		lk_pg_rollback(pg);
	return rc;
}
