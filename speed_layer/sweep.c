/* The owner's housekeeping, repeated for ever because Redis may go back in time and bring old segments with it.
 *
 * Dropping: segments that end at or below the published cut are answered by the batch. They go together with the move
 * of the base, so that segments tile [base, cursor) at every instant. The open segment is never among them: the next
 * commit would bring it back with the changed cells alone. Where an idle unit's open segment ends exactly at the cut,
 * a take-over closes it (its owner token is no longer the unit's), and then it goes like the others.
 *
 * Compaction: a copy that sees many take-overs, or the cuts of other copies, gathers small segments, and every reader
 * pays for each. When more than 16 closed ones lie between two live cuts, the cheapest eight neighbours become one,
 * if together they are small. Large ones are left until there are 64: a view with millions of keys closes a segment
 * for each 50,000 cells, and without this Redis would grow with the events instead of the keys. The live cuts are
 * read before the choice: a later cut lies at the log's end, above every closed segment. One compaction a sweep
 * bounds the work. */
#include "speed_layer/unit.h"

#include <stdlib.h>

#include "core/fault.h"
#include "event_log/cut.h"

#define COMPACT_ABOVE 16
#define COMPACT_RUN   8
#define SMALL_CELLS   50000      /* of all eight: some 50 ms of work */
#define LARGE_ABOVE   64
#define LARGE_CELLS   2000000    /* in memory while they are merged: some 300 MiB */

static int read_state(lk_path *p, lk_unit *u, lk_unit_state *st, lk_error *err) {
	int r = lk_store_read_unit(p->store, u->id, NULL, st, NULL, err);
	if (r < 0)
		return r;
	if (r == 1 || st->token != u->token) {
		lk_error lost = {0};
		lk_fail(&lost, LK_EFENCED, "unit %lld has another owner", (long long)u->id);
		lk_unit_fail(u, &lost);
		return 1;
	}
	return LK_OK;
}

static int drop_below(lk_path *p, lk_unit *u, const lk_unit_state *st, const lk_position *cut, lk_error *err) {
	lk_segment *gone = lk_calloc((size_t)st->nsegments + 1, sizeof *gone);
	int n = 0;
	for (int i = 0; i < st->nsegments; i++) {
		const lk_segment *s = &st->segments[i];
		if ((!s->open && s->to <= cut->cursor) || (LK_MUTANT("drop_open") && s->from < cut->cursor))
			gone[n++] = *s;
	}
	int r = n == 0 && st->base.cursor >= cut->cursor
	        ? LK_OK : lk_store_drop(p->store, u->id, u->token, gone, n, cut->cursor <= u->committed ? cut : NULL, err);
	free(gone);
	return r;
}

static bool is_live_cut(const int64_t *cuts, int ncuts, int64_t off) {
	for (int i = 0; i < ncuts; i++)
		if (cuts[i] == off)
			return true;
	return false;
}

/* Where the eight neighbours with the fewest cells begin; -1 where there is nothing to do. */
static int cheapest_run(const lk_segment *s, int n) {
	int best = -1;
	int64_t least = n > LARGE_ABOVE ? LARGE_CELLS : n > COMPACT_ABOVE ? SMALL_CELLS : 0;
	for (int i = 0; i + COMPACT_RUN <= n; i++) {
		int64_t cells = 0;
		for (int k = 0; k < COMPACT_RUN; k++)
			cells += s[i + k].cells;
		if (cells < least) {
			least = cells;
			best = i;
		}
	}
	return best;
}

/* Where the stretch of closed segments that begins at `begin` ends: at a live cut, at the open segment, or with the
 * list. */
static int stretch_end(const lk_unit_state *st, int begin, const int64_t *cuts, int ncuts) {
	int end = begin;
	while (end < st->nsegments && !st->segments[end].open
	       && (end == begin || !is_live_cut(cuts, ncuts, st->segments[end].from)))
		end++;
	return end;
}

static int compact_one(lk_path *p, lk_unit *u, const lk_unit_state *st, int first, lk_error *err) {
	lk_error e = {0};
	int64_t *cuts = NULL;
	int ncuts = 0, r = lk_cut_live(p->writer, lk_unit_stream(u), u->part, 0, &cuts, &ncuts, &e);
	for (int begin = first, end; r == LK_OK && begin < st->nsegments; begin = end > begin ? end : begin + 1) {
		end = stretch_end(st, begin, cuts, ncuts);
		int at = cheapest_run(st->segments + begin, end - begin);
		if (at < 0)
			continue;
		r = lk_store_compact(p->store, u->id, u->token, lk_unit_plan(u), st->segments + begin + at, COMPACT_RUN, &e);
		break;
	}
	free(cuts);
	if (e.code == LK_ECONFLICT)   /* Redis lost what was staged: nothing has changed, the next sweep tries again */
		return LK_OK;
	if (e.code != LK_OK && err)
		*err = e;
	return r;
}

static bool opens_below(const lk_unit_state *st, int64_t cut) {
	for (int i = 0; i < st->nsegments; i++)
		if (st->segments[i].open && st->segments[i].from < cut)
			return true;
	return false;
}

/* An idle unit whose open segment ends at the cut: a take-over closes it. It also begins a unit again that does not fit
 * the cut. The state says what is open: the owner may have begun another segment that no commit has written yet. */
static int take_anew(lk_path *p, lk_unit *u, const lk_position *cut, lk_unit_state *st, lk_error *err) {
	bool idle = u->committed == cut->cursor && opens_below(st, cut->cursor);
	if (!idle && !lk_unit_straddles(st, cut->cursor))
		return LK_OK;
	lk_unit_state_release(st);
	int r = lk_unit_take(p, u, err);
	return r == LK_OK ? read_state(p, u, st, err) : r;
}

static int sweep(lk_path *p, lk_unit *u, const lk_position *cut, lk_unit_state *st, lk_error *err) {
	int first = 0, r = read_state(p, u, st, err);
	if (r == LK_OK)
		r = take_anew(p, u, cut, st, err);
	if (r == LK_OK && cut->cursor > 0 && (u->committed >= cut->cursor || LK_MUTANT("drop_open")))
		r = drop_below(p, u, st, cut, err);
	while (first < st->nsegments && st->segments[first].from < cut->cursor)
		first++;
	if (r == LK_OK && st->nsegments - first > COMPACT_ABOVE)
		r = compact_one(p, u, st, first, err);
	return r;
}

int lk_unit_sweep(lk_path *p, lk_unit *u, lk_error *err) {
	lk_position cut;
	lk_unit_state st = {0};
	lk_error e = {0};
	if (!u->taken)
		return LK_OK;
	int r = lk_unit_published(p, u, &cut, &e);
	if (r == LK_OK && lk_unit_should_skip(p, u, u->committed, cut.cursor))
		r = lk_unit_take(p, u, &e);
	else if (r == LK_OK)
		r = sweep(p, u, &cut, &st, &e);
	lk_unit_state_release(&st);
	if (r >= 0)
		return LK_OK;
	lk_unit_fail(u, &e);
	return err ? (*err = e, r) : r;
}
