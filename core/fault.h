/* Named crash points and protocol mutants: compiled out unless built with FAULTS=1 (tests only).
 *
 * LK_CRASH_POINT("commit.sent") kills the process with SIGKILL when LK_CRASH names it ("commit.sent", or
 * "commit.sent:3" for the third time it is passed), and stops it there with SIGSTOP when LK_FREEZE does.
 * LK_MUTANT("keep_map") is true when LK_MUTANT names it: it switches one rule of the protocol off, so that a test can
 * show that the rule is needed. LK_HURRIED(ms) is a wait divided by LK_HURRY, so that tests of bounds are fast.
 * LK_LIMIT_US(limit) is the longest wait for a server: the limit, or LK_WAIT_MS if that is less.
 * LK_TEST_ADDRESSES(host) are the addresses that LK_NAMES gives a name ("silent= db=127.0.0.2,127.0.0.1"), allocated;
 * NULL for a name that is not in it, "" for one of which a look-up never ends.
 *
 * Any thread may pass a point. */
#ifndef LK_CORE_FAULT_H
#define LK_CORE_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef LK_FAULTS
void lk_crash_point(const char *name);
bool lk_mutant(const char *name);
int64_t lk_limit_us(int64_t usual_us);
char *lk_test_addresses(const char *host);
#define LK_CRASH_POINT(name) lk_crash_point(name)
#define LK_MUTANT(name) lk_mutant(name)
int lk_hurried(int ms);
#define LK_HURRIED(ms) lk_hurried(ms)
#define LK_LIMIT_US(limit) lk_limit_us(limit)
#define LK_TEST_ADDRESSES(host) lk_test_addresses(host)
#else
#define LK_CRASH_POINT(name) ((void)0)
#define LK_MUTANT(name) false
#define LK_HURRIED(ms) (ms)
#define LK_LIMIT_US(limit) (limit)
#define LK_TEST_ADDRESSES(host) ((char *)NULL)
#endif

#endif
