/* What can stand in the place of an operand or an option's value, as its help and its placeholder say.
 *
 * Any thread. */
#ifndef LK_CLI_COMPLETES_H
#define LK_CLI_COMPLETES_H

#include "cli/options.h"

/* LK_IS_WORDS: one of a few words; LK_IS_TEXT: whatever the user types. */
enum lk_completes { LK_IS_TEXT, LK_IS_WORDS, LK_IS_VIEW, LK_IS_STREAM, LK_IS_FILE, LK_IS_COMMAND };

/* The value of an option that has one. Adds the words to *words, with a blank between them. */
enum lk_completes lk_option_completes(const lk_command *c, const lk_option *o, lk_buf *words);
/* The next operand of the command: *at goes from c->operands to its end. False: there is none. */
bool lk_operand_next(const lk_command *c, const char **at, enum lk_completes *kind, lk_buf *words);

#endif
