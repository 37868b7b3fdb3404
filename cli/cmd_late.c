/* lk late: the events that the stream path of a copy refused as late. All of them are in PostgreSQL. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options/answer_args.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/output.h"
#include "core/suggest.h"
#include "print/late.h"

typedef struct wanted {
	const char *view, *copy, *columns;
	int version, limit;
	enum lk_answer_format format;
} wanted;

static int read_args(const lk_args *args, wanted *w, lk_error *err) {
	int64_t limit = 0;
	int format = LK_AS_TABLE;
	*w = (wanted){.view = args->operands[0], .columns = lk_args_text(args, "columns", NULL)};
	int rc = lk_args_copy(args, &w->copy, &w->version, err);
	if (rc == LK_OK)
		rc = lk_args_int(args, "limit", (lk_whole){20, 0, 1000000}, &limit, err);
	if (rc == LK_OK)
		rc = lk_args_choice(args, "format", lk_answer_formats, LK_AS_TABLE, &format, err);
	w->limit = (int)limit;
	w->format = (enum lk_answer_format)format;
	return rc;
}

static int no_column(const lk_stream *s, const char *name, lk_error *err) {
	const char *names[LK_MAX_COLUMNS];
	for (int i = 0; i < s->schema.ncolumns; i++)
		names[i] = s->schema.columns[i].name;
	lk_fail(err, LK_EUSAGE, "--columns: stream %s has no column \"%s\"", s->name, name);
	lk_hint_names(err, name, names, s->schema.ncolumns, "its columns: ");
	return LK_EUSAGE;
}

static int find_column(const lk_stream *s, const char *name, size_t len) {
	for (int i = 0; i < s->schema.ncolumns; i++)
		if (strlen(s->schema.columns[i].name) == len && !memcmp(s->schema.columns[i].name, name, len))
			return i;
	return -1;
}

/* "a,b" or "all"; without the option, the columns that the view reads, except the event time. */
static int choose_columns(const lk_plan *p, const char *list, int out[LK_MAX_COLUMNS], int *n, lk_error *err) {
	const lk_stream *s = p->stream;
	bool all = list && strcmp(list, "all") == 0;
	*n = 0;
	for (int i = 0; !list && i < p->nneeded; i++)
		if (p->needed[i] != s->schema.event_time)
			out[(*n)++] = p->needed[i];
	for (int i = 0; all && i < s->schema.ncolumns; i++)
		out[(*n)++] = i;
	for (const char *at = all ? NULL : list; at && *n < LK_MAX_COLUMNS;) {
		size_t len = strcspn(at, ",");
		int column = find_column(s, at, len);
		if (column < 0) {
			char *name = lk_strndup(at, len);
			int rc = no_column(s, name, err);
			free(name);
			return rc;
		}
		out[(*n)++] = column;
		at = at[len] ? at + len + 1 : NULL;
	}
	return LK_OK;
}

static int find_copy(const lk_connection *c, const wanted *w, const lk_cat_copy **out, lk_error *err) {
	const lk_cat_view *v = NULL;
	int rc = lk_catalog_need_view(c->catalog, w->view, &v, err);
	return rc == LK_OK ? lk_catalog_wanted_copy(c->catalog, v, w->copy, w->version, out, err) : rc;
}

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
	wanted w;
	lk_connection c = {0};
	const lk_cat_copy *copy = NULL;
	lk_late_report report = {0};
	int columns[LK_MAX_COLUMNS], n = 0;
	int rc = read_args(args, &w, err);
	if (rc == LK_OK)
		rc = lk_connect(&c, 0, err);
	if (rc == LK_OK)
		rc = lk_catalog_load_view(&c.pg, w.view, &c.catalog, err);
	if (rc == LK_OK)
		rc = find_copy(&c, &w, &copy, err);
	if (rc == LK_OK)
		rc = choose_columns(copy->version->plan, w.columns, columns, &n, err);
	if (rc == LK_OK)
		rc = lk_late_report_read(&c.pg, &(lk_late_wanted){copy, w.limit, columns, n}, &report, err);
	if (rc == LK_OK)
		print(&(lk_late_page){.copy = copy, .report = &report, .columns = columns, .ncolumns = n}, w.format);
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
		{"limit", "N", "show the newest N (20); 0: only the histogram", false},
		{"columns", "LIST", "columns of the stream to show, such as path,status, or all (those that the view "
			"reads)", false},
		{"version", "N", "this version instead of the served one", false},
		{"copy", "COPY", "this copy: the name of a sandbox, or an id from lk status", false},
		{"format", "FORMAT", "table, json, jsonl or csv (table)", false},
	},
	.examples = {
		{"lk late outcomes", "the newest ones, and how late all of them were"},
		{"lk late outcomes --limit 1000 --columns all --format csv", "for a program"},
	},
	.run = run,
};
