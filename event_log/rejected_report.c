#include "event_log/rejected_report.h"

#include <string.h>

#define WHERE " WHERE r.stream_id = $1::bigint AND ($2::text IS NULL OR position($2 in r.source) > 0)"
#define VIEWS " LEFT JOIN lk.version n ON n.version_id = r.version_id LEFT JOIN lk.view v ON v.view_id = n.view_id"

static const char reasons_sql[] =
	"SELECT r.reason, v.name, n.number, count(*), " LK_SQL_US("min(r.at)") ", " LK_SQL_US("max(r.at)") ", r.version_id IS NULL"
	" FROM lk.rejected r" VIEWS WHERE " GROUP BY r.reason, r.version_id, v.name, n.number"
	" ORDER BY count(*) DESC, r.reason COLLATE \"C\", v.name, n.number";

/* The source or version noted last comes first; within one, rows are in order of position. */
static const char first_sql[] =
	"SELECT " LK_SQL_US("r.at") ", r.source, r.position, v.name, n.number, r.part, r.off, r.reason, r.content"
	" FROM (SELECT *, max(r.at) OVER (PARTITION BY r.source, r.version_id) AS newest FROM lk.rejected r" WHERE ") r" VIEWS
	" ORDER BY r.version_id IS NOT NULL, r.newest DESC, r.source, r.position, v.name, n.number, r.part, r.off LIMIT $3::int";

static const char *text(lk_rejected_report *r, const PGresult *res, int row, int col) {
	if (PQgetisnull(res, row, col))
		return NULL;
	return lk_arena_strndup(&r->arena, PQgetvalue(res, row, col), (size_t)PQgetlength(res, row, col));
}

static int read_reasons(lk_pg *pg, const char *const *params, lk_rejected_report *r, lk_error *err) {
	PGresult *res = NULL;
	int rc = lk_pg_exec(pg, &res, err, reasons_sql, 2, params);
	if (rc)
		return rc;
	r->nreasons = PQntuples(res);
	r->reasons = lk_arena_zalloc(&r->arena, (size_t)(r->nreasons + 1) * sizeof *r->reasons);
	for (int i = 0; i < r->nreasons; i++) {
		lk_rejected_reason *one = &r->reasons[i];
		*one = (lk_rejected_reason){.reason = text(r, res, i, 0), .view = text(r, res, i, 1), .version = (int)lk_pg_int(res, i, 2),
		                            .rows = lk_pg_int(res, i, 3), .first_at = lk_pg_int(res, i, 4), .last_at = lk_pg_int(res, i, 5)};
		bool record = PQgetvalue(res, i, 6)[0] == 't';
		r->records += record ? one->rows : 0;
		r->marked += record ? 0 : one->rows;
	}
	PQclear(res);
	return LK_OK;
}

/* A stream counts what housekeeping removed from it, but not of which source. */
static int read_removed(lk_pg *pg, const char *const *params, lk_rejected_report *r, lk_error *err) {
	PGresult *res = NULL;
	int rc = lk_pg_exec(pg, &res, err, "SELECT rejected_removed FROM lk.stream WHERE stream_id = $1::bigint AND $2::text IS NULL", 2, params);
	if (rc)
		return rc;
	r->removed = PQntuples(res) ? lk_pg_int(res, 0, 0) : 0;
	r->records += r->removed;
	PQclear(res);
	return LK_OK;
}

static int read_first(lk_pg *pg, const char *const *params, lk_rejected_report *r, lk_error *err) {
	PGresult *res = NULL;
	int rc = lk_pg_exec(pg, &res, err, first_sql, 3, params);
	if (rc)
		return rc;
	r->nfirst = PQntuples(res);
	r->first = lk_arena_zalloc(&r->arena, (size_t)(r->nfirst + 1) * sizeof *r->first);
	for (int i = 0; i < r->nfirst; i++)
		r->first[i] = (lk_rejected){
			.at = lk_pg_int(res, i, 0), .source = text(r, res, i, 1), .position = lk_pg_int(res, i, 2), .view = text(r, res, i, 3),
			.version = (int)lk_pg_int(res, i, 4), .part = (int)lk_pg_int(res, i, 5), .off = lk_pg_int(res, i, 6),
			.reason = text(r, res, i, 7), .content = text(r, res, i, 8),
		};
	PQclear(res);
	return LK_OK;
}

int lk_rejected_report_read(lk_pg *pg, const lk_cat_stream *s, const char *source, int limit, lk_rejected_report *out, lk_error *err) {
	char id[24], most[24];
	const char *params[] = {lk_pg_number(id, s->id), source, lk_pg_number(most, limit)};
	*out = (lk_rejected_report){0};
	int rc = lk_pg_run(pg, err, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
	if (!rc)
		rc = read_reasons(pg, params, out, err);
	if (!rc)
		rc = read_removed(pg, params, out, err);
	if (!rc && limit > 0)
		rc = read_first(pg, params, out, err);
	if (!rc)
		rc = lk_pg_run(pg, err, "COMMIT");
	if (rc)
		lk_pg_rollback(pg);
	return rc;
}

void lk_rejected_report_release(lk_rejected_report *r) {
	lk_arena_release(&r->arena);
	*r = (lk_rejected_report){0};
}
