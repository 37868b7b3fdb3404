/* The text of `lk help`. */
#ifndef LK_CLI_HELP_H
#define LK_CLI_HELP_H

#include "cli/options.h"

/* A list of commands ends with NULL. */
const lk_command *lk_command_find(const lk_command *const *commands, const char *name);   /* or NULL */
int lk_command_unknown(const lk_command *const *commands, const char *name, lk_error *err);   /* LK_EUSAGE with did-you-mean */
typedef struct lk_meaning {
	const char *name, *text;
} lk_meaning;
extern const lk_meaning lk_exit_statuses[], lk_variables[];   /* both end with a NULL name */
void lk_help_summary(const lk_command *const *commands, lk_buf *out);
/* A text of the command's help, with its list in place of "{list}"; lk_malloc'ed. */
char *lk_help_text(const lk_command *c, const char *text);
void lk_help_command(const lk_command *c, lk_buf *out);

#endif
