/* What to read of a unit is written in its meta, so a reader that knows nothing asks twice. But segments come and go
 * seldom, and a connection remembers those that it saw last. A look asks for meta and for what those segments would
 * have, in one transaction, and takes the answer only if the meta that came with it asks for the same. If not, the look
 * is repeated with that meta: what is remembered may be as old as it likes.
 *
 *     MULTI  HGETALL meta  HMGET open  HLEN closed  HMGET closed …  EXEC      for each unit, all sent at once
 *
 * HLEN shows that a closed segment has all of its cells; where it has not, reading step by step finds out why. A server
 * above its maxmemory refuses transactions; then units are read step by step as well (read_unit.c). */
#include "view_store/look.h"

#include <stdlib.h>
#include <string.h>

#include "view_store/cell_filter.h"
#include "view_store/segments.h"

/* Closed segments are read together with meta up to this size, which an open one may have too. */
enum { ROUNDS = 3, FIELDS_MOST = 1000, BYTES_MOST = 8 << 20 };

void lk_unit_read_release(lk_unit_read *u) {
	for (int i = 0; u->cells && i < u->state.nsegments; i++)
		lk_cells_release(&u->cells[i]);
	free(u->cells);
	free(u->whole);
	if (u->there)
		lk_unit_state_release(&u->state);
	*u = (lk_unit_read){0};
}

/* --- what to ask for --- */

typedef struct part {
	lk_segment segment;
	lk_panes panes;
	bool by_field;
} part;

typedef struct wanted {
	part *parts;
	int n;
	bool fits;                /* in one call */
} wanted;

static bool is_in_reach(const lk_unit_state *u, const lk_segment *g, int64_t hint) {
	return g->open || (g->from >= hint && g->from < g->to && u->at.cursor > hint);
}

static bool fits_whole(const lk_segment *g) { return g->bytes <= LK_CALL_BYTES && g->cells <= LK_CALL_CELLS; }

static wanted want(const lk_unit_state *u, int64_t hint, const lk_cell_filter *f) {
	wanted w = {.parts = lk_calloc((size_t)u->nsegments + 1, sizeof *w.parts), .fits = true};
	int64_t fields = 0, bytes = 0;
	for (int i = 0; i < u->nsegments; i++) {
		const lk_segment *g = &u->segments[i];
		part p = {.segment = *g};
		if (!is_in_reach(u, g, hint) || g->cells == 0 || (p.panes = lk_panes_wanted(f, g)).n == 0)
			continue;
		p.by_field = lk_by_field(f, p.panes, g->cells);
		w.parts[w.n++] = p;
		if (g->open)
			continue;
		fields += p.by_field ? p.panes.n * f->nkeys : 0;
		bytes += g->bytes;
		w.fits &= g->bytes >= 0 && (p.by_field || fits_whole(g)) && fields <= FIELDS_MOST && bytes <= BYTES_MOST;
	}
	return w;
}

static bool same_part(const part *a, const part *b) {
	const lk_segment *g = &a->segment, *h = &b->segment;
	return g->from == h->from && g->token == h->token && g->open == h->open && a->by_field == b->by_field &&
	       (!a->by_field || (a->panes.first == b->panes.first && a->panes.n == b->panes.n));
}

static bool same(const wanted *a, const wanted *b) {
	bool is = a->n == b->n;
	for (int i = 0; is && i < a->n; i++)
		is = same_part(&a->parts[i], &b->parts[i]);
	return is;
}

/* --- what was seen last --- */

static lk_unit_state *known(lk_store *s, int64_t unit) {
	struct lk_known *k = &s->known[(uint64_t)unit % LK_KNOWN_UNITS];
	if (k->unit != unit) {
		lk_unit_state_release(&k->state);
		*k = (struct lk_known){.unit = unit};
	}
	return &k->state;
}

static void remember(lk_store *s, int64_t unit, const lk_unit_state *now) {
	lk_unit_state *k = known(s, unit);
	lk_unit_state_release(k);
	*k = *now;
	k->segments = lk_calloc((size_t)now->nsegments + 1, sizeof *k->segments);
	if (now->nsegments)
		memcpy(k->segments, now->segments, (size_t)now->nsegments * sizeof *k->segments);
}

/* --- the call --- */

static void put(lk_redis *r, const char *command, const char *key, int64_t fields) {
	lk_redis_more(r, (key ? 2 : 1) + (int)fields);
	lk_redis_args(r, command);
	if (key)
		lk_redis_args(r, key);
}

static void put_field(void *redis, const lk_buf *field) { lk_redis_arg(redis, field->data, field->len); }

static bool is_counted(const part *p) { return p->by_field && !p->segment.open; }

/* How many replies EXEC gives. */
static int put_look(lk_store *s, const lk_look *l, const wanted *w, const lk_cell_filter *f) {
	lk_redis *r = &s->redis;
	int n = 1;
	put(r, "MULTI", NULL, 0);
	put(r, "HGETALL", lk_unit_key(s, l->unit), 0);
	for (int i = 0; i < w->n; i++) {
		const part *p = &w->parts[i];
		const char *key = lk_segment_key(s, l->unit, p->segment.from, p->segment.token);
		if (is_counted(p))
			put(r, "HLEN", key, 0);
		put(r, p->by_field ? "HMGET" : "HGETALL", key, p->by_field ? p->panes.n * f->nkeys : 0);
		if (p->by_field)
			lk_each_field(&s->work, f, p->panes, put_field, r);
		n += 1 + is_counted(p);
	}
	put(r, "EXEC", NULL, 0);
	return n;
}

/* --- the answer --- */

typedef struct values {       /* of the fields that were asked for, in their order */
	lk_cell_source of;
	const redisReply *reply;
	size_t at;
	int rc;
	lk_error *err;
} values;

static void take_value(void *ctx, const lk_buf *field) {
	values *v = ctx;
	const redisReply *value = v->reply->element[v->at++];
	if (v->rc == LK_OK && value->type != REDIS_REPLY_NIL)
		v->rc = lk_merge_cell(&v->of, field->data, field->len, value, v->err);
}

static bool has_form(const part *p, const redisReply *r, const lk_cell_filter *f) {
	if (r->type != REDIS_REPLY_ARRAY)
		return false;
	if (p->by_field)
		return r->elements == (size_t)(p->panes.n * f->nkeys);
	return r->elements % 2 == 0 && (p->segment.open || r->elements == (size_t)p->segment.cells * 2);
}

/* Where the next reply is, and what a cell is merged with. */
typedef struct taking {
	lk_store *s;
	const lk_looks *l;
	redisReply *const *next;
	lk_error *err;
} taking;

/* 1: the segment has not all of its cells. */
static int take_part(taking *t, const char *key, const part *p, lk_cells *into) {
	const lk_cell_filter *f = t->l->filter;
	const redisReply *count = is_counted(p) ? *t->next++ : NULL, *cells = *t->next++;
	if ((count && count->integer != p->segment.cells) || !has_form(p, cells, f))
		return 1;
	const lk_cell_source of = {t->s, key, into};
	if (!p->by_field)
		return lk_merge_pairs(&of, f, cells, t->err);
	values v = {.of = of, .reply = cells, .err = t->err};
	lk_each_field(&t->s->work, f, p->panes, take_value, &v);
	return v.rc;
}

static void begin_read(lk_unit_read *u, const lk_unit_state *now, const lk_looks *l, int64_t hint) {
	size_t n = (size_t)now->nsegments;
	*u = (lk_unit_read){.there = true, .state = *now, .cells = lk_calloc(n, sizeof *u->cells), .whole = lk_calloc(n, sizeof *u->whole)};
	for (size_t i = 0; i < n; i++) {
		lk_cells_init(&u->cells[i], l->plan);
		u->whole[i] = is_in_reach(now, &now->segments[i], hint);
	}
}

static lk_cells *cells_of(lk_unit_read *u, const part *p) {
	int i = 0;
	while (u->state.segments[i].from != p->segment.from || u->state.segments[i].token != p->segment.token)
		i++;
	return &u->cells[i];
}

static int take_parts(taking *t, lk_look *k, const wanted *w) {
	lk_budget *budget = t->l->filter->budget;
	int rc = LK_OK;
	for (int i = 0; rc == LK_OK && i < w->n; i++) {
		lk_cells *into = cells_of(k->read, &w->parts[i]);
		const lk_segment *g = &w->parts[i].segment;
		rc = take_part(t, lk_segment_key(t->s, k->unit, g->from, g->token), &w->parts[i], into);
		if (budget)
			budget->held_bytes += (int64_t)lk_cells_bytes(into);
	}
	return rc;
}

/* The unit's replies. If its meta asks for something else than was asked for, that is asked for next. */
static int take_look(taking *t, lk_look *k, wanted *w) {
	lk_unit_state now;
	int rc = lk_unit_parse(t->s, k->unit, *t->next++, &now, t->err);
	k->done = rc == 1;
	if (rc != LK_OK)
		return rc == 1 ? LK_OK : rc;
	remember(t->s, k->unit, &now);
	wanted better = want(&now, k->hint, t->l->filter);
	bool is_same = better.fits && same(w, &better);
	free(w->parts);
	*w = better;
	if (!is_same) {
		lk_unit_state_release(&now);
		return LK_OK;
	}
	lk_budget *budget = t->l->filter->budget;
	int64_t held = budget ? budget->held_bytes : 0;
	begin_read(k->read, &now, t->l, k->hint);
	rc = take_parts(t, k, w);
	k->done = rc == LK_OK;
	w->fits = rc != 1;
	if (rc == 1) {
		lk_unit_read_release(k->read);
		if (budget)
			budget->held_bytes = held;
	}
	return rc == 1 ? LK_OK : rc;
}

/* --- all of them --- */

static bool is_asked(const lk_look *k, const wanted *w) { return !k->done && w->fits; }

static int receive(taking *t, lk_look *k, wanted *w, int commands) {
	redisReply *exec = NULL;
	lk_error e = {0}, *err = t->err;
	int rc = lk_redis_exec(&t->s->redis, commands, &exec, &e);
	if (rc == LK_EFULL) {
		w->fits = false;
		return LK_OK;
	}
	t->err = &e;
	if (rc == 1 || (rc == LK_OK && exec->elements != (size_t)commands))
		rc = lk_redis_unexpected(&t->s->redis, "EXEC", &e);
	if (rc == LK_OK) {
		t->next = exec->element;
		rc = take_look(t, k, w);
	}
	freeReplyObject(exec);
	t->err = err;
	if (rc != LK_OK && err && err->code == LK_OK)
		*err = e;
	return rc;
}

/* All replies are read, even after a failure. */
static int ask(lk_store *s, const lk_looks *l, wanted *w, bool *more, lk_error *err) {
	int *commands = lk_calloc((size_t)l->n + 1, sizeof *commands);
	taking t = {.s = s, .l = l, .err = err};
	lk_buf_clear(&s->redis.out);
	for (int i = 0; i < l->n; i++)
		commands[i] = is_asked(&l->all[i], &w[i]) ? put_look(s, &l->all[i], &w[i], l->filter) : 0;
	int rc = lk_redis_send(&s->redis, err);
	*more = false;
	for (int i = 0; i < l->n && !s->redis.broken; i++) {
		if (!commands[i])
			continue;
		int got = receive(&t, &l->all[i], &w[i], commands[i]);
		rc = rc == LK_OK ? got : rc;
		*more |= is_asked(&l->all[i], &w[i]);
	}
	free(commands);
	return rc;
}

int lk_store_look(lk_store *s, const lk_looks *l, lk_error *err) {
	int rc = lk_store_idle(s, err);
	wanted *w = lk_calloc((size_t)l->n + 1, sizeof *w);
	for (int i = 0; i < l->n; i++) {
		*l->all[i].read = (lk_unit_read){0};
		w[i] = want(known(s, l->all[i].unit), l->all[i].hint, l->filter);
		w[i].n = w[i].fits ? w[i].n : 0;   /* it may fit now: meta alone shows that */
		w[i].fits = true;
	}
	bool more = l->n > 0;
	for (int round = 0; rc == LK_OK && more && round < ROUNDS; round++)
		rc = ask(s, l, w, &more, err);
	for (int i = 0; i < l->n; i++)
		free(w[i].parts);
	free(w);
	return rc;
}
