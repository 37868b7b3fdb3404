/* The tables of `lk status`: streams and copies; replays, sandboxes, digests and partitions if there are any. */
#include "status/status.h"

#include <stdlib.h>

#include "core/time.h"
#include "print/boundary.h"
#include "print/table.h"

typedef struct page {
	const lk_screen *screen;
	lk_sink *out;
} page;

static lk_table *table(const char *const *names, const char *right) {
	lk_table *t = lk_table_new();
	for (int i = 0; names[i]; i++)
		lk_table_column(t, names[i], right[i] == '>');
	return t;
}

static void cell_name(lk_table *t, const lk_copy_status *c) {
	lk_table_cellf(t, "%s@%d", c->copy->version->view->name, c->copy->version->number);
	lk_table_cellf(t, "%lld", (long long)c->copy->id);
}

/* --- always shown --- */

/* Of a log that readers do not get: which one it is. */
static void cell_log(lk_table *t, const lk_cat_copy *filler, const lk_cat_stream *s) {
	if (s->served)
		lk_table_cell(t, s->stream->name);
	else
		lk_table_cellf(t, "%s@%d (%s)", s->stream->name, filler->version->number, lk_copy_role(filler));
}

static void print_streams(const lk_status_report *s, const page *p) {
	static const char *const names[] = {"STREAM", "PARTITIONS", "EVENTS", "NEWEST EVENT", "LAST APPEND",
	                                    "REJECTED LINES", "MARKED EVENTS", NULL};
	lk_table *t = table(names, "<>><<>>");
	for (int i = 0; i < s->nstreams; i++) {
		const lk_stream_status *r = &s->streams[i];
		cell_log(t, lk_catalog_copy(s->catalog, r->stream->of_copy), r->stream);
		lk_table_count(t, r->stream->stream->partitions);
		lk_table_count(t, r->events);
		lk_table_time(t, r->high);
		lk_table_time(t, r->last_at);
		lk_table_count(t, r->counts.lines);
		lk_table_count(t, r->counts.marked);
	}
	lk_table_end(t, p->screen, p->out);
}

static void print_derived(const lk_status_report *s, const page *p) {
	static const char *const names[] = {"DERIVED STREAM", "FROM", "READ", "LAG", NULL};
	lk_table *t = table(names, "<<>>");
	for (int i = 0; i < s->nderived; i++) {
		const lk_derived_status *d = &s->derived[i];
		cell_log(t, d->copy, d->copy->log);
		lk_table_cell(t, d->copy->version->reads->stream->name);
		lk_table_count(t, d->read);
		lk_table_count(t, d->tail - d->read);
	}
	lk_sink_put(p->out, "\n", s->nderived ? 1 : 0);
	lk_table_end(t, p->screen, p->out);
}

static void cell_batch(lk_table *t, const lk_copy_status *c) {
	lk_buf b = LK_BUF_INIT;
	if (c->copy->kappa && c->counts.published_at == LK_NEVER) {
		lk_buf_adds(&b, "-");
	} else if (c->counts.published_at == LK_NEVER) {
		lk_buf_adds(&b, "no batch yet");
	} else {
		int64_t age = lk_time_now() - c->counts.published_at;
		lk_buf_adds(&b, c->copy->kappa ? "sealed " : "");
		lk_duration_print(age > 0 ? age : 0, &b);
		lk_buf_adds(&b, " ago");
	}
	lk_table_cell(t, b.data);
	lk_buf_release(&b);
}

static void cell_covered(lk_table *t, const lk_copy_status *c) {
	if (c->beyond) {
		lk_table_cell(t, "-");
		lk_table_cell(t, "-");
	} else {
		lk_table_count(t, c->covered);
		lk_table_count(t, lk_status_lag(c));
	}
}

static void print_copies(const lk_status_report *s, const page *p) {
	static const char *const names[] = {"VIEW", "COPY", "MODE", "STATE", "BATCH", "BELOW CUT", "COVERED", "LAG",
	                                    "WATERMARK", "LATE", "REDIS BYTES", NULL};
	lk_table *t = table(names, "<><<<>>><>>");
	lk_table_keys(t, 2);
	for (int i = 0; i < s->ncopies; i++) {
		const lk_copy_status *c = &s->copies[i];
		cell_name(t, c);
		lk_table_cell(t, c->copy->kappa ? "kappa" : "lambda");
		lk_table_cell(t, lk_copy_role(c->copy));
		cell_batch(t, c);
		lk_table_count(t, c->cut);
		cell_covered(t, c);
		lk_table_time(t, c->watermark);
		lk_table_count(t, c->counts.late);
		lk_table_count(t, c->bytes);
	}
	lk_table_end(t, p->screen, p->out);
}

/* --- shown if there are any --- */

static void cell_differs(lk_table *t, const lk_copy_status *c) {
	const lk_cat_view *v = c->copy->version->view;
	const int version = c->copy->version->number;
	char *anyway = c->copy->kappa ? lk_asprintf("lk replay %s --version %d --verify --switch --force", v->name, version)
	                              : lk_asprintf("lk mode %s lambda --force", v->name);
	lk_table_cellf(t, "differs from the served copy: `%s` serves it all the same, `lk drop %s --copy %lld` removes it", anyway,
	               v->name, (long long)c->copy->id);
	free(anyway);
}

static void cell_next(lk_table *t, const lk_copy_status *c) {
	const lk_cat_view *v = c->copy->version->view;
	long long id = (long long)c->copy->id;
	if (c->replay.running)
		lk_table_cell(t, "runs");
	else if (c->replay.differs)
		cell_differs(t, c);
	else if (c->copy->name)
		lk_table_cellf(t, "interrupted: run the same `lk replay` again, or `lk drop %s --copy %s`", v->name, c->copy->name);
	else if (c->copy->kappa)
		lk_table_cellf(t, "interrupted: run `lk replay %s --version %d` again, or `lk drop %s --copy %lld`", v->name,
		               c->copy->version->number, v->name, id);
	else
		lk_table_cellf(t, "interrupted: run `lk mode %s lambda` again, or `lk drop %s --copy %lld`", v->name, v->name, id);
}

static void add_replay(lk_table *t, const lk_copy_status *c) {
	lk_status_replay r;
	lk_buf b = LK_BUF_INIT;
	lk_status_progress(c, &r);
	cell_name(t, c);
	lk_table_cell(t, c->replay.phase);
	lk_table_count(t, r.done);
	lk_table_count(t, r.total);
	lk_table_cellf(t, "%d", r.total > 0 ? (int)(100.0 * (double)r.done / (double)r.total) : 100);
	if (r.rate < 0) {
		lk_table_cell(t, "-");
		lk_table_cell(t, "-");
	} else {
		lk_duration_print((int64_t)(r.eta_s * LK_US_PER_S), &b);
		lk_table_count(t, (int64_t)r.rate);
		lk_table_cell(t, b.data);
	}
	cell_next(t, c);
	lk_buf_release(&b);
}

static void print_replays(const lk_status_report *s, const page *p) {
	static const char *const names[] = {"REPLAY", "COPY", "PHASE", "DONE", "TOTAL", "%", "EVENTS/S", "TO GO", "STATE",
	                                    NULL};
	lk_table *t = table(names, "<><>>>>><");
	lk_table_keys(t, 2);
	bool any = false;
	for (int i = 0; i < s->ncopies; i++)
		if (lk_status_replaying(&s->copies[i])) {
			if (!any)
				lk_sink_put(p->out, "\n", 1);
			add_replay(t, &s->copies[i]);
			any = true;
		}
	lk_table_end(t, p->screen, p->out);
}

static void print_sandboxes(const lk_status_report *s, const page *p) {
	static const char *const names[] = {"SANDBOX", "VIEW", "COPY", "HOLDS", NULL};
	lk_table *t = table(names, "<<><");
	bool any = false;
	for (int i = 0; i < s->ncopies; i++) {
		const lk_cat_copy *k = s->copies[i].copy;
		lk_buf b = LK_BUF_INIT;
		if (k->state != LK_COPY_SANDBOX)
			continue;
		if (!any)
			lk_sink_put(p->out, "\n", 1);
		any = true;
		lk_range_describe(&k->range, &b);
		lk_table_cell(t, k->name);
		cell_name(t, &s->copies[i]);
		lk_table_cell(t, b.data);
		lk_buf_release(&b);
	}
	lk_table_end(t, p->screen, p->out);
}

static void add_digest(lk_table *t, const lk_copy_status *c) {
	lk_buf b = LK_BUF_INIT;
	cell_name(t, c);
	lk_table_cell(t, c->digest[0] ? c->digest : "-");
	lk_frontier_print(&c->digest_end, &b);
	lk_table_cell(t, c->digest[0] ? b.data : "-");
	lk_buf_release(&b);
}

static void print_digests(const lk_status_report *s, const page *p) {
	static const char *const names[] = {"DIGEST OF", "COPY", "CELLS", "UP TO", NULL};
	lk_sink_put(p->out, "\n", 1);
	lk_table *t = table(names, "<><<");
	for (int i = 0; i < s->ncopies; i++)
		add_digest(t, &s->copies[i]);
	lk_table_end(t, p->screen, p->out);
}

static void print_parts(const lk_copy_status *c, const page *p) {
	static const char *const names[] = {"PARTITION", "CUT", "CURSOR", "TAIL", "LAG", "SEGMENTS", "REDIS BYTES",
	                                    "WATERMARK", "LAST APPEND", NULL};
	bool may_be_idle = c->copy->version->reads->stream->idle_timeout_us > 0;
	lk_table *t = table(names, ">>>>>>><<");
	if (may_be_idle)
		lk_table_column(t, "IDLE", false);
	for (int i = 0; i < c->partitions; i++) {
		const lk_part_status *r = &c->part[i];
		lk_table_count(t, i);
		lk_table_count(t, r->cut);
		if (r->taken)
			lk_table_count(t, r->cursor);
		else
			lk_table_cell(t, "-");
		lk_table_count(t, r->tail);
		lk_table_count(t, r->tail - (r->cut > r->cursor ? r->cut : r->cursor));
		lk_table_count(t, r->segments);
		lk_table_count(t, r->bytes);
		lk_table_time(t, r->watermark);
		lk_table_time(t, r->last_at);
		if (may_be_idle)
			lk_table_cell(t, r->idle ? "yes" : "no");
	}
	lk_table_end(t, p->screen, p->out);
}

static void print_by_partition(const lk_status_report *s, const lk_copy_status *c, const page *p) {
	lk_buf title = LK_BUF_INIT;
	lk_buf_addf(&title, "\n%s@%d, copy %lld, by partition\n", s->view, c->copy->version->number, (long long)c->copy->id);
	lk_sink_put_buf(p->out, &title);
	lk_buf_release(&title);
	print_parts(c, p);
}

/* "runs", "stopped", and for how long nothing was taken, and why. */
static void cell_delivers(lk_table *t, const lk_delivery *d) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, d->running ? "runs" : "stopped");
	if (d->failing_since != LK_NEVER) {
		int64_t for_us = lk_time_now() - d->failing_since;
		lk_buf_adds(&b, ", fails for ");
		lk_duration_print(for_us > 0 ? for_us : 0, &b);
		lk_buf_addf(&b, ": %s", d->error ? d->error : "");
	}
	lk_table_cell(t, b.data);
	lk_buf_release(&b);
}

static void print_deliveries(const lk_status_report *s, const page *p) {
	static const char *const names[] = {"DELIVERY", "STREAM", "TO", "BEHIND", "DELIVERED", "LAST", "STATE", NULL};
	lk_table *t = table(names, "<<<>><<");
	lk_table_records(t);
	for (int i = 0; i < s->ndeliveries; i++) {
		const lk_delivery *d = &s->deliveries[i];
		lk_table_cell(t, d->name);
		lk_table_cell(t, d->stream);
		lk_table_cell(t, d->target);
		if (s->delivered[i].behind < 0)
			lk_table_cell(t, "-");
		else
			lk_table_count(t, s->delivered[i].behind);
		lk_table_count(t, d->rows);
		lk_table_time(t, d->succeeded_at);
		cell_delivers(t, d);
	}
	lk_sink_put(p->out, "\n", s->ndeliveries ? 1 : 0);
	lk_table_end(t, p->screen, p->out);
}

void lk_status_tables(const lk_status_report *s, const lk_screen *screen, lk_sink *out) {
	const page p = {.screen = screen, .out = out};
	print_streams(s, &p);
	print_derived(s, &p);
	lk_sink_put(out, "\n", s->ncopies ? 1 : 0);
	print_copies(s, &p);
	print_replays(s, &p);
	print_sandboxes(s, &p);
	print_deliveries(s, &p);
	if (s->digest && s->ncopies)
		print_digests(s, &p);
	for (int i = 0; s->view && i < s->ncopies; i++)
		print_by_partition(s, &s->copies[i], &p);
}
