#include "print/rejected.h"

#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "print/json.h"
#include "print/rows.h"

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
		lk_buf_addf(b, "events of the log, for %s, version %d\n", e->view ? e->view : "(dropped)", e->version);
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
		lk_buf_add_count(&count, one->rows);
		lk_buf_addf(&line, "%*s  %s", COUNT_CELL, count.data, one->reason);
		if (one->view)
			lk_buf_addf(&line, " (%s, version %d)", one->view, one->version);
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

enum { AT, SOURCE, POSITION, VIEW, VERSION, PART, OFF, REASON, CONTENT, COLUMNS };

static const char *column(const void *of, int i, lk_type *type) {
	static const struct { const char *name; uint8_t kind; } columns[COLUMNS] = {
		[AT] = {"at", LK_TIME}, [SOURCE] = {"source", LK_TEXT}, [POSITION] = {"position", LK_INT8}, [VIEW] = {"view", LK_TEXT},
		[VERSION] = {"version", LK_INT4}, [PART] = {"part", LK_INT4}, [OFF] = {"off", LK_INT8}, [REASON] = {"reason", LK_TEXT},
		[CONTENT] = {"content", LK_TEXT},
	};
	(void)of;
	*type = (lk_type){.kind = columns[i].kind};
	return columns[i].name;
}

static lk_value text_of(const char *s) { return s ? lk_text(s, strlen(s)) : lk_null(); }

/* A line has a source and a position, a marked event the rest. */
static lk_value value(const void *of, size_t row, int i) {
	const lk_rejected *e = &((const lk_rejected_report *)of)->first[row];
	switch (i) {
	case AT: return lk_int(e->at);
	case SOURCE: return text_of(e->source);
	case POSITION: return e->source ? lk_int(e->position) : lk_null();
	case VIEW: return text_of(e->view);
	case VERSION: return e->source ? lk_null() : lk_int(e->version);
	case PART: return e->source ? lk_null() : lk_int(e->part);
	case OFF: return e->source ? lk_null() : lk_int(e->off);
	case REASON: return text_of(e->reason);
	default: return text_of(e->content);
	}
}

static lk_rows rows_of(const lk_rejected_report *r) {
	return (lk_rows){.of = r, .n = (size_t)r->nfirst, .ncolumns = COLUMNS, .column = column, .value = value};
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
	const lk_rows rows = rows_of(r);
	lk_buf_adds(&b, "],\"rows\":");
	lk_rows_json(&rows, &b, out);
	lk_buf_adds(&b, "}\n");
	lk_sink_put_buf(out, &b);
	lk_buf_release(&b);
}

void lk_rejected_print(const lk_rejected_page *p, enum lk_answer_format format, const lk_screen *screen, lk_sink *out) {
	const lk_rows rows = rows_of(p->report);
	switch (format) {
	case LK_AS_TABLE:
		print_rows(p->report, screen->width, out);
		print_reasons(p->report, screen->width, out);
		break;
	case LK_AS_JSON: print_json(p, out); break;
	case LK_AS_JSONL: lk_rows_jsonl(&rows, out); break;
	case LK_AS_CSV: lk_rows_csv(&rows, out); break;
	}
}

void lk_rejected_summary(const lk_rejected_page *p, lk_buf *out) {
	const lk_rejected_report *r = p->report;
	lk_buf_add_count(out, r->records);
	lk_buf_addf(out, r->records == 1 ? " line that could not be an event of %s" : " lines that could not be events of %s", p->stream);
	if (r->removed) {
		lk_buf_adds(out, " (");
		lk_buf_add_count(out, r->removed);
		lk_buf_adds(out, " of them not kept any more)");
	}
	if (r->marked) {
		lk_buf_adds(out, ", ");
		lk_buf_add_count(out, r->marked);
		lk_buf_addf(out, " event%s for which a clause of a definition had no value", r->marked == 1 ? "" : "s");
	}
	if (r->nfirst && r->nfirst < r->records - r->removed + r->marked)
		lk_buf_addf(out, "; the first %d", r->nfirst);
	lk_buf_addc(out, '\n');
}
