/* Texts under their titles: one alone, or two beside each other where the screen is wide enough.
 *
 * Any thread, for a sink of its own. */
#ifndef LK_PRINT_BESIDE_H
#define LK_PRINT_BESIDE_H

#include "core/sink.h"
#include "print/text.h"

/* Lines as they are, indented. */
void lk_block_print(const char *title, const char *text, lk_sink *out);
/* Both, with their lines wrapped at blanks outside quotes: the second beside the first, or below it. */
void lk_beside_print(const char *const titles[2], const char *const texts[2], const lk_screen *screen, lk_sink *out);

#endif
