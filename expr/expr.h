/* Typed expressions. The SQL front builds them, the stream path evaluates them, the batch layer prints them as
 * SQL: one tree, two executions. An evaluation knows only a row of values: slots may be an event's columns, or the keys
 * and final values of a merged row.
 *
 * Operands of arithmetic and comparison already have one kind: the front puts an LK_X_CAST where PostgreSQL
 * would cast implicitly (integer width, integer to numeric, number to double, real to double). Integer
 * arithmetic is checked in the node's own type. Operators that are not below, and all functions, are LK_X_CALLs of an
 * entry of expr/function.h.
 *
 * Errors (R1): an operator whose PostgreSQL form raises yields LK_MARKED. Strict operators pass a mark on;
 * a plain NULL operand, AND false, OR true, CASE, COALESCE, NULLIF's second operand, IS [NOT] NULL and IS [NOT]
 * DISTINCT FROM absorb it, so that wherever PostgreSQL has an answer, evaluation has the same one, unmarked.
 *
 * A tree lives in the arena of the plan that it is part of and is not changed once made, so any thread may evaluate it;
 * results that are texts live in the arena that the caller gives. */
#ifndef LK_EXPR_EXPR_H
#define LK_EXPR_EXPR_H

#include "core/value.h"

enum lk_expr_op {
	LK_X_CONST, LK_X_SLOT,
	LK_X_NEG, LK_X_ADD, LK_X_SUB, LK_X_MUL, LK_X_DIV, LK_X_MOD,
	LK_X_EQ, LK_X_NE, LK_X_LT, LK_X_LE, LK_X_GT, LK_X_GE,
	LK_X_AND, LK_X_OR, LK_X_NOT,        /* AND, OR: two or more arguments */
	LK_X_DISTINCT, LK_X_NOTDISTINCT,    /* IS [NOT] DISTINCT FROM */
	LK_X_ISNULL, LK_X_NOTNULL,
	LK_X_IN, LK_X_NOTIN,                /* args[0] IN (args[1..]); BETWEEN becomes GE AND LE (two nodes share no child) */
	LK_X_LIKE, LK_X_NOTLIKE, LK_X_ILIKE, LK_X_NOTILIKE,   /* args[1]: a constant pattern, escape '\', checked by the front */
	LK_X_CASE,                          /* when, then, when, then, …, else (always there, maybe a NULL constant) */
	LK_X_COALESCE, LK_X_NULLIF, LK_X_GREATEST, LK_X_LEAST,
	LK_X_CONCAT,                        /* of texts, without the NULLs */
	LK_X_CAST,                          /* args[0] as the node's type */
	LK_X_CALL,                          /* fn */
};

typedef struct lk_expr {
	uint8_t op;              /* enum lk_expr_op */
	lk_type type;
	int location;            /* byte offset in the definition's text, for messages */
	int slot;                /* LK_X_SLOT: index into the row */
	uint32_t longest;        /* LK_X_SLOT: the most bytes of its text, where that is not LK_TEXT_MAX; else 0 */
	lk_value value;          /* LK_X_CONST */
	const struct lk_function *fn;   /* LK_X_CALL */
	const void *made;        /* LK_X_CALL: what fn->prepare made of constant arguments */
	bool written;            /* LK_X_CAST: by the user, not by the rules of types */
	int nargs;
	struct lk_expr **args;
} lk_expr;

/* The context of an evaluation. reason: of the last LK_MARKED, static text such as "integer out of range". */
typedef struct lk_eval {
	lk_arena *arena;         /* for texts that operators make; never NULL if there may be some. The caller clears it */
	const char *reason;
} lk_eval;

/* Evaluates x over row[slot]. Never fails: an operator that would raise gives LK_MARKED and sets ev->reason. */
lk_value lk_expr_eval(const lk_expr *x, const lk_value *row, lk_eval *ev);

/* Does x read a slot of [from, to)? */
bool lk_expr_reads(const lk_expr *x, int from, int to);
/* Sets marks[slot] for each slot below n that x reads. x may be NULL. */
void lk_expr_mark(const lk_expr *x, bool *marks, int n);

/* SQL text of x, fully parenthesised. Operators need no OPERATOR(pg_catalog.=), since search_path=pg_catalog (R7).
 * slot_sql(ctx, slot, out) writes the name of a slot. Constants carry their type. */
typedef void (*lk_slot_sql)(void *ctx, int slot, lk_buf *out);
void lk_expr_sql(const lk_expr *x, lk_slot_sql slot_sql, void *ctx, lk_buf *out);

/* Canonical text for the version hash (R27): types and constants spelled out, without the user's names. */
void lk_expr_canonical(const lk_expr *x, lk_buf *out);

/* A readable form for `lk explain`: column names, infix operators. */
void lk_expr_describe(const lk_expr *x, const char *const *slot_names, lk_buf *out);

/* 'text' with quotes doubled, never E'' (standard_conforming_strings=on); "name" with quotes doubled. */
void lk_sql_literal(const char *s, size_t len, lk_buf *out);
void lk_sql_ident(const char *name, lk_buf *out);

#endif
