/* The screen. */
#ifndef LK_CLI_TERMINAL_H
#define LK_CLI_TERMINAL_H

#include "print/text.h"

/* The width of this file descriptor's terminal: COLUMNS if the environment sets it to a number from 20 to 10,000, else
 * what the terminal says; 0 if neither is known, which means no limit. */
int lk_terminal_width(int fd);

/* The lines of this file descriptor's terminal: LINES if it is set, else what the terminal says; 0 if unknown. */
int lk_terminal_height(int fd);

/* Both, and what it can show. */
lk_screen lk_terminal_screen(int fd);

#endif
