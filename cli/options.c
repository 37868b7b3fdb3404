#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/help.h"
#include "core/suggest.h"
#include "core/time.h"
#include "windows/bound.h"

static const double PACE_MOST = 1e6;

static const char *near_option(const lk_command *c, const char *name) {
	const char *names[LK_MAX_OPTIONS + 1];
	int n = 0;
	for (const lk_option *o = c->options; o->name; o++)
		names[n++] = o->name;
	names[n++] = "help";
	return lk_did_you_mean(name, names, n);
}

/* word: what the user typed, "--wher=x". */
static int unknown_option(const lk_command *c, const char *word, lk_error *err) {
	size_t dashes = strspn(word, "-");
	char *name = lk_strndup(word + dashes, strcspn(word + dashes, "="));
	lk_fail(err, LK_EUSAGE, "lk %s has no option %.*s%s", c->name, (int)dashes, word, name);
	const char *near = near_option(c, name);
	if (near)
		lk_hint(err, "did you mean --%s? `lk help %s` lists the options", near, c->name);
	else
		lk_hint(err, "`lk help %s` lists the options", c->name);
	free(name);
	return LK_EUSAGE;
}

/* An option in the place of the command. */
static int no_command(const char *word, lk_error *err) {
	lk_fail(err, LK_EUSAGE, "%s: the first word must be a command, not an option", word);
	return lk_hint(err, "usage: lk COMMAND [OPTION...] [OPERAND...]; `lk help` lists the commands");
}

static int add(lk_args *a, const lk_option *o, const char *value, lk_error *err) {
	if (!o->many && lk_args_has(a, o->name))
		return lk_fail(err, LK_EUSAGE, "--%s is given twice", o->name);
	a->given = lk_realloc(a->given, sizeof *a->given * (size_t)(a->ngiven + 1));
	a->given[a->ngiven++] = (struct lk_given){o, value ? value : ""};
	return LK_OK;
}

static int check_operands(const lk_args *a, lk_error *err) {
	const lk_command *c = a->command;
	if (a->noperands < c->min_operands)
		lk_fail(err, LK_EUSAGE, "lk %s needs %s", c->name, c->operands);
	else if (c->max_operands >= 0 && a->noperands > c->max_operands)
		lk_fail(err, LK_EUSAGE, "lk %s: \"%s\" is one operand too many", c->name, a->operands[c->max_operands]);
	else
		return LK_OK;
	return lk_hint(err, "usage: lk %s%s%s%s; `lk help %s` says more", c->name,
	               c->options[0].name ? " [OPTION...]" : "", *c->operands ? " " : "",
	               c->operands, c->name);
}

/* getopt_long accepts any unique prefix of a name; a script that uses one would break when an option with the same
 * prefix is added. */
static bool is_whole(const char *word, const char *name) {
	size_t n = strlen(name);
	return strncmp(word, "--", 2) == 0 && strncmp(word + 2, name, n) == 0 &&
	       (word[2 + n] == '\0' || word[2 + n] == '=');
}

static int parse_options(int argc, char **argv, lk_args *a, lk_error *err) {
	const lk_command *c = a->command;
	struct option table[LK_MAX_OPTIONS + 2] = {{"help", no_argument, NULL, 'h'}};
	int n = 0, rc = LK_OK, got;
	for (; n < LK_MAX_OPTIONS && c->options[n].name; n++)
		table[n + 1] = (struct option){c->options[n].name, c->options[n].arg ? required_argument : no_argument,
		                               NULL, 256 + n};
	optind = 0;
	opterr = 0;
	while (rc == LK_OK && (got = getopt_long(argc, argv, ":h", table, NULL)) != -1) {
		const lk_option *o = got >= 256 ? &c->options[got - 256] : NULL;
		const char *word = argv[o && o->arg && optarg == argv[optind - 1] ? optind - 2 : optind - 1];
		if (got == 'h' && (is_whole(word, "help") || word[1] != '-'))
			a->help = true;
		else if (o && is_whole(word, o->name))
			rc = add(a, o, optarg, err);
		else if (got == ':')
			rc = lk_fail(err, LK_EUSAGE, "%s needs a value: %s", word,
			             optopt >= 256 && optopt < 256 + n ? c->options[optopt - 256].arg : "");
		else
			rc = unknown_option(c, word, err);
	}
	a->operands = argv + optind;
	a->noperands = argc - optind;
	return rc;
}

int lk_args_parse(const lk_command *const *commands, int argc, char **argv, lk_args *out, lk_error *err) {
	*out = (lk_args){.commands = commands};
	const char *name = argc > 1 ? argv[1] : "help";
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		name = "help";
	else if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
		name = "version";
	out->command = lk_command_find(commands, name);
	if (!out->command)
		return name[0] == '-' ? no_command(name, err) : lk_command_unknown(commands, name, err);
	if (argc <= 1)
		return LK_OK;
	int rc = parse_options(argc - 1, argv + 1, out, err);
	if (rc == LK_OK && !out->help)
		rc = check_operands(out, err);
	return rc;
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

/* Read once per command, so that -1h is the same time in --from and --to. */
static int64_t the_time(void) {
	static int64_t now;
	now = now ? now : lk_time_now();
	return now;
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
		*out_us = within_time(the_time() - ago);
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
