#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/signal.h"
#include "core/suggest.h"
#include "core/time.h"
#include "generate/generate.h"
#include "generate/scenario.h"
#include "replay/pace.h"

enum { LINES_AT_ONCE = 1000, MOST_SCENARIOS = 32 };
#define DEFAULT_START INT64_C(1431856800000000)   /* 2015-05-17T10:00:00Z */
#define MOST_EVENTS INT64_C(1000000000000)

static int unknown_scenario(const char *name, lk_error *err) {
	const char *names[MOST_SCENARIOS];
	int n = 0;
	for (const lk_scenario *const *s = lk_scenarios; *s && n < MOST_SCENARIOS; s++)
		names[n++] = (*s)->name;
	lk_fail(err, LK_EUSAGE, "there is no scenario \"%s\"", name);
	lk_hint_names(err, name, names, n, "one of ");
	return LK_EUSAGE;
}

/* "5%", or "0.05". */
static int read_share(const lk_args *args, const char *option, double *out, lk_error *err) {
	const char *text = lk_args_text(args, option, "0");
	char *end;
	double share = strtod(text, &end);
	if (end > text && !strcmp(end, "%"))
		share /= 100;
	else if (!*text || *end)
		share = -1;
	if (!(share >= 0 && share <= 1)) {
		lk_fail(err, LK_EUSAGE, "--%s %s: not a share of the events", option, text);
		return lk_hint(err, "write 5%%, or 0.05");
	}
	*out = share;
	return LK_OK;
}

/* "3s..60s"; "60s" is up to 60 seconds. Without it, up to a quarter of the span. */
static int read_late_by(const lk_args *args, int64_t span_us, lk_disorder *out, lk_error *err) {
	const char *text = lk_args_text(args, "late-by", NULL), *reason = "";
	out->late_least_us = 0;
	out->late_most_us = span_us / 4;
	if (!text)
		return LK_OK;
	const char *dots = strstr(text, ".."), *most = dots ? dots + 2 : text;
	if (dots && lk_interval_parse(text, (size_t)(dots - text), true, &out->late_least_us, &reason))
		dots = NULL, most = "";
	if (lk_interval_parse(most, strlen(most), false, &out->late_most_us, &reason) ||
	    out->late_most_us < out->late_least_us) {
		lk_fail(err, LK_EUSAGE, "--late-by %s: not a range of intervals", text);
		return lk_hint(err, "write 60s, or 3s..60s");
	}
	return LK_OK;
}

static int read_disorder(const lk_args *args, int64_t span_us, lk_disorder *out, lk_error *err) {
	int rc = read_share(args, "late", &out->late, err);
	if (rc == LK_OK && out->late <= 0 && lk_args_has(args, "late-by")) {
		lk_fail(err, LK_EUSAGE, "--late-by says how late events are, but none is");
		return lk_hint(err, "say how many with --late, for example --late 5%%");
	}
	if (rc == LK_OK)
		rc = read_late_by(args, span_us, out, err);
	if (rc == LK_OK)
		rc = lk_args_interval(args, "jitter", 0, &out->jitter_us, err);
	if (rc == LK_OK)
		rc = read_share(args, "duplicates", &out->duplicates, err);
	return rc;
}

static int bad_rate(const char *text, lk_error *err) {
	lk_fail(err, LK_EUSAGE, "--rate %s: not a number of events by a unit of time", text);
	return lk_hint(err, "write 50/s, 3/min, 1000/h or 20/d; from one event in a hundred years to 1,000,000 in a second");
}

/* "50/s": so many events in so long. */
static int read_rate(const char *text, int64_t *events, int64_t *per_us, lk_error *err) {
	char *end, *unit;
	const char *reason;
	*events = strtoll(text, &end, 10);
	if (end == text || *end != '/' || *events <= 0 || *events > MOST_EVENTS)
		return bad_rate(text, err);
	unit = lk_asprintf("%s%s", end[1] >= '0' && end[1] <= '9' ? "" : "1", end + 1);
	int bad = lk_interval_parse(unit, strlen(unit), false, per_us, &reason);
	free(unit);
	return bad || *events > *per_us ? bad_rate(text, err) : LK_OK;
}

/* Of events, span and rate two say the third one; --rate alone leaves the span as it is. */
static int read_amount(const lk_args *args, lk_gen_options *o, lk_error *err) {
	const char *rate = lk_args_text(args, "rate", NULL);
	bool events = lk_args_has(args, "events"), span = lk_args_has(args, "span");
	int64_t n, per_us;
	int rc = lk_args_int(args, "events", (lk_whole){o->events, 0, MOST_EVENTS}, &o->events, err);
	if (rc == LK_OK)
		rc = lk_args_interval(args, "span", o->span_us, &o->span_us, err);
	if (rc || !rate)
		return rc;
	if (events && span) {
		lk_fail(err, LK_EUSAGE, "--rate %s: --events and --span already say the rate", rate);
		return lk_hint(err, "leave out one of the three");
	}
	if ((rc = read_rate(rate, &n, &per_us, err)))
		return rc;
	__int128 other = events ? (__int128)o->events * per_us / n : (__int128)o->span_us * n / per_us;
	if (events)
		o->span_us = other > LK_TIME_MAX ? INT64_MAX : other > 0 ? (int64_t)other : 1;
	else if (other > MOST_EVENTS)
		return lk_fail(err, LK_EUSAGE, "--rate %s: more than %lld events in the span", rate, (long long)MOST_EVENTS);
	else
		o->events = (int64_t)other;
	return LK_OK;
}

static int check_years(const lk_gen_options *o, lk_error *err) {
	if (o->start_us < LK_TIME_MIN || o->span_us > LK_TIME_MAX || o->start_us > LK_TIME_MAX - o->span_us)
		return lk_fail(err, LK_EUSAGE, "event times would be outside the years 1 to 9999");
	return LK_OK;
}

static int read_options(const lk_args *args, const lk_scenario *scenario, lk_gen_options *o, lk_error *err) {
	int64_t seed, keys;
	*o = lk_gen_usual(scenario);
	o->planted = lk_args_has(args, "planted");
	if (o->planted && !scenario->planted)
		return lk_fail(err, LK_EUSAGE, "--planted: nothing is planted in %s", scenario->name);
	int rc = read_amount(args, o, err);
	if (rc == LK_OK)
		rc = lk_args_int(args, "seed", (lk_whole){(int64_t)o->seed, 0, INT64_MAX}, &seed, err);
	if (rc == LK_OK)
		rc = lk_args_int(args, "keys", (lk_whole){o->keys, 1, LK_ZIPF_MOST}, &keys, err);
	if (rc == LK_OK)
		rc = lk_args_time(args, "start", DEFAULT_START, &o->start_us, err);
	if (rc == LK_OK)
		rc = read_disorder(args, o->span_us, &o->disorder, err);
	if (rc)
		return rc;
	o->seed = (uint64_t)seed;
	o->keys = (uint32_t)keys;
	return check_years(o, err);
}

static void put_all(lk_gen *g, lk_buf *b) {
	while (lk_gen_some(g, LINES_AT_ONCE, b) > 0 && lk_put_buf(b))
		;
}

/* The first event now, each other one when it is due. */
static void put_paced(lk_gen *g, double pace, lk_buf *b) {
	lk_pace clock;
	bool wanted = true;
	lk_pace_init(&clock, pace, 0);
	lk_pace_waits_for(&clock, LK_NEVER, lk_gen_next_us(g), lk_monotonic_us());
	while (wanted && lk_gen_next_us(g) != INT64_MAX) {
		int64_t due = lk_pace_due_us(&clock, lk_gen_next_us(g));
		if (due > lk_monotonic_us()) {
			wanted = lk_put_now();
			lk_wait_until(due);
		}
		lk_gen_some(g, 1, b);
		wanted = wanted && lk_put_buf(b);
	}
}

static int run(const lk_args *args, lk_error *err) {
	const lk_scenario *scenario = lk_scenario_find(args->operands[0]);
	lk_gen_options o;
	if (!scenario)
		return unknown_scenario(args->operands[0], err);
	double pace;
	int rc = read_options(args, scenario, &o, err);
	if (rc == LK_OK)
		rc = lk_args_pace(args, &pace, err);
	if (rc)
		return rc;
	lk_gen *g = lk_gen_new(scenario, &o);
	lk_buf b = LK_BUF_INIT;
	if (pace > 0)
		put_paced(g, pace, &b);
	else
		put_all(g, &b);
	lk_buf_release(&b);
	lk_gen_free(g);
	return LK_OK;
}

const lk_command lk_cmd_gen = {
	.name = "gen",
	.operands = "SCENARIO",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "print generated events as jsonl",
	.detail = "It needs no server. SCENARIO is one of\n\n{list}\n\n"
	          "unless the options say otherwise. The streams that take them are in examples/.\n\n"
	          "The same options give the same bytes. --late, --jitter and --duplicates change when lines come and how often, "
	          "and not what is in them: a late event comes after younger ones.",
	.options = {
		{"events", "N", "how many", false},
		{"span", "INTERVAL", "the event time that they cover", false},
		{"rate", "N/UNIT", "so many in an s, min, h or d of event time: with --events it says the span, otherwise how many", false},
		{"seed", "S", "another seed gives other events (1)", false},
		{"start", "TIME", "event time of the first event: RFC 3339, a date, or -1h (2015-05-17T10:00:00Z)", false},
		{"keys", "N", "how many clients, cards, devices, …", false},
		{"late", "SHARE", "so many of them come late: 5%, or 0.05 (0)", false},
		{"late-by", "RANGE", "by so much: 3s..60s, or 60s for up to 60 seconds (up to a quarter of the span)", false},
		{"jitter", "INTERVAL", "the others come up to INTERVAL late (0)", false},
		{"duplicates", "SHARE", "so many come a second time, among the hundred events that follow (0)", false},
		{"pace", "PACE", "as fast as they happen, 1x, or a multiple of it, 60x (max: as fast as they can be made)", false},
		{"planted", NULL, "print only the events that a query should find (fraud, …), with the field \"planted\"", false},
	},
	.examples = {
		{"lk gen web --events 5 --seed 7", "five events"},
		{"lk gen web --rate 20/s --span 1d | lk ingest hits", "a day of traffic"},
		{"lk gen payments --late 5% --late-by 3s..60s --duplicates 1%", "as it arrives over a bad line"},
		{"lk gen clicks --start=-0s --pace 1x | lk ingest clicks", "as it happens, from now on"},
		{"lk gen payments --planted", "what should be found among them"},
	},
	.list = lk_scenarios_help,
	.run = run,
};
