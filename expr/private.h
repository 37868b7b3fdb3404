/* What the files of evaluation share. */
#ifndef LK_EXPR_PRIVATE_H
#define LK_EXPR_PRIVATE_H

#include "core/wide.h"
#include "expr/function.h"

static inline lk_value lk_mark(lk_eval *ev, const char *reason) {
	ev->reason = reason;
	return (lk_value){.state = LK_MARKED};
}

extern const char LK_OVERFLOW[], LK_UNDERFLOW[], LK_NUMERIC_OVERFLOW[], LK_DIVISION_BY_ZERO[], LK_TIME_RANGE[],
	LK_ZERO_TO_NEGATIVE[], LK_COMPLEX_POWER[];

/* i as an integer of the kind, or a mark. */
lk_value lk_ranged(uint8_t kind, int64_t i, lk_eval *ev);
/* A double, or a mark if PostgreSQL raises for this result of finite, non-zero operands. */
lk_value lk_checked_double(double r, bool may_be_infinite, bool may_be_zero, lk_eval *ev);
/* args[0] op args[1] of numbers of one kind, which have values. */
lk_value lk_arithmetic(const lk_expr *x, const lk_value *a, const lk_value *b, lk_eval *ev);
lk_value lk_negation(const lk_expr *x, const lk_value *a, lk_eval *ev);
/* A value as another type. */
lk_value lk_cast_value(lk_type from, lk_type to, const lk_value *v, lk_eval *ev);

/* Roots and powers of numerics. Digits after the point of a result whose first digit has about this exponent: at least 16
 * significant ones, and as many as an operand. The exponent of ln a. The nearest double, infinite beyond all of them. */
int lk_result_scale(int exponent, int operand);
int lk_ln_exponent(const lk_wide *a);
double lk_wide_double(const lk_wide *a, lk_eval *ev);
/* The type of values with scales of their own: at most so many digits before and after the point; false if too many. */
bool lk_numeric_own_scale(int whole, int scale, lk_type *out);

/* A text that the evaluation's arena owns. */
lk_value lk_made_text(lk_eval *ev, const char *s, size_t len);
size_t lk_code_point_end(const char *s, size_t len, size_t at);

/* A time in PostgreSQL's range that fits 64 bits of microseconds since 1970; else marked. */
lk_value lk_time_checked(lk_int128 us, lk_eval *ev);

extern const lk_function lk_number_functions[], lk_root_functions[], lk_power_functions[], lk_text_functions[], lk_time_functions[],
	lk_pattern_functions[], lk_jsonb_functions[];

#endif
