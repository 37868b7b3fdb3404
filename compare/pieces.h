/* Pieces of a copy that do not hold what the log makes of them. */
#ifndef LK_COMPARE_PIECES_H
#define LK_COMPARE_PIECES_H

#include "compare/side.h"

/* For each of these shown rows (one bit each), looks for a piece of `side` that does not hold what the log makes of it.
 * If there is one, first_event describes it and the row's bit is cleared. */
int lk_wrong_pieces(lk_pg *pg, lk_store *store, lk_side *side, const lk_cut *until, lk_difference *d, unsigned *rows, lk_error *err);

#endif
