/* Reading a closed segment. It never changes; it can only disappear as a whole.
 *
 * It is read field by field if the filter names keys, else in pages, and no call moves more than about 1 MiB or one
 * cell (pages.h). A page is merged when it arrives, so memory holds one page besides the cells that pass the filter.
 * The number of cells read must be the segment's number of cells: otherwise it disappeared half-way. */
#include <stdlib.h>
#include <string.h>

#include "view_store/cell_filter.h"
#include "view_store/pages.h"

/* Limits of one request: fields, and bytes of fields. */
enum { FIELDS_A_CALL = 1000, FIELD_BYTES_A_CALL = LK_CALL_BYTES };

typedef struct request {
	lk_store *s;
	const char *key;
	int64_t most;                /* upper bound of a value's bytes */
	lk_cells *into;
	lk_field fields[FIELDS_A_CALL];
	size_t ends[FIELDS_A_CALL];  /* in `bytes` */
	int n;
	lk_buf bytes;
	int rc;
	lk_error *err;
} request;

static int merge_values(void *ctx, int first, const redisReply *values, lk_error *err) {
	request *q = ctx;
	int rc = LK_OK;
	for (size_t i = 0; rc == LK_OK && i < values->elements; i++) {
		const lk_field *f = &q->fields[(size_t)first + i];
		if (values->element[i]->type != REDIS_REPLY_NIL)
			rc = lk_merge_cell(&(lk_cell_source){q->s, q->key, q->into}, f->p, f->len, values->element[i], err);
	}
	return rc;
}

static void flush(request *q) {
	for (int i = 0; i < q->n; i++) {
		size_t begin = i ? q->ends[i - 1] : 0;
		q->fields[i] = (lk_field){q->bytes.data + begin, q->ends[i] - begin};
	}
	const lk_ask a = {.key = q->key, .fields = q->fields, .n = q->n, .most = q->most, .use = merge_values, .ctx = q};
	q->rc = lk_ask_fields(q->s, &a, q->err);
	q->n = 0;
	lk_buf_clear(&q->bytes);
}

static void use_field(void *ctx, const lk_buf *field) {
	request *q = ctx;
	if (q->rc != LK_OK)
		return;
	lk_buf_add(&q->bytes, field->data, field->len);
	q->ends[q->n++] = q->bytes.len;
	if (q->n == FIELDS_A_CALL || q->bytes.len >= FIELD_BYTES_A_CALL)
		flush(q);
}

/* HMGETs followed by EXISTS: a key that exists at the end existed all the time. */
static int read_fields(lk_store *s, const char *key, const lk_segment *g, const lk_cell_filter *f, lk_cells *into,
                       lk_error *err) {
	request *q = lk_calloc(1, sizeof *q);
	*q = (request){.s = s, .key = key, .into = into, .err = err};
	q->most = g->bytes < 0 ? INT64_MAX : g->bytes <= LK_CALL_BYTES ? 0 : g->bytes;
	lk_buf field = LK_BUF_INIT;
	lk_each_field(&field, f, lk_panes_wanted(f, g), use_field, q);
	if (q->rc == LK_OK && q->n > 0)
		flush(q);
	int rc = q->rc;
	lk_buf_release(&field);
	lk_buf_release(&q->bytes);
	free(q);
	if (rc != LK_OK)
		return rc;
	redisReply *exists;
	lk_redis_begin(&s->redis, 2);
	lk_redis_args(&s->redis, "EXISTS");
	lk_redis_args(&s->redis, key);
	rc = lk_redis_call(&s->redis, &exists, err);
	if (rc == LK_OK && exists->integer == 0)
		rc = 1;
	freeReplyObject(exists);
	return rc;
}

int lk_store_read_pages(lk_store *s, int64_t unit, const lk_segment *g, const lk_page_reader *r, lk_error *err) {
	lk_pages p;
	const redisReply *pairs;
	int rc = lk_store_idle(s, err);
	if (rc != LK_OK || g->cells == 0)
		return rc;
	lk_pages_begin(&p, s, unit, g);
	while (rc == LK_OK && (rc = lk_pages_next(&p, &pairs, err)) == LK_OK) {
		rc = lk_merge_pairs(&(lk_cell_source){s, p.key, r->into}, r->filter, pairs, err);
		if (rc == LK_OK && r->after_page)
			rc = r->after_page(r->ctx, err);
	}
	if (rc == 1 && p.cells > g->cells)
		rc = lk_fail(err, LK_EINTERNAL, "Redis key %s holds more cells than its entry says", p.key);
	else if (rc == 1 && p.cells == g->cells)
		rc = LK_OK;
	lk_pages_end(&p);
	return rc;
}

int lk_store_read_segment(lk_store *s, int64_t unit, const lk_segment *seg, const lk_cell_filter *f, lk_cells *into,
                          lk_error *err) {
	lk_panes p = {0};
	if (f && seg->cells > 0 && (p = lk_panes_wanted(f, seg)).n == 0)
		return lk_store_idle(s, err);
	if (!lk_by_field(f, p, seg->cells))
		return lk_store_read_pages(s, unit, seg, &(lk_page_reader){.filter = f, .into = into}, err);
	int rc = lk_store_idle(s, err);
	if (rc != LK_OK)
		return rc;
	char *key = lk_strdup(lk_segment_key(s, unit, seg->from, seg->token));
	rc = read_fields(s, key, seg, f, into, err);
	free(key);
	return rc;
}
