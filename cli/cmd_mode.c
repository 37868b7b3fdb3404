/* lk mode: shows which copy of each view is served; moves readers to a copy of the other mode, or back. */
#include <string.h>

#include "catalog/overview.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/kappa.h"
#include "cli/output.h"
#include "cli/signal.h"
#include "core/time.h"
#include "print/json.h"
#include "print/table.h"

/* --- showing --- */

static const char *mode_of(const lk_cat_copy *k) { return k->kappa ? "kappa" : "lambda"; }

static bool is_other(const lk_cat_view *v, const lk_cat_copy *k) {
	return k->version->view == v && k->id != v->served_copy && k->id != v->former_copy;
}

/* "12 (version 2, kappa)", "13 (version 2, sandbox morning)" */
static void put_copy(const lk_cat_copy *k, lk_buf *b) {
	lk_buf_addf(b, "%lld (version %d, ", (long long)k->id, k->version->number);
	if (k->name)
		lk_buf_addf(b, "sandbox %s)", k->name);
	else if (k->state == LK_COPY_LIVE)
		lk_buf_addf(b, "%s)", mode_of(k));
	else
		lk_buf_addf(b, "%s, %s)", mode_of(k), lk_copy_state_name(k->state));
}

/* A version of a kappa view has no copy until a replay makes one. */
static void put_others(const lk_catalog *c, const lk_cat_view *v, lk_buf *b) {
	const lk_cat_version *newest = lk_catalog_newest(c, v);
	bool there = false;
	for (int i = 0; i < c->ncopies; i++) {
		there |= c->copies[i].version == newest;
		if (is_other(v, &c->copies[i])) {
			lk_buf_adds(b, b->len ? ", " : "");
			put_copy(&c->copies[i], b);
		}
	}
	if (!there && newest)
		lk_buf_addf(b, "%snone yet (version %d)", b->len ? ", " : "", newest->number);
}

static void cell_text(lk_table *t, lk_buf *b) {
	lk_table_cell(t, b->len ? b->data : "-");
	lk_buf_clear(b);
}

static void add_row(lk_table *t, const lk_catalog *c, const lk_cat_view *v, int64_t since) {
	const lk_cat_copy *served = lk_catalog_copy(c, v->served_copy), *former = lk_catalog_copy(c, v->former_copy);
	lk_buf b = LK_BUF_INIT;
	lk_table_cell(t, v->name);
	if (served) {
		lk_table_count(t, served->version->number);
		lk_table_cell(t, mode_of(served));
		lk_buf_addf(&b, "%lld", (long long)served->id);
	} else {
		lk_table_cell(t, "-");
		lk_table_cell(t, "-");
	}
	cell_text(t, &b);
	lk_table_time(t, since);
	if (former)
		put_copy(former, &b);
	cell_text(t, &b);
	put_others(c, v, &b);
	cell_text(t, &b);
	lk_buf_release(&b);
}

static int print_table(lk_connection *at, const lk_cat_view *only, lk_error *err) {
	static const char *const names[] = {"VIEW", "VERSION", "MODE", "COPY", "SINCE", "FORMER", "OTHER COPIES"};
	const lk_catalog *c = at->catalog;
	int rc = LK_OK;
	lk_table *t = lk_table_new();
	for (int i = 0; i < 7; i++)
		lk_table_column(t, names[i], i == 1 || i == 3);
	for (int i = 0; rc == LK_OK && i < c->nviews; i++) {
		lk_view_overview o;
		if (only && &c->views[i] != only)
			continue;
		rc = lk_overview_view(&at->pg, &c->views[i], &o, err);
		if (rc == LK_OK)
			add_row(t, c, &c->views[i], o.served_since);
	}
	lk_put_table(t);
	return rc;
}

static void json_copy(const lk_cat_copy *k, lk_buf *b) {
	if (!k) {
		lk_buf_adds(b, "null");
		return;
	}
	lk_buf_addf(b, "{\"copy\":%lld,\"version\":%d,\"mode\":\"%s\",\"state\":\"%s\"", (long long)k->id, k->version->number,
	            mode_of(k), lk_copy_state_name(k->state));
	lk_json_member("name", k->name, b);
	lk_buf_addc(b, '}');
}

static void json_view(const lk_catalog *c, const lk_cat_view *v, int64_t since, lk_buf *b) {
	const char *comma = "";
	const lk_cat_version *newest = lk_catalog_newest(c, v);
	lk_buf_adds(b, "{\"view\":");
	lk_json_text(v->name, b);
	lk_buf_addf(b, ",\"newest_version\":%d,\"served\":", newest ? newest->number : 0);
	json_copy(lk_catalog_copy(c, v->served_copy), b);
	lk_json_time("since", since, b);
	lk_buf_adds(b, ",\"former\":");
	json_copy(lk_catalog_copy(c, v->former_copy), b);
	lk_buf_adds(b, ",\"others\":[");
	for (int i = 0; i < c->ncopies; i++)
		if (is_other(v, &c->copies[i])) {
			lk_buf_adds(b, comma);
			json_copy(&c->copies[i], b);
			comma = ",";
		}
	lk_buf_adds(b, "]}");
}

static int print_json(lk_connection *at, const lk_cat_view *only, lk_error *err) {
	const lk_catalog *c = at->catalog;
	const char *comma = "";
	int rc = LK_OK;
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, "{\"views\":[");
	for (int i = 0; rc == LK_OK && i < c->nviews; i++) {
		lk_view_overview o;
		if (only && &c->views[i] != only)
			continue;
		rc = lk_overview_view(&at->pg, &c->views[i], &o, err);
		lk_buf_adds(&b, comma);
		comma = ",";
		if (rc == LK_OK)
			json_view(c, &c->views[i], o.served_since, &b);
	}
	lk_buf_adds(&b, "]}\n");
	if (rc == LK_OK)
		lk_put_buf(&b);
	lk_buf_release(&b);
	return rc;
}

static int show(const lk_args *args, bool json, lk_error *err) {
	lk_connection c = {0};
	const lk_cat_view *only = NULL;
	int rc = lk_connect(&c, LK_WITH_CATALOG, err);
	if (rc == LK_OK && args->noperands)
		rc = lk_catalog_need_view(c.catalog, args->operands[0], &only, err);
	if (rc == LK_OK && c.catalog->nviews == 0)
		lk_say("no views are declared: `lk apply FILE` declares them");
	if (rc == LK_OK)
		rc = (json ? print_json : print_table)(&c, only, err);
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

static int change(const lk_args *args, bool back, bool kappa, lk_error *err) {
	lk_servers at = {0};
	lk_mode_report r = {0};
	int workers, rc = lk_args_workers(args, &workers, err);
	if (rc == LK_OK)
		rc = lk_servers_find(lk_home(), &at, err);
	lk_replay_options o = {
		.postgres = at.postgres, .redis = at.redis, .view = args->operands[0], .workers = workers,
		.limits = lk_stream_defaults, .force = lk_args_has(args, "force"),
	};
	lk_kappa_watch(&o.watch);
	if (rc == LK_OK) {
		lk_stop_on_signal();
		rc = back ? lk_mode_back(&o, &r, err) : lk_mode_change(&o, kappa, &r, err);
		say_report(&o, &r, rc);
		if (rc == LK_OK && r.stopped)
			rc = lk_kappa_stopped(o.view, back ? 0 : r.to_copy, err);
	}
	lk_difference_release(&r.difference);
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
		"Run it again to continue after an interruption.",
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
	},
	.run = run,
};
