/* What a replay would do, as a table, into any sink.
 *
 * Any thread, with a sink of its own. */
#ifndef LK_PRINT_ESTIMATE_H
#define LK_PRINT_ESTIMATE_H

#include "print/table.h"
#include "replay/replay.h"

void lk_estimate_print(const lk_replay_estimate *e, const lk_screen *screen, lk_sink *out);

#endif
