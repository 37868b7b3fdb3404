/* PostgreSQL makes the list of a version in one statement. It is stored as runs of windows of equal length
 * (lk.calendar): the 110,000 days of 1900 to 2200 are about 600 runs in a zone that changes its clocks, and one in UTC.
 * So reading them costs a query less than a millisecond; they are read only for the requested versions. */
#include "catalog/zones.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/suggest.h"
#include "core/time.h"
#include "sql/sql.h"

static int similar_zone(lk_pg *pg, const char *zone, lk_arena *arena, const char **near, lk_error *err) {
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, "SELECT name FROM pg_timezone_names WHERE name NOT LIKE 'posix%' ORDER BY name", 0, NULL);
	if (rc)
		return rc;
	int n = PQntuples(res);
	const char **names = lk_calloc((size_t)n + 1, sizeof *names);
	for (int i = 0; i < n; i++)
		names[i] = PQgetvalue(res, i, 0);
	const char *found = lk_did_you_mean(zone, names, n);
	*near = found ? lk_arena_strdup(arena, found) : NULL;
	free(names);
	PQclear(res);
	return 0;
}

int lk_zone_check(lk_pg *pg, const char *zone, lk_arena *arena, const char **near, lk_error *err) {
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, "SELECT FROM pg_timezone_names WHERE name = $1", 1, &zone);
	if (rc)
		return rc;
	bool there = PQntuples(res) > 0;
	PQclear(res);
	*near = NULL;
	if (!there)
		rc = similar_zone(pg, zone, arena, near, err);
	return rc || there ? rc : LK_EUSAGE;
}

int lk_calendar_make(lk_pg *pg, int64_t version_id, const lk_calendar *c, lk_error *err) {
	char version[24];
	snprintf(version, sizeof version, "%lld", (long long)version_id);
	return lk_pg_exec(pg, NULL, err,
		"INSERT INTO lk.calendar (version_id, start, seconds, times) SELECT $1::bigint, min(t), coalesce(min(seconds), 0), count(*)"
		" FROM (SELECT t, seconds, count(*) FILTER (WHERE begins) OVER (ORDER BY t) AS run"
		" FROM (SELECT t, seconds, seconds IS DISTINCT FROM lag(seconds) OVER (ORDER BY t) AS begins"
		" FROM (SELECT t, extract(epoch FROM lead(t) OVER (ORDER BY t) - t)::bigint AS seconds"
		" FROM lk.calendar_first_instants($2, $3) AS t) AS lengths) AS beginnings) AS runs GROUP BY run",
		3, (const char *const[]){version, c->unit, c->zone});
}

/* A run of windows; a row of lk.calendar. */
typedef struct run {
	int64_t start, us, times;
} run;

static run run_of(const PGresult *res, int row) {
	return (run){lk_pg_int(res, row, 0), lk_pg_int(res, row, 1) * LK_US_PER_S, lk_pg_int(res, row, 2)};
}

int lk_calendar_read(lk_pg *pg, int64_t version_id, lk_calendar *c, lk_arena *arena, lk_error *err) {
	char version[24];
	PGresult *res;
	int64_t n = 0;
	snprintf(version, sizeof version, "%lld", (long long)version_id);
	const char *params = version;
	int rc = lk_pg_exec(pg, &res, err, "SELECT " LK_SQL_US("start") ", seconds, times FROM lk.calendar WHERE version_id = $1::bigint ORDER BY start",
	                    1, &params);
	if (rc)
		return rc;
	for (int i = 0; i < PQntuples(res); i++)
		n += run_of(res, i).times;
	int64_t *starts = lk_arena_alloc(arena, (size_t)(n + 1) * sizeof *starts);
	c->n = 0;
	for (int i = 0; i < PQntuples(res); i++) {
		run r = run_of(res, i);
		for (int64_t k = 0; k < r.times; k++)
			starts[c->n++] = r.start + k * r.us;
	}
	PQclear(res);
	c->starts = starts;
	c->version = version_id;
	return n ? 0 : lk_fail(err, LK_EINTERNAL, "the catalogue has no calendar of version %s", version);
}
