/* The commands. Each is one file, cli/cmd_<name>.c, with its help, options and examples, and a name in this list. */
#ifndef LK_CLI_COMMANDS_H
#define LK_CLI_COMMANDS_H

#include "cli/options.h"

#define LK_VERSION "0.1.0"
#define LK_VERSION_DATE "2026-12-01"   /* of the manual pages */

/* In the order of `lk help`. */
#define LK_COMMANDS(COMMAND) \
	COMMAND(up) COMMAND(down) COMMAND(apply) COMMAND(ingest) COMMAND(gen) COMMAND(speed) COMMAND(batch) COMMAND(run) \
	COMMAND(query) COMMAND(tail) COMMAND(serve) COMMAND(status) COMMAND(top) COMMAND(rejected) COMMAND(late) COMMAND(explain) COMMAND(replay) COMMAND(mode) \
	COMMAND(compare) COMMAND(drop) COMMAND(erase) COMMAND(rename) COMMAND(help) COMMAND(version)

#define LK_DECLARE_COMMAND(name) extern const lk_command lk_cmd_##name;
LK_COMMANDS(LK_DECLARE_COMMAND)
#undef LK_DECLARE_COMMAND

extern const lk_command *const lk_commands[];   /* ends with NULL */

#endif
