/* The owner's housekeeping. It repeats for ever, because Redis may go back in time and bring old segments with it.
 *
 * Dropping: the batch answers segments that end at or below the published cut. They are dropped in the same step that
 * moves the base, so segments tile [base, cursor) at every instant. The open segment is never dropped: the next commit
 * would bring it back with only the changed cells. If an idle unit's open segment ends exactly at the cut, a take-over
 * closes it (its fencing token is no longer the unit's), and then it is dropped like the others.
 *
 * Compaction: take-overs, cuts and full maps close segments, and every reader pays for each segment, so neighbours are
 * merged into one (tiers.h says which). The choice is made here, after the live cuts were read; the process's compactor
 * carries it out on its own thread and connection, one job at a time for each unit. */
#include "speed_layer/unit.h"

#include <stdlib.h>

#include "catalog/cut.h"
#include "core/fault.h"
#include "speed_layer/compactor.h"
#include "speed_layer/tiers.h"

static int read_state(lk_path *p, lk_unit *u, lk_unit_state *st, lk_error *err) {
	int rc = lk_store_read_unit(p->store, u->id, NULL, st, NULL, err);
	if (rc < 0)
		return rc;
	if (rc == 1 || st->token != u->token) {
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
	const lk_removal r = {u->id, u->token, gone, n, cut->cursor <= u->committed ? cut : NULL};
	int rc = n == 0 && st->base.cursor >= cut->cursor ? LK_OK : lk_store_drop(p->store, &r, err);
	free(gone);
	return rc;
}

/* Posts a compaction of the segments from `first` on, if one is due. */
static int compact(lk_path *p, lk_unit *u, const lk_unit_state *st, int first, lk_error *err) {
	const lk_frontier_part all = {.stream = lk_unit_stream(u)->id, .part = u->part};
	lk_cut_offsets cuts = {0};
	int kept = p->segments_kept ? p->segments_kept : LK_SEGMENTS_MANY;
	if (!p->compactor || st->nsegments - first <= kept || !lk_compactor_is_free(p->compactor, u->id))
		return LK_OK;
	int rc = lk_cut_live(p->writer, &all, &cuts, err);
	lk_run run = {0, 0};
	if (rc == LK_OK)
		run = lk_run_to_compact(st->segments + first, st->nsegments - first, cuts.off, cuts.n);
	free(cuts.off);
	if (run.n == 0)
		return rc;
	const lk_compaction job = {.unit = u->id, .token = st->token, .plan = lk_unit_plan(u),
	                           .inputs = st->segments + first + run.first, .n = run.n};
	lk_compactor_post(p->compactor, lk_store_log(p->store), &job);
	return LK_OK;
}

static bool opens_below(const lk_unit_state *st, int64_t cut) {
	for (int i = 0; i < st->nsegments; i++)
		if (st->segments[i].open && st->segments[i].from < cut)
			return true;
	return false;
}

/* Takes an idle unit over whose open segment ends at the cut, to close that segment; also a unit that does not fit the
 * cut, to reset it. The stored state says what is open: the owner may have begun a segment that no commit has written
 * yet. */
static int take_anew(lk_path *p, lk_unit *u, const lk_position *cut, lk_unit_state *st, lk_error *err) {
	bool idle = u->committed == cut->cursor && opens_below(st, cut->cursor);
	if (!idle && !lk_unit_straddles(st, cut->cursor))
		return LK_OK;
	lk_unit_state_release(st);
	int rc = lk_unit_take(p, u, err);
	return rc == LK_OK ? read_state(p, u, st, err) : rc;
}

static int sweep(lk_path *p, lk_unit *u, const lk_position *cut, lk_unit_state *st, lk_error *err) {
	int first = 0, rc = read_state(p, u, st, err);
	if (rc == LK_OK)
		rc = take_anew(p, u, cut, st, err);
	if (rc == LK_OK && cut->cursor > 0 && (u->committed >= cut->cursor || LK_MUTANT("drop_open")))
		rc = drop_below(p, u, st, cut, err);
	while (first < st->nsegments && st->segments[first].from < cut->cursor)
		first++;
	return rc == LK_OK ? compact(p, u, st, first, err) : rc;
}

int lk_unit_sweep(lk_path *p, lk_unit *u, lk_error *err) {
	lk_position cut;
	lk_unit_state st = {0};
	lk_error e = {0};
	const lk_in_log *in_log = u->op->in_log;
	if (!u->taken || (in_log && !in_log->sweep))
		return LK_OK;
	int rc = in_log ? in_log->sweep(p, u, &e) : lk_unit_published(p, u, &cut, &e);
	if (rc == LK_OK && !in_log && lk_unit_should_skip(p, u, u->committed, cut.cursor))
		rc = lk_unit_take(p, u, &e);
	else if (rc == LK_OK && !in_log)
		rc = sweep(p, u, &cut, &st, &e);
	lk_unit_state_release(&st);
	if (rc >= 0)
		return LK_OK;
	lk_unit_fail(u, &e);
	return err ? (*err = e, rc) : rc;
}
