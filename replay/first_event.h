/* What the two halves of looking for a difference's cause share: first_event.c looks for an event, pieces.c for stored
 * cells that are not what the log makes them. Private to replay/. */
#ifndef LK_REPLAY_FIRST_EVENT_H
#define LK_REPLAY_FIRST_EVENT_H

#include "core/fold.h"
#include "replay/compare.h"

typedef struct lk_late_set {
	struct lk_late_at { int part; int64_t off; } *at;   /* sorted */
	size_t n;
} lk_late_set;
bool lk_late_set_has(const lk_late_set *s, int part, int64_t off);

/* The copy or the text that stands on one side. */
typedef struct lk_side {
	const char *name;          /* "lambda" */
	const lk_cat_copy *copy;   /* NULL: SQL */
	const lk_plan *plan;
	lk_late_set late;          /* what it refused and no batch has counted */
	lk_folder folder;
	lk_cells one;              /* of one event */
} lk_side;

/* The values of the cells that are wanted, as a leg would show them: "hits=1, bytes=12", of a session view with its
 * time; several are joined by " and "; "" without any. */
void lk_cells_text(const lk_cells *c, bool (*wanted)(void *ctx, const lk_cells *c, const lk_cell *cell), void *ctx, lk_buf *out);
/* Has shown row i these keys? */
bool lk_has_keys(const lk_difference *d, int i, const lk_buf *keys);
/* Which of the shown rows is a cell part of, by its keys and its place? A bit each. */
unsigned lk_cell_rows(const lk_cells *c, const lk_cell *cell, const lk_difference *d, lk_buf *scratch);
unsigned lk_cells_rows(const lk_cells *c, const lk_difference *d, lk_buf *scratch);   /* of all cells */

/* For these shown rows (a bit each), puts the piece of `side` that holds something else than the log makes of it into
 * first_event, where there is one; its bit is taken out. */
int lk_wrong_pieces(lk_pg *pg, lk_store *store, lk_side *side, const lk_cut *until, lk_difference *d, unsigned *rows, lk_error *err);

#endif
