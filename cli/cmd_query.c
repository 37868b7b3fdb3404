#include <stdio.h>
#include <string.h>

#include "options/answer_args.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/empty.h"
#include "cli/layers.h"
#include "cli/output.h"
#include "cli/pager.h"
#include "cli/signal.h"
#include "cli/whole_screen.h"
#include "core/flag.h"
#include "core/time.h"
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

/* What belongs to one answer alone. */
static int refuse_watched(const lk_args *args, lk_error *err) {
	if (lk_args_has(args, "every") && !lk_args_has(args, "watch"))
		return lk_fail(err, LK_EUSAGE, "--every is the time between answers: it goes with --watch");
	if (lk_args_has(args, "watch") && lk_args_has(args, "strict"))
		return lk_fail(err, LK_EUSAGE, "--strict is for one answer: it does not go with --watch");
	return LK_OK;
}

static int read_args(const lk_args *args, lk_answer_args *wanted, int *format, lk_error *err) {
	int rc = lk_answer_args_read(args, wanted, err);
	if (rc == LK_OK)
		rc = lk_rows_args_read(args, wanted, err);
	if (rc == LK_OK)
		rc = lk_args_choice(args, "format", lk_answer_formats, LK_AS_TABLE, format, err);
	if (rc == LK_OK && *format != LK_AS_TABLE && lk_args_has(args, "chart"))
		rc = lk_fail(err, LK_EUSAGE, "--chart needs a table: it does not go with --format %s", lk_answer_formats[*format]);
	return rc == LK_OK ? refuse_watched(args, err) : rc;
}

static void say_why_empty(lk_connection *c, const lk_query *q, const lk_answer *a) {
	lk_buf why = LK_BUF_INIT;
	lk_answer_why_empty(c, q, a, &why);
	lk_say("no rows: %s", why.data);
	lk_buf_release(&why);
}

/* An answer, and what is needed to print it. */
typedef struct asked {
	const lk_args *args;
	lk_answer_args wanted;
	int format;
	lk_screen screen;
	lk_connection c;
	lk_answer a;
	lk_chart chart;
} asked;

static lk_answer_style style_of(const asked *q) {
	return (lk_answer_style){(enum lk_answer_format)q->format, q->chart.column >= 0 ? &q->chart : NULL, &q->screen};
}

static int ask(asked *q, lk_error *err) {
	const lk_query *query = &q->wanted.query;
	q->screen = lk_out_screen();
	int rc = lk_connect(&q->c, query->layer == LK_LAYER_BATCH ? 0 : LK_WITH_STORE, err);
	if (rc == LK_OK && !lk_args_has(q->args, "watch"))
		lk_cancel_on_signal(&q->c.pg);
	if (rc == LK_OK)
		rc = lk_answer_make(&q->c.pg, q->c.store, NULL, query, &q->a, err);
	return rc == LK_OK ? lk_chart_init(&q->chart, &q->a, lk_args_text(q->args, "chart", NULL), &q->screen, err) : rc;
}

static void forget_answer(asked *q) {
	lk_answer_release(&q->a);
	lk_disconnect(&q->c);
	q->a = (lk_answer){0};
	q->c = (lk_connection){0};
}

static int once(asked *q, lk_error *err) {
	int rc = ask(q, err);
	if (rc == LK_OK) {
		const lk_answer_style style = style_of(q);
		print(q->args, &q->a, &q->wanted.query, &style);
		if (!q->a.nrows)
			say_why_empty(&q->c, &q->wanted.query, &q->a);
		if (lk_args_has(q->args, "strict"))
			rc = judge(&q->a, err);
	}
	forget_answer(q);
	return rc;
}

/* --- again and again --- */

/* Each look opens its own sessions, so that servers that went away and came back need no care. */
static int look(void *ctx, const lk_screen *screen, lk_buf *head, lk_buf *text, lk_error *err) {
	asked *q = ctx;
	int rc = ask(q, err);
	(void)screen;
	(void)head;
	if (rc == LK_OK) {
		const lk_answer_style style = style_of(q);
		lk_sink out = lk_sink_memory(text);
		lk_answer_print(&q->a, &q->wanted.query, &style, &out);
		if (q->format == LK_AS_TABLE)
			lk_answer_boundary(&q->a, &q->wanted.query, text);
	}
	forget_answer(q);
	return rc;
}

static bool is_same(const lk_buf *a, const lk_buf *b) { return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len)); }

/* Where there is no terminal: each answer that is another one than the one before. Only the first one may fail for good. */
static int print_changes(asked *q, int64_t every_us, lk_error *err) {
	lk_buf former = LK_BUF_INIT;
	int rc = LK_OK;
	for (bool first = true; rc == LK_OK && !lk_flag_is_set(&lk_stop); first = false) {
		int64_t next = lk_monotonic_us() + every_us;
		lk_buf text = LK_BUF_INIT;
		lk_error e = {0};
		int failed = look(q, &q->screen, NULL, &text, &e);
		if (failed && first) {
			*err = e;
			rc = failed;
		} else if (failed) {
			lk_say_error(&e);
		} else if (first || !is_same(&former, &text)) {
			lk_put(text.data ? text.data : "", text.len);
			lk_put_now();
			lk_buf_release(&former);
			former = text;
			text = (lk_buf)LK_BUF_INIT;
		}
		lk_buf_release(&text);
		if (rc == LK_OK)
			lk_wait_until(next);
	}
	lk_buf_release(&former);
	return rc;
}

static int watch(asked *q, int64_t every_us, lk_error *err) {
	bool on_screen = q->format == LK_AS_TABLE && lk_screen_is_there();
	lk_stop_on_signal();
	int rc = on_screen ? lk_screen_watch(&(lk_watched){"lk query", look, q, every_us}, err) : print_changes(q, every_us, err);
	return lk_until_stopped(rc, err);
}

static int run(const lk_args *args, lk_error *err) {
	asked q = {.args = args, .format = LK_AS_TABLE};
	int64_t every = 0;
	int rc = read_args(args, &q.wanted, &q.format, err);
	if (rc == LK_OK)
		rc = lk_args_interval(args, "every", LK_US_PER_S, &every, err);
	if (rc == LK_OK)
		rc = lk_args_has(args, "watch") ? watch(&q, every, err) : once(&q, err);
	lk_answer_args_release(&q.wanted);
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
		{"watch", NULL, "ask again and again: on a terminal on the whole screen, elsewhere what has changed", false},
		{"every", "INTERVAL", "with --watch: the time between two answers (1s)", false},
	},
	.examples = {
		{"lk query traffic", "all of it"},
		{"lk query traffic --where path=/ --format jsonl", "one path, a JSON object per row"},
		{"lk query traffic --window 1h --last 1 --sort 'hits desc' --limit 10", "the top ten of the last hour"},
		{"lk query traffic --window 1h --slide 10min", "the last hour, every ten minutes"},
		{"lk query traffic --where path=/ --fill zero --chart hits", "with empty minutes, and bars"},
		{"lk query traffic --last 10 --watch", "the last ten minutes, while they change; q ends it"},
	},
	.run = run,
};
