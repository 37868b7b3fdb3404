#include "catalog/published.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/time.h"

#define PART_COLUMNS "p.stream_id, p.part, p.off, p.high, p.last_at"

static void begin(lk_published *out, const lk_cat_copy *copy) {
	const lk_cat_stream *s = copy->version->reads;
	*out = (lk_published){.cut = lk_frontier_start(s->id, s->stream->partitions)};
}

/* Columns: dropped, cut_id, batch_table. */
static void take_copy(lk_published *out, const PGresult *res) {
	out->dropped = PQntuples(res) == 0 || PQgetvalue(res, 0, 0)[0] == 't';
	if (PQntuples(res) == 0)
		return;
	out->cut_id = lk_pg_int(res, 0, 1);
	out->table = PQgetisnull(res, 0, 2) ? NULL : lk_strdup(PQgetvalue(res, 0, 2));
}

/* PART_COLUMNS, from column `at` on. */
static void take_parts(lk_published *out, const PGresult *res, int at) {
	for (int i = 0; i < PQntuples(res); i++) {
		if (PQgetisnull(res, i, at))
			continue;
		lk_frontier_part *p = lk_frontier_find(&out->cut, lk_pg_int(res, i, at), (int)lk_pg_int(res, i, at + 1));
		if (!p)
			continue;
		p->off = lk_pg_int(res, i, at + 2);
		p->high = lk_pg_time_or(res, i, at + 3, LK_NEVER);
		p->last_at = lk_pg_time_or(res, i, at + 4, LK_NEVER);
	}
}

int lk_published_read(lk_pg *pg, const lk_cat_copy *copy, lk_published *out, lk_error *err) {
	char id[24];
	PGresult *res = NULL;
	begin(out, copy);
	int rc = lk_pg_exec(pg, &res, err, "SELECT c.dropped, c.cut_id, c.batch_table, " PART_COLUMNS
	                    " FROM lk.copy c LEFT JOIN lk.cut_part p USING (cut_id) WHERE c.copy_id = $1::bigint", 1,
	                    (const char *const[]){lk_pg_number(id, copy->id)});
	if (rc != LK_OK)
		return rc;
	take_copy(out, res);
	take_parts(out, res, 3);
	PQclear(res);
	if (!out->dropped)
		return LK_OK;
	lk_fail(err, LK_ECONFLICT, "copy %s of view %s was dropped", id, copy->version->view->name);
	lk_hint(err, "if its definition has just changed, run it again");
	return LK_ECONFLICT;
}

void lk_published_release(lk_published *p) {
	free(p->table);
	*p = (lk_published){0};
}

const char *const lk_published_sql[LK_PUBLISHED_RESULTS] = {
	"SELECT dropped, cut_id, batch_table FROM lk.copy WHERE copy_id = $1",
	"SELECT " PART_COLUMNS " FROM lk.cut_part p WHERE cut_id = (SELECT cut_id FROM lk.copy WHERE copy_id = $1)",
};

void lk_published_take(lk_published *out, const lk_cat_copy *copy, PGresult *const results[LK_PUBLISHED_RESULTS]) {
	begin(out, copy);
	take_copy(out, results[0]);
	take_parts(out, results[1], 0);
}

void lk_published_join(const lk_cat_copy *copy, const char *part, lk_buf *out) {
	lk_buf_addf(out, " LEFT JOIN lk.cut_part c ON c.cut_id = (SELECT cut_id FROM lk.copy WHERE copy_id = %lld)"
	            " AND c.stream_id = %lld AND c.part = %s",
	            (long long)copy->id, (long long)copy->version->reads->id, part);
}
