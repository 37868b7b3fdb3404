#include "core/varint.h"

enum { VARINT_MAX_BYTES = 19 };

void lk_varint_put(lk_buf *out, lk_uint128 u) {
	lk_buf_grow(out, VARINT_MAX_BYTES);
	uint8_t *p = (uint8_t *)out->data + out->len;
	for (; u >= 0x80; u >>= 7)
		*p++ = (uint8_t)u | 0x80;
	*p++ = (uint8_t)u;
	*p = 0;
	out->len = (size_t)(p - (uint8_t *)out->data);
}

int lk_varint_get(const uint8_t **p, const uint8_t *end, lk_uint128 *out) {
	lk_uint128 u = 0;
	for (int shift = 0; *p < end && shift < 7 * VARINT_MAX_BYTES; shift += 7) {
		uint8_t byte = *(*p)++;
		lk_uint128 bits = byte & 0x7f;
		if (bits << shift >> shift != bits)
			return -1;
		u |= bits << shift;
		if (!(byte & 0x80)) {
			*out = u;
			return byte || !shift ? 0 : -1;
		}
	}
	return -1;
}
