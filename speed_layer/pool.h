/* What the supervisor of a speed layer and its workers share. */
#ifndef LK_SPEED_LAYER_POOL_H
#define LK_SPEED_LAYER_POOL_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/flag.h"
#include "core/told.h"
#include "speed_layer/compactor.h"
#include "speed_layer/speed.h"

/* One partition of a stream: one worker drives all its units, so that they share fetches. Or what units that read all
 * partitions share, whose cursors count the events of all. */
enum { LK_ALL_PARTS = -1 };
typedef struct lk_world_part {
	const lk_cat_stream *stream;
	int part;                  /* or LK_ALL_PARTS */
	int owner;                 /* the index of the worker that drives it */
	atomic_llong ends[LK_MAX_PARTITIONS];   /* of LK_ALL_PARTS: each partition's; they are set before `end` is */
	atomic_llong end;          /* where `once` stops; INT64_MAX without, and while it is not known yet */
	atomic_int reached;
	atomic_llong behind;       /* events between its units and the end */
} lk_world_part;

/* One snapshot of the catalogue and the work that follows from it. Workers hold references, because the plans of their
 * units are in it. */
typedef struct lk_world {
	lk_catalog *catalog;       /* held */
	lk_world_part *parts;
	int nparts;
	int refs;                  /* under the pool's lock */
} lk_world;

#define LK_NOTICE_CODES 16

/* What workers and the supervisor may have to wait for. */
enum lk_wait_for { LK_WAIT_SERVER, LK_WAIT_ROOM, LK_WAITS };

typedef struct lk_pool {
	const lk_speed_options *o;
	lk_compactor *compactor;   /* shared by all workers */
	volatile int ending;       /* accessed atomically */
	pthread_mutex_t lock;
	pthread_cond_t changed;    /* signals any change that a waiting thread may want to see */
	lk_world *world;
	atomic_llong events;
	lk_speed_report report;    /* each worker adds its part when it ends */
	lk_error fatal;            /* the error that ended the run */
	atomic_int given_up;       /* 1: the other units need not go on either */
	lk_told told[LK_NOTICE_CODES];   /* of each error code; under the lock */
	int waiting[LK_WAITS];     /* number of waiters; under the lock */
} lk_pool;

typedef struct lk_worker lk_worker;   /* speed_layer/worker.h */

static inline bool lk_pool_ending(const lk_pool *p) { return lk_flag_is_set(&p->ending); }

void *lk_worker_main(void *worker);

/* Makes a world of the catalogue, which it holds from now on in the caller's place. `former` is the world before it, whose partitions stay with their
 * workers, or NULL. */
lk_world *lk_world_make(const lk_pool *p, lk_catalog *cat, const lk_world *former);
lk_world *lk_world_hold(lk_pool *p);             /* the current one */
void lk_world_leave(lk_pool *p, lk_world *w);
int lk_world_parts_of(const lk_world *w, int worker);
/* Tells the user of an error, for each error code as often as core/told.h says. */
void lk_pool_notice(lk_pool *p, const lk_error *e);
/* Adds to a server's failure for how long it is tried again; e. */
const lk_error *lk_pool_say_how_long(const lk_pool *p, lk_error *e);
/* Waits until something changes or us microseconds have passed. */
void lk_pool_pause(lk_pool *p, int64_t us);
void lk_pool_wake(lk_pool *p);
/* Does its unit read all partitions? There is one, of partition 0. */
static inline bool lk_copy_reads_all(const lk_cat_copy *c) { return c->log && c->log->stream->merged; }
/* True if the options select this copy: the one they name, else live copies, of the named view if there is one. */
bool lk_pool_wants(const lk_pool *p, const lk_cat_copy *copy);
bool lk_pool_wants_stream(const lk_pool *p, const lk_catalog *cat, const lk_cat_stream *s);   /* any copy over it */

/* Reports that a thread waits now, or no longer does; *mine holds its last report. When no thread waits any more, the
 * user is told. */
void lk_pool_waits(lk_pool *p, enum lk_wait_for what, bool *mine, bool now);

#endif
