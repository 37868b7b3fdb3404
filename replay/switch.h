/* Moving readers from one copy to another without a gap, or from several to others at once.
 *
 * The stream's tail rows are locked, so the log does not grow. The units of the new copy, which are near the log's end
 * at that time, are brought to it; that end is at or above everything readers have seen of the old copy. The pointer
 * moves by compare-and-set in the same transaction, on the session that holds the view's lock. Appends wait meanwhile:
 * a few milliseconds, whatever the log's size. If the units do not arrive in time, the lock is released, they catch up
 * without it, and the switch is tried again.
 *
 * A derived stream goes to another log, and with it all that is made of its log. Then the former logs are locked, not the
 * source: ingest goes on. The new log must have been made of as much of the source as the former one, and each copy must be
 * at the end of the new log that it reads.
 *
 * The session and the drivers are the caller's, on one thread. The report owns no memory. */
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

typedef struct lk_switch {
	struct lk_switch_move {
		lk_driver *to;
		const lk_cat_copy *from;   /* served now, of the same view; both of the caller's catalogue */
	} *moves;                  /* a derived stream first, then each copy after the one whose log it reads */
	int n;
	/* Called under the catalogue's lock in the transaction of the switch: LK_ECONFLICT if the moves are no longer those
	 * that are needed. NULL: not asked, and the catalogue's lock is not taken. */
	int (*check)(void *ctx, lk_pg *pg, lk_error *err);
	void *ctx;
	const volatile int *stop;
} lk_switch;

/* pg: the session that holds the views' locks. LK_ECONFLICT if another copy is served by now; LK_EBUSY if the new copies
 * cannot catch up with the appends; LK_EUNREACHABLE: the outcome is unknown, read the pointer. */
int lk_switch_readers(lk_pg *pg, const lk_switch *s, lk_switch_report *out, lk_error *err);

#endif
