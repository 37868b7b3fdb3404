/* The verbs of each aggregate, and what their files share. Private to core/aggregate.c and core/agg_*.c. */
#ifndef LK_CORE_AGG_H
#define LK_CORE_AGG_H

#include "core/aggregate.h"

extern const lk_aggregate lk_agg_count_star, lk_agg_count, lk_agg_sum, lk_agg_min, lk_agg_max, lk_agg_avg;

#define LK_STATE_SIZE(type) ((sizeof(type) + 15) & ~(size_t)15)

/* The value of an integer or numeric argument as a whole number of units of 10^-scale of the argument's type. */
static inline lk_int128 lk_agg_units(const lk_agg *a, const lk_value *v) {
	if (a->arg_type.kind != LK_NUMERIC)
		return v->i;
	lk_int128 n = v->n;
	if (v->scale != a->arg_type.scale && !lk_numeric_rescale(n, v->scale, a->arg_type.scale, &n))
		n = v->n;
	return n;
}

/* Sums wrap instead of being undefined; they cannot get there (see core/agg_sum.c). */
static inline lk_int128 lk_agg_add(lk_int128 a, lk_int128 b) {
	return (lk_int128)((unsigned __int128)a + (unsigned __int128)b);
}

/* Scale of the sums of an argument: that of a numeric, 0 of integers. */
static inline uint8_t lk_agg_scale(const lk_agg *a) { return a->arg_type.kind == LK_NUMERIC ? a->arg_type.scale : 0; }

#endif
