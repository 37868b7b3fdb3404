/* A pager between standard output and the screen, where that is a terminal and what is printed does not fit. It is
 * LK_PAGER, else PAGER, else less where there is one; an empty LK_PAGER means none. Its own end, and that of the pipe to it,
 * are no errors. */
#ifndef LK_CLI_PAGER_H
#define LK_CLI_PAGER_H

#include <stdint.h>

/* Before the first of so many lines. Nothing where they fit the screen (LINES, or the terminal's own height). */
void lk_pager_begin(int64_t lines);
/* After the last one: waits until the reader has seen enough. */
void lk_pager_end(void);

#endif
