#include "cli/commands.h"
#include "cli/help.h"
#include "cli/output.h"

static int run(const lk_args *args, lk_error *err) {
	lk_buf b = LK_BUF_INIT;
	if (args->noperands == 0) {
		lk_help_summary(args->commands, &b);
	} else {
		const lk_command *c = lk_command_find(args->commands, args->operands[0]);
		if (!c)
			return lk_command_unknown(args->commands, args->operands[0], err);
		lk_help_command(c, &b);
	}
	lk_put_buf(&b);
	lk_buf_release(&b);
	return LK_OK;
}

const lk_command lk_cmd_help = {
	.name = "help",
	.operands = "[COMMAND]",
	.max_operands = 1,
	.summary = "show help for lk or a command",
	.detail = "",
	.examples = {
		{"lk help query", "the options of query"},
	},
	.run = run,
};
