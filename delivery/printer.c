#include "delivery/printer.h"

#include <errno.h>
#include <string.h>

#include "print/json.h"

enum { ROWS_MOST = 1000, TABLE_BYTES = 8 << 20 };

/* --- tables --- */

/* A stream of one partition needs no column that always says 0. */
static bool is_noise(const lk_shape *s, int i) {
	lk_type type;
	return s->log->stream->stream->partitions == 1 && !strcmp(lk_shape_column(s, i, &type), "_part");
}

static void begin_table(lk_row_printer *p, const lk_shape *s) {
	p->table = lk_table_new();
	int keys = 0;
	for (int i = 0; i < s->n; i++) {
		lk_type type;
		const char *name = lk_shape_column(s, i, &type);
		if (is_noise(s, i))
			continue;
		lk_table_column(p->table, name, lk_type_is_number(type));
		keys += !strcmp(name, "_part") || !strcmp(name, "_off");
	}
	lk_table_keys(p->table, keys ? keys : 1);
	lk_table_continues(p->table, p->widths, !p->headed);
	p->headed = true;
}

static void add_cells(lk_row_printer *p, const lk_shape *s, const lk_log_row *row) {
	for (int i = 0; i < s->n; i++) {
		lk_type type;
		if (is_noise(s, i))
			continue;
		lk_shape_column(s, i, &type);
		lk_value v = lk_shape_value(s, row, i);
		lk_buf_clear(&p->text);
		lk_buf_adds(&p->text, lk_is_null(&v) ? "NULL" : "");
		lk_value_print(type, &v, &p->text);
		lk_table_cell(p->table, p->text.data ? p->text.data : "");
		p->held += p->text.len;
	}
	lk_buf_clear(&p->text);
}

static void end_table(lk_row_printer *p) {
	if (p->table)
		lk_table_end(p->table, p->screen, p->out);
	p->table = NULL;
	p->held = 0;
}

static void add_to_table(lk_row_printer *p, const lk_shape *s, const lk_log_row *row) {
	if (!p->table)
		begin_table(p, s);
	add_cells(p, s, row);
	if (p->held >= TABLE_BYTES)
		end_table(p);
}

/* --- the other formats --- */

static void begin(lk_row_printer *p, const lk_shape *s) {
	if (p->format == LK_AS_CSV)
		lk_buf_adds(&p->text, p->head.data);
	if (p->format != LK_AS_JSON)
		return;
	lk_buf_adds(&p->text, "{\"stream\":");
	lk_json_text(s->log->name, &p->text);
	lk_json_int("log", s->log->stream->id, &p->text);
	lk_buf_adds(&p->text, ",\"rows\":[");
}

static int changed(lk_row_printer *p, const lk_shape *s, lk_error *err) {
	if (p->format == LK_AS_CSV) {
		lk_fail(err, LK_ECONFLICT, "the columns of stream %s have changed, and csv has one header", s->log->name);
		return lk_hint(err, "run it again; --columns LIST keeps to columns that stay");
	}
	end_table(p);
	memset(p->widths, 0, sizeof p->widths);
	p->headed = false;
	return LK_OK;
}

static int shaped(void *ctx, const lk_shape *s, lk_error *err) {
	lk_row_printer *p = ctx;
	const lk_shaped_row none = {s, NULL};
	const lk_rows rows = lk_shaped_rows(&none);
	lk_buf head = LK_BUF_INIT;
	lk_rows_csv_head(&rows, &head);
	bool first = !p->head.len, same = !first && !strcmp(head.data, p->head.data);
	lk_buf_release(&p->head);
	p->head = head;
	if (first) {
		begin(p, s);
		lk_sink_put_buf(p->out, &p->text);
	}
	return first || same ? LK_OK : changed(p, s, err);
}

static int take(void *ctx, const lk_shape *s, const lk_log_row *row, const char *id, lk_error *err) {
	lk_row_printer *p = ctx;
	const lk_shaped_row pair = {s, row};
	const lk_rows rows = lk_shaped_rows(&pair);
	(void)id;
	(void)err;
	p->rows++;
	switch (p->format) {
	case LK_AS_TABLE: add_to_table(p, s, row); break;
	case LK_AS_CSV: lk_rows_csv_row(&rows, 0, &p->text); break;
	case LK_AS_JSON: lk_buf_adds(&p->text, p->rows > 1 ? ",\n" : "\n"); lk_rows_object(&rows, 0, &p->text); break;
	case LK_AS_JSONL: lk_rows_object(&rows, 0, &p->text); lk_buf_addc(&p->text, '\n'); break;
	}
	if (p->format != LK_AS_TABLE && p->text.len >= TABLE_BYTES)
		lk_sink_put_buf(p->out, &p->text);
	return LK_OK;
}

static int flush(void *ctx, lk_error *err) {
	lk_row_printer *p = ctx;
	end_table(p);
	lk_sink_put_buf(p->out, &p->text);
	return p->out->error ? lk_fail(err, LK_EINTERNAL, "cannot write the output: %s", strerror(p->out->error)) : LK_OK;
}

lk_target lk_row_printer_target(lk_row_printer *p) {
	return (lk_target){.ctx = p, .rows_most = ROWS_MOST, .shaped = shaped, .row = take, .flush = flush};
}

void lk_row_printer_end(lk_row_printer *p, const lk_bookmark *at) {
	if (p->format == LK_AS_JSON && p->head.len) {
		lk_buf_adds(&p->text, p->rows ? "\n],\"next\":[" : "],\"next\":[");
		for (int i = 0; i < at->n; i++)
			lk_buf_addf(&p->text, "%s%lld", i ? "," : "", (long long)at->part[i].off);
		lk_buf_adds(&p->text, "]}\n");
	}
	lk_sink_put_buf(p->out, &p->text);
}

void lk_row_printer_release(lk_row_printer *p) {
	end_table(p);
	lk_buf_release(&p->text);
	lk_buf_release(&p->head);
}
