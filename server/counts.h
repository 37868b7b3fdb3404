/* What a server counts of itself, for /metrics. Any thread. */
#ifndef LK_SERVER_COUNTS_H
#define LK_SERVER_COUNTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"

enum { LK_ROUTES_MOST = 32, LK_COUNTS_BUCKETS = 12, LK_COUNTS_STATUSES = 6 };

typedef struct lk_route_counts {
	atomic_llong statuses[LK_COUNTS_STATUSES];   /* by the first digit */
	atomic_llong buckets[LK_COUNTS_BUCKETS + 1];   /* by duration; the last one: longer than any */
	atomic_llong total_us;
} lk_route_counts;

/* All zero at first. */
typedef struct lk_counts {
	lk_route_counts routes[LK_ROUTES_MOST];   /* the last one: requests without a route */
	atomic_llong lost_postgres, lost_redis;   /* sessions that were lost, or not to be had */
	atomic_llong connections, live, waiting;  /* now */
	atomic_llong dropped;                     /* readers that were too slow */
} lk_counts;

void lk_counts_add(lk_counts *c, int route, int status, int64_t duration_us);
void lk_counts_lost(lk_counts *c, bool redis);
/* Adds the metrics in Prometheus's text format; names: of the routes. */
void lk_counts_print(lk_counts *c, const char *const *names, int nroutes, lk_buf *out);

#endif
