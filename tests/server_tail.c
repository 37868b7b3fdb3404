/* lk tail: the rows of a log, each once and in order, whatever happens between two runs or under one that waits. */
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

#include "core/time.h"
#include "delivery/bookmark.h"
#include "tests/support/background.h"
#include "tests/support/fixtures.h"
#include "tests/support/log.h"

static test_program lk;
static test_world world;
static int next_event;

static const char stream[] =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, n int) WITH (event_time = ts, partition_by = ip, partitions = 3);";

/* Events /0, /1, … in one append; every tenth has no path. */
static void append(int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = 0; i < n; i++, next_event++) {
		lk_buf_addf(&lines, "{\"ts\":\"2024-01-01T00:00:00Z\",\"ip\":\"%d\",\"n\":%d", next_event % 17, next_event);
		lk_buf_addf(&lines, next_event % 10 ? ",\"path\":\"/%d\"}\n" : "}\n", next_event);
	}
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, stream);
	next_event = 0;
	return 0;
}

static char *path_of(const char *name) { return lk_asprintf("%s/%s", lk.servers.dir, name); }

static void forget(const char *name) {
	static const char *const ends[] = {"", ".lock", ".next", ".out", ".err"};
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		char *path = lk_asprintf("%s/%s%s", lk.servers.dir, name, ends[i]);
		unlink(path);
		free(path);
	}
}

/* Part, offset and n of the rows for which the condition holds, as lk tail prints them, by PostgreSQL. */
static char *rows_by_sql(const char *where, const char *rest) {
	char *sql = lk_asprintf("SELECT '_part,_off,n' || E'\\r\\n' || coalesce(string_agg(part || ',' || off || ',' || n, E'\\r\\n' ORDER BY _at, part, off)"
	                        " || E'\\r\\n', '') FROM (SELECT * FROM lk.log_hits WHERE %s ORDER BY _at, part, off %s) AS t", where, rest);
	char *text = test_ask(&lk, sql, NULL);
	free(sql);
	return text;
}

#define SHORT "--format", "csv", "--columns", "_part,_off,n"

/* --- what there is --- */

static void each_option(void **state) {
	(void)state;
	static const struct {
		const char *where, *rest, *args[6];
	} cases[] = {
		{"true", "", {"--from", "beginning"}},
		{"off >= 3", "", {"--from", "3"}},
		{"(part, off) IN ((0, 8), (1, 5), (1, 6)) OR off >= 9 AND part = 0 OR off >= 7 AND part = 1 OR off >= 2 AND part = 2", "", {"--from", "0:8,2:2,1:5"}},
		{"n >= 10", "", {"--from", "beginning", "--where", "n >= 10"}},
		{"path IS NULL AND part = 1", "", {"--from", "beginning", "--where", "path is null", "--where", "_part=1"}},
		{"off < 4", "", {"--from", "beginning", "--where", "_off < 4"}},
		{"part = 2", "", {"--from", "beginning", "--partition", "2"}},
		{"part = 1", "LIMIT 5", {"--from", "beginning", "--partition", "1", "--limit", "5"}},
		{"true", "LIMIT 7", {"--from", "beginning", "--limit", "7"}},
		{"true", "OFFSET 90", {NULL}},
		{"true", "OFFSET 97", {"--last", "3"}},
		{"true", "OFFSET 80", {"--limit", "20"}},
		{"false", "", {"--last", "0"}},
		{"false", "", {"--from", "end"}},
		{"path IS NULL", "OFFSET 6", {"--where", "path is null", "--last", "4"}},
		{"n = 3", "", {"--where", "n=3"}},
		{"true", "", {"--last", "1000"}},
		{"_at >= (SELECT max(_at) FROM lk.log_hits WHERE n = 50)", "", {"--from", "AT"}},
	};
	append(50);
	append(30);
	append(20);
	char *at = test_ask(&lk, "SELECT to_char(max(_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.USZ') FROM lk.log_hits WHERE n = 50", NULL);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *argv[16] = {"tail", "hits", SHORT};
		int n = 6;
		for (int k = 0; k < 6 && cases[i].args[k]; k++)
			argv[n++] = strcmp(cases[i].args[k], "AT") ? cases[i].args[k] : at;
		char *want = rows_by_sql(cases[i].where, cases[i].rest);
		test_run(&lk, NULL, 0, "", "", argv);
		if (strcmp(lk.out, want) != 0)
			fail_msg("case %zu: wanted\n%s, got\n%s", i, want, lk.out);
		free(want);
	}
	free(at);
}

static void each_format(void **state) {
	(void)state;
	append(12);
	LK(0, "_part _off _at ", "", "tail", "hits", "--where", "n = 10");
	assert_non_null(strstr(lk.out, " NULL "));
	LK(0, "\"path\":null,\"n\":10}", "", "tail", "hits", "--where", "n = 10", "--format", "jsonl");
	LK(0, "\r\n1,5,,10\r\n", "", "tail", "hits", "--where", "n = 10", "--format", "csv", "--columns", "_part,_off,path,n");
	LK(0, "{\"stream\":\"hits\",\"log\":", "", "tail", "hits", "--where", "n = 0", "--columns", "n", "--format", "json");
	assert_non_null(strstr(lk.out, ",\"rows\":[\n{\"n\":0}\n],\"next\":["));
	LK(0, ",\"rows\":[],\"next\":[", "no rows: none of the 12 that were read passes --where", "tail", "hits", "--where", "n > 99", "--format", "json");
}

static void refusals(void **state) {
	(void)state;
	append(10);
	LK(2, "", "there is no stream hit", "tail", "hit");
	LK(2, "", "stream hits has no column \"nn\"", "tail", "hits", "--columns", "n,nn");
	LK(2, "", "stream hits has no column \"_src\"", "tail", "hits", "--where", "_src = 1");
	LK(2, "", "\"x\" is not a value of n", "tail", "hits", "--where", "n = x");
	LK(2, "", "--from 1:: not a place in a stream", "tail", "hits", "--from", "1:");
	LK(2, "", "--from 0:1,0:2: not a place in a stream", "tail", "hits", "--from", "0:1,0:2");
	LK(2, "", "--from says nothing of partition 1", "tail", "hits", "--from", "0:1");
	LK(2, "", "stream hits has no partition 3", "tail", "hits", "--from", "0:0,1:0,2:0,3:0");
	LK(2, "", "stream hits has no partition 3", "tail", "hits", "--partition", "3");
	LK(2, "", "ends at offset", "tail", "hits", "--from", "10000");
	LK(2, "", "--from and --last both", "tail", "hits", "--from", "end", "--last", "3");
	LK(2, "", "one object, which never ends", "tail", "hits", "--follow", "--format", "json");
	test_world_run(&world, "DELETE FROM lk.log_hits WHERE part = 0 AND off = 1");
	LK(70, "", "event 1 is missing from the log", "tail", "hits", "--from", "beginning", "--format", "jsonl");
}

/* Rows larger than a step of the reader, in several partitions. */
static void large_rows(void **state) {
	(void)state;
	enum { TEXT = 60000, COLUMNS = 30 };
	lk_buf sql = LK_BUF_INIT, line = LK_BUF_INIT;
	lk_buf_adds(&sql, "CREATE TABLE wide (ts timestamptz, ip text");
	for (int i = 0; i < COLUMNS; i++)
		lk_buf_addf(&sql, ", c%d text", i);
	lk_buf_adds(&sql, ") WITH (event_time = ts, partition_by = ip, partitions = 2);");
	test_world_declare(&world, sql.data);
	char *text = lk_malloc(TEXT + 1);
	memset(text, 'x', TEXT);
	text[TEXT] = '\0';
	for (int r = 0; r < 6; r++) {
		lk_buf_addf(&line, "{\"ts\":\"2024-01-01T00:00:00Z\",\"ip\":\"%d\"", r);
		for (int i = 0; i < COLUMNS; i++)
			lk_buf_addf(&line, ",\"c%d\":\"%d%s\"", i, r, text);
		lk_buf_adds(&line, "}\n");
	}
	test_world_append_json(&world, "wide", line.data);
	LK(0, "", "", "tail", "wide", "--format", "jsonl", "--from", "beginning");
	assert_in_range(strlen(lk.out), 6 * COLUMNS * TEXT, 6 * COLUMNS * (TEXT + 20));
	lk_buf_release(&sql);
	lk_buf_release(&line);
	free(text);
}

/* --- cursors --- */

static void only_what_is_new(void **state) {
	(void)state;
	char *cursor = path_of("seen");
	append(40);
	char *want = rows_by_sql("true", "LIMIT 25");
	LK(0, want, "", "tail", "hits", SHORT, "--cursor", cursor, "--limit", "25");
	free(want);
	append(40);
	want = rows_by_sql("true", "OFFSET 25");
	LK(0, "", "", "tail", "hits", SHORT, "--cursor", cursor, "--from", "beginning");
	assert_string_equal(lk.out, want);
	LK(0, "", "nothing has come since", "tail", "hits", SHORT, "--cursor", cursor);
	LK(2, "", "", "tail", "hits", "--cursor", "/nowhere/seen");
	LK(2, "", "no plain file", "tail", "hits", "--cursor", lk.servers.dir);
	free(want);
	forget("seen");
	free(cursor);
}

static void damaged_cursors_are_named(void **state) {
	(void)state;
	char *cursor = path_of("seen");
	append(10);
	LK(0, "", "", "tail", "hits", "--cursor", cursor);
	char *good = test_text_of(cursor);
	for (size_t len = 0; len < strlen(good); len += 37) {
		char *part = lk_strndup(good, len);
		free(test_file(&lk, "seen", part));
		LK(65, "", "is damaged", "tail", "hits", "--cursor", cursor);
		free(part);
	}
	good[strcspn(good, "0123456789")] ^= 1;
	free(test_file(&lk, "seen", good));
	LK(65, "", "is damaged", "tail", "hits", "--cursor", cursor);
	free(good);
	forget("seen");
	free(cursor);
}

/* I8: what another process reads is not read here. */
static void one_process_a_cursor(void **state) {
	(void)state;
	test_background b;
	char *cursor = path_of("seen");
	append(10);
	test_background_start(&b, &lk, "follow", -1, NULL, ARGS("tail", "hits", SHORT, "--cursor", cursor, "--follow"));
	test_await_lines(b.out, 11);
	LK(75, "", "another process reads with cursor file", "tail", "hits", "--cursor", cursor);
	test_background_end(&b, SIGINT, 0);
	LK(0, "", "nothing has come since", "tail", "hits", "--cursor", cursor);
	test_world_declare(&world, "CREATE TABLE others (ts timestamptz, k text) WITH (event_time = ts, partition_by = k);");
	LK(2, "", "the position is one of stream hits, not of others", "tail", "others", "--cursor", cursor);
	forget("seen");
	forget("follow");
	free(cursor);
}

/* A full disk ends the run by name; the former position stays, and nothing is left out afterwards. */
static void no_room_for_the_cursor(void **state) {
	(void)state;
	char *cursor = path_of("seen"), *next = path_of("seen.next");
	append(10);
	LK(0, "", "", "tail", "hits", "--cursor", cursor);
	append(10);
	char *before = test_text_of(cursor), *want = rows_by_sql("n >= 10", "");
	assert_int_equal(symlink("/dev/full", next), 0);
	LK(75, "", "No space left on device", "tail", "hits", SHORT, "--cursor", cursor);
	char *after = test_text_of(cursor);
	assert_string_equal(after, before);
	LK(0, "", "", "tail", "hits", SHORT, "--cursor", cursor);
	assert_string_equal(lk.out, want);
	free(before);
	free(after);
	free(want);
	forget("seen");
	free(cursor);
	free(next);
}

/* --- logs that are not what they were --- */

#define LOSE "WITH lost AS (DELETE FROM lk.log_hits WHERE n >= 30 RETURNING part), gone AS (SELECT part, count(*) AS k FROM lost GROUP BY 1)" \
	" UPDATE lk.tail t SET next_off = next_off - k, last_at = (SELECT max(_at) FROM lk.log_hits h WHERE h.part = t.part AND n < 30)" \
	" FROM gone WHERE gone.part = t.part"

/* P6: an offset alone would skip rows. */
static void a_log_that_lost_its_end(void **state) {
	(void)state;
	char *cursor = path_of("seen");
	append(30);
	append(30);
	LK(0, "", "", "tail", "hits", "--cursor", cursor);
	test_world_run(&world, LOSE);
	next_event = 1000;
	append(50);
	char *want = rows_by_sql("n >= 1000", "");
	LK(0, "", "lost its end", "tail", "hits", SHORT, "--cursor", cursor);
	assert_string_equal(lk.out, want);
	LK(0, "", "nothing has come since", "tail", "hits", SHORT, "--cursor", cursor);
	free(want);
	forget("seen");
	free(cursor);
}

/* P6: the same under a run that waits. */
static void lost_while_it_is_followed(void **state) {
	(void)state;
	test_background b;
	append(30);
	append(30);
	test_background_start(&b, &lk, "follow", -1, NULL, ARGS("tail", "hits", "--follow", "--columns", "n", "--format", "csv", "--from", "beginning"));
	test_await_lines(b.out, 61);
	kill(b.pid, SIGSTOP);   /* no session outlives a restore */
	test_world_run(&world, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lk tail'");
	test_world_run(&world, LOSE);
	next_event = 1000;
	append(50);
	kill(b.pid, SIGCONT);
	test_await_text(b.err, "lost its end");
	append(1);
	test_await_text(b.out, "\n1050\r\n");
	char *got = test_text_of(b.out);
	for (int n = 1000; n < 1051; n++) {
		char *line = lk_asprintf("\n%d\r\n", n);
		if (!strstr(got, line))
			fail_msg("%d is missing", n);
		free(line);
	}
	free(got);
	test_background_end(&b, SIGTERM, 0);
	forget("follow");
}

static void a_stream_that_was_declared_anew(void **state) {
	(void)state;
	char *cursor = path_of("seen");
	append(30);
	LK(0, "", "", "tail", "hits", "--cursor", cursor);
	LK(0, "", "", "drop", "--stream", "hits", "--yes");
	LK(2, "", "there is no stream hits", "tail", "hits", "--cursor", cursor);
	test_world_declare(&world, "CREATE TABLE hits (ts timestamptz, ip text, path text, n int) WITH (event_time = ts, partition_by = ip, partitions = 2);");
	append(10);
	char *want = rows_by_sql("true", "");
	LK(0, "", "has another log now", "tail", "hits", SHORT, "--cursor", cursor);
	assert_string_equal(lk.out, want);
	free(want);
	forget("seen");
	free(cursor);
}

/* --- derived streams --- */

static const char evens[] = "CREATE TABLE evens WITH (event_time = ts) AS SELECT ts, n FROM hits WHERE n % 2 = 0;";

static void fill(void) {
	LK(0, "", "", "speed", "--once");
}

static char *all_evens(void) {
	return test_ask(&lk, "SELECT '_part,_off,_src,n' || E'\\r\\n' || string_agg(part || ',' || off || ',' || _src || ',' || n, E'\\r\\n'"
	                     " ORDER BY _at, part, off) || E'\\r\\n' FROM lk.log_evens", NULL);
}

/* A log that replaced another one has the rows of the same source events: they do not come again, and none is left out. */
static void rows_of_a_derived_stream(void **state) {
	(void)state;
	static const char *const parts[] = {"--format", "csv", "--columns", "_part,_off,_src,n"};
	char *cursor = path_of("seen");
	test_world_declare(&world, evens);
	for (int i = 0; i < 5; i++)
		append(10);
	fill();
	LK(0, "_src", "", "tail", "evens", "--where", "_src = 3", "--last", "1");
	LK(0, "", "", "tail", "evens", parts[0], parts[1], parts[2], parts[3], "--cursor", cursor, "--limit", "12");   /* amid an append */
	char *before = lk_strdup(lk.out);
	LK(0, "", "", "drop", "--stream", "evens", "--yes");
	test_world_declare(&world, evens);
	append(10);
	fill();
	LK(0, "", "has another log now", "tail", "evens", parts[0], parts[1], parts[2], parts[3], "--cursor", cursor);
	char *both = lk_asprintf("%s%s", before, strchr(lk.out, '\n') + 1), *want = all_evens();
	assert_string_equal(both, want);
	free(before);
	free(both);
	LK(0, "", "nothing has come since", "tail", "evens", "--cursor", cursor);
	free(want);
	forget("seen");
	free(cursor);
}

/* What a reader gets of `evens` as from its cursor, which is called after how many rows it may read. */
static char *numbers_read(int reader, const char *limit) {
	char name[16];
	snprintf(name, sizeof name, "seen%d", reader);
	char *cursor = path_of(name);
	LK(0, "", "", "tail", "evens", "--format", "csv", "--columns", "n", "--cursor", cursor, "--limit", limit);
	free(cursor);
	return lk_strdup(lk.out);
}

static void assert_all_were_read(const char *before, const char *after, int events) {
	for (int n = 0; n < events; n++) {
		char *line = lk_asprintf("\n%d\r\n", n);
		if (!strstr(before, line) && !strstr(after, line))
			fail_msg("%d is missing", n);
		free(line);
	}
}

/* D7: where the source's offset does not say which row was earlier, some come again, and none is left out. */
static void rows_of_several_partitions_in_another_log(void **state) {
	(void)state;
	enum { EVENTS = 30, READERS = 9 };
	static const char halves[] = "CREATE TABLE evens WITH (event_time = ts, partition_by = g) AS SELECT ts, n, 'one' || left(ip, 0) AS g FROM hits;";
	char *before[READERS];
	test_world_declare(&world, halves);
	append(EVENTS);
	test_world_run(&world, "UPDATE lk.log_hits SET _at = (SELECT max(_at) FROM lk.log_hits)");   /* each partition reads the clock */
	test_world_run(&world, "UPDATE lk.tail SET last_at = (SELECT max(_at) FROM lk.log_hits) WHERE next_off > 0");
	fill();
	for (int i = 0; i < READERS; i++) {
		char limit[8];
		snprintf(limit, sizeof limit, "%d", 3 + 3 * i);
		before[i] = numbers_read(i, limit);
	}
	LK(0, "", "", "drop", "--stream", "evens", "--yes");
	test_world_declare(&world, halves);
	fill();
	for (int i = 0; i < READERS; i++) {
		char *after = numbers_read(i, "100");
		assert_all_were_read(before[i], after, EVENTS);
		free(before[i]);
		free(after);
	}
}

/* --- following --- */

/* I11: sessions are ended and the server is killed; each row comes once all the same. */
static void each_row_once_while_servers_go_away(void **state) {
	(void)state;
	test_background b;
	enum { ROUNDS = 12 };
	test_background_start(&b, &lk, "follow", -1, NULL, ARGS("tail", "hits", SHORT, "--follow"));
	test_await_lines(b.out, 1);
	for (int i = 0; i < ROUNDS; i++) {
		append(20);
		if (i % 3 == 0)
			test_world_run(&world, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lk tail'");
		if (i == 4 || i == 8) {
			test_postgres_kill(&lk.servers);
			test_await_text(b.err, "PostgreSQL");
			test_postgres_start(&lk.servers);
			lk_pg_close(&world.pg);
			test_open(&world.pg, &lk.servers);
		}
	}
	test_await_lines(b.out, ROUNDS * 20 + 1);
	test_await_text(b.err, "PostgreSQL works again, after");
	char *got = test_text_of(b.out);
	for (int part = 0; part < 3; part++) {
		long off = 0;
		for (char *line = strchr(got, '\n'); line && line[1]; line = strchr(line + 1, '\n')) {
			int p;
			long o;
			assert_int_equal(sscanf(line + 1, "%d,%ld", &p, &o), 2);
			if (p == part)
				assert_int_equal(o, off++);
		}
	}
	free(got);
	test_background_end(&b, SIGINT, 0);
	forget("follow");
}

/* I5: killed at any moment, it goes on with its cursor: rows may come twice, and none is left out. */
static void killed_with_a_cursor(void **state) {
	(void)state;
	unsigned long random = test_seed("killed_with_a_cursor");
	char *cursor = path_of("seen");
	static const char *const points[] = {"cursor.written:2", "tail.out", "", ""};
	int kills = test_rounds("KILLS", 20);
	test_background b;
	for (int i = 0; i < kills; i++) {
		char *crash = lk_asprintf("LK_CRASH=%s", points[i % 4]);
		append(30);
		test_background_start(&b, &lk, "follow", -1, ARGS(crash), ARGS("tail", "hits", SHORT, "--cursor", cursor, "--follow"));
		free(crash);
		usleep((useconds_t)(test_random(&random) % 60000));
		test_background_kill(&b);
	}
	test_background_start(&b, &lk, "follow", -1, NULL, ARGS("tail", "hits", SHORT, "--cursor", cursor));
	char *out = lk_strdup(b.out);
	test_background_end(&b, 0, 0);
	char *got = test_text_of(out);
	for (int part = 0; part < 3; part++) {
		char *sql = lk_asprintf("SELECT next_off FROM lk.tail WHERE part = %d", part);
		char *end = test_ask(&lk, sql, NULL);
		long next = 0;
		for (char *line = got; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
			int p;
			long o;
			if (sscanf(line, "%d,%ld", &p, &o) != 2 || p != part)
				continue;
			assert_true(o <= next);
			next = o + 1 > next ? o + 1 : next;
		}
		assert_int_equal(next, atol(end));
		free(sql);
		free(end);
	}
	free(got);
	free(out);
	forget("seen");
	forget("follow");
	free(cursor);
}

static void readers_that_go_away(void **state) {
	(void)state;
	test_background b;
	int ends[2];
	append(10);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	test_background_start(&b, &lk, "follow", ends[1], NULL, ARGS("tail", "hits", SHORT, "--follow"));
	close(ends[1]);
	char one;
	assert_int_equal(read(ends[0], &one, 1), 1);
	close(ends[0]);
	char *err = lk_strdup(b.err);
	test_background_end(&b, 0, 0);
	char *said = test_text_of(err);
	assert_string_equal(said, "");
	free(said);
	free(err);
	forget("follow");
}

/* A reader that stands still does not keep a signal from ending it. */
static void stopped_before_a_full_pipe(void **state) {
	(void)state;
	test_background b;
	int ends[2];
	for (int i = 0; i < 10; i++)
		append(1000);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	test_background_start(&b, &lk, "follow", ends[1], NULL, ARGS("tail", "hits", "--from", "beginning", "--format", "jsonl", "--follow"));
	close(ends[1]);
	test_await_handler(b.pid, SIGINT);
	test_background_end(&b, SIGINT, 0);
	close(ends[0]);
	forget("follow");
}

static void columns_that_are_added(void **state) {
	(void)state;
	test_background csv, jsonl;
	append(3);
	test_background_start(&csv, &lk, "csv", -1, NULL, ARGS("tail", "hits", "--format", "csv", "--follow"));
	test_background_start(&jsonl, &lk, "jsonl", -1, NULL, ARGS("tail", "hits", "--format", "jsonl", "--follow"));
	test_await_lines(csv.out, 4);
	test_await_lines(jsonl.out, 3);
	test_world_declare(&world, "CREATE TABLE hits (ts timestamptz, ip text, path text, n int, more text) WITH (event_time = ts, partition_by = ip, partitions = 3);");
	append(1);
	test_await_text(jsonl.out, "\"more\":null}");
	test_await_text(csv.err, "the columns of stream hits have changed");
	test_background_end(&csv, 0, 75);
	test_background_end(&jsonl, SIGINT, 0);
	forget("csv");
	forget("jsonl");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_option, fresh),
		cmocka_unit_test_setup(each_format, fresh),
		cmocka_unit_test_setup(refusals, fresh),
		cmocka_unit_test_setup(large_rows, fresh),
		cmocka_unit_test_setup(only_what_is_new, fresh),
		cmocka_unit_test_setup(damaged_cursors_are_named, fresh),
		cmocka_unit_test_setup(one_process_a_cursor, fresh),
		cmocka_unit_test_setup(no_room_for_the_cursor, fresh),
		cmocka_unit_test_setup(a_log_that_lost_its_end, fresh),
		cmocka_unit_test_setup(lost_while_it_is_followed, fresh),
		cmocka_unit_test_setup(a_stream_that_was_declared_anew, fresh),
		cmocka_unit_test_setup(rows_of_a_derived_stream, fresh),
		cmocka_unit_test_setup(rows_of_several_partitions_in_another_log, fresh),
		cmocka_unit_test_setup(each_row_once_while_servers_go_away, fresh),
		cmocka_unit_test_setup(killed_with_a_cursor, fresh),
		cmocka_unit_test_setup(readers_that_go_away, fresh),
		cmocka_unit_test_setup(stopped_before_a_full_pipe, fresh),
		cmocka_unit_test_setup(columns_that_are_added, fresh),
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
