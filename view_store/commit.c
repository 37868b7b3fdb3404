/* Commits: the changed cells of the open segment and the new position, in one call (P1, P17).
 *
 * The script gets absolute values, so a commit that is sent twice writes the same bytes; the fence makes sure that it is not done
 * twice. What is read back is one word. Between send and wait the caller goes on folding: the cells are in the request already. */
#include "core/fault.h"
#include "view_store/unit.h"

static void put_cells(lk_store *s, const lk_cells *cells) {
	for (const lk_cell *cell = cells->first_changed; cell; cell = cell->next_changed) {
		lk_buf_clear(&s->work);
		lk_cell_encode(cells, cell, &s->work);
		lk_redis_arg(&s->redis, lk_cell_field(cells, cell), cell->field_len);
		lk_redis_arg(&s->redis, s->work.data, s->work.len);
	}
}

/* The entry of the segment in meta; none while it covers no event. */
static void put_entry(lk_store *s, const lk_commit *c) {
	lk_segment g = {
		.from = c->segment_from, .to = c->to.cursor, .token = c->token,
		.min_pane = c->cells->min_pane, .max_pane = c->cells->max_pane, .cells = (int64_t)c->cells->ncells,
	};
	lk_buf_clear(&s->work);
	if (g.from < g.to)
		lk_segment_entry(&s->work, &g);
	lk_redis_arg(&s->redis, s->work.data, s->work.len);
}

int lk_store_commit_send(lk_store *s, const lk_commit *c, lk_error *err) {
	int rc = lk_store_idle(s, err);
	if (rc != LK_OK)
		return rc;
	char token[17];
	lk_token_print(token, c->token);
	lk_redis_script(&s->redis, LK_SCRIPT_COMMIT, lk_unit_key(s, c->unit), 7 + 2 * (int)c->cells->nchanged);
	lk_redis_args(&s->redis, token);
	lk_redis_argi(&s->redis, c->from);
	lk_redis_argi(&s->redis, c->to.cursor);
	lk_redis_argi(&s->redis, c->to.watermark);
	lk_redis_argi(&s->redis, c->to.last_at);
	lk_redis_argi(&s->redis, c->segment_from);
	put_entry(s, c);
	put_cells(s, c->cells);
	rc = lk_redis_send(&s->redis, err);
	if (rc == LK_OK) {
		s->committing = c->unit;
		LK_CRASH_POINT("commit.sent");
	}
	return rc;
}

int lk_store_commit_wait(lk_store *s, lk_error *err) {
	int64_t unit = s->committing;
	if (unit < 0)
		return lk_fail(err, LK_EINTERNAL, "no commit is under way on this connection");
	s->committing = -1;
	redisReply *reply;
	int rc = lk_redis_reply(&s->redis, &reply, err);
	if (rc == LK_OK)
		rc = lk_fenced_reply(s, unit, reply, err);
	if (rc == LK_OK)
		LK_CRASH_POINT("commit.done");
	freeReplyObject(reply);
	return rc;
}
