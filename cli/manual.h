/* Manual pages (troff, man macros), made from the table of commands.
 *
 * Any thread. */
#ifndef LK_CLI_MANUAL_H
#define LK_CLI_MANUAL_H

#include "cli/options.h"

/* lk(1), and lk-COMMAND(1). A list of commands ends with NULL. */
void lk_manual_summary(const lk_command *const *commands, lk_buf *out);
void lk_manual_command(const lk_command *c, lk_buf *out);

#endif
