#include <stdlib.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "core/suggest.h"
#include "core/time.h"
#include "formats/gen.h"

enum { LINES_AT_ONCE = 1000 };
#define DEFAULT_START INT64_C(1431856800000000)   /* 2015-05-17T10:00:00Z */

static int unknown_kind(const char *kind, lk_error *err) {
	const char *names[16];
	int n = 0;
	lk_buf all = LK_BUF_INIT;
	for (const lk_gen_kind *k = lk_gen_kinds; k->name && n < 16; k++) {
		lk_buf_addf(&all, "%s%s", n ? ", " : "", k->name);
		names[n++] = k->name;
	}
	const char *near = lk_did_you_mean(kind, names, n);
	lk_fail(err, LK_EUSAGE, "there is no kind of events \"%s\"", kind);
	if (near)
		lk_hint(err, "did you mean %s?", near);
	else
		lk_hint(err, "one of %s", all.data);
	lk_buf_release(&all);
	return LK_EUSAGE;
}

static int read_late(const lk_args *args, double *out, lk_error *err) {
	const char *text = lk_args_text(args, "late", "0");
	char *end;
	*out = strtod(text, &end);
	if (!*text || *end || !(*out >= 0 && *out <= 1))
		return lk_fail(err, LK_EUSAGE, "--late %s: not a fraction from 0 to 1", text);
	return LK_OK;
}

static int check_years(const lk_gen_options *o, lk_error *err) {
	int64_t late = o->late > 0 ? o->span_us / 4 : 0, back = late > o->jitter_us ? late : o->jitter_us;
	if (o->start_us > LK_TIME_MAX - o->span_us || o->start_us - LK_TIME_MIN < back)
		return lk_fail(err, LK_EUSAGE, "event times would be outside the years 1 to 9999");
	return LK_OK;
}

static int run(const lk_args *args, lk_error *err) {
	lk_gen_options o = {.kind = args->operands[0]};
	int64_t seed = 1;
	int rc = lk_args_int(args, "events", (lk_whole){100000, 0, INT64_C(1000000000000)}, &o.events, err);
	if (rc == LK_OK)
		rc = lk_args_int(args, "seed", (lk_whole){1, 0, INT64_MAX}, &seed, err);
	if (rc == LK_OK)
		rc = lk_args_time(args, "start", DEFAULT_START, &o.start_us, err);
	if (rc == LK_OK)
		rc = lk_args_interval(args, "span", 3600 * LK_US_PER_S, &o.span_us, err);
	if (rc == LK_OK)
		rc = lk_args_interval(args, "jitter", 0, &o.jitter_us, err);
	if (rc == LK_OK)
		rc = read_late(args, &o.late, err);
	if (rc == LK_OK)
		rc = check_years(&o, err);
	o.seed = (uint64_t)seed;
	if (rc)
		return rc;
	lk_gen *g = lk_gen_new(&o);
	if (!g)
		return unknown_kind(o.kind, err);
	lk_buf b = LK_BUF_INIT;
	while (lk_gen_some(g, LINES_AT_ONCE, &b) > 0 && lk_put_buf(&b))
		;
	lk_buf_release(&b);
	lk_gen_free(g);
	return LK_OK;
}

const lk_command lk_cmd_gen = {
	.name = "gen",
	.operands = "KIND",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "print generated events as jsonl",
	.detail = "KIND is web: hits of a web site. The same options give the same bytes.",
	.options = {
		{"events", "N", "how many (100000)", false},
		{"seed", "S", "another seed gives other events (1)", false},
		{"start", "TIME", "event time of the first event: RFC 3339, or -1h (2015-05-17T10:00:00Z)", false},
		{"span", "INTERVAL", "the event time that they cover (1h)", false},
		{"late", "FRACTION", "fraction of them, 0 to 1, that come late by up to a quarter of the span (0)", false},
		{"jitter", "INTERVAL", "the others are out of order by up to INTERVAL (none)", false},
	},
	.examples = {
		{"lk gen web --events 5 --seed 7", "five events"},
		{"lk gen web --events 1000000 --span 1d | lk ingest hits", "a day of traffic"},
	},
	.run = run,
};
