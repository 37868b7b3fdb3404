/* Where the servers' programs are. Debian keeps PostgreSQL's outside PATH, in one folder per version. */
#ifndef LK_PRIVATE_SERVERS_PROGRAMS_H
#define LK_PRIVATE_SERVERS_PROGRAMS_H

#include "core/status.h"

/* The folder of PATH that holds the program, or NULL. lk_malloc'ed. */
char *lk_program_folder(const char *program);
/* The folder of postgres and initdb for a data folder that may not exist yet: of the version that made it, else the
 * folder that pg_config names, else the newest version. NULL with *err set. lk_malloc'ed. */
char *lk_postgres_bin(const char *data, lk_error *err);

#endif
