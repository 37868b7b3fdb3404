/* Moving readers from one copy to another without a gap.
 *
 * The stream's tail rows are locked, so the log does not grow. The units of the new copy, which are near the log's end
 * at that time, are brought to it; that end is at or above everything readers have seen of the old copy. The pointer
 * moves by compare-and-set in the same transaction, on the session that holds the view's lock. Appends wait meanwhile:
 * a few milliseconds, whatever the log's size. If the units do not arrive in time, the lock is released, they catch up
 * without it, and the switch is tried again.
 *
 * The session and the driver are the caller's, on one thread. The report owns no memory. */
#ifndef LK_REPLAY_SWITCH_H
#define LK_REPLAY_SWITCH_H

#include "catalog/copies.h"
#include "replay/driver.h"

typedef struct lk_switch_report {
	int64_t held_us;           /* how long appends waited, at most */
	int64_t gap;               /* events below the log's end at the switch that the new copy did not cover: 0 */
	int64_t retired;           /* the copy that was dropped because another one is now the former copy; 0: none */
	int tries;
} lk_switch_report;

/* pg: the session that holds the view's lock. LK_ECONFLICT if another copy is served by now; LK_EBUSY if the new copy
 * cannot catch up with the appends; LK_EUNREACHABLE: the outcome is unknown, read the pointer. */
int lk_switch_readers(lk_pg *pg, lk_driver *to, int64_t from_copy, const volatile int *stop, lk_switch_report *out,
                      lk_error *err);

#endif
