/* Processor time that a step took, of lk and of both servers. Private to replay/. */
#ifndef LK_REPLAY_CPU_H
#define LK_REPLAY_CPU_H

#include "event_log/pg.h"
#include "view_store/store.h"

/* Seconds since each began; PostgreSQL's is < 0 where it cannot be read. */
typedef struct lk_cpu {
	double self_s, redis_s, postgres_s;
} lk_cpu;

int lk_cpu_read(const lk_pg *pg, lk_store *store, lk_cpu *out, lk_error *err);
/* What all three took between two readings; < 0: not known. */
double lk_cpu_between(const lk_cpu *before, const lk_cpu *after);

#endif
