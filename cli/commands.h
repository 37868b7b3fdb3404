/* The commands, one file each: cli/cmd_<name>.c. */
#ifndef LK_CLI_COMMANDS_H
#define LK_CLI_COMMANDS_H

#include "cli/options.h"

#define LK_VERSION "0.1.0"

/* One table that drives getopt_long and all help. Tests compare it with the README. Ends with an entry without a name. */
extern const lk_command lk_commands[];

int lk_cmd_up(const lk_args *args, lk_error *err);
int lk_cmd_down(const lk_args *args, lk_error *err);
int lk_cmd_apply(const lk_args *args, lk_error *err);
int lk_cmd_ingest(const lk_args *args, lk_error *err);
int lk_cmd_gen(const lk_args *args, lk_error *err);
int lk_cmd_speed(const lk_args *args, lk_error *err);
int lk_cmd_batch(const lk_args *args, lk_error *err);
int lk_cmd_run(const lk_args *args, lk_error *err);
int lk_cmd_query(const lk_args *args, lk_error *err);
int lk_cmd_status(const lk_args *args, lk_error *err);
int lk_cmd_rejected(const lk_args *args, lk_error *err);
int lk_cmd_late(const lk_args *args, lk_error *err);
int lk_cmd_explain(const lk_args *args, lk_error *err);
int lk_cmd_replay(const lk_args *args, lk_error *err);
int lk_cmd_mode(const lk_args *args, lk_error *err);
int lk_cmd_compare(const lk_args *args, lk_error *err);
int lk_cmd_drop(const lk_args *args, lk_error *err);
int lk_cmd_help(const lk_args *args, lk_error *err);
int lk_cmd_version(const lk_args *args, lk_error *err);

#endif
