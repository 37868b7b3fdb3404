/* lk rename: another name for a view or a stream. */
#include "catalog/copies.h"
#include "catalog/drop.h"
#include "catalog/rename.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/output.h"
#include "erasure/erasure.h"

static int rename_view(lk_connection *c, const lk_args *args, lk_error *err) {
	const lk_cat_view *v = NULL;
	const char *name = args->operands[1];
	int rc = lk_catalog_need_view(c->catalog, args->operands[0], &v, err);
	if (rc == LK_OK)
		rc = lk_view_lock(&c->pg, v, err);
	if (rc == LK_OK)
		rc = lk_view_rename(&c->pg, v, name, err);
	if (rc == LK_OK)
		lk_say("view %s is called %s now", v->name, name);
	return rc;
}

/* Against an erasure, replays, comparisons and changes of mode, which read the log for long. */
static int lock_all(lk_connection *c, const lk_cat_stream *s, lk_error *err) {
	const lk_cat_view *maker = lk_catalog_maker(c->catalog, s);
	int rc = lk_erase_lock(&c->pg, s, err);
	if (rc == LK_OK && maker)
		rc = lk_view_lock(&c->pg, maker, err);
	for (int i = 0; i < c->catalog->nviews && rc == LK_OK; i++) {
		const lk_cat_view *v = &c->catalog->views[i];
		if (v->stream != s)
			continue;
		rc = lk_view_lock(&c->pg, v, err);
		if (rc == LK_OK)
			rc = lk_view_refuse_replayed(&c->pg, v, err);
	}
	return rc;
}

static int rename_stream(lk_connection *c, const lk_args *args, lk_error *err) {
	const lk_cat_stream *s = NULL;
	const char *name = args->operands[0];
	int rc = lk_catalog_need_stream(c->catalog, lk_args_text(args, "stream", ""), &s, err);
	if (rc == LK_OK)
		rc = lock_all(c, s, err);
	if (rc == LK_OK)
		rc = lk_stream_rename(&c->pg, s, name, err);
	if (rc != LK_OK)
		return rc;
	int n = lk_catalog_readers(c->catalog, s);
	lk_buf said = LK_BUF_INIT;
	lk_buf_addf(&said, "stream %s is called %s now", s->stream->name, name);
	if (n)
		lk_buf_addf(&said, ", also in the %d definition%s that read%s it", n, n == 1 ? "" : "s", n == 1 ? "s" : "");
	lk_buf_adds(&said, "; its log is lk.log_");
	lk_stream_log_renamed(s, name, &said);
	lk_say("%s", said.data);
	lk_buf_release(&said);
	return LK_OK;
}

static int run(const lk_args *args, lk_error *err) {
	lk_connection c = {0};
	bool stream = lk_args_has(args, "stream");
	if (args->noperands != (stream ? 1 : 2)) {
		lk_fail(err, LK_EUSAGE, stream ? "lk rename --stream OLD takes one NAME" : "lk rename needs VIEW and NAME");
		return lk_hint(err, "`lk help rename`");
	}
	int rc = lk_connect(&c, LK_WITH_CATALOG, err);
	if (rc == LK_OK)
		rc = stream ? rename_stream(&c, args, err) : rename_view(&c, args, err);
	lk_disconnect(&c);
	return rc;
}

const lk_command lk_cmd_rename = {
	.name = "rename",
	.operands = "[VIEW] NAME",
	.min_operands = 1,
	.max_operands = 2,
	.summary = "give a view or a stream another name",
	.detail = "Of a view its versions, copies and answers stay. Running layers go on with it, unless they were started for this view "
		"by its former name (lk speed --view, lk batch VIEW --every). Of a stream its events, sources and views stay: its name is "
		"exchanged in their definitions, and its log's table is renamed; a running lk ingest goes on. In your definition file "
		"change the name too: lk apply would declare a new view or stream of the former name. NAME is taken as it is, as if it "
		"were quoted in SQL.",
	.options = {
		{"stream", "OLD", "rename this stream", false},
	},
	.examples = {
		{"lk rename traffic visits", "view traffic is called visits from now on"},
		{"lk rename --stream hits requests", "stream hits is called requests, and its log lk.log_requests"},
	},
	.run = run,
};
