/* lk tail: rows of a stream, as the log has them. */
#include <errno.h>

#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/layers.h"
#include "cli/output.h"
#include "cli/signal.h"
#include "cli/standard_output.h"
#include "cli/tail_args.h"
#include "core/flag.h"
#include "delivery/printer.h"

static void say(void *ctx, const lk_error *what) {
	(void)ctx;
	lk_say_error(what);
}

static bool unread(void *ctx) {
	(void)ctx;
	return lk_standard_output_is_unread();
}

static void say_why_empty(const lk_tail_options *o, const lk_tail_report *r) {
	if (r->rows > 0)
		return;
	if (r->read > 0)
		lk_say("no rows: none of the %lld that were read passes --where", (long long)r->read);
	else if (r->resumed)
		lk_say("no rows: nothing has come since the position in the cursor");
	else if (o->begin.at == LK_BEGIN_LAST && o->begin.last > 0)
		lk_say("no rows: stream %s has none yet (`lk ingest %s`)", o->stream, o->stream);
	else
		lk_say("no rows: stream %s has none from there on", o->stream);
}

/* A reader that closes its pipe, or a signal, ends the command: that is no failure. */
static int judge(const lk_tail_options *o, const lk_tail_report *r, const lk_sink *out, int rc, lk_error *err) {
	if (out->error == EPIPE || out->error == ECANCELED) {
		lk_error_clear(err);
		rc = LK_OK;
	}
	if (o->follow)
		return lk_until_stopped(rc, err);
	if (rc == LK_OK && r->stopped && !o->follow) {
		rc = lk_fail(err, LK_EBUSY, "stopped before the end of the log");
		lk_hint(err, o->cursor ? "run it again to continue" : "--cursor FILE would let another run continue");
	}
	return rc;
}

static int run(const lk_args *args, lk_error *err) {
	lk_tail_args a;
	lk_tail_options *o = &a.options;
	lk_tail_report report = {0};
	lk_servers at = {0};
	lk_screen screen = lk_out_screen();
	lk_sink out = lk_standard_output();
	lk_row_printer printer = {.screen = &screen, .out = &out};
	const lk_target target = lk_row_printer_target(&printer);
	int rc = lk_tail_args_read(args, &a, err);
	if (rc == LK_OK)
		rc = lk_servers_find(lk_home(), &at, err);
	if (rc == LK_OK) {
		if (o->follow)
			lk_say_times();
		lk_stop_on_signal();
		printer.format = (enum lk_answer_format)a.format;
		o->postgres = at.postgres;
		o->target = &target;
		o->stop = &lk_stop;
		o->unread = unread;
		o->notice = say;
		rc = lk_tail_run(o, &report, err);
		if (rc == LK_OK)
			lk_row_printer_end(&printer, &report.at);
		if (rc == LK_OK && !o->follow && !report.stopped && !out.error)
			say_why_empty(o, &report);
		rc = judge(o, &report, &out, rc, err);
	}
	lk_row_printer_release(&printer);
	lk_servers_release(&at);
	lk_tail_args_release(&a);
	return rc;
}

const lk_command lk_cmd_tail = {
	.name = "tail",
	.operands = "STREAM",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "print the rows of a stream, the last ones or all, and wait for more",
	.detail = "Rows come in the order in which the log took them (_at), those of a partition by offset (_off). Nothing "
		"is left out and nothing comes twice. With --cursor the next run goes on behind the last row that was written "
		"out; a cursor without a position yet begins at --from, or at the first row of all.",
	.options = {
		{"follow", NULL, "wait for more rows, until stopped; a server that is lost is waited for too", false},
		{"from", "PLACE", "beginning, end, an offset (100 in each partition, or 0:100,1:90), or a time of _at: RFC 3339, or "
			"-1h for an hour before now", false},
		{"last", "N", "begin with the last N rows (10; or as many as --limit)", false},
		{"limit", "N", "end after N rows", false},
		{"where", "COL=VALUE", "only rows for which this holds; may be repeated (all must hold). Also 'COL != VALUE', < <= > "
			">=, 'COL is null', 'COL is not null'; of columns of the stream, _part, _off and _at", true},
		{"columns", "LIST", "these columns, in this order, such as _at,path,status (all of them)", false},
		{"partition", "P", "this partition only", false},
		{"cursor", "FILE", "keep in FILE which rows were written out, and begin behind them", false},
		{"format", "FORMAT", "table, json, jsonl or csv (table)", false},
	},
	.examples = {
		{"lk tail hits", "the last ten rows"},
		{"lk tail hits --follow --where 'status >= 500'", "errors, as they come"},
		{"lk tail hits --from -1h --format csv", "what the last hour brought"},
		{"lk tail hits --cursor seen --format jsonl", "what came since the last call"},
	},
	.run = run,
};
