/* apply reads all files before it changes anything, so a fault in the last file leaves nothing half declared. It then
 * applies the definitions in file order, each in its own transaction; after a failure, applying all again changes
 * nothing that is already applied. --check applies them all in one transaction and rolls it back. */
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
		const lk_definitions *d = &j->sources[i].parsed;
		for (int k = d->nitems - 1; k >= 0; k--)
			if (d->items[k].kind == LK_DEF_STREAM && strcmp(d->items[k].stream->name, name) == 0)
				return d->items[k].stream;
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
			if (j->sources[i].parsed.items[k].kind == LK_DEF_STREAM)
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
	return lk_zone_check(&j->at.pg, c->zone, arena, near, &j->failed);
}

static void parse(job *j, source *s) {
	lk_resolver resolver = {.stream = find_stream, .suggest = suggest_stream, .view = is_view, .ctx = j, .calendar = find_zone};
	lk_buf out = LK_BUF_INIT;
	lk_sql_parse(s->text.data ? s->text.data : "", s->text.len, &resolver, &s->parsed);
	for (int i = 0; i < s->parsed.nfaults; i++)
		lk_fault_print(&s->parsed.faults[i], s->name, s->text.data ? s->text.data : "", s->text.len, &out);
	if (out.len)
		lk_say_lines(out.data);
	j->faults += s->parsed.nfaults;
	lk_buf_release(&out);
}

static int apply_item(job *j, const lk_definition *d, lk_error *err) {
	lk_apply_result r;
	int rc = d->kind == LK_DEF_STREAM ? lk_apply_stream(&j->at.pg, d->stream, &r, err) : lk_apply_view(&j->at.pg, d->plan, &r, err);
	if (rc == LK_OK && d->kind == LK_DEF_STREAM)
		lk_applied_stream_print(d->stream, &r);
	else if (rc == LK_OK)
		lk_applied_view_print(d->plan, &r);
	return rc;
}

static int apply_all(job *j, lk_error *err) {
	int rc = LK_OK, n = 0;
	for (int i = 0; i < j->nsources; i++)
		for (int k = 0; rc == LK_OK && k < j->sources[i].parsed.nitems; k++, n++)
			rc = apply_item(j, &j->sources[i].parsed.items[k], err);
	if (rc == LK_OK && n == 0)
		lk_say("no definitions: nothing to do");
	return rc;
}

/* --- --check --- */

/* Prints the refusal like a fault in the text, at the beginning of the definition. */
static void print_refused(const source *s, const lk_definition *d, const lk_error *why) {
	const char *text = d->kind == LK_DEF_STREAM ? d->stream->text : d->plan->text, *at = strstr(s->text.data, text);
	lk_fault fault = {.line = 1, .col = 1, .message = (char *)(uintptr_t)why->text, .hint = (char *)(uintptr_t)why->hint};
	for (const char *p = s->text.data; p < at; p++)
		fault.line += *p == '\n';
	lk_buf out = LK_BUF_INIT;
	lk_fault_print(&fault, s->name, s->text.data, s->text.len, &out);
	lk_say_lines(out.data);
	lk_buf_release(&out);
}

static int check_item(job *j, const source *s, const lk_definition *d, lk_error *err) {
	lk_error e = {0};
	int rc = apply_item(j, d, &e);
	if (rc == LK_EDEFINITION) {
		print_refused(s, d, &e);
		j->faults++;
		return LK_OK;
	}
	if (rc != LK_OK)
		*err = e;
	return rc;
}

static int check_all(job *j, lk_error *err) {
	int rc = lk_apply_trial_begin(&j->at.pg, err);
	for (int i = 0; i < j->nsources; i++)
		for (int k = 0; rc == LK_OK && k < j->sources[i].parsed.nitems; k++)
			rc = check_item(j, &j->sources[i], &j->sources[i].parsed.items[k], err);
	lk_apply_trial_end(&j->at.pg);
	if (rc == LK_OK && j->faults)
		return lk_fail(err, LK_EDEFINITION, "%d fault%s: `lk apply` would refuse this; nothing was changed", j->faults, j->faults == 1 ? "" : "s");
	if (rc == LK_OK)
		lk_say("this is what `lk apply` would do; nothing was changed");
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

static int run(const lk_args *args, lk_error *err) {
	job j = {.sources = lk_calloc((size_t)args->noperands, sizeof *j.sources), .check = lk_args_has(args, "check")};
	int rc = LK_OK;
	for (int i = 0; rc == LK_OK && i < args->noperands; i++) {
		j.sources[i].name = args->operands[i];
		rc = read_file(&j.sources[i], err);
	}
	if (rc == LK_OK)
		rc = lk_connect(&j.at, 0, err);
	if (rc == LK_OK)
		rc = load(&j, err);
	for (int i = 0; rc == LK_OK && i < args->noperands; i++) {
		j.nsources = i + 1;
		parse(&j, &j.sources[i]);
	}
	if (rc == LK_OK && j.failed.code)
		rc = lk_fail(err, j.failed.code, "%s", j.failed.text);
	if (rc == LK_OK)
		rc = apply_parsed(&j, err);
	for (int i = 0; i < args->noperands; i++) {
		lk_definitions_release(&j.sources[i].parsed);
		lk_buf_release(&j.sources[i].text);
	}
	free(j.sources);
	lk_disconnect(&j.at);
	return rc;
}

const lk_command lk_cmd_apply = {
	.name = "apply",
	.operands = "FILE...",
	.min_operands = 1,
	.max_operands = -1,
	.summary = "declare streams and views from SQL files",
	.detail = "Applying the same definition again changes nothing. A changed view becomes a new version that the "
		"next batch brings into service; it replaces an older version that still waits for that. If there are "
		"faults, all of them are printed with their places and nothing is applied. A file named - is standard input.",
	.options = {
		{"check", NULL, "only say what would be new, unchanged, a new version, or refused (exit 78); change "
			"nothing", false},
	},
	.examples = {
		{"lk apply examples/web/web.sql", "declare what the file holds"},
		{"lk apply --check changed.sql", "what would it do?"},
	},
	.run = run,
};
