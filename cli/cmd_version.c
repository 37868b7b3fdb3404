#include "cli/commands.h"
#include "cli/output.h"

static int run(const lk_args *args, lk_error *err) {
	(void)args;
	(void)err;
	lk_put("lk " LK_VERSION "\n", sizeof "lk " LK_VERSION);
	return LK_OK;
}

const lk_command lk_cmd_version = {
	.name = "version",
	.operands = "",
	.summary = "print the version",
	.detail = "",
	.run = run,
};
