/* One run of a reader (delivery/tail.h), as its files share it. Private to this room.
 *
 * `at` is behind the last row that is out, `ahead` behind the last one that was read. After a lost session
 * everything begins again at `at`, which is checked against the log as it is then. A run is used by one thread. */
#ifndef LK_DELIVERY_RUN_H
#define LK_DELIVERY_RUN_H

#include "core/flag.h"
#include "core/time.h"
#include "core/told.h"
#include "delivery/again.h"
#include "delivery/keeper.h"
#include "delivery/log.h"
#include "delivery/tail.h"

typedef struct lk_run {
	const lk_tail_options *o;
	lk_tail_report *report;
	lk_pg pg;
	bool listening;
	lk_open_log open;
	lk_keeper keeper;
	bool joined, moved;        /* the keeper has this session; its position is not the one that was written last */
	bool positioned, kept;     /* `at` is set; the keeper has it */
	int64_t unkept_rows;       /* that went out since the keeper's position */
	lk_bookmark at, ahead;
	int64_t skip, skips;       /* rows that pass and are left out, from `at` and from `ahead` on */
	int64_t scanned;           /* rows between `at` and `ahead` */
	int waiting;               /* rows that the target has taken and not flushed */
	bool finished;             /* the limit is reached, or nobody reads any more */
	bool fatal;                /* the failure is not one of the server */
	lk_told away, refused;
	lk_again tries_server, tries_target;
} lk_run;

static inline bool lk_run_stopped(const lk_run *r) {
	return lk_flag_is_set(r->o->stop) || (r->o->until_us && lk_monotonic_us() >= r->o->until_us);
}
static inline bool lk_run_ends(const lk_run *r) { return r->finished || lk_run_stopped(r); }

/* Says something to whoever asked for the run; hint: "" or what to do. */
void lk_run_notice(const lk_run *r, const lk_error *what);
void lk_run_tell(const lk_run *r, const char *hint, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* "… works again, after 3 s", if the trouble was told. */
void lk_run_tell_over(const lk_run *r, lk_told *trouble, const char *what);
/* Waits, or until it is to stop. */
void lk_run_wait_us(const lk_run *r, int64_t us);

/* --- hand_over.c --- */

/* Writes the position, if it is not kept yet. */
int lk_run_keep(lk_run *r, lk_error *err);
/* Takes a row that was read: gives it to the target if it passes, and hands over once enough has come. */
int lk_run_see(lk_run *r, const lk_log_row *row, lk_error *err);
/* Rows that were taken go out, and then their position is kept. */
int lk_run_hand_over(lk_run *r, lk_error *err);

/* --- resume.c --- */

/* Goes on at r->at, checked against the log as it is now. */
int lk_run_resume(lk_run *r, lk_error *err);
/* Takes what the catalogue says now. Another log is gone on with where its rows are new. *changed: there is one. */
int lk_run_look(lk_run *r, bool now, bool *changed, lk_error *err);

#endif
