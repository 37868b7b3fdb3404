/* The width of the screen and of texts. */
#ifndef LK_CLI_TERMINAL_H
#define LK_CLI_TERMINAL_H

#include <stddef.h>

#include "core/buf.h"

/* The width of this file descriptor's terminal: COLUMNS if the environment sets it to a number from 20 to 10,000, else
 * what the terminal says; 0 if neither is known, which means no limit. */
int lk_terminal_width(int fd);

/* The lines of this file descriptor's terminal: LINES if it is set, else what the terminal says; 0 if unknown. */
int lk_terminal_height(int fd);

/* Columns that a UTF-8 text takes: two for wide characters, none for combining ones. A byte that the locale cannot
 * show counts as four, "\x1b". */
int lk_text_width(const char *text);

/* Bytes of the longest prefix of the text that takes at most `columns`, without splitting a character. */
int lk_text_fit(const char *text, int columns);

/* Adds the text with each byte that the locale cannot show as "\x1b", so that no text changes the terminal. */
void lk_text_visible(const char *text, lk_buf *out);

/* Adds the text, wrapped at blanks so that no line takes more than `screen` columns, unless a word is longer. What is
 * in backticks or double quotes is one word, so that it can be copied. The first line begins at `column`; the others
 * are indented. */
void lk_text_wrap(const char *text, size_t screen, size_t column, size_t indent, lk_buf *out);

#endif
