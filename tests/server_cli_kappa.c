/* The commands of the kappa path from the command line: each option, its errors and their messages, and each command
 * twice. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/time.h"
#include "postgres/pg.h"
#include "tests/support/command_line.h"
#include "tests/support/terminal.h"
#include "view_store/store.h"

static test_program lk;

enum { EVENTS = 600 };   /* one event per second: ten minutes */

static const char stream[] =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, bytes bigint)\n"
	"  WITH (event_time = ts, partition_by = ip, partitions = 2, watermark = '5 seconds');\n";
static const char traffic[] =
	"CREATE VIEW traffic AS SELECT path, count(*) AS hits, sum(bytes) AS bytes FROM hits\n"
	"  GROUP BY path, tumble(ts, '1 minute');\n";
static const char doubled[] =
	"CREATE VIEW traffic AS SELECT path, count(*) AS hits, sum(bytes + bytes) AS bytes FROM hits\n"
	"  GROUP BY path, tumble(ts, '1 minute');\n";

static void apply(const char *text) {
	char *path = test_file(&lk, "def.sql", text);
	LK(0, "", "", "apply", path);
	free(path);
}

static void ingest(int first, int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = first; i < first + n; i++) {
		lk_buf_adds(&lines, "{\"ts\":\"");
		lk_time_print(INT64_C(1500000000000000) + (int64_t)i * LK_US_PER_S, &lines);
		lk_buf_addf(&lines, "\",\"ip\":\"10.0.0.%d\",\"path\":\"/p%d\",\"bytes\":%d}\n", i % 17, i * 7 % 5, i % 1009);
	}
	char *path = test_file(&lk, "events.jsonl", lines.data);
	LK(0, "", "", "ingest", "hits", path);
	free(path);
	lk_buf_release(&lines);
}

/* The time of event i. */
static char *at(int i) {
	lk_buf b = LK_BUF_INIT;
	lk_time_print(INT64_C(1500000000000000) + (int64_t)i * LK_US_PER_S, &b);
	return lk_buf_steal(&b);
}

/* The stream, the view, its events, in both layers. */
static int fresh(void **state) {
	(void)state;
	test_servers_clear(&lk.servers);
	apply(stream);
	apply(traffic);
	ingest(0, EVENTS);
	LK(0, "", "", "speed", "--once");
	LK(0, "", "", "batch");
	return 0;
}

/* A value of what the last command printed, which must be one JSON value; path is in PostgreSQL's form:
 * '{views,0,mode}'. */
static char *json(const char *path) {
	return test_ask(&lk, "SELECT coalesce($1::jsonb #>> $2::text[], 'null')", ARGS(lk.out, path));
}

static void json_is(const char *path, const char *want) {
	char *got = json(path);
	if (strcmp(got, want) != 0)
		fail_msg("%s is %s, not %s, in %s", path, got, want, lk.out);
	free(got);
}

static void says(const char *text) {
	if (!strstr(lk.err, text))
		fail_msg("it does not say \"%s\" but: %s", text, lk.err);
}

/* The id of a copy of the view that matches; "" if there is none. */
static char *copy_of(const char *condition) {
	char *sql = lk_asprintf("SELECT coalesce(max(copy_id)::text, '') FROM lk.copy JOIN lk.version USING (version_id)"
	                        " JOIN lk.view USING (view_id) WHERE NOT dropped AND %s", condition);
	char *id = test_ask(&lk, sql, NULL);
	free(sql);
	return id;
}

/* --- wrong usage --- */

static void usage(void **state) {
	(void)state;
	static const struct { const char *says; const char *const argv[10]; } lines[] = {
		{"needs VIEW", {"replay"}},
		{"needs VIEW", {"compare"}},
		{"needs VIEW", {"drop"}},
		{"not both", {"drop", "traffic", "--stream", "hits"}},
		{"both say which copy", {"drop", "traffic", "--copy", "1", "--former"}},
		{"a stream has no copies", {"drop", "--stream", "hits", "--former"}},
		{"one operand too many", {"mode", "traffic", "kappa", "now"}},
		{"did you mean --switch", {"replay", "traffic", "--swich"}},
		{"is never served", {"replay", "traffic", "--switch", "--from", "-1h"}},
		{"is never served", {"replay", "traffic", "--switch", "--as", "x"}},
		{"a sandbox covers a range", {"replay", "traffic", "--verify", "--to", "-1h"}},
		{"--keep is for a sandbox", {"replay", "traffic", "--keep"}},
		{"--force without --verify", {"replay", "traffic", "--switch", "--force"}},
		{"--force without --switch", {"replay", "traffic", "--verify", "--force"}},
		{"--max-gap without --pace", {"replay", "traffic", "--max-gap", "1s"}},
		{"--max-gap without --pace", {"replay", "traffic", "--pace", "max", "--max-gap", "1s"}},
		{"one thread", {"replay", "traffic", "--pace", "2x", "--workers", "2"}},
		{"--by without --from, --to or --pace", {"replay", "traffic", "--by", "_at"}},
		{"event, _at", {"replay", "traffic", "--to", "-1h", "--by", "arrival"}},
		{"--pace fast", {"replay", "traffic", "--pace", "fast"}},
		{"--pace 0x", {"replay", "traffic", "--pace", "0x"}},
		{"--pace 2", {"replay", "traffic", "--pace", "2"}},
		{"--pace -2x", {"replay", "traffic", "--pace", "-2x"}},
		{"--pace x", {"replay", "traffic", "--pace", "x"}},
		{"--pace nanx", {"replay", "traffic", "--pace", "nanx"}},
		{"--pace 0x1px", {"replay", "traffic", "--pace", "0x1px"}},
		{"--pace 1.2.3x", {"replay", "traffic", "--pace", "1.2.3x"}},
		{"at most 1000000x", {"replay", "traffic", "--pace", "1000001x"}},
		{"not a time", {"replay", "traffic", "--from", "yesterday"}},
		{"whole number", {"replay", "traffic", "--workers", "0"}},
		{"whole number", {"replay", "traffic", "--version", "new"}},
		{"no mode \"kapa\"", {"mode", "traffic", "kapa"}},
		{"--back needs a view", {"mode", "--back"}},
		{"--back needs a view and no mode", {"mode", "traffic", "kappa", "--back"}},
		{"nothing is compared", {"mode", "traffic", "--back", "--force"}},
		{"no mode is named", {"mode", "traffic", "--force"}},
		{"no mode is named", {"mode", "--workers", "3"}},
		{"--format is for the list", {"mode", "traffic", "kappa", "--format", "json"}},
		{"table, json", {"mode", "--format", "xml"}},
		{"table, json, markdown", {"compare", "traffic", "--format", "xml"}},
		{"both say which copy", {"query", "traffic", "--copy", "1", "--version", "1"}},
		{"both say which copy", {"explain", "traffic", "--copy", "1", "--version", "1"}},
	};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		test_run(&lk, NULL, 2, "", lines[i].says, lines[i].argv);
	LK(0, "--switch", "", "help", "replay");
	LK(0, "--back", "", "mode", "--help");
	LK(0, "lk drop [VIEW]", "", "help");
}

static void missing_servers(void **state) {
	(void)state;
	static const char *const no_postgres[] = {"LK_POSTGRES=host=127.0.0.1 port=1 user=u password=sekret dbname=d", NULL};
	static const char *const no_redis[] = {"LK_REDIS=redis://u:sekret@127.0.0.1:1/0", NULL};
	const char *const *lines[] = {ARGS("replay", "traffic"), ARGS("replay", "traffic", "--dry-run"),
	                              ARGS("mode", "traffic", "kappa"),
	                              ARGS("compare", "traffic"), ARGS("drop", "traffic"), ARGS("mode", "traffic", "--back")};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		test_run(&lk, no_postgres, 3, "", "PostgreSQL", lines[i]);
		assert_null(strstr(lk.err, "sekret"));
		test_run(&lk, no_redis, 3, "", "Redis", lines[i]);
		assert_null(strstr(lk.err, "sekret"));
	}
	test_run(&lk, no_postgres, 3, "", "PostgreSQL", ARGS("mode"));
	test_run(&lk, no_redis, 0, "lambda", "", ARGS("mode"));
}

static void wrong_names(void **state) {
	(void)state;
	const char *const *lines[] = {ARGS("replay", "trafic"), ARGS("replay", "trafic", "--dry-run"), ARGS("mode", "trafic"),
	                              ARGS("mode", "trafic", "kappa"), ARGS("mode", "trafic", "--back"),
	                              ARGS("compare", "trafic"), ARGS("drop", "trafic")};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		test_run(&lk, NULL, 2, "", "did you mean", lines[i]);
	LK(2, "", "version", "replay", "traffic", "--version", "9");
	LK(2, "", "version", "replay", "traffic", "--version", "9", "--dry-run");
	LK(2, "", "its copies are:", "query", "traffic", "--copy", "nope");
	LK(2, "", "its copies are:", "drop", "traffic", "--copy", "nope");
	LK(2, "", "has no former copy", "drop", "traffic", "--former");
	LK(2, "", "no former copy", "mode", "traffic", "--back");
	char *served = copy_of("copy_id = served_copy");
	LK(2, "", "serves the readers of view traffic", "drop", "traffic", "--copy", served);
	LK(0, served, "", "mode", "traffic");
	free(served);
}

/* --- replay --- */

static void replaying(void **state) {
	(void)state;
	LK(0, "", "600 events", "replay", "traffic");
	char *copy = copy_of("lk.copy.mode = 'kappa'");
	char *next = lk_asprintf("`lk query traffic --copy %s` reads it", copy);
	says(next);
	says("`lk replay traffic --switch` moves readers over");
	free(next);
	LK(0, "\"mode\":\"lambda\"", "", "query", "traffic", "--format", "json");
	LK(0, "\"mode\":\"kappa\"", "", "query", "traffic", "--format", "json", "--copy", copy);
	LK(0, "\"mode\":\"kappa\"", "", "query", "traffic", "--format", "json", "--copy", copy);
	LK(0, "kappa", "", "explain", "traffic", "--copy", copy, "--where", "path=/p1");
	LK(0, copy, "", "mode");

	LK(0, "", "it continued an earlier replay", "replay", "traffic", "--verify", "--switch", "--workers", "1");
	says("0 events in");
	says("against what is served, 50 rows compared: 50 equal\n");
	says("gap 0 events");
	says("`lk mode traffic --back`");
	LK(0, "\"mode\":\"kappa\"", "", "query", "traffic", "--format", "json");
	char *served = copy_of("copy_id = served_copy");
	assert_string_equal(served, copy);
	/* a replay of the served version makes another copy */
	LK(0, "", "gap 0 events; copy", "replay", "traffic", "--switch");

	ingest(EVENTS, 5);
	LK(0, "", "605 events", "replay", "traffic", "--fresh", "--switch", "--version", "1");
	char *again = copy_of("copy_id = served_copy");
	assert_string_not_equal(again, copy);
	LK(0, "605 of 605", "", "query", "traffic", "--strict");
	apply(doubled);
	LK(0, "none yet (version 2)", "", "mode");
	LK(0, "\"newest_version\":2,", "", "mode", "traffic", "--format", "json");
	free(again);
	free(served);
	free(copy);
}

static void a_difference_ends_it(void **state) {
	(void)state;
	apply(doubled);
	says("`lk replay traffic --switch`) brings it into service");
	LK(1, "/p1", "differs from the served copy", "replay", "traffic", "--verify", "--switch");
	says("0 equal");
	says("if the definition was meant to change, use --force");
	LK(0, "differs from the served copy: `lk replay traffic --version 2 --verify --switch --force` serves it", "", "status");
	assert_null(strstr(lk.out, "interrupted"));
	LK(0, "\"differs\":true", "", "status", "--format", "json");
	LK(0, "\"version\":1", "", "query", "traffic", "--format", "json");
	LK(1, "", "0 events", "replay", "traffic", "--verify", "--switch");
	LK(0, "", "gap 0 events", "replay", "traffic", "--verify", "--switch", "--force");
	LK(0, "", "", "status");
	assert_null(strstr(lk.out, "differs"));
	LK(0, "\"version\":2", "", "query", "traffic", "--format", "json");
	LK(0, "", "goes back", "mode", "traffic", "--back");
	LK(0, "\"version\":1", "", "query", "traffic", "--format", "json");
}

static void dry_runs(void **state) {
	(void)state;
	static const char counts[] = "SELECT (SELECT count(*) FROM lk.copy) || ' ' || (SELECT count(*) FROM lk.cut)";
	char *before = test_ask(&lk, counts, NULL), *from = at(100), *to = at(200);
	LK(0, " 600\n", "", "replay", "traffic", "--dry-run");
	LK(0, "no limit is set", "", "replay", "traffic", "--dry-run", "--switch", "--verify");
	LK(0, "about 99 s", "", "replay", "traffic", "--dry-run", "--pace", "1x", "--from", from, "--to", to);
	LK(0, "about ", "", "replay", "traffic", "--dry-run", "--pace", "1000000x", "--from", from, "--to", to);
	LK(2, "", "holds nothing", "replay", "traffic", "--dry-run", "--from", to, "--to", from);
	test_ask_is(&lk, counts, before);
	free(before);
	free(from);
	free(to);
}

static void sandboxes(void **state) {
	(void)state;
	char *from = at(100), *to = at(200);
	LK(0, "", "sandbox morning is kept", "replay", "traffic", "--from", from, "--to", to, "--as", "morning", "--keep");
	LK(0, "\"sandbox\":\"morning\"", "", "query", "traffic", "--copy", "morning", "--format", "json");
	char *hits = test_ask(&lk, "SELECT sum((r->>'hits')::int) FROM jsonb_array_elements($1::jsonb->'rows') r", ARGS(lk.out));
	assert_string_equal(hits, "100");
	free(hits);
	LK(0, "sandbox:", "", "query", "traffic", "--copy", "morning");
	LK(0, "\"mode\":\"lambda\"", "", "query", "traffic", "--format", "json");
	LK(0, "sandbox morning", "", "mode", "traffic");
	LK(0, "only events with event time in [", "", "status", "traffic");
	LK(0, "", "", "status", "traffic", "--digest", "--format", "json");
	char *whole = json("{views,0,digest}"), *part = json("{views,1,digest}");
	assert_string_not_equal(whole, part);
	json_is("{views,1,digest_covers}", "[152, 48]");
	free(whole);
	free(part);
	json_is("{views,1,state}", "sandbox");
	json_is("{views,1,name}", "morning");
	json_is("{views,1,range,from}", from);
	json_is("{views,1,range,to}", to);
	json_is("{views,1,range,by}", "event");
	json_is("{views,1,lag}", "0");
	json_is("{views,0,range}", "null");

	LK(2, "", "there is a sandbox morning", "replay", "traffic", "--from", from, "--as", "morning");
	LK(2, "", "cannot be called", "replay", "traffic", "--from", from, "--as", "a name");
	LK(2, "", "holds nothing", "replay", "traffic", "--from", to, "--to", from);
	LK(0, "", "is removed; --keep keeps it", "replay", "traffic", "--to", to, "--by", "event");
	LK(0, "", "is removed; --keep keeps it", "replay", "traffic", "--from", "-1h", "--by", "_at", "--as", "now");
	test_ask_is(&lk, "SELECT string_agg(name, ',') FROM lk.copy WHERE NOT dropped", "morning");

	LK(0, "", "(sandbox morning) is dropped", "drop", "traffic", "--copy", "morning");
	LK(2, "", "its copies are:", "drop", "traffic", "--copy", "morning");
	LK(0, "", "is kept", "replay", "traffic", "--from", from, "--to", to, "--as", "morning", "--keep");
	free(from);
	free(to);
}

/* --- a replay that takes some time --- */

typedef struct seen {
	const char *path, *want;
} seen;

/* What status says about the newest copy. */
static int status_says(void *ctx) {
	const seen *s = ctx;
	LK(0, "", "", "status", "traffic", "--format", "json");
	char *got = json(s->path);
	int ok = strcmp(got, s->want) == 0;
	free(got);
	return ok;
}

static void wait_until(const char *path, const char *want) {
	seen s = {path, want};
	if (!test_poll(status_says, &s, 20000))
		fail_msg("%s never became %s: %s", path, want, lk.out);
}

static void shown_while_it_runs_and_after(int signal, int status) {
	int pid = test_lk_start(&lk.servers, NULL, ARGS("replay", "traffic", "--pace", "1x"));
	wait_until("{views,1,replay,running}", "true");
	json_is("{views,1,replay,phase}", "replaying");
	json_is("{views,1,replay,total}", "600");
	json_is("{views,1,state}", "building");
	LK(0, "runs", "", "status");
	assert_non_null(strstr(lk.out, "replaying"));
	LK(75, "", "is running", "replay", "traffic");
	LK(75, "", "is running", "mode", "traffic", "kappa");
	LK(75, "", "is running", "compare", "traffic");
	char *copy = copy_of("lk.copy.state = 'building'");
	LK(75, "", "is running", "drop", "traffic", "--copy", copy);
	free(copy);
	kill(pid, signal);
	assert_int_equal(test_lk_wait(pid, 10000), status);
	wait_until("{views,1,replay,running}", "false");
	LK(0, "interrupted: run `lk replay traffic --version 1` again, or `lk drop traffic --copy", "", "status");
	LK(0, "building", "", "mode");
}

static void stopped_and_run_again(void **state) {
	(void)state;
	shown_while_it_runs_and_after(SIGINT, 75);
	LK(0, "", "it continued an earlier replay", "replay", "traffic", "--verify", "--switch");
	LK(0, "\"mode\":\"kappa\"", "", "query", "traffic", "--format", "json");
	LK(0, "", "", "status", "traffic", "--format", "json");
	assert_null(strstr(lk.out, "\"phase\""));
}

static void killed_and_run_again(void **state) {
	(void)state;
	shown_while_it_runs_and_after(SIGKILL, 128 + SIGKILL);
	LK(0, "", "it continued an earlier replay", "replay", "traffic");
	LK(0, "live", "", "status");
	LK(0, "", "600 events", "replay", "traffic", "--fresh");
}

static void given_up(void **state) {
	(void)state;
	shown_while_it_runs_and_after(SIGTERM, 75);
	char *copy = copy_of("lk.copy.state = 'building'");
	LK(0, "", "(kappa) is dropped", "drop", "traffic", "--copy", copy);
	LK(2, "", "its copies are:", "drop", "traffic", "--copy", copy);
	LK(0, "", "", "status", "--format", "json");
	json_is("{views,1}", "null");
	LK(0, "", "600 events", "replay", "traffic", "--switch");
	free(copy);
}

static void a_sandbox_that_is_being_made(void **state) {
	(void)state;
	char *from = at(100), *to = at(200);
	int pid = test_lk_start(&lk.servers, NULL, ARGS("replay", "traffic", "--from", from, "--to", to, "--as", "slow",
	                                                "--pace", "1x"));
	wait_until("{views,1,replay,running}", "true");
	json_is("{views,1,replay,total}", "100");
	LK(75, "", "sandbox slow is being replayed", "drop", "traffic", "--copy", "slow");
	LK(75, "", "sandbox slow is being replayed", "replay", "traffic", "--from", from, "--to", to, "--as", "slow");
	LK(0, "", "600 events", "replay", "traffic", "--switch");
	kill(pid, SIGINT);
	assert_int_equal(test_lk_wait(pid, 10000), 75);
	LK(0, "", "it continued", "replay", "traffic", "--from", from, "--to", to, "--as", "slow");
	says("sandbox slow is removed");
	free(from);
	free(to);
}

/* --- on a terminal --- */

/* One line, which is overwritten; Ctrl-C, as typed, ends it and leaves no part of the line. */
static void progress_on_a_terminal(void **state) {
	(void)state;
	test_terminal t;
	if (!test_has_terminals()) {
		print_message("skipped: no terminal can be opened here\n");
		skip();
	}
	test_terminal_open(&t, 80, 24, &lk.servers.at, ARGS(test_lk_path(), "replay", "traffic", "--pace", "1x"));
	if (!test_terminal_shows(&t, 0, " of 600 events, ") || !test_terminal_shows(&t, 0, "\r\033[K"))
		fail_msg("the terminal shows: %s", t.text.data);
	assert_null(strchr(t.text.data, '\n'));
	test_terminal_type(&t, "\003");
	assert_true(test_terminal_shows(&t, 0, NULL));
	assert_non_null(strstr(t.text.data, "\r\033[Klk: "));
	assert_non_null(strstr(t.text.data, "run it again to continue"));
	assert_int_equal(test_terminal_close(&t), 75);
	lk_buf_release(&t.text);
}

static int has_said(void *ctx) {
	FILE *f = fopen(ctx, "r");
	char text[4096];
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
	if (f)
		fclose(f);
	text[n] = '\0';
	return strstr(text, "of 600 events, ") != NULL;
}

/* Without a terminal it prints a whole line now and then. */
static void progress_in_a_file(void **state) {
	(void)state;
	const char *bin = getenv("LK_BIN");
	char *said = lk_asprintf("%s/said", lk.servers.dir);
	char *command = lk_asprintf("LK_POSTGRES='%s' LK_REDIS='%s' exec %s replay traffic --pace 1x 2>%s",
	                            lk.servers.at.postgres, lk.servers.at.redis, bin && *bin ? bin : "build/plain/lk", said);
	fflush(NULL);
	int pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	assert_true(test_poll(has_said, said, 30000));
	kill(pid, SIGINT);
	assert_int_equal(test_lk_wait(pid, 10000), 75);
	free(command);
	free(said);
}

/* --- mode --- */

static void modes(void **state) {
	(void)state;
	LK(0, "VIEW", "", "mode");
	LK(0, "", "", "mode", "--format", "json");
	json_is("{views,0,view}", "traffic");
	json_is("{views,0,served,mode}", "lambda");
	json_is("{views,0,former}", "null");
	json_is("{views,0,others}", "[]");
	LK(0, "", "already", "mode", "traffic", "lambda");

	LK(0, "", "gap 0 events", "mode", "traffic", "kappa", "--workers", "1");
	says("50 rows compared: 50 equal");
	LK(0, "", "already", "mode", "traffic", "kappa");
	LK(0, "", "seal traffic@1: ", "batch", "traffic");
	LK(0, "", "seal traffic: nothing new", "batch");
	LK(0, "sealed ", "", "status");
	LK(0, "sealed below [", "", "query", "traffic");
	LK(0, "= answer", "", "explain", "traffic", "--from", "2000-01-01T00:00:00Z");
	LK(0, "", "", "mode", "traffic", "--format", "json");
	json_is("{views,0,served,mode}", "kappa");
	json_is("{views,0,former,mode}", "lambda");
	char *since = json("{views,0,since}");
	assert_string_equal(since + strlen(since) - 1, "Z");
	free(since);

	LK(0, "", "goes back to copy", "mode", "traffic", "--back");
	LK(0, "", "nothing new", "batch");
	LK(0, "", "goes back to copy", "mode", "traffic", "--back");
	LK(0, "kappa", "", "mode", "traffic");

	char *former = copy_of("copy_id = former_copy");
	ingest(EVENTS, 7);
	LK(0, "", "is dropped", "mode", "traffic", "lambda");
	says(former);
	LK(0, "607 of 607", "", "query", "traffic", "--strict");
	LK(0, "", "(kappa) is dropped", "drop", "traffic", "--former");
	LK(2, "", "has no former copy", "drop", "traffic", "--former");
	LK(2, "", "no former copy", "mode", "traffic", "--back");
	free(former);
}

/* How many units of a copy are in Redis. */
static int units_there(const char *copy) {
	lk_store *store;
	lk_error e = {0};
	char *log = test_ask(&lk, "SELECT log_id FROM lk.meta", NULL);
	char *units = test_ask(&lk, "SELECT string_agg(unit_id::text, ' ') FROM lk.unit WHERE copy_id = $1::bigint",
	                       ARGS(copy));
	char *p = units;
	int there = 0;
	assert_int_equal(lk_store_open(&store, lk.servers.at.redis, log, &e), LK_OK);
	while (*p) {
		lk_unit_state unit = {0};
		int rc = lk_store_read_unit(store, strtoll(p, &p, 10), NULL, &unit, NULL, &e);
		assert_true(rc >= 0);
		there += rc == LK_OK;
		lk_unit_state_release(&unit);
	}
	lk_store_close(store);
	free(units);
	free(log);
	return there;
}

static void a_drop_leaves_nothing(void **state) {
	(void)state;
	static const char tables[] = "SELECT count(*) FROM pg_tables WHERE schemaname = 'lk' AND tablename LIKE 'batch\\_%'";
	char *lambda = copy_of("copy_id = served_copy");
	LK(0, "", "", "replay", "traffic", "--switch");
	char *kappa = copy_of("copy_id = served_copy");
	assert_int_equal(units_there(lambda), 2);
	test_ask_is(&lk, tables, "1");
	LK(0, "", "(lambda) is dropped", "drop", "traffic", "--former");
	assert_int_equal(units_there(lambda), 0);
	assert_int_equal(units_there(kappa), 2);
	test_ask_is(&lk, tables, "0");
	LK(0, "600 of 600", "", "query", "traffic", "--strict");
	free(lambda);
	free(kappa);
}

typedef struct wanted_lock {
	lk_pg pg;
	int64_t id;
} wanted_lock;

static int is_taken(void *lock) {
	wanted_lock *w = lock;
	return lk_pg_try_lock(&w->pg, w->id, NULL) == LK_OK;
}

/* Another session holds the view's lock. The server notices only after a moment that the replay's session has ended. */
static void one_at_a_time(void **state) {
	(void)state;
	LK(0, "", "", "replay", "traffic", "--switch");
	lk_error e = {0};
	char *view = test_ask(&lk, "SELECT view_id FROM lk.view", NULL);
	wanted_lock other = {.id = atoll(view)};
	assert_int_equal(lk_pg_open(&other.pg, lk.servers.at.postgres, "somebody", &e), LK_OK);
	assert_true(test_poll(is_taken, &other, 20000));
	free(view);
	const char *const *lines[] = {ARGS("replay", "traffic"), ARGS("mode", "traffic", "lambda"),
	                              ARGS("mode", "traffic", "--back"),
	                              ARGS("drop", "traffic", "--former"), ARGS("compare", "traffic")};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		test_run(&lk, NULL, 75, "", "(somebody)", lines[i]);
	LK(0, "kappa", "", "mode");
	LK(0, "kappa", "", "status");
	lk_pg_close(&other.pg);
	LK(0, "", "(lambda) is dropped", "drop", "traffic", "--former");
}

/* --- digests and comparisons --- */

static void digests(void **state) {
	(void)state;
	LK(0, "", "", "replay", "traffic");
	LK(0, "DIGEST OF", "", "status", "--digest");
	LK(0, "", "", "status", "--digest", "--format", "json");
	char *lambda = json("{views,0,digest}"), *kappa = json("{views,1,digest}"), *covers = json("{views,1,digest_covers}");
	assert_int_equal(strlen(lambda), 32);
	assert_string_equal(lambda, kappa);
	json_is("{views,0,digest_covers}", covers);
	ingest(EVENTS, 1);
	LK(0, "", "", "speed", "--once");
	LK(0, "", "", "status", "traffic", "--digest", "--format", "json");
	char *later = json("{views,0,digest}");
	assert_string_not_equal(later, lambda);
	json_is("{views,1,digest}", later);
	LK(0, "", "", "status", "--format", "json");
	assert_null(strstr(lk.out, "digest"));
	free(lambda);
	free(kappa);
	free(covers);
	free(later);
}

static void comparing(void **state) {
	(void)state;
	for (int twice = 0; twice < 2; twice++) {
		LK(0, "lambda, kappa and plain SQL agree on 50 rows", "", "compare", "traffic", "--no-costs");
		LK(0, "| ", "", "compare", "traffic", "--no-costs", "--format", "markdown");
	}
	LK(0, "{", "", "compare", "traffic", "--format", "json");
	json_is("{view}", "traffic");
	LK(0, "lambda", "", "mode");
	test_ask_is(&lk, "SELECT count(*) FROM lk.copy WHERE NOT dropped", "1");
}

static int setup(void **state) {
	(void)state;
	test_servers_start(&lk.servers);
	return 0;
}

static int teardown(void **state) {
	(void)state;
	test_program_release(&lk);
	test_servers_stop(&lk.servers);
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usage),
		cmocka_unit_test_setup(missing_servers, fresh),
		cmocka_unit_test_setup(wrong_names, fresh),
		cmocka_unit_test_setup(replaying, fresh),
		cmocka_unit_test_setup(a_difference_ends_it, fresh),
		cmocka_unit_test_setup(dry_runs, fresh),
		cmocka_unit_test_setup(sandboxes, fresh),
		cmocka_unit_test_setup(stopped_and_run_again, fresh),
		cmocka_unit_test_setup(killed_and_run_again, fresh),
		cmocka_unit_test_setup(given_up, fresh),
		cmocka_unit_test_setup(a_sandbox_that_is_being_made, fresh),
		cmocka_unit_test_setup(progress_on_a_terminal, fresh),
		cmocka_unit_test_setup(progress_in_a_file, fresh),
		cmocka_unit_test_setup(modes, fresh),
		cmocka_unit_test_setup(a_drop_leaves_nothing, fresh),
		cmocka_unit_test_setup(one_at_a_time, fresh),
		cmocka_unit_test_setup(digests, fresh),
		cmocka_unit_test_setup(comparing, fresh),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
