/* lk erase: asks, erases, and makes again what was computed. erasure/erasure.h says how. */
#include "options/answer_args.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/kappa.h"
#include "cli/output.h"
#include "cli/signal.h"
#include "erasure/erasure.h"
#include "print/text.h"

static void add_count(lk_buf *b, int64_t n, const char *one, const char *many) {
	lk_buf_add_count(b, n);
	lk_buf_addf(b, " %s", n == 1 ? one : many);
}

/* --- what would be erased --- */

static void put_events(const lk_erase_terms *t, const lk_erase_weight *w, lk_buf *b) {
	add_count(b, w->events, "event", "events");
	lk_buf_addf(b, " of stream %s", t->stream->stream->name);
	if (w->rejects) {
		lk_buf_adds(b, " and ");
		add_count(b, w->rejects, "rejected line", "rejected lines");
	}
}

static void put_work(const lk_erase_weight *w, lk_buf *b) {
	const char *comma = "; ";
	if (w->views) {
		lk_buf_adds(b, "; ");
		add_count(b, w->views, "view", "views");
		comma = " and ";
	}
	if (w->sandboxes) {
		lk_buf_adds(b, comma);
		add_count(b, w->sandboxes, "sandbox", "sandboxes");
	}
	if (w->views + w->sandboxes)
		lk_buf_adds(b, w->views + w->sandboxes == 1 ? " is made again" : " are made again");
	if (w->others) {
		lk_buf_adds(b, "; ");
		add_count(b, w->others, "other copy is", "other copies are");
		lk_buf_adds(b, " dropped");
	}
}

static void say_weight(const lk_erase_terms *t, const lk_erase_weight *w) {
	lk_buf b = LK_BUF_INIT;
	put_events(t, w, &b);
	put_work(w, &b);
	lk_say("%s", b.data);
	lk_buf_release(&b);
}

static int ask(const lk_erase_terms *t, const lk_erase_weight *w, lk_error *err) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, "this erases ");
	put_events(t, w, &b);
	lk_buf_adds(&b, ": only their event times stay");
	put_work(w, &b);
	lk_buf_adds(&b, "; this cannot be undone");
	int rc = lk_ask_question(&(lk_question){b.data, "Erase them", "erases them", "erased"}, err);
	lk_buf_release(&b);
	return rc;
}

/* --- doing it --- */

static int mark(lk_connection *c, const lk_erase_terms *t, lk_error *err) {
	lk_erase_marked done;
	lk_erase_weight w = {0};
	lk_buf b = LK_BUF_INIT;
	int rc = lk_erase_mark(&c->pg, t, &done, err);
	if (rc != LK_OK)
		return rc;
	w.events = done.events;
	w.rejects = done.rejects;
	put_events(t, &w, &b);
	lk_say("%s %s erased; lk.erasure %lld has it written down", b.data, done.events + done.rejects == 1 ? "is" : "are",
	       (long long)done.id);
	lk_buf_release(&b);
	return LK_OK;
}

static void say(void *ctx, const char *text) {
	(void)ctx;
	lk_say("%s", text);
}

static int finish(lk_connection *c, const lk_cat_stream *s, int workers, lk_error *err) {
	lk_erase_options o = {.postgres = c->at.postgres, .redis = c->at.redis, .stream = s, .workers = workers, .say = say};
	lk_kappa_watch(&o.watch);
	lk_stop_on_signal();
	int rc = lk_erase_finish(&c->pg, &o, err);
	if (rc == LK_OK)
		lk_say("nothing that was computed from them is left; backups, and PostgreSQL's and Redis' own files and logs, are"
		       " yours to look after (docs/operating.md)");
	return rc;
}

static int erase(lk_connection *c, const lk_args *args, const lk_erase_terms *t, int workers, lk_error *err) {
	lk_erase_weight w;
	int rc = lk_erase_weigh(&c->pg, c->catalog, t, &w, err);
	bool nothing = !w.events && !w.rejects;
	if (rc != LK_OK)
		return rc;
	if (nothing)
		lk_say("stream %s has no such event that is not erased already", t->stream->stream->name);
	if (lk_args_has(args, "dry-run")) {
		if (!nothing)
			say_weight(t, &w);
		return LK_OK;
	}
	if (!nothing && !lk_args_has(args, "yes"))
		rc = ask(t, &w, err);
	if (rc == LK_OK && !nothing)
		rc = mark(c, t, err);
	return rc == LK_OK && (w.events || w.unfinished) ? finish(c, t->stream, workers, err) : rc;
}

static int resume(lk_connection *c, const lk_cat_stream *s, int workers, lk_error *err) {
	int64_t unfinished;
	int rc = lk_erase_unfinished(&c->pg, s, &unfinished, err);
	if (rc == LK_OK && !unfinished) {
		lk_say("no erasure of stream %s is unfinished", s->stream->name);
		return LK_OK;
	}
	return rc == LK_OK ? finish(c, s, workers, err) : rc;
}

static int check_args(const lk_args *args, lk_error *err) {
	bool resumes = lk_args_has(args, "resume");
	if (resumes && (lk_args_has(args, "where") || lk_args_has(args, "dry-run") || lk_args_has(args, "yes"))) {
		lk_fail(err, LK_EUSAGE, "--resume goes on with what is erased already: it takes no --where, --dry-run and --yes");
		return lk_hint(err, "`lk help erase`");
	}
	return LK_OK;
}

static void add_drops(const lk_catalog *c, const lk_cat_stream *s, lk_buf *out);

/* All logs of a derived stream go with it; so what reads any of them goes before. */
static void add_maker(const lk_catalog *c, const lk_cat_view *maker, lk_buf *out) {
	for (int i = 0; i < c->nstreams; i++)
		if (lk_catalog_maker(c, &c->streams[i]) == maker)
			add_drops(c, &c->streams[i], out);
	lk_buf_addf(out, "%slk drop --stream %s --yes", out->len ? " && " : "", maker->name);
}

/* The commands that drop what is made of the stream, from the ends of all chains on. */
static void add_drops(const lk_catalog *c, const lk_cat_stream *s, lk_buf *out) {
	for (int i = 0; i < c->nviews && s->of_copy; i++)
		if (c->views[i].stream == s)
			lk_buf_addf(out, "%slk drop %s --yes", out->len ? " && " : "", c->views[i].name);
	for (int i = 0; i < c->nmakers; i++)
		if (c->makers[i].stream == s)
			add_maker(c, &c->makers[i], out);
}

/* Rows of a derived stream hold values of its source's events, and have offsets that would move. */
static int refuse_derived(const lk_catalog *c, const lk_cat_stream *s, lk_error *err) {
	lk_buf drops = LK_BUF_INIT;
	if (!s->of_copy)
		add_drops(c, s, &drops);
	if (drops.len) {
		lk_fail(err, LK_EUSAGE, "events of stream %s cannot be erased while derived streams are made of them, which would keep their values", s->stream->name);
		lk_hint(err, "`%s`, erase, apply the definitions again, and `lk speed` makes their logs anew", drops.data);
		lk_buf_release(&drops);
		return LK_EUSAGE;
	}
	if (!s->of_copy)
		return LK_OK;
	lk_fail(err, LK_EUSAGE, "%s is a derived stream: its rows come from another stream", s->stream->name);
	const lk_cat_view *maker = lk_catalog_maker(c, s);
	return lk_hint(err, "erase the events of %s", maker ? maker->stream->stream->name : "that stream");
}

static int run(const lk_args *args, lk_error *err) {
	lk_connection c = {0};
	lk_answer_args where = {0};
	lk_erase_terms terms = {0};
	const lk_cat_stream *s = NULL;
	bool resumes = lk_args_has(args, "resume"), dry = lk_args_has(args, "dry-run");
	int workers = 0, rc = check_args(args, err);
	if (rc == LK_OK)
		rc = lk_args_workers(args, &workers, err);
	if (rc == LK_OK)
		rc = lk_conditions_read(args, &where, err);
	if (rc == LK_OK)
		rc = lk_connect(&c, LK_WITH_CATALOG | (dry ? 0 : LK_WITH_STORE), err);
	if (rc == LK_OK)
		rc = lk_catalog_need_stream(c.catalog, args->operands[0], &s, err);
	if (rc == LK_OK)
		rc = refuse_derived(c.catalog, s, err);
	if (rc == LK_OK && !resumes)
		rc = lk_erase_terms_read(s, where.query.where, where.query.nwhere, &terms, err);
	if (rc == LK_OK && !dry)
		rc = lk_erase_lock(&c.pg, s, err);
	if (rc == LK_OK)
		rc = resumes ? resume(&c, s, workers, err) : erase(&c, args, &terms, workers, err);
	lk_erase_terms_release(&terms);
	lk_answer_args_release(&where);
	lk_disconnect(&c);
	return rc;
}

const lk_command lk_cmd_erase = {
	.name = "erase",
	.operands = "STREAM",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "erase events for good, and make again what was computed from them",
	.detail = "The events stay in the log with their offsets and event times, so that windows and what is late do not "
		"change; all their other columns become NULL. They still count in count(*), under keys that are NULL. "
		"Rejected lines that hold the text of each value after = lose their text. Then every view is made again: a "
		"lambda view by a batch, a kappa view by a replay and a switch, a sandbox by a replay of its range; former "
		"copies are dropped. It asks first; without a terminal it needs --yes. Interrupted, it goes on with --resume, "
		"or when the same is erased again. lk.erasure and lk.erased have it written down, without the values.",
	.options = {
		{"where", "COL=VALUE", "events for which this holds; may be repeated (all must hold). Also 'COL != VALUE', < <= > "
		 ">=, 'COL is null', 'COL is not null'", true},
		{"dry-run", NULL, "only say how many events there are, and what would be made again", false},
		{"resume", NULL, "go on with erasures that were interrupted", false},
		{"workers", "N", "threads of replays (2)", false},
		{"yes", NULL, "do not ask", false},
	},
	.examples = {
		{"lk erase hits --where ip=10.0.0.1 --dry-run", "how many events are of this address?"},
		{"lk erase hits --where ip=10.0.0.1", "erase them, after a question"},
		{"lk erase hits --resume", "go on after an interruption"},
	},
	.run = run,
};
