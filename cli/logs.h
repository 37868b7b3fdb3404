/* What `lk replay` and `lk mode --back` do of a derived stream. */
#ifndef LK_CLI_LOGS_H
#define LK_CLI_LOGS_H

#include "replay/replay.h"

/* Asks the catalogue. */
int lk_logs_is_derived(const char *name, bool *derived, lk_error *err);
/* Runs lk_logs_run, and says what came out. */
int lk_logs_command(const lk_replay_options *o, bool back, lk_error *err);

#endif
