/* Keys as fields of a store.
 *
 *     name of a key's first field      group, encoded values of PARTITION BY
 *     name of a ring's chunk           the same, then series and chunk
 *     first field                      format, rows, rings (a small one with its values), then what calls keep: an
 *                                      aggregate's partial, or whether there is a value and the value
 *     chunk                            64 values */
#include <stdlib.h>
#include <string.h>

#include "core/varint.h"
#include "frames/map.h"

enum { FORMAT = 1 };

/* --- a key's first field --- */

static void put_kept(const lk_frame_key *k, int call, lk_buf *out) {
	const lk_call *c = &k->group->calls[call];
	const lk_frame_state *f = &k->frames[call];
	if (c->over->kind == LK_OVER_AGG) {
		c->over->agg.verbs->encode(lk_call_state(k, c), &c->over->agg, out);
		return;
	}
	lk_buf_addc(out, f->has_pinned);
	if (f->has_pinned)
		lk_series_put(out, c->over->type, &f->pinned);
}

void lk_frame_key_put(const lk_frame_key *k, lk_buf *out) {
	const lk_group *g = k->group;
	lk_buf_addc(out, FORMAT);
	lk_varint_put(out, (lk_uint128)k->rows);
	for (int s = 0; s < g->nseries; s++)
		if (g->series[s].has_ring)
			lk_ring_put(&k->rings[s], g->series[s].type, out);
	for (int c = 0; c < g->ncalls; c++)
		if (g->calls[c].kept)
			put_kept(k, c, out);
}

static int get_pinned(lk_frame_key *k, int call, const uint8_t **p, const uint8_t *end) {
	lk_type t = k->group->calls[call].over->type;
	lk_frame_state *f = &k->frames[call];
	if (*p == end || **p > 1)
		return -1;
	bool has_pinned = *(*p)++;
	lk_value v;
	if (!has_pinned)
		return 0;
	if (lk_series_get(t, p, end, &v) != 0)
		return -1;
	if (lk_value_borrows(t, &v)) {
		v.s = lk_strndup(v.s, v.len);
		k->pinned_bytes += v.len + 1;
	}
	f->has_pinned = true;
	f->pinned = v;
	return 0;
}

static int get_kept(lk_frame_key *k, int call, const uint8_t **p, const uint8_t *end) {
	const lk_call *c = &k->group->calls[call];
	const lk_over *o = c->over;
	k->frames[call].hi = k->rows > o->frame.to ? k->rows - o->frame.to : 0;
	if (o->kind != LK_OVER_AGG)
		return get_pinned(k, call, p, end);
	return o->agg.verbs->decode(lk_call_state(k, c), &o->agg, p, end, &k->kept);
}

int lk_frame_key_get(lk_frame_key *k, const uint8_t *p, const uint8_t *end) {
	const lk_group *g = k->group;
	lk_uint128 rows;
	if (p == end || *p++ != FORMAT || lk_varint_get(&p, end, &rows) != 0 || rows > INT64_MAX / 2)
		return -1;
	k->rows = (int64_t)rows;
	for (int s = 0; s < g->nseries; s++)
		if (g->series[s].has_ring && lk_ring_get(&k->rings[s], g->series[s].type, k->rows, &p, end) != 0)
			return -1;
	for (int c = 0; c < g->ncalls; c++)
		if (g->calls[c].kept && get_kept(k, c, &p, end) != 0)
			return -1;
	return p == end ? 0 : -1;
}

void lk_frame_key_chunk_name(const lk_frame_key *k, int series, uint32_t chunk, lk_buf *out) {
	lk_buf_add(out, k->name, k->name_len);
	lk_buf_addc(out, (char)series);
	lk_varint_put(out, chunk);
}

/* --- what has changed --- */

typedef struct taker {
	lk_frames *f;
	void (*take)(void *ctx, const lk_frames_field *field);
	void *ctx;
} taker;

static void take_chunk(taker *t, const lk_frame_key *k, int series, uint32_t chunk, bool gone) {
	lk_frames *f = t->f;
	lk_buf_clear(&f->names);
	lk_buf_clear(&f->bytes_out);
	lk_frame_key_chunk_name(k, series, chunk, &f->names);
	if (!gone)
		lk_ring_put_chunk(&k->rings[series], k->group->series[series].type, chunk, &f->bytes_out);
	lk_frames_field field = {.name = (uint8_t *)f->names.data, .name_len = f->names.len};
	field.bytes = gone ? NULL : (uint8_t *)f->bytes_out.data;
	field.len = gone ? 0 : f->bytes_out.len;
	t->take(t->ctx, &field);
}

static void take_ring(taker *t, lk_frame_key *k, int series) {
	lk_ring *r = &k->rings[series];
	uint32_t chunks = lk_ring_chunks(r);
	for (uint32_t i = 0; i < chunks; i++)
		if (lk_ring_chunk_changed(r, i))
			take_chunk(t, k, series, i, false);
	for (uint32_t i = chunks; i < r->stored_chunks; i++)
		take_chunk(t, k, series, i, true);
	lk_ring_settle(r);
}

static void take_key(taker *t, lk_frame_key *k) {
	lk_frames *f = t->f;
	lk_buf_clear(&f->bytes_out);
	lk_frame_key_put(k, &f->bytes_out);
	t->take(t->ctx, &(lk_frames_field){.name = k->name, .name_len = k->name_len, .bytes = (uint8_t *)f->bytes_out.data, .len = f->bytes_out.len});
	for (int s = 0; s < k->group->nseries; s++)
		take_ring(t, k, s);
	k->changed = false;
}

void lk_frames_changes(lk_frames *f, void (*take)(void *ctx, const lk_frames_field *field), void *ctx) {
	taker t = {.f = f, .take = take, .ctx = ctx};
	for (lk_frame_key *k = f->first_changed; k; k = k->next_listed)
		take_key(&t, k);
	f->first_changed = NULL;
}


/* --- what is asked for --- */

static void ask(lk_frames *f, lk_frame_key *k, int series, uint32_t chunk) {
	if (f->nasks == f->room_for_asks) {
		f->room_for_asks = f->room_for_asks ? 2 * f->room_for_asks : 64;
		f->asks = lk_realloc(f->asks, (size_t)f->room_for_asks * sizeof *f->asks);
		f->fields = lk_realloc(f->fields, (size_t)f->room_for_asks * sizeof *f->fields);
	}
	lk_ask *a = &f->asks[f->nasks++];
	*a = (lk_ask){.key = k, .series = series, .chunk = chunk, .name_at = f->names.len};
	if (series < 0)
		lk_buf_add(&f->names, k->name, k->name_len);
	else
		lk_frame_key_chunk_name(k, series, chunk, &f->names);
	a->name_len = f->names.len - a->name_at;
}

static void ask_rings(lk_frames *f, lk_frame_key *k) {
	for (int s = 0; s < k->group->nseries; s++)
		for (uint32_t i = 0; i < lk_ring_chunks(&k->rings[s]); i++)
			ask(f, k, s, i);
}

/* Asks for the next fields of a key: its first one, then, as that says, its chunks. False if there are none. */
static bool ask_next(lk_frames *f, lk_frame_key *k) {
	int before = f->nasks;
	if (!k->asked_first)
		ask(f, k, -1, 0);
	else if (!k->asked_rings)
		ask_rings(f, k);
	k->asked_rings = k->asked_first;
	k->asked_first = true;
	return f->nasks > before;
}

static void complete(lk_frames *f, lk_frame_key *k) {
	k->asked = false;
	lk_frame_key_refresh(k);
	lk_frame_weigh(f, k);
}

/* Keys stay listed until all of their fields were asked for. */
int lk_frames_asks(lk_frames *f, const lk_frames_field **fields) {
	lk_frame_key *next, *still = NULL;
	f->nasks = 0;
	lk_buf_clear(&f->names);
	for (lk_frame_key *k = f->asked; k; k = next) {
		next = k->next_listed;
		if (ask_next(f, k)) {
			k->next_listed = still;
			still = k;
		} else {
			complete(f, k);
		}
	}
	f->asked = still;
	for (int i = 0; i < f->nasks; i++)
		f->fields[i] = (lk_frames_field){.name = (uint8_t *)f->names.data + f->asks[i].name_at, .name_len = f->asks[i].name_len};
	*fields = f->fields;
	return f->nasks;
}

/* A key without a first field is new; a ring without one of its chunks is not as it was stored. */
int lk_frames_answer(lk_frames *f, int i, const void *bytes, size_t len) {
	lk_ask *a = &f->asks[i];
	const uint8_t *p = bytes;
	if (!bytes)
		return a->series < 0 ? 0 : -1;
	if (a->series < 0)
		return lk_frame_key_get(a->key, p, p + len);
	return lk_ring_get_chunk(&a->key->rings[a->series], a->key->group->series[a->series].type, a->chunk, p, p + len);
}
