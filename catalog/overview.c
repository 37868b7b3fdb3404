#include "catalog/overview.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/private.h"
#include "core/time.h"

int lk_catalog_id(lk_pg *pg, char log_id[33], lk_error *err) {
	PGresult *res;
	lk_error e = {0};
	int rc = lk_pg_exec(pg, &res, &e, "SELECT log_id, schema_version FROM lk.meta", 0, NULL);
	if (rc == LK_OK) {
		rc = lk_catalog_check_meta(res, log_id, err);
		PQclear(res);
		if (rc > 0)
			rc = lk_catalog_install(pg, log_id, err);
	} else if (strcmp(e.sqlstate, "42P01") == 0 || strcmp(e.sqlstate, "3F000") == 0) {
		rc = lk_fail(err, LK_EUSAGE, "nothing is declared in database %s: it has no schema lk", PQdb(pg->conn));
		lk_hint(err, "run `lk apply FILE` first");
	} else if (err && err->code == LK_OK) {
		*err = e;
	}
	return rc;
}

static int ask(lk_pg *pg, const char *sql, int64_t id, PGresult **res, lk_error *err) {
	char text[24];
	snprintf(text, sizeof text, "%lld", (long long)id);
	return lk_pg_exec(pg, res, err, sql, 1, (const char *const[]){text});
}

int lk_overview_stream(lk_pg *pg, const lk_cat_stream *s, lk_stream_overview *out, lk_error *err) {
	PGresult *res;
	*out = (lk_stream_overview){0};
	int rc = ask(pg, "SELECT count(*) FILTER (WHERE version_id IS NULL) + (SELECT rejected_removed FROM lk.stream WHERE stream_id = $1),"
	                 " count(version_id), clock_timestamp(),"
	                 " (SELECT count(*) FROM lk.erasure WHERE stream_id = $1 AND done_at IS NULL) FROM lk.rejected WHERE stream_id = $1", s->id, &res, err);
	if (rc)
		return rc;
	out->lines = lk_pg_int(res, 0, 0);
	out->marked = lk_pg_int(res, 0, 1);
	out->now = lk_pg_time_or(res, 0, 2, LK_NEVER);
	out->unfinished = lk_pg_int(res, 0, 3);
	PQclear(res);
	return LK_OK;
}

int lk_overview_copy(lk_pg *pg, const lk_cat_copy *copy, lk_copy_overview *out, lk_error *err) {
	PGresult *res;
	*out = (lk_copy_overview){.published_at = LK_NEVER, .made_at = LK_NEVER};
	int rc = ask(pg,
	             "SELECT (SELECT sum(events) FROM lk.late_block l WHERE l.copy_id = c.copy_id), " LK_SQL_US("b.published_at")
	             ", b.events, b.cells, b.seconds, b.path = 'fold', " LK_SQL_US("c.made_at")
	             " FROM lk.copy c LEFT JOIN lk.batch b USING (cut_id) WHERE c.copy_id = $1", copy->id, &res, err);
	if (rc)
		return rc;
	if (PQntuples(res) == 1) {
		out->late = lk_pg_int(res, 0, 0);
		out->published = !PQgetisnull(res, 0, 1);
		out->published_at = lk_pg_int_or(res, 0, 1, LK_NEVER);
		out->events = lk_pg_int(res, 0, 2);
		out->cells = lk_pg_int(res, 0, 3);
		out->seconds = strtod(PQgetvalue(res, 0, 4), NULL);
		out->folded = PQgetvalue(res, 0, 5)[0] == 't';
		out->made_at = lk_pg_int_or(res, 0, 6, LK_NEVER);
	}
	PQclear(res);
	return LK_OK;
}

int lk_overview_served_since(lk_pg *pg, const lk_cat_view *v, int64_t *out, lk_error *err) {
	PGresult *res;
	*out = LK_NEVER;
	int rc = ask(pg, "SELECT " LK_SQL_US("served_since") " FROM lk.view WHERE view_id = $1", v->id, &res, err);
	if (rc)
		return rc;
	if (PQntuples(res) == 1)
		*out = lk_pg_int_or(res, 0, 0, LK_NEVER);
	PQclear(res);
	return LK_OK;
}
