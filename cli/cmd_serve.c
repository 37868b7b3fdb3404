/* lk serve: answers over HTTP, until it is stopped. */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/notify.h"
#include "cli/output.h"
#include "cli/signal.h"
#include "core/flag.h"
#include "core/time.h"
#include "server/server.h"

enum { WORKERS = 4 };

static void say(void *ctx, const lk_error *what) {
	(void)ctx;
	lk_say_error(what);
}

/* The names of --host are those of the options that are left. */
static int read_args(const lk_args *args, lk_web_options *o, const char **hosts, lk_error *err) {
	int64_t workers = 0;
	o->listen = lk_args_text(args, "listen", "127.0.0.1:8080");
	o->token_file = lk_args_text(args, "token-file", NULL);
	o->write = lk_args_has(args, "write");
	o->hosts = hosts;
	o->limits = lk_web_defaults;
	for (int i = 0; i < args->ngiven; i++)
		if (!strcmp(args->given[i].option->name, "host"))
			hosts[o->nhosts++] = args->given[i].value;
	int rc = lk_args_int(args, "workers", (lk_whole){WORKERS, 1, 256}, &workers, err);
	o->workers = (int)workers;
	return rc == LK_OK ? lk_args_interval(args, "timeout", o->limits.time_us, &o->limits.time_us, err) : rc;
}

static void wait_for_the_end(const lk_web *server) {
	while (!lk_flag_is_set(&lk_stop)) {
		if (lk_web_is_well(server))
			lk_notify_alive();
		lk_wait_until(lk_monotonic_us() + LK_US_PER_S / 5);
	}
}

static int run(const lk_args *args, lk_error *err) {
	lk_servers at = {0};
	lk_web *server = NULL;
	const char **hosts = lk_calloc((size_t)args->ngiven, sizeof *hosts);
	lk_web_options o = {.log = say};
	int rc = read_args(args, &o, hosts, err);
	if (rc == LK_OK)
		rc = lk_servers_find(lk_home(), &at, err);
	o.postgres = at.postgres;
	o.redis = at.redis;
	if (rc == LK_OK) {
		lk_say_times();
		lk_stop_on_signal();
		rc = lk_web_start(&server, &o, err);
	}
	if (rc == LK_OK) {
		lk_say("serve: %s", lk_web_address(server));
		lk_notify_status(lk_web_address(server));
		wait_for_the_end(server);
		lk_web_stop(server);
	}
	lk_servers_release(&at);
	free(hosts);
	return rc;
}

const lk_command lk_cmd_serve = {
	.name = "serve",
	.operands = "",
	.summary = "answer over HTTP: a live page, rows, streams, status, metrics",
	.detail = "Runs until stopped. Open the address in a browser for the live page. /api/v1/openapi.json describes what there is; docs/server.md does so for people. It can be reached "
		"from this machine alone, unless clients must show a token. While a server is lost, requests are answered with 503 and "
		"the reason.",
	.options = {
		{"listen", "ADDRESS", "127.0.0.1:8080, [::1]:8080, or unix:PATH; port 0: any free one (127.0.0.1:8080)", false},
		{"token-file", "FILE", "clients must send the token in FILE: Authorization: Bearer TOKEN. Needed for an address that other "
			"machines reach", false},
		{"host", "NAME", "a name by which clients reach it, beside addresses and localhost; may be repeated", true},
		{"write", NULL, "take events by POST, too: /api/v1/streams/STREAM/events", false},
		{"workers", "N", "answers that are made at once (4)", false},
		{"timeout", "INTERVAL", "how long a request may take (10s)", false},
	},
	.examples = {
		{"lk serve", "at http://127.0.0.1:8080"},
		{"lk serve --listen unix:/run/lk.sock", "for programs of the same user"},
		{"lk serve --listen 0.0.0.0:8080 --token-file token --host lk.example.org", "for other machines"},
	},
	.run = run,
};
