/* Random expressions of the definition language, as people spell them. Calls are made from the table of functions, so a
 * new function is tested without a change here. All follow from the seed. */
#ifndef LK_TESTS_SUPPORT_RANDOM_EXPR_H
#define LK_TESTS_SUPPORT_RANDOM_EXPR_H

#include "core/value.h"

typedef struct test_column {
	const char *name, *type;   /* as declared */
	lk_type is;
} test_column;

/* The columns that the expressions name; the first is the event time. */
extern const test_column test_expr_columns[];
extern const int test_expr_ncolumns;

/* A value for a column: NULL, the ends of its range, and texts that functions find something in, are frequent. */
lk_value test_expr_value(uint64_t *seed, int column, lk_arena *arena);

/* Adds an expression, nested about `depth` deep. PostgreSQL accepts nearly all of them and raises for many rows. */
void test_random_expr(uint64_t *seed, int depth, lk_buf *out);

#endif
