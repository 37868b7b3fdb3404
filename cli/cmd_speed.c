#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/layers.h"
#include "cli/output.h"
#include "cli/signal.h"

int lk_cmd_speed(const lk_args *args, lk_error *err) {
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
