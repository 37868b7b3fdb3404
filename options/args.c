#include "options/args.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/suggest.h"
#include "core/time.h"
#include "windows/bound.h"

static const double PACE_MOST = 1e6;

int lk_args_add(lk_args *a, const lk_option *o, const char *value, lk_error *err) {
	if (!o->many && lk_args_has(a, o->name))
		return lk_fail(err, LK_EUSAGE, "--%s is given twice", o->name);
	a->given = lk_realloc(a->given, sizeof *a->given * (size_t)(a->ngiven + 1));
	a->given[a->ngiven++] = (struct lk_given){o, value ? value : ""};
	return LK_OK;
}

void lk_args_release(lk_args *a) {
	free(a->given);
	*a = (lk_args){0};
}

/* --- values --- */


static const struct lk_given *find(const lk_args *a, const char *option) {
	for (int i = 0; i < a->ngiven; i++)
		if (strcmp(a->given[i].option->name, option) == 0)
			return &a->given[i];
	return NULL;
}

bool lk_args_has(const lk_args *a, const char *option) { return find(a, option) != NULL; }

const char *lk_args_text(const lk_args *a, const char *option, const char *otherwise) {
	const struct lk_given *g = find(a, option);
	return g ? g->value : otherwise;
}

int lk_args_int(const lk_args *a, const char *option, lk_whole n, int64_t *out, lk_error *err) {
	const char *text = lk_args_text(a, option, NULL);
	*out = n.otherwise;
	if (!text)
		return LK_OK;
	char *end;
	errno = 0;
	long long v = strtoll(text, &end, 10);
	if (!*text || *end || errno || v < n.least || v > n.most)
		return lk_fail(err, LK_EUSAGE, "--%s %s: not a whole number from %lld to %lld", option, text, (long long)n.least,
		               (long long)n.most);
	*out = v;
	return LK_OK;
}

static int small(const lk_args *a, const char *option, lk_whole n, int *out, lk_error *err) {
	int64_t v;
	int rc = lk_args_int(a, option, n, &v, err);
	*out = (int)v;
	return rc;
}

int lk_args_workers(const lk_args *a, int *out, lk_error *err) { return small(a, "workers", (lk_whole){2, 1, 256}, out, err); }

int lk_args_version(const lk_args *a, int *out, lk_error *err) {
	return small(a, "version", (lk_whole){0, 1, INT32_MAX}, out, err);
}

int lk_args_interval(const lk_args *a, const char *option, int64_t otherwise, int64_t *out_us, lk_error *err) {
	const char *text = lk_args_text(a, option, NULL), *reason = "";
	*out_us = otherwise;
	if (!text || lk_interval_parse(text, strlen(text), false, out_us, &reason) == 0)
		return LK_OK;
	lk_fail(err, LK_EUSAGE, "--%s %s: %s", option, text, reason);
	return lk_hint(err, "write a whole number and a unit: 500ms, 30s, 5min, 1h, 1d");
}

static int64_t within_time(int64_t us) { return us < LK_TIME_MIN ? LK_TIME_MIN : us > LK_TIME_MAX ? LK_TIME_MAX : us; }

/* "2015-05-17": its beginning, in UTC. */
static bool parse_date(const char *text, int64_t *out_us) {
	char begin[32];
	if (strlen(text) != strlen("2015-05-17") || strspn(text, "0123456789-") != strlen(text))
		return false;
	snprintf(begin, sizeof begin, "%sT00:00:00Z", text);
	return lk_bound_parse(begin, strlen(begin), out_us) == 0;
}

int lk_args_time(const lk_args *a, const char *option, int64_t otherwise, int64_t *out_us, lk_error *err) {
	const char *text = lk_args_text(a, option, NULL), *reason = "";
	int64_t ago;
	*out_us = otherwise;
	if (!text || lk_bound_parse(text, strlen(text), out_us) == 0 || parse_date(text, out_us))
		return LK_OK;
	if (text[0] == '-' && lk_interval_parse(text + 1, strlen(text + 1), true, &ago, &reason) == 0) {
		*out_us = within_time(a->now_us - ago);
		return LK_OK;
	}
	lk_fail(err, LK_EUSAGE, "--%s %s: not a time", option, text);
	return lk_hint(err, "write 2015-05-17T10:05:00Z, 2015-05-17, or -1h for an hour before now");
}

int lk_args_pace(const lk_args *a, double *out, lk_error *err) {
	const char *text = lk_args_text(a, "pace", "max");
	*out = 0;
	if (strcmp(text, "max") == 0)
		return LK_OK;
	char *end;
	bool decimal = text[strspn(text, "0123456789.")] == 'x';
	*out = strtod(text, &end);
	if (decimal && strcmp(end, "x") == 0 && *out > 0 && *out <= PACE_MOST)
		return LK_OK;
	lk_fail(err, LK_EUSAGE, "--pace %s: not max, and not a multiple such as 10x or 0.5x", text);
	return lk_hint(err, "1x is the speed at which the events happened; at most %.0fx", PACE_MOST);
}

int lk_args_choice(const lk_args *a, const char *option, const char *const *choices, int otherwise, int *out,
                   lk_error *err) {
	const char *text = lk_args_text(a, option, NULL);
	lk_buf all = LK_BUF_INIT;
	*out = otherwise;
	for (int i = 0; text && choices[i]; i++) {
		if (strcasecmp(choices[i], text) == 0) {
			*out = i;
			text = NULL;
		} else {
			lk_buf_addf(&all, "%s%s", i ? ", " : "", choices[i]);
		}
	}
	if (text) {
		lk_fail(err, LK_EUSAGE, "--%s %s: not a known value", option, text);
		lk_hint(err, "one of %s", all.data);
	}
	lk_buf_release(&all);
	return text ? LK_EUSAGE : LK_OK;
}
