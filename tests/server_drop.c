/* Removing views and streams: completely or not at all, while other processes use them; and their names can be used
 * again. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog/copies.h"
#include "catalog/drop.h"
#include "tests/support/fixtures.h"
#include "tests/support/replays.h"

enum { DEADLINE_MS = 30000 };

static test_program lk;
static test_world world;

static const char definitions[] =
	"CREATE TABLE hits (ts timestamptz, ip text, n bigint) WITH (event_time = ts, partition_by = ip, partitions = 2);"
	"CREATE VIEW traffic WITH (allowed_lateness = '1 s') AS SELECT ip, count(*) AS n FROM hits GROUP BY ip, tumble(ts, '1 minute');"
	"CREATE VIEW total AS SELECT sum(n) AS n FROM hits;";

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	char *sql = test_file(&lk, "def.sql", definitions);
	LK(0, "", "", "apply", sql);
	free(sql);
	return 0;
}

static void ingest(int from, int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = from; i < from + n; i++)
		lk_buf_addf(&lines, "{\"ts\":\"2024-01-01T00:%02d:%02dZ\",\"ip\":\"%d\",\"n\":%d}\n", i / 60 % 60, i % 60, i % 20, i);
	lk_buf_adds(&lines, "{\"ts\":\"2023-01-01T00:00:00Z\",\"ip\":\"1\",\"n\":0}\nno event\n");
	char *path = test_file(&lk, "events.jsonl", lines.data), source[24];
	snprintf(source, sizeof source, "part %d", from);
	LK(0, "", "", "ingest", "hits", path, "--source", source);
	lk_buf_release(&lines);
	free(path);
}

static void no_views_are_left(void) {
	static const char *const tables[] = {"view", "version", "copy", "unit", "cut", "cut_part", "batch", "replay", "late", "late_block", "calendar"};
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		char *sql = lk_asprintf("SELECT count(*) FROM lk.%s", tables[i]);
		if (test_world_int(&world, sql))
			fail_msg("rows of lk.%s are left", tables[i]);
		free(sql);
	}
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM pg_class WHERE relname ~ '^batch_[0-9]'"), 0);
	assert_int_equal(test_redis_keys(&lk.servers), 0);
}

/* I8, I9: two views with everything: late events, batches, seals, a former copy, a sandbox, another version. */
static void a_view_is_dropped_as_a_whole(void **state) {
	(void)state;
	ingest(0, 300);
	LK(0, "", "", "speed", "--once");
	LK(0, "", "", "batch");
	ingest(300, 100);
	LK(0, "", "", "speed", "--once");
	LK(0, "", "", "replay", "traffic", "--switch");
	LK(0, "", "", "replay", "traffic", "--from", "2024-01-01T00:01:00Z", "--to", "2024-01-01T00:02:00Z", "--as", "some", "--keep");
	assert_true(test_world_int(&world, "SELECT count(*) FROM lk.late") > 0);
	LK(2, "", "no terminal to ask on", "drop", "traffic");
	assert_non_null(strstr(lk.err, "this removes view traffic, its 1 version and 3 copies, 1 of them sandboxes"));
	LK(0, "", "", "query", "traffic");
	LK(0, "", "view traffic is dropped", "drop", "traffic", "--yes");
	LK(2, "", "there is no view traffic", "query", "traffic");
	LK(2, "", "there is no view traffic", "drop", "traffic", "--yes");
	LK(0, "", "", "query", "total");
	LK(0, "", "", "drop", "total", "--yes");
	no_views_are_left();
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.rejected WHERE version_id IS NOT NULL"), 0);
}

/* I8: a new view of the same name begins with the existing log and without old state. */
static void the_name_can_be_used_again(void **state) {
	(void)state;
	ingest(0, 100);
	LK(0, "", "", "speed", "--once");
	LK(0, "", "", "batch");
	LK(0, "", "", "drop", "traffic", "--yes");
	char *sql = test_file(&lk, "def.sql", "CREATE VIEW traffic AS SELECT count(*) AS all_of_them FROM hits;");
	LK(0, "", "view traffic: new, version 1", "apply", sql);
	LK(0, "", "", "speed", "--once");
	LK(0, "101", "", "query", "traffic");
	free(sql);
}

static void a_stream_is_dropped_when_no_view_reads_it(void **state) {
	(void)state;
	ingest(0, 100);
	LK(2, "", "stream hits is read by 2 views: total, traffic", "drop", "--stream", "hits", "--yes");
	LK(2, "", "did you mean hits?", "drop", "--stream", "hitz", "--yes");
	LK(2, "", "traffic is a view", "drop", "--stream", "traffic", "--yes");
	LK(2, "", "did you mean traffic?", "drop", "trafic", "--yes");
	LK(0, "", "", "drop", "traffic", "--yes");
	LK(0, "", "", "drop", "total", "--yes");
	LK(2, "", "this removes stream hits, its log of 101 events", "drop", "--stream", "hits");
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.log_hits"), 101);
	LK(0, "", "stream hits is dropped", "drop", "--stream", "hits", "--yes");
	LK(2, "", "there is no stream hits", "drop", "--stream", "hits", "--yes");
	assert_int_equal(test_world_int(&world, "SELECT (SELECT count(*) FROM lk.stream) + (SELECT count(*) FROM lk.tail)"
	                                " + (SELECT count(*) FROM lk.source) + (SELECT count(*) FROM lk.rejected)"), 0);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM pg_class WHERE relname ~ '^(log|part)_hits'"), 0);
	fresh(NULL);
	ingest(0, 10);
	LK(0, "", "", "batch");
	LK(0, "11", "", "status");
}

/* I8: a wrong declaration can be corrected until the first event. */
static void an_empty_stream_is_declared_anew(void **state) {
	(void)state;
	char *other = test_file(&lk, "other.sql",
		"CREATE TABLE hits (at timestamptz, ip text, n double precision) WITH (event_time = at, partition_by = ip, partitions = 5);");
	char *fits = test_file(&lk, "fits.sql",
		"CREATE TABLE hits (ts timestamptz, ip text, n double precision) WITH (event_time = ts, partition_by = n, partitions = 5);");
	int64_t id = test_world_int(&world, "SELECT stream_id FROM lk.stream");
	LK(78, "", "view traffic does not fit the new declaration", "apply", other);
	LK(0, "", "redeclared", "apply", "--check", fits);
	assert_int_equal(test_world_int(&world, "SELECT stream_id FROM lk.stream"), id);
	LK(0, "", "stream hits: redeclared, with the views over it", "apply", fits);
	LK(0, "", "stream hits: unchanged", "apply", fits);
	assert_true(test_world_int(&world, "SELECT stream_id FROM lk.stream") != id);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.tail"), 5);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.unit"), 10);
	LK(0, "", "", "drop", "traffic", "--yes");
	ingest(0, 40);
	LK(0, "", "", "speed", "--once");
	LK(0, "780", "", "query", "total");
	LK(0, "", "", "batch");
	LK(0, "780", "", "query", "total");
	char *late = test_file(&lk, "late.sql",
		"CREATE TABLE hits (ts timestamptz, ip text, n double precision) WITH (event_time = ts, partition_by = ip, partitions = 5);");
	LK(78, "", "partition_by cannot change", "apply", late);
	free(late);
	free(fits);
	free(other);
}

/* --- while other processes use them --- */

static int answers(void *want) {
	char *out = NULL;
	bool same = test_lk(&lk.servers, NULL, &out, NULL, ARGS("query", "total", "--format", "csv")) == 0 && strstr(out, want);
	free(out);
	return same;
}

/* I11: running layers stop working on what is gone and continue with the rest, and with new views. */
static void beside_running_layers(void **state) {
	(void)state;
	int layers = test_lk_start(&lk.servers, NULL, ARGS("run", "--every", "1s"));
	ingest(0, 100);
	assert_true(test_poll(answers, (char[]){"4950"}, DEADLINE_MS));
	LK(0, "", "view traffic is dropped", "drop", "traffic", "--yes");
	ingest(100, 100);
	assert_true(test_poll(answers, (char[]){"19900"}, DEADLINE_MS));
	char *sql = test_file(&lk, "def.sql", definitions);
	LK(0, "", "view traffic: new", "apply", sql);
	ingest(200, 100);
	assert_true(test_poll(answers, (char[]){"44850"}, DEADLINE_MS));
	kill(layers, SIGTERM);
	assert_int_equal(test_lk_wait(layers, DEADLINE_MS), 0);
	LK(0, "", "", "speed", "--once");
	test_world_reload(&world);
	lk_query q = test_query("traffic");
	test_world_same(&world, &q);
	free(sql);
}

static int has_ten(void *unused) {
	(void)unused;
	return test_world_int(&world, "SELECT sum(next_off)::bigint FROM lk.tail") == 10;
}

/* An ingest into a stream that is gone ends, and says why. */
static void beside_an_ingest(void **state) {
	(void)state;
	char *path = test_file(&lk, "pipe", ""), *line = lk_asprintf("%s", "{\"ts\":\"2024-01-01T00:00:00Z\",\"ip\":\"1\",\"n\":1}\n");
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	LK(0, "", "", "drop", "traffic", "--yes");
	LK(0, "", "", "drop", "total", "--yes");
	int pid = test_lk_start(&lk.servers, NULL, ARGS("ingest", "hits", path, "--format", "jsonl"));
	int fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(write(fd, line, strlen(line)), strlen(line));
	assert_true(test_poll(has_ten, NULL, DEADLINE_MS));
	LK(0, "", "", "drop", "--stream", "hits", "--yes");
	assert_int_equal(write(fd, line, strlen(line)), strlen(line));
	assert_int_equal(test_lk_wait(pid, DEADLINE_MS), 2);
	close(fd);
	unlink(path);
	free(path);
	free(line);
}

static int waiters(void *n) {
	return test_world_int(&world, "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'lk%' AND wait_event_type = 'Lock'") == *(int *)n;
}

/* P14: An append locks its source before the tail. A removal of both does so too: no deadlock. */
static void beside_an_append_that_waits(void **state) {
	(void)state;
	const char *const patient[] = {"PGOPTIONS=-c deadlock_timeout=1h", NULL}, *const hasty[] = {"PGOPTIONS=-c deadlock_timeout=10ms", NULL};
	LK(0, "", "", "drop", "traffic", "--yes");
	LK(0, "", "", "drop", "total", "--yes");
	ingest(0, 10);
	char *path = test_file(&lk, "events.jsonl", "{\"ts\":\"2024-01-01T00:00:00Z\",\"ip\":\"1\",\"n\":1}\n{\"ts\":\"2024-01-01T00:00:00Z\",\"ip\":\"2\",\"n\":1}\n");
	LK(0, "", "", "ingest", "hits", path, "--source", "more");
	char *more = test_file(&lk, "events.jsonl", "{\"ts\":\"2024-01-01T00:00:00Z\",\"ip\":\"1\",\"n\":1}\n{\"ts\":\"2024-01-01T00:00:00Z\",\"ip\":\"2\",\"n\":1}\n"
	                       "{\"ts\":\"2024-01-01T00:00:00Z\",\"ip\":\"3\",\"n\":1}\n");
	lk_pg holder;
	lk_error err = {0};
	assert_int_equal(lk_pg_open(&holder, lk.servers.at.postgres, "holder", &err), 0);
	assert_int_equal(lk_pg_run(&holder, &err, "BEGIN; SELECT FROM lk.tail FOR UPDATE"), 0);
	int drop = test_lk_start(&lk.servers, hasty, ARGS("drop", "--stream", "hits", "--yes"));
	assert_true(test_poll(waiters, (int[]){1}, DEADLINE_MS));
	int append = test_lk_start(&lk.servers, patient, ARGS("ingest", "hits", more, "--source", "more"));
	assert_true(test_poll(waiters, (int[]){2}, DEADLINE_MS));
	assert_int_equal(lk_pg_run(&holder, &err, "ROLLBACK"), 0);
	assert_int_equal(test_lk_wait(drop, DEADLINE_MS), 0);
	assert_int_equal(test_lk_wait(append, DEADLINE_MS), 2);
	lk_pg_close(&holder);
	free(more);
	free(path);
}

/* I7: a batch of a view that is dropped meanwhile publishes nothing. */
static void beside_a_batch(void **state) {
	(void)state;
	lk_cut cut;
	lk_error err = {0};
	ingest(0, 10);
	test_world_reload(&world);
	const lk_cat_copy *copy = test_world_copy(&world, "traffic");
	assert_int_equal(lk_cut_make(&world.pg, &(lk_cut_for){copy->version->reads, copy->id, "batch"}, &cut, &err), 0);
	LK(0, "", "", "drop", "traffic", "--yes");
	test_world_run(&world, "BEGIN");
	assert_int_equal(lk_cut_publish(&world.pg, copy->id, &cut, "lk.none", &err), LK_ECONFLICT);
	test_world_run(&world, "ROLLBACK");
	err = (lk_error){0};
	assert_int_equal(lk_cut_make(&world.pg, &(lk_cut_for){copy->version->reads, copy->id, "batch"}, &cut, &err), LK_ECONFLICT);
}

/* P15: a view cannot be dropped while it, or a sandbox of it, is being replayed. */
static void not_while_it_is_replayed(void **state) {
	(void)state;
	lk_error err = {0};
	ingest(0, 10);
	LK(0, "", "", "replay", "traffic", "--from", "2024-01-01T00:00:00Z", "--as", "some", "--keep");
	test_world_reload(&world);
	const lk_cat_view *v = lk_catalog_view(world.catalog, "traffic");
	assert_int_equal(lk_view_lock(&world.pg, v, &err), 0);
	LK(75, "", "is running: process", "drop", "traffic", "--yes");
	assert_int_equal(lk_pg_unlock(&world.pg, v->id, &err), 0);
	int64_t sandbox = test_world_int(&world, "SELECT copy_id FROM lk.copy WHERE name = 'some'");
	assert_int_equal(lk_pg_try_lock(&world.pg, sandbox, &err), 0);
	LK(75, "", "sandbox some of view traffic is being replayed: process", "drop", "traffic", "--yes");
	assert_int_equal(lk_pg_unlock(&world.pg, sandbox, &err), 0);
	LK(0, "", "", "drop", "traffic", "--yes");
}

#ifdef LK_FAULTS
/* I8, I9: killed before its commit a drop has removed nothing, and the next one removes everything. */
static void killed_before_the_commit(void **state) {
	(void)state;
	char *crash = lk_asprintf("LK_CRASH=%s", "drop.deleted");
	const char *const killed[] = {crash, NULL};
	ingest(0, 10);
	LK(0, "", "", "speed", "--once");
	LK(0, "", "", "batch");
	test_run(&lk, killed, 128 + SIGKILL, "", "", ARGS("drop", "traffic", "--yes"));
	LK(0, "", "", "query", "traffic");
	LK(0, "", "", "drop", "traffic", "--yes");
	LK(0, "", "", "drop", "total", "--yes");
	no_views_are_left();
	test_run(&lk, killed, 128 + SIGKILL, "", "", ARGS("drop", "--stream", "hits", "--yes"));
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.log_hits"), 11);
	LK(0, "", "", "drop", "--stream", "hits", "--yes");
	free(crash);
}
#endif

/* On a terminal: only y or yes means yes. */
static void it_asks(void **state) {
	(void)state;
	if (!test_has_terminals())
		skip();
	static const struct { const char *answer; bool gone; } rows[] = {{"", false}, {"n", false}, {"yess", false}, {"y", true}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *line = lk_asprintf("printf '%s\\n' | LK_HOME='%s' LK_POSTGRES='%s' LK_REDIS='%s' script -qec \"%s drop traffic\" /dev/null >/dev/null 2>&1",
		                         rows[i].answer, lk.servers.at.home, lk.servers.at.postgres, lk.servers.at.redis,
		                         getenv("LK_BIN") ? getenv("LK_BIN") : "build/plain/lk");
		int status = system(line);
		(void)status;
		assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.view WHERE name = 'traffic'"), !rows[i].gone);
		free(line);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_view_is_dropped_as_a_whole, fresh),
		cmocka_unit_test_setup(the_name_can_be_used_again, fresh),
		cmocka_unit_test_setup(a_stream_is_dropped_when_no_view_reads_it, fresh),
		cmocka_unit_test_setup(an_empty_stream_is_declared_anew, fresh),
		cmocka_unit_test_setup(beside_running_layers, fresh),
		cmocka_unit_test_setup(beside_an_ingest, fresh),
		cmocka_unit_test_setup(beside_an_append_that_waits, fresh),
		cmocka_unit_test_setup(beside_a_batch, fresh),
		cmocka_unit_test_setup(not_while_it_is_replayed, fresh),
#ifdef LK_FAULTS
		cmocka_unit_test_setup(killed_before_the_commit, fresh),
#endif
		cmocka_unit_test_setup(it_asks, fresh),
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
