/* A pager between standard output and the screen, if that is a terminal and the output does not fit. The pager is
 * LK_PAGER, else PAGER, else less if installed; an empty LK_PAGER means none. Its exit and the closed pipe to it are
 * no errors. */
#ifndef LK_CLI_PAGER_H
#define LK_CLI_PAGER_H

/* Call it before the first line. The pager starts once the lines no longer fit the screen (LINES, or the terminal's
 * height). */
void lk_pager_begin(void);
/* Call it after the last line: waits until the user quits the pager. */
void lk_pager_end(void);

#endif
