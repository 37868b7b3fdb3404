#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/output.h"

int lk_cmd_up(const lk_args *args, lk_error *err) {
	(void)args;
	lk_servers at;
	lk_say_progress("starting PostgreSQL and Redis under %s ...", lk_home());
	int rc = lk_servers_up(lk_home(), &at, err);
	if (rc == LK_OK) {
		lk_say("PostgreSQL and Redis run under %s", at.home);
		lk_say("psql \"%s\"", at.postgres);
		lk_say("redis-cli -s %s", at.redis + sizeof "unix:" - 1);
	}
	lk_servers_release(&at);
	return rc;
}

int lk_cmd_down(const lk_args *args, lk_error *err) {
	(void)args;
	int rc = lk_servers_down(lk_home(), err);
	if (rc == LK_OK)
		lk_say("nothing runs under %s; the data stays", lk_home());
	return rc;
}
