#include "cli/help.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/terminal.h"
#include "core/suggest.h"

/* --- finding a command --- */

const lk_command *lk_command_find(const lk_command *const *commands, const char *name) {
	for (; *commands; commands++)
		if (strcmp((*commands)->name, name) == 0)
			return *commands;
	return NULL;
}

static const char *near_command(const lk_command *const *commands, const char *name) {
	const char *names[64];
	int n = 0;
	for (; *commands && n < 64; commands++)
		names[n++] = (*commands)->name;
	return lk_did_you_mean(name, names, n);
}

int lk_command_unknown(const lk_command *const *commands, const char *name, lk_error *err) {
	lk_fail(err, LK_EUSAGE, "there is no command \"%s\"", name);
	const char *near = near_command(commands, name);
	if (near)
		return lk_hint(err, "did you mean `lk %s`? `lk help` lists the commands", near);
	return lk_hint(err, "`lk help` lists the commands");
}

/* --- its text --- */

const lk_meaning lk_exit_statuses[] = {
	{"0", "done"}, {"1", "compared answers differ"}, {"2", "usage"}, {"3", "a server cannot be reached"},
	{"5", "the answer is partial or stale and --strict was given"}, {"6", "the answer would be too large"},
	{"65", "input refused, or rows by a receiver"}, {"70", "an internal error"}, {"71", "no memory"},
	{"75", "busy, full, or stopped before it was done, try again"}, {"78", "a definition is invalid"}, {"130", "stopped by Ctrl-C"},
	{NULL, NULL},
};

const lk_meaning lk_variables[] = {
	{"LK_POSTGRES", "PostgreSQL: a libpq conninfo or URI"},
	{"LK_REDIS", "Redis: redis://[user:password@]host:port/db, unix:path, or unix://user:password@/path"},
	{"LK_HOME", "the folder of the private servers that `lk up` starts, which are used without these two (.lk)"},
	{"LK_PAGER, PAGER", "what shows tables longer than the screen (less); empty or cat: nothing does"},
	{"COLUMNS, LINES", "the size of the screen, instead of what the terminal says"},
	{"NOTIFY_SOCKET, WATCHDOG_USEC", "how a service manager hears from `lk speed`, `lk run` and `lk serve` (sd_notify)"},
	{NULL, NULL},
};

enum { LEAST_WIDTH = 40, MOST_WIDTH = 100, NO_WIDTH = 80, SUMMARY_INDENT = 24, OPTION_INDENT = 22 };

/* Long lines are hard to read, even on a wide screen. */
static size_t help_width(void) {
	int screen = lk_terminal_width(STDOUT_FILENO);
	return !screen ? NO_WIDTH : screen < LEAST_WIDTH ? LEAST_WIDTH : screen > MOST_WIDTH ? MOST_WIDTH : (size_t)screen;
}

char *lk_help_text(const lk_command *c, const char *text) {
	static const char mark[] = "{list}";
	const char *at = strstr(text, mark);
	lk_buf b = LK_BUF_INIT;
	lk_buf_add(&b, text, at ? (size_t)(at - text) : strlen(text));
	if (at) {
		c->list(&b);
		lk_buf_adds(&b, at + strlen(mark));
	}
	return b.data;
}

/* Adds a paragraph of help; all lines but the first are indented. */
static void add_wrapped(lk_buf *out, const char *text, size_t column, size_t indent) {
	lk_text_wrap(text, help_width(), column, indent, out);
	lk_buf_addc(out, '\n');
}

static void add_entry(lk_buf *out, const char *head, const char *text, size_t indent) {
	size_t n = strlen(head);
	lk_buf_adds(out, head);
	if (n + 1 > indent) {
		lk_buf_addc(out, '\n');
		n = 0;
	}
	lk_buf_addf(out, "%*s", (int)(indent - n), "");
	add_wrapped(out, text, indent, indent);
}

void lk_help_summary(const lk_command *const *commands, lk_buf *out) {
	lk_buf_adds(out, "lk: the lambda and kappa architectures over PostgreSQL and Redis\n\n"
	                 "usage: lk COMMAND [OPTION...] [OPERAND...]\n\n");
	for (; *commands; commands++) {
		const lk_command *c = *commands;
		char *head = lk_asprintf("  lk %s%s%s", c->name, *c->operands ? " " : "", c->operands);
		add_entry(out, head, c->summary, SUMMARY_INDENT);
		free(head);
	}
	lk_buf_addc(out, '\n');
	add_wrapped(out, "`lk help COMMAND` shows the options of a command with examples.\n\n"
	            "Servers: LK_POSTGRES (libpq conninfo or URI) and LK_REDIS (redis://[user:password@]host:port/db or unix:path, unix://user:password@/path); "
	            "without them, the private servers that `lk up` started under LK_HOME (default .lk).", 0, 0);
	lk_buf text = LK_BUF_INIT;
	lk_buf_adds(&text, "Exit status: ");
	for (const lk_meaning *m = lk_exit_statuses; m->name; m++)
		lk_buf_addf(&text, "%s%s %s", m == lk_exit_statuses ? "" : "; ", m->name, m->text);
	lk_buf_adds(&text, ". README.md says more.");
	lk_buf_addc(out, '\n');
	add_wrapped(out, text.data, 0, 0);
	lk_buf_release(&text);
}

void lk_help_command(const lk_command *c, lk_buf *out) {
	lk_buf_addf(out, "usage: lk %s%s%s%s\n\n", c->name, c->options[0].name ? " [OPTION...]" : "",
	            *c->operands ? " " : "", c->operands);
	lk_buf_adds(out, c->name);
	lk_buf_adds(out, ": ");
	add_wrapped(out, c->summary, strlen(c->name) + 2, 0);
	if (*c->detail) {
		char *detail = lk_help_text(c, c->detail);
		lk_buf_addc(out, '\n');
		add_wrapped(out, detail, 0, 0);
		free(detail);
	}
	if (c->options[0].name)
		lk_buf_adds(out, "\noptions:\n");
	for (int i = 0; i < LK_MAX_OPTIONS && c->options[i].name; i++) {
		const lk_option *o = &c->options[i];
		char *head = lk_asprintf("  --%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : ""), *help = lk_help_text(c, o->help);
		add_entry(out, head, help, OPTION_INDENT);
		free(head);
		free(help);
	}
	if (c->examples[0].line)
		lk_buf_adds(out, "\nexamples:\n");
	for (const lk_example *e = c->examples; e->line; e++)
		lk_buf_addf(out, "  %s\n      %s\n", e->line, e->meaning);   /* users copy these lines, so they are not wrapped */
}
