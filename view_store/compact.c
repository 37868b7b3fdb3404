/* Compaction: many small segments become one.
 *
 * The inputs are closed, so they can be read at leisure and merged here. The result is staged chunk by chunk under the
 * name it will have, which is fresh and which no meta names yet, with an expiry: left alone, it goes away. The swap is
 * one script: it checks the owner, the inputs and the number of staged cells, and only then do readers see the one in
 * the place of the many. Stopped anywhere, the unit is as it was. */
#include "core/fault.h"
#include "view_store/unit.h"

enum { CELLS_A_CHUNK = 2000 };

static int check_inputs(const lk_segment *in, int n, lk_error *err) {
	for (int i = 0; i < n; i++)
		if (in[i].open || (i > 0 && in[i - 1].to != in[i].from))
			return lk_fail(err, LK_EINTERNAL, "segments to compact must be closed and adjacent");
	return n < 2 ? lk_fail(err, LK_EINTERNAL, "compaction needs two segments") : LK_OK;
}

static int read_inputs(lk_store *s, int64_t unit, const lk_segment *in, int n, lk_cells *cells, lk_error *err) {
	int rc = LK_OK;
	for (int i = 0; rc == LK_OK && i < n; i++)
		rc = lk_store_read_segment(s, unit, &in[i], NULL, cells, err);
	return rc == 1 ? lk_fail(err, LK_ECONFLICT, "unit %lld lost a segment while it was compacted", (long long)unit) : rc;
}

/* One HSET of some cells and the expiry behind it. */
static int stage_chunk(lk_store *s, const char *key, const lk_cells *cells, const lk_cell **from, lk_error *err) {
	int n = 0;
	for (const lk_cell *c = *from; c && n < CELLS_A_CHUNK; c = c->next)
		n++;
	lk_redis_begin(&s->redis, 2 + 2 * n);
	lk_redis_args(&s->redis, "HSET");
	lk_redis_args(&s->redis, key);
	for (; n > 0; n--, *from = (*from)->next) {
		lk_buf_clear(&s->work);
		lk_cell_encode(cells, *from, &s->work);
		lk_redis_arg(&s->redis, lk_cell_field(cells, *from), (*from)->field_len);
		lk_redis_arg(&s->redis, s->work.data, s->work.len);
	}
	lk_redis_more(&s->redis, 3);
	lk_redis_args(&s->redis, "EXPIRE");
	lk_redis_args(&s->redis, key);
	lk_redis_args(&s->redis, LK_STAGED_FOR_S);
	int rc = lk_redis_send(&s->redis, err);
	for (int i = 0; i < 2 && !s->redis.broken; i++) {   /* both replies are read, also after a refusal */
		redisReply *reply;
		int got = lk_redis_reply(&s->redis, &reply, err);
		rc = rc == LK_OK ? got : rc;
		freeReplyObject(reply);
	}
	return rc;
}

static int stage(lk_store *s, const char *key, const lk_cells *cells, lk_error *err) {
	const lk_cell *next = cells->first;
	int rc = LK_OK;
	while (rc == LK_OK && next)
		rc = stage_chunk(s, key, cells, &next, err);
	if (rc == LK_EFULL) {   /* make room at once */
		redisReply *reply;
		lk_redis_begin(&s->redis, 2);
		lk_redis_args(&s->redis, "UNLINK");
		lk_redis_args(&s->redis, key);
		lk_redis_call(&s->redis, &reply, NULL);
		freeReplyObject(reply);
	}
	return rc;
}

static void put_segment(lk_store *s, const lk_segment *g) {
	char name[LK_NAME_BYTES];
	lk_segment_name(name, g->from, g->token);
	lk_redis_args(&s->redis, name);
	lk_buf_clear(&s->work);
	lk_segment_entry(&s->work, g);
	lk_redis_arg(&s->redis, s->work.data, s->work.len);
}

static int swap(lk_store *s, int64_t unit, uint64_t token, const lk_segment *staged, const lk_segment *in, int n,
                lk_error *err) {
	char text[17];
	lk_token_print(text, token);
	lk_redis_script(&s->redis, LK_SCRIPT_SWAP, lk_unit_key(s, unit), 4 + 2 * n);
	lk_redis_args(&s->redis, text);
	put_segment(s, staged);
	lk_redis_argi(&s->redis, staged->cells);
	for (int i = 0; i < n; i++)
		put_segment(s, &in[i]);
	return lk_fenced_call(s, unit, err);
}

int lk_store_compact(lk_store *s, int64_t unit, uint64_t token, const lk_plan *plan, const lk_segment *inputs, int n,
                     lk_error *err) {
	int rc = lk_store_idle(s, err);
	if (rc != LK_OK || (rc = check_inputs(inputs, n, err)) != LK_OK)
		return rc;
	lk_cells cells;
	lk_cells_init(&cells, plan);
	rc = read_inputs(s, unit, inputs, n, &cells, err);
	lk_segment staged = {
		.from = inputs[0].from, .to = inputs[n - 1].to, .token = lk_token_new(),
		.min_pane = cells.min_pane, .max_pane = cells.max_pane, .cells = (int64_t)cells.ncells,
	};
	if (rc == LK_OK)
		rc = stage(s, lk_segment_key(s, unit, staged.from, staged.token), &cells, err);
	if (rc == LK_OK) {
		LK_CRASH_POINT("compact.staged");
		rc = swap(s, unit, token, &staged, inputs, n, err);
	}
	if (rc == LK_OK)
		LK_CRASH_POINT("compact.swapped");
	lk_cells_release(&cells);
	return rc;
}
