#include "server/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "print/answer_json.h"
#include "print/boundary.h"
#include "print/json.h"

static int by_id(const void *a, const void *b) {
	return strcmp(((const struct lk_picture_row *)a)->id, ((const struct lk_picture_row *)b)->id);
}

static void name_place(const lk_answer *a, char *out, size_t size) {
	size_t n = (size_t)snprintf(out, size, "%lld/", (long long)a->copy_id);
	for (int p = 0; p < a->partitions && n < size; p++)
		n += (size_t)snprintf(out + n, size - n, "%s%lld", p ? "," : "", (long long)a->end.part[p].off);
}

static void describe(const lk_answer *a, lk_buf *b) {
	lk_buf_addf(b, "{\"version\":%d,\"mode\":\"%s\"", a->version, a->kappa ? "kappa" : "lambda");
	lk_json_int("copy", a->copy_id, b);
	lk_json_offsets("cut", &a->cut, b);
	lk_json_offsets("covers", &a->end, b);
	lk_json_int("lag", lk_answer_lag(a), b);
	lk_json_time("watermark", a->watermark, b);
	lk_json_time("final_to", a->final_to, b);
	lk_json_int("late", a->late, b);
}

static void take_row(const lk_answer *a, const lk_rows *rows, size_t r, struct lk_picture_row *out) {
	lk_digest d;
	lk_buf b = LK_BUF_INIT, object = LK_BUF_INIT;
	lk_digest_init(&d, 0, 0);
	lk_digest_add(&d, lk_cell_field(&a->cells, a->rows[r]), a->rows[r]->field_len);
	lk_digest_end(&d, out->id);
	lk_rows_object(rows, r, &object);
	lk_buf_addf(&b, "{\"_id\":\"%s\",", out->id);
	lk_buf_add(&b, object.data + 1, object.len - 1);
	out->text = lk_buf_steal(&b);
	lk_buf_release(&object);
}

void lk_picture_take(lk_picture *out, const lk_answer *a) {
	const lk_rows rows = lk_answer_rows(a);
	out->taken = true;
	name_place(a, out->id, sizeof out->id);
	describe(a, &out->head);
	out->n = a->nrows;
	out->rows = lk_calloc(a->nrows, sizeof *out->rows);
	for (size_t r = 0; r < a->nrows; r++)
		take_row(a, &rows, r, &out->rows[r]);
	if (out->n)
		qsort(out->rows, out->n, sizeof *out->rows, by_id);
}

bool lk_picture_differs(const lk_picture *a, const lk_picture *b) {
	if (a->taken != b->taken || a->n != b->n || strcmp(a->head.data, b->head.data))
		return true;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->rows[i].text, b->rows[i].text))
			return true;
	return false;
}

static void begin(const char *event, const lk_picture *p, lk_buf *out) {
	lk_buf_addf(out, "event: %s\nid: %s\ndata: %s,\"rows\":[", event, p->id, p->head.data);
}

static void add(const char *text, bool *any, lk_buf *out) {
	lk_buf_adds(out, *any ? "," : "");
	lk_buf_adds(out, text);
	*any = true;
}

void lk_picture_print_all(const lk_picture *p, lk_buf *out) {
	bool any = false;
	begin("rows", p, out);
	for (size_t i = 0; i < p->n; i++)
		add(p->rows[i].text, &any, out);
	lk_buf_adds(out, "]}\n\n");
}

void lk_picture_print_changes(const lk_picture *before, const lk_picture *now, lk_buf *out) {
	lk_buf gone = LK_BUF_INIT;
	bool any = false, any_gone = false;
	begin("changes", now, out);
	for (size_t i = 0, k = 0; i < before->n || k < now->n;) {
		int which = i == before->n ? 1 : k == now->n ? -1 : strcmp(before->rows[i].id, now->rows[k].id);
		if (which < 0) {
			lk_buf_addf(&gone, "%s\"%s\"", any_gone ? "," : "", before->rows[i].id);
			any_gone = true;
		} else if (which > 0 || strcmp(before->rows[i].text, now->rows[k].text)) {
			add(now->rows[k].text, &any, out);
		}
		i += which <= 0;
		k += which >= 0;
	}
	lk_buf_addf(out, "],\"gone\":[%s]}\n\n", gone.data ? gone.data : "");
	lk_buf_release(&gone);
}

void lk_picture_release(lk_picture *p) {
	for (size_t i = 0; i < p->n; i++)
		free(p->rows[i].text);
	free(p->rows);
	lk_buf_release(&p->head);
	*p = (lk_picture){0};
}
