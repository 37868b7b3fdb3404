#include "core/digest.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

static uint64_t rotated(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }

static void rounds(lk_digest *d, int n) {
	uint64_t a = d->v[0], b = d->v[1], c = d->v[2], e = d->v[3];
	while (n--) {
		a += b, b = rotated(b, 13) ^ a, a = rotated(a, 32);
		c += e, e = rotated(e, 16) ^ c;
		a += e, e = rotated(e, 21) ^ a;
		c += b, b = rotated(b, 17) ^ c, c = rotated(c, 32);
	}
	d->v[0] = a, d->v[1] = b, d->v[2] = c, d->v[3] = e;
}

static void take(lk_digest *d, uint64_t word) {
	d->v[3] ^= word;
	rounds(d, 2);
	d->v[0] ^= word;
}

void lk_digest_init(lk_digest *d, uint64_t key0, uint64_t key1) {
	*d = (lk_digest){.v = {key0 ^ UINT64_C(0x736f6d6570736575), key1 ^ UINT64_C(0x646f72616e646f6d) ^ 0xee,
	                       key0 ^ UINT64_C(0x6c7967656e657261), key1 ^ UINT64_C(0x7465646279746573)}};
}

static void add_byte(lk_digest *d, uint8_t byte) {
	d->word |= (uint64_t)byte << d->bytes++ % 8 * 8;
	if (d->bytes % 8)
		return;
	take(d, d->word);
	d->word = 0;
}

void lk_digest_add(lk_digest *d, const void *data, size_t len) {
	const uint8_t *p = data;
	for (; len && d->bytes % 8; len--)
		add_byte(d, *p++);
	for (; len >= 8; len -= 8, p += 8, d->bytes += 8) {
		uint64_t word;
		memcpy(&word, p, sizeof word);
		take(d, le64toh(word));
	}
	for (; len; len--)
		add_byte(d, *p++);
}

static void print_half(uint64_t half, char *out) {
	for (int i = 0; i < 8; i++)
		snprintf(out + 2 * i, 3, "%02x", (unsigned)(half >> 8 * i & 0xff));
}

void lk_digest_end(lk_digest *d, char out[33]) {
	take(d, d->word | d->bytes << 56);
	for (int half = 0; half < 2; half++) {
		d->v[half ? 1 : 2] ^= half ? 0xdd : 0xee;
		rounds(d, 4);
		print_half(d->v[0] ^ d->v[1] ^ d->v[2] ^ d->v[3], out + 16 * half);
	}
}
