/* Rows of typed columns in the formats that programs read. Whoever has rows names their columns and gives their values;
 * a format is written here, once for all of them.
 *
 * Any thread; rows are borrowed, and each is written as soon as it is formatted. */
#ifndef LK_PRINT_ROWS_H
#define LK_PRINT_ROWS_H

#include "core/sink.h"
#include "core/value.h"

typedef struct lk_rows {
	const void *of;            /* for the two functions */
	size_t n;
	int ncolumns;
	int event;                 /* columns from this one on are those of an event, in a namespace of their own; 0: none are */
	const char *(*column)(const void *of, int i, lk_type *type);
	lk_value (*value)(const void *of, size_t row, int i);   /* borrowed until the next call */
} lk_rows;

/* With a header. An event's columns are named event.<column>. */
void lk_rows_csv(const lk_rows *r, lk_sink *out);
/* An object on each line; an event's columns are members of its member "event". */
void lk_rows_jsonl(const lk_rows *r, lk_sink *out);
/* An array of these objects, after what b holds; empties b but for the array's end. */
void lk_rows_json(const lk_rows *r, lk_buf *b, lk_sink *out);

/* The parts of these formats, added to b, for rows that come one by one: csv's header, a row of csv with its line end, a
 * row's object without one. */
void lk_rows_csv_head(const lk_rows *r, lk_buf *b);
void lk_rows_csv_row(const lk_rows *r, size_t row, lk_buf *b);
void lk_rows_object(const lk_rows *r, size_t row, lk_buf *b);

#endif
