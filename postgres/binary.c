/* PostgreSQL's binary COPY.
 *
 *   header   "PGCOPY\n\377\r\n\0"  flags (int32)  extension length (int32)
 *   tuple    fields (int16), then for each field: length (int32, -1 = NULL) and its bytes
 *   trailer  -1 (int16)
 *
 * All numbers are big endian. A timestamptz is microseconds since 2000-01-01T00:00:00Z, a jsonb the byte 1 and its
 * text. A numeric is
 *
 *   digits (int16)  weight (int16)  sign (uint16)  display scale (int16)  then base-10000 digits (int16)
 *
 * and means the sum of digit[i] * 10000^(weight-i): 1234.5 is 2 digits, weight 0, {1234, 5000}. The integer part and
 * the fraction are cut into digits apart, each from its own side of the decimal point, so that no step leaves 128
 * bits. */
#include "postgres/binary.h"

#include <string.h>

#include "core/time.h"

enum { NUMERIC_NEGATIVE = 0x4000, NUMERIC_MAX_GROUPS = 24, JSONB_VERSION = 1 };

static const char signature[11] = "PGCOPY\n\377\r\n";

void lk_copy_header(lk_buf *out) {
	lk_buf_add(out, signature, sizeof signature);
	lk_buf_put32(out, 0);
	lk_buf_put32(out, 0);
}

void lk_copy_trailer(lk_buf *out) { lk_buf_put16(out, 0xffff); }
void lk_copy_row(lk_buf *out, int nfields) { lk_buf_put16(out, (uint16_t)nfields); }

static inline void write16(char *p, uint16_t v) {
	v = __builtin_bswap16(v);
	memcpy(p, &v, 2);
}

static inline void write32(char *p, uint32_t v) {
	v = __builtin_bswap32(v);
	memcpy(p, &v, 4);
}

static inline void write64(char *p, uint64_t v) {
	v = __builtin_bswap64(v);
	memcpy(p, &v, 8);
}

/* Begins a field of n bytes and gives the place of its bytes, which the caller fills. */
static inline char *field(lk_buf *out, uint32_t n) {
	lk_buf_grow(out, 4 + (size_t)n);
	char *p = out->data + out->len;
	write32(p, n);
	out->len += 4 + (size_t)n;
	out->data[out->len] = '\0';
	return p + 4;
}

void lk_copy_int8(lk_buf *out, int64_t v) { write64(field(out, 8), (uint64_t)v); }
void lk_copy_int4(lk_buf *out, int32_t v) { write32(field(out, 4), (uint32_t)v); }

static void put_numeric(lk_buf *out, lk_int128 n, int scale) {
	unsigned __int128 u = n < 0 ? -(unsigned __int128)n : (unsigned __int128)n;
	unsigned __int128 unit = (unsigned __int128)lk_pow10(scale);
	unsigned __int128 whole = u / unit, fraction = u % unit;
	uint16_t groups[NUMERIC_MAX_GROUPS];
	int fraction_groups = (scale + 3) / 4, first = NUMERIC_MAX_GROUPS - fraction_groups, g = NUMERIC_MAX_GROUPS;
	if (scale % 4) {
		uint32_t rest = (uint32_t)lk_pow10(scale % 4);
		groups[--g] = (uint16_t)((uint32_t)(fraction % rest) * (uint32_t)(10000 / rest));
		fraction /= rest;
	}
	while (g > first) {
		groups[--g] = (uint16_t)(fraction % 10000);
		fraction /= 10000;
	}
	for (; whole; whole /= 10000)
		groups[--g] = (uint16_t)(whole % 10000);
	int end = NUMERIC_MAX_GROUPS, weight = first - g - 1;
	while (g < end && !groups[g])
		g++, weight--;
	while (end > g && !groups[end - 1])
		end--;
	int ndigits = end - g;
	char *p = field(out, 8 + 2 * (uint32_t)ndigits);
	write16(p, (uint16_t)ndigits);
	write16(p + 2, (uint16_t)(ndigits ? weight : 0));
	write16(p + 4, n < 0 ? NUMERIC_NEGATIVE : 0);
	write16(p + 6, (uint16_t)scale);
	for (int i = 0; i < ndigits; i++)
		write16(p + 8 + 2 * i, groups[g + i]);
}

static void put_jsonb(lk_buf *out, const lk_value *v) {
	char *p = field(out, v->len + 1);
	*p = JSONB_VERSION;
	memcpy(p + 1, v->s, v->len);
}

void lk_copy_value(lk_buf *out, lk_type t, const lk_value *v) {
	if (lk_is_null(v)) {
		lk_copy_row(out, -1);
		lk_copy_row(out, -1);
		return;
	}
	union { float f; uint32_t u; } real;
	union { double d; uint64_t u; } dbl;
	switch (t.kind) {
	case LK_BOOL: *field(out, 1) = v->i != 0; break;
	case LK_INT2: write16(field(out, 2), (uint16_t)v->i); break;
	case LK_INT4: write32(field(out, 4), (uint32_t)v->i); break;
	case LK_INT8: write64(field(out, 8), (uint64_t)v->i); break;
	case LK_TIME:
	case LK_TIMESTAMP: write64(field(out, 8), (uint64_t)(v->i - LK_PG_EPOCH_US)); break;
	case LK_UUID: memcpy(field(out, 16), v->uuid, 16); break;
	case LK_DATE: write32(field(out, 4), (uint32_t)(v->i - LK_PG_EPOCH_US / LK_US_PER_DAY)); break;
	case LK_FLOAT4:
		real.f = (float)v->d;
		write32(field(out, 4), real.u);
		break;
	case LK_FLOAT8:
		dbl.d = v->d;
		write64(field(out, 8), dbl.u);
		break;
	case LK_NUMERIC: put_numeric(out, v->n, v->scale); break;
	case LK_JSONB: put_jsonb(out, v); break;
	case LK_TEXT:
	case LK_BYTES:
	case LK_JSON:
		memcpy(field(out, v->len), v->len ? v->s : "", v->len);
		break;
	}
}

/* The digits as one integer with as many decimals as the last digit reaches, then brought to the wanted scale. */
static int get_numeric(const char *p, uint32_t len, int scale, lk_value *out) {
	if (len < 8)
		return -1;
	int ndigits = (int16_t)lk_get16(p), weight = (int16_t)lk_get16(p + 2), sign = lk_get16(p + 4);
	if (ndigits < 0 || len != 8 + 2 * (uint32_t)ndigits || (sign && sign != NUMERIC_NEGATIVE))
		return -1;
	lk_int128 n = 0;
	for (int i = 0; i < ndigits; i++) {
		int group = lk_get16(p + 8 + 2 * i), drop = -(4 * (weight - i) + scale), keep = 10000;
		if (group > 9999)
			return -1;
		if (drop >= 4) {                   /* wholly below the scale: only its first figure may round */
			if (drop == 4 && group >= 5000)
				n++;
			break;
		}
		if (drop > 0) {                    /* the group that the scale divides */
			int unit = (int)lk_pow10(drop);
			keep = 10000 / unit;
			int next_up = group % unit * 2 >= unit;
			group = group / unit + next_up;
		}
		if (__builtin_mul_overflow(n, (lk_int128)keep, &n) || __builtin_add_overflow(n, (lk_int128)group, &n))
			return -1;
		if (drop > 0)
			break;
	}
	int missing = ndigits ? 4 * (weight - ndigits + 1) + scale : 0;   /* zeros that the wire leaves out */
	if (missing > 0 && n && (missing > 38 || __builtin_mul_overflow(n, lk_pow10(missing), &n)))
		return -1;
	*out = lk_numeric(sign ? -n : n, (uint8_t)scale);
	return 0;
}

/* Intervals here have no months. */
static int get_interval(const char *p, uint32_t len, lk_value *out) {
	if (len != 16 || lk_get32(p + 12))
		return -1;
	*out = lk_interval((int32_t)lk_get32(p + 8), (int64_t)lk_get64(p));
	return 0;
}

static inline int get_value(lk_type t, const char *p, uint32_t len, lk_value *out) {
	union { float f; uint32_t u; } real;
	union { double d; uint64_t u; } dbl;
	static const uint32_t sizes[] = {
		[LK_BOOL] = 1, [LK_INT2] = 2, [LK_INT4] = 4, [LK_INT8] = 8, [LK_FLOAT4] = 4, [LK_FLOAT8] = 8, [LK_TIME] = 8,
		[LK_TIMESTAMP] = 8, [LK_DATE] = 4, [LK_UUID] = 16,
	};
	out->state = LK_VALUE;
	if (lk_type_has_bytes(t)) {
		bool jsonb = t.kind == LK_JSONB;
		out->s = p + jsonb;
		out->len = len - jsonb;
		return jsonb && (!len || *p != JSONB_VERSION) ? -1 : 0;
	}
	if (t.kind == LK_INTERVAL)
		return get_interval(p, len, out);
	if (t.kind == LK_NUMERIC)
		return get_numeric(p, len, t.scale, out);
	if (len != sizes[t.kind])
		return -1;
	switch (t.kind) {
	case LK_BOOL: out->i = *p != 0; break;
	case LK_INT2: out->i = (int16_t)lk_get16(p); break;
	case LK_INT4: out->i = (int32_t)lk_get32(p); break;
	case LK_INT8: out->i = (int64_t)lk_get64(p); break;
	case LK_TIME:
	case LK_TIMESTAMP: out->i = (int64_t)lk_get64(p) + LK_PG_EPOCH_US; break;
	case LK_UUID: memcpy(out->uuid, p, 16); break;
	case LK_DATE: out->i = (int32_t)lk_get32(p) + LK_PG_EPOCH_US / LK_US_PER_DAY; break;
	case LK_FLOAT4:
		real.u = lk_get32(p);
		out->d = (double)real.f;
		break;
	case LK_FLOAT8:
		dbl.u = lk_get64(p);
		out->d = dbl.d;
		break;
	}
	return 0;
}

int lk_copy_decode(const char *tuple, int len, const lk_type *types, const int *slots, int n, lk_value *row) {
	const char *p = tuple, *end = tuple + len;
	if (len < 2)
		return LK_EINTERNAL;
	int16_t fields = (int16_t)lk_get16(p);
	p += 2;
	if (fields == -1)
		return 1;
	if (fields != n)
		return LK_EINTERNAL;
	for (int i = 0; i < n; i++) {
		lk_value *out = &row[slots ? slots[i] : i];
		if (end - p < 4)
			return LK_EINTERNAL;
		int32_t size = (int32_t)lk_get32(p);
		p += 4;
		if (size == -1) {
			*out = lk_null();
			continue;
		}
		if (size < 0 || size > end - p || get_value(types[i], p, (uint32_t)size, out))
			return LK_EINTERNAL;
		p += size;
	}
	return p == end ? 0 : LK_EINTERNAL;
}
