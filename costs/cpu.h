/* Processor time that a step took, in lk and in both servers. Private to replay/. */
#ifndef LK_COSTS_CPU_H
#define LK_COSTS_CPU_H

#include "postgres/pg.h"
#include "view_store/store.h"

/* Seconds since each started; PostgreSQL's is < 0 if it cannot be read. */
typedef struct lk_cpu {
	double self_s, redis_s, postgres_s;
} lk_cpu;

int lk_cpu_read(const lk_pg *pg, lk_store *store, lk_cpu *out, lk_error *err);
/* Seconds that all three used between two readings; < 0: unknown. */
double lk_cpu_between(const lk_cpu *before, const lk_cpu *after);

#endif
