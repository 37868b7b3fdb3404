/* Moving windows: keys in memory, and what a row does to its key. */
#include "frames/frames.h"

#include <stdlib.h>
#include <string.h>

#include "core/key.h"
#include "frames/map.h"

/* States that are made of the rings leave texts and items behind: they are made anew when these are most of them. */
enum { MADE_MARGIN = 4096 };

/* --- keys of a row --- */

static const lk_value *note(const lk_value *v, const lk_eval *ev, const char **reason) {
	if (v->state == LK_MARKED && !*reason)
		*reason = ev->reason;
	return v;
}

/* A key's name: the group, then the encoded values of PARTITION BY. */
static void name_key(lk_frames *f, int group, const lk_value *row, lk_eval *ev, const char **reason) {
	const lk_partition_by *by = f->groups[group].by;
	lk_buf_clear(&f->name);
	lk_buf_addc(&f->name, (char)group);
	for (int i = 0; i < by->nkeys; i++) {
		lk_value v = lk_expr_eval(by->keys[i], row, ev);
		lk_key_put(&f->name, by->keys[i]->type, note(&v, ev, reason));
	}
}

void lk_frames_want(lk_frames *f, const lk_value *row, lk_eval *ev) {
	const char *reason = NULL;
	for (int g = 0; g < f->ngroups; g++) {
		name_key(f, g, row, ev, &reason);
		if (!lk_frame_map_find(f, g))
			lk_frame_list_asked(f, lk_frame_map_add(f, g));
	}
}

/* --- a row --- */

static lk_value series_value(const lk_series *s, const lk_value *row, lk_eval *ev, const char **reason) {
	lk_value v;
	if (s->filter) {
		v = lk_expr_eval(s->filter, row, ev);
		note(&v, ev, reason);
		if (lk_is_null(&v) || !v.i)
			return lk_null();
	}
	v = s->arg ? lk_expr_eval(s->arg, row, ev) : lk_int(1);
	note(&v, ev, reason);
	return lk_is_null(&v) ? lk_null() : v;
}

static lk_value lasting(lk_type t, lk_value v, lk_arena *arena) {
	if (lk_value_borrows(t, &v))
		v.s = lk_arena_strndup(arena, v.s, v.len);
	return v;
}

/* The current row becomes a former one: its values join the rings, and what no call reads any more leaves them. */
static void settle_row(lk_group *g, lk_frame_key *k) {
	for (int s = 0; s < g->nseries; s++)
		if (g->series[s].has_ring)
			lk_ring_push(&k->rings[s], g->series[s].type, &g->now[s]);
	for (int s = 0; s < g->nseries; s++) {
		int64_t first = k->rows + 1;
		for (int c = 0; c < g->ncalls; c++) {
			const lk_call *call = &g->calls[c];
			if (call->series != s && call->at != s && call->time != s)
				continue;
			int64_t needs = lk_call_needs(k, c);
			first = needs < first ? needs : first;
		}
		if (g->series[s].has_ring)
			lk_ring_keep_from(&k->rings[s], g->series[s].type, first);
	}
	k->rows++;
}

static void refresh_if_grown(lk_frame_key *k) {
	if (k->refilling)
		k->made_at_rest = k->made.used_bytes;
	k->refilling = false;
	if (k->made.used_bytes > 2 * k->made_at_rest + MADE_MARGIN)
		lk_frame_key_refresh(k);
}

static void step(lk_group *g, lk_frame_key *k, lk_value *row, lk_eval *ev, const char **reason) {
	for (int s = 0; s < g->nseries; s++)
		g->now[s] = series_value(&g->series[s], row, ev, reason);
	for (int c = 0; c < g->ncalls; c++) {
		const lk_over *o = g->calls[c].over;
		lk_value v = lk_call_value(k, c, row, ev);
		note(&v, ev, reason);
		row[o->slot] = lasting(o->type, v, ev->arena);
	}
	refresh_if_grown(k);
	settle_row(g, k);
}

const char *lk_frames_step(lk_frames *f, lk_value *row, lk_eval *ev) {
	const char *reason = NULL;
	for (int g = 0; g < f->ngroups; g++) {
		name_key(f, g, row, ev, &reason);
		lk_frame_key *k = lk_frame_map_find(f, g);
		if (!k)
			k = lk_frame_map_add(f, g);
		step(&f->groups[g], k, row, ev, &reason);
		lk_frame_use(f, k);
	}
	return reason;
}

/* --- the whole --- */

lk_frames *lk_frames_new(const lk_overs *o) {
	lk_frames *f = lk_calloc(1, sizeof *f);
	f->groups = lk_groups_new(o);
	f->ngroups = o->npartitions;
	return f;
}

void lk_frames_clear(lk_frames *f) {
	while (f->newest)
		lk_frame_map_remove(f, f->newest);
	f->first_changed = f->asked = NULL;
	f->nasks = 0;
}

void lk_frames_free(lk_frames *f) {
	if (!f)
		return;
	lk_frames_clear(f);
	lk_groups_free(f->groups, f->ngroups);
	free(f->slots);
	free(f->asks);
	free(f->fields);
	lk_buf_release(&f->name);
	lk_buf_release(&f->names);
	lk_buf_release(&f->bytes_out);
	free(f);
}

size_t lk_frames_bytes(const lk_frames *f) { return f->bytes; }

/* What has changed, or was asked for and not answered, stays. */
void lk_frames_trim(lk_frames *f, size_t most_bytes) {
	for (lk_frame_key *k = f->oldest, *newer; k && f->bytes > most_bytes; k = newer) {
		newer = k->newer;
		if (!k->changed && !k->asked)
			lk_frame_map_remove(f, k);
	}
}
