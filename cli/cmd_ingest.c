#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/output.h"
#include "cli/signal.h"
#include "core/flag.h"
#include "ingest/ingest.h"

static void show_progress(void *ctx, const lk_ingest_report *r) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_add_count(&b, r->events);
	lk_say_progress("ingest %s: %s events, %lld rejected", (const char *)ctx, b.data, (long long)r->rejects);
	lk_buf_release(&b);
}

static void show_note(void *ctx, const char *text) {
	(void)ctx;
	lk_say("%s", text);
}

static const char *shown(const char *path) { return strcmp(path, "-") == 0 ? "standard input" : path; }

static void say_first_reject(const lk_ingest_options *o, const lk_ingest_report *r) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_addf(&b, "%s, ", shown(o->path));
	if (r->first.line)
		lk_buf_addf(&b, "line %lld", (long long)r->first.line);
	else
		lk_buf_addf(&b, "byte %lld", (long long)r->first.position);
	lk_say("%srejected: %s: %s; all: lk rejected %s", r->rejects > 1 ? "first " : "", b.data, r->first.reason, o->stream->stream->name);
	lk_buf_release(&b);
}

static void say_report(const lk_ingest_options *o, const lk_ingest_report *r) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_add_count(&b, r->events);
	lk_buf_addf(&b, " event%s in %.2f s", r->events == 1 ? "" : "s", r->seconds);
	if (r->skipped_bytes) {
		lk_buf_adds(&b, ", ");
		lk_buf_add_count(&b, r->skipped_bytes);
		lk_buf_adds(&b, " bytes were already in the log");
	}
	if (r->another_file)
		lk_buf_adds(&b, ", a new file of this source");
	if (r->others) {
		lk_buf_adds(&b, ", appended meanwhile by another run: ");
		lk_buf_add_count(&b, r->others);
	}
	if (r->rejects) {
		lk_buf_adds(&b, ", rejected: ");
		lk_buf_add_count(&b, r->rejects);
	}
	if (r->left_bytes)
		lk_buf_adds(&b, ", the last line is incomplete and was not read");
	if (r->stopped)
		lk_buf_adds(&b, ", stopped");
	lk_say("ingest %s: %s", shown(o->path), b.data);
	lk_buf_release(&b);
	if (r->rejects)
		say_first_reject(o, r);
}

static bool about_event_time(const lk_stream *s, const char *reason) {
	const char *column = s->schema.columns[s->schema.event_time].name;
	size_t len = strlen(column);
	return strcmp(reason, "no event time") == 0 || (strncmp(reason, column, len) == 0 && strncmp(reason + len, ": ", 2) == 0);
}

/* If no line of an input could be read, its format was most likely guessed or given wrong. */
static int nothing_read(const lk_ingest_options *o, const lk_ingest_report *r, lk_error *err) {
	if (r->events || !r->rejects || r->skipped_bytes || r->stopped)
		return LK_OK;
	lk_fail(err, LK_EINPUT, "no line of %s, read as %s, could be an event%s%s", shown(o->path), lk_format_name(&o->format),
	        r->looks[0] ? "; it looks like " : "", r->looks);
	if (r->todo[0])
		return lk_hint(err, "%s", r->todo);
	if (o->format.is->advice && !o->format.text)
		return lk_hint(err, "%s", o->format.is->advice);
	if (about_event_time(o->stream->stream, r->first.reason))
		return lk_hint(err, "the event time is \"%s\", written as 2015-05-17T10:05:03Z; lk rejected %s shows the reasons",
		               o->stream->stream->schema.columns[o->stream->stream->schema.event_time].name, o->stream->stream->name);
	return lk_hint(err, "lk rejected %s shows the reasons", o->stream->stream->name);
}

static int set_delimiter(const lk_args *args, lk_format *out, lk_error *err) {
	const char *given = lk_args_text(args, "delimiter", NULL);
	if (!given)
		return LK_OK;
	if (strcmp(given, "tab") == 0 || strcmp(given, "\\t") == 0)
		given = "\t";
	if (!out->is->delimited)
		return lk_fail(err, LK_EUSAGE, "--delimiter is for csv, not for %s", lk_format_name(out));
	if (strlen(given) != 1 || strchr("\"\r\n", *given))
		return lk_fail(err, LK_EUSAGE, "--delimiter is one character, or tab, and not \"%s\"", given);
	out->delimiter = *given;
	return LK_OK;
}

static int find_format(const lk_args *args, const char *path, lk_format *out, lk_error *err) {
	const char *given = lk_args_text(args, "format", NULL);
	int rc = LK_OK;
	*out = lk_format_default();
	if (given) {
		rc = lk_format_parse(given, out, err);
	} else if (strcmp(path, "-") != 0 && lk_format_of_path(path, out) != 0) {
		lk_buf names = LK_BUF_INIT;
		lk_format_names(&names);
		lk_fail(err, LK_EUSAGE, "the name of %s does not say its format", path);
		rc = lk_hint(err, "add --format: %s, or a web server's format", names.data);
		lk_buf_release(&names);
	}
	return rc == LK_OK ? set_delimiter(args, out, err) : rc;
}

static int stopped(const lk_ingest_options *o, bool appended, lk_error *err) {
	lk_fail(err, LK_EBUSY, appended ? "stopped before the end of the input; what was read is in the log"
	                                : "stopped before the end of the input; nothing was appended");
	if (o->source || !appended)
		return lk_hint(err, "run it again to continue");
	return lk_hint(err, "without --source, the same input is appended again from its beginning");
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
		say_report(o, &r);
	*appended |= r.events || r.rejects;
	if (rc == LK_OK && r.stopped)
		return stopped(o, *appended, err);
	return rc == LK_OK ? nothing_read(o, &r, err) : rc;
}

static int inputs(const lk_args *args, char ***files) {
	static char standard[] = "-", *only_standard[] = {standard};
	*files = args->noperands > 1 ? args->operands + 1 : only_standard;
	return args->noperands > 1 ? args->noperands - 1 : 1;
}

static int check_args(const lk_args *args, const lk_ingest_options *o, lk_error *err) {
	lk_format format;
	char **files;
	int n = inputs(args, &files), rc = LK_OK;
	for (int i = 0; rc == LK_OK && i < n; i++)
		rc = find_format(args, files[i], &format, err);
	if (rc == LK_OK && o->source && n > 1) {
		rc = lk_fail(err, LK_EUSAGE, "--source takes one file at a time, but %d files are given", n);
		lk_hint(err, "ingest them one by one: the files of one rotated log under the same name, others each under its own");
	}
	return rc;
}

/* A fault in one file does not keep the others out: the first is reported at the end, later ones at once. */
static int go_on(int rc, const lk_error *why, lk_error *err) {
	if (rc != LK_OK && err->code)
		lk_say_error(why);
	else if (rc != LK_OK)
		*err = *why;
	return rc == LK_EINPUT ? LK_OK : rc;
}

/* With --strict, all files are checked before the first is appended: all are appended in full, or none. */
static int ingest_all(const lk_args *args, lk_ingest_options *o, lk_error *err) {
	char **files;
	int n = inputs(args, &files), rc = LK_OK;
	bool appended = false;
	for (int pass = o->strict && n > 1 ? 0 : 1; rc == LK_OK && pass < 2; pass++)
		for (int i = 0; rc == LK_OK && i < n; i++) {
			lk_error why = {0};
			o->path = files[i];
			rc = lk_flag_is_set(&lk_stop) ? stopped(o, appended, &why) : ingest_one(args, o, pass == 0, &appended, &why);
			if (o->strict && rc != LK_OK)
				*err = why;
			else
				rc = go_on(rc, &why, err);
		}
	return rc == LK_OK ? err->code : rc;
}

static int refuse_derived(const lk_connection *c, const lk_cat_stream *s, lk_error *err) {
	const lk_cat_view *maker = lk_catalog_maker(c->catalog, s);
	lk_fail(err, LK_EUSAGE, "%s is a derived stream: its definition fills it", s->stream->name);
	return lk_hint(err, "append to the stream that it is made of: `lk ingest %s`", maker ? maker->stream->stream->name : "STREAM");
}

static int run(const lk_args *args, lk_error *err) {
	lk_connection c = {0};
	lk_ingest_options o = {.source = lk_args_text(args, "source", NULL), .strict = lk_args_has(args, "strict"),
	                       .stop = &lk_stop, .progress = show_progress, .note = show_note};
	int rc = check_args(args, &o, err);
	if (rc == LK_OK)
		rc = lk_connect(&c, LK_WITH_CATALOG, err);
	if (rc == LK_OK)
		rc = lk_catalog_need_stream(c.catalog, args->operands[0], &o.stream, err);
	if (rc == LK_OK && o.stream->of_copy)
		rc = refuse_derived(&c, o.stream, err);
	o.postgres = c.at.postgres;
	if (rc == LK_OK) {
		lk_stop_on_signal();
		rc = ingest_all(args, &o, err);
	}
	lk_disconnect(&c);
	return rc;
}

const lk_command lk_cmd_ingest = {
	.name = "ingest",
	.operands = "STREAM [FILE...]",
	.min_operands = 1,
	.max_operands = -1,
	.summary = "append events to a stream's log",
	.detail = "Reads standard input if no file, or -, is named. A line that cannot be an event goes to lk.rejected "
		"and never stops the rest. If PostgreSQL goes away or its disk is full, it says what the log has and tries "
		"again for five minutes. On the first Ctrl-C it appends what it has read and ends (exit 75); the second ends "
		"it at once.",
	.options = {
		{"format", "FORMAT", "{list}", false},
		{"delimiter", "C", "the separator of csv fields: a character, or tab (,)", false},
		{"source", "NAME", "remember under this name how far the input was read, so that the same input is "
			"never appended twice; all files of a rotated log share one name and are recognised by their content", false},
		{"strict", NULL, "append nothing if any line cannot be an event (exit 65)", false},
	},
	.examples = {
		{"lk gen web --events 100000 | lk ingest hits", "generated events"},
		{"lk ingest hits access.log.gz --source access.log", "a web server's log, once"},
		{"lk ingest hits a.log --format '%h %l %u %t \"%r\" %>s %b %D'", "a log in a custom format"},
	},
	.list = lk_format_help,
	.run = run,
};
