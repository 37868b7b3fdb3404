/* Standard output for commands that print until they are stopped: a write ends when the process is asked to stop,
 * though its reader stands still, and a reader that went away is noticed while there is nothing to write. */
#ifndef LK_CLI_STANDARD_OUTPUT_H
#define LK_CLI_STANDARD_OUTPUT_H

#include <stdbool.h>

#include "core/sink.h"

/* Its error is EPIPE when nobody reads any more, ECANCELED when a signal ended a wait. Nothing may be written by
 * lk_put too. */
lk_sink lk_standard_output(void);
bool lk_standard_output_is_unread(void);

#endif
