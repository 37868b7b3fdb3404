/* The whole screen of a terminal, drawn again and again: lk top, lk query --watch. One thread. */
#ifndef LK_CLI_WHOLE_SCREEN_H
#define LK_CLI_WHOLE_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "print/text.h"

/* Are standard input and output a terminal? */
bool lk_screen_is_there(void);
/* Keys come at once and are not shown, and what was on the screen comes back when the process ends. Ctrl-C stays a signal. */
void lk_screen_enter(void);
/* Adds what is shown, and when it was looked at. */
void lk_screen_head(const char *what, lk_buf *out);
/* Each line over what was there, as many as the screen has (0: all), so that nothing flickers or scrolls. */
void lk_screen_draw(const char *text, int height);
/* Waits until the monotonic time. False: q, or a signal asks the process to stop. Another size of the screen than `drawn` ends the
 * wait, too. */
bool lk_screen_wait(const lk_screen *drawn, int64_t until_us);

#endif
