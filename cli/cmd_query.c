#include <stdio.h>

#include "options/answer_args.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/empty.h"
#include "cli/output.h"
#include "cli/pager.h"
#include "cli/signal.h"
#include "print/answer.h"
#include "print/boundary.h"

static void print_boundary(const lk_answer *a, const lk_query *q, enum lk_answer_format format) {
	lk_buf b = LK_BUF_INIT;
	if (format == LK_AS_JSON)
		return;
	lk_answer_boundary(a, q, &b);
	if (format == LK_AS_TABLE)
		lk_put_lines(b.data);
	else
		fputs(b.data, stderr);
	lk_buf_release(&b);
}

static void fail_with_count(lk_error *err, const char *what, int64_t n, const char *which) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_add_count(&b, n);
	lk_fail(err, LK_EPARTIAL, "%s %s event%s %s", what, b.data, n == 1 ? "" : "s", which);
	lk_buf_release(&b);
}

static int judge(const lk_answer *a, lk_error *err) {
	int64_t lag = lk_answer_lag(a);
	if (lag && a->state == LK_COPY_SANDBOX) {
		fail_with_count(err, "the answer is partial: the sandbox lacks the last", lag, "before its end");
		return lk_hint(err, "they are there when its replay has ended");
	}
	if (lag) {
		fail_with_count(err, "the answer is stale: it does not cover the last", lag, "of the log");
		return lk_hint(err, a->state == LK_COPY_LIVE ? "`lk speed --once` catches up" : "`lk replay` continues this copy");
	}
	if (a->late) {
		fail_with_count(err, "the answer is partial: it does not count", a->late, "that came too late");
		return lk_hint(err, a->kappa ? "a kappa copy never does; in lambda mode (`lk mode`) a batch counts them"
		                             : "`lk batch` counts them");
	}
	return LK_OK;
}

static void print(const lk_args *args, const lk_answer *a, const lk_query *q, const lk_answer_style *style) {
	if (style->format == LK_AS_TABLE && !lk_args_has(args, "no-pager"))
		lk_pager_begin();
	lk_answer_print(a, q, style, lk_out());
	print_boundary(a, q, style->format);
	lk_pager_end();
}

static int read_args(const lk_args *args, lk_answer_args *wanted, int *format, lk_error *err) {
	int rc = lk_answer_args_read(args, wanted, err);
	if (rc == LK_OK)
		rc = lk_rows_args_read(args, wanted, err);
	if (rc == LK_OK)
		rc = lk_args_choice(args, "format", lk_answer_formats, LK_AS_TABLE, format, err);
	if (rc == LK_OK && *format != LK_AS_TABLE && lk_args_has(args, "chart"))
		rc = lk_fail(err, LK_EUSAGE, "--chart needs a table: it does not go with --format %s", lk_answer_formats[*format]);
	return rc;
}

static void say_why_empty(lk_connection *c, const lk_query *q, const lk_answer *a) {
	lk_buf why = LK_BUF_INIT;
	lk_answer_why_empty(c, q, a, &why);
	lk_say("no rows: %s", why.data);
	lk_buf_release(&why);
}

static int run(const lk_args *args, lk_error *err) {
	lk_answer_args wanted;
	const lk_query *q = &wanted.query;
	lk_connection c = {0};
	lk_answer a = {0};
	lk_chart chart;
	lk_screen screen = lk_out_screen();
	int format = LK_AS_TABLE;
	int rc = read_args(args, &wanted, &format, err);
	if (rc == LK_OK)
		rc = lk_connect(&c, q->layer == LK_LAYER_BATCH ? 0 : LK_WITH_STORE, err);
	if (rc == LK_OK)
		lk_cancel_on_signal(&c.pg);
	if (rc == LK_OK)
		rc = lk_answer_make(&c.pg, c.store, NULL, q, &a, err);
	if (rc == LK_OK)
		rc = lk_chart_init(&chart, &a, lk_args_text(args, "chart", NULL), &screen, err);
	if (rc == LK_OK) {
		print(args, &a, q, &(lk_answer_style){(enum lk_answer_format)format, chart.column >= 0 ? &chart : NULL, &screen});
		if (!a.nrows)
			say_why_empty(&c, q, &a);
		if (lk_args_has(args, "strict"))
			rc = judge(&a, err);
	}
	lk_answer_release(&a);
	lk_disconnect(&c);
	lk_answer_args_release(&wanted);
	return rc;
}

const lk_command lk_cmd_query = {
	.name = "query",
	.operands = "VIEW",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "print the rows of a view, merged from batch and speed",
	.detail = "The rows are the batch part below the cut plus the speed part from there on. The answer says which "
		"part of the log it covers: below the table, in the json object, or on standard error with jsonl and csv.",
	.options = {
		LK_ANSWER_OPTIONS,
		LK_ROWS_OPTIONS,
		{"format", "FORMAT", "table, json, jsonl or csv (table)", false},
		{"chart", "COLUMN", "with a table: a bar beside each row that shows this column's value", false},
		{"no-pager", NULL, "never start a pager, however long the table is", false},
		{"strict", NULL, "exit 5 if the answer lacks events: the last ones of the log, or late ones", false},
	},
	.examples = {
		{"lk query traffic", "all of it"},
		{"lk query traffic --where path=/ --format jsonl", "one path, a JSON object per row"},
		{"lk query traffic --window 1h --last 1 --sort 'hits desc' --limit 10", "the top ten of the last hour"},
		{"lk query traffic --window 1h --slide 10min", "the last hour, every ten minutes"},
		{"lk query traffic --where path=/ --fill zero --chart hits", "with empty minutes, and bars"},
	},
	.run = run,
};
