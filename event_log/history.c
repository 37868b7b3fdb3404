#include "event_log/history.h"

#include "catalog/log_sql.h"
#include "core/fault.h"
#include "core/time.h"

/* The run's beginning is looked at too; the row before it must have another `_at`. */
static bool has_run(const lk_stream *s, const lk_seen *x) { return s->derived && x->run > 0 && !LK_MUTANT("run_unchecked"); }

static void add_one(const lk_stream *s, const lk_seen *x, int i, lk_buf *sql) {
	long long last = (long long)x->cursor - 1, first = (long long)(x->cursor - x->run);
	lk_buf_addf(sql, "%sSELECT %d, " LK_SQL_US("_at") ", ", sql->len ? " UNION ALL " : "", i);
	if (has_run(s, x)) {
		lk_buf_addf(sql, "(SELECT count(*) FILTER (WHERE b.off = %lld AND b._at = a._at) = 1 AND count(*) FILTER (WHERE b.off < %lld AND b._at = a._at) = 0 FROM ",
		            first, first);
		lk_log_leaf(s, x->part, sql);
		lk_buf_addf(sql, " AS b WHERE b.part = %d AND b.off BETWEEN %lld AND %lld) FROM ", x->part, first - 1, first);
	} else {
		lk_buf_adds(sql, "true FROM ");
	}
	lk_log_leaf(s, x->part, sql);
	lk_buf_addf(sql, " AS a WHERE part = %d AND off = %lld", x->part, last);
}

int lk_log_has(lk_pg *pg, const lk_stream *s, const lk_seen *read, int n, bool *has, lk_error *err) {
	lk_buf sql = LK_BUF_INIT;
	PGresult *res = NULL;
	for (int i = 0; i < n; i++) {
		has[i] = read[i].cursor == 0;
		if (!has[i])
			add_one(s, &read[i], i, &sql);
	}
	int rc = sql.len ? lk_pg_exec(pg, &res, err, sql.data, 0, NULL) : LK_OK;
	for (int i = 0; rc == LK_OK && res && i < PQntuples(res); i++) {
		int64_t which = lk_pg_int(res, i, 0);
		has[which] = lk_pg_int(res, i, 1) == read[which].at && PQgetvalue(res, i, 2)[0] == 't';
	}
	PQclear(res);
	lk_buf_release(&sql);
	return rc;
}
