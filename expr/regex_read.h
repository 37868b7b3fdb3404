/* Reading the text of a regular expression: its characters, and its sets of characters (a literal, \d, [a-z]).
 *
 * A reader is used by one thread; what is made lives in its arena. */
#ifndef LK_EXPR_REGEX_READ_H
#define LK_EXPR_REGEX_READ_H

#include "expr/regex_private.h"

typedef struct lk_rx_reader {
	const char *p, *end;
	bool fold;             /* without regard to case */
	lk_arena *arena;
	const char *fault;     /* the first one; NULL: none yet */
} lk_rx_reader;

static inline void lk_rx_fail(lk_rx_reader *r, const char *why) { r->fault = r->fault ? r->fault : why; }
static inline bool lk_rx_more(const lk_rx_reader *r) { return r->p < r->end && !r->fault; }
static inline bool lk_rx_at(const lk_rx_reader *r, char c) { return lk_rx_more(r) && *r->p == c; }

static inline bool lk_rx_take(lk_rx_reader *r, char c) {
	bool is = lk_rx_at(r, c);
	r->p += is;
	return is;
}

/* The character at r->p, which is before the end. */
uint32_t lk_rx_next(lk_rx_reader *r);
/* What a backslash and c stand for, if that is a character; -1 else. */
int lk_rx_escaped(char c);
/* The class of \d, \w or \s, of either case; NULL if c is none. */
const char *lk_rx_class_of(char c);

/* One character; all that \c stands for; what stands from r->p, behind the bracket, to the bracket that closes it. */
lk_rx_set *lk_rx_literal(lk_rx_reader *r, uint32_t c);
lk_rx_set *lk_rx_class(lk_rx_reader *r, char c);
lk_rx_set *lk_rx_bracket(lk_rx_reader *r);

#endif
