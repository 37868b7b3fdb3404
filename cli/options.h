/* What a command is, with its options and help, and how a command line is read. */
#ifndef LK_CLI_OPTIONS_H
#define LK_CLI_OPTIONS_H

#include "options/args.h"

#define LK_MAX_OPTIONS 32
#define LK_MAX_EXAMPLES 8

typedef struct lk_example {
	const char *line, *meaning;
} lk_example;

typedef struct lk_command {
	const char *name;
	const char *operands;         /* "STREAM [FILE...|-]", or "" */
	int min_operands, max_operands;   /* max -1: any number */
	const char *summary;          /* one line */
	const char *detail;           /* paragraphs, or "" */
	/* Adds what stands for "{list}" in the detail and the options: what a list of the product names. NULL: nothing does. */
	void (*list)(lk_buf *out);
	lk_option options[LK_MAX_OPTIONS + 1];   /* and one without a name behind the last */
	lk_example examples[LK_MAX_EXAMPLES + 1];   /* likewise */
	/* 0, or a failure in *err (unset if it was already reported). */
	int (*run)(const lk_args *args, lk_error *err);
} lk_command;

/* argv[0] is the program. LK_EUSAGE with did-you-mean for commands and options. Reorders argv (options before
 * operands). Release *out also after a failure. */
int lk_args_parse(const lk_command *const *commands, int argc, char **argv, lk_args *out, lk_error *err);

#endif
