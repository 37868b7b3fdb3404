/* What commands print. Data goes to standard output, everything else to standard error. A reader that closes the
 * pipe is not an error: what is left is not written. */
#ifndef LK_CLI_OUTPUT_H
#define LK_CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/status.h"

/* Standard output. False once it cannot be written any more: the caller may stop. */
bool lk_put(const char *s, size_t len);
/* Adds the buffer and empties it. */
bool lk_put_buf(lk_buf *b);
/* At the end of the program: what could not be written, a closed pipe aside. */
int lk_put_end(lk_error *err);

/* A line on standard error: "lk: …". */
void lk_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void lk_say_error(const lk_error *err);
/* A line on standard error that the next one overwrites; only where that is a terminal, and at most five a second. */
void lk_say_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* 1234567 -> "1,234,567". */
void lk_count_print(int64_t n, lk_buf *out);
/* "12 s", "3 min", "5 h", "2 d": how long, for people. */
void lk_duration_print(int64_t us, lk_buf *out);

/* A field of csv, by RFC 4180 as ingest reads it: NULL is an empty field, the empty text is "". */
void lk_csv_field(const char *s, size_t len, lk_buf *out);

/* Tables for people. Rows are kept until lk_table_end, so long answers are printed in several. */
typedef struct lk_table lk_table;
lk_table *lk_table_new(void);
void lk_table_column(lk_table *t, const char *name, bool right);
/* Cells are set from left to right; the next one after the last column begins a new row. */
void lk_table_cell(lk_table *t, const char *text);
void lk_table_cellf(lk_table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void lk_table_count(lk_table *t, int64_t n);
void lk_table_time(lk_table *t, int64_t us);   /* LK_NEVER: "-" */
void lk_table_end(lk_table *t);                /* prints and frees */

#endif
