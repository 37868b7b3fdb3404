/* A 128-bit digest: SipHash-2-4 with 128 bits of output (Aumasson, Bernstein, "SipHash: a fast short-input PRF",
 * 2012; the reference implementation's vectors are in tests/test_digest.c). Every bit of input reaches every bit of
 * output, at about a byte a cycle. Not for secrets: the key is known. lk_hash() is for maps: it is faster, but loses
 * what it has read if a word of the input equals its constant.
 *
 * Each digest is used by one thread at a time. */
#ifndef LK_CORE_DIGEST_H
#define LK_CORE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

typedef struct lk_digest {
	uint64_t v[4];
	uint64_t word;         /* input that does not fill eight bytes yet */
	uint64_t bytes;        /* of all input */
} lk_digest;

void lk_digest_init(lk_digest *d, uint64_t key0, uint64_t key1);
void lk_digest_add(lk_digest *d, const void *data, size_t len);   /* in any pieces: only the bytes count */
/* 32 hexadecimal digits, in the order of the reference implementation's bytes. */
void lk_digest_end(lk_digest *d, char out[33]);

#endif
