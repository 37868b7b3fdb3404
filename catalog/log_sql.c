#include "catalog/log_sql.h"

#include <stdio.h>
#include <string.h>

#include "sql/sql.h"
#include "windows/calendar.h"

void lk_log_name(const char *stream, int64_t copy_id, lk_buf *out) {
	enum { MOST = 55 };   /* lk.log_<name> is an identifier of at most 63 bytes, and so is lk.part_<name>_<n> with its digits */
	char id[24];
	int len = snprintf(id, sizeof id, "@%lld", (long long)copy_id);
	lk_buf_addf(out, "%.*s%s", MOST - len, stream, id);
}

void lk_log_table(const lk_stream *s, lk_buf *out) {
	lk_buf name = LK_BUF_INIT;
	lk_buf_addf(&name, "log_%s", lk_stream_log(s));
	lk_buf_adds(out, "lk.");
	lk_sql_ident(name.data, out);
	lk_buf_release(&name);
}

/* Not log_<name>_<part>: that may be the log of another stream. */
void lk_log_leaf(const lk_stream *s, int part, lk_buf *out) {
	lk_buf name = LK_BUF_INIT;
	lk_buf_addf(&name, "part_%s_%d", lk_stream_log(s), part);
	lk_buf_adds(out, "lk.");
	lk_sql_ident(name.data, out);
	lk_buf_release(&name);
}

void lk_log_between(int part, int64_t from, int64_t to, lk_buf *out) {
	lk_buf_addf(out, " WHERE part = %d AND off >= %lld AND off < %lld", part, (long long)from, (long long)to);
}

static void of_plan(const lk_plan *p, const char *bound, void (*make)(const lk_plan *p, const lk_sql_log *log, lk_buf *out), lk_buf *out) {
	lk_buf table = LK_BUF_INIT, starts = LK_BUF_INIT;
	lk_log_table(p->stream, &table);
	if (p->window.kind == LK_W_CALENDAR)
		lk_buf_addf(&starts, "ARRAY(SELECT s FROM lk.calendar_starts(%lld) AS s)", (long long)p->window.calendar->version);
	make(p, &(lk_sql_log){.table = table.data, .bound = bound, .calendar_starts = starts.data}, out);
	lk_buf_release(&table);
	lk_buf_release(&starts);
}

void lk_log_batch_sql(const lk_plan *p, const char *bound, lk_buf *out) { of_plan(p, bound, lk_plan_batch_sql, out); }
void lk_log_oracle_sql(const lk_plan *p, const char *bound, lk_buf *out) { of_plan(p, bound, lk_plan_oracle_sql, out); }

int lk_log_failed(const lk_stream *s, int rc, const lk_error *e, lk_error *err) {
	bool of_log = strstr(e->text, "lk.part_") || strstr(e->text, "lk.log_");
	if (of_log && strcmp(e->sqlstate, "42P01") == 0) {
		lk_fail(err, LK_ECHANGED, "stream %s was renamed or removed just now", s->name);
		lk_hint(err, "run it again");
		return LK_ECHANGED;
	}
	if (err && err->code == LK_OK)
		*err = *e;
	return rc;
}
