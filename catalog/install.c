/* Schema lk: installs it once, and upgrades a schema that an older version made. Each of the two is one transaction
 * under the catalogue's lock, so that any number of processes may start together. */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "catalog/private.h"

static const char schema[] =
#include "catalog/schema.sql.h"
;

enum { SCHEMA_VERSION = 10, OLDEST_VERSION = 5 };

/* migrations[i] upgrades the version before to OLDEST_VERSION + i + 1. */
static const char *const migrations[] = {
#include "catalog/migrations/006.sql.h"
	,
#include "catalog/migrations/007.sql.h"
	,
#include "catalog/migrations/008.sql.h"
	,
#include "catalog/migrations/009.sql.h"
	,
#include "catalog/migrations/010.sql.h"
	,
};
static_assert(sizeof migrations / sizeof *migrations == SCHEMA_VERSION - OLDEST_VERSION, "a migration for each version");

enum { OLDER = 1, MISSING = 2 };

/* 0, or one of these. Looks for schema lk in pg_namespace: to_regclass() may answer from the session's cache, which
 * does not yet know what another session installed while this one waited for the lock. */
static int read_meta(lk_pg *pg, char log_id[33], lk_error *err) {
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, "SELECT FROM pg_namespace WHERE nspname = 'lk'", 0, NULL);
	if (rc)
		return rc;
	bool there = PQntuples(res) > 0;
	PQclear(res);
	if (!there)
		return MISSING;
	lk_error e = {0};
	rc = lk_pg_exec(pg, &res, &e, "SELECT log_id, schema_version FROM lk.meta", 0, NULL);
	if (rc && (!strcmp(e.sqlstate, "42P01") || !strcmp(e.sqlstate, "42703"))) {
		lk_fail(err, LK_EUNSUPPORTED, "database %s has a schema lk that is not this program's", PQdb(pg->conn));
		lk_hint(err, "set LK_POSTGRES to another database");
		return LK_EUNSUPPORTED;
	}
	if (rc) {
		if (err && err->code == LK_OK)
			*err = e;
		return rc;
	}
	rc = lk_catalog_check_meta(res, log_id, err);
	PQclear(res);
	return rc;
}

int lk_catalog_check_meta(const PGresult *meta, char log_id[33], lk_error *err) {
	if (PQntuples(meta) != 1 || PQgetlength(meta, 0, 0) != 32)
		return lk_fail(err, LK_EINTERNAL, "lk.meta does not hold one row with the log's id");
	long long version = lk_pg_int(meta, 0, 1);
	if (version >= OLDEST_VERSION && version < SCHEMA_VERSION)
		return OLDER;
	if (version != SCHEMA_VERSION) {
		lk_fail(err, LK_EUNSUPPORTED, "schema lk has version %lld; this lk reads version %d", version, SCHEMA_VERSION);
		if (version > SCHEMA_VERSION)
			lk_hint(err, "a newer lk made it; use that");
		else
			lk_hint(err, "this lk upgrades schemas from version %d on", OLDEST_VERSION);
		return LK_EUNSUPPORTED;
	}
	memcpy(log_id, PQgetvalue(meta, 0, 0), 33);
	return 0;
}

static int fresh_id(char id[33], lk_error *err) {
	unsigned char bytes[16];
	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		return lk_fail(err, LK_EINTERNAL, "the kernel gave no random bytes");
	for (int i = 0; i < 16; i++)
		snprintf(id + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

int lk_catalog_begin(lk_pg *pg, lk_error *err) {
	int rc = lk_pg_begin(pg, 10000, err);
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

/* Step by step: each migration knows only the version before its own. */
static int migrate(lk_pg *pg, lk_error *err) {
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, "SELECT schema_version FROM lk.meta", 0, NULL);
	if (rc)
		return rc;
	int version = (int)lk_pg_int(res, 0, 0);
	PQclear(res);
	lk_error e = {0};
	for (int to = version + 1; !rc && to <= SCHEMA_VERSION; to++)
		rc = lk_pg_run(pg, &e, migrations[to - OLDEST_VERSION - 1]);
	if (!rc)
		rc = lk_pg_runf(pg, &e, "UPDATE lk.meta SET schema_version = %d", SCHEMA_VERSION);
	if (rc) {
		lk_fail(err, rc, "schema lk cannot be upgraded from version %d to %d: %s", version, SCHEMA_VERSION, e.text);
		lk_hint(err, "run `lk status` as the owner of schema lk, while no other lk runs");
	}
	return rc;
}

int lk_catalog_ensure(lk_pg *pg, char log_id[33], lk_error *err) {
	int rc = read_meta(pg, log_id, err);
	if (rc > 0 && !(rc = rc == MISSING ? install(pg, err) : migrate(pg, err)))
		rc = read_meta(pg, log_id, err);
	return rc;
}

int lk_catalog_install(lk_pg *pg, char log_id[33], lk_error *err) {
	int rc = read_meta(pg, log_id, err);
	if (rc <= 0)
		return rc;
	if ((rc = lk_catalog_begin(pg, err)))
		goto done;
	rc = lk_catalog_ensure(pg, log_id, err);
	if (!rc)
		rc = lk_pg_run(pg, err, "COMMIT");
done:
	if (rc)
		lk_pg_rollback(pg);
	return rc;
}
