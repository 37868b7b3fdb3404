/* The group-key encoding: memcmp of two encoded keys is the SQL order ascending, NULLS LAST. Per column: 01 value | 02
 * for NULL. Integers, times, scaled numerics: 8 bytes big endian, sign bit flipped, and 16 bytes for a numeric type of
 * more than 18 digits; doubles and reals: 8 bytes, bits flipped (negative: all; else sign), -0 as +0, NaN as ff*8;
 * boolean 1 byte; uuid 16; text its bytes and 00. A field, the name of a cell in a segment, is the pane (8 bytes, as an
 * integer) and then the key.
 *
 * Pure functions over the caller's bytes: any thread. */
#ifndef LK_CORE_KEY_H
#define LK_CORE_KEY_H

#include "core/value.h"

void lk_key_put(lk_buf *out, lk_type t, const lk_value *v);
/* Reads one column; text is borrowed from the key. 0, or -1 if malformed. *p moves on. */
int lk_key_get(lk_type t, const uint8_t **p, const uint8_t *end, lk_value *out);

/* The same without a buffer: the size that it needs, and the bytes written to p. */
size_t lk_key_size(lk_type t, const lk_value *v);
size_t lk_key_write(uint8_t *p, lk_type t, const lk_value *v);

void lk_pane_put(lk_buf *out, int64_t pane_start);
int64_t lk_pane_get(const uint8_t *field);
#define LK_PANE_BYTES 8

/* 64-bit hash of bytes, the same on every machine and in every version (R21): partitions and maps use it. */
uint64_t lk_hash(const void *p, size_t len);
uint64_t lk_key_hash(lk_type t, const lk_value *v);   /* of the encoded value */
/* Partition of an event: hash of the encoded partition column. */
int lk_partition_of(lk_type t, const lk_value *v, int partitions);

#endif
