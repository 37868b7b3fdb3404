/* A worker, as its files share it: its sessions, and its share of the partitions. */
#ifndef LK_SPEED_LAYER_WORKER_H
#define LK_SPEED_LAYER_WORKER_H

#include "speed_layer/pool.h"
#include "speed_layer/ranges.h"

/* The units of one partition. */
typedef struct lk_share {
	lk_world_part *of;
	lk_unit **units;
	int nunits;
	lk_ranges *tally;          /* which of the partition's events are counted */
	int64_t tail, next_lock_us, next_sweep_us;
	int64_t seen, moved_us;    /* the cursor of a unit that another process holds, and since when it stands there */
} lk_share;

struct lk_worker {
	lk_pool *pool;
	int index;
	pthread_t thread;
	lk_world *world;
	lk_share *shares;
	int nshares;
	unsigned turn;             /* the share whose locks are tried next */
	int stride;                /* how many shares may be got in this round */
	bool connected;
	lk_pg reader, writer;
	lk_path path;
	char log_id[33];           /* of the log that the store was opened for */
	int64_t backoff_us, away_since_us;   /* 0: the servers answer */
	bool waits_for_server, waits_for_room;   /* counted in the pool */
};

/* --- shares (share.c) --- */

/* Where the catalogue has changed: units that are the same in the new world stay as they are, with lock, token, cells
 * and position; those that are gone give their locks back. LK_EUNREACHABLE where it is another log's catalogue. */
int lk_worker_adopt(lk_worker *w, lk_error *err);
/* The sessions are gone, and the locks with them: all units are to be taken again. */
void lk_worker_lost_sessions(lk_worker *w);
void lk_worker_leave_world(lk_worker *w);

/* Tries the locks of the shares whose turn it is. */
int lk_worker_lock(lk_worker *w, lk_error *err);
/* Tries the locks of the share's units; those that others hold are left to them. */
int lk_share_lock(lk_worker *w, lk_share *s, lk_error *err);

/* --- a round (worker.c) --- */

int lk_share_take(lk_worker *w, lk_share *s, lk_error *err);    /* the units that stand still, when it is time */
int lk_share_sweep(lk_worker *w, lk_share *s, lk_error *err);

/* --- trouble (trouble.c) --- */

/* A unit that stands still: told, and whatever follows for the run. LK_EUNREACHABLE is the caller's. */
int lk_worker_trouble(lk_worker *w, const lk_unit *u, lk_error *err);
/* The servers went away: told; a run that is to end by itself does not try for ever. */
void lk_worker_server_trouble(lk_worker *w, lk_error *why);
/* After a round: what had to wait and waits no longer is told. */
void lk_worker_end_of_trouble(lk_worker *w);
void lk_worker_fatal(lk_worker *w, const lk_error *why, bool give_up);
/* Is it of no use to wait for this unit? */
bool lk_unit_is_hopeless(const lk_unit *u);

/* --- the end of a run that has one (end.c) --- */

/* Are all units of the partition at its end, in our hands or in others'? */
int lk_share_check_end(lk_worker *w, lk_share *s, lk_error *err);

#endif
