/* What one side of a comparison makes of single events, in the rows that differ. Private to first_event.c. */
#ifndef LK_COMPARE_SIDE_H
#define LK_COMPARE_SIDE_H

#include "compare/compare.h"
#include "partials/fold.h"

typedef struct lk_late_set {
	struct lk_late_at { int part; int64_t off; } *at;   /* sorted */
	size_t n;
} lk_late_set;
void lk_late_set_sort(lk_late_set *s);
bool lk_late_set_has(const lk_late_set *s, int part, int64_t off);

/* One side of a comparison: a copy, or the user's text. */
typedef struct lk_side {
	const char *name;          /* "lambda" */
	const lk_cat_copy *copy;   /* NULL: SQL */
	const lk_plan *plan;
	lk_late_set late;          /* events it refused and no batch has counted */
	lk_folder folder;
	lk_cells one;              /* the cells of one event */
} lk_side;

/* Which of the shown rows these cells are part of, by their keys and places; one bit for each row. */
unsigned lk_cells_rows(const lk_cells *c, const lk_difference *d, lk_buf *scratch);
/* The values of the cells of shown row i, as a result would show them: "hits=1, bytes=12", for a session view with its
 * time; several are joined by " and "; "" if there are none. */
void lk_cells_text(const lk_cells *c, const lk_difference *d, int i, lk_buf *scratch, lk_buf *out);

#endif
