/* lk late: the events that the stream path of a copy refused as late. All of them are in PostgreSQL. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/output.h"
#include "options/late_args.h"

/* Prints the summary below a table, and on standard error beside jsonl and csv. */
static void print(const lk_late_page *p, enum lk_answer_format format) {
	lk_buf b = LK_BUF_INIT;
	lk_screen screen = lk_out_screen();
	lk_late_print(p, format, &screen, lk_out());
	if (format == LK_AS_JSON)
		return;
	lk_late_summary(p, &b);
	if (format == LK_AS_TABLE)
		lk_put_lines(b.data);
	else
		fputs(b.data, stderr);
	lk_buf_release(&b);
}

static int run(const lk_args *args, lk_error *err) {
	lk_late_args a;
	lk_connection c = {0};
	lk_late_wanted w = {0};
	lk_late_report report = {0};
	int format = LK_AS_TABLE;
	int rc = lk_late_args_read(args, &a, err);
	if (rc == LK_OK)
		rc = lk_args_choice(args, "format", lk_answer_formats, LK_AS_TABLE, &format, err);
	if (rc == LK_OK)
		rc = lk_connect(&c, 0, err);
	if (rc == LK_OK)
		rc = lk_catalog_load_view(&c.pg, a.view, &c.catalog, err);
	if (rc == LK_OK)
		rc = lk_late_args_find(c.catalog, &a, &w, err);
	if (rc == LK_OK)
		rc = lk_late_report_read(&c.pg, &w, &report, err);
	if (rc == LK_OK)
		print(&(lk_late_page){.copy = w.copy, .report = &report, .columns = w.columns, .ncolumns = w.ncolumns}, (enum lk_answer_format)format);
	lk_late_report_release(&report);
	lk_disconnect(&c);
	return rc;
}

const lk_command lk_cmd_late = {
	.name = "late",
	.operands = "VIEW",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "show the events that came too late for a view, and how late they were",
	.detail = "For a view with allowed_lateness: the events that the speed layer refused, newest first, and a "
		"histogram of them all. LATE BY is how far the watermark had passed the instant from which they were late. "
		"COUNTED SINCE: by the published batch; in kappa mode nothing counts them. docs/windows.md has the rules.",
	.options = {
		LK_LATE_OPTIONS,
		{"format", "FORMAT", "table, json, jsonl or csv (table)", false},
	},
	.examples = {
		{"lk late outcomes", "the newest ones, and how late all of them were"},
		{"lk late outcomes --limit 1000 --columns all --format csv", "for a program"},
	},
	.run = run,
};
