/* Erasing events: afterwards no store has anything of their values, all answers are PostgreSQL's over the log as it is
 * then, and an erasure that was interrupted anywhere is completed by the next run. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/fixtures.h"
#include "tests/support/redis.h"
#include "tests/support/replays.h"

enum { DEADLINE_MS = 60000, PEOPLE = 23 };

static test_program lk;
static test_world world;

static const char definitions[] =
	"CREATE TABLE hits (ts timestamptz, who text, path text, n bigint, d double precision)"
	"  WITH (event_time = ts, partition_by = who, partitions = 2);"
	"CREATE VIEW traffic AS SELECT path, count(*) AS hits, sum(n) AS n, count(DISTINCT who) AS people FROM hits"
	"  GROUP BY path, tumble(ts, '1 minute');"
	"CREATE VIEW strict WITH (allowed_lateness = '1 s') AS SELECT who, count(*) AS hits, max(path) AS path FROM hits WHERE n > 2"
	"  GROUP BY who, tumble(ts, '10 seconds');"
	"CREATE VIEW visits AS SELECT who, count(*) AS hits, sum(d) AS d FROM hits GROUP BY who, session(ts, '30 seconds');"
	"CREATE VIEW total AS SELECT sum(n) AS n, count(*) AS events FROM hits;";

static const char *const views[] = {"traffic", "strict", "visits", "total"};
enum { VIEWS = sizeof views / sizeof *views };

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	char *sql = test_file(&lk, "def.sql", definitions);
	LK(0, "", "", "apply", sql);
	free(sql);
	return 0;
}

/* Every eleventh event is late. Person i is called "secret<i>", with a digit's end: secret1 is not a part of secret11. */
static void add_event(lk_buf *out, int i) {
	int s = i % 11 == 10 ? i - 10 : i;
	lk_buf_addf(out, "{\"ts\":\"2024-01-01T%02d:%02d:%02dZ\",\"who\":\"secret%d.\",\"path\":\"/%d\",\"n\":%d,\"d\":%d.25}\n", s / 3600, s / 60 % 60,
	            s % 60, i % PEOPLE, i % 4, i % 7, i);
}

static void ingest(int from, int n) {
	char source[24];
	lk_buf lines = LK_BUF_INIT;
	for (int i = from; i < from + n; i++)
		add_event(&lines, i);
	char *path = test_file(&lk, "events.jsonl", lines.data);
	snprintf(source, sizeof source, "part %d", from);
	LK(0, "", "", "ingest", "hits", path, "--source", source);
	lk_buf_release(&lines);
	free(path);
}

/* Each kind of copy: batches with segments above them, sealed cells, a former copy, a sandbox. */
static void fill(void) {
	ingest(0, 400);
	LK(0, "", "", "speed", "--once");
	LK(0, "", "", "batch");
	LK(0, "", "", "replay", "strict", "--switch");
	LK(0, "", "", "mode", "total", "kappa");
	LK(0, "", "", "batch", "strict");
	ingest(400, 200);
	LK(0, "", "", "speed", "--once");
	LK(0, "", "", "replay", "traffic", "--from", "2024-01-01T00:01:00Z", "--as", "some", "--keep");
	ingest(600, 100);
	LK(0, "", "", "speed", "--once");
}

/* --- is it there? --- */

static int64_t in_postgres(const char *text) {
	PGresult *res = NULL;
	lk_error err = {0};
	int64_t found = 0;
	lk_buf hex = LK_BUF_INIT;
	for (const char *p = text; *p; p++)
		lk_buf_addf(&hex, "%02x", (unsigned)(unsigned char)*p);
	assert_int_equal(lk_pg_query(&world.pg, &res, &err, "SELECT oid::regclass FROM pg_class WHERE relnamespace = 'lk'::regnamespace AND relkind = 'r'"), 0);
	for (int i = 0; i < PQntuples(res); i++)
		found += test_world_count(&world, "SELECT count(*) FROM %s t WHERE t::text LIKE '%%%s%%' OR t::text LIKE '%%%s%%'",
		                          PQgetvalue(res, i, 0), text, hex.data);
	PQclear(res);
	lk_buf_release(&hex);
	return found + test_world_count(&world, "SELECT count(*) FROM pg_stats WHERE schemaname = 'lk' AND most_common_vals::text LIKE '%%%s%%'", text);
}

static int64_t in_redis(const char *text) {
	static const char script[] =
		"local n = 0 for _, key in ipairs(redis.call('KEYS', '*')) do for _, v in ipairs(redis.call('HGETALL', key)) do"
		" if string.find(v, ARGV[1], 1, true) then n = n + 1 end end end return n";
	lk_redis r;
	redisReply *reply;
	lk_error err = {0};
	test_redis_open(&r, &lk.servers);
	lk_redis_begin(&r, 4);
	lk_redis_args(&r, "EVAL");
	lk_redis_args(&r, script);
	lk_redis_args(&r, "0");
	lk_redis_args(&r, text);
	if (lk_redis_call(&r, &reply, &err))
		fail_msg("%s", err.text);
	int64_t found = reply->integer;
	freeReplyObject(reply);
	lk_redis_close(&r);
	return found;
}

static void is_nowhere(const char *text) {
	int64_t rows = in_postgres(text), values = in_redis(text);
	if (rows || values)
		fail_msg("%s is in %lld rows of PostgreSQL and %lld values of Redis", text, (long long)rows, (long long)values);
}

static void all_is_right(void) {
	LK(0, "", "", "speed", "--once");
	test_world_reload(&world);
	for (int i = 0; i < VIEWS; i++)
		test_view_is_right(&world, views[i]);
	test_nothing_is_open(&world);
}

static int64_t unfinished(void) { return test_world_int(&world, "SELECT count(*) FROM lk.erasure WHERE done_at IS NULL"); }

/* --- the tests --- */

/* I3, I4: in every layer, copy and kind of view; what is late, the log's offsets and the number of events stay. */
static void erased_everywhere(void **state) {
	(void)state;
	fill();
	int64_t sandbox = test_world_int(&world, "SELECT copy_id FROM lk.copy WHERE name = 'some' AND NOT dropped");
	assert_true(in_postgres("secret3.") > 0 && in_redis("secret3.") > 0);
	LK(0, "", "31 events of stream hits; 4 views and 1 sandbox are made again; 2 other copies are dropped", "erase", "hits", "--where",
	   "who=secret3.", "--dry-run");
	LK(2, "", "no terminal to ask on", "erase", "hits", "--where", "who=secret3.");
	assert_true(in_postgres("secret3.") > 0);
	LK(0, "", "31 events of stream hits are erased", "erase", "hits", "--where", "who=secret3.", "--yes");
	is_nowhere("secret3.");
	assert_true(in_postgres("secret4.") > 0 && in_redis("secret4.") > 0);
	all_is_right();
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.log_hits WHERE who IS NULL AND path IS NULL AND n IS NULL AND d IS NULL"), 31);
	assert_int_equal(test_world_int(&world, "SELECT sum(next_off)::bigint - (SELECT count(*) FROM lk.log_hits) FROM lk.tail"), 0);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.erased JOIN lk.erasure USING (erasure_id) WHERE events = 31 AND conditions = 'who ='"), 31);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.copy WHERE NOT dropped"), VIEWS + 1);
	assert_true(test_world_int(&world, "SELECT copy_id FROM lk.copy WHERE name = 'some' AND NOT dropped") > sandbox);
	for (int i = 0; i < VIEWS; i++)
		if (strcmp(views[i], "strict"))   /* of which lambda counts the late events that kappa does not */
			LK(0, "", "", "compare", views[i]);
	LK(0, "", "has no such event", "erase", "hits", "--where", "who=secret3.", "--yes");
}

/* I8, I11: whatever was done stays done, and the next run does the rest. */
static void killed_at_each_point_of_an_erasure(void **state) {
	(void)state;
#ifndef LK_FAULTS
	print_message("skipped: this build has no crash points\n");
	skip();
#endif
	static const char *const points[] = {
		"erase.written", "erase.committed", "erase.seen", "erase.remade", "erase.remade:4", "erase.sandbox", "erase.cleared", "batch.cut",
		"batch.computed", "batch.published", "replay.made", "replay.replayed", "replay.replayed:3", "switch.moved", "switch.committed",
	};
	fill();
	for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
		char crash[64], where[40], *who = where + 4;
		snprintf(crash, sizeof crash, "LK_CRASH=%s", points[i]);
		snprintf(where, sizeof where, "who=secret%zu.", i);
		test_run(&lk, ARGS(crash), 128 + SIGKILL, "", "", ARGS("erase", "hits", "--where", where, "--yes"));
		bool erased = i > 0;
		assert_int_equal(test_world_count(&world, "SELECT count(*) FROM lk.log_hits WHERE who = '%s'", who) == 0, erased);
		assert_int_equal(unfinished(), erased);
		print_message("killed at %s\n", points[i]);
		LK(0, "", erased ? "`lk erase hits --resume` goes on" : "", "status");
		if (i % 2)
			LK(0, "", "", "erase", "hits", "--resume");
		else
			LK(0, "", "", "erase", "hits", "--where", where, "--yes");
		is_nowhere(who);
		assert_int_equal(unfinished(), 0);
		all_is_right();
	}
	LK(0, "", "no erasure of stream hits is unfinished", "erase", "hits", "--resume");
}

/* I11: appends, workers, batches and seals go on meanwhile; events that come afterwards are not erased. */
static void erased_beside_running_layers(void **state) {
	(void)state;
	fill();
	int layers = test_lk_start(&lk.servers, NULL, ARGS("run", "--every", "1s"));
	for (int i = 0; i < 4; i++) {
		char where[40];
		snprintf(where, sizeof where, "who=secret%d.", i);
		int pid = test_lk_start(&lk.servers, NULL, ARGS("erase", "hits", "--where", where, "--yes"));
		for (int n = 0; n < 5; n++)
			ingest(2000 + 100 * i + 20 * n, 4);
		assert_int_equal(test_lk_wait(pid, DEADLINE_MS), 0);
	}
	kill(layers, SIGTERM);
	assert_int_equal(test_lk_wait(layers, DEADLINE_MS), 0);
	assert_int_equal(unfinished(), 0);
	all_is_right();
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.erased e JOIN lk.erasure USING (erasure_id)"
	                                " JOIN lk.log_hits l USING (part, off) WHERE l.who IS NOT NULL"), 0);
}

/* I3: copies that nobody is served yet are dropped; what made them makes them again, from the log as it is then. */
static void copies_that_wait(void **state) {
	(void)state;
	char *sql = test_file(&lk, "new.sql", "CREATE VIEW visits AS SELECT who, max(path) AS path FROM hits GROUP BY who, session(ts, '20 seconds');"
	                      "CREATE VIEW strict AS SELECT who, count(*) AS hits FROM hits GROUP BY who;");
	fill();
	LK(0, "", "", "apply", sql);
	LK(0, "", "", "replay", "strict");
	LK(0, "", "", "speed", "--once");
	LK(0, "", "not served yet, is dropped; `lk replay` makes it again", "erase", "hits", "--where", "who=secret2.", "--yes");
	assert_non_null(strstr(lk.err, "not served yet, is dropped; `lk batch` makes it again"));
	is_nowhere("secret2.");
	all_is_right();
	LK(0, "", "readers get version 2 now", "batch");
	LK(0, "", "", "replay", "strict", "--switch");
	is_nowhere("secret2.");
	all_is_right();
	free(sql);
}

#ifdef LK_FAULTS
static int is_stopped(void *pid) {
	char path[40], state = 0;
	snprintf(path, sizeof path, "/proc/%d/stat", *(int *)pid);
	FILE *f = fopen(path, "r");
	if (f && fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	if (f)
		fclose(f);
	return state == 'T';
}

/* A batch reads the log and publishes after the erasure has its id, and before anybody can see it. */
static void batch_before_the_commit(const char *mutant) {
	char env[64];
	snprintf(env, sizeof env, "LK_MUTANT=%s", mutant);
	fill();
	int pid = test_lk_start(&lk.servers, ARGS("LK_FREEZE=erase.written", env), ARGS("erase", "hits", "--where", "who=secret5.", "--yes"));
	assert_true(test_poll(is_stopped, &pid, DEADLINE_MS));
	LK(0, "", "", "batch", "visits");
	kill(pid, SIGCONT);
	assert_int_equal(test_lk_wait(pid, DEADLINE_MS), 0);
}

/* I2, I4 */
static void a_batch_before_the_commit(void **state) {
	(void)state;
	batch_before_the_commit("none");
	is_nowhere("secret5.");
	all_is_right();
}

static void an_id_that_is_taken_too_early(void **state) {
	(void)state;
	batch_before_the_commit("seen_too_early");
	assert_true(in_postgres("secret5.") > 0);
}
#endif

/* I9: what a reader still uses is waited for; the erasure is unfinished until it is gone. */
static void a_reader_keeps_an_erased_table(void **state) {
	(void)state;
	ingest(0, 100);
	LK(0, "", "", "batch");
	lk_pg reader = {0};
	lk_error err = {0};
	assert_int_equal(lk_pg_open(&reader, lk.servers.at.postgres, "reader", &err), 0);
	char *sql = test_ask(&lk, "SELECT 'BEGIN; SELECT count(*) FROM ' || batch_table FROM lk.copy JOIN lk.view ON served_copy = copy_id"
	                     " WHERE lk.view.name = 'traffic'", ARGS(NULL));
	assert_int_equal(lk_pg_run(&reader, &err, sql), 0);
#ifdef LK_FAULTS
	test_run(&lk, ARGS("LK_HURRY=12"), 75, "", "a reader still has table", ARGS("erase", "hits", "--where", "who=secret1.", "--yes"));
	assert_int_equal(unfinished(), 1);
	LK(0, "", "`lk erase hits --resume` goes on", "status");
#endif
	assert_int_equal(lk_pg_run(&reader, &err, "COMMIT"), 0);
	LK(0, "", "", "erase", "hits", "--where", "who=secret1.", "--yes");
	assert_int_equal(unfinished(), 0);
	is_nowhere("secret1.");
	all_is_right();
	lk_pg_close(&reader);
	free(sql);
}

/* I12: lines that were no events, and the first bytes by which a file is known. */
static void rejected_lines_and_heads_of_files(void **state) {
	(void)state;
	static const char lines[] =
		"no event of J\u00F6rg \"x\"\n"
		"{\"who\":\"Jörg \\\"x\\\"\",\"n\":1}\n"
		"{\"who\":\"J\\u00F6rg \\\"x\\\"\",\"n\":2}\n"
		"{\"who\":\"Jorg\",\"n\":3}\n"
		"{\"ts\":\"2024-01-01T00:00:00Z\",\"who\":\"J\\u00f6rg \\\"x\\\"\",\"n\":4}\n";
	static const char more[] = "{\"ts\":\"2024-01-01T00:00:01Z\",\"who\":\"other\",\"n\":5}\n";
	char *path = test_file(&lk, "a.jsonl", lines);
	LK(0, "", "1 event", "ingest", "hits", path, "--source", "a");
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.source WHERE position('{'::bytea in head) > 0"), 1);
	LK(0, "", "1 event of stream hits and 3 rejected lines are erased", "erase", "hits", "--where", "who=Jörg \"x\"", "--yes");
	is_nowhere("rg \\\"");
	is_nowhere("Jörg");
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.rejected WHERE content IS NULL"), 3);
	LK(0, "", "0 events", "ingest", "hits", path, "--source", "a");
	char *both = lk_asprintf("%s%s", lines, more);
	free(test_file(&lk, "a.jsonl", both));
	LK(0, "", "1 event ", "ingest", "hits", path, "--source", "a");
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.log_hits"), 2);
	char *other = test_file(&lk, "b.jsonl", more);
	LK(0, "", "1 event ", "ingest", "hits", other, "--source", "a");
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.source"), 2);
	all_is_right();
	free(other);
	free(both);
	free(path);
}

/* I12: a condition is read by its column's type; what is none is refused before anything is asked or changed. */
static void conditions_of_an_erasure(void **state) {
	(void)state;
	ingest(0, 100);
	LK(2, "", "which events of stream hits", "erase", "hits", "--yes");
	LK(2, "", "did you mean path?", "erase", "hits", "--where", "pat=1", "--yes");
	LK(2, "", "is not a value of n", "erase", "hits", "--where", "n=many", "--yes");
	LK(2, "", "there is no stream hitz", "erase", "hitz", "--where", "n=1", "--yes");
	LK(2, "", "it takes no --where", "erase", "hits", "--where", "n=1", "--resume");
	LK(2, "", "its columns: ", "erase", "hits", "--where", "nothing=1", "--yes");
	LK(0, "", "has no such event", "erase", "hits", "--where", "n=1.5", "--yes");
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.erasure"), 0);
	LK(0, "", "3 events", "erase", "hits", "--where", "n=3", "--where", "path=/0", "--where", "d < 90", "--dry-run");
	LK(0, "", "3 events", "erase", "hits", "--where", "n=3", "--where", "path=/0", "--where", "d < 90", "--yes");
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.log_hits WHERE who IS NULL"), 3);
	LK(0, "", "", "erase", "hits", "--where", "ts < 2024-01-01T00:00:10Z", "--yes");
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.log_hits WHERE ts < '2024-01-01T00:00:10Z' AND num_nonnulls(who, path, n, d) > 0"), 0);
	all_is_right();
	LK(0, "", "", "drop", "traffic", "--yes");
	LK(0, "", "", "drop", "strict", "--yes");
	LK(0, "", "", "drop", "visits", "--yes");
	LK(0, "", "", "erase", "hits", "--where", "n=1", "--yes");
	LK(0, "", "", "drop", "total", "--yes");
	LK(0, "", "", "erase", "hits", "--where", "n=2", "--yes");
	LK(0, "", "", "drop", "--stream", "hits", "--yes");
	assert_int_equal(test_world_int(&world, "SELECT (SELECT count(*) FROM lk.erasure) + (SELECT count(*) FROM lk.erased)"), 0);
}

/* Runs what a hint names between its first two backticks: commands with && between them. */
static void run_what_is_named(const char *hint) {
	const char *from = strchr(hint, '`');
	assert_non_null(from);
	char *text = lk_strndup(from + 1, strcspn(from + 1, "`")), *rest = text;
	for (char *command; (command = rest); ) {
		char *next = strstr(rest, " && ");
		rest = next ? next + 4 : NULL;
		if (next)
			*next = '\0';
		const char *words[8] = {NULL};
		int n = 0;
		for (char *word, *left = command; n < 7 && (word = strtok_r(left, " ", &left)); n++)
			words[n] = word;
		assert_string_equal(words[0], "lk");
		test_run(&lk, NULL, 0, "", "", words + 1);
	}
	free(text);
}

#define CHAIN \
	"CREATE TABLE paths WITH (event_time = ts) AS SELECT ts, who, path, n FROM hits;" \
	"CREATE TABLE before WITH (event_time = ts) AS SELECT ts, who, lag(path) OVER (PARTITION BY who ORDER BY _off) AS path FROM paths;" \
	"CREATE TABLE paths_of_all WITH (event_time = ts, partition_by = path) AS SELECT ts, path, who FROM hits;" \
	"CREATE VIEW people AS SELECT who, count(*) AS n, max(path) AS path FROM before GROUP BY who;"

/* I4, D10: what is made of the events is dropped by the commands that the refusal names, and made again without what is erased. */
static void with_chains_of_derived_streams(void **state) {
	(void)state;
	char *chain = lk_asprintf("%s%s", definitions, CHAIN), *sql = test_file(&lk, "chain.sql", chain);
	fill();
	LK(0, "", "", "apply", sql);
	LK(0, "", "", "speed", "--once");
	LK(0, "", "", "batch");
	assert_true(test_world_int(&world, "SELECT count(*) FROM lk.log_before WHERE who = 'secret3.'") > 0);
	LK(2, "", "cannot be erased while derived streams are made of them", "erase", "hits", "--where", "who=secret3.", "--yes");
	run_what_is_named(lk.err);
	LK(0, "", "31 events of stream hits are erased", "erase", "hits", "--where", "who=secret3.", "--yes");
	LK(0, "", "", "apply", sql);
	LK(0, "", "", "speed", "--once");
	LK(0, "", "", "batch");
	is_nowhere("secret3.");
	all_is_right();
	test_view_is_right(&world, "people");
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.log_before WHERE who IS NULL"), 31);
	LK(0, "the same 700 rows", "", "compare", "before");
	LK(0, "the same 700 rows", "", "compare", "paths_of_all");
	free(sql);
	free(chain);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(erased_everywhere),
		TEST(killed_at_each_point_of_an_erasure),
		TEST(erased_beside_running_layers),
#ifdef LK_FAULTS
		TEST(a_batch_before_the_commit),
		TEST(an_id_that_is_taken_too_early),
#endif
		TEST(copies_that_wait),
		TEST(with_chains_of_derived_streams),
		TEST(a_reader_keeps_an_erased_table),
		TEST(rejected_lines_and_heads_of_files),
		TEST(conditions_of_an_erasure),
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
