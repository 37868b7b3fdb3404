/* The options that query and explain share: which answer is wanted. */
#ifndef LK_CLI_ANSWER_ARGS_H
#define LK_CLI_ANSWER_ARGS_H

#include "cli/options.h"
#include "serving/answer.h"

/* The default bounds of an answer. */
enum { LK_ANSWER_ROWS = 5000000, LK_ANSWER_BYTES = 1 << 30 };

typedef struct lk_answer_args {
	lk_query query;
	lk_where *where;
	char **texts;     /* the column and value of where[i]: texts[2 * i], texts[2 * i + 1] */
	char *sort;
} lk_answer_args;

/* Reads --copy (NULL if not given) and --version (0 if not given). LK_EUSAGE if both are given. */
int lk_args_copy(const lk_args *args, const char **copy, int *version, lk_error *err);
int lk_answer_args_read(const lk_args *args, lk_answer_args *out, lk_error *err);
/* Reads --sort, --last and --limit too, for commands that have them. Call it after lk_answer_args_read. */
int lk_rows_args_read(const lk_args *args, lk_answer_args *out, lk_error *err);
void lk_answer_args_release(lk_answer_args *a);

#endif
