/* lk rejected: the lines that could not be events of a stream, and why. All of them are in PostgreSQL. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/output.h"
#include "print/rejected.h"

/* Prints the summary below a table, and on standard error beside jsonl and csv. */
static void print(const lk_rejected_page *p, enum lk_answer_format format) {
	lk_buf b = LK_BUF_INIT;
	lk_screen screen = lk_out_screen();
	lk_rejected_print(p, format, &screen, lk_out());
	if (format == LK_AS_JSON)
		return;
	lk_rejected_summary(p, &b);
	if (format == LK_AS_TABLE)
		lk_put_lines(b.data);
	else
		fputs(b.data, stderr);
	lk_buf_release(&b);
}

/* A mark names an event by its place, and that is in the log of the source. */
static void say_where_marks_are(const lk_catalog *c, const char *stream) {
	const lk_cat_copy *filler = lk_catalog_filler(c, stream);
	if (filler)
		lk_say("%s is a derived stream: `lk rejected %s` also names the events for which its definition had no value", stream,
		       filler->version->view->stream->stream->name);
}

static int run(const lk_args *args, lk_error *err) {
	lk_connection c = {0};
	lk_rejected_report report = {0};
	const lk_cat_stream *stream = NULL;
	int64_t limit = 0;
	int format = LK_AS_TABLE;
	int rc = lk_args_int(args, "limit", (lk_whole){20, 0, 1000000}, &limit, err);
	if (rc == LK_OK)
		rc = lk_args_choice(args, "format", lk_answer_formats, LK_AS_TABLE, &format, err);
	if (rc == LK_OK)
		rc = lk_connect(&c, LK_WITH_CATALOG, err);
	if (rc == LK_OK)
		rc = lk_catalog_need_stream(c.catalog, args->operands[0], &stream, err);
	if (rc == LK_OK)
		rc = lk_rejected_report_read(&c.pg, stream, lk_args_text(args, "source", NULL), (int)limit, &report, err);
	if (rc == LK_OK) {
		print(&(lk_rejected_page){.stream = stream->stream->name, .report = &report}, (enum lk_answer_format)format);
		say_where_marks_are(c.catalog, stream->stream->name);
	}
	lk_rejected_report_release(&report);
	lk_disconnect(&c);
	return rc;
}

const lk_command lk_cmd_rejected = {
	.name = "rejected",
	.operands = "STREAM",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "show the lines that could not be events of a stream, and why",
	.detail = "The lines, those of the source read last first, and how often each reason occurred. A line's place is "
		"the byte at which it begins in its uncompressed source. Events for which a clause of a definition had no value "
		"(they are in the log, and count with NULL there) follow, by partition and offset.",
	.options = {
		{"limit", "N", "show N lines (20); 0: only the reasons", false},
		{"source", "TEXT", "only lines of sources with this in their name", false},
		{"format", "FORMAT", "table, json, jsonl or csv (table)", false},
	},
	.examples = {
		{"lk rejected hits", "the first lines, and all reasons"},
		{"lk rejected hits --source access.log --limit 1000 --format csv", "lines of one source, for a program"},
	},
	.run = run,
};
