/* The prefix that an answer covers, and what follows from it alone: its watermark, what is final, what is past. */
#include <string.h>

#include "catalog/copies.h"
#include "plan/watermark.h"
#include "serving/reader.h"

int64_t lk_reader_end(const lk_reader *r, int i) {
	const lk_unit_read *u = &r->units[i];
	int64_t cut = r->pointer.cut[i];
	if (r->query->layer == LK_LAYER_BATCH)
		return cut;
	if (r->query->until)
		return r->query->until[i];
	return u->there && u->state.at.cursor > cut ? u->state.at.cursor : cut;
}

/* The watermark where the answer ends in partition i: the unit's, or the published cut's. False if the answer ends
 * between them: then it must be looked up. */
static bool watermark_is_known(const lk_reader *r, int i, int64_t *watermark) {
	const lk_pointer *p = &r->pointer;
	const lk_unit_read *u = &r->units[i];
	int64_t end = lk_reader_end(r, i);
	if (end > p->cut[i] && end != u->state.at.cursor)
		return false;
	*watermark = end > p->cut[i] ? u->state.at.watermark : lk_watermark_of_prefix(r->plan, p->cut_high[i], p->cut_at[i]);
	return true;
}

/* What is final, by the least watermark of the partitions that are not idle. If all are idle there is nothing to wait
 * for, and the largest one counts: so a partition that falls idle never moves final_to back. */
static void find_final(const lk_reader *r, lk_answer *a) {
	const lk_pointer *p = &r->pointer;
	int64_t least = INT64_MAX, most = LK_NEVER;
	for (int i = 0; i < r->partitions; i++) {
		lk_answer_part *part = &a->part[i];
		part->idle = lk_is_idle(r->plan->stream, p->tail[i] - a->end[i], p->tail_at[i], p->now);
		if (!part->idle && part->watermark < least)
			least = part->watermark;
		if (part->watermark > most)
			most = part->watermark;
	}
	int64_t sure = lk_final_to(r->plan, a->watermark);
	a->final_to = lk_final_to(r->plan, least == INT64_MAX ? most : least);
	a->provisional = a->final_to != sure;
}

static int find_watermarks(lk_reader *r, lk_answer *a, lk_error *err) {
	int64_t high[LK_MAX_PARTITIONS], at[LK_MAX_PARTITIONS];
	bool looked = false;
	a->watermark = INT64_MAX;
	for (int i = 0; i < r->partitions; i++) {
		int64_t *watermark = &a->part[i].watermark;
		if (!watermark_is_known(r, i, watermark)) {
			int rc = looked ? LK_OK : lk_prefix_high(r->pg, r->view->stream, a->end, high, at, err);
			if (rc < 0)
				return rc;
			looked = true;
			if (r->plan->retention_us && a->end[i] > 0 && high[i] == LK_NEVER)   /* the horizon depends on it */
				return lk_fail(err, LK_EPARTIAL, "view %s: there is no live cut at offset %lld of partition %d", r->query->view,
				               (long long)a->end[i], i);
			*watermark = lk_watermark_of_prefix(r->plan, high[i], at[i]);
		}
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
	memcpy(a->goal, a->tail, sizeof a->goal);
	if (a->state != LK_COPY_SANDBOX)
		return LK_OK;
	int rc = lk_replay_read(r->pg, r->copy, &replay, err);
	if (rc == LK_OK && replay.there)
		memcpy(a->goal, replay.end.off, sizeof a->goal);
	return rc;
}

int lk_reader_prefix(lk_reader *r, lk_answer *a, lk_error *err) {
	const lk_pointer *p = &r->pointer;
	for (int i = 0; i < r->partitions; i++) {
		const lk_unit_read *u = &r->units[i];
		lk_answer_part *part = &a->part[i];
		part->unit = r->copy->units[i];
		part->taken = u->there;
		a->cut[i] = p->cut[i];
		a->tail[i] = p->tail[i];
		a->cursor[i] = u->there ? u->state.at.cursor : p->cut[i];
		a->end[i] = lk_reader_end(r, i);
	}
	int rc = find_watermarks(r, a, err);
	return rc < 0 ? rc : find_goal(r, a, err);
}
