#include "catalog/tail.h"

#include "core/time.h"

_Static_assert(LK_MAX_PARTITIONS <= LK_FRONTIER_PARTS, "a frontier has room for any stream");

#define TAIL_SQL \
	"SELECT part, next_off, " LK_SQL_US("last_at") ", " LK_SQL_US("high") " FROM lk.tail WHERE stream_id = $1::bigint ORDER BY part"

static int take(const PGresult *res, const lk_cat_stream *s, lk_frontier *out, lk_error *err) {
	if (!PQntuples(res))
		return lk_fail(err, LK_ECONFLICT, "stream %s was dropped", s->stream->name);
	if (PQntuples(res) != out->n)
		return lk_fail(err, LK_EINTERNAL, "stream %s has %d partitions in lk.tail, not %d", s->stream->name, PQntuples(res), out->n);
	for (int i = 0; i < out->n; i++) {
		out->part[i].off = lk_pg_int(res, i, 1);
		out->part[i].last_at = lk_pg_int_or(res, i, 2, LK_NEVER);
		out->part[i].high = lk_pg_int_or(res, i, 3, LK_NEVER);
	}
	return LK_OK;
}

int lk_log_tail(lk_pg *pg, const lk_cat_stream *s, lk_frontier *out, lk_error *err) {
	char id[24], name[8];
	*out = lk_frontier_start(s->id, s->stream->partitions);
	int rc = lk_pg_prepare(pg, LK_PREPARED_TAIL, TAIL_SQL, name, err);
	if (rc)
		return rc;
	PGresult *res = lk_pg_answer_prepared(pg, name, 1, (const char *const[]){lk_pg_number(id, s->id)});
	rc = PQresultStatus(res) == PGRES_TUPLES_OK ? take(res, s, out, err) : lk_pg_failed(pg, res, "reading the end of the log", err);
	PQclear(res);
	return rc;
}

static int hold(lk_pg *pg, int64_t stream_id, PGresult **rows, lk_error *err) {
	char id[24];
	return lk_pg_exec(pg, rows, err, TAIL_SQL " FOR UPDATE", 1, (const char *const[]){lk_pg_number(id, stream_id)});
}

int lk_tail_hold(lk_pg *pg, int64_t stream_id, lk_error *err) { return hold(pg, stream_id, NULL, err); }

int lk_log_hold(lk_pg *pg, const lk_cat_stream *s, lk_frontier *out, lk_error *err) {
	PGresult *res = NULL;
	*out = lk_frontier_start(s->id, s->stream->partitions);
	int rc = hold(pg, s->id, &res, err);
	if (!rc)
		rc = take(res, s, out, err);
	PQclear(res);
	return rc;
}
