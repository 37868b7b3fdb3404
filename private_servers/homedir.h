/* The folder of the private servers, $LK_HOME, and the two folders that may lie elsewhere:
 *
 *   lock              held while servers are started or stopped, so that two callers do not both do it
 *   data/postgres     PostgreSQL's data; data is a link to a folder under /var/lib/lk where home cannot be
 *   data/redis        reached by the user that the servers run as (root's own home, say)
 *   data/lk-home      that lk made this folder, and for which home
 *   run/              both sockets, while servers run; a link to a folder under /tmp where the path is too long for a
 *                     socket or has odd letters in it
 *   postgres.log, redis.log
 *
 * Only what lk itself has made is ever removed. */
#ifndef LK_PRIVATE_SERVERS_HOMEDIR_H
#define LK_PRIVATE_SERVERS_HOMEDIR_H

#include <limits.h>

#include "core/status.h"
#include "private_servers/process.h"

typedef struct lk_homedir {
	char home[PATH_MAX], data[PATH_MAX], run[PATH_MAX];   /* data and run: "" where home has none */
	lk_account account;
	int lock;                                             /* -1 while it is not held */
} lk_homedir;

/* By enum lk_server: names of the data folders and of the logs. */
extern const char *const lk_server_names[];

/* dir/name, lk_malloc'ed. */
char *lk_homedir_path(const char *dir, const char *name);
/* LK_EUNREACHABLE: cannot `what` this path, as errno says. */
int lk_homedir_cannot(lk_error *err, const char *what, const char *path);
/* The path of home, also of one that is not there; lk_malloc'ed. */
char *lk_homedir_absolute(const char *home);

/* Looks at what is there; makes nothing. 1: there is no such folder. */
int lk_homedir_find(lk_homedir *p, const char *home, lk_error *err);
/* Waits for the lock. Release in either case. */
int lk_homedir_lock(lk_homedir *p, lk_error *err);
void lk_homedir_release(lk_homedir *p);
/* Makes what is missing, and holds the lock. Release in either case. */
int lk_homedir_make(lk_homedir *p, const char *home, lk_error *err);
/* Makes the servers' account the owner. */
int lk_homedir_give(const lk_homedir *p, const char *path, lk_error *err);

/* Does the data lie outside of home? */
bool lk_homedir_is_elsewhere(const lk_homedir *p);
/* The path of a folder behind home's link `name` that bears a name as lk gives it under `elsewhere`; else false. */
bool lk_homedir_link(const lk_homedir *p, const char *name, const char *elsewhere, char out[PATH_MAX]);
/* LK_EUSAGE, with the place and what to do, if lk has not made the data folder for this home. */
int lk_homedir_check_ours(const lk_homedir *p, lk_error *err);

/* Removes the sockets' folder. No server may run. */
void lk_homedir_remove_run(lk_homedir *p);
/* Removes the data, and home itself if nothing else is in it; kept: something is. No server may run, the lock is held,
 * and lk_homedir_check_ours has passed. */
int lk_homedir_remove(lk_homedir *p, bool *kept, lk_error *err);

/* What a place in /tmp and under /var/lib is called: elsewhere/lk-XXXXXX. */
#define LK_DATA_ELSEWHERE "/var/lib/lk"
#define LK_RUN_ELSEWHERE "/tmp"
#define LK_HOME_MARK "lk-home"

#endif
