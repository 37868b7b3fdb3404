/* What commands print. Data goes to standard output, everything else to standard error. If a reader closes the pipe,
 * the rest is not written; that is no error. */
#ifndef LK_CLI_OUTPUT_H
#define LK_CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/sink.h"
#include "core/status.h"
#include "print/text.h"

/* Standard output. Its failures are reported by lk_put_end. */
lk_sink *lk_out(void);
/* What it is shown on. */
lk_screen lk_out_screen(void);
/* Writes to it. False once it can no longer be written: the caller may stop. */
bool lk_put(const char *s, size_t len);
/* Writes the buffer and empties it. */
bool lk_put_buf(lk_buf *b);
/* Hands on what was written, to a reader that waits for it. False as above. */
bool lk_put_now(void);
/* Writes lines of text, wrapped at the screen's width: lk_lines_print. */
void lk_put_lines(const char *lines);
/* Holds back what is written until it takes this many lines of the screen; then calls `full`, and writes all of it. */
void lk_put_hold(int lines, void (*full)(void));
/* Writes what is still held, and holds nothing any more. */
void lk_put_release(void);
/* Called at the end of the program: flushes, and fails if anything could not be written, except to a closed pipe. */
int lk_put_end(lk_error *err);

/* A line on standard error: "lk: …". */
void lk_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void lk_say_error(const lk_error *err);
/* Lines on standard error as they are; on a terminal those that begin with no blank are wrapped. */
void lk_say_lines(const char *lines);
/* From now on each of these lines begins with the time, "2026-11-30T10:05:03Z ": for what runs until it is stopped. */
void lk_say_times(void);
/* What such a line begins with now, "" without times; its length. For a signal handler, too. */
enum { LK_STAMP_BYTES = 64 };
size_t lk_say_stamp(char out[LK_STAMP_BYTES]);
/* A line on standard error that the next output overwrites, cut to the screen's width. Only on a terminal, at most
 * five per second. */
void lk_say_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
