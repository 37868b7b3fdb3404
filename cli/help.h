/* The text of `lk help`. */
#ifndef LK_CLI_HELP_H
#define LK_CLI_HELP_H

#include "cli/options.h"

/* A list of commands ends with NULL. */
const lk_command *lk_command_find(const lk_command *const *commands, const char *name);   /* or NULL */
int lk_command_unknown(const lk_command *const *commands, const char *name, lk_error *err);   /* LK_EUSAGE with did-you-mean */
void lk_help_summary(const lk_command *const *commands, lk_buf *out);
void lk_help_command(const lk_command *c, lk_buf *out);

#endif
