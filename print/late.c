#include "print/late.h"

#include <string.h>

#include "core/time.h"
#include "print/boundary.h"
#include "print/json.h"
#include "print/rows.h"
#include "print/table.h"
#include "windows/window.h"

enum { BAR = 40, TEXT_CELL = 60 };

/* --- columns: those of the report, then the stream's --- */

enum { PART, OFF, AT, EVENT_TIME, START, END, WINDOWS, WATERMARK, LATE_BY, HEALED, COLUMNS };

static const struct {
	const char *name, *title;
	uint8_t kind;
} columns[COLUMNS] = {
	[PART] = {"part", "part", LK_INT4}, [OFF] = {"off", "off", LK_INT8}, [AT] = {"_at", "_at", LK_TIME},
	[EVENT_TIME] = {"event_time", "event_time", LK_TIME}, [START] = {"window_start", "window_start", LK_TIME},
	[END] = {"window_end", "window_end", LK_TIME}, [WINDOWS] = {"windows", "windows", LK_INT8},
	[WATERMARK] = {"watermark", "watermark", LK_TIME}, [LATE_BY] = {"late_by_us", "late by", LK_INT8},
	[HEALED] = {"healed", "counted since", LK_BOOL},
};

/* All windows that would have counted the event, from the first one's start to the last one's end. For sessions: the
 * session that the event alone would make. */
static lk_span windows_of(const lk_plan *p, int64_t ts, int64_t *n) {
	lk_span first, last;
	*n = lk_windows_of_pane(&p->window, lk_pane_start(&p->window, ts), &first, &last);
	if (*n)
		return (lk_span){first.start, last.end};
	*n = 1;
	return lk_session_span(&p->window, ts, ts);
}

static lk_value own_value(const lk_late_page *p, const lk_late_event *e, int i) {
	int64_t n;
	lk_span span = windows_of(p->copy->version->plan, e->event_time, &n);
	const int64_t values[COLUMNS] = {
		[PART] = e->part, [OFF] = e->off, [AT] = e->at, [EVENT_TIME] = e->event_time, [START] = span.start, [END] = span.end,
		[WINDOWS] = n, [WATERMARK] = e->watermark, [LATE_BY] = e->late_by_us, [HEALED] = e->healed,
	};
	return lk_int(values[i]);
}

static const lk_column *stream_column(const lk_late_page *p, int i) { return &p->copy->version->plan->stream->schema.columns[p->columns[i]]; }

/* If each event is in one window, a table leaves out the number of windows. */
static bool is_shown(const lk_late_page *p, int i) {
	return i != WINDOWS || !(lk_is_tiling(&p->copy->version->plan->window) || p->copy->version->plan->window.kind == LK_W_SESSION);
}

/* --- table --- */

/* Adds as much of the text as has room, without splitting a character. */
static void add_cell(lk_table *t, lk_type type, const lk_value *v) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, lk_is_null(v) ? "NULL" : "");
	lk_value_print(type, v, &b);
	if (b.len > TEXT_CELL) {
		size_t end = TEXT_CELL;
		while (end > 0 && ((unsigned char)b.data[end] & 0xC0) == 0x80)
			end--;
		b.data[end] = '\0';
		b.len = end;
		lk_buf_adds(&b, "...");
	}
	lk_table_cell(t, b.data ? b.data : "");
	lk_buf_release(&b);
}

static void add_own_cell(lk_table *t, const lk_late_page *p, const lk_late_event *e, int i) {
	lk_buf b = LK_BUF_INIT;
	lk_value v = own_value(p, e, i);
	if (i == LATE_BY)
		lk_duration_print(e->late_by_us, &b);
	else if (i == HEALED)
		lk_buf_adds(&b, e->healed ? "yes" : "no");
	else
		lk_value_print((lk_type){.kind = columns[i].kind}, &v, &b);
	lk_table_cell(t, b.data);
	lk_buf_release(&b);
}

static void print_table(const lk_late_page *p, const lk_screen *screen, lk_sink *out) {
	lk_table *t = lk_table_new();
	lk_table_keys(t, 2);
	for (int i = 0; i < COLUMNS; i++)
		if (is_shown(p, i))
			lk_table_column(t, columns[i].title, lk_type_is_number((lk_type){.kind = columns[i].kind}));
	for (int i = 0; i < p->ncolumns; i++)
		lk_table_column(t, stream_column(p, i)->name, lk_type_is_number(stream_column(p, i)->type));
	for (int rc = 0; rc < p->report->nnewest; rc++) {
		const lk_late_event *e = &p->report->newest[rc];
		for (int i = 0; i < COLUMNS; i++)
			if (is_shown(p, i))
				add_own_cell(t, p, e, i);
		for (int i = 0; i < p->ncolumns; i++)
			add_cell(t, stream_column(p, i)->type, &e->values[i]);
	}
	lk_table_end(t, screen, out);
}

/* --- json, jsonl, csv --- */

static const char *column(const void *of, int i, lk_type *type) {
	const lk_column *c = i < COLUMNS ? NULL : stream_column(of, i - COLUMNS);
	*type = c ? c->type : (lk_type){.kind = columns[i].kind};
	return c ? c->name : columns[i].name;
}

static lk_value value(const void *of, size_t row, int i) {
	const lk_late_page *p = of;
	const lk_late_event *e = &p->report->newest[row];
	return i < COLUMNS ? own_value(p, e, i) : e->values[i - COLUMNS];
}

static lk_rows rows_of(const lk_late_page *p) {
	return (lk_rows){.of = p, .n = (size_t)p->report->nnewest, .ncolumns = COLUMNS + p->ncolumns, .event = COLUMNS,
	                 .column = column, .value = value};
}

static void print_json(const lk_late_page *p, lk_sink *out) {
	const lk_late_report *r = p->report;
	const lk_cat_version *v = p->copy->version;
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, "{\"view\":");
	lk_json_text(v->view->name, &b);
	lk_buf_addf(&b, ",\"version\":%d,\"mode\":\"%s\",\"copy\":%lld,\"state\":\"%s\"", v->number, p->copy->kappa ? "kappa" : "lambda",
	            (long long)p->copy->id, lk_copy_state_name(p->copy->state));
	if (v->plan->allowed_lateness_us < 0)
		lk_buf_adds(&b, ",\"allowed_lateness_us\":null");
	else
		lk_buf_addf(&b, ",\"allowed_lateness_us\":%lld", (long long)v->plan->allowed_lateness_us);
	lk_buf_addf(&b, ",\"refused\":%lld,\"healed\":%lld,\"histogram\":[", (long long)r->events, (long long)r->healed);
	for (int i = 0; i < LK_LATE_BUCKETS; i++) {
		const lk_late_bucket *k = &r->buckets[i];
		lk_buf_addf(&b, "%s{\"from_us\":%lld,\"to_us\":", i ? "," : "", (long long)k->from_us);
		if (k->to_us == INT64_MAX)
			lk_buf_adds(&b, "null");
		else
			lk_buf_addf(&b, "%lld", (long long)k->to_us);
		lk_buf_addf(&b, ",\"events\":%lld,\"healed\":%lld}", (long long)k->events, (long long)k->healed);
	}
	const lk_rows rows = rows_of(p);
	lk_buf_addf(&b, "],\"not_kept\":%lld,\"events\":", (long long)r->removed);
	lk_rows_json(&rows, &b, out);
	lk_buf_adds(&b, "}\n");
	lk_sink_put_buf(out, &b);
	lk_buf_release(&b);
}

void lk_late_print(const lk_late_page *p, enum lk_answer_format format, const lk_screen *screen, lk_sink *out) {
	const lk_rows rows = rows_of(p);
	switch (format) {
	case LK_AS_TABLE: print_table(p, screen, out); break;
	case LK_AS_JSON: print_json(p, out); break;
	case LK_AS_JSONL: lk_rows_jsonl(&rows, out); break;
	case LK_AS_CSV: lk_rows_csv(&rows, out); break;
	}
}

/* --- summary --- */

static void add_rule(const lk_plan *p, lk_buf *b) {
	const lk_window *w = &p->window;
	lk_buf_adds(b, "late:      when the watermark of its partition has come to ");
	if (w->kind == LK_W_SESSION) {
		lk_buf_adds(b, "an event's time + ");
		lk_interval_print(w->size_us, b);
	} else if (w->kind == LK_W_CALENDAR) {
		lk_buf_adds(b, "the end of an event's window");
	} else {
		lk_buf_adds(b, w->pane_us == w->size_us ? "the end of an event's window of " : "the end of an event's pane of ");
		lk_interval_print(w->pane_us, b);
	}
	if (p->allowed_lateness_us > 0) {
		lk_buf_adds(b, " + ");
		lk_interval_print(p->allowed_lateness_us, b);
	}
	lk_buf_addc(b, '\n');
}

static void add_totals(const lk_late_page *p, lk_buf *b) {
	const lk_late_report *r = p->report;
	lk_buf_adds(b, "refused:   ");
	lk_buf_add_count(b, r->events);
	lk_buf_adds(b, p->copy->kappa ? "; a kappa copy never counts them" : ", counted by the batch since: ");
	if (!p->copy->kappa)
		lk_buf_add_count(b, r->healed);
	if (r->removed) {
		lk_buf_adds(b, "\nnot kept:  ");
		lk_buf_add_count(b, r->removed);
		lk_buf_adds(b, " of them, the oldest; they are counted above but no longer stored");
	}
	if (r->events > r->removed) {
		lk_buf_adds(b, "\nlate by:   ");
		lk_duration_print(r->least_us, b);
		lk_buf_adds(b, " to ");
		lk_duration_print(r->most_us, b);
	}
	lk_buf_addc(b, '\n');
}

/* At least one character if there are any events. */
static int bar_of(int64_t events, int64_t most) { return events ? 1 + (int)((double)events / (double)most * (BAR - 1)) : 0; }

static void add_bar(const lk_late_bucket *k, int64_t most, lk_buf *b) {
	int all = bar_of(k->events, most), healed = bar_of(k->healed, most);
	if (k->healed < k->events && healed == all && all > 1)
		healed--;
	for (int i = 0; i < all; i++)
		lk_buf_addc(b, i < all - healed || k->healed == 0 ? '#' : '=');
}

static void add_count(int64_t n, int width, lk_buf *b) {
	lk_buf text = LK_BUF_INIT;
	lk_buf_add_count(&text, n);
	lk_buf_addf(b, "%*s", width, text.data);
	lk_buf_release(&text);
}

/* From the first bucket with an event to the last one. */
static void add_histogram(const lk_late_report *r, lk_buf *b) {
	int first = LK_LATE_BUCKETS, last = -1;
	int64_t most = 0;
	for (int i = 0; i < LK_LATE_BUCKETS; i++) {
		if (!r->buckets[i].events)
			continue;
		first = first < i ? first : i;
		last = i;
		most = most > r->buckets[i].events ? most : r->buckets[i].events;
	}
	for (int i = first; i <= last; i++) {
		const lk_late_bucket *k = &r->buckets[i];
		lk_buf bound = LK_BUF_INIT;
		bool open = k->to_us == INT64_MAX;
		lk_interval_print(open ? k->from_us : k->to_us, &bound);
		lk_buf_addf(b, "  %s %-7s", open ? "from " : "below", bound.data);
		add_count(k->events, 12, b);
		lk_buf_adds(b, k->events ? "  " : "");
		add_bar(k, most, b);
		lk_buf_addc(b, '\n');
		lk_buf_release(&bound);
	}
	if (r->healed)
		lk_buf_adds(b, "  # not counted, = counted by the batch since\n");
}

void lk_late_summary(const lk_late_page *p, lk_buf *out) {
	const lk_cat_version *v = p->copy->version;
	const lk_plan *plan = v->plan;
	int64_t shown = p->report->nnewest, all = p->report->events;
	if (shown || !all) {
		lk_buf_add_count(out, shown);
		lk_buf_addc(out, ' ');
	}
	lk_buf_addf(out, "late event%s of %s, version %d, %s", shown == 1 ? "" : "s", v->view->name, v->number, p->copy->kappa ? "kappa" : "lambda");
	lk_copy_describe(p->copy, out);
	lk_buf_adds(out, shown && shown < all ? ", the newest\n" : "\n");
	if (plan->window.kind == LK_W_NONE) {
		lk_buf_adds(out, "late:      never: the view has no windows\n");
	} else if (plan->allowed_lateness_us < 0) {
		lk_buf_adds(out, "late:      never: the view has no allowed_lateness, so every event counts, however late\n");
	} else {
		add_rule(plan, out);
		add_totals(p, out);
		add_histogram(p->report, out);
	}
}
