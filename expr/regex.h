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
/* How many groups that capture it has, ( ). */
int lk_regex_groups(const lk_regex *r);
/* What is wrong with them for lk_regex_capture (static text); NULL if nothing is. */
const char *lk_regex_group_fault(const lk_regex *r);

#define LK_REGEX_GROUPS 9   /* that can be asked for */

typedef struct lk_match {
	size_t start, end;   /* bytes [start, end) of the text; start > end: a group that is no part of the match */
} lk_match;
/* The leftmost-longest match that begins at byte `from` or later; false if there is none. out NULL: only whether there
 * is one. scratch is used for the length of the call's work. */
bool lk_regex_find(const lk_regex *r, const char *text, size_t len, size_t from, lk_arena *scratch, lk_match *out);

/* What the groups took of a match that lk_regex_find gave, as PostgreSQL divides it: groups[n - 1] is group n. Of parts
 * that follow each other, the one before a group takes as much as it can, then the group does, then what follows; of
 * alternatives the first one that fits is taken; of a repetition its last round counts. scratch as above. */
void lk_regex_capture(const lk_regex *r, const char *text, size_t len, const lk_match *whole, lk_arena *scratch,
                      lk_match groups[LK_REGEX_GROUPS]);

#endif
