#include "print/rejected.h"

#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "print/csv.h"
#include "print/json.h"

/* --- for people --- */

enum { INDENT = 4, COUNT_CELL = 10, CONTENT_CELL = 120 };   /* columns; the last one if there is no screen */

/* One line of the record's content, with control characters as blanks. */
static void add_content(const char *content, int screen, lk_buf *b) {
	char *s = lk_strdup(content);
	int room = (screen ? screen : CONTENT_CELL) - INDENT;
	for (char *p = s; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
	bool cut = lk_text_width(s) > room;
	lk_buf_addf(b, "%*s%.*s%s\n", INDENT, "", lk_text_fit(s, cut ? room - 3 : room), s, cut ? "..." : "");
	free(s);
}

static bool same_source(const lk_rejected *a, const lk_rejected *b) {
	if (!a->source || !b->source)
		return !a->source && !b->source && a->version == b->version && !strcmp(a->view ? a->view : "", b->view ? b->view : "");
	return !strcmp(a->source, b->source);
}

static void add_source(const lk_rejected *e, lk_buf *b) {
	if (e->source)
		lk_buf_addf(b, "%s\n", e->source);
	else
		lk_buf_addf(b, "events of the log, for view %s, version %d\n", e->view ? e->view : "(dropped)", e->version);
}

/* The place and the reason, and, indented, the content. */
static void add_row(const lk_rejected *e, int screen, lk_buf *b) {
	lk_buf line = LK_BUF_INIT;
	if (e->source)
		lk_buf_addf(&line, "  byte %lld: %s", (long long)e->position, e->reason);
	else
		lk_buf_addf(&line, "  part %d, off %lld: %s", e->part, (long long)e->off, e->reason);
	lk_text_wrap(line.data, screen ? (size_t)screen : SIZE_MAX, 0, INDENT, b);
	lk_buf_addc(b, '\n');
	if (e->content)
		add_content(e->content, screen, b);
	lk_buf_release(&line);
}

static void print_reasons(const lk_rejected_report *r, int screen, lk_sink *out) {
	lk_buf b = LK_BUF_INIT, line = LK_BUF_INIT, count = LK_BUF_INIT;
	for (int i = 0; i < r->nreasons; i++) {
		const lk_rejected_reason *one = &r->reasons[i];
		lk_buf_clear(&count);
		lk_buf_clear(&line);
		lk_count_print(one->rows, &count);
		lk_buf_addf(&line, "%*s  %s", COUNT_CELL, count.data, one->reason);
		if (one->view)
			lk_buf_addf(&line, " (view %s, version %d)", one->view, one->version);
		lk_text_wrap(line.data, screen ? (size_t)screen : SIZE_MAX, 0, COUNT_CELL + 2, &b);
		lk_buf_addc(&b, '\n');
	}
	lk_sink_put_buf(out, &b);
	lk_buf_release(&b);
	lk_buf_release(&line);
	lk_buf_release(&count);
}

static void print_rows(const lk_rejected_report *r, int screen, lk_sink *out) {
	lk_buf b = LK_BUF_INIT;
	for (int i = 0; i < r->nfirst; i++) {
		const lk_rejected *e = &r->first[i];
		if (i == 0 || !same_source(e, &r->first[i - 1]))
			add_source(e, &b);
		add_row(e, screen, &b);
		if (!lk_sink_put_buf(out, &b))
			break;
	}
	if (r->nfirst)
		lk_sink_put(out, "\n", 1);
	lk_buf_release(&b);
}

/* --- json, jsonl, csv --- */

static void add_object(const lk_rejected *e, lk_buf *b) {
	bool marked = !e->source;
	lk_buf_adds(b, "{\"reason\":");
	lk_json_text(e->reason, b);
	lk_json_time("at", e->at, b);
	lk_json_member("source", e->source, b);
	if (!marked)
		lk_json_int("position", e->position, b);
	else
		lk_buf_adds(b, ",\"position\":null");
	lk_json_member("view", e->view, b);
	if (marked)
		lk_buf_addf(b, ",\"version\":%d,\"part\":%d,\"off\":%lld", e->version, e->part, (long long)e->off);
	else
		lk_buf_adds(b, ",\"version\":null,\"part\":null,\"off\":null");
	lk_json_member("content", e->content, b);
	lk_buf_addc(b, '}');
}

static void print_jsonl(const lk_rejected_report *r, lk_sink *out) {
	lk_buf b = LK_BUF_INIT;
	for (int i = 0; i < r->nfirst; i++) {
		add_object(&r->first[i], &b);
		lk_buf_addc(&b, '\n');
		if (!lk_sink_put_buf(out, &b))
			break;
	}
	lk_buf_release(&b);
}

static void add_csv(const char *text, lk_buf *b) {
	lk_buf_addc(b, ',');
	if (text)
		lk_csv_field(text, strlen(text), b);
}

static void print_csv(const lk_rejected_report *r, lk_sink *out) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, "at,source,position,view,version,part,off,reason,content\r\n");
	for (int i = 0; i < r->nfirst && lk_sink_put_buf(out, &b); i++) {
		const lk_rejected *e = &r->first[i];
		lk_time_print(e->at, &b);
		add_csv(e->source, &b);
		if (e->source)
			lk_buf_addf(&b, ",%lld", (long long)e->position);
		else
			lk_buf_addc(&b, ',');
		add_csv(e->view, &b);
		if (e->source)
			lk_buf_adds(&b, ",,,");
		else
			lk_buf_addf(&b, ",%d,%d,%lld", e->version, e->part, (long long)e->off);
		add_csv(e->reason, &b);
		add_csv(e->content, &b);
		lk_buf_adds(&b, "\r\n");
	}
	lk_sink_put_buf(out, &b);
	lk_buf_release(&b);
}

static void add_reason(const lk_rejected_reason *one, lk_buf *b) {
	lk_buf_adds(b, "{\"reason\":");
	lk_json_text(one->reason, b);
	lk_json_int("rows", one->rows, b);
	lk_json_member("view", one->view, b);
	if (one->view)
		lk_json_int("version", one->version, b);
	else
		lk_buf_adds(b, ",\"version\":null");
	lk_json_time("first_at", one->first_at, b);
	lk_json_time("last_at", one->last_at, b);
	lk_buf_addc(b, '}');
}

static void print_json(const lk_rejected_page *p, lk_sink *out) {
	const lk_rejected_report *r = p->report;
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, "{\"stream\":");
	lk_json_text(p->stream, &b);
	lk_json_int("rejected_lines", r->records, &b);
	lk_json_int("marked_events", r->marked, &b);
	lk_json_int("removed_lines", r->removed, &b);
	lk_buf_adds(&b, ",\"reasons\":[");
	for (int i = 0; i < r->nreasons; i++) {
		lk_buf_adds(&b, i ? ",\n" : "\n");
		add_reason(&r->reasons[i], &b);
	}
	lk_buf_adds(&b, "],\"rows\":[");
	for (int i = 0; i < r->nfirst; i++) {
		lk_buf_adds(&b, i ? ",\n" : "\n");
		add_object(&r->first[i], &b);
		if (!lk_sink_put_buf(out, &b))
			break;
	}
	lk_buf_adds(&b, r->nfirst ? "\n]}\n" : "]}\n");
	lk_sink_put_buf(out, &b);
	lk_buf_release(&b);
}

void lk_rejected_print(const lk_rejected_page *p, enum lk_answer_format format, const lk_screen *screen, lk_sink *out) {
	switch (format) {
	case LK_AS_TABLE:
		print_rows(p->report, screen->width, out);
		print_reasons(p->report, screen->width, out);
		break;
	case LK_AS_JSON: print_json(p, out); break;
	case LK_AS_JSONL: print_jsonl(p->report, out); break;
	case LK_AS_CSV: print_csv(p->report, out); break;
	}
}

void lk_rejected_summary(const lk_rejected_page *p, lk_buf *out) {
	const lk_rejected_report *r = p->report;
	lk_count_print(r->records, out);
	lk_buf_addf(out, r->records == 1 ? " line that could not be an event of %s" : " lines that could not be events of %s", p->stream);
	if (r->removed) {
		lk_buf_adds(out, " (");
		lk_count_print(r->removed, out);
		lk_buf_adds(out, " of them not kept any more)");
	}
	if (r->marked) {
		lk_buf_adds(out, ", ");
		lk_count_print(r->marked, out);
		lk_buf_addf(out, " event%s for which a clause of a view had no value", r->marked == 1 ? "" : "s");
	}
	if (r->nfirst && r->nfirst < r->records - r->removed + r->marked)
		lk_buf_addf(out, "; the first %d", r->nfirst);
	lk_buf_addc(out, '\n');
}
