#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/help.h"
#include "core/suggest.h"
#include "core/time.h"

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
			rc = lk_args_add(a, o, optarg, err);
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
	*out = (lk_args){.commands = commands, .now_us = lk_time_now()};
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
