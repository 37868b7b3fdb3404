/* lk tail: rows of a stream, as the log has them: printed, or delivered to a URL or a command. */
#include <errno.h>

#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/layers.h"
#include "cli/output.h"
#include "cli/signal.h"
#include "cli/standard_output.h"
#include "options/tail_args.h"
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
	if (rc == LK_OK && r->stopped) {
		rc = lk_fail(err, LK_EBUSY, "stopped before the end of the log");
		lk_hint(err, o->cursor || o->name ? "run it again to continue" : "--cursor FILE would let another run continue");
	}
	return rc;
}

/* Where rows go, one of the three. */
typedef struct goal {
	lk_screen screen;
	lk_sink out;
	lk_row_printer printer;
	lk_webhook *webhook;
	lk_target target;
	lk_buf name;               /* for people */
} goal;

static int open_goal(goal *g, lk_tail_args *a, lk_error *err) {
	*g = (goal){.screen = lk_out_screen(), .out = lk_standard_output()};
	if (a->command.command) {
		g->target = lk_command_as_target(&a->command);
		lk_buf_adds(&g->name, "a command");
		return LK_OK;
	}
	if (a->webhook.url) {
		lk_url_for_people(a->webhook.url, &g->name);
		int rc = lk_webhook_open(&g->webhook, &a->webhook, err);
		g->target = rc == LK_OK ? lk_webhook_target(g->webhook) : (lk_target){0};
		return rc;
	}
	g->printer = (lk_row_printer){.format = (enum lk_answer_format)a->format, .screen = &g->screen, .out = &g->out};
	g->target = lk_row_printer_target(&g->printer);
	lk_buf_adds(&g->name, "standard output");
	return LK_OK;
}

static bool prints(const goal *g) { return g->printer.out != NULL; }

static void end_goal(goal *g, const lk_tail_options *o, const lk_tail_report *r) {
	lk_buf rows = LK_BUF_INIT;
	if (prints(g)) {
		lk_row_printer_end(&g->printer, &r->at);
		if (!o->follow && !r->stopped && !g->out.error)
			say_why_empty(o, r);
		return;
	}
	lk_buf_add_count(&rows, r->rows);
	lk_say("tail: %s row%s of %s delivered", rows.data, r->rows == 1 ? "" : "s", o->stream);
	lk_buf_release(&rows);
}

static void release_goal(goal *g) {
	lk_row_printer_release(&g->printer);
	lk_webhook_close(g->webhook);
	lk_buf_release(&g->name);
}

static int tail(goal *g, lk_tail_args *a, lk_error *err) {
	lk_tail_options *o = &a->options;
	lk_tail_report report = {0};
	if (o->follow)
		lk_say_times();
	if (!prints(g) && !o->cursor && !o->name)
		lk_say("tail: without --name or --cursor the position is not kept, and the next run delivers the same rows again");
	lk_stop_on_signal();
	o->target = &g->target;
	o->target_name = g->name.data;
	o->stop = &lk_stop;
	o->unread = prints(g) ? unread : NULL;
	o->notice = say;
	int rc = lk_tail_run(o, &report, err);
	if (rc == LK_OK)
		end_goal(g, o, &report);
	return judge(o, &report, &g->out, rc, err);
}

static int run(const lk_args *args, lk_error *err) {
	lk_tail_args a;
	goal g = {0};
	lk_servers at = {0};
	int rc = lk_tail_args_read(args, &a, err);
	if (rc == LK_OK)
		rc = lk_servers_find(lk_home(), &at, err);
	if (rc == LK_OK)
		rc = open_goal(&g, &a, err);
	a.options.postgres = at.postgres;
	if (rc == LK_OK)
		rc = tail(&g, &a, err);
	release_goal(&g);
	lk_servers_release(&at);
	lk_tail_args_release(&a);
	return rc;
}

const lk_command lk_cmd_tail = {
	.name = "tail",
	.operands = "STREAM",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "print the rows of a stream, or deliver them, and wait for more",
	.detail = "Rows come in the order in which the log took them (_at), those of a partition by offset (_off). Nothing "
		"is left out and nothing comes twice. With --cursor or --name the next run goes on behind the last row that went "
		"out; one without a position yet begins at --from, or at the first row of all. --webhook and --exec deliver "
		"rows as JSON, one at a time, each with its id in \"_id\": stream/log/partition/offset. A row counts as delivered "
		"once the receiver has said so, so one may come twice, and the id is what to know it by.",
	.options = {
		{"follow", NULL, "wait for more rows, until stopped; a server that is lost is waited for too", false},
		LK_PLACE_OPTIONS,
		{"cursor", "FILE", "keep in FILE which rows were written out, and begin behind them", false},
		{"name", "NAME", "keep that in PostgreSQL instead, as delivery NAME, which `lk status` shows; `lk drop --delivery NAME` "
			"forgets it", false},
		{"format", "FORMAT", "table, json, jsonl or csv (table)", false},
		{"webhook", "URL", "POST the rows to this URL instead of printing them; any 2xx means taken. While it cannot be reached, "
			"or says 408, 425, 429 or 5xx, it is tried again; any other answer ends the run (exit 65) before that row", false},
		{"exec", "COMMAND", "run COMMAND with sh for each row: the row on its standard input, the id in LK_ID. Exit 0 means "
			"taken; else it is run again", false},
		{"batch", "N", "with --webhook: an array of up to N rows in a request (1: no array)", false},
		{"header", "HEADER", "with --webhook: send this header too, 'Name: value'; may be repeated", true},
		{"redirects", NULL, "with --webhook: follow redirects", false},
		{"timeout", "INTERVAL", "how long a request or a command may take (30s)", false},
		{"retry", "INTERVAL", "give up after this time of trying again (5min; with --follow never)", false},
	},
	.examples = {
		{"lk tail hits", "the last ten rows"},
		{"lk tail hits --follow --where 'status >= 500'", "errors, as they come"},
		{"lk tail hits --from -1h --format csv", "what the last hour brought"},
		{"lk tail hits --cursor seen --format jsonl", "what came since the last call"},
		{"lk tail alerts --follow --name pager --webhook https://example.org/alerts", "each alert, at least once"},
	},
	.run = run,
};
