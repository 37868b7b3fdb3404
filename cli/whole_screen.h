/* The whole screen of a terminal, drawn again and again: lk top, lk query --watch. One thread. */
#ifndef LK_CLI_WHOLE_SCREEN_H
#define LK_CLI_WHOLE_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"
#include "print/text.h"

/* Are standard input and output a terminal? */
bool lk_screen_is_there(void);
typedef struct lk_watched {
	const char *name;           /* of the command, on the first line */
	/* Adds what the screen shows to *text, and what else the first line says to *head. */
	int (*look)(void *ctx, const lk_screen *screen, lk_buf *head, lk_buf *text, lk_error *err);
	void *ctx;
	int64_t every_us;
} lk_watched;

/* Looks again and again until q is typed or a signal asks the process to stop (lk_stop_on_signal), and when the screen has
 * another size. What was on the screen before comes back when the process ends. A look that fails shows why, above what the last one
 * gave; only the first one may fail for good. */
int lk_screen_watch(const lk_watched *w, lk_error *err);

#endif
