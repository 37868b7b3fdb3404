/* A worker, as its files share it: its sessions and its share of the partitions. */
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
	lk_frontier_part tail;     /* as of this round */
	bool knows_end;            /* that tail is as of when `once` knew where the share ends, or later */
	int64_t next_lock_us, next_sweep_us;
	int64_t seen, moved_us;    /* cursor of a unit that another process holds, and when it last moved */
} lk_share;

struct lk_worker {
	lk_pool *pool;
	int index;
	pthread_t thread;
	lk_world *world;
	lk_share *shares;
	int nshares;
	unsigned turn;             /* the share whose locks are tried next */
	int stride;                /* how many shares may be locked in this round */
	atomic_int went_on;        /* it has ended a round since the supervisor looked */
	bool connected;
	lk_pg reader, writer;
	lk_path path;
	char log_id[33];           /* of the log that the store was opened for */
	int64_t backoff_us, away_since_us;   /* 0: the servers answer */
	bool waits_for_server, waits_for_room;   /* counted in the pool */
};

/* --- shares (share.c) --- */

/* Adopts the current world if the catalogue has changed: units that are in both worlds keep lock, token, cells and
 * position; units that are gone give their locks back. LK_EUNREACHABLE if the catalogue belongs to another log. */
int lk_worker_adopt(lk_worker *w, lk_error *err);
/* Call when the sessions, and with them the locks, are gone: all units must be taken again. */
void lk_worker_lost_sessions(lk_worker *w);
void lk_worker_leave_world(lk_worker *w);

/* Tries the locks of the shares that are next in turn. */
int lk_worker_lock(lk_worker *w, lk_error *err);
/* Tries the locks of the share's units; locks that others hold stay with them. */
int lk_share_lock(lk_worker *w, lk_share *s, lk_error *err);

/* Takes units that are not taken, when it is time to try. */
int lk_share_take(lk_worker *w, lk_share *s, lk_error *err);
int lk_share_sweep(lk_worker *w, lk_share *s, lk_error *err);
/* Tells units that are at the log's end how far its source is. */
void lk_share_follow(lk_worker *w, lk_share *s);
/* The end of the share's work: the log's end, or where `once` stops. */
static inline int64_t lk_share_end(const lk_share *s) {
	int64_t end = s->of->end;
	return s->tail.off < end ? s->tail.off : end;
}

/* --- trouble (trouble.c) --- */

/* Handles a stuck unit: tells the user and decides whether the run ends. LK_EUNREACHABLE is left to the caller. */
int lk_worker_trouble(lk_worker *w, const lk_unit *u, lk_error *err);
/* Handles the loss of a server: tells the user; a run with an end gives up after server_wait_us. */
void lk_worker_server_trouble(lk_worker *w, lk_error *why);
/* Call after a successful round: tells the user what no longer waits. */
void lk_worker_end_of_trouble(lk_worker *w);
void lk_worker_fatal(lk_worker *w, const lk_error *why, bool give_up);
/* True if waiting for this unit cannot help. */
bool lk_unit_is_hopeless(const lk_unit *u);

/* --- the end of a run that has one (end.c) --- */

/* Marks the partition as reached if all its units are at its end, whether this process holds them or another does. */
int lk_share_check_end(lk_worker *w, lk_share *s, lk_error *err);

#endif
