/* Whole numbers in few bytes: 7 bits a byte, low bits first, the top bit says that more follow (LEB128). Signed numbers
 * are zigzagged first (0, -1, 1, -2 …). One number has one form, so equal partials have equal bytes.
 *
 * Pure functions: any thread. */
#ifndef LK_CORE_VARINT_H
#define LK_CORE_VARINT_H

#include "core/value.h"

typedef unsigned __int128 lk_uint128;

void lk_varint_put(lk_buf *out, lk_uint128 u);
/* 0, or -1 if the bytes end early, do not fit 128 bits, or are not the shortest form. *p moves on. */
int lk_varint_get(const uint8_t **p, const uint8_t *end, lk_uint128 *out);

static inline lk_uint128 lk_zigzag(lk_int128 n) { return (lk_uint128)n << 1 ^ (lk_uint128)(n >> 127); }
static inline lk_int128 lk_unzigzag(lk_uint128 u) { return (lk_int128)(u >> 1 ^ -(u & 1)); }

#endif
