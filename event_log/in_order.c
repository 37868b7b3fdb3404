/* A derived log has no append that could be raised: its writer alone says how far it is complete. It also is if its
 * writer has read all of its source, as far as that is complete; so the stream's chain of sources is looked at in one
 * snapshot, and the declared stream at its end is what is raised.
 *
 * The raise need not reach the disk by itself: whoever relies on it commits later, and a database that loses the one
 * loses the other. */
#include "event_log/in_order.h"

#include <stdlib.h>

#include "catalog/tail_holder.h"
#include "core/fault.h"
#include "core/time.h"
#include "event_log/append.h"

enum { RAISE_WAIT_MS = 10000 };

/* One partition of one log of the chain; depth 0 is the log that is read, the last one is that of a declared stream. */
typedef struct link {
	int64_t stream;
	int depth, part;
	int64_t end, last_at, closed;
	int64_t made;      /* to where the source's partition of this number is read; -1: this is a declared stream */
	bool merged;       /* it is made of all partitions of the source */
} link;

typedef struct chain {
	link *links;
	int n;
} chain;

static const char chain_sql[] =
	"WITH RECURSIVE chain (stream_id, depth) AS (SELECT $1::bigint, 0 UNION ALL SELECT v.stream_id, c.depth + 1 FROM chain c"
	" JOIN lk.stream s USING (stream_id) JOIN lk.copy k ON k.copy_id = s.of_copy JOIN lk.version v USING (version_id))"
	" SELECT c.stream_id, c.depth, t.part, t.next_off, " LK_SQL_US("t.last_at") ", " LK_SQL_US("greatest(t.last_at, t.closed)") ", x.position,"
	" s.of_copy IS NOT NULL AND s.definition ~ ', merged = 1[)]$'"
	" FROM chain c JOIN lk.tail t USING (stream_id) JOIN lk.stream s USING (stream_id) LEFT JOIN chain n ON n.depth = c.depth + 1"
	" LEFT JOIN lk.source x ON x.stream_id = c.stream_id AND x.name = n.stream_id || '/' || t.part AND x.number = 0 ORDER BY c.depth, t.part";

static int read_chain(lk_pg *pg, const lk_cat_stream *s, chain *out, lk_error *err) {
	char id[24];
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, chain_sql, 1, (const char *const[]){lk_pg_number(id, s->id)});
	if (rc)
		return rc;
	*out = (chain){.links = lk_calloc((size_t)PQntuples(res) + 1, sizeof *out->links), .n = PQntuples(res)};
	for (int i = 0; i < out->n; i++)
		out->links[i] = (link){
			.stream = lk_pg_int(res, i, 0), .depth = (int)lk_pg_int(res, i, 1), .part = (int)lk_pg_int(res, i, 2), .end = lk_pg_int(res, i, 3),
			.last_at = lk_pg_int_or(res, i, 4, LK_NEVER), .closed = lk_pg_int_or(res, i, 5, LK_NEVER), .made = lk_pg_int_or(res, i, 6, -1),
			.merged = *PQgetvalue(res, i, 7) == 't',
		};
	PQclear(res);
	if (out->n < s->stream->partitions)
		rc = lk_fail(err, LK_ECONFLICT, "stream %s was dropped", s->stream->name);
	return rc;
}

static const link *at(const chain *c, int depth, int part) {
	for (int i = 0; i < c->n; i++)
		if (c->links[i].depth == depth && c->links[i].part == part)
			return &c->links[i];
	return NULL;
}

static int64_t complete_below(const chain *c, const link *l);

/* Of all partitions of a depth; LK_NEVER as well if their writer has not read the whole of one. */
static int64_t all_below(const chain *c, int depth, bool read) {
	int64_t least = INT64_MAX;
	const link *l, *made;
	for (int part = 0; (l = at(c, depth, part)); part++) {
		made = read ? at(c, depth - 1, part) : NULL;
		least = lk_earlier(least, made && made->made != l->end ? LK_NEVER : complete_below(c, l));
	}
	return least == INT64_MAX ? LK_NEVER : least;
}

static int64_t complete_below(const chain *c, const link *l) {
	const link *source = l->made < 0 ? NULL : at(c, l->depth + 1, l->part);
	if (l->merged)
		return lk_later(l->closed, all_below(c, l->depth + 1, true));
	return source && source->end == l->made ? lk_later(l->closed, complete_below(c, source)) : l->closed;
}

/* An append that holds the end of the log and says nothing is ended, as by another append. */
static int raise(lk_pg *pg, const link *l, int64_t to, lk_error *err) {
	int rc;
	do {
		rc = lk_pg_runf(pg, err, "BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL lock_timeout = %1$d; UPDATE lk.tail SET closed ="
		                " greatest(closed, " LK_SQL_TIME("%2$lld") ", clock_timestamp()) WHERE stream_id = %3$lld AND part = %4$d; COMMIT",
		                LK_HURRIED(RAISE_WAIT_MS), (long long)to, (long long)l->stream, l->part);
		if (rc)
			lk_pg_rollback(pg);
	} while (rc == LK_EBUSY && lk_tail_free(pg, err));
	return rc;
}

/* Beyond the last event of the log that is read. */
static int raise_all(lk_pg *pg, const chain *c, lk_error *err) {
	int rc = LK_OK, root = c->links[c->n - 1].depth;
	int64_t to = LK_NEVER;
	for (int i = 0; i < c->n; i++)
		to = c->links[i].depth == 0 && c->links[i].last_at != LK_NEVER ? lk_later(to, c->links[i].last_at + 1) : to;
	for (int i = 0; i < c->n && rc == LK_OK; i++)
		if (c->links[i].depth == root && c->links[i].closed < to)
			rc = raise(pg, &c->links[i], to, err);
	return rc;
}

static bool has_more(const chain *c, const lk_frontier *read) {
	for (int i = 0; i < c->n && c->links[i].depth == 0; i++)
		if (c->links[i].end > read->part[c->links[i].part].off)
			return true;
	return false;
}

int lk_log_close(lk_pg *pg, const lk_cat_stream *s, const lk_frontier *read, lk_frontier *end, int64_t *complete, lk_error *err) {
	chain c = {0};
	int rc = read_chain(pg, s, &c, err);
	*end = lk_frontier_start(s->id, s->stream->partitions);
	lk_frontier before = *end;
	for (int i = 0; rc == LK_OK && i < before.n; i++)
		before.part[i].off = c.links[i].end;
	if (rc == LK_OK && has_more(&c, read) && !LK_MUTANT("closed_unraised")) {
		rc = raise_all(pg, &c, err);
		free(c.links);
		c = (chain){0};
		rc = rc == LK_OK ? read_chain(pg, s, &c, err) : rc;
	}
	for (int i = 0; rc == LK_OK && i < end->n; i++)
		end->part[i].off = LK_MUTANT("closed_read_before") ? before.part[i].off : c.links[i].end;
	if (rc == LK_OK)
		*complete = LK_MUTANT("closed_unraised") ? lk_time_now() : all_below(&c, 0, false);
	free(c.links);
	return rc;
}
