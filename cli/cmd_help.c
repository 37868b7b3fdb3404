#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/help.h"
#include "cli/manual.h"
#include "cli/output.h"

enum form { AS_TEXT, AS_MANUAL, AS_BASH, AS_ZSH };
static const char *const forms[] = {"text", "man", "bash", "zsh", NULL};

static int write_all(const lk_args *args, enum form form, lk_buf *out) {
	static void (*const writers[])(const lk_command *const *commands, lk_buf *out) = {
		[AS_TEXT] = lk_help_summary, [AS_MANUAL] = lk_manual_summary, [AS_BASH] = lk_completion_bash, [AS_ZSH] = lk_completion_zsh,
	};
	writers[form](args->commands, out);
	return LK_OK;
}

static int write_one(const lk_args *args, enum form form, lk_buf *out, lk_error *err) {
	const lk_command *c = lk_command_find(args->commands, args->operands[0]);
	if (!c)
		return lk_command_unknown(args->commands, args->operands[0], err);
	if (form == AS_BASH || form == AS_ZSH) {
		lk_fail(err, LK_EUSAGE, "--format %s is of all commands, not of %s", forms[form], c->name);
		return lk_hint(err, "leave out %s", c->name);
	}
	(form == AS_MANUAL ? lk_manual_command : lk_help_command)(c, out);
	return LK_OK;
}

static int run(const lk_args *args, lk_error *err) {
	lk_buf b = LK_BUF_INIT;
	int form;
	int rc = lk_args_choice(args, "format", forms, AS_TEXT, &form, err);
	if (rc == LK_OK)
		rc = args->noperands ? write_one(args, (enum form)form, &b, err) : write_all(args, (enum form)form, &b);
	if (rc == LK_OK)
		lk_put_buf(&b);
	lk_buf_release(&b);
	return rc;
}

const lk_command lk_cmd_help = {
	.name = "help",
	.operands = "[COMMAND]",
	.max_operands = 1,
	.summary = "show help for lk or a command",
	.detail = "",
	.options = {
		{"format", "FORMAT", "text, man, bash or zsh (text): a manual page, or a shell's file that completes command lines", false},
	},
	.examples = {
		{"lk help query", "the options of query"},
		{"lk help --format bash >~/.local/share/bash-completion/completions/lk", "bash completes commands, options, views and streams"},
	},
	.run = run,
};
