/* Products, quotients, roots, logarithms and powers of e of decimal numbers, rounded half away from zero to `scale` digits after the point.
 * The root is exact; the other two are PostgreSQL's numeric.
 *
 * Pure functions: any thread. All are false if the result has more than LK_WIDE_DIGITS digits. */
#ifndef LK_CORE_WIDE_MATH_H
#define LK_CORE_WIDE_MATH_H

#include "core/wide.h"

/* a * b; out may be an operand. */
bool lk_wide_multiply_to(const lk_wide *a, const lk_wide *b, int scale, lk_wide *out);
/* a / b as div_var_fast of numeric.c rounds it: of 16 digits more, so a quotient just below a 5 is rounded up. b is not
 * 0. */
bool lk_wide_quotient_near(const lk_wide *a, const lk_wide *b, int scale, lk_wide *out);
bool lk_wide_sqrt(const lk_wide *a, int scale, lk_wide *out);   /* a >= 0 */
bool lk_wide_ln(const lk_wide *a, int scale, lk_wide *out);     /* a > 0 */
/* about: a as the nearest double; below 6000 in size. */
bool lk_wide_exp(const lk_wide *a, double about, int scale, lk_wide *out);

#endif
