#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/output.h"
#include "cli/signal.h"
#include "event_log/ingest.h"

static void show_progress(void *ctx, const lk_ingest_report *r) {
	lk_buf b = LK_BUF_INIT;
	lk_count_print(r->events, &b);
	lk_say_progress("ingest %s: %s events, %lld rejected", (const char *)ctx, b.data, (long long)r->rejects);
	lk_buf_release(&b);
}

static void show_note(void *ctx, const char *text) {
	(void)ctx;
	lk_say("%s", text);
}

static void say_report(const char *path, const lk_ingest_report *r) {
	lk_buf b = LK_BUF_INIT;
	lk_count_print(r->events, &b);
	lk_buf_addf(&b, " event%s in %.2f s", r->events == 1 ? "" : "s", r->seconds);
	if (r->skipped_bytes) {
		lk_buf_adds(&b, ", ");
		lk_count_print(r->skipped_bytes, &b);
		lk_buf_adds(&b, " bytes were in already");
	}
	if (r->rejects) {
		lk_buf_adds(&b, ", rejected (lk.rejected): ");
		lk_count_print(r->rejects, &b);
	}
	if (r->left_bytes)
		lk_buf_adds(&b, ", the last line is not ended yet and was left");
	if (r->stopped)
		lk_buf_adds(&b, ", stopped");
	lk_say("ingest %s: %s", strcmp(path, "-") == 0 ? "standard input" : path, b.data);
	lk_buf_release(&b);
}

static int find_format(const lk_args *args, const char *path, enum lk_format *out, lk_error *err) {
	static const char *const formats[] = {"jsonl", "csv", "combined", NULL};
	int given;
	int rc = lk_args_choice(args, "format", formats, -1, &given, err);
	*out = LK_FORMAT_JSONL;
	if (rc || strcmp(path, "-") == 0 || given >= 0) {
		if (given >= 0)
			lk_format_parse(formats[given], out);
		return rc;
	}
	if (lk_format_of_path(path, out) == 0)
		return LK_OK;
	lk_fail(err, LK_EUSAGE, "the name of %s does not tell its format", path);
	return lk_hint(err, "add --format jsonl, csv or combined");
}

static int stopped(const lk_ingest_options *o, bool appended, lk_error *err) {
	lk_fail(err, LK_EBUSY, appended ? "stopped before the end of the input; what was read is in the log"
	                                : "stopped before the end of the input; nothing was appended");
	if (o->source || !appended)
		return lk_hint(err, "run it again to go on");
	return lk_hint(err, "without --source the same input again is appended from its beginning, beside what is in");
}

static int ingest_one(const lk_args *args, lk_ingest_options *o, bool only_check, bool *appended, lk_error *err) {
	lk_ingest_report r = {0};
	int rc = find_format(args, o->path, &o->format, err);
	if (rc)
		return rc;
	if (only_check)
		return lk_ingest_check(o, err);
	o->ctx = (void *)(uintptr_t)o->path;
	rc = lk_ingest_run(o, &r, err);
	if (rc == LK_OK || r.events || r.rejects)
		say_report(o->path, &r);
	*appended |= r.events || r.rejects;
	return rc == LK_OK && r.stopped ? stopped(o, *appended, err) : rc;
}

static int inputs(const lk_args *args, char ***files) {
	static char standard[] = "-", *only_standard[] = {standard};
	*files = args->noperands > 1 ? args->operands + 1 : only_standard;
	return args->noperands > 1 ? args->noperands - 1 : 1;
}

static int check_args(const lk_args *args, const lk_ingest_options *o, lk_error *err) {
	enum lk_format format;
	char **files;
	int n = inputs(args, &files), rc = LK_OK;
	for (int i = 0; rc == LK_OK && i < n; i++)
		rc = find_format(args, files[i], &format, err);
	if (rc == LK_OK && o->source && n > 1) {
		rc = lk_fail(err, LK_EUSAGE, "--source %s names one input, and %d files are given", o->source, n);
		lk_hint(err, "ingest them one by one, each under a name of its own");
	}
	return rc;
}

/* Under --strict all files are checked before the first is appended: they go in whole or not at all. */
static int ingest_all(const lk_args *args, lk_ingest_options *o, lk_error *err) {
	char **files;
	int n = inputs(args, &files), rc = LK_OK;
	bool appended = false;
	for (int pass = o->strict && n > 1 ? 0 : 1; pass < 2; pass++)
		for (int i = 0; rc == LK_OK && i < n; i++) {
			o->path = files[i];
			rc = lk_stop ? stopped(o, appended, err) : ingest_one(args, o, pass == 0, &appended, err);
		}
	return rc;
}

int lk_cmd_ingest(const lk_args *args, lk_error *err) {
	lk_connection c = {0};
	lk_ingest_options o = {.source = lk_args_text(args, "source", NULL), .strict = lk_args_has(args, "strict"),
	                       .stop = &lk_stop, .progress = show_progress, .note = show_note};
	int rc = check_args(args, &o, err);
	if (rc == LK_OK)
		rc = lk_connect(&c, LK_WITH_CATALOG, err);
	if (rc == LK_OK)
		rc = lk_catalog_need_stream(c.catalog, args->operands[0], &o.stream, err);
	o.postgres = c.at.postgres;
	if (rc == LK_OK) {
		lk_stop_on_signal();
		rc = ingest_all(args, &o, err);
	}
	lk_disconnect(&c);
	return rc;
}
