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

int lk_cmd_up(const lk_args *args, lk_error *err) {
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

static int stop(const char *home, lk_error *err) {
	bool running = lk_server_pid(home, LK_SERVER_POSTGRES) || lk_server_pid(home, LK_SERVER_REDIS);
	char *data = lk_servers_elsewhere(home);
	int rc = lk_servers_down(home, err);
	if (rc == LK_OK && running)
		lk_say("PostgreSQL and Redis under %s are stopped; their data stays %s%s", home, data ? "in " : "there", data ? data : "");
	else if (rc == LK_OK)
		lk_say("no servers run under %s", home);
	free(data);
	return rc;
}

static int ask(const char *home, lk_error *err) {
	char *data = lk_servers_elsewhere(home);
	char *what = lk_asprintf("the private PostgreSQL and Redis under %s go with all that is in them, the log too; it lies in %s and"
	                         " cannot be had back", home, data ? data : "that folder");
	int rc = lk_ask(what, err);
	free(what);
	free(data);
	return rc;
}

static int remove_all(const char *home, bool asks, lk_error *err) {
	bool kept;
	int rc = lk_servers_may_be_removed(home, err);
	if (rc > 0) {
		lk_say("no servers are under %s", home);
		return LK_OK;
	}
	if (rc == LK_OK && asks)
		rc = ask(home, err);
	if (rc == LK_OK)
		rc = lk_servers_remove(home, &kept, err);
	if (rc == LK_OK)
		lk_say("the servers under %s are stopped and their data is removed%s", home,
		       kept ? "; the folder stays, since something else is in it" : "");
	return rc;
}

int lk_cmd_down(const lk_args *args, lk_error *err) {
	bool removes = lk_args_has(args, "remove"), yes = lk_args_has(args, "yes");
	if (yes && !removes)
		return lk_fail(err, LK_EUSAGE, "--yes is for --remove: nothing is asked otherwise");
	char *home = lk_homedir_absolute(lk_home());
	int rc = removes ? remove_all(home, !yes, err) : stop(home, err);
	free(home);
	return rc;
}
