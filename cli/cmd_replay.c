/* lk replay: reads the options, shows progress, prints a report. replay/replay.h says what a replay is. */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/kappa.h"
#include "cli/logs.h"
#include "cli/output.h"
#include "cli/signal.h"
#include "core/time.h"
#include "print/estimate.h"

/* --- options --- */

static int refuse(lk_error *err, const char *fact, const char *hint) {
	lk_fail(err, LK_EUSAGE, "%s", fact);
	return lk_hint(err, "%s", hint);
}

static int check_sandbox(const lk_replay_options *o, lk_error *err) {
	if (o->switch_over)
		return refuse(err, "--switch with --from, --to or --as: a sandbox covers a range and is never served",
		              "leave --switch out, or replay the whole log");
	if (o->verify)
		return refuse(err, "--verify with --from, --to or --as: a sandbox covers a range, the served copy all of "
		              "the log",
		              "leave --verify out, or replay the whole log");
	return LK_OK;
}

/* Refuses options that would have no effect together: the user expects one. */
static int check(const lk_args *args, const lk_replay_options *o, lk_error *err) {
	if (o->sandbox && check_sandbox(o, err) != LK_OK)
		return LK_EUSAGE;
	if (!o->sandbox && o->keep)
		return refuse(err, "--keep is for a sandbox; a copy of the whole log stays in any case",
		              "--from, --to or --as make a sandbox");
	if (o->force && !o->verify)
		return refuse(err, "--force without --verify: nothing is compared, so there is nothing to override",
		              "write --verify --force, or leave it out");
	if (o->force && !o->switch_over)
		return refuse(err, "--force without --switch: a difference would prevent nothing",
		              "write --switch --verify --force, or leave it out");
	if (o->max_gap_us && o->pace == 0)
		return refuse(err, "--max-gap without --pace: there are no pauses between events",
		              "write --pace 1x too, or leave it out");
	if (o->pace > 0 && lk_args_has(args, "workers"))
		return refuse(err, "--workers with --pace: a paced replay has one thread", "leave one of them out");
	if (!o->sandbox && o->pace == 0 && lk_args_has(args, "by"))
		return refuse(err, "--by without --from, --to or --pace: no option uses it",
		              "leave --by out");
	return LK_OK;
}

/* A replay takes events, so its range lies within their times. */
static void within_time(lk_range *r) {
	if (r->from < LK_TIME_MIN)
		r->from = INT64_MIN;
	if (r->from > LK_TIME_MAX)
		r->from = LK_TIME_MAX;
	if (r->to < LK_TIME_MIN)
		r->to = LK_TIME_MIN;
	if (r->to > LK_TIME_MAX)
		r->to = INT64_MAX;
}

static int read_times(const lk_args *args, lk_replay_options *o, lk_error *err) {
	static const char *const clocks[] = {"event", "_at", NULL};
	int by = LK_BY_EVENT;
	int rc = lk_args_pace(args, &o->pace, err);
	if (rc == LK_OK)
		rc = lk_args_interval(args, "max-gap", 0, &o->max_gap_us, err);
	if (rc == LK_OK)
		rc = lk_args_time(args, "from", INT64_MIN, &o->range.from, err);
	if (rc == LK_OK)
		rc = lk_args_time(args, "to", INT64_MAX, &o->range.to, err);
	if (rc == LK_OK)
		rc = lk_args_choice(args, "by", clocks, LK_BY_EVENT, &by, err);
	o->range.by = (enum lk_range_by)by;
	within_time(&o->range);
	return rc;
}

static int read_options(const lk_args *args, lk_replay_options *o, lk_error *err) {
	bool range = lk_args_has(args, "from") || lk_args_has(args, "to");
	*o = (lk_replay_options){
		.view = args->operands[0], .limits = lk_stream_defaults, .sandbox = lk_args_text(args, "as", range ? "" : NULL),
		.switch_over = lk_args_has(args, "switch"), .verify = lk_args_has(args, "verify"),
		.force = lk_args_has(args, "force"), .fresh = lk_args_has(args, "fresh"), .keep = lk_args_has(args, "keep"),
	};
	lk_kappa_watch(&o->watch);
	int rc = lk_args_workers(args, &o->workers, err);
	if (rc == LK_OK)
		rc = lk_args_version(args, &o->version, err);
	if (rc == LK_OK)
		rc = read_times(args, o, err);
	return rc ? rc : check(args, o, err);
}

/* --- what it says --- */

static void say_work(const lk_replay_options *o, const lk_replay_report *r) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_addf(&b, "replay %s@%d, copy %lld: ", o->view, r->version, (long long)r->copy_id);
	lk_buf_add_count(&b, r->events);
	lk_buf_addf(&b, " event%s in %.2f s", r->events == 1 ? "" : "s", r->seconds);
	if (r->events && r->seconds > 0 && o->pace == 0) {
		lk_buf_adds(&b, ", ");
		lk_buf_add_count(&b, (int64_t)((double)r->events / r->seconds));
		lk_buf_adds(&b, " events/s");
	}
	if (r->late) {
		lk_buf_adds(&b, ", late: ");
		lk_buf_add_count(&b, r->late);
	}
	if (r->marked) {
		lk_buf_adds(&b, ", could not be evaluated (lk.rejected): ");
		lk_buf_add_count(&b, r->marked);
	}
	if (r->resumed)
		lk_buf_adds(&b, "; it continued an earlier replay");
	lk_say("%s", b.data);
	lk_buf_release(&b);
}

static void say_next_of_sandbox(const char *view, const char *name, bool keep) {
	if (keep)
		lk_say("sandbox %s is kept: `lk query %s --copy %s` reads it, `lk drop %s --copy %s` removes it", name, view, name,
		       view, name);
	else
		lk_say("sandbox %s is removed; --keep keeps it", name);
}

static void say_next(const lk_replay_options *o, const lk_replay_report *r) {
	const char *view = o->view;
	long long copy = (long long)r->copy_id;
	if (o->sandbox) {
		say_next_of_sandbox(view, r->sandbox, o->keep);
	} else if (r->already && !r->switched) {
		lk_say("readers already get copy %lld of version %d", copy, r->version);
	} else if (r->switched) {
		lk_say("readers get copy %lld now; `lk mode %s --back` goes back to the former copy, `lk drop %s --former` removes it",
		       copy, view, view);
	} else {
		lk_say("`lk query %s --copy %lld` reads it, `lk drop %s --copy %lld` removes it", view, copy, view, copy);
		if (o->version)
			lk_say("`lk replay %s --version %d --switch` moves readers over", view, o->version);
		else
			lk_say("`lk replay %s --switch` moves readers over", view);
	}
}

static void say_report(const lk_replay_options *o, const lk_replay_report *r, int rc) {
	if (r->copy_id && (rc == LK_OK || rc == LK_EDIFFERS))
		say_work(o, r);
	if (r->verified)
		lk_kappa_say_difference(&r->difference);
	if (r->switched)
		lk_kappa_say_switch(&r->switched_how);
	if (rc == LK_OK && !r->stopped)
		say_next(o, r);
}

/* --- dry run --- */

static int dry_run(const lk_replay_options *o, lk_error *err) {
	lk_replay_estimate e;
	lk_screen screen = lk_out_screen();
	int rc = lk_replay_dry_run(o, &e, err);
	if (rc != LK_OK)
		return rc;
	lk_estimate_print(&e, &screen, lk_out());
	if (e.room >= 0 && e.bytes > e.room)
		lk_say("Redis has too little memory for this: raise its maxmemory, or drop a copy (`lk mode` lists them)");
	return LK_OK;
}

static int replay(const lk_replay_options *o, lk_error *err) {
	lk_replay_report r = {0};
	lk_stop_on_signal();
	int rc = lk_replay_run(o, &r, err);
	say_report(o, &r, rc);
	if (rc == LK_OK && r.stopped)
		rc = lk_kappa_stopped(o->view, r.copy_id, err);
	lk_replay_report_release(&r);
	return rc;
}

/* A derived stream is replayed whole and at once, and its new log is either verified or goes into service. */
static int check_derived(const lk_args *args, const lk_replay_options *o, lk_error *err) {
	static const char *const of_views[] = {"pace", "max-gap", "from", "to", "by", "as", "keep", "dry-run"};
	for (size_t i = 0; i < sizeof of_views / sizeof *of_views; i++)
		if (lk_args_has(args, of_views[i]))
			return lk_fail(err, LK_EUSAGE, "--%s is for views, and %s is a derived stream", of_views[i], o->view);
	if (o->switch_over || o->verify)
		return LK_OK;
	lk_fail(err, LK_EUSAGE, "a new log of %s that is neither verified nor switched to would be of no use", o->view);
	return lk_hint(err, "--verify compares it and removes it again; --switch brings it, and all that reads it, into service");
}

static int replay_stream(const lk_args *args, const lk_replay_options *o, lk_error *err) {
	int rc = check_derived(args, o, err);
	lk_stop_on_signal();
	return rc == LK_OK ? lk_logs_command(o, false, err) : rc;
}

static int run(const lk_args *args, lk_error *err) {
	lk_servers at = {0};
	lk_replay_options o;
	bool derived = false;
	int rc = read_options(args, &o, err);
	if (rc == LK_OK)
		rc = lk_servers_find(lk_home(), &at, err);
	o.postgres = at.postgres;
	o.redis = at.redis;
	if (rc == LK_OK)
		rc = lk_logs_is_derived(o.view, &derived, err);
	if (rc == LK_OK && derived)
		rc = replay_stream(args, &o, err);
	else if (rc == LK_OK)
		rc = lk_args_has(args, "dry-run") ? dry_run(&o, err) : replay(&o, err);
	lk_servers_release(&at);
	return rc;
}

const lk_command lk_cmd_replay = {
	.name = "replay",
	.operands = "VIEW",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "send the log through the stream path again, into a new copy",
	.detail = "The copy is kappa: it needs no batch. Readers keep their copy until --switch moves them over; appends "
		"wait some milliseconds for that. A replay that was stopped or killed, or lost a server, continues when it "
		"is run again.\n"
		"With --from, --to or --as it makes a sandbox: a copy of a part of history, which ends where that part ends. "
		"`lk query VIEW --copy NAME` reads it during the replay; at the end it is removed, unless --keep is given.\n"
		"Of a derived stream: fills its log anew beside the served one, by the newest definition. --verify compares the two, byte by "
		"byte, or a changed definition with PostgreSQL's own answer, and the views over it; without --switch the new log is then "
		"removed. --switch moves the stream, the views over it and streams made of it to new copies at one instant.",
	.options = {
		{"version", "N", "this version instead of the newest", false},
		{"switch", NULL, "move readers over at the end, without a gap", false},
		{"verify", NULL, "first compare with the served copy over the same part of the log; stop at a "
			"difference that late events do not explain (exit 1)", false},
		{"force", NULL, "with --verify --switch: switch despite differences, for a changed definition", false},
		{"fresh", NULL, "drop what an earlier replay left, and restart", false},
		{"workers", "N", "threads (2)", false},
		{"pace", "PACE", "max, or a multiple of the speed at which the events happened: 1x, 10x, 0.5x (max)", false},
		{"max-gap", "INTERVAL", "with --pace: shorten longer gaps between events to INTERVAL", false},
		{"from", "TIME", "sandbox: events at or after TIME: RFC 3339, a date, or -1h for an hour before now", false},
		{"to", "TIME", "sandbox: events before TIME", false},
		{"by", "CLOCK", "the time for --from, --to and --pace: event time (event), or _at, when it was appended "
			"(event)", false},
		{"as", "NAME", "sandbox: its name", false},
		{"keep", NULL, "sandbox: keep it at the end", false},
		{"dry-run", NULL, "only say how many events it would read, how long it would take and what it would "
			"need in Redis", false},
	},
	.examples = {
		{"lk replay traffic --verify --switch", "reprocess, compare, move readers over"},
		{"lk replay traffic --dry-run", "what would it cost?"},
		{"lk replay errors --verify --switch", "bring a changed derived stream into service, with all over it"},
		{"lk replay traffic --from -30min --by _at --pace 60x --as morning", "the events of the last half hour again, in half a minute"},
	},
	.run = run,
};
