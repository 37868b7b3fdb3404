/* Where the servers' programs are. Debian keeps PostgreSQL's out of PATH, one folder a version. */
#ifndef LK_CLI_PROGRAMS_H
#define LK_CLI_PROGRAMS_H

#include "core/status.h"

/* The folder of PATH that holds the program; NULL. lk_malloc'ed. */
char *lk_program_folder(const char *program);
/* The folder of postgres and initdb for a data folder (which may not be there yet): of the version that made it, else
 * the one that pg_config names, else the newest. NULL with *err set. lk_malloc'ed. */
char *lk_postgres_bin(const char *data, lk_error *err);

#endif
