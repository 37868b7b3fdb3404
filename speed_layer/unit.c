/* Taking a unit over: the one way into the stream path, and the one way back after any doubt.
 *
 * The position of a unit lives in Redis beside its cells. A take-over reads it there and asks the log whether it
 * belongs to this log: does event cursor-1 have the `_at` that the unit noted when it folded it? A log that lost its tail
 * (a failover, a restore) and grew again shows another one (event_log/history.h). Then the unit is reset.
 *
 * The catalogue is read before the take-over, to know where a missing unit begins, and once more if the base is above
 * the cut that was read: another owner may have moved the base in between. After the take-over no other owner can, so a
 * base that is still above the published cut comes from a publish that the log has lost. A segment across the published
 * cut is impossible too, unless a fault or another program wrote it to Redis: readers refuse it, and the unit is reset
 * to the cut.
 *
 * Skipping ahead: the batch answers for the log below the published cut. So a unit may continue at the cut if it is
 * more than one fetch behind it, or if Redis has no memory for its cells: so a batch frees memory. The unit would have
 * recorded late events on the way, so only units of views without a lateness bound skip. */
#include "speed_layer/unit.h"

#include <string.h>

#include "catalog/published.h"
#include "core/fault.h"
#include "core/time.h"
#include "plan/watermark.h"

#define RETRY_FENCED_US  20000
#define RETRY_SERVER_US  50000
#define RETRY_FULL_US   500000
#define RETRY_BROKEN_US 5000000

void lk_unit_init(lk_unit *u, const lk_cat_copy *copy, int part) {
	memset(u, 0, sizeof *u);
	u->id = copy->units[part];
	u->copy = copy;
	u->part = part;
	u->op = lk_operator_of(copy->version->plan);
	u->op_state = u->op->open(copy, part);
}

void lk_unit_release(lk_unit *u) {
	if (u->op)
		u->op->close(u->op_state);
	u->op = NULL;
	u->taken = false;
}

/* The stream's declaration decides which slots a row has. */
static bool rows_are_the_same(const lk_cat_copy *a, const lk_cat_copy *b) {
	const lk_plan *p = a->version->plan, *q = b->version->plan;
	return strcmp(p->stream->text, q->stream->text) == 0 && p->nslots == q->nslots && p->state_size == q->state_size;
}

void lk_unit_show(lk_unit *u, const lk_cat_copy *copy) {
	if (rows_are_the_same(u->copy, copy)) {
		u->op->show(u->op_state, copy);
	} else {
		lk_unit_drop(u);
		u->op->close(u->op_state);
		u->op_state = u->op->open(copy, u->part);
	}
	u->copy = copy;
}

static int64_t retry_after_us(int code) {
	switch (code) {
	case LK_EFENCED:
		return RETRY_FENCED_US;
	case LK_EUNREACHABLE:
		return RETRY_SERVER_US;
	case LK_EFULL:
	case LK_EBUSY:
		return RETRY_FULL_US;
	default:
		return RETRY_BROKEN_US;
	}
}

static void forget(lk_unit *u) {
	u->taken = false;
	u->uncommitted_events = 0;
	u->folded = (lk_folded){0};
	u->op->restore(u);
}

void lk_unit_fail(lk_unit *u, const lk_error *why) {
	forget(u);
	u->error = *why;
	u->retry_at_us = lk_monotonic_us() + retry_after_us(why->code);
	if (why->code == LK_EFULL && u->full_since_us == 0)
		u->full_since_us = lk_monotonic_us();
}

void lk_unit_drop(lk_unit *u) {
	forget(u);
	lk_error_clear(&u->error);
	u->retry_at_us = 0;
}

void lk_unit_acknowledged(lk_path *p, lk_unit *u) {
	int64_t first = u->committed > u->counted ? u->committed : u->counted;
	int64_t events = u->tally ? lk_ranges_add(u->tally, u->committed, u->sent) : u->sent > first ? u->sent - first : 0;
	u->committed = u->sent;
	u->counted = u->sent > u->counted ? u->sent : u->counted;
	u->outcome_unknown = false;
	u->full_since_us = 0;
	p->done.commits++;
	p->done.events += events;
	p->done.cells += u->on_way.cells;
	p->done.late += u->on_way.late;
	p->done.marked += u->on_way.marked;
	if (p->counter)
		atomic_fetch_add(p->counter, events);
	if (p->behind)
		atomic_fetch_sub(p->behind, events);
}

void lk_unit_follow(lk_path *p, lk_unit *u, const lk_frontier_part *tail) {
	lk_error e = {0};
	bool is_there = u->taken && u->at.cursor == tail->off && u->uncommitted_events == 0;
	if (is_there && u->op->in_log && u->op->in_log->follow && u->op->in_log->follow(p, u, tail->high, &e) != LK_OK)
		lk_unit_fail(u, &e);
}

int lk_unit_published(lk_path *p, const lk_unit *u, lk_position *cut, lk_error *err) {
	lk_published now;
	int rc = lk_published_read(p->writer, u->copy, &now, err);
	const lk_frontier_part *at = &now.cut.part[u->part];
	*cut = (lk_position){at->off, lk_watermark_of_prefix(lk_unit_plan(u), at->high, at->last_at), at->last_at, 0};
	lk_published_release(&now);
	return rc;
}

bool lk_unit_should_skip(const lk_path *p, const lk_unit *u, int64_t cursor, int64_t cut) {
	int64_t behind = cut - cursor;
	return !u->copy->kappa && lk_unit_plan(u)->allowed_lateness_us < 0
	       && (behind > p->limits.fetch_events || (behind > 0 && u->error.code == LK_EFULL));
}

bool lk_unit_straddles(const lk_unit_state *st, int64_t cut) {
	for (int i = 0; i < st->nsegments; i++)
		if (st->segments[i].from < cut && st->segments[i].to > cut)
			return true;
	return false;
}

static int where_to_go_on(lk_path *p, lk_unit *u, const lk_unit_state *st, lk_position *start, bool *reset, lk_error *err) {
	const lk_seen read = lk_position_seen(&st->at, u->part);
	bool fits;
	int rc = lk_log_has(p->writer, lk_unit_stream(u)->stream, &read, 1, &fits, err);
	if (rc == LK_OK && st->base.cursor > start->cursor)
		rc = lk_unit_published(p, u, start, err);
	*reset = !fits || st->base.cursor > start->cursor || lk_unit_straddles(st, start->cursor)
	         || lk_unit_should_skip(p, u, st->at.cursor, start->cursor);
	return rc;
}

static void hold(lk_unit *u, uint64_t token, const lk_position *at) {
	u->at = *at;
	forget(u);
	u->taken = true;
	u->token = token;
	u->committed = u->sent = at->cursor;
	u->outcome_unknown = false;
	lk_error_clear(&u->error);
	u->retry_at_us = 0;
}

int lk_unit_cursor(lk_path *p, lk_unit *u, int64_t *cursor, lk_error *err) {
	lk_unit_state st = {0};
	if (u->op->in_log)
		return u->op->in_log->read(p, u, cursor, err);
	int rc = lk_store_read_unit(p->store, u->id, NULL, &st, NULL, err);
	*cursor = st.at.cursor;
	lk_unit_state_release(&st);
	return rc < 0 ? rc : LK_OK;
}

/* Log and position are in one database, so they always fit. */
static int take_in_log(lk_path *p, lk_unit *u, lk_error *err) {
	lk_position at = {.watermark = LK_NEVER, .last_at = LK_NEVER};
	uint64_t token = 0;
	forget(u);
	int rc = u->op->in_log->take ? u->op->in_log->take(p, u, &at, &token, err) : u->op->in_log->read(p, u, &at.cursor, err);
	if (rc == LK_OK)
		hold(u, token, &at);
	return rc;
}

int lk_unit_take(lk_path *p, lk_unit *u, lk_error *err) {
	if (u->op->in_log)
		return take_in_log(p, u, err);
	lk_position start;
	lk_unit_state st = {0};
	bool reset = false;

	forget(u);
	int rc = lk_unit_published(p, u, &start, err);
	if (rc == LK_OK)
		rc = lk_store_take_over(p->store, u->id, &start, &st, err);
	if (rc != LK_OK)
		return rc;
	if (u->outcome_unknown && st.at.cursor == u->sent)
		lk_unit_acknowledged(p, u);
	rc = where_to_go_on(p, u, &st, &start, &reset, err);
	if (rc == LK_OK && reset)
		rc = lk_store_reset(p->store, u->id, &st.token, &start, err);
	if (rc == LK_OK)
		hold(u, st.token, reset ? &start : &st.at);
	lk_unit_state_release(&st);
	return rc;
}
