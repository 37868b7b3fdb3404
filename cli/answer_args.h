/* The options that query and explain share: which answer is wanted. */
#ifndef LK_CLI_ANSWER_ARGS_H
#define LK_CLI_ANSWER_ARGS_H

#include "cli/options.h"
#include "serving/answer.h"

typedef struct lk_answer_args {
	lk_query query;
	lk_where *where;
	char **columns;   /* what where[i].column points to */
} lk_answer_args;

/* --copy (NULL: not given) and --version (0), of which at most one may be given. */
int lk_args_copy(const lk_args *args, const char **copy, int *version, lk_error *err);
int lk_answer_args_read(const lk_args *args, lk_answer_args *out, lk_error *err);
void lk_answer_args_release(lk_answer_args *a);

#endif
