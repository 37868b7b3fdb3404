/* The message when an answer has reached a bound: which bound, and how to ask this very query for less. */
#include <string.h>

#include "serving/reader.h"

/* What could be left out of this query. */
static void add_ways(const lk_reader *r, lk_buf *out) {
	const lk_query *q = r->query;
	const lk_plan *p = r->plan;
	if (p && p->window.kind != LK_W_NONE && (q->from == INT64_MIN || q->to == INT64_MAX))
		lk_buf_adds(out, "less time (--from, --to), ");
	if (p && p->window.kind != LK_W_NONE && !r->filter.nothing && q->slide_us)
		lk_buf_adds(out, "windows that overlap less (a larger --slide), ");
	for (int k = 0; p && k < p->nkeys; k++)
		if (!r->filter.given[k] && *p->keys[k].name) {
			lk_buf_addf(out, "one key (--where %s=…), ", p->keys[k].name);
			break;
		}
}

/* If the time is over, PostgreSQL may end the statement with an error of its own. */
int lk_reader_bounded(lk_reader *r, int rc, lk_error *err) {
	lk_budget *b = &r->budget;
	if (rc == LK_EBUSY && err && !strcmp(err->sqlstate, "57014") && !lk_budget_allows(b, 0))
		lk_error_clear(err);
	if (rc < 0 && b->spent)
		rc = lk_budget_fail(b, err);
	if (rc != LK_ETOOBIG)
		return rc;
	static const char *const more[] = {
		[LK_SPENT_ROWS] = "--max-rows", [LK_SPENT_BYTES] = "--max-memory", [LK_SPENT_TIME] = "--timeout"};
	lk_buf ways = LK_BUF_INIT;
	add_ways(r, &ways);
	lk_hint(err, "ask for %s%sallow more (%s)", ways.data ? ways.data : "", ways.len ? "or " : "", more[b->spent]);
	lk_buf_release(&ways);
	return rc;
}
