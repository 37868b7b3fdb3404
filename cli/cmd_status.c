#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/output.h"
#include "cli/report.h"

/* What needs someone's attention, beside the tables. */
static void say_trouble(const lk_status_report *s) {
	for (int i = 0; i < s->nstreams; i++)
		if (s->streams[i].counts.unfinished)
			lk_say("stream %s: events are erased, but not everything that was computed from them; `lk erase %s --resume` goes on",
			       s->streams[i].stream->stream->name, s->streams[i].stream->stream->name);
	for (int i = 0; i < s->ncopies; i++)
		if (s->copies[i].beyond)
			lk_say("view %s, copy %lld: its state in Redis is beyond the log's end; a running speed layer (`lk speed`) repairs it",
			       s->copies[i].copy->version->view->name, (long long)s->copies[i].copy->id);
}

/* For scripts and the completion of command lines: from the catalogue alone. */
static void print_names(const lk_catalog *c) {
	lk_buf b = LK_BUF_INIT;
	for (int i = 0; i < c->nstreams; i++)
		lk_buf_addf(&b, "stream %s\n", c->streams[i].stream->name);
	for (int i = 0; i < c->nviews; i++)
		lk_buf_addf(&b, "view %s\n", c->views[i].name);
	lk_put_buf(&b);
	lk_buf_release(&b);
}

static int list_names(lk_error *err) {
	lk_connection c = {0};
	int rc = lk_connect(&c, LK_WITH_CATALOG, err);
	if (rc == LK_OK)
		print_names(c.catalog);
	lk_disconnect(&c);
	return rc;
}

static void print(const lk_status_report *s, bool json) {
	lk_screen screen = lk_out_screen();
	if (json) {
		lk_status_json(s, lk_out());
		return;
	}
	lk_status_tables(s, &screen, lk_out());
	say_trouble(s);
}

static int run(const lk_args *args, lk_error *err) {
	static const char *const formats[] = {"table", "json", "names", NULL};
	lk_report r = {.status = {.view = args->noperands ? args->operands[0] : NULL, .digest = lk_args_has(args, "digest"), .tell = lk_say_error}};
	int format;
	int rc = lk_args_choice(args, "format", formats, 0, &format, err);
	if (rc == LK_OK && format == 2)
		return list_names(err);
	if (rc == LK_OK)
		rc = lk_report_read(&r, err);
	if (rc == LK_OK && r.empty) {
		lk_say("PostgreSQL and Redis answer; no streams or views are declared: `lk apply FILE` declares them");
		if (r.status.view)
			rc = lk_fail(err, LK_EUSAGE, "there is no view %s", r.status.view);
	}
	if (rc == LK_OK && (format == 1 || !r.empty))
		print(&r.status, format == 1);
	lk_report_release(&r);
	return rc;
}

const lk_command lk_cmd_status = {
	.name = "status",
	.operands = "[VIEW]",
	.max_operands = 1,
	.summary = "show streams, views, cuts, cursors, lag and watermarks",
	.detail = "With a view's name, also by partition; for a stream with idle_timeout, IDLE marks the partitions that "
		"do not hold back what is final. Numbers without a unit count events.\n"
		"NEWEST EVENT is the largest event time accepted (max_ahead in docs/language.md). REJECTED LINES could not "
		"be events; for MARKED EVENTS a clause of a view had no value; `lk rejected` shows both. BELOW CUT: in the "
		"published batch. COVERED: in an answer now; LAG: not yet. LATE: refused by the speed layer so far "
		"(lk.late); batches count them.\n"
		"STATE: served is what readers get, former what they got before the last switch; live copies are kept up to "
		"date but were never served; building copies are being replayed, or were until an interruption; a sandbox "
		"covers a part of history; a scratch copy belongs to a comparison.",
	.options = {
		{"digest", NULL, "a digest of the cells of each copy, with the end of the log prefix that it covers: "
			"equal digests mean equal cells; reads all cells", false},
		{"format", "FORMAT", "table, json or names (table): names prints the kind and the name of each stream and view", false},
	},
	.examples = {
		{"lk status", "all of it"},
		{"lk status traffic --format json", "one view"},
		{"lk status traffic --digest", "are the copies equal?"},
	},
	.run = run,
};
