/* A pager between standard output and the screen, if that is a terminal and the output does not fit. The pager is
 * LK_PAGER, else PAGER, else less if installed; an empty LK_PAGER means none. Its exit and the closed pipe to it are
 * no errors. */
#ifndef LK_CLI_PAGER_H
#define LK_CLI_PAGER_H

#include <stdint.h>

/* Call it before the first of `lines` lines. Does nothing if they fit the screen (LINES, or the terminal's height). */
void lk_pager_begin(int64_t lines);
/* Call it after the last line: waits until the user quits the pager. */
void lk_pager_end(void);

#endif
