/* Server processes: the account they run as, how they are started without a terminal, and how to check that the
 * process id in a file still is the server's. */
#ifndef LK_PRIVATE_SERVERS_PROCESS_H
#define LK_PRIVATE_SERVERS_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/status.h"

enum { LK_ACCOUNT_GROUPS = 64 };

/* The account that servers run as: the caller's. PostgreSQL refuses root, so for root it is postgres or nobody. */
typedef struct lk_account {
	bool other;          /* not the caller */
	uid_t uid;
	gid_t gid;
	char name[64];
	gid_t groups[LK_ACCOUNT_GROUPS];   /* that it is in, at most so many */
	int ngroups;
} lk_account;

int lk_account_find(lk_account *a, lk_error *err);
/* May the account enter this folder? */
bool lk_account_reaches(const lk_account *a, const char *path);

/* Starts argv in folder dir (NULL: /) in its own session, with output appended to the log file. The pid, or -1. */
pid_t lk_process_start(const lk_account *a, const char *dir, const char *log, char *const argv[], lk_error *err);
/* The same, and waits until it exits: the exit status, 128 + signal, or -1. */
int lk_process_run(const lk_account *a, const char *dir, const char *log, char *const argv[], lk_error *err);

/* Is pid a live process of the account with working folder dir? False for a zombie, and for an unrelated process that
 * got the process id of a dead server. */
bool lk_process_is(const lk_account *a, pid_t pid, const char *dir);
/* If pid is a child that has exited, reaps it and returns true. */
bool lk_process_ended(pid_t pid);

#endif
