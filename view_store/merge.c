/* Two ways to merge, depending on the partials.
 *
 * Partials of fixed size (counts, sums, extremes) are merged into the staged hash, one input after another. The largest
 * input comes first and is copied unchanged:
 *
 *     page of an input ──► the same staged fields ──► merged ──► one chunk
 *        (HSCAN)                 (HMGET)                         (MULTI HSET EXEC)
 *
 * Partials that grow (sets, sketches) would be rewritten for each input that way. They are gathered instead: a page's
 * fields are read from all later inputs, piled up (partials/encoded.h), merged, and written once. A field that is staged
 * already came with an earlier input. */
#include "view_store/merge.h"

#include <stdlib.h>
#include <string.h>

#include "core/flag.h"
#include "partials/encoded.h"

typedef struct work {
	lk_merger *m;
	const redisReply *page;      /* of the current input */
	int input;
	int64_t largest;             /* bytes of a staged value */
	lk_partials partials;
	lk_buf values;               /* of a chunk, one after another */
	const redisReply **fields;   /* of a chunk, and the length of each value */
	size_t *lengths;
	int n, cap;
} work;

static const redisReply *field_of(const work *w, int i) { return w->page->element[2 * i]; }
static const redisReply *value_of(const work *w, int i) { return w->page->element[2 * i + 1]; }

static int malformed(const work *w, lk_error *err) {
	return lk_fail(err, LK_EINTERNAL, "Redis at %s: a cell of unit %lld is malformed", w->m->s->redis.where,
	               (long long)w->m->c->unit);
}

static lk_unread whole(const redisReply *value) {
	const uint8_t *p = (const uint8_t *)value->str;
	return (lk_unread){p, p + value->len};
}

/* --- a chunk --- */

static void begin_chunk(work *w) {
	w->n = 0;
	lk_buf_clear(&w->values);
}

/* Adds the field to the chunk; its value is what `values` holds behind the first `before` bytes. was: bytes of the
 * staged value that it replaces, 0 if there is none. */
static void add_to_chunk(work *w, const redisReply *field, size_t before, size_t was) {
	lk_segment *g = &w->m->staged;
	size_t length = w->values.len - before;
	if (w->n == w->cap) {
		w->cap = w->cap ? 2 * w->cap : 64;
		w->fields = lk_realloc(w->fields, (size_t)w->cap * sizeof *w->fields);
		w->lengths = lk_realloc(w->lengths, (size_t)w->cap * sizeof *w->lengths);
	}
	w->fields[w->n] = field;
	w->lengths[w->n++] = length;
	g->cells += was == 0;
	g->bytes += (int64_t)length - (int64_t)was + (was ? 0 : (int64_t)field->len);
	if ((int64_t)length > w->largest)
		w->largest = (int64_t)length;
}

static void add_as_it_is(work *w, const redisReply *field, const redisReply *value) {
	size_t before = w->values.len;
	lk_buf_add(&w->values, value->str, value->len);
	add_to_chunk(w, field, before, 0);
}

static void put_chunk(work *w) {
	lk_redis *r = &w->m->s->redis;
	const char *value = w->values.data;
	lk_redis_more(r, 4);
	lk_redis_args(r, "HINCRBY");
	lk_redis_args(r, w->m->key);
	lk_redis_args(r, "#");
	lk_redis_args(r, "1");
	lk_redis_more(r, 2 + 2 * w->n);
	lk_redis_args(r, "HSET");
	lk_redis_args(r, w->m->key);
	for (int i = 0; i < w->n; value += w->lengths[i++]) {
		lk_redis_arg(r, w->fields[i]->str, w->fields[i]->len);
		lk_redis_arg(r, value, w->lengths[i]);
	}
	lk_redis_more(r, 3);
	lk_redis_args(r, "EXPIRE");
	lk_redis_args(r, w->m->key);
	lk_redis_args(r, LK_STAGED_FOR_S);
}

/* One transaction, which adds one to the staged hash's chunk count. */
static int stage(work *w, lk_error *err) {
	lk_redis *r = &w->m->s->redis;
	redisReply *reply = NULL;
	if (w->n == 0)
		return LK_OK;
	lk_redis_begin(r, 1);
	lk_redis_args(r, "MULTI");
	put_chunk(w);
	lk_redis_more(r, 1);
	lk_redis_args(r, "EXEC");
	w->m->chunks++;
	w->m->c->written += (int64_t)w->values.len;
	int rc = lk_redis_send(r, err);
	if (rc == LK_OK)
		rc = lk_redis_exec(r, 3, &reply, err);
	freeReplyObject(reply);
	return rc == 1 ? lk_redis_unexpected(r, "EXEC", err) : rc;
}

/* --- partials of fixed size --- */

static int merge_with_staged(void *ctx, int first, const redisReply *values, lk_error *err) {
	work *w = ctx;
	begin_chunk(w);
	for (size_t i = 0; i < values->elements; i++) {
		const redisReply *field = field_of(w, first + (int)i), *value = value_of(w, first + (int)i), *staged = values->element[i];
		if (staged->type == REDIS_REPLY_NIL) {
			add_as_it_is(w, field, value);
			continue;
		}
		size_t before = w->values.len;
		if (staged->type != REDIS_REPLY_STRING ||
		    lk_partials_merge(&w->partials, whole(staged), whole(value), &w->values) != 0)
			return malformed(w, err);
		add_to_chunk(w, field, before, staged->len);
	}
	return stage(w, err);
}

static int copy_page(work *w, lk_error *err) {
	begin_chunk(w);
	for (int i = 0; i < (int)w->page->elements / 2; i++)
		add_as_it_is(w, field_of(w, i), value_of(w, i));
	return stage(w, err);
}

/* --- partials that grow --- */

/* The lengths of the page's fields in the inputs from the page's own on: lengths[k * n + i], k = 0 for the page
 * itself. */
static int lengths_of_inputs(work *w, const lk_field *fields, int n, int64_t *lengths, lk_error *err) {
	int rc = LK_OK;
	for (int i = 0; i < n; i++)
		lengths[i] = (int64_t)value_of(w, i)->len;
	for (int k = w->input + 1; rc == LK_OK && k < w->m->c->n; k++) {
		const lk_segment *in = &w->m->c->inputs[k];
		char *key = lk_strdup(lk_segment_key(w->m->s, w->m->c->unit, in->from, in->token));
		if (in->cells > 0)
			rc = lk_ask_lengths(w->m->s, key, fields, n, lengths + (size_t)(k - w->input) * (size_t)n, err);
		free(key);
	}
	return rc;
}

typedef struct group {       /* of the page's fields that are merged at once */
	work *w;
	const int *at;           /* which fields */
	lk_partial_pile *piles;  /* of each */
	int n;
} group;

typedef struct asked {       /* the fields of a group that an input has, by their places in the group */
	const group *g;
	int *at;
} asked;

static int pile_value(const group *g, int i, const redisReply *value, lk_error *err) {
	if (value->type == REDIS_REPLY_STRING && lk_pile_add(&g->w->partials, &g->piles[i], value->str, value->len) == 0)
		return LK_OK;
	return malformed(g->w, err);
}

static int pile_asked(void *ctx, int first, const redisReply *values, lk_error *err) {
	const asked *a = ctx;
	int rc = LK_OK;
	for (size_t i = 0; rc == LK_OK && i < values->elements; i++)
		rc = pile_value(a->g, a->at[(size_t)first + i], values->element[i], err);
	return rc;
}

static int pile_from_input(const group *g, int k, const lk_field *fields, const int64_t *lengths, lk_error *err) {
	work *w = g->w;
	const lk_segment *in = &w->m->c->inputs[k];
	lk_field *wanted = lk_malloc((size_t)g->n * sizeof *wanted);
	int *at = lk_malloc((size_t)g->n * sizeof *at), n = 0;
	for (int i = 0; i < g->n; i++) {
		if (lengths[g->at[i]] == 0)
			continue;
		wanted[n] = fields[g->at[i]];
		at[n++] = i;
	}
	char *key = lk_strdup(lk_segment_key(w->m->s, w->m->c->unit, in->from, in->token));
	asked a = {.g = g, .at = at};
	const lk_ask ask = {.key = key, .fields = wanted, .n = n, .most = 0, .use = pile_asked, .ctx = &a};   /* a group is small */
	int rc = lk_ask_fields(w->m->s, &ask, err);
	free(key);
	free(at);
	free(wanted);
	return rc;
}

static int pile_up(const group *g, const lk_field *fields, int n, const int64_t *lengths, lk_error *err) {
	work *w = g->w;
	int rc = LK_OK;
	for (int i = 0; rc == LK_OK && i < g->n; i++)
		rc = pile_value(g, i, value_of(w, g->at[i]), err);
	for (int k = w->input + 1; rc == LK_OK && k < w->m->c->n; k++)
		rc = pile_from_input(g, k, fields, lengths + (size_t)(k - w->input) * (size_t)n, err);
	return rc;
}

static int gather_group(group *g, const lk_field *fields, int n, const int64_t *lengths, lk_error *err) {
	work *w = g->w;
	g->piles = lk_calloc((size_t)g->n, sizeof *g->piles);
	int rc = pile_up(g, fields, n, lengths, err);
	begin_chunk(w);
	for (int i = 0; i < g->n; i++) {
		size_t before = w->values.len;
		if (rc == LK_OK && lk_pile_merge(&w->partials, &g->piles[i], &w->values) != 0)
			rc = malformed(w, err);
		if (rc == LK_OK)
			add_to_chunk(w, field_of(w, g->at[i]), before, 0);
		lk_pile_release(&g->piles[i]);
	}
	free(g->piles);
	return rc == LK_OK ? stage(w, err) : rc;
}

/* Gathers the fields that are not staged yet, in groups whose values have about 1 MiB together, or one field. */
static int gather_new(work *w, const lk_field *fields, int n, const int64_t *staged, const int64_t *lengths, lk_error *err) {
	int *at = lk_malloc((size_t)n * sizeof *at), rc = LK_OK, k = w->m->c->n - w->input;
	group g = {.w = w, .at = at};
	int64_t bytes = 0;
	for (int i = 0; rc == LK_OK && i < n; i++) {
		int64_t all = 0;
		for (int j = 0; j < k; j++)
			all += lengths[(size_t)j * (size_t)n + (size_t)i];
		if (staged[i] > 0)
			continue;
		if (g.n > 0 && bytes + all > LK_CALL_BYTES) {
			rc = gather_group(&g, fields, n, lengths, err);
			g.n = 0;
			bytes = 0;
		}
		at[g.n++] = i;
		bytes += all;
	}
	if (rc == LK_OK && g.n > 0)
		rc = gather_group(&g, fields, n, lengths, err);
	free(at);
	return rc;
}

static int gather_page(work *w, const lk_field *fields, int n, lk_error *err) {
	size_t k = (size_t)(w->m->c->n - w->input);
	int64_t *staged = lk_calloc((size_t)n, sizeof *staged), *lengths = lk_calloc(k * (size_t)n, sizeof *lengths);
	int rc = lk_ask_lengths(w->m->s, w->m->key, fields, n, staged, err);
	if (rc == LK_OK)
		rc = lengths_of_inputs(w, fields, n, lengths, err);
	if (rc == LK_OK)
		rc = gather_new(w, fields, n, staged, lengths, err);
	free(staged);
	free(lengths);
	return rc;
}

/* --- an input --- */

static int merge_page(work *w, bool grows, bool first, lk_error *err) {
	int n = (int)w->page->elements / 2;
	if (n == 0 || (first && !grows))
		return n == 0 ? LK_OK : copy_page(w, err);
	lk_field *fields = lk_malloc((size_t)n * sizeof *fields);
	for (int i = 0; i < n; i++)
		fields[i] = (lk_field){field_of(w, i)->str, field_of(w, i)->len};
	const lk_ask ask = {.key = w->m->key, .fields = fields, .n = n, .most = w->largest, .use = merge_with_staged, .ctx = w};
	int rc = grows ? gather_page(w, fields, n, err) : lk_ask_fields(w->m->s, &ask, err);
	free(fields);
	return rc;
}

static int stopped(const lk_merger *m, lk_error *err) {
	if (!lk_flag_is_set(m->c->stop))
		return LK_OK;
	return lk_fail(err, LK_EBUSY, "the compaction of unit %lld was stopped", (long long)m->c->unit);
}

static int merge_input(work *w, bool grows, bool first, lk_error *err) {
	lk_pages p;
	const lk_segment *in = &w->m->c->inputs[w->input];
	int rc = LK_OK;
	lk_pages_begin(&p, w->m->s, w->m->c->unit, in);
	while (rc == LK_OK && (rc = stopped(w->m, err)) == LK_OK && (rc = lk_pages_next(&p, &w->page, err)) == LK_OK)
		rc = merge_page(w, grows, first, err);
	if (rc == 1)
		rc = p.cells == in->cells ? LK_OK
		     : lk_fail(err, LK_ECONFLICT, "unit %lld lost a segment while it was compacted", (long long)w->m->c->unit);
	lk_pages_end(&p);
	return rc;
}

static void add_panes(lk_segment *g, const lk_segment *in, bool first) {
	g->min_pane = first || in->min_pane < g->min_pane ? in->min_pane : g->min_pane;
	g->max_pane = first || in->max_pane > g->max_pane ? in->max_pane : g->max_pane;
}

static int largest_of(const lk_compaction *c) {
	int at = 0;
	for (int i = 1; i < c->n; i++)
		if (c->inputs[i].bytes > c->inputs[at].bytes)
			at = i;
	return at;
}

static int merge_all(work *w, lk_error *err) {
	const lk_compaction *c = w->m->c;
	bool grows = lk_plan_grows(c->plan), first = true;
	/* partials that grow are gathered in the order of the inputs */
	int largest = grows ? -1 : largest_of(c), rc = LK_OK;
	for (int i = grows ? 0 : -1; rc == LK_OK && i < c->n; i++) {
		w->input = i < 0 ? largest : i;
		if (c->inputs[w->input].cells == 0 || i == largest)
			continue;
		add_panes(&w->m->staged, &c->inputs[w->input], first);
		rc = merge_input(w, grows, first, err);
		first = false;
	}
	return rc;
}

int lk_merge_inputs(lk_merger *m, lk_error *err) {
	work w = {.m = m};
	lk_partials_init(&w.partials, m->c->plan);
	int rc = merge_all(&w, err);
	lk_partials_release(&w.partials);
	lk_buf_release(&w.values);
	free(w.fields);
	free(w.lengths);
	return rc;
}
