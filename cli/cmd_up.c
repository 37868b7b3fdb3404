#include <stdlib.h>

#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/output.h"
#include "private_servers/homedir.h"

/* Somebody who has set these meant other servers, maybe in another shell. */
static void say_what_is_used_instead(void) {
	static const char *const names[] = {"LK_POSTGRES", "LK_REDIS"};
	for (int i = 0; i < 2; i++) {
		const char *value = getenv(names[i]);
		if (value && *value)
			lk_say("%s is set: the other commands go there, and not to the private server", names[i]);
	}
}

/* Removing the home would leave it behind. */
static void say_what_lies_elsewhere(const char *home) {
	char *data = lk_servers_elsewhere(home);
	if (data)
		lk_say("their data lies in %s, since the servers' user cannot go into %s: `lk down --remove` removes both", data, home);
	free(data);
}

static int run(const lk_args *args, lk_error *err) {
	(void)args;
	lk_servers at;
	lk_say_progress("starting PostgreSQL and Redis under %s ...", lk_home());
	int rc = lk_servers_up(lk_home(), &at, err);
	if (rc == LK_OK) {
		lk_say("PostgreSQL and Redis run under %s", at.home);
		say_what_lies_elsewhere(at.home);
		lk_say("psql \"%s\"", at.postgres);
		lk_say("redis-cli -s %s", at.redis + sizeof "unix:" - 1);
		say_what_is_used_instead();
	}
	lk_servers_release(&at);
	return rc;
}

const lk_command lk_cmd_up = {
	.name = "up",
	.operands = "",
	.summary = "start a private PostgreSQL and Redis under LK_HOME",
	.detail = "Both listen on unix sockets only; their data is kept between runs. For root they run as user "
		"postgres; if that user cannot enter LK_HOME, their data is in a folder under /var/lib/lk, which lk up "
		"names. Servers that already run are left alone.",
	.examples = {
		{"lk up", "start both under .lk"},
		{"LK_HOME=/srv/lk lk up", "start both under /srv/lk"},
	},
	.run = run,
};
