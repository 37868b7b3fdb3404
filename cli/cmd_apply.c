/* apply reads all files before it changes anything: a fault in the last one leaves nothing half declared.
 * Definitions are then applied in the order of the files, each in a transaction of its own; applying the rest again
 * after a failure changes nothing that is there. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/output.h"
#include "core/window.h"
#include "event_log/zones.h"

enum { FILE_MAX_BYTES = 1024 * 1024 };   /* read at most; the parser's own limit is lower and tells it better */

typedef struct source {
	const char *name;
	lk_buf text;
	lk_definitions parsed;
} source;

typedef struct job {
	lk_connection at;
	source *sources;
	int nsources;
	int faults;
	lk_error failed;   /* what could not be asked while a file was read */
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
	const lk_cat_stream *s = lk_catalog_stream(j->at.catalog, name);
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
	for (int i = 0; i < j->at.catalog->nstreams && n < 256; i++)
		names[n++] = j->at.catalog->streams[i].stream->name;
	return lk_did_you_mean(name, names, n);
}

static int find_zone(void *ctx, lk_calendar *c, lk_arena *arena, const char **near) {
	job *j = ctx;
	return lk_zone_check(&j->at.pg, c->zone, arena, near, &j->failed);
}

static void parse(job *j, source *s) {
	lk_resolver resolver = {.stream = find_stream, .suggest = suggest_stream, .ctx = j, .calendar = find_zone};
	lk_buf out = LK_BUF_INIT;
	lk_sql_parse(s->text.data ? s->text.data : "", s->text.len, &resolver, &s->parsed);
	for (int i = 0; i < s->parsed.nfaults; i++)
		lk_fault_print(&s->parsed.faults[i], s->name, s->text.data ? s->text.data : "", s->text.len, &out);
	if (out.len)
		fputs(out.data, stderr);
	j->faults += s->parsed.nfaults;
	lk_buf_release(&out);
}

static int apply_stream(job *j, const lk_stream *s, lk_error *err) {
	static const char *const what[] = {[LK_APPLIED_NEW] = "new", [LK_APPLIED_SAME] = "unchanged",
	                                   [LK_APPLIED_CHANGED] = "changed"};
	lk_apply_result r;
	int rc = lk_apply_stream(&j->at.pg, s, &r, err);
	if (rc == LK_OK && r.new_versions)
		lk_say("stream %s: changed; %d view%s a new version, which the next batch (in kappa mode `lk replay VIEW --switch`) brings into"
		       " service", s->name, r.new_versions, r.new_versions == 1 ? " over it has" : "s over it have");
	else if (rc == LK_OK)
		lk_say("stream %s: %s", s->name, what[r.what]);
	return rc;
}

/* How a version that readers do not get yet comes to be theirs. */
static void say_waiting(const char *view, const lk_apply_result *r) {
	const char *unchanged = r->what == LK_APPLIED_SAME ? ", unchanged" : "";
	lk_buf how = LK_BUF_INIT;
	if (r->left) {
		lk_say("view %s: version %d%s; readers were moved from it to version %d: `lk mode %s --back` or `lk replay %s --switch` moves"
		       " them again", view, r->version, unchanged, r->served_version, view, view);
		return;
	}
	if (!r->kappa)
		lk_buf_addf(&how, "`lk batch %s` (or, into kappa mode, ", view);
	lk_buf_addf(&how, "`lk replay %s --switch`%s", view, r->kappa ? "" : ")");
	lk_say("view %s: version %d%s; readers get version %d until %s brings it into service", view, r->version, unchanged,
	       r->served_version, how.data);
	lk_buf_release(&how);
}

static int apply_view(job *j, const lk_plan *p, lk_error *err) {
	lk_apply_result r;
	int rc = lk_apply_view(&j->at.pg, p, &r, err);
	if (rc != LK_OK)
		return rc;
	if (r.version == r.served_version)
		lk_say("view %s: %s, version %d", p->view, r.what == LK_APPLIED_SAME ? "unchanged" : "new", r.version);
	else
		say_waiting(p->view, &r);
	if (r.what != LK_APPLIED_SAME && p->retention_us > 0 && !lk_has_final_rows(p))
		lk_say("view %s: its windows are past as soon as they are final: with an allowed_lateness%s shorter than its retention, answers have final"
		       " rows, too", p->view, p->window.kind == LK_W_SESSION ? " + gap" : "");
	return LK_OK;
}

static int apply_all(job *j, lk_error *err) {
	int rc = LK_OK, n = 0;
	for (int i = 0; i < j->nsources; i++)
		for (int k = 0; rc == LK_OK && k < j->sources[i].parsed.nitems; k++, n++) {
			const lk_definition *d = &j->sources[i].parsed.items[k];
			rc = d->kind == LK_DEF_STREAM ? apply_stream(j, d->stream, err) : apply_view(j, d->plan, err);
		}
	if (rc == LK_OK && n == 0)
		lk_say("no definitions: nothing to do");
	return rc;
}

int lk_cmd_apply(const lk_args *args, lk_error *err) {
	char log_id[33];
	job j = {.sources = lk_calloc((size_t)args->noperands, sizeof *j.sources)};
	int rc = LK_OK;
	for (int i = 0; rc == LK_OK && i < args->noperands; i++) {
		j.sources[i].name = args->operands[i];
		rc = read_file(&j.sources[i], err);
	}
	if (rc == LK_OK)
		rc = lk_connect(&j.at, 0, err);
	if (rc == LK_OK)
		rc = lk_catalog_install(&j.at.pg, log_id, err);
	if (rc == LK_OK)
		rc = lk_catalog_load(&j.at.pg, &j.at.catalog, err);
	for (int i = 0; rc == LK_OK && i < args->noperands; i++) {
		j.nsources = i + 1;
		parse(&j, &j.sources[i]);
	}
	if (rc == LK_OK && j.failed.code)
		rc = lk_fail(err, j.failed.code, "%s", j.failed.text);
	if (rc == LK_OK && j.faults)
		rc = lk_fail(err, LK_EDEFINITION, "%d fault%s in the definitions: nothing was applied", j.faults,
		             j.faults == 1 ? "" : "s");
	if (rc == LK_OK)
		rc = apply_all(&j, err);
	for (int i = 0; i < args->noperands; i++) {
		lk_definitions_release(&j.sources[i].parsed);
		lk_buf_release(&j.sources[i].text);
	}
	free(j.sources);
	lk_disconnect(&j.at);
	return rc;
}
