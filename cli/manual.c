#include "cli/manual.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/help.h"

/* --- troff --- */

/* The code point of the UTF-8 character at *s, which moves behind it. */
static unsigned code_point(const char **s) {
	const unsigned char *p = (const unsigned char *)*s;
	int more = p[0] >= 0xf0 ? 3 : p[0] >= 0xe0 ? 2 : 1;
	unsigned c = p[0] & (0x3fu >> more);
	for (int i = 1; i <= more; i++)
		c = c << 6 | (p[i] & 0x3fu);
	*s += more + 1;
	return c;
}

/* A line's first "." or "'" would be a request; a "-" is a hyphen unless it is escaped. */
static void add_text(const char *text, lk_buf *out) {
	if (*text == '.' || *text == '\'')
		lk_buf_adds(out, "\\&");
	while (*text) {
		unsigned char c = (unsigned char)*text;
		if (c >= 0x80)
			lk_buf_addf(out, "\\[u%04X]", code_point(&text));
		else
			text++;
		if (c >= 0x80)
			continue;
		const char *special = c == '\\' ? "\\e" : c == '-' ? "\\-" : c == '\'' ? "\\(aq" : c == '`' ? "\\(ga" : c == '^' ? "\\(ha" :
		                      c == '~' ? "\\(ti" : NULL;
		if (special)
			lk_buf_adds(out, special);
		else
			lk_buf_addc(out, (char)c);
	}
}

static void add_line(const char *text, lk_buf *out) {
	add_text(text, out);
	lk_buf_addc(out, '\n');
}

/* Paragraphs, of a line each; lines that begin with blanks stay as they are. */
static void add_paragraphs(const char *text, lk_buf *out) {
	bool as_is = false, first = true;
	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		char *line = lk_strndup(p, strcspn(p, "\n"));
		if (*line && (*line == ' ') != as_is) {
			lk_buf_adds(out, as_is ? ".EE\n" : ".PP\n.EX\n");
			as_is = !as_is;
			first = first && as_is;
		}
		if (*line && !as_is && !first)
			lk_buf_adds(out, ".PP\n");
		if (*line)
			add_line(line, out);
		first = first && !*line;
		free(line);
	}
	if (as_is)
		lk_buf_adds(out, ".EE\n");
}

static void begin(const char *name, lk_buf *out) {
	lk_buf_adds(out, ".\\\" Made by `lk help --format man` from the table of commands.\n.TH ");
	for (const char *p = name; *p; p++)
		lk_buf_addf(out, *p == '-' ? "\\-" : "%c", toupper((unsigned char)*p));
	lk_buf_adds(out, " 1 " LK_VERSION_DATE " \"lk " LK_VERSION "\" \"User Commands\"\n");
}

static void add_name(const char *name, const char *summary, lk_buf *out) {
	begin(name, out);
	lk_buf_adds(out, ".SH NAME\n");
	add_text(name, out);
	lk_buf_adds(out, " \\- ");
	add_line(summary, out);
}

static void add_meanings(const char *section, const lk_meaning *m, lk_buf *out) {
	lk_buf_addf(out, ".SH %s\n", section);
	for (; m->name; m++) {
		lk_buf_adds(out, ".TP\n.B ");
		add_line(m->name, out);
		add_line(m->text, out);
	}
}

/* --- pages --- */

static void add_synopsis(const lk_command *c, lk_buf *out) {
	lk_buf_addf(out, ".SH SYNOPSIS\n.B lk %s\n", c->name);
	if (c->options[0].name)
		lk_buf_adds(out, "[OPTION...]\n");
	if (*c->operands)
		add_line(c->operands, out);
}

static void add_options(const lk_command *c, lk_buf *out) {
	lk_buf_adds(out, ".SH OPTIONS\n");
	for (const lk_option *o = c->options; o->name; o++) {
		char *help = lk_help_text(c, o->help);
		lk_buf_adds(out, ".TP\n\\fB\\-\\-");
		add_text(o->name, out);
		lk_buf_adds(out, "\\fR");
		if (o->arg) {
			lk_buf_adds(out, " \\fI");
			add_text(o->arg, out);
			lk_buf_adds(out, "\\fR");
		}
		lk_buf_addc(out, '\n');
		add_line(help, out);
		free(help);
	}
	lk_buf_adds(out, ".TP\n\\fB\\-\\-help\\fR\nShow the help of this command.\n");
}

static void add_examples(const lk_command *c, lk_buf *out) {
	if (!c->examples[0].line)
		return;
	lk_buf_adds(out, ".SH EXAMPLES\n");
	for (const lk_example *e = c->examples; e->line; e++) {
		lk_buf_adds(out, ".TP\n.B ");
		add_line(e->line, out);
		add_line(e->meaning, out);
	}
}

void lk_manual_command(const lk_command *c, lk_buf *out) {
	char *name = lk_asprintf("lk-%s", c->name), *detail = lk_help_text(c, c->detail);
	add_name(name, c->summary, out);
	add_synopsis(c, out);
	lk_buf_adds(out, ".SH DESCRIPTION\n");
	add_paragraphs(*c->detail ? detail : c->summary, out);
	add_options(c, out);
	add_meanings("EXIT STATUS", lk_exit_statuses, out);
	add_meanings("ENVIRONMENT", lk_variables, out);
	add_examples(c, out);
	lk_buf_adds(out, ".SH SEE ALSO\n.BR lk (1)\n");
	free(name);
	free(detail);
}

static void add_commands(const lk_command *const *commands, lk_buf *out) {
	lk_buf_adds(out, ".SH COMMANDS\n");
	for (; *commands; commands++) {
		const lk_command *c = *commands;
		lk_buf_addf(out, ".TP\n\\fB%s\\fR%s", c->name, *c->operands ? " " : "");
		add_line(c->operands, out);
		add_line(c->summary, out);
	}
}

void lk_manual_summary(const lk_command *const *commands, lk_buf *out) {
	add_name("lk", "the lambda and kappa architectures over PostgreSQL and Redis", out);
	lk_buf_adds(out, ".SH SYNOPSIS\n.B lk\nCOMMAND [OPTION...] [OPERAND...]\n.SH DESCRIPTION\n");
	add_paragraphs("lk keeps events in a log in PostgreSQL and answers SQL over them from two layers: a batch layer, which computes "
		"from the whole log, and a speed layer, which keeps what is new in Redis.\n"
		"Each command has a page of its own.", out);
	add_commands(commands, out);
	lk_buf_adds(out, ".SH OPTIONS\n.TP\n\\fB\\-\\-help\\fR, \\fB\\-h\\fR\nList the commands.\n.TP\n\\fB\\-\\-version\\fR, \\fB\\-V\\fR\nPrint the version.\n");
	add_meanings("EXIT STATUS", lk_exit_statuses, out);
	add_meanings("ENVIRONMENT", lk_variables, out);
	lk_buf_adds(out, ".SH EXAMPLES\n.TP\n.B lk help query\nThe options of query.\n.SH SEE ALSO\n");
	for (const lk_command *const *c = commands; *c; c++)
		lk_buf_addf(out, ".BR lk\\-%s (1)%s\n", (*c)->name, c[1] ? "," : "");
}
