/* lk mode: shows which copy of each view is served; moves readers to a copy of the other mode, or back. */
#include <stdlib.h>
#include <string.h>

#include "catalog/overview.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/kappa.h"
#include "cli/logs.h"
#include "cli/output.h"
#include "cli/signal.h"
#include "print/served.h"

/* --- showing --- */

static int print(lk_connection *c, const lk_cat_view *only, bool json, lk_error *err) {
	const lk_catalog *all = c->catalog;
	lk_screen screen = lk_out_screen();
	int rc = LK_OK, n = only ? 1 : all->nviews;   /* only: a view, or the definition of a derived stream */
	lk_served *views = lk_calloc((size_t)n + 1, sizeof *views);
	for (int i = 0; rc == LK_OK && i < n; i++) {
		views[i].view = only ? only : &all->views[i];
		rc = lk_overview_served_since(&c->pg, views[i].view, &views[i].since, err);
	}
	if (rc == LK_OK && json)
		lk_served_json(all, views, n, lk_out());
	else if (rc == LK_OK)
		lk_served_print(all, views, n, &screen, lk_out());
	free(views);
	return rc;
}

static int show(const lk_args *args, bool json, lk_error *err) {
	lk_connection c = {0};
	const lk_cat_view *only = NULL;
	int rc = lk_connect(&c, LK_WITH_CATALOG, err);
	if (rc == LK_OK && args->noperands)
		rc = lk_catalog_need_definition(c.catalog, args->operands[0], &only, err);
	if (rc == LK_OK && c.catalog->nviews == 0 && !only)
		lk_say("no views are declared: `lk apply FILE` declares them");
	if (rc == LK_OK)
		rc = print(&c, only, json, err);
	lk_disconnect(&c);
	return rc;
}

/* --- changing --- */

static void say_report(const lk_replay_options *o, const lk_mode_report *r, int rc) {
	if (r->difference.made)
		lk_kappa_say_difference(&r->difference);
	if (rc != LK_OK || r->stopped)
		return;
	if (r->nothing_to_do) {
		lk_say("view %s is already in this mode", o->view);
		return;
	}
	lk_kappa_say_switch(&r->switched_how);
	lk_say("view %s: readers get copy %lld now, after %.2f s; `lk mode %s --back` goes back to copy %lld", o->view,
	       (long long)r->to_copy, r->seconds, o->view, (long long)r->from_copy);
}

static int change_view(const lk_replay_options *o, bool back, bool kappa, lk_error *err) {
	lk_mode_report r = {0};
	int rc = back ? lk_mode_back(o, &r, err) : lk_mode_change(o, kappa, &r, err);
	say_report(o, &r, rc);
	if (rc == LK_OK && r.stopped)
		rc = lk_kappa_stopped(o->view, back ? 0 : r.to_copy, err);
	lk_difference_release(&r.difference);
	return rc;
}

static int change_stream(const lk_replay_options *o, bool back, lk_error *err) {
	if (back)
		return lk_logs_command(o, true, err);
	lk_fail(err, LK_EUSAGE, "%s is a derived stream: its log is filled by the stream path, in no other mode", o->view);
	return lk_hint(err, "the views over it have a mode each");
}

static int change(const lk_args *args, bool back, bool kappa, lk_error *err) {
	lk_servers at = {0};
	bool derived = false;
	int workers, rc = lk_args_workers(args, &workers, err);
	if (rc == LK_OK)
		rc = lk_servers_find(lk_home(), &at, err);
	lk_replay_options o = {
		.postgres = at.postgres, .redis = at.redis, .view = args->operands[0], .workers = workers,
		.limits = lk_stream_defaults, .force = lk_args_has(args, "force"),
	};
	lk_kappa_watch(&o.watch);
	if (rc == LK_OK)
		rc = lk_logs_is_derived(o.view, &derived, err);
	if (rc == LK_OK) {
		lk_stop_on_signal();
		rc = derived ? change_stream(&o, back, err) : change_view(&o, back, kappa, err);
	}
	lk_servers_release(&at);
	return rc;
}

/* Refuses options that would have no effect together. */
static int check(const lk_args *args, bool back, bool named, lk_error *err) {
	bool change_options = lk_args_has(args, "force") || lk_args_has(args, "workers");
	if (back && args->noperands != 1)
		lk_fail(err, LK_EUSAGE, "--back needs a view and no mode: it goes back to the copy served before");
	else if (back && change_options)
		lk_fail(err, LK_EUSAGE, "--back goes back to an existing copy: nothing is compared or built");
	else if (!back && !named && change_options)
		lk_fail(err, LK_EUSAGE, "--force and --workers are for a change, but no mode is named");
	else if ((back || named) && lk_args_has(args, "format"))
		lk_fail(err, LK_EUSAGE, "--format is for the list of modes; a change prints none");
	else
		return LK_OK;
	return lk_hint(err, "lk mode [VIEW], lk mode VIEW lambda|kappa, or lk mode VIEW --back");
}

static int run(const lk_args *args, lk_error *err) {
	static const char *const formats[] = {"table", "json", NULL};
	bool back = lk_args_has(args, "back"), named = args->noperands == 2;
	bool kappa = named && strcmp(args->operands[1], "kappa") == 0;
	int format;
	if (named && !kappa && strcmp(args->operands[1], "lambda") != 0) {
		lk_fail(err, LK_EUSAGE, "there is no mode \"%s\"", args->operands[1]);
		return lk_hint(err, "lk mode %s lambda, or lk mode %s kappa", args->operands[0], args->operands[0]);
	}
	int rc = check(args, back, named, err);
	if (rc == LK_OK)
		rc = lk_args_choice(args, "format", formats, 0, &format, err);
	if (rc != LK_OK)
		return rc;
	return back || named ? change(args, back, kappa, err) : show(args, format == 1, err);
}

const lk_command lk_cmd_mode = {
	.name = "mode",
	.operands = "[VIEW [MODE]]",
	.max_operands = 2,
	.summary = "show or change what views are served from: lambda or kappa",
	.detail = "A change makes a copy in the other mode (kappa: replayed from the log's beginning; lambda: a batch, "
		"and the stream path from there on), compares it with the served copy, and moves readers over without a gap. "
		"Run it again to continue after an interruption. --back also takes a derived stream: to its former log, with all that reads it.",
	.options = {
		{"back", NULL, "go back to the copy that was served before the last switch", false},
		{"force", NULL, "change even if the answers differ", false},
		{"workers", "N", "threads (2)", false},
		{"format", "FORMAT", "without MODE: table or json (table)", false},
	},
	.examples = {
		{"lk mode", "what each view is served from"},
		{"lk mode traffic kappa", "serve traffic without a batch layer"},
		{"lk mode traffic --back", "undo the last switch"},
		{"lk mode errors --back", "undo that of a derived stream, with the views over it"},
	},
	.run = run,
};
