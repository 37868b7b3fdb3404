/* Cuts: the one function that makes a position on which something outside Redis may rely (P5, P7).
 *
 * Any thread, with a session of its own. A cut is the caller's. (The idea of a consistent cut is that of Chandy,
 * Lamport, "Distributed snapshots", TOCS 3(1), 1985; here the log's order makes it a vector of offsets.) */
#ifndef LK_CATALOG_CUT_H
#define LK_CATALOG_CUT_H

#include "catalog/catalog.h"

typedef struct lk_cut {
	int64_t id;
	lk_frontier at;
} lk_cut;

/* What a cut is made for. */
typedef struct lk_cut_for {
	const lk_cat_stream *stream;
	int64_t copy_id;
	const char *purpose;
} lk_cut_for;

/* Makes an open cut at the log's end for a copy: locks the tail rows in order, inserts,
 * commits. LK_EBUSY after lock_timeout. */
int lk_cut_make(lk_pg *pg, const lk_cut_for *f, lk_cut *out, lk_error *err);
/* The same at offsets in the past (from 0 to the log's end), only for a copy whose units have not begun: no event
 * beyond the cut was read for that copy yet. `high` is computed over the prefix. LK_EUSAGE for an offset beyond the
 * end. */
int lk_cut_make_at(lk_pg *pg, const lk_cut_for *f, const lk_frontier *at, lk_cut *out, lk_error *err);
/* open -> abandoned, for all open cuts of a copy of this purpose. Call it with the copy's lock held: then their makers
 * no longer run. */
int lk_cut_abandon(lk_pg *pg, int64_t copy_id, const char *purpose, lk_error *err);
/* Inside the caller's transaction: open -> published (LK_ECONFLICT if it is no longer open); the copy's pointer moves
 * to (cut, batch_table) if every component is at or above the published one (else LK_ECONFLICT); the cut published
 * before becomes released. */
int lk_cut_publish(lk_pg *pg, int64_t copy_id, const lk_cut *cut, const char *batch_table, lk_error *err);
/* The live cuts of a partition at or above $3 (stream id $1, part $2), ascending: open ones, and those that a pointer
 * names, whatever copy they were made for. The fetch runs this statement in its own snapshot. */
extern const char lk_live_cuts_sql[];
/* The same on its own, of partition `from` at or above its offset. out->off is lk_malloc'ed. */
typedef struct lk_cut_offsets {
	int64_t *off;
	int n;
} lk_cut_offsets;
int lk_cut_live(lk_pg *pg, const lk_frontier_part *from, lk_cut_offsets *out, lk_error *err);
int lk_cut_load(lk_pg *pg, int64_t cut_id, lk_cut *out, lk_error *err);

#endif
