#include "print/rows.h"

#include <string.h>

#include "print/json.h"

/* By RFC 4180, as ingest reads it: NULL is an empty field, the empty text is "". */
static void csv_field(const char *s, size_t len, lk_buf *b) {
	if (len > 0 && !memchr(s, '"', len) && !memchr(s, ',', len) && !memchr(s, '\n', len) && !memchr(s, '\r', len)) {
		lk_buf_add(b, s, len);
		return;
	}
	lk_buf_addc(b, '"');
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '"')
			lk_buf_addc(b, '"');
		lk_buf_addc(b, s[i]);
	}
	lk_buf_addc(b, '"');
}

void lk_rows_csv_head(const lk_rows *r, lk_buf *b) {
	lk_buf name = LK_BUF_INIT;
	for (int i = 0; i < r->ncolumns; i++) {
		lk_type type;
		lk_buf_clear(&name);
		lk_buf_addf(&name, "%s%s", r->event && i >= r->event ? "event." : "", r->column(r->of, i, &type));
		lk_buf_adds(b, i ? "," : "");
		csv_field(name.data, name.len, b);
	}
	lk_buf_adds(b, "\r\n");
	lk_buf_release(&name);
}

void lk_rows_csv_row(const lk_rows *r, size_t row, lk_buf *b) {
	lk_buf text = LK_BUF_INIT;
	for (int i = 0; i < r->ncolumns; i++) {
		lk_type type;
		r->column(r->of, i, &type);
		lk_value v = r->value(r->of, row, i);
		lk_buf_clear(&text);
		lk_value_print(type, &v, &text);
		lk_buf_adds(b, i ? "," : "");
		if (!lk_is_null(&v))
			csv_field(text.data ? text.data : "", text.len, b);
	}
	lk_buf_adds(b, "\r\n");
	lk_buf_release(&text);
}

void lk_rows_csv(const lk_rows *r, lk_sink *out) {
	lk_buf b = LK_BUF_INIT;
	lk_rows_csv_head(r, &b);
	for (size_t row = 0; row < r->n && lk_sink_put_buf(out, &b); row++)
		lk_rows_csv_row(r, row, &b);
	lk_sink_put_buf(out, &b);
	lk_buf_release(&b);
}

static void add_members(const lk_rows *r, size_t row, int from, int to, lk_buf *b) {
	for (int i = from; i < to; i++) {
		lk_type type;
		lk_buf_adds(b, i > from ? "," : "");
		lk_json_text(r->column(r->of, i, &type), b);
		lk_buf_addc(b, ':');
		lk_value v = r->value(r->of, row, i);
		lk_value_json(type, &v, b);
	}
}

void lk_rows_object(const lk_rows *r, size_t row, lk_buf *b) {
	lk_buf_addc(b, '{');
	add_members(r, row, 0, r->event ? r->event : r->ncolumns, b);
	if (r->event) {
		lk_buf_adds(b, ",\"event\":{");
		add_members(r, row, r->event, r->ncolumns, b);
		lk_buf_addc(b, '}');
	}
	lk_buf_addc(b, '}');
}

void lk_rows_jsonl(const lk_rows *r, lk_sink *out) {
	lk_buf b = LK_BUF_INIT;
	for (size_t row = 0; row < r->n; row++) {
		lk_rows_object(r, row, &b);
		lk_buf_addc(&b, '\n');
		if (!lk_sink_put_buf(out, &b))
			break;
	}
	lk_buf_release(&b);
}

void lk_rows_json(const lk_rows *r, lk_buf *b, lk_sink *out) {
	lk_buf_addc(b, '[');
	for (size_t row = 0; row < r->n; row++) {
		lk_buf_adds(b, row ? ",\n" : "\n");
		lk_rows_object(r, row, b);
		if (!lk_sink_put_buf(out, b))
			break;
	}
	lk_buf_adds(b, r->n ? "\n]" : "]");
}
