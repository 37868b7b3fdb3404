/* Both scripts ask lk for names of views and streams, for two seconds at most and without a word when no server answers. */
#include "cli/completion.h"

#include <stdlib.h>
#include <string.h>

#include "cli/completes.h"
#include "cli/help.h"

/* --- bash: what follows is found by a table of COMMAND:OPTION and COMMAND:NUMBER --- */

static const char bash_head[] =
	"# bash completion of lk, made by `lk help --format bash`.\n"
	"_lk_names() { timeout --foreground 2 \"${COMP_WORDS[0]/#\\~/$HOME}\" status --format names 2>/dev/null </dev/null | sed -n \"s/^$1 //p\"; }\n\n";

static const char bash_tail[] =
	"# The number of the operand that is being typed.\n"
	"_lk_operand() {\n"
	"\tlocal i n=1 word\n"
	"\tfor ((i = 2; i < COMP_CWORD; i++)); do\n"
	"\t\tword=${COMP_WORDS[i]}\n"
	"\t\tif [[ $word == = ]]; then i=$((i + 1))\n"
	"\t\telif [[ $word == --* ]]; then\n"
	"\t\t\t[[ ${COMP_WORDS[i + 1]} != = && $(_lk_follows \"$1:$word\") != none ]] && i=$((i + 1))\n"
	"\t\telse n=$((n + 1)); fi\n"
	"\tdone\n"
	"\techo $n\n"
	"}\n\n"
	"_lk() {\n"
	"\tlocal current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} follows\n"
	"\tCOMPREPLY=()\n"
	"\tif [[ $current == = ]]; then current=\n"
	"\telif [[ $before == = ]]; then before=${COMP_WORDS[COMP_CWORD - 2]}; fi\n"
	"\tif ((COMP_CWORD == 1)); then follows=commands\n"
	"\telif [[ $before == --* && $(_lk_follows \"$command:$before\") != none ]]; then follows=$(_lk_follows \"$command:$before\")\n"
	"\telif [[ $current == -* ]]; then follows=\"words $(_lk_options \"$command\") --help\"\n"
	"\telse follows=$(_lk_follows \"$command:$(_lk_operand \"$command\")\"); fi\n"
	"\tcase $follows in\n"
	"\tcommands) COMPREPLY=($(compgen -W \"$_lk_commands\" -- \"$current\")) ;;\n"
	"\tfiles) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$current\") ;;\n"
	"\tview | stream) COMPREPLY=($(compgen -W \"$(_lk_names \"$follows\")\" -- \"$current\")) ;;\n"
	"\twords*) COMPREPLY=($(compgen -W \"${follows#words }\" -- \"$current\")) ;;\n"
	"\tesac\n"
	"}\n"
	"complete -F _lk lk\n";

static const char *const bash_kinds[] = {
	[LK_IS_TEXT] = "text", [LK_IS_WORDS] = "words", [LK_IS_VIEW] = "view", [LK_IS_STREAM] = "stream", [LK_IS_FILE] = "files",
	[LK_IS_COMMAND] = "commands",
};

static void add_bash_case(const char *of, enum lk_completes kind, const lk_buf *words, lk_buf *out) {
	lk_buf_addf(out, "\t%s) echo '%s%s%s' ;;\n", of, bash_kinds[kind], words->len ? " " : "", words->len ? words->data : "");
}

static void add_bash_cases(const lk_command *c, lk_buf *out) {
	lk_buf words = LK_BUF_INIT;
	enum lk_completes kind;
	const char *at = c->operands;
	for (const lk_option *o = c->options; o->name; o++) {
		char *of = lk_asprintf("%s:--%s", c->name, o->name);
		lk_buf_clear(&words);
		if (o->arg) {
			kind = lk_option_completes(c, o, &words);
			add_bash_case(of, kind, &words, out);
		}
		free(of);
	}
	lk_buf_clear(&words);
	for (int n = 1; lk_operand_next(c, &at, &kind, &words); n++, lk_buf_clear(&words)) {
		bool repeats = strncmp(at, "...", 3) == 0;   /* all further ones too; the cases before it are found first */
		char *of = repeats ? lk_asprintf("%s:[0-9]*", c->name) : lk_asprintf("%s:%d", c->name, n);
		add_bash_case(of, kind, &words, out);
		free(of);
	}
	lk_buf_release(&words);
}

void lk_completion_bash(const lk_command *const *commands, lk_buf *out) {
	lk_buf_adds(out, bash_head);
	lk_buf_adds(out, "_lk_commands='");
	for (const lk_command *const *c = commands; *c; c++)
		lk_buf_addf(out, "%s%s", c == commands ? "" : " ", (*c)->name);
	lk_buf_adds(out, "'\n\n_lk_options() {\n\tcase $1 in\n");
	for (const lk_command *const *c = commands; *c; c++) {
		lk_buf_addf(out, "\t%s) echo '", (*c)->name);
		for (const lk_option *o = (*c)->options; o->name; o++)
			lk_buf_addf(out, "%s--%s", o == (*c)->options ? "" : " ", o->name);
		lk_buf_adds(out, "' ;;\n");
	}
	lk_buf_adds(out, "\tesac\n}\n\n# What follows COMMAND:OPTION, or stands at COMMAND:NUMBER.\n_lk_follows() {\n\tcase $1 in\n");
	for (const lk_command *const *c = commands; *c; c++)
		add_bash_cases(*c, out);
	lk_buf_adds(out, "\t*) echo none ;;\n\tesac\n}\n\n");
	lk_buf_adds(out, bash_tail);
}

/* --- zsh: the words of _arguments --- */

static const char zsh_head[] =
	"#compdef lk\n"
	"# zsh completion of lk, made by `lk help --format zsh`.\n"
	"_lk_names() {\n"
	"\tlocal -a names\n"
	"\tnames=(${(f)\"$(timeout --foreground 2 ${_lk_program:-lk} status --format names 2>/dev/null </dev/null | sed -n \"s/^$1 //p\")\"})\n"
	"\tcompadd -a names\n"
	"}\n"
	"_lk_commands() {\n"
	"\tlocal -a commands\n"
	"\tcommands=(\n";

static const char zsh_middle[] =
	"\t)\n"
	"\t_describe command commands\n"
	"}\n\n"
	"_lk() {\n"
	"\tlocal _lk_program=${~words[1]}\n"
	"\tif ((CURRENT == 2)); then _lk_commands; return; fi\n"
	"\tshift words\n"
	"\t((CURRENT--))\n"
	"\tcase $words[1] in\n";

/* Within '…' of the shell, and within […] and :…: of _arguments. */
static void add_zsh_text(const char *text, lk_buf *out) {
	for (; *text; text++) {
		if (*text == '\'')
			lk_buf_adds(out, "'\\''");
		else
			lk_buf_addf(out, strchr("[]:\\", *text) ? "\\%c" : "%c", *text);
	}
}

/* A blank before a function with an argument: else _arguments puts its own before it. */
static void add_zsh_action(const char *name, size_t len, enum lk_completes kind, const lk_buf *words, lk_buf *out) {
	static const char *const actions[] = {
		[LK_IS_TEXT] = " ", [LK_IS_VIEW] = " _lk_names view", [LK_IS_STREAM] = " _lk_names stream", [LK_IS_FILE] = "_files",
		[LK_IS_COMMAND] = "_lk_commands",
	};
	lk_buf_adds(out, ":");
	char *placeholder = lk_strndup(name, len);
	add_zsh_text(placeholder, out);
	free(placeholder);
	lk_buf_adds(out, ":");
	if (kind == LK_IS_WORDS)
		lk_buf_addf(out, "(%s)", words->data);
	else
		lk_buf_adds(out, actions[kind]);
}

/* Up to the first ";" or sentence's end: a list of options has a line for each. */
static void add_zsh_option(const lk_command *c, const lk_option *o, lk_buf *out) {
	lk_buf words = LK_BUF_INIT;
	char *help = lk_help_text(c, o->help);
	help[strcspn(help, ";\n")] = '\0';
	lk_buf_addf(out, " \\\n\t\t\t'%s--%s%s[", o->many ? "*" : "", o->name, o->arg ? "=" : "");
	add_zsh_text(help, out);
	lk_buf_adds(out, "]");
	if (o->arg) {
		enum lk_completes kind = lk_option_completes(c, o, &words);
		add_zsh_action(o->arg, strlen(o->arg), kind, &words, out);
	}
	lk_buf_adds(out, "'");
	free(help);
	lk_buf_release(&words);
}

static void add_zsh_command(const lk_command *c, lk_buf *out) {
	lk_buf words = LK_BUF_INIT;
	enum lk_completes kind;
	lk_buf_addf(out, "\t%s)\n\t\t_arguments '--help[show this command'\\''s help]'", c->name);
	for (const lk_option *o = c->options; o->name; o++)
		add_zsh_option(c, o, out);
	for (const char *at = c->operands; lk_operand_next(c, &at, &kind, &words); lk_buf_clear(&words)) {
		size_t len = 0;
		while (at - len > c->operands && at[-1 - (ptrdiff_t)len] >= 'A' && at[-1 - (ptrdiff_t)len] <= 'Z')
			len++;
		lk_buf_addf(out, " \\\n\t\t\t'%s", strncmp(at, "...", 3) ? "" : "*");
		add_zsh_action(at - len, len, kind, &words, out);
		lk_buf_adds(out, "'");
	}
	lk_buf_adds(out, "\n\t\t;;\n");
	lk_buf_release(&words);
}

void lk_completion_zsh(const lk_command *const *commands, lk_buf *out) {
	lk_buf_adds(out, zsh_head);
	for (const lk_command *const *c = commands; *c; c++) {
		lk_buf_addf(out, "\t\t'%s:", (*c)->name);
		add_zsh_text((*c)->summary, out);
		lk_buf_adds(out, "'\n");
	}
	lk_buf_adds(out, zsh_middle);
	for (const lk_command *const *c = commands; *c; c++)
		add_zsh_command(*c, out);
	lk_buf_adds(out, "\tesac\n}\n\n_lk \"$@\"\n");
}
