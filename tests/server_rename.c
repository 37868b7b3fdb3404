/* Another name for a view: only the name is another one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/fixtures.h"
#include "tests/support/replays.h"

enum { DEADLINE_MS = 30000 };

static test_program lk;
static test_world world;

static const char stream[] = "CREATE TABLE hits (ts timestamptz, ip text, n bigint) WITH (event_time = ts, partition_by = ip, partitions = 2);";
static const char first[] = "-- the view of all\nCREATE VIEW traffic AS SELECT ip, count(*) AS n FROM hits GROUP BY ip, tumble(ts, '1 day', 'Europe/Zurich');";
static const char second[] =
	"CREATE /* view */ VIEW \"traffic\" AS SELECT ip, count(*) AS n, sum(n) AS total FROM hits traffic GROUP BY ip, tumble(ts, '1 day', 'Europe/Zurich');";

static void apply(const char *text, const char *says) {
	char *file = test_file(&lk, "def.sql", text);
	LK(0, "", says, "apply", file);
	free(file);
}

static void ingest(int from, int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = from; i < from + n; i++)
		lk_buf_addf(&lines, "{\"ts\":\"2024-01-01T%02d:%02d:%02dZ\",\"ip\":\"%d\",\"n\":%d}\n", i / 3600 % 24, i / 60 % 60, i % 60, i % 20, i);
	char *path = test_file(&lk, "events.jsonl", lines.data);
	LK(0, "", "", "ingest", "hits", path);
	lk_buf_release(&lines);
	free(path);
}

/* Two versions, the second of which is served. */
static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	apply(stream, "");
	apply(first, "");
	ingest(0, 100);
	LK(0, "", "", "speed", "--once");
	LK(0, "", "", "batch");
	apply(second, "version 2");
	ingest(100, 100);
	LK(0, "", "", "batch");
	LK(0, "", "", "speed", "--once");
	test_world_reload(&world);
	return 0;
}

/* I8: versions, copies and answers stay; what is declared by the new name is what there is. */
static void only_the_name_changes(void **state) {
	(void)state;
	char before[33], after[33];
	int64_t copy = test_served(&world, "traffic");
	test_digest_at_end(&world, "traffic", 0, before);
	LK(0, "", "view traffic is called My-View now", "rename", "traffic", "My-View");
	test_world_reload(&world);
	test_digest_at_end(&world, "My-View", 0, after);
	assert_string_equal(after, before);
	assert_int_equal(test_served(&world, "My-View"), copy);
	LK(2, "", "there is no view traffic", "query", "traffic");
	test_ask_is(&lk, "SELECT definition FROM lk.version WHERE number = 1",
	            "CREATE VIEW \"My-View\" AS SELECT ip, count(*) AS n FROM hits GROUP BY ip, tumble(ts, '1 day', 'Europe/Zurich')");
	apply("CREATE VIEW \"My-View\" AS SELECT ip, count(*) AS n, sum(n) AS total FROM hits GROUP BY ip, tumble(ts, '1 day', 'Europe/Zurich');",
	      "view My-View: unchanged");
	ingest(200, 100);
	LK(0, "", "", "speed", "--once");
	test_view_is_right(&world, "My-View");
	LK(0, "", "", "batch", "My-View");
	LK(0, "", "", "replay", "My-View", "--switch", "--verify");
	LK(0, "", "", "replay", "My-View", "--version", "1");
	test_world_reload(&world);
	test_view_is_right(&world, "My-View");
	apply(first, "view traffic: new, version 1");
	LK(0, "", "", "rename", "My-View", "select");
	LK(0, "", "", "query", "select");
	LK(0, "", "", "batch");
}

static void names_that_cannot_be(void **state) {
	(void)state;
	LK(2, "", "there is a stream hits already", "rename", "traffic", "hits");
	LK(2, "", "there is a view traffic already", "rename", "traffic", "traffic");
	LK(2, "", "\"1st\" cannot be the name of a view", "rename", "traffic", "1st");
	LK(2, "", "at most 55 bytes", "rename", "traffic", "a123456789012345678901234567890123456789012345678901234567890");
	LK(2, "", "did you mean traffic?", "rename", "trafic", "new");
	LK(2, "", "", "rename", "traffic", "");
	LK(0, "", "", "query", "traffic");
}

static int answers(void *want) {
	char *out = NULL;
	bool same = test_lk(&lk.servers, NULL, &out, NULL, ARGS("query", "other", "--format", "csv", "--where", "ip=1")) == 0 && strstr(out, want);
	free(out);
	return same;
}

/* I11: workers and batches that know the view by its former name go on. */
static void renamed_beside_running_layers(void **state) {
	(void)state;
	int layers = test_lk_start(&lk.servers, NULL, ARGS("run", "--every", "1s"));
	ingest(200, 20);
	LK(0, "", "", "rename", "traffic", "other");
	ingest(220, 20);
	assert_true(test_poll(answers, (char[]){",12,"}, DEADLINE_MS));
	kill(layers, SIGTERM);
	assert_int_equal(test_lk_wait(layers, DEADLINE_MS), 0);
	LK(0, "", "", "speed", "--once");
	test_world_reload(&world);
	test_view_is_right(&world, "other");
}

#ifdef LK_FAULTS
/* I8: all or nothing. */
static void killed_while_it_is_renamed(void **state) {
	(void)state;
	static const char point[] = "rename.written";
	char *crash = lk_asprintf("LK_CRASH=%s", point);
	test_run(&lk, ARGS(crash), 128 + SIGKILL, "", "", ARGS("rename", "traffic", "other"));
	LK(2, "", "there is no view other", "query", "other");
	LK(0, "", "", "query", "traffic");
	LK(0, "", "", "rename", "traffic", "other");
	LK(0, "", "", "query", "other");
	free(crash);
}
#endif

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(only_the_name_changes),
		TEST(names_that_cannot_be),
		TEST(renamed_beside_running_layers),
#ifdef LK_FAULTS
		TEST(killed_while_it_is_renamed),
#endif
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
