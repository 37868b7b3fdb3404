/* Rows in the formats of `lk query`, into any sink, as they come.
 *
 * Used by one thread. */
#ifndef LK_DELIVERY_PRINTER_H
#define LK_DELIVERY_PRINTER_H

#include "delivery/target.h"
#include "print/answer.h"
#include "print/table.h"

typedef struct lk_row_printer {
	enum lk_answer_format format;
	const lk_screen *screen;      /* of tables */
	lk_sink *out;
	lk_buf head;                  /* the columns, as csv has them; empty before the first shape */
	bool headed;                  /* the table has its heading */
	int64_t rows;
	lk_table *table;              /* rows that wait for their table, or NULL */
	size_t held;                  /* bytes of their cells */
	int widths[LK_MAX_COLUMNS + 4];
	lk_buf text;
} lk_row_printer;

/* The printer is lent, and must not move. LK_ECONFLICT from a shape: csv cannot go on under other columns. */
lk_target lk_row_printer_target(lk_row_printer *p);
/* After the last row: ends the object of json, with the position that was reached; also where there was no row. */
void lk_row_printer_end(lk_row_printer *p, const lk_bookmark *at);
void lk_row_printer_release(lk_row_printer *p);

#endif
