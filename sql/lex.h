/* Tokens of definition text, as PostgreSQL's scanner cuts them: to split a file into statements, and to read from
 * the source what the parse tree does not keep (the sign of a constant, a long identifier, an option's value). */
#ifndef LK_SQL_LEX_H
#define LK_SQL_LEX_H

#include <stdbool.h>

#include "core/buf.h"

enum lk_token_kind {
	LK_TOKEN_END,
	LK_TOKEN_WORD,      /* keyword or unquoted identifier */
	LK_TOKEN_QUOTED,    /* "identifier" */
	LK_TOKEN_STRING,    /* '…', E'…', $tag$…$tag$ */
	LK_TOKEN_NUMBER,
	LK_TOKEN_OTHER,     /* one character: operator or punctuation */
};

typedef struct lk_token {
	int kind;
	int at, end;        /* bytes [at, end) */
	bool closed;        /* false: the text ends inside a string, a quoted identifier or a comment before it */
} lk_token;

/* The next token at or after byte `at`; spaces and comments are skipped. */
lk_token lk_lex(const char *text, int len, int at);
bool lk_token_is(const char *text, lk_token t, const char *word);   /* word: lower case, or one character */

/* The name that an identifier token stands for: unquoted ones in lower case (ASCII), quoted ones without quotes. */
char *lk_token_name(const char *text, lk_token t, lk_arena *arena);

#endif
