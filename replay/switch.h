/* Moving readers from one copy to another without a gap.
 *
 * The tail rows of the stream are locked, so that the log holds still; the units of the new copy are brought to
 * its end (they are within a few thousand events of it when this begins), which is at or above all that readers
 * have seen of the old one; the pointer moves by compare-and-set in the same transaction, on the session that
 * holds the view's lock. Appends wait meanwhile: a few milliseconds, whatever the log's size. Where the units do
 * not arrive in time, the lock is given back, they catch up without it, and it is tried again. */
#ifndef LK_REPLAY_SWITCH_H
#define LK_REPLAY_SWITCH_H

#include "event_log/copies.h"
#include "replay/driver.h"

typedef struct lk_switch_report {
	int64_t held_us;           /* how long appends waited, at most */
	int64_t gap;               /* events below the log's end at the switch that the new copy did not cover: 0 */
	int64_t retired;           /* the copy that was dropped because another one is the former now; 0: none */
	int tries;
} lk_switch_report;

/* The two halves of holding the log's end, for all who do: a transaction that waits for the rows of the tail for patience_us and
 * is ended by the server where nothing comes of it; and, once they are locked, folding up to `tail`. The second is LK_EBUSY
 * after patience_us, LK_EUNREACHABLE where the view store does not answer. */
int lk_hold_begin(lk_pg *pg, int64_t patience_us, lk_error *err);
int lk_hold_fold(lk_driver *to, const int64_t *tail, int64_t patience_us, lk_error *err);

/* pg: the session that holds the view's lock. LK_ECONFLICT where something else is served by now; LK_EBUSY where
 * it cannot catch up with the appends; LK_EUNREACHABLE: the outcome is unknown, read the pointer. */
int lk_switch_readers(lk_pg *pg, lk_driver *to, int64_t from_copy, const volatile int *stop, lk_switch_report *out,
                      lk_error *err);

#endif
