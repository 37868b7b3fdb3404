/* Rings of values, and their bytes. */
#include "frames/ring.h"

#include <stdlib.h>
#include <string.h>

#include "core/varint.h"

enum { LEAST_SIZE = 8, MOST_LOG_SIZE = 18 };

static size_t dirty_bytes(uint32_t size) { return (size / LK_RING_CHUNK + 7) / 8 + 1; }

static void drop_text(lk_ring *r, lk_type t, lk_value *v) {
	if (lk_value_borrows(t, v)) {
		r->text_bytes -= v->len + 1;
		free((char *)v->s);
	}
	*v = lk_null();
}

static lk_value own(lk_ring *r, lk_type t, const lk_value *v) {
	lk_value mine = *v;
	if (lk_is_null(v))
		return lk_null();
	if (lk_value_borrows(t, v)) {
		mine.s = lk_strndup(v->s, v->len);
		r->text_bytes += v->len + 1;
	}
	return mine;
}

void lk_ring_release(lk_ring *r, lk_type t) {
	if (r->text_bytes)
		for (int64_t p = r->first; p < r->next; p++)
			drop_text(r, t, (lk_value *)lk_ring_at(r, p));
	free(r->v);
	free(r->dirty);
	*r = (lk_ring){0};
}

size_t lk_ring_bytes(const lk_ring *r) { return r->size * sizeof *r->v + (r->size ? dirty_bytes(r->size) : 0) + r->text_bytes; }

/* --- size --- */

static void mark(lk_ring *r, uint32_t slot) { r->dirty[slot / LK_RING_CHUNK / 8] |= (uint8_t)(1 << slot / LK_RING_CHUNK % 8); }

bool lk_ring_chunk_changed(const lk_ring *r, uint32_t chunk) { return r->dirty[chunk / 8] >> chunk % 8 & 1; }

void lk_ring_settle(lk_ring *r) {
	r->stored_chunks = lk_ring_chunks(r);
	if (r->size)
		memset(r->dirty, 0, dirty_bytes(r->size));
}

static void allocate(lk_ring *r, uint32_t size) {
	r->size = size;
	r->v = lk_malloc(size * sizeof *r->v);
	for (uint32_t i = 0; i < size; i++)
		r->v[i] = lk_null();
	r->dirty = lk_calloc(1, dirty_bytes(size));
}

/* Every value gets another slot, so every chunk changes. */
static void resize(lk_ring *r, uint32_t size) {
	lk_ring former = *r;
	free(r->dirty);
	allocate(r, size);
	memset(r->dirty, 0xff, dirty_bytes(size));
	for (int64_t p = r->first; p < r->next; p++)
		*(lk_value *)lk_ring_at(r, p) = *lk_ring_at(&former, p);
	free(former.v);
}

void lk_ring_push(lk_ring *r, lk_type t, const lk_value *v) {
	if (!r->size)
		allocate(r, LEAST_SIZE);
	else if (r->next - r->first == r->size)
		resize(r, 2 * r->size);
	lk_value *place = (lk_value *)lk_ring_at(r, r->next);
	*place = own(r, t, v);
	mark(r, (uint32_t)(r->next++ & (r->size - 1)));
}

void lk_ring_keep_from(lk_ring *r, lk_type t, int64_t position) {
	for (; r->first < position && r->first < r->next; r->first++)
		if (r->text_bytes)
			drop_text(r, t, (lk_value *)lk_ring_at(r, r->first));
	if (r->size > LEAST_SIZE && r->next - r->first < r->size / 8)
		resize(r, r->size / 2);
}

/* --- bytes --- */

static void put_text(lk_buf *out, const lk_value *v) {
	lk_varint_put(out, v->len);
	lk_buf_add(out, v->s, v->len);
}

static void put_numeric(lk_buf *out, const lk_value *v) {
	lk_buf_addc(out, (char)v->scale);
	if (v->scale == LK_WIDE)
		put_text(out, v);
	else
		lk_varint_put(out, lk_zigzag(v->n));
}

static void put_value(lk_buf *out, lk_type t, const lk_value *v) {
	if (lk_type_has_bytes(t)) {
		lk_varint_put(out, v->len);
		lk_buf_add(out, v->s, v->len);
		return;
	}
	switch (t.kind) {
	case LK_FLOAT4:
	case LK_FLOAT8: lk_buf_add(out, &v->d, sizeof v->d); break;
	case LK_UUID: lk_buf_add(out, v->uuid, sizeof v->uuid); break;
	case LK_NUMERIC: put_numeric(out, v); break;
	case LK_INTERVAL: lk_varint_put(out, lk_zigzag(v->span.days)); lk_varint_put(out, lk_zigzag(v->span.us)); break;
	default: lk_varint_put(out, lk_zigzag(v->i));
	}
}

void lk_series_put(lk_buf *out, lk_type t, const lk_value *v) {
	lk_buf_addc(out, lk_is_null(v) ? 0 : 1);
	if (!lk_is_null(v))
		put_value(out, t, v);
}

static int get_bytes(const uint8_t **p, const uint8_t *end, void *to, size_t n) {
	if ((size_t)(end - *p) < n)
		return -1;
	memcpy(to, *p, n);
	*p += n;
	return 0;
}

static int get_int(const uint8_t **p, const uint8_t *end, int64_t *out) {
	lk_uint128 u;
	if (lk_varint_get(p, end, &u) != 0 || u > UINT64_MAX)
		return -1;
	*out = (int64_t)lk_unzigzag(u);
	return 0;
}

static int get_text(const uint8_t **p, const uint8_t *end, lk_value *out) {
	lk_uint128 len;
	if (lk_varint_get(p, end, &len) != 0 || len > (size_t)(end - *p))
		return -1;
	*out = lk_text((const char *)*p, (size_t)len);
	*p += len;
	return 0;
}

static int get_numeric(const uint8_t **p, const uint8_t *end, lk_value *out) {
	lk_uint128 u;
	uint8_t scale;
	if (get_bytes(p, end, &scale, 1) != 0)
		return -1;
	if (scale == LK_WIDE) {
		int rc = get_text(p, end, out);
		out->scale = LK_WIDE;
		return rc;
	}
	if (lk_varint_get(p, end, &u) != 0)
		return -1;
	*out = lk_numeric(lk_unzigzag(u), scale);
	return 0;
}

int lk_series_get(lk_type t, const uint8_t **p, const uint8_t *end, lk_value *out) {
	uint8_t has_value;
	*out = lk_null();
	if (get_bytes(p, end, &has_value, 1) != 0 || has_value > 1)
		return -1;
	if (!has_value)
		return 0;
	*out = lk_int(0);
	if (lk_type_has_bytes(t))
		return get_text(p, end, out);
	switch (t.kind) {
	case LK_FLOAT4:
	case LK_FLOAT8: return get_bytes(p, end, &out->d, sizeof out->d);
	case LK_UUID: return get_bytes(p, end, out->uuid, sizeof out->uuid);
	case LK_NUMERIC: return get_numeric(p, end, out);
	case LK_INTERVAL: return get_int(p, end, &out->span.days) == 0 ? get_int(p, end, &out->span.us) : -1;
	default: return get_int(p, end, &out->i);
	}
}

static int log_of(uint32_t size) {
	int log = 0;
	while (UINT32_C(1) << log < size)
		log++;
	return log;
}

/* The number of values; if there was ever one, the logarithm of the size; the values of a small ring. */
void lk_ring_put(const lk_ring *r, lk_type t, lk_buf *out) {
	lk_varint_put(out, (lk_uint128)(r->next - r->first));
	lk_buf_addc(out, (char)log_of(r->size));
	for (int64_t p = r->first; r->size <= LK_RING_CHUNK && p < r->next; p++)
		lk_series_put(out, t, lk_ring_at(r, p));
}

int lk_ring_get(lk_ring *r, lk_type t, int64_t next, const uint8_t **p, const uint8_t *end) {
	lk_uint128 n;
	uint8_t log;
	*r = (lk_ring){.first = next, .next = next};
	if (lk_varint_get(p, end, &n) != 0 || get_bytes(p, end, &log, 1) != 0 || log > MOST_LOG_SIZE || n > UINT32_C(1) << log || n > (lk_uint128)next)
		return -1;
	r->first = next - (int64_t)n;
	if (log == 0)
		return n == 0 ? 0 : -1;
	allocate(r, UINT32_C(1) << log);
	lk_ring_settle(r);
	for (int64_t at = r->first; r->size <= LK_RING_CHUNK && at < next; at++) {
		lk_value v;
		if (lk_series_get(t, p, end, &v) != 0)
			return -1;
		*(lk_value *)lk_ring_at(r, at) = own(r, t, &v);
	}
	return 0;
}

/* All slots; a chunk that has not changed for long has values of positions that are forgotten. */
void lk_ring_put_chunk(const lk_ring *r, lk_type t, uint32_t chunk, lk_buf *out) {
	for (uint32_t i = 0; i < LK_RING_CHUNK; i++) {
		uint32_t slot = chunk * LK_RING_CHUNK + i;
		bool kept = ((slot - (uint64_t)r->first) & (r->size - 1)) < (uint64_t)(r->next - r->first);
		lk_value none = lk_null();
		lk_series_put(out, t, kept ? &r->v[slot] : &none);
	}
}

int lk_ring_get_chunk(lk_ring *r, lk_type t, uint32_t chunk, const uint8_t *p, const uint8_t *end) {
	for (uint32_t i = 0; i < LK_RING_CHUNK; i++) {
		uint32_t slot = chunk * LK_RING_CHUNK + i;
		lk_value v;
		if (lk_series_get(t, &p, end, &v) != 0)
			return -1;
		if (((slot - (uint64_t)r->first) & (r->size - 1)) < (uint64_t)(r->next - r->first))
			r->v[slot] = own(r, t, &v);
	}
	return p == end ? 0 : -1;
}
