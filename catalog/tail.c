#include "catalog/tail.h"

#include <stdio.h>

#include "core/time.h"

int lk_log_tail(lk_pg *pg, const lk_cat_stream *s, lk_frontier *out, lk_error *err) {
	char id[24], name[8];
	snprintf(id, sizeof id, "%lld", (long long)s->id);
	int rc = lk_pg_prepare(pg, LK_PREPARED_TAIL, "SELECT part, next_off, " LK_SQL_US("last_at") ", " LK_SQL_US("high")
	                       " FROM lk.tail WHERE stream_id = $1::bigint ORDER BY part", name, err);
	if (rc)
		return rc;
	PGresult *res = lk_pg_answer_prepared(pg, name, 1, (const char *const[]){id});
	if (PQresultStatus(res) != PGRES_TUPLES_OK)
		rc = lk_pg_failed(pg, res, "reading the end of the log", err);
	else if (!PQntuples(res))
		rc = lk_fail(err, LK_ECONFLICT, "stream %s was dropped", s->stream->name);
	else if (PQntuples(res) != s->stream->partitions)
		rc = lk_fail(err, LK_EINTERNAL, "stream %s has %d partitions in lk.tail, not %d", s->stream->name, PQntuples(res), s->stream->partitions);
	*out = lk_frontier_start(s->id, s->stream->partitions);
	for (int i = 0; !rc && i < out->n; i++) {
		out->part[i].off = lk_pg_int(res, i, 1);
		out->part[i].last_at = lk_pg_int_or(res, i, 2, LK_NEVER);
		out->part[i].high = lk_pg_int_or(res, i, 3, LK_NEVER);
	}
	PQclear(res);
	return rc;
}
