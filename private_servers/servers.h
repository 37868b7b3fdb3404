/* The private PostgreSQL and Redis of `lk up`: unix sockets only, data kept under one folder. The tests start theirs
 * with this too.
 *
 * Any thread, but one at a time in a process: children are waited for. Texts that are returned are the caller's, for
 * free(). A file lock keeps processes apart. */
#ifndef LK_PRIVATE_SERVERS_SERVERS_H
#define LK_PRIVATE_SERVERS_SERVERS_H

#include <stdbool.h>

#include "core/status.h"

typedef struct lk_servers {
	char *home;        /* absolute */
	char *postgres;    /* libpq conninfo */
	char *redis;       /* unix:path */
} lk_servers;

/* Starts the servers that do not run (initdb at first) and waits until both answer. As root both run as user postgres
 * (or nobody). The path of a unix socket is limited to 107 bytes: if home is too long, the sockets' folder is under
 * /tmp. Calling it twice changes nothing. */
int lk_servers_up(const char *home, lk_servers *out, lk_error *err);
/* Stops both, waits until they are gone, removes the sockets' folder; data stays. */
int lk_servers_down(const char *home, lk_error *err);
/* Does home hold data that lk made for it? 1: it holds none. LK_EUSAGE: it was not made by lk, or for another home. */
int lk_servers_may_be_removed(const char *home, lk_error *err);
/* Stops both, and removes their data and home itself; kept: home or the data's folder stays, since something else is in
 * it. Never removes what lk did not make: LK_EUSAGE, as above. */
int lk_servers_remove(const char *home, bool *kept, lk_error *err);
/* The folder outside of home that has the data, lk_malloc'ed; NULL if the data is in home, or there is none. */
char *lk_servers_elsewhere(const char *home);
/* Where commands look: LK_POSTGRES and LK_REDIS, else the private servers of home (they need not run).
 * LK_EUNREACHABLE with the hint "lk up" if neither exists. */
int lk_servers_find(const char *home, lk_servers *out, lk_error *err);
void lk_servers_release(lk_servers *s);

/* One of the two alone, for tests that take the other away. */
enum lk_server { LK_SERVER_POSTGRES, LK_SERVER_REDIS };
int lk_server_start(const char *home, enum lk_server which, lk_error *err);
/* Its process id, 0 where it does not run. */
int lk_server_pid(const char *home, enum lk_server which);
/* Its data folder, absolute, lk_malloc'ed; NULL where home holds none. */
char *lk_server_data(const char *home, enum lk_server which);

#endif
