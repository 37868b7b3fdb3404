/* A table of the terminal, or the same in markdown, for a report; and numbers with three significant digits.
 *
 * Used by one thread at a time. Texts are copied. */
#ifndef LK_PRINT_GRID_H
#define LK_PRINT_GRID_H

#include "print/table.h"

typedef struct lk_grid {
	lk_table *table;           /* NULL: markdown */
	lk_buf text;
	int columns, cells;
	bool right[16];
} lk_grid;

lk_grid lk_grid_new(bool markdown);
/* Of rows that are compared, by so many keys: where they are too wide for the screen, each is a record, so that its
 * sides stay together. */
lk_grid lk_grid_of_rows(bool markdown, int keys);
/* First all columns, then cells from left to right. */
void lk_grid_column(lk_grid *g, const char *name, bool right);
void lk_grid_cell(lk_grid *g, const char *text);
void lk_grid_count(lk_grid *g, int64_t n);
/* Prints it, and frees what it holds. */
void lk_grid_end(lk_grid *g, const lk_screen *screen, lk_sink *out);

/* Zeros fill up to the point, units are of 1,000: "12,300", "12.3 ms", "4.56 MB". */
void lk_grid_number(double n, lk_buf *out);
void lk_grid_seconds(double seconds, lk_buf *out);
void lk_grid_bytes(int64_t bytes, lk_buf *out);

#endif
