#include "cli/commands.h"

#define AN_ENTRY(name) &lk_cmd_##name,
const lk_command *const lk_commands[] = {LK_COMMANDS(AN_ENTRY) NULL};
