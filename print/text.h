/* Texts on a screen: the columns that they take, and lines that fit. By the process's character set.
 *
 * Any thread. */
#ifndef LK_PRINT_TEXT_H
#define LK_PRINT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/sink.h"

/* What lines are made for. All zero: a file, or a reader whose screen is unknown. */
typedef struct lk_screen {
	int width, height;   /* in characters; 0: no limit */
	bool blocks;         /* it shows UTF-8's eighths of a block */
} lk_screen;

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

/* Prints lines of text. Lines longer than the screen are wrapped at blanks and indented to the text after their label
 * ("covers:    "). */
void lk_lines_print(const char *lines, const lk_screen *screen, lk_sink *out);

/* A duration for people: "12 s", "3 min", "5 h", "2 d". */
void lk_duration_print(int64_t us, lk_buf *out);

#endif
