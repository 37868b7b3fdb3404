/* Server processes: who they run as, how they are started apart from the terminal, and how a process id of a file is
 * told from a stranger's. */
#ifndef LK_CLI_PROCESS_H
#define LK_CLI_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/status.h"

/* Whom servers run as: the caller, or for root, whom PostgreSQL refuses, user postgres or nobody. */
typedef struct lk_account {
	bool other;          /* not the caller */
	uid_t uid;
	gid_t gid;
	char name[64];
} lk_account;

int lk_account_find(lk_account *a, lk_error *err);
/* May the account go into this folder? */
bool lk_account_reaches(const lk_account *a, const char *path);

/* Starts argv in folder dir (NULL: the root), in a session of its own, output added to the log file. The pid, or -1. */
pid_t lk_process_start(const lk_account *a, const char *dir, const char *log, char *const argv[], lk_error *err);
/* The same and waits for its end: the exit status, 128 + signal, or -1. */
int lk_process_run(const lk_account *a, const char *dir, const char *log, char *const argv[], lk_error *err);

/* Is pid a live process of the account whose working folder is dir? A zombie is not; neither is a stranger that got
 * a dead server's number. */
bool lk_process_is(const lk_account *a, pid_t pid, const char *dir);
/* Reaps it if it is a child of ours that has ended: true then. */
bool lk_process_ended(pid_t pid);

#endif
