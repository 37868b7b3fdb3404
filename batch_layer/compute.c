/* The batch by SQL: partials by pane and key over all events below the cut.
 *
 * The table is an ordinary, logged one: an unlogged table would be empty after a crash while the pointer to it stays.
 * CREATE TABLE AS rather than INSERT … SELECT, because PostgreSQL lets only the former compute in parallel.
 *
 * The number of events is checked against the cut: a hole in the log, or a server that has not yet replayed to the cut, must
 * not become a batch that is silently short. Only [published cut, cut) is counted, since the log below the published
 * cut was counted when that one was made and does not change. */
#include "batch_layer/compute.h"

#include <stdlib.h>

#include "core/sql.h"

static const lk_stream *stream_of(const lk_compute *c) { return c->copy->version->plan->stream; }

static void add_vector(lk_buf *out, const int64_t *off, int n) {
	lk_buf_addc(out, '{');
	for (int i = 0; i < n; i++)
		lk_buf_addf(out, "%s%lld", i ? "," : "", (long long)off[i]);
	lk_buf_addc(out, '}');
}

static void count_sql(const lk_compute *c, lk_buf *out) {
	for (int part = 0; part < c->cut->partitions; part++) {
		lk_buf_adds(out, part ? " UNION ALL SELECT " : "SELECT ");
		lk_buf_addf(out, "%d, count(*) FROM ", part);
		lk_log_leaf(stream_of(c), part, out);
		lk_buf_addf(out, " WHERE off >= %lld AND off < %lld", (long long)c->from[part], (long long)c->cut->off[part]);
	}
}

int lk_compute_check(const lk_compute *c, int64_t *events, lk_error *err) {
	lk_buf sql = LK_BUF_INIT;
	PGresult *res = NULL;
	*events = 0;
	count_sql(c, &sql);
	int r = lk_pg_exec(c->pg, &res, err, sql.data, 0, NULL);
	lk_buf_release(&sql);
	if (r != LK_OK)
		return r;
	for (int i = 0; i < PQntuples(res) && r == LK_OK; i++) {
		int part = (int)lk_pg_int(res, i, 0);
		int64_t found = lk_pg_int(res, i, 1), wanted = c->cut->off[part] - c->from[part];
		*events += found;
		if (found != wanted)
			r = lk_fail(err, LK_EGAP, "stream \"%s\", partition %d holds %lld events in [%lld, %lld), not %lld",
			            stream_of(c)->name, part, (long long)found, (long long)c->from[part],
			            (long long)c->cut->off[part], (long long)wanted);
	}
	PQclear(res);
	return r;
}

int lk_compute_sql(lk_compute *c, lk_error *err) {
	lk_buf sql = LK_BUF_INIT, log = LK_BUF_INIT, bound = LK_BUF_INIT;
	PGresult *res = NULL;
	lk_log_table(stream_of(c), &log);
	lk_buf_adds(&bound, "off < ('");
	add_vector(&bound, c->cut->off, c->cut->partitions);
	lk_buf_adds(&bound, "'::bigint[])[part+1]");
	lk_buf_addf(&sql, "CREATE TABLE %s AS ", c->table);
	lk_plan_batch_sql(c->copy->version->plan, log.data, bound.data, &sql);
	int r = lk_pg_exec(c->pg, &res, err, sql.data, 0, NULL);
	if (r == LK_OK) {
		c->cells = atoll(PQcmdTuples(res));
		PQclear(res);
	}
	lk_buf_release(&sql);
	lk_buf_release(&log);
	lk_buf_release(&bound);
	return r;
}

/* Small tables are read whole, as fast as through an index. */
#define INDEX_ABOVE 20000

int lk_compute_index(const lk_compute *c, lk_error *err) {
	const lk_plan *p = c->copy->version->plan;
	if (c->cells <= INDEX_ABOVE)
		return LK_OK;
	int r = LK_OK;
	if (p->window.kind != LK_W_NONE)
		r = lk_pg_runf(c->pg, err, "CREATE INDEX ON %s (_pane)", c->table);
	return r;
}
