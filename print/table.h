/* Tables for people. A table wider than the screen is split into parts below each other; each part begins with the
 * table's first columns, which identify a row. A long one is split by rows too, so that the parts of a row are on the
 * screen together.
 *
 * A table is used by one thread at a time. Texts are copied. */
#ifndef LK_PRINT_TABLE_H
#define LK_PRINT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/sink.h"
#include "print/text.h"

/* Rows are kept until lk_table_end, so long answers are printed in several tables. */
typedef struct lk_table lk_table;
lk_table *lk_table_new(void);
void lk_table_column(lk_table *t, const char *name, bool right);
/* Sets how many of the first columns are repeated in each part of a table that is too wide (default 1). */
void lk_table_keys(lk_table *t, int n);
/* The column added last follows from the other keys: it is the first key that is not repeated where there is no room. */
void lk_table_spare(lk_table *t);
/* A table that is too wide is printed row by row instead of in parts: its keys, and below a line for each column. */
void lk_table_records(lk_table *t);
/* A table that continues another one: columns are at least as wide as widths[i], which become the widths of this one at its
 * end. It has a heading if `heading`, or if a column has become wider. */
void lk_table_continues(lk_table *t, int *widths, bool heading);
/* Cells are set from left to right; the next one after the last column begins a new row. */
void lk_table_cell(lk_table *t, const char *text);
void lk_table_cellf(lk_table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void lk_table_count(lk_table *t, int64_t n);
void lk_table_time(lk_table *t, int64_t us);   /* LK_NEVER: "-" */
/* Prints it for this screen, and frees it. */
void lk_table_end(lk_table *t, const lk_screen *screen, lk_sink *out);

#endif
