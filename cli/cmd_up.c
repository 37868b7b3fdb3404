#include <stdlib.h>

#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/output.h"

/* Somebody who has set these meant other servers, maybe in another shell. */
static void say_what_is_used_instead(void) {
	static const char *const names[] = {"LK_POSTGRES", "LK_REDIS"};
	for (int i = 0; i < 2; i++) {
		const char *value = getenv(names[i]);
		if (value && *value)
			lk_say("%s is set: the other commands go there, and not to the private server", names[i]);
	}
}

int lk_cmd_up(const lk_args *args, lk_error *err) {
	(void)args;
	lk_servers at;
	lk_say_progress("starting PostgreSQL and Redis under %s ...", lk_home());
	int rc = lk_servers_up(lk_home(), &at, err);
	if (rc == LK_OK) {
		lk_say("PostgreSQL and Redis run under %s", at.home);
		lk_say("psql \"%s\"", at.postgres);
		lk_say("redis-cli -s %s", at.redis + sizeof "unix:" - 1);
		say_what_is_used_instead();
	}
	lk_servers_release(&at);
	return rc;
}

int lk_cmd_down(const lk_args *args, lk_error *err) {
	(void)args;
	const char *home = lk_home();
	bool running = lk_server_pid(home, LK_SERVER_POSTGRES) || lk_server_pid(home, LK_SERVER_REDIS);
	int rc = lk_servers_down(home, err);
	if (rc == LK_OK && running)
		lk_say("PostgreSQL and Redis under %s are stopped; their data stays there", home);
	else if (rc == LK_OK)
		lk_say("no servers run under %s", home);
	return rc;
}
