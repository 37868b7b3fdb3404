/* Worlds: a catalogue, and which worker drives which partition.
 *
 * A partition stays with its worker, so a change of the catalogue moves nothing that has not changed. A new partition
 * goes to the worker with the fewest; after partitions are removed, as few move as make the shares even. */
#include "speed_layer/pool.h"

#include <stdlib.h>
#include <string.h>

lk_world *lk_world_hold(lk_pool *p) {
	pthread_mutex_lock(&p->lock);
	lk_world *w = p->world;
	w->refs++;
	pthread_mutex_unlock(&p->lock);
	return w;
}

void lk_world_leave(lk_pool *p, lk_world *w) {
	pthread_mutex_lock(&p->lock);
	bool last = --w->refs == 0;
	pthread_mutex_unlock(&p->lock);
	if (!last)
		return;
	lk_catalog_release(w->catalog);
	free(w->parts);
	free(w);
}

bool lk_pool_wants(const lk_pool *p, const lk_cat_copy *copy) {
	if (p->o->copy)
		return copy->id == p->o->copy;
	return copy->state == LK_COPY_LIVE && (!p->o->view || strcmp(p->o->view, copy->version->view->name) == 0);
}

int lk_world_parts_of(const lk_world *w, int worker) {
	int n = 0;
	for (int i = 0; i < w->nparts; i++)
		n += w->parts[i].owner == worker;
	return n;
}

static int owner_in(const lk_world *w, int64_t stream, int part) {
	for (int i = 0; w && i < w->nparts; i++)
		if (w->parts[i].stream->id == stream && w->parts[i].part == part)
			return w->parts[i].owner;
	return -1;
}

/* The workers with the fewest and the most partitions. */
static void extremes(const int *has, int workers, int *fewest, int *most) {
	*fewest = *most = 0;
	for (int i = 1; i < workers; i++) {
		if (has[i] < has[*fewest])
			*fewest = i;
		if (has[i] > has[*most])
			*most = i;
	}
}

static lk_world_part *first_of(lk_world *w, int worker) {
	lk_world_part *p = w->parts;
	while (p->owner != worker)
		p++;
	return p;
}

static void deal(lk_world *w, const lk_world *former, int workers) {
	int *has = lk_calloc((size_t)workers, sizeof *has), fewest, most;
	for (int i = 0; i < w->nparts; i++) {
		lk_world_part *p = &w->parts[i];
		p->owner = owner_in(former, p->stream->id, p->part);
		if (p->owner >= 0)
			has[p->owner]++;
	}
	for (int i = 0; i < w->nparts; i++) {
		if (w->parts[i].owner >= 0)
			continue;
		extremes(has, workers, &fewest, &most);
		w->parts[i].owner = fewest;
		has[fewest]++;
	}
	for (extremes(has, workers, &fewest, &most); has[most] - has[fewest] > 1; extremes(has, workers, &fewest, &most)) {
		first_of(w, most)->owner = fewest;
		has[most]--;
		has[fewest]++;
	}
	free(has);
}

static bool is_read(const lk_pool *p, const lk_catalog *cat, const lk_cat_stream *s, bool as_a_whole) {
	for (int i = 0; i < cat->ncopies; i++)
		if (cat->copies[i].version->reads == s && lk_copy_reads_all(&cat->copies[i]) == as_a_whole && lk_pool_wants(p, &cat->copies[i]))
			return true;
	return false;
}

bool lk_pool_wants_stream(const lk_pool *p, const lk_catalog *cat, const lk_cat_stream *s) {
	return is_read(p, cat, s, false) || is_read(p, cat, s, true);
}

static void add_part(lk_world *w, const lk_cat_stream *s, int part) {
	w->parts[w->nparts].stream = s;
	w->parts[w->nparts].end = INT64_MAX;
	w->parts[w->nparts++].part = part;
}

lk_world *lk_world_make(const lk_pool *p, lk_catalog *cat, const lk_world *former) {
	lk_world *w = lk_calloc(1, sizeof *w);
	w->catalog = cat;
	w->refs = 1;
	w->parts = lk_calloc((size_t)cat->nstreams * (LK_MAX_PARTITIONS + 1) + 1, sizeof *w->parts);
	for (int i = 0; i < cat->nstreams; i++) {
		const lk_cat_stream *s = &cat->streams[i];
		bool by_parts = is_read(p, cat, s, false);
		for (int part = 0; by_parts && part < s->stream->partitions; part++)
			add_part(w, s, part);
		if (is_read(p, cat, s, true))
			add_part(w, s, LK_ALL_PARTS);
	}
	deal(w, former, p->o->workers);
	return w;
}
