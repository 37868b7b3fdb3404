/* The automaton: what expr/regex_compile.c makes and expr/regex.c runs. */
#ifndef LK_EXPR_REGEX_PRIVATE_H
#define LK_EXPR_REGEX_PRIVATE_H

#include <stdint.h>

#include "expr/regex.h"

enum { LK_RX_MOST_STATES = 5000 };

enum lk_rx_op {
	LK_RX_SET,                 /* a character of the set, then next */
	LK_RX_ANY,                 /* any character */
	LK_RX_SPLIT,               /* next and other */
	LK_RX_START, LK_RX_END,    /* of the text */
	LK_RX_WORD_START, LK_RX_WORD_END, LK_RX_WORD_EDGE, LK_RX_NO_EDGE,
	LK_RX_MATCH,
};

typedef struct lk_rx_range {
	uint32_t first, last;
} lk_rx_range;

typedef struct lk_rx_set {
	bool negated;
	int nranges;
	lk_rx_range *ranges;
	bool ascii[128];           /* whether it contains them, with all taken into account */
} lk_rx_set;

typedef struct lk_rx_state {
	uint8_t op;                /* enum lk_rx_op */
	int next, other;
	const lk_rx_set *set;
} lk_rx_state;

struct lk_regex {
	lk_rx_state *states;
	int nstates, first;
	bool captures;
};

static inline bool lk_rx_is_word(uint32_t c) {
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

#endif
