/* Compaction: many segments become one, whatever their sizes, in little memory and short calls.
 *
 * The inputs are closed, so they can be read without haste. The result is staged (merge.h) under its final name, which
 * is fresh and which no meta names yet, with an expiry: if abandoned it disappears. The swap is one script: it checks
 * the owner, the inputs and the staged cells, and only then readers see the one segment instead of the many. Stopped at
 * any point, the unit is as it was. Each chunk adds one to the staged hash's field '#', so the swap notices a server
 * that has lost a chunk: cells with an older value would not change the number of cells. */
#include <stdlib.h>

#include "core/fault.h"
#include "view_store/merge.h"

enum { CELL_OVERHEAD_BYTES = 64 };   /* about what Redis takes for a cell besides its bytes */

static int check_inputs(const lk_compaction *c, lk_error *err) {
	for (int i = 0; i < c->n; i++)
		if (c->inputs[i].open || (i > 0 && c->inputs[i - 1].to != c->inputs[i].from))
			return lk_fail(err, LK_EINTERNAL, "the segments of a compaction must be closed and adjacent");
	return c->n < 2 ? lk_fail(err, LK_EINTERNAL, "a compaction needs two segments or more") : LK_OK;
}

/* Staged cells would take room that commits need, and be given up in the end. */
static int check_room(lk_store *s, const lk_compaction *c, lk_error *err) {
	lk_store_usage use;
	int64_t need = 0;
	for (int i = 0; i < c->n; i++)
		need += c->inputs[i].bytes + c->inputs[i].cells * CELL_OVERHEAD_BYTES;
	int rc = lk_store_usage_read(s, &use, err);
	if (rc == LK_OK && use.max_bytes > 0 && use.used_bytes + need > use.max_bytes)
		rc = lk_fail(err, LK_EFULL, "Redis at %s has no room to compact segments of %lld bytes", s->redis.where,
		             (long long)need);
	return rc;
}

/* --- the swap --- */

static void put_segment(lk_store *s, const lk_segment *g) {
	char name[LK_NAME_BYTES];
	lk_segment_name(name, g->from, g->token);
	lk_redis_args(&s->redis, name);
	lk_buf_clear(&s->work);
	lk_segment_entry(&s->work, g);
	lk_redis_arg(&s->redis, s->work.data, s->work.len);
}

static int swap(lk_merger *m, lk_error *err) {
	char text[17];
	lk_store *s = m->s;
	lk_token_print(text, m->c->token);
	lk_redis_script(&s->redis, LK_SCRIPT_SWAP, lk_unit_key(s, m->c->unit), 5 + 2 * m->c->n);
	lk_redis_args(&s->redis, text);
	put_segment(s, &m->staged);
	lk_redis_argi(&s->redis, m->staged.cells);
	lk_redis_argi(&s->redis, m->chunks);
	for (int i = 0; i < m->c->n; i++)
		put_segment(s, &m->c->inputs[i]);
	return lk_fenced_call(s, m->c->unit, err);
}

/* Frees the room of the staged cells at once. */
static void forget_staged(lk_merger *m) {
	redisReply *reply;
	if (m->chunks == 0 || m->s->redis.broken)
		return;
	lk_redis_begin(&m->s->redis, 2);
	lk_redis_args(&m->s->redis, "UNLINK");
	lk_redis_args(&m->s->redis, m->key);
	lk_redis_call(&m->s->redis, &reply, NULL);
	freeReplyObject(reply);
}

static int run(lk_merger *m, lk_error *err) {
	int rc = lk_merge_inputs(m, err);
	if (rc == LK_OK) {
		LK_CRASH_POINT("compact.staged");
		rc = swap(m, err);
	}
	if (rc == LK_OK)
		LK_CRASH_POINT("compact.swapped");
	else
		forget_staged(m);
	return rc;
}

int lk_store_compact(lk_store *s, lk_compaction *c, lk_error *err) {
	c->written = 0;
	int rc = lk_store_idle(s, err);
	if (rc != LK_OK || (rc = check_inputs(c, err)) != LK_OK || (rc = check_room(s, c, err)) != LK_OK)
		return rc;
	lk_merger m = {.s = s, .c = c};
	m.staged = (lk_segment){.from = c->inputs[0].from, .to = c->inputs[c->n - 1].to, .token = lk_token_new()};
	m.key = lk_strdup(lk_segment_key(s, c->unit, m.staged.from, m.staged.token));
	rc = run(&m, err);
	free(m.key);
	return rc;
}
