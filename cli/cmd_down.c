#include <stdlib.h>

#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/output.h"
#include "private_servers/homedir.h"

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

static int run(const lk_args *args, lk_error *err) {
	bool removes = lk_args_has(args, "remove"), yes = lk_args_has(args, "yes");
	if (yes && !removes)
		return lk_fail(err, LK_EUSAGE, "--yes is for --remove: nothing is asked otherwise");
	char *home = lk_homedir_absolute(lk_home());
	int rc = removes ? remove_all(home, !yes, err) : stop(home, err);
	free(home);
	return rc;
}

const lk_command lk_cmd_down = {
	.name = "down",
	.operands = "",
	.summary = "stop the private servers; their data stays, unless --remove is given",
	.detail = "With --remove their data goes too, also where it lies outside of LK_HOME, and the folder itself if "
		"nothing else is in it. It asks first; without a terminal it needs --yes. It never removes files that lk up "
		"did not make, but names them.",
	.options = {
		{"remove", NULL, "remove their data, the log too, for good", false},
		{"yes", NULL, "with --remove: do not ask", false},
	},
	.examples = {
		{"lk down", "stop both"},
		{"lk down --remove", "stop both and remove their data; asks first"},
	},
	.run = run,
};
