/* The options that query and explain share: which answer is wanted. */
#ifndef LK_CLI_ANSWER_ARGS_H
#define LK_CLI_ANSWER_ARGS_H

#include "cli/options.h"
#include "serving/answer.h"

/* What an answer may cost where no option says otherwise. */
enum { LK_ANSWER_ROWS = 5000000, LK_ANSWER_BYTES = 1 << 30 };

typedef struct lk_answer_args {
	lk_query query;
	lk_where *where;
	char **texts;     /* what where[i] points to, two each */
	char *sort;
} lk_answer_args;

/* --copy (NULL: not given) and --version (0), of which at most one may be given. */
int lk_args_copy(const lk_args *args, const char **copy, int *version, lk_error *err);
int lk_answer_args_read(const lk_args *args, lk_answer_args *out, lk_error *err);
/* --sort, --last and --limit besides, of the commands that have them; after lk_answer_args_read. */
int lk_rows_args_read(const lk_args *args, lk_answer_args *out, lk_error *err);
void lk_answer_args_release(lk_answer_args *a);

#endif
