/* Past windows are in no answer (plan/watermark.h), so their cells may be kept or removed: removing them here is
 * housekeeping and decides nothing. A batch does not compute them. A seal's table grows by inserts, and loses here what
 * has expired since the last seal.
 *
 * Sessions may be of any length, and all panes of a session that has not expired must be kept. So panes are removed by
 * whole sessions. Those are found by gaps and islands, over intervals [first, last] of rows (a pane may have several
 * rows): a session begins with a row whose first event is at least a gap behind every event before it. It is removed
 * when its last event + 2 gaps is at or before the horizon: then no event that is not late can join it. This holds for
 * SQL and C alike, and for a batch too, which computes all sessions and deletes the expired ones. */
#include "batch_layer/expired.h"

#include "batch_layer/rows.h"
#include "plan/watermark.h"
#include "sql/lex.h"
#include "sql/sql.h"

static int64_t horizon_at(const lk_plan *p, const lk_cut *cut) { return lk_horizon(p, lk_watermark_of_frontier(p, &cut->at)); }

static int64_t first_kept(const lk_plan *p, const lk_cut *cut) { return lk_first_kept(p, &p->window, horizon_at(p, cut)); }

static void put_time(int64_t us, lk_buf *out) {
	lk_buf_adds(out, "timestamptz '");
	lk_time_print(us, out);
	lk_buf_addc(out, '\'');
}

void lk_expired_events_sql(const lk_plan *p, const lk_cut *cut, lk_buf *out) {
	int64_t from = first_kept(p, cut);
	if (from < LK_TIME_MIN)
		return;
	lk_buf_adds(out, " AND ");
	lk_sql_ident(p->window.time_slot == lk_slot_at(p->stream) ? "_at" : p->stream->schema.columns[p->window.time_slot].name, out);
	lk_buf_adds(out, " >= ");
	put_time(from, out);
}

static void delete_sessions(const lk_plan *p, const char *table, int64_t horizon, lk_buf *out) {
	lk_buf names = LK_BUF_INIT, order = LK_BUF_INIT;
	long long gap = (long long)p->window.size_us;
	for (int k = 0; k < p->nkeys; k++)
		lk_buf_addf(&names, "%s_k%d", k ? ", " : "PARTITION BY ", k);
	lk_buf_addf(&order, "%s ORDER BY f, l, id", names.data ? names.data : "");
	lk_buf_adds(out, "WITH rows AS (SELECT ctid AS id");
	for (int k = 0; k < p->nkeys; k++)
		lk_buf_addf(out, ", _k%d", k);
	lk_buf_addf(out, ", _p%d_0 AS f, _p%d_0 AS l FROM %s), marked AS (SELECT *, CASE WHEN f < max(l) OVER (%s ROWS BETWEEN UNBOUNDED PRECEDING"
	            " AND 1 PRECEDING) + interval '%lld microseconds' THEN 0 ELSE 1 END AS begins FROM rows)", p->first_agg, p->last_agg, table,
	            order.data, gap);
	lk_buf_addf(out, ", numbered AS (SELECT *, sum(begins) OVER (%s ROWS UNBOUNDED PRECEDING) AS session FROM marked)", order.data);
	lk_buf_addf(out, ", whole AS (SELECT id, max(l) OVER (PARTITION BY %s%ssession) AS last FROM numbered)",
	            names.data ? names.data + sizeof "PARTITION BY " - 1 : "", names.data ? ", " : "");
	lk_buf_addf(out, " DELETE FROM %s t USING whole WHERE t.ctid = whole.id AND whole.last + interval '%lld microseconds' <= ", table, 2 * gap);
	put_time(horizon, out);
	lk_buf_release(&names);
	lk_buf_release(&order);
}

int lk_expired_delete(lk_pg *pg, const lk_plan *p, const lk_cut *cut, const char *table, lk_error *err) {
	lk_buf sql = LK_BUF_INIT;
	int64_t horizon = horizon_at(p, cut), from = first_kept(p, cut);
	if (horizon < LK_TIME_MIN)
		return LK_OK;
	if (p->window.kind == LK_W_SESSION) {
		delete_sessions(p, table, horizon, &sql);
	} else if (from >= LK_TIME_MIN) {
		lk_buf_addf(&sql, "DELETE FROM %s WHERE _pane < ", table);
		put_time(from, &sql);
	}
	int rc = sql.len ? lk_pg_run(pg, err, sql.data) : LK_OK;
	lk_buf_release(&sql);
	return rc;
}
