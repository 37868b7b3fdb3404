/* Completion of command lines, made from the table of commands.
 *
 * Any thread. */
#ifndef LK_CLI_COMPLETION_H
#define LK_CLI_COMPLETION_H

#include "cli/options.h"

/* The files for the shells' folders of completions. A list of commands ends with NULL. */
void lk_completion_bash(const lk_command *const *commands, lk_buf *out);
void lk_completion_zsh(const lk_command *const *commands, lk_buf *out);

#endif
