/* apply reads all files before it changes anything, so a fault in the last file leaves nothing half declared. It then
 * applies the definitions in file order, each in its own transaction; after a failure, applying all again changes
 * nothing that is already applied. --check applies them all in one transaction and rolls it back; without a server it
 * reads the files by themselves. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/zones.h"
#include "cli/apply_print.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/output.h"
#include "core/suggest.h"
#include "print/apply_json.h"

enum { FILE_MAX_BYTES = 1024 * 1024 };   /* read at most; the parser has a lower limit and a better message */

typedef struct source {
	const char *name;
	lk_buf text;
	lk_definitions parsed;
} source;

typedef struct job {
	lk_connection at;
	source *sources;
	int nsources;
	bool check;        /* say what would happen, change nothing */
	bool alone;        /* no server: the files are all that is known */
	bool zones;        /* alone, and a time zone would have to be looked up */
	lk_error silent;   /* why there is no server */
	lk_apply_json *json;   /* NULL: not asked for */
	int faults;
	lk_error failed;   /* a query that failed while a file was parsed */
} job;

static int read_file(source *s, lk_error *err) {
	bool standard = strcmp(s->name, "-") == 0;
	FILE *f = standard ? stdin : fopen(s->name, "re");
	if (!f)
		return lk_fail(err, LK_EUSAGE, "cannot read %s: %s", s->name, strerror(errno));
	size_t n = 1;
	while (n > 0 && s->text.len <= FILE_MAX_BYTES) {
		char chunk[8192];
		n = fread(chunk, 1, sizeof chunk, f);
		lk_buf_add(&s->text, chunk, n);
	}
	int rc = ferror(f) ? lk_fail(err, LK_EUSAGE, "cannot read %s: %s", s->name, strerror(errno)) : LK_OK;
	if (!standard)
		fclose(f);
	return rc;
}

static const lk_stream *find_stream(void *ctx, const char *name) {
	const job *j = ctx;
	for (int i = j->nsources - 1; i >= 0; i--) {
		const lk_stream *found = lk_definitions_stream(&j->sources[i].parsed, name);
		if (found)
			return found;
	}
	const lk_cat_stream *s = j->at.catalog ? lk_catalog_stream(j->at.catalog, name) : NULL;
	return s ? s->stream : NULL;
}

static const char *suggest_stream(void *ctx, const char *name) {
	const job *j = ctx;
	const char *names[256];
	int n = 0;
	for (int i = 0; i < j->nsources; i++)
		for (int k = 0; k < j->sources[i].parsed.nitems && n < 256; k++)
			if (j->sources[i].parsed.items[k].stream)
				names[n++] = j->sources[i].parsed.items[k].stream->name;
	for (int i = 0; j->at.catalog && i < j->at.catalog->nstreams && n < 256; i++)
		names[n++] = j->at.catalog->streams[i].stream->name;
	return lk_did_you_mean(name, names, n);
}

static bool is_view(void *ctx, const char *name) {
	const job *j = ctx;
	for (int i = 0; i < j->nsources; i++)
		for (int k = 0; k < j->sources[i].parsed.nitems; k++)
			if (j->sources[i].parsed.items[k].kind == LK_DEF_VIEW && strcmp(j->sources[i].parsed.items[k].plan->view, name) == 0)
				return true;
	return j->at.catalog && lk_catalog_view(j->at.catalog, name);
}

static int find_zone(void *ctx, lk_calendar *c, lk_arena *arena, const char **near) {
	job *j = ctx;
	j->zones |= j->alone;
	return j->alone ? LK_OK : lk_zone_check(&j->at.pg, c->zone, arena, near, &j->failed);
}

static const char *text_of(const source *s) { return s->text.data ? s->text.data : ""; }

static void report(job *j, const source *s, const lk_fault *f) {
	lk_buf out = LK_BUF_INIT;
	lk_fault_print(f, s->name, text_of(s), s->text.len, &out);
	lk_say_lines(out.data);
	lk_buf_release(&out);
	if (j->json)
		lk_apply_json_fault(j->json, f, s->name, text_of(s), s->text.len);
	j->faults++;
}

static void parse(job *j, source *s) {
	lk_resolver resolver = {.stream = find_stream, .suggest = suggest_stream, .view = is_view, .ctx = j, .calendar = find_zone};
	lk_sql_parse(text_of(s), s->text.len, &resolver, &s->parsed);
	for (int i = 0; i < s->parsed.nfaults; i++)
		report(j, s, &s->parsed.faults[i]);
}

/* The line at which the definition begins. */
static int line_of(const source *s, const lk_definition *d) {
	const char *at = strstr(s->text.data, lk_definition_text(d));
	int line = 1;
	for (const char *p = s->text.data; p < at; p++)
		line += *p == '\n';
	return line;
}

static int apply_item(job *j, const source *s, const lk_definition *d, lk_error *err) {
	lk_apply_result r;
	int rc = lk_apply(&j->at.pg, d, &r, err);
	if (rc == LK_OK && d->stream)
		lk_applied_stream_print(d->stream, &r);
	else if (rc == LK_OK)
		lk_applied_view_print(d->plan, &r);
	if (rc == LK_OK && j->json)
		lk_apply_json_definition(j->json, d, s->name, line_of(s, d), &r);
	return rc;
}

static int apply_all(job *j, lk_error *err) {
	int rc = LK_OK, n = 0;
	for (int i = 0; i < j->nsources; i++)
		for (int k = 0; rc == LK_OK && k < j->sources[i].parsed.nitems; k++, n++)
			rc = apply_item(j, &j->sources[i], &j->sources[i].parsed.items[k], err);
	if (rc == LK_OK && n == 0)
		lk_say("no definitions: nothing to do");
	return rc;
}

/* --- --check --- */

/* A refusal is shown like a fault in the text, at the beginning of the definition. */
static int check_item(job *j, const source *s, const lk_definition *d, lk_error *err) {
	lk_error e = {0};
	int rc = apply_item(j, s, d, &e);
	if (rc == LK_EDEFINITION) {
		lk_fault fault = {.line = line_of(s, d), .col = 1, .message = e.text, .hint = e.hint};
		report(j, s, &fault);
		return LK_OK;
	}
	if (rc != LK_OK)
		*err = e;
	return rc;
}

static int compare_all(job *j, lk_error *err) {
	int rc = lk_apply_dry_run_begin(&j->at.pg, err);
	for (int i = 0; i < j->nsources; i++)
		for (int k = 0; rc == LK_OK && k < j->sources[i].parsed.nitems; k++)
			rc = check_item(j, &j->sources[i], &j->sources[i].parsed.items[k], err);
	lk_apply_dry_run_end(&j->at.pg);
	return rc;
}

static void say_alone(job *j) {
	for (int i = 0; j->json && i < j->nsources; i++)
		for (int k = 0; k < j->sources[i].parsed.nitems; k++) {
			const lk_definition *d = &j->sources[i].parsed.items[k];
			lk_apply_json_definition(j->json, d, j->sources[i].name, line_of(&j->sources[i], d), NULL);
		}
	lk_say("not compared with what is declared%s: %s", j->zones ? ", and time zones were not looked up" : "", j->silent.text);
}

static int check_all(job *j, lk_error *err) {
	int rc = LK_OK;
	if (j->alone)
		say_alone(j);
	else
		rc = compare_all(j, err);
	if (rc == LK_OK && j->faults)
		return lk_fail(err, LK_EDEFINITION, "%d fault%s: `lk apply` would refuse this; nothing was changed", j->faults, j->faults == 1 ? "" : "s");
	if (rc == LK_OK)
		lk_say(j->alone ? "the files have no fault" : "this is what `lk apply` would do; nothing was changed");
	return rc;
}

/* --- the command --- */

static int apply_parsed(job *j, lk_error *err) {
	if (j->check)
		return check_all(j, err);
	if (j->faults)
		return lk_fail(err, LK_EDEFINITION, "%d fault%s in the definitions: nothing was applied", j->faults, j->faults == 1 ? "" : "s");
	return apply_all(j, err);
}

/* A check does not create a missing schema: nothing is declared then. */
static int load(job *j, lk_error *err) {
	char log_id[33];
	lk_error e = {0};
	if (!j->check) {
		int rc = lk_catalog_install(&j->at.pg, log_id, err);
		return rc == LK_OK ? lk_catalog_load(&j->at.pg, &j->at.catalog, err) : rc;
	}
	int rc = lk_catalog_load(&j->at.pg, &j->at.catalog, &e);
	if (rc != LK_EUSAGE && rc != LK_OK)
		*err = e;
	return rc == LK_EUSAGE ? LK_OK : rc;
}

static int connect_and_load(job *j, lk_error *err) {
	int rc = lk_connect(&j->at, 0, j->check ? &j->silent : err);
	j->alone = j->check && rc == LK_EUNREACHABLE;
	if (rc == LK_OK)
		return load(j, err);
	if (j->check && !j->alone)
		*err = j->silent;
	return j->alone ? LK_OK : rc;
}

static int read_files(job *j, const lk_args *args, lk_error *err) {
	int rc = LK_OK;
	for (int i = 0; rc == LK_OK && i < args->noperands; i++) {
		j->sources[i].name = args->operands[i];
		rc = read_file(&j->sources[i], err);
	}
	return rc;
}

static int parse_and_apply(job *j, int nsources, lk_error *err) {
	for (int i = 0; i < nsources; i++) {
		j->nsources = i + 1;
		parse(j, &j->sources[i]);
	}
	if (j->failed.code)
		return lk_fail(err, j->failed.code, "%s", j->failed.text);
	return apply_parsed(j, err);
}

static void release(job *j, int nsources) {
	for (int i = 0; i < nsources; i++) {
		lk_definitions_release(&j->sources[i].parsed);
		lk_buf_release(&j->sources[i].text);
	}
	free(j->sources);
	lk_disconnect(&j->at);
}

static int run(const lk_args *args, lk_error *err) {
	static const char *const formats[] = {"text", "json", NULL};
	job j = {.sources = lk_calloc((size_t)args->noperands, sizeof *j.sources), .check = lk_args_has(args, "check")};
	lk_apply_json json = {0};
	int format = 0, rc = lk_args_choice(args, "format", formats, 0, &format, err);
	j.json = format ? &json : NULL;
	if (rc == LK_OK)
		rc = read_files(&j, args, err);
	if (rc == LK_OK)
		rc = connect_and_load(&j, err);
	if (rc == LK_OK) {
		rc = parse_and_apply(&j, args->noperands, err);
		if (j.json)
			lk_apply_json_print(&json, rc == LK_OK, !j.alone, lk_out());
	}
	lk_apply_json_release(&json);
	release(&j, args->noperands);
	return rc;
}

const lk_command lk_cmd_apply = {
	.name = "apply",
	.operands = "FILE...",
	.min_operands = 1,
	.max_operands = -1,
	.summary = "declare streams and views from SQL files",
	.detail = "Applying the same definition again changes nothing. A changed view becomes a new version that the "
		"next batch brings into service; it replaces an older version that still waits for that. A changed derived stream "
		"waits for `lk replay STREAM --switch`. If there are "
		"faults, all of them are printed with their places and nothing is applied. A file named - is standard input.",
	.options = {
		{"check", NULL, "only say what would be new, unchanged, a new version, or refused (exit 78); change "
			"nothing. Without a server, even one that is configured, find the faults of the files themselves, say so, and "
			"exit with 0 if there is none (json: \"compared\":false)", false},
		{"format", "FORMAT", "text or json (text): json prints one object with each fault and each definition, for "
			"editors", false},
	},
	.examples = {
		{"lk apply examples/web/web.sql", "declare what the file holds"},
		{"lk apply --check changed.sql", "what would it do?"},
		{"lk apply --check --format json - <changed.sql", "the same, from an editor"},
	},
	.run = run,
};
