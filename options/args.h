/* Options that a user gave, on a command line or in a URL, and their values.
 *
 * Only read once they are made: any thread. */
#ifndef LK_OPTIONS_ARGS_H
#define LK_OPTIONS_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/status.h"

typedef struct lk_option {
	const char *name;    /* long; NULL ends a list */
	const char *arg;     /* name of its argument, "SIZE"; NULL: a flag */
	const char *help;
	bool many;           /* may be given more than once */
} lk_option;

typedef struct lk_args {
	const struct lk_command *const *commands;   /* all of them; ends with NULL. This and the next two: of a command line */
	const struct lk_command *command;
	bool help;                    /* --help: print help instead of running the command */
	char **operands;              /* borrowed */
	int noperands;
	struct lk_given {
		const lk_option *option;
		const char *value;        /* "" for a flag; borrowed */
	} *given;
	int ngiven;
	int64_t now_us;               /* when they were given: -1h is the same time in --from and --to */
} lk_args;

/* LK_EUSAGE: it is given already, and only once is allowed. */
int lk_args_add(lk_args *a, const lk_option *o, const char *value, lk_error *err);
void lk_args_release(lk_args *a);

bool lk_args_has(const lk_args *a, const char *option);
const char *lk_args_text(const lk_args *a, const char *option, const char *otherwise);
/* A whole number; LK_EUSAGE if the text is none from least to most. */
typedef struct lk_whole {
	int64_t otherwise;            /* without the option; need not lie between them */
	int64_t least, most;
} lk_whole;
int lk_args_int(const lk_args *a, const char *option, lk_whole n, int64_t *out, lk_error *err);
/* --workers, and --version (0: not given). */
int lk_args_workers(const lk_args *a, int *out, lk_error *err);
int lk_args_version(const lk_args *a, int *out, lk_error *err);
/* "5m": a fixed interval, in microseconds, greater than zero. */
int lk_args_interval(const lk_args *a, const char *option, int64_t otherwise, int64_t *out_us, lk_error *err);
/* RFC 3339, "2015-05-17": its beginning in UTC, or "-1h": that long before now. */
int lk_args_time(const lk_args *a, const char *option, int64_t otherwise, int64_t *out_us, lk_error *err);
/* --pace: "10x" is 10, "max" and nothing 0. */
int lk_args_pace(const lk_args *a, double *out, lk_error *err);
/* *out: the index of the value in `choices`, which ends with NULL. */
int lk_args_choice(const lk_args *a, const char *option, const char *const *choices, int otherwise, int *out,
                   lk_error *err);

#endif
