/* The workers of a server: threads that make answers, one request each at a time, in the order in which requests came.
 *
 * lk_pool_push may be called from any thread; the others by the one that has the pool. */
#ifndef LK_SERVER_POOL_H
#define LK_SERVER_POOL_H

#include "server/request.h"

typedef struct lk_pool lk_pool;

/* A request under way. After `done` it is not the pool's any more; done is called on a worker's thread. */
typedef struct lk_job {
	lk_request *request;
	int64_t deadline_us;            /* monotonic */
	void (*done)(struct lk_job *job);
	struct lk_job *next;            /* the pool's */
} lk_job;

/* Has each worker either nothing to do, or a request that is not long past its deadline? */
bool lk_pool_is_well(const lk_pool *p);
lk_pool *lk_pool_new(lk_service *service, int workers);
/* False: as many wait as may, or it is ending. */
bool lk_pool_push(lk_pool *p, lk_job *job);
/* What waits is answered with 503, what is under way ends soon (lk_service.stopping is set): waits for that, and frees. */
void lk_pool_free(lk_pool *p);

#endif
