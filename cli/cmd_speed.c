#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/layers.h"
#include "cli/output.h"
#include "cli/signal.h"

static int run(const lk_args *args, lk_error *err) {
	lk_servers at;
	lk_speed_options o = {0};
	lk_speed_report report = {0};
	int rc = lk_servers_find(lk_home(), &at, err);
	if (rc == LK_OK)
		rc = lk_speed_from_args(args, &at, &o, err);
	if (rc == LK_OK && !o.once)
		lk_say_times();
	if (rc == LK_OK) {
		lk_stop_on_signal();
		rc = lk_speed_run(&o, &report, err);
	}
	if (rc == LK_OK || report.events > 0)
		lk_speed_say_report(&report);
	if (rc == LK_OK && report.stopped) {
		rc = lk_fail(err, LK_EBUSY, "stopped before the end of the log; what was folded is kept");
		lk_hint(err, "run it again to continue");
	}
	lk_servers_release(&at);
	return o.once ? rc : lk_until_stopped(rc, err);
}

const lk_command lk_cmd_speed = {
	.name = "speed",
	.operands = "",
	.summary = "run the speed layer: keep the views in Redis up to date",
	.detail = "Runs until stopped. On the first Ctrl-C it commits what it has and ends; the second ends it at once. "
		"If a server is lost or Redis is full, it says so, waits, and says when it continues. With --once it waits "
		"30 s for room in Redis (exit 75), 5 minutes for a server (exit 3) and a minute for another process that "
		"holds a partition but makes no progress (exit 75); what was committed is kept, and the same command "
		"continues there. It reports each event whose commit was acknowledged once.",
	.options = {
		{"once", NULL, "stop where the log ended at the start", false},
		{"workers", "N", "threads (2)", false},
		{"view", "VIEW", "this view only", false},
	},
	.examples = {
		{"lk speed --once", "catch up and end"},
		{"lk speed --workers 4", "keep up until stopped"},
	},
	.run = run,
};
