/* Regular expressions: the part of PostgreSQL's "advanced" ones that has one meaning. Literals, . [classes] ( ) (?: ) |
 * * + ? {m,n} ^ $ \A \Z \d \D \w \W \s \S \m \M \y \Y, escapes of punctuation and of \t \n \r \f \v \e \a. Without
 * back references, look-ahead and non-greedy repetition, a match is the leftmost one, and the longest of these.
 *
 * The method is the simulation of a nondeterministic automaton (K. Thompson 1968, as R. Pike's sam runs it): time is at
 * most proportional to the text's length times the expression's, whatever the expression. Classes know ASCII alone, as
 * PostgreSQL's do under the collation "C"; a dot is any character, also a line break. */
#ifndef LK_EXPR_REGEX_H
#define LK_EXPR_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

typedef struct lk_regex lk_regex;

/* Compiles for matching with or without regard to the case of A to Z. The arena owns the result, which threads may
 * share. NULL with *fault (static text) if it is not valid, not in the subset, or too large. */
lk_regex *lk_regex_compile(const char *pattern, size_t len, bool fold, lk_arena *arena, const char **fault);
/* Has it groups that capture, ( )? */
bool lk_regex_captures(const lk_regex *r);

typedef struct lk_match {
	size_t start, end;   /* bytes [start, end) of the text */
} lk_match;
/* The leftmost-longest match that begins at byte `from` or later; false if there is none. out NULL: only whether there
 * is one. scratch is used for the length of the call's work. */
bool lk_regex_find(const lk_regex *r, const char *text, size_t len, size_t from, lk_arena *scratch, lk_match *out);

#endif
