#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/layers.h"
#include "cli/output.h"
#include "cli/signal.h"
#include "core/time.h"

/* The first round fails for wrong names and missing servers; the failure of a view was reported, and the next round
 * tries it again. A batch without --every keeps the default action of Ctrl-C: killed at any point it leaves nothing
 * behind. */
static int run(const lk_args *args, lk_error *err) {
	lk_servers at = {0};
	lk_rounds rounds = {.at = &at, .views = args->operands, .n = args->noperands};
	int64_t every;
	int rc = lk_args_interval(args, "every", 0, &every, err);
	if (rc == LK_OK)
		rc = lk_keep_from_args(args, &rounds.keep, err);
	if (rc == LK_OK)
		rc = lk_servers_find(lk_home(), &at, err);
	if (rc == LK_OK && every) {
		lk_stop_on_signal();
		lk_say_times();
	}
	if (rc == LK_OK)
		rc = lk_batch_round(&rounds, LK_ROUND_ONE, err);
	if (every && err->code == LK_OK)
		rc = LK_OK;
	if (rc == LK_OK && every) {
		lk_wait_until(lk_monotonic_us() + every);
		lk_batch_rounds(&rounds, every);
	}
	lk_rounds_release(&rounds);
	lk_servers_release(&at);
	return every ? lk_until_stopped(rc, err) : rc;
}

const lk_command lk_cmd_batch = {
	.name = "batch",
	.operands = "[VIEW...]",
	.max_operands = -1,
	.summary = "recompute views from the log and publish the result",
	.detail = "Without a name, all views. A batch that finds nothing new in the log does nothing. A view in kappa "
		"mode is not recomputed but sealed: the results of its speed layer move from Redis to PostgreSQL. A seal "
		"waits until a running speed layer (`lk speed`, `lk run`) has reached the position where the log ended at "
		"the start. Without a name it also seals what derived streams with moving windows keep of their keys, so "
		"that keys that are idle leave Redis.",
	.options = {
		{"every", "INTERVAL", "repeat, one batch every INTERVAL, until stopped", false},
		LK_KEEP_OPTION,
	},
	.examples = {
		{"lk batch", "one batch of every view"},
		{"lk batch traffic --every 5m", "a batch of traffic every five minutes"},
	},
	.run = run,
};
