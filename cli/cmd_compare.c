#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/output.h"
#include "cli/signal.h"
#include "core/time.h"
#include "print/comparison.h"
#include "print/derived.h"

enum { LINE_EVERY_US = 5000000 };

static const char query_canceled[] = "57014";   /* SQLSTATE */

/* On a terminal, one line that is overwritten; elsewhere a line per phase and every five seconds. */
static void show_progress(void *ctx, const lk_replay_progress *p) {
	static const char *last_phase;
	static int64_t last_us;
	lk_buf b = LK_BUF_INIT;
	(void)ctx;
	lk_buf_addf(&b, "compare %s: %s", p->view, p->phase);
	if (p->total > 0) {
		lk_buf_adds(&b, ", ");
		lk_buf_add_count(&b, p->done);
		lk_buf_adds(&b, " of ");
		lk_buf_add_count(&b, p->total);
		lk_buf_adds(&b, " events");
	}
	if (isatty(STDERR_FILENO)) {
		lk_say_progress("%s", b.data);
	} else if (p->phase != last_phase || lk_monotonic_us() - last_us >= LINE_EVERY_US) {
		lk_say("%s", b.data);
		last_phase = p->phase;
		last_us = lk_monotonic_us();
	}
	lk_buf_release(&b);
}

static void show_notice(void *ctx, const lk_error *e) {
	(void)ctx;
	lk_say_error(e);
}

enum format { TABLE, JSON, MARKDOWN };

static int read_options(const lk_args *args, lk_replay_options *o, int *format, lk_error *err) {
	static const char *const formats[] = {"table", "json", "markdown", NULL};
	*o = (lk_replay_options){
		.view = args->operands[0], .limits = lk_stream_defaults,
		.watch = {.stop = &lk_stop, .progress = show_progress, .notice = show_notice},
	};
	int rc = lk_args_choice(args, "format", formats, TABLE, format, err);
	if (rc == LK_OK)
		rc = lk_args_version(args, &o->version, err);
	return rc == LK_OK ? lk_args_workers(args, &o->workers, err) : rc;
}

static void print(const lk_comparison *c, enum format format) {
	lk_buf b = LK_BUF_INIT;
	lk_screen screen = lk_out_screen();
	if (format != JSON) {
		lk_comparison_print(c, format == MARKDOWN, &screen, lk_out());
		return;
	}
	lk_comparison_json(c, &b);
	lk_buf_addc(&b, '\n');
	lk_put_buf(&b);
	lk_buf_release(&b);
}

static int judge(const lk_comparison *c, lk_error *err) {
	if (lk_comparison_equal(c))
		return LK_OK;
	return lk_fail(err, LK_EDIFFERS, "the answers are not equal; %s",
	               lk_comparison_explained(c) ? "late events explain every difference" : "not every difference is explained");
}

/* --- a derived stream --- */

static void print_derived(const lk_derived_comparison *c, const char *stream, enum format format) {
	lk_screen screen = lk_out_screen();
	if (format == JSON)
		lk_derived_comparison_json(c, stream, lk_out());
	else
		lk_derived_comparison_print(c, stream, &screen, lk_out());
}

/* What PostgreSQL needs for a definition's text is not lk's to say: frames of RANGE over many equal times are quadratic there. */
static int run_text(lk_connection *c, const lk_cat_copy *copy, int64_t limit_us, lk_derived_comparison *d, lk_error *err) {
	lk_buf limit = LK_BUF_INIT;
	lk_error e = {0};
	*d = (lk_derived_comparison){0};
	show_progress(NULL, &(lk_replay_progress){.view = copy->version->view->name, .phase = "PostgreSQL runs its text"});
	int rc = lk_pg_runf(&c->pg, &e, "SET statement_timeout = %lld", (long long)((limit_us + 999) / 1000));
	if (rc == LK_OK)
		rc = lk_compare_derived(&c->pg, copy, d, &e);
	if (rc != LK_EBUSY || !limit_us || strcmp(e.sqlstate, query_canceled) != 0) {
		*err = rc == LK_OK ? *err : e;
		return rc;
	}
	lk_duration_print(limit_us, &limit);
	rc = lk_fail(err, LK_ETOOBIG, "PostgreSQL has not run the text of %s within %s", copy->version->view->name, limit.data);
	lk_buf_release(&limit);
	return lk_hint(err, "allow more with --timeout, or compare a stream with the same text that has read fewer events");
}

static int compare_derived(lk_connection *c, const lk_cat_copy *copy, const lk_args *args, enum format format, lk_error *err) {
	lk_derived_comparison d;
	int64_t limit_us;
	if (lk_args_has(args, "version"))
		return lk_fail(err, LK_EUSAGE, "--version is for views: of derived stream %s the log that readers get is compared", args->operands[0]);
	int rc = lk_args_interval(args, "timeout", 0, &limit_us, err);
	if (rc != LK_OK)
		return rc;
	lk_cancel_on_signal(&c->pg);
	rc = run_text(c, copy, limit_us, &d, err);
	if (rc == LK_OK) {
		print_derived(&d, args->operands[0], format);
		rc = d.differ ? lk_fail(err, LK_EDIFFERS, "the log of %s is not what its definition makes of its source", args->operands[0]) : LK_OK;
	}
	lk_derived_comparison_release(&d);
	return rc;
}

/* *done: the name is that of a derived stream, which has been compared. */
static int try_derived(const lk_args *args, enum format format, bool *done, lk_error *err) {
	lk_connection c = {0};
	int rc = lk_connect(&c, LK_WITH_CATALOG, err);
	const lk_cat_copy *copy = rc == LK_OK ? lk_catalog_filler(c.catalog, args->operands[0]) : NULL;
	*done = copy != NULL;
	if (copy)
		rc = compare_derived(&c, copy, args, format, err);
	lk_disconnect(&c);
	return rc;
}

static int run(const lk_args *args, lk_error *err) {
	bool done = false;
	lk_servers at = {0};
	lk_replay_options o;
	lk_comparison c = {0};
	int format;
	int rc = read_options(args, &o, &format, err);
	if (rc == LK_OK)
		rc = try_derived(args, (enum format)format, &done, err);
	if (rc != LK_OK || done)
		return rc;
	if (lk_args_has(args, "timeout"))
		return lk_fail(err, LK_EUSAGE, "%s is a view: --timeout is for derived streams, whose text may take PostgreSQL very long", o.view);
	rc = lk_servers_find(lk_home(), &at, err);
	o.postgres = at.postgres;
	o.redis = at.redis;
	if (rc == LK_OK) {
		lk_stop_on_signal();
		rc = lk_compare_view(&o, !lk_args_has(args, "no-costs"), &c, err);
	}
	if (rc == LK_OK) {
		print(&c, (enum format)format);
		rc = judge(&c, err);
	}
	lk_comparison_release(&c);
	lk_servers_release(&at);
	return rc;
}

const lk_command lk_cmd_compare = {
	.name = "compare",
	.operands = "VIEW",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "compare lambda, kappa and plain SQL over the same events, and what each costs",
	.detail = "Of a derived stream: runs its own text in PostgreSQL over the events that it has read, and compares row by "
		"row, in order. Of a view: makes missing copies, brings all to one cut and compares them row by row; for the first rows that "
		"differ it names the first event that only one side counts. Exit 0 if all are equal, 1 if not.\n"
		"It measures the costs on a new copy of each mode, which it removes afterwards. This reads the whole log "
		"once per copy.",
	.options = {
		{"version", "N", "this version instead of the served one", false},
		{"no-costs", NULL, "compare only", false},
		{"timeout", "INTERVAL", "of a derived stream: how long PostgreSQL may run its text (as long as it takes)", false},
		{"workers", "N", "threads that stream and replay (2)", false},
		{"format", "FORMAT", "table, json or markdown (table)", false},
	},
	.examples = {
		{"lk compare traffic", "all of it"},
		{"lk compare traffic --format markdown > report.md", "the same, for a report"},
		{"lk compare traffic --no-costs", "are the answers equal?"},
	},
	.run = run,
};
