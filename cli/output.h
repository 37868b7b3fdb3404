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
/* Lines of text: those that are longer than the screen are broken at blanks, and go on under what stands behind their
 * first word ("covers:    "). */
void lk_put_lines(const char *lines);
/* At the end of the program: what could not be written, a closed pipe aside. */
int lk_put_end(lk_error *err);

/* A line on standard error: "lk: …". */
void lk_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void lk_say_error(const lk_error *err);
/* A line on standard error that whatever comes next overwrites, cut to the screen's width; only where that is a terminal,
 * and at most five a second. */
void lk_say_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* 1234567 -> "1,234,567". */
void lk_count_print(int64_t n, lk_buf *out);
/* "12 s", "3 min", "5 h", "2 d": how long, for people. */
void lk_duration_print(int64_t us, lk_buf *out);

/* A field of csv, by RFC 4180 as ingest reads it: NULL is an empty field, the empty text is "". */
void lk_csv_field(const char *s, size_t len, lk_buf *out);

#endif
