/* approx_count_distinct(x): HyperLogLog with 2^14 registers, standard error 1.04 / sqrt(2^14) = 0.81 %.
 *
 * Flajolet, Fusy, Gandouet, Meunier, "HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm"
 * (AofA 2007). The estimate is Ertl's ("New cardinality estimation algorithms for HyperLogLog sketches",
 * arXiv:1702.01284, section 2.3), which needs neither tables nor a second method for few values. The hash is lk's own
 * over the key encoding, so that the batch and the speed layer fill the same registers (R21).
 *
 *     hash of 64 bits:   14 bits: the register   50 bits: the rank is the number of leading zeros, plus one;
 *                                                         a register keeps the highest
 *
 * A sketch of few values is encoded as an ascending list of (register, rank) pairs, two bytes each. If the list would
 * be longer than all registers at 6 bits each, the registers are encoded instead. In memory it is a list of up to 4,096
 * pairs, then one byte per register. The encoded bytes do not depend on the form in memory. */
#include <math.h>
#include <string.h>

#include "aggregates/private.h"
#include "core/key.h"
#include "core/varint.h"

enum { INDEX_BITS = 14, REGISTERS = 1 << INDEX_BITS, RANK_BITS = 64 - INDEX_BITS, MAX_RANK = RANK_BITS + 1, MAX_PAIRS = 4096 };
enum { DENSE_BYTES = REGISTERS * 6 / 8, SPARSE = 0, DENSE = 1 };

typedef struct hll_state {
	uint32_t *pairs;   /* register << 8 | rank, ascending; or */
	uint8_t *ranks;    /* of every register */
	uint32_t n, room;  /* of pairs */
} hll_state;

static int resolve(lk_type arg, lk_type *result, const char **reason) {
	*result = (lk_type){.kind = LK_INT8};
	return lk_agg_counts_values(arg, reason);
}

static void init(void *state) { *(hll_state *)state = (hll_state){0}; }

/* --- registers --- */

static void make_dense(hll_state *s, lk_arena *arena) {
	s->ranks = lk_arena_zalloc(arena, REGISTERS);
	for (uint32_t i = 0; i < s->n; i++)
		s->ranks[s->pairs[i] >> 8] = (uint8_t)s->pairs[i];
	s->pairs = NULL;
	s->n = s->room = 0;
}

/* The index of the first pair at or after a register. */
static uint32_t find(const hll_state *s, uint32_t index) {
	uint32_t low = 0, high = s->n;
	while (low < high) {
		uint32_t middle = (low + high) / 2;
		if (s->pairs[middle] >> 8 < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void widen(hll_state *s, lk_arena *arena) {
	uint32_t room = s->room ? 2 * s->room : 4, *pairs = lk_arena_alloc(arena, room * sizeof *pairs);
	if (s->n)
		memcpy(pairs, s->pairs, s->n * sizeof *pairs);
	s->pairs = pairs;
	s->room = room;
}

static void raise_to(hll_state *s, uint32_t index, uint8_t rank, lk_arena *arena) {
	uint32_t at = s->ranks ? 0 : find(s, index);
	bool there = !s->ranks && at < s->n && s->pairs[at] >> 8 == index;
	if (!s->ranks && !there && s->n == MAX_PAIRS)
		make_dense(s, arena);
	if (s->ranks) {
		if (s->ranks[index] < rank)
			s->ranks[index] = rank;
	} else if (there) {
		if ((uint8_t)s->pairs[at] < rank)
			s->pairs[at] = index << 8 | rank;
	} else {
		if (s->n == s->room)
			widen(s, arena);
		memmove(s->pairs + at + 1, s->pairs + at, (s->n - at) * sizeof *s->pairs);
		s->pairs[at] = index << 8 | rank;
		s->n++;
	}
}

static void fold(void *state, const lk_agg *a, const lk_value *v, const lk_place *at, lk_arena *arena) {
	(void)at;
	uint64_t hash = lk_key_hash(a->arg_type, v);
	uint64_t rest = hash << INDEX_BITS | UINT64_C(1) << (INDEX_BITS - 1);
	raise_to(state, (uint32_t)(hash >> RANK_BITS), (uint8_t)(__builtin_clzll(rest) + 1), arena);
}

static void merge(void *into, const lk_agg *a, const void *from, lk_arena *arena) {
	(void)a;
	hll_state *s = into;
	const hll_state *f = from;
	if (f->ranks && !s->ranks)
		make_dense(s, arena);
	for (uint32_t i = 0; f->ranks && i < REGISTERS; i++)
		if (s->ranks[i] < f->ranks[i])
			s->ranks[i] = f->ranks[i];
	for (uint32_t i = 0; i < f->n; i++)
		raise_to(s, f->pairs[i] >> 8, (uint8_t)f->pairs[i], arena);
}

/* --- bytes --- */

/* The index and rank of the next nonzero register from position *at on (0 to start). False at the end. */
static bool next_register(const hll_state *s, uint32_t *at, uint32_t *index, uint8_t *rank) {
	uint32_t end = s->ranks ? REGISTERS : s->n;
	while (s->ranks && *at < end && !s->ranks[*at])
		++*at;
	if (*at >= end)
		return false;
	*index = s->ranks ? *at : s->pairs[*at] >> 8;
	*rank = s->ranks ? s->ranks[*at] : (uint8_t)s->pairs[*at];
	++*at;
	return true;
}

/* The number of pairs; then for each the distance from the previous register and the rank, in one number. */
static void put_sparse(const hll_state *s, lk_buf *out) {
	lk_buf pairs = LK_BUF_INIT;
	uint32_t at = 0, index, last = 0, n = 0;
	uint8_t rank;
	for (; next_register(s, &at, &index, &rank); last = index, n++)
		lk_varint_put(&pairs, (lk_uint128)(index - last) << 6 | rank);
	lk_varint_put(out, n);
	if (n)
		lk_buf_add(out, pairs.data, pairs.len);
	lk_buf_release(&pairs);
}

/* Never called for a list in memory: 4,096 pairs take fewer bytes than all registers. */
static void put_dense(const hll_state *s, lk_buf *out) {
	uint32_t bits = 0, nbits = 0;
	for (uint32_t i = 0; i < REGISTERS; i++) {
		bits |= (uint32_t)s->ranks[i] << nbits;
		for (nbits += 6; nbits >= 8; nbits -= 8, bits >>= 8)
			lk_buf_addc(out, (char)bits);
	}
}

static void encode(const void *state, const lk_agg *a, lk_buf *out) {
	(void)a;
	size_t start = out->len;
	lk_buf_addc(out, SPARSE);
	put_sparse(state, out);
	if (out->len - start <= DENSE_BYTES)
		return;
	out->len = start;
	lk_buf_addc(out, DENSE);
	put_dense(state, out);
}

static int get_sparse(hll_state *s, const uint8_t **p, const uint8_t *end, lk_arena *arena) {
	lk_uint128 n, u, index = 0;
	if (lk_varint_get(p, end, &n) != 0 || n > REGISTERS)
		return -1;
	for (lk_uint128 i = 0; i < n; i++) {
		if (lk_varint_get(p, end, &u) != 0)
			return -1;
		index += u >> 6;
		if (u >> 6 >= REGISTERS || index >= REGISTERS || (i && !(u >> 6)) || !(u & 63) || (u & 63) > MAX_RANK)
			return -1;
		raise_to(s, (uint32_t)index, (uint8_t)(u & 63), arena);
	}
	return 0;
}

static int get_dense(hll_state *s, const uint8_t **p, const uint8_t *end, lk_arena *arena) {
	uint32_t bits = 0, nbits = 0;
	if (end - *p < DENSE_BYTES)
		return -1;
	make_dense(s, arena);
	for (uint32_t i = 0; i < REGISTERS; i++) {
		for (; nbits < 6; nbits += 8)
			bits |= (uint32_t)*(*p)++ << nbits;
		s->ranks[i] = bits & 63;
		if (s->ranks[i] > MAX_RANK)
			return -1;
		bits >>= 6;
		nbits -= 6;
	}
	return 0;
}

static int decode(void *state, const lk_agg *a, const uint8_t **p, const uint8_t *end, lk_arena *arena) {
	(void)a;
	init(state);
	if (*p == end || **p > DENSE)
		return -1;
	return *(*p)++ == DENSE ? get_dense(state, p, end, arena) : get_sparse(state, p, end, arena);
}

/* --- the estimate --- */

static double sigma(double x) {
	if (x == 1)
		return INFINITY;
	double y = 1, z = x, before;
	do {
		x *= x;
		before = z;
		z += x * y;
		y += y;
	} while (z != before);
	return z;
}

static double tau(double x) {
	if (x == 0 || x == 1)
		return 0;
	double y = 1, z = 1 - x, before;
	do {
		x = sqrt(x);
		before = z;
		y *= 0.5;
		z -= (1 - x) * (1 - x) * y;
	} while (z != before);
	return z / 3;
}

static void finish(const void *state, const lk_agg *a, lk_value *out) {
	(void)a;
	const double half_over_log_2 = 0.72134752044448170, m = REGISTERS;
	uint32_t with_rank[MAX_RANK + 1] = {[0] = REGISTERS}, at = 0, index;
	uint8_t rank;
	for (; next_register(state, &at, &index, &rank); with_rank[0]--)
		with_rank[rank]++;
	double z = m * tau((m - with_rank[MAX_RANK]) / m);
	for (int k = RANK_BITS; k >= 1; k--)
		z = 0.5 * (z + with_rank[k]);
	z += m * sigma(with_rank[0] / m);
	*out = lk_int((int64_t)floor(half_over_log_2 * m * m / z + 0.5));
}

static size_t weight(const void *state) {
	const hll_state *s = state;
	return s->ranks ? DENSE_BYTES : 2 * (size_t)s->n;
}

const lk_aggregate lk_agg_approx_count_distinct = {
	LK_PARTIAL_OF_BYTES, .name = "approx_count_distinct", .oracle = LK_ORACLE_ARRAY, .error = 0.0407, .bound = "standard error 0.81 %",
	.state_size = LK_STATE_SIZE(hll_state), .resolve = resolve, .init = init, .fold = fold, .merge = merge, .encode = encode,
	.decode = decode, .finish = finish, .weight = weight, .idempotent = true,
};
