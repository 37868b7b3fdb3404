/* The prefix that an answer covers, and what follows from it alone: its watermark, what is final, what has expired. */
#include <string.h>

#include "catalog/copies.h"
#include "plan/watermark.h"
#include "serving/reader.h"

int64_t lk_reader_end(const lk_reader *r, int i) {
	const lk_unit_read *u = &r->units[i];
	int64_t cut = lk_reader_cut(r, i);
	if (r->query->layer == LK_LAYER_BATCH)
		return cut;
	if (r->query->until)
		return r->query->until->part[i].off;
	return u->there && u->state.at.cursor > cut ? u->state.at.cursor : cut;
}

/* The watermark where the answer ends in partition i: the unit's, or the published cut's. False if the answer ends
 * between them: then it must be looked up. */
static bool watermark_is_known(const lk_reader *r, int i, int64_t *watermark) {
	const lk_frontier_part *cut = &r->pointer.published.cut.part[i];
	const lk_unit_read *u = &r->units[i];
	int64_t end = lk_reader_end(r, i);
	if (end > cut->off && end != u->state.at.cursor)
		return false;
	*watermark = end > cut->off ? u->state.at.watermark : lk_watermark_of_prefix(r->plan, cut->high, cut->last_at);
	return true;
}

/* What is final, by the least watermark of the partitions that are not idle. If all are idle there is nothing to wait
 * for, and the largest one counts: so a partition that falls idle never moves final_to back. */
static void find_final(const lk_reader *r, lk_answer *a) {
	const lk_pointer *p = &r->pointer;
	int64_t least = INT64_MAX, most = LK_NEVER;
	for (int i = 0; i < r->partitions; i++) {
		lk_answer_part *part = &a->part[i];
		part->idle = lk_is_idle(r->plan->stream, p->tail.part[i].off - a->end.part[i].off, p->tail.part[i].last_at, p->now);
		if (!part->idle && part->watermark < least)
			least = part->watermark;
		if (part->watermark > most)
			most = part->watermark;
	}
	int64_t sure = lk_final_to(r->plan, a->watermark);
	a->final_to = lk_final_to(r->plan, least == INT64_MAX ? most : least);
	a->provisional = a->final_to != sure;
}

/* In the log of a derived stream the source may be further than the rows: at the log's end its tail says how far by now. What
 * is read up to a frontier that was asked for goes by that frontier, so that answers that are compared have one horizon. */
static int64_t follow_source(const lk_reader *r, int i, int64_t end, int64_t watermark) {
	const lk_frontier *until = r->query->layer == LK_LAYER_BATCH ? NULL : r->query->until;
	const lk_frontier_part *tail = &r->pointer.tail.part[i];
	if (until && until->part[i].high != LK_NEVER)
		return lk_watermark_of_prefix(r->plan, until->part[i].high, until->part[i].last_at);
	return end == tail->off ? lk_watermark_raise(r->plan, watermark, tail->high) : watermark;
}

static int find_watermarks(lk_reader *r, lk_answer *a, lk_error *err) {
	lk_frontier end = a->end;
	bool looked = false;
	a->watermark = INT64_MAX;
	for (int i = 0; i < r->partitions; i++) {
		int64_t *watermark = &a->part[i].watermark;
		if (!watermark_is_known(r, i, watermark)) {
			int rc = looked ? LK_OK : lk_frontier_high(r->pg, &end, err);
			if (rc < 0)
				return rc;
			looked = true;
			const lk_frontier_part *to = &end.part[i];
			if (r->plan->retention_us && to->off > 0 && to->high == LK_NEVER)   /* the horizon depends on it */
				return lk_fail(err, LK_EPARTIAL, "view %s: there is no live cut at offset %lld of partition %d", r->query->view,
				               (long long)to->off, i);
			*watermark = lk_watermark_of_prefix(r->plan, to->high, to->last_at);
		}
		if (r->plan->stream->derived)
			*watermark = follow_source(r, i, end.part[i].off, *watermark);
		if (*watermark < a->watermark)
			a->watermark = *watermark;
	}
	find_final(r, a);
	/* a sandbox keeps the whole range that was asked for */
	a->horizon = a->state == LK_COPY_SANDBOX ? LK_NEVER : lk_horizon(r->plan, a->watermark);
	lk_filter_hide(&r->filter, a->horizon);
	return LK_OK;
}

/* The end of a sandbox was fixed when it began. */
static int find_goal(lk_reader *r, lk_answer *a, lk_error *err) {
	lk_replay_row replay;
	a->goal = a->tail;
	if (a->state != LK_COPY_SANDBOX)
		return LK_OK;
	int rc = lk_replay_read(r->pg, r->copy, &replay, err);
	if (rc == LK_OK && replay.there)
		a->goal = replay.end.at;
	return rc;
}

int lk_reader_prefix(lk_reader *r, lk_answer *a, lk_error *err) {
	const lk_pointer *p = &r->pointer;
	a->cut = a->cursor = a->end = p->published.cut;
	a->tail = p->tail;
	for (int i = 0; i < r->partitions; i++) {
		const lk_unit_read *u = &r->units[i];
		lk_answer_part *part = &a->part[i];
		part->unit = r->copy->units[i];
		part->taken = u->there;
		if (u->there)
			a->cursor.part[i].off = u->state.at.cursor;
		a->end.part[i].off = lk_reader_end(r, i);
	}
	int rc = find_watermarks(r, a, err);
	return rc < 0 ? rc : find_goal(r, a, err);
}
