/* How much room there is on the screen, and how much a text takes. */
#ifndef LK_CLI_TERMINAL_H
#define LK_CLI_TERMINAL_H

#include <stddef.h>

#include "core/buf.h"

/* Columns of a line of this file descriptor: COLUMNS where the environment has a number from 20 to 10,000 in it, else the
 * terminal's own; 0 where neither says, which means: no limit. */
int lk_terminal_width(int fd);

/* Columns that a text of UTF-8 takes: wide characters two, combining ones none. What the locale cannot show counts as
 * four for each byte, "\x1b". */
int lk_text_width(const char *text);

/* Bytes of the longest beginning of the text that takes at most `columns`; no character is cut. */
int lk_text_fit(const char *text, int columns);

/* Adds the text, broken at blanks so that no line takes more than `screen` columns where its words allow it. The first line
 * begins at `column`; every other one is indented. */
void lk_text_wrap(const char *text, size_t screen, size_t column, size_t indent, lk_buf *out);

#endif
