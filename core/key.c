/* The group-key encoding and the hash.
 *
 * The hash is of the wyhash family (Wang Yi, "wyhash", final version 4, public domain): a 64 x 64 -> 128
 * bit multiplication whose halves are folded together mixes 16 bytes at a time. It reads bytes in
 * little-endian order, whatever the machine, and has no seed: partitions of a log depend on it, so it never
 * changes. tests/test_key.c holds vectors. */
#include "core/key.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TAG_VALUE = 1, TAG_NULL = 2, NUMBER_BYTES = 9, FIXED_MAX = 17 };

static const uint64_t SIGN = UINT64_C(1) << 63;

static void store64(uint8_t *p, uint64_t v) {
	v = __builtin_bswap64(v);
	memcpy(p, &v, 8);
}

static uint64_t ordered_double(double d) {
	uint64_t bits;
	if (isnan(d))
		return UINT64_MAX;
	d += 0.0;
	memcpy(&bits, &d, 8);
	return bits & SIGN ? ~bits : bits | SIGN;
}

static double from_ordered(uint64_t u) {
	double d;
	if (u == UINT64_MAX)
		return NAN;
	u = u & SIGN ? u & ~SIGN : ~u;
	memcpy(&d, &u, 8);
	return d;
}

/* A value in units of its type; one that does not fit is clamped to the end of the range. */
static lk_int128 scaled(lk_type t, const lk_value *v) {
	const lk_int128 most = lk_type_is_long(t) ? lk_pow10(LK_NUMERIC_DIGITS) - 1 : INT64_MAX;
	lk_int128 n = v->n;
	if (v->scale != t.scale && !lk_numeric_rescale(n, v->scale, t.scale, &n))
		n = v->n < 0 ? -most : most;
	return n > most ? most : n < -most ? -most : n;
}

static size_t put_numeric(uint8_t *p, lk_type t, const lk_value *v) {
	lk_int128 n = scaled(t, v);
	if (!lk_type_is_long(t)) {
		store64(p, (uint64_t)n ^ SIGN);
		return NUMBER_BYTES;
	}
	store64(p, (uint64_t)(n >> 64) ^ SIGN);
	store64(p + 8, (uint64_t)n);
	return FIXED_MAX;
}

/* Every type but text. Returns the bytes written, at most FIXED_MAX. */
static size_t put_fixed(uint8_t *p, lk_type t, const lk_value *v) {
	*p++ = TAG_VALUE;
	switch (t.kind) {
	case LK_BOOL: *p = v->i != 0; return 2;
	case LK_FLOAT4:
	case LK_FLOAT8: store64(p, ordered_double(v->d)); return NUMBER_BYTES;
	case LK_NUMERIC: return put_numeric(p, t, v);
	case LK_UUID: memcpy(p, v->uuid, 16); return FIXED_MAX;
	default: store64(p, (uint64_t)v->i ^ SIGN); return NUMBER_BYTES;
	}
}

/* A jsonb is no key, but an aggregate may keep one: its text has no NUL either. */
static bool is_text(lk_type t) { return t.kind == LK_TEXT || t.kind == LK_JSONB; }

static bool has_16_bytes(lk_type t) { return t.kind == LK_UUID || lk_type_is_long(t); }

size_t lk_key_size(lk_type t, const lk_value *v) {
	return lk_is_null(v) ? 1 : is_text(t) ? (size_t)v->len + 2 : has_16_bytes(t) ? FIXED_MAX : NUMBER_BYTES;
}

size_t lk_key_write(uint8_t *p, lk_type t, const lk_value *v) {
	if (lk_is_null(v)) {
		*p = TAG_NULL;
		return 1;
	}
	if (!is_text(t))
		return put_fixed(p, t, v);
	*p = TAG_VALUE;
	if (v->len)
		memcpy(p + 1, v->s, v->len);
	p[1 + v->len] = 0;
	return (size_t)v->len + 2;
}

void lk_key_put(lk_buf *out, lk_type t, const lk_value *v) {
	lk_buf_grow(out, lk_key_size(t, v));
	out->len += lk_key_write((uint8_t *)out->data + out->len, t, v);
	out->data[out->len] = '\0';
}

static int get_text(const uint8_t **p, const uint8_t *end, lk_value *out) {
	const uint8_t *nul = *p < end ? memchr(*p, 0, (size_t)(end - *p)) : NULL;
	if (!nul || nul - *p > LK_TEXT_MADE_MAX)
		return -1;
	*out = lk_text((const char *)*p, (size_t)(nul - *p));
	*p = nul + 1;
	return 0;
}

static int get_fixed(lk_type t, const uint8_t **p, const uint8_t *end, lk_value *out) {
	size_t size = t.kind == LK_BOOL ? 1 : has_16_bytes(t) ? 16 : 8;
	if ((size_t)(end - *p) < size)
		return -1;
	if (lk_type_is_long(t)) {
		*out = lk_numeric((lk_int128)((unsigned __int128)(lk_get64(*p) ^ SIGN) << 64 | lk_get64(*p + 8)), t.scale);
		*p += size;
		return out->n < lk_pow10(LK_NUMERIC_DIGITS) && out->n > -lk_pow10(LK_NUMERIC_DIGITS) ? 0 : -1;
	}
	if (t.kind == LK_UUID) {
		*out = (lk_value){0};
		memcpy(out->uuid, *p, 16);
		*p += size;
		return 0;
	}
	uint64_t u = t.kind == LK_BOOL ? **p : lk_get64(*p);
	*p += size;
	switch (t.kind) {
	case LK_BOOL: *out = lk_int(u != 0); return u > 1 ? -1 : 0;
	case LK_FLOAT4:
	case LK_FLOAT8: *out = lk_double(from_ordered(u)); return 0;
	case LK_NUMERIC: *out = lk_numeric((int64_t)(u ^ SIGN), t.scale); return 0;
	default: *out = lk_int((int64_t)(u ^ SIGN)); return 0;
	}
}

int lk_key_get(lk_type t, const uint8_t **p, const uint8_t *end, lk_value *out) {
	if (*p >= end)
		return -1;
	uint8_t tag = *(*p)++;
	if (tag == TAG_NULL) {
		*out = lk_null();
		return 0;
	}
	if (tag != TAG_VALUE)
		return -1;
	return is_text(t) ? get_text(p, end, out) : get_fixed(t, p, end, out);
}

void lk_pane_put(lk_buf *out, int64_t pane_start) {
	lk_buf_grow(out, LK_PANE_BYTES);
	store64((uint8_t *)out->data + out->len, (uint64_t)pane_start ^ SIGN);
	out->len += LK_PANE_BYTES;
	out->data[out->len] = '\0';
}

int64_t lk_pane_get(const uint8_t *field) { return (int64_t)(lk_get64(field) ^ SIGN); }

static inline uint64_t little64(const uint8_t *p) {
	uint64_t v;
	memcpy(&v, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

static inline uint64_t little32(const uint8_t *p) {
	uint32_t v;
	memcpy(&v, p, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap32(v);
#endif
	return v;
}

static inline uint64_t mix(uint64_t a, uint64_t b) {
	unsigned __int128 m = (unsigned __int128)a * b;
	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

uint64_t lk_hash(const void *data, size_t len) {
	static const uint64_t S0 = UINT64_C(0x2d358dccaa6c78a5), S1 = UINT64_C(0x8bb84b93962eacc9),
	                      S2 = UINT64_C(0x4b33a62ed433d4a3);
	const uint8_t *p = data;
	uint64_t state = S0 ^ mix(S0, S1), a = 0, b = 0;
	size_t left = len;
	if (len > 16) {
		for (; left > 16; left -= 16, p += 16)
			state = mix(little64(p) ^ S1, little64(p + 8) ^ state);
		a = little64(p + left - 16);
		b = little64(p + left - 8);
	} else if (len >= 4) {
		size_t inner = (len >> 3) << 2;
		a = little32(p) << 32 | little32(p + inner);
		b = little32(p + len - 4) << 32 | little32(p + len - 4 - inner);
	} else if (len > 0) {
		a = (uint64_t)p[0] << 16 | (uint64_t)p[len >> 1] << 8 | p[len - 1];
	}
	a ^= S1;
	b ^= state;
	unsigned __int128 m = (unsigned __int128)a * b;
	return mix((uint64_t)m ^ S0 ^ len, (uint64_t)(m >> 64) ^ S2);
}

uint64_t lk_key_hash(lk_type t, const lk_value *v) {
	uint8_t small[512], *p = small;
	if (lk_key_size(t, v) > sizeof small)
		p = lk_malloc(lk_key_size(t, v));
	uint64_t hash = lk_hash(p, lk_key_write(p, t, v));
	if (p != small)
		free(p);
	return hash;
}

/* The partition uses the hash's upper bits; maps use the lower ones. */
int lk_partition_of(lk_type t, const lk_value *v, int partitions) {
	return partitions <= 1 ? 0 : (int)((unsigned __int128)lk_key_hash(t, v) * (unsigned)partitions >> 64);
}
