/* A schema lk that an older lk made: the first program that opens it migrates it to the current version, with all
 * data. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/fixtures.h"
#include "tests/support/log.h"
#include "tests/support/players.h"

static test_program lk;
static test_world world;

/* A description of schema lk, without the tables of single streams and batches; column order is left out, since a
 * migration can only add columns at the end. */
static const char described[] =
	"WITH mine AS (SELECT * FROM pg_class WHERE relnamespace = 'lk'::regnamespace"
	"  AND relname !~ '^(log_|part_|batch_[0-9])') "
	"SELECT string_agg(line, E'\\n' ORDER BY line COLLATE \"C\") FROM ("
	"SELECT format('table %s %s %s', relname, relkind, reloptions) FROM mine WHERE relkind IN ('r', 'p', 'v', 'S')"
	" UNION ALL SELECT format('column %s.%s %s %s default %s', relname, attname, format_type(atttypid, atttypmod), attnotnull,"
	"   pg_get_expr(adbin, adrelid))"
	"  FROM mine JOIN pg_attribute ON attrelid = mine.oid AND attnum > 0 AND NOT attisdropped AND relkind = 'r'"
	"  LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
	" UNION ALL SELECT format('constraint %s %s %s', relname, conname, pg_get_constraintdef(c.oid))"
	"  FROM mine JOIN pg_constraint c ON conrelid = mine.oid"
	" UNION ALL SELECT format('index %s', pg_get_indexdef(indexrelid)) FROM mine JOIN pg_index ON indrelid = mine.oid"
	" UNION ALL SELECT format('trigger %s', pg_get_triggerdef(t.oid)) FROM mine JOIN pg_trigger t ON tgrelid = mine.oid AND NOT tgisinternal"
	" UNION ALL SELECT format('sequence %s %s %s %s %s', relname, seqincrement, seqmax, seqcache, seqcycle)"
	"  FROM mine JOIN pg_sequence ON seqrelid = mine.oid"
	" UNION ALL SELECT format('function %s', pg_get_functiondef(oid)) FROM pg_proc WHERE pronamespace = 'lk'::regnamespace) AS lines(line)";

/* Schema `old` gets a copy of each table; afterwards schema lk must have each of these rows, and no other. */
static const char keep[] =
	"DO $$ DECLARE t name; BEGIN DROP SCHEMA IF EXISTS old CASCADE; CREATE SCHEMA old;"
	" FOR t IN SELECT relname FROM pg_class WHERE relnamespace = 'lk'::regnamespace AND relkind = 'r' AND relname <> 'meta' LOOP"
	"   EXECUTE format('CREATE TABLE old.%1$I AS TABLE lk.%1$I', t); END LOOP; END $$";
static const char compare[] =
	"DO $$ DECLARE t name; columns text; differ bigint; rows bigint; BEGIN"
	" FOR t IN SELECT relname FROM pg_class WHERE relnamespace = 'old'::regnamespace LOOP"
	"   SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute WHERE attrelid = ('old.' || quote_ident(t))::regclass AND attnum > 0;"
	"   EXECUTE format('SELECT count(*), (SELECT count(*) FROM old.%2$I) FROM ((SELECT %1$s FROM old.%2$I EXCEPT ALL SELECT %1$s FROM lk.%2$I)"
	"     UNION ALL (SELECT %1$s FROM lk.%2$I EXCEPT ALL SELECT %1$s FROM old.%2$I)) d', columns, t) INTO differ, rows;"
	"   IF differ > 0 THEN RAISE '% rows of lk.% are others', differ, t; END IF;"
	"   IF rows = 0 THEN RAISE 'the dump has no rows of lk.%', t; END IF;"
	" END LOOP; END $$";

static char *ask(const char *sql) { return test_ask(&lk, sql, NULL); }

/* The version that the tests begin with. */
static int from = 5;

/* The database as that version left it; Redis is empty. */
static void restore(void) {
	lk_pg pg;
	lk_error err = {0};
	char path[40];
	snprintf(path, sizeof path, "tests/data/schema_%d.sql", from);
	char *dump = test_text_of(path);
	test_servers_clear(&lk.servers);
	test_open(&pg, &lk.servers);
	test_ok(lk_pg_run(&pg, &err, "SET check_function_bodies = off"), &err);
	test_ok(lk_pg_run(&pg, &err, dump), &err);
	lk_pg_close(&pg);
	free(dump);
}

/* The first line in which two texts differ; equal texts have none. */
static void assert_same_lines(char *fresh, char *migrated) {
	char *x, *y;
	const char *want = strtok_r(fresh, "\n", &x), *got = strtok_r(migrated, "\n", &y);
	while (want && got && !strcmp(want, got)) {
		want = strtok_r(NULL, "\n", &x);
		got = strtok_r(NULL, "\n", &y);
	}
	if (want || got)
		fail_msg("schema.sql makes: %s\nmigrations make: %s", want ? want : "nothing more", got ? got : "nothing more");
}

static void migrated_is_fresh(void **unused) {
	(void)unused;
	char id[33];
	lk_error err = {0};
	test_servers_clear(&lk.servers);
	test_ok(lk_catalog_install(&world.pg, id, &err), &err);
	char *fresh = ask(described);
	assert_non_null(strstr(fresh, "index CREATE UNIQUE INDEX tail_pkey ON lk.tail"));
	assert_non_null(strstr(fresh, "function CREATE OR REPLACE FUNCTION lk.top_k"));
	restore();
	LK(0, "traffic", "", "status");
	char *migrated = ask(described);
	assert_same_lines(fresh, migrated);
	free(fresh);
	free(migrated);
}

static void nothing_is_lost(void **unused) {
	(void)unused;
	restore();
	test_sql(&world.pg, "%s", keep);
	LK(0, "traffic", "", "status");
	test_sql(&world.pg, "%s", compare);
	test_sql(&world.pg, "DROP SCHEMA old CASCADE");
	LK(0, "traffic", "", "status");
}

static const char *const views[] = {"traffic", "strict", "days"};

static void open_migrated(void) {
	lk_error err = {0};
	restore();
	test_ok(lk_catalog_install(&world.pg, world.log_id, &err), &err);
	lk_store_close(world.store);
	test_ok(lk_store_open(&world.store, lk.servers.at.redis, world.log_id, &err), &err);
	test_world_reload(&world);
}

static void views_are_right(void) {
	LK(0, "", "", "speed", "--once");
	for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
		lk_query q = test_query(views[i]);
		test_world_same(&world, &q);
	}
}

/* I2, I3: batches and seals of the older lk still count. */
static void answers_continue(void **unused) {
	(void)unused;
	open_migrated();
	test_world_append_json(&world, "hits", "{\"ts\":\"2020-01-01T10:20:00Z\",\"path\":\"/1\",\"n\":7}\n"
	                                       "{\"ts\":\"2020-01-01T10:00:30Z\",\"path\":\"/2\",\"n\":5}\n");
	for (int round = 0; round < 2; round++) {
		views_are_right();
		LK(0, "", "", "batch", "traffic", "days");
	}
	LK(0, "", "", "query", "strict", "--copy", "morning");
	test_ask_is(&lk, "SELECT max(events) - (SELECT count(*) FROM lk.log_hits) FROM lk.batch JOIN lk.view ON copy_id = served_copy"
	                 " WHERE name = 'traffic'", "0");
}

/* Rows of any table of schema lk that have the value in a column. */
static int64_t rows_with(const char *value) {
	PGresult *res = NULL;
	lk_error err = {0};
	int64_t found = 0;
	test_ok(lk_pg_query(&world.pg, &res, &err, "SELECT oid::regclass FROM pg_class WHERE relnamespace = 'lk'::regnamespace AND relkind = 'r'"), &err);
	for (int i = 0; i < PQntuples(res); i++)
		found += test_world_count(&world, "SELECT count(*) FROM %s t WHERE translate(t::text, '()', ',,') LIKE '%%,%s,%%'", PQgetvalue(res, i, 0), value);
	PQclear(res);
	return found;
}

/* I3: events that an older lk took are erased like others, and what it computed from them is made again. */
static void erased_after_the_migration(void **unused) {
	(void)unused;
	open_migrated();
	views_are_right();
	assert_true(rows_with("/2") > 0);
	LK(0, "", "are erased; lk.erasure", "erase", "hits", "--where", "path=/2", "--yes");
	test_world_reload(&world);
	assert_int_equal(rows_with("/2"), 0);
	assert_true(rows_with("/1") > 0);
	test_ask_is(&lk, "SELECT count(*) FROM lk.erasure WHERE done_at IS NULL", "0");
	views_are_right();
	LK(0, "", "", "query", "strict", "--copy", "morning");
	LK(0, "", "", "batch");
	test_world_reload(&world);
	views_are_right();
	LK(0, "", "has no such event", "erase", "hits", "--where", "path=/2", "--yes");
}

/* I2, I8: the cells of a version follow the most digits that its keys and arguments had when it was declared, and so do its
 * events from now on; its text applied again makes a version with today's. */
static void versions_keep_their_digits(void **unused) {
	(void)unused;
	static const char view[] = "CREATE VIEW longer AS SELECT path, max(n * 1000000000000000000.5) AS most FROM hits GROUP BY path";
	char *path = test_file(&lk, "longer.sql", view);
	restore();
	LK(0, "", "", "status");
	test_ask_is(&lk, "SELECT string_agg(DISTINCT stored_digits::text, ' ') FROM lk.version", "18");
	LK(0, "", "longer: new", "apply", path);
	test_sql(&world.pg, "UPDATE lk.version v SET stored_digits = 18, plan_hash = 'of an older lk' FROM lk.view w WHERE w.view_id = v.view_id AND w.name = 'longer'");
	LK(0, "", "", "speed", "--once");
	LK(0, "/1", "", "query", "longer");
	assert_null(strstr(lk.out, "0000000000000000"));
	LK(0, "", "version 2", "apply", path);
	test_ask_is(&lk, "SELECT stored_digits FROM lk.version JOIN lk.view USING (view_id) WHERE name = 'longer' ORDER BY number DESC LIMIT 1", "38");
	LK(0, "", "", "speed", "--once");
	LK(0, "", "", "batch", "longer");
	LK(0, "0000000000000000", "", "query", "longer");
	free(path);
}

/* D7: logs of an older lk, and what is made of them, go over like others, and come back. */
static void logs_are_filled_anew(void **unused) {
	(void)unused;
	open_migrated();
	LK(0, "", "", "speed", "--once");
	LK(0, "", "byte by byte", "replay", "pages", "--verify");
	LK(0, "", "byte by byte", "replay", "steps", "--verify");
	LK(0, "", "switched: 3 copies at once", "replay", "pages", "--verify", "--switch");
	LK(0, from == 8 ? "the same 96 rows" : "the same 97 rows", "", "compare", "steps");
	LK(0, "", "switched: 3 copies at once", "mode", "pages", "--back");
	test_world_reload(&world);
	lk_query q = test_query("paged");
	test_world_same(&world, &q);
}

static void put_events(const char *path, size_t first_bytes, int more) {
	static const char event[] = "{\"ts\":\"2020-01-01T10:30:00Z\",\"path\":\"%s%.*s\",\"n\":1}\n";
	static const char wide[] = "----------------------------------------------------------------------------------------------------";
	lk_buf b = LK_BUF_INIT;
	size_t bare = sizeof event - 1 - strlen("%s%.*s");
	while (b.len < first_bytes) {
		size_t left = first_bytes - b.len, pad = left < 2 * bare + 4 ? left - bare : 4;
		lk_buf_addf(&b, event, "", (int)pad, wide);
	}
	for (int i = 0; i < more; i++)
		lk_buf_addf(&b, event, "new", i, wide);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(b.data, 1, b.len, f), b.len);
	fclose(f);
	lk_buf_release(&b);
}

/* I5, I8: Version 5 kept only the position of a source: if a file has that position, and it is between two lines, the
 * rest of the file is read; any other file is read from its first byte. */
static void sources_go_on(void **unused) {
	(void)unused;
	char path[] = "/tmp/lk-migration-XXXXXX.jsonl";
	int fd = mkstemps(path, 6);
	assert_true(fd >= 0);
	close(fd);
	restore();
	put_events(path, 2901, 3);
	LK(0, "", "its first 2901 bytes are taken as read", "ingest", "hits", path, "--source", "first");
	assert_non_null(strstr(lk.err, "3 events"));
	LK(0, "", "0 events", "ingest", "hits", path, "--source", "first");
	put_events(path, 0, 12);
	LK(0, "", "read from its first byte", "ingest", "hits", path, "--source", "second");
	assert_non_null(strstr(lk.err, "12 events"));
	LK(0, "", "0 events", "ingest", "hits", path, "--source", "second");
	test_ask_is(&lk, "SELECT count(*) FILTER (WHERE path LIKE 'new%') || ' of ' || count(*) - 100 FROM lk.log_hits", "15 of 15");
	test_ask_is(&lk, "SELECT string_agg(name || number || (head IS NULL), ' ' ORDER BY name, number) FROM lk.source",
	            "first1false second1true second2false");
	unlink(path);
}

/* --- opening it --- */

static void *status_in_thread(void *rc) {
	*(int *)rc = test_lk(&lk.servers, NULL, NULL, NULL, ARGS("status"));
	return NULL;
}

/* I8 */
static void many_open_it_at_once(void **unused) {
	(void)unused;
	enum { N = 4 };
	pthread_t threads[N];
	int rc[N];
	restore();
	for (int i = 0; i < N; i++)
		pthread_create(&threads[i], NULL, status_in_thread, &rc[i]);
	for (int i = 0; i < N; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(rc[i], 0);
	}
	test_ask_is(&lk, "SELECT schema_version > 5 FROM lk.meta", "t");
}

static void only_the_owner_can(void **unused) {
	(void)unused;
	restore();
	test_sql(&world.pg, "CREATE ROLE reader LOGIN");
	test_sql(&world.pg, "GRANT USAGE ON SCHEMA lk TO reader");
	test_sql(&world.pg, "GRANT SELECT ON ALL TABLES IN SCHEMA lk TO reader");
	char *as_reader = lk_asprintf("LK_POSTGRES=%s user=reader", lk.servers.at.postgres);
	test_run(&lk, (const char *const[]){as_reader, NULL}, 3, "", "cannot be upgraded from version 5", ARGS("query", "traffic"));
	assert_non_null(strstr(lk.err, "as the owner of schema lk"));
	test_ask_is(&lk, "SELECT schema_version FROM lk.meta", "5");
	test_ask_is(&lk, "SELECT to_regclass('lk.batch_copy') IS NULL", "t");
	LK(0, "", "", "query", "traffic");
	test_run(&lk, (const char *const[]){as_reader, NULL}, 0, "", "", ARGS("query", "traffic"));
	free(as_reader);
	test_sql(&world.pg, "DROP OWNED BY reader");
	test_sql(&world.pg, "DROP ROLE reader");
}

static void other_versions_are_reported(void **unused) {
	(void)unused;
	restore();
	test_sql(&world.pg, "UPDATE lk.meta SET schema_version = 999");
	LK(3, "", "schema lk has version 999", "query", "traffic");
	assert_non_null(strstr(lk.err, "a newer lk made it; use that"));
	test_sql(&world.pg, "UPDATE lk.meta SET schema_version = 4");
	LK(3, "", "schema lk has version 4", "query", "traffic");
	assert_non_null(strstr(lk.err, "from version 5 on"));
}

/* An older lk must not write to a schema that a newer one has changed. */
static void a_running_lk_ends_when_a_newer_one_comes(void **unused) {
	(void)unused;
	restore();
	LK(0, "", "", "speed", "--once");
	int pid = test_lk_start(&lk.servers, NULL, ARGS("speed"));
	test_sql(&world.pg, "UPDATE lk.meta SET schema_version = schema_version + 1");
	int status = test_lk_wait(pid, 20000);
	if (status < 0)
		kill(pid, SIGKILL);
	assert_int_equal(status, 3);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(migrated_is_fresh),
		cmocka_unit_test(nothing_is_lost),
		cmocka_unit_test(answers_continue),
		cmocka_unit_test(erased_after_the_migration),
		cmocka_unit_test(sources_go_on),
		cmocka_unit_test(many_open_it_at_once),
		cmocka_unit_test(only_the_owner_can),
		cmocka_unit_test(other_versions_are_reported),
		cmocka_unit_test(a_running_lk_ends_when_a_newer_one_comes),
	};
	const struct CMUnitTest later[] = {
		cmocka_unit_test(migrated_is_fresh),
		cmocka_unit_test(nothing_is_lost),
		cmocka_unit_test(answers_continue),
		cmocka_unit_test(erased_after_the_migration),
		cmocka_unit_test(versions_keep_their_digits),
	};
	const struct CMUnitTest newest[] = {
		cmocka_unit_test(migrated_is_fresh),
		cmocka_unit_test(nothing_is_lost),
		cmocka_unit_test(answers_continue),
		cmocka_unit_test(logs_are_filled_anew),
	};
	test_share_program(&lk, &world);
	int failed = cmocka_run_group_tests_name("from version 5", tests, test_shared_start, test_shared_stop);
	from = 6;
	failed += cmocka_run_group_tests_name("from version 6", later, test_shared_start, test_shared_stop);
	from = 7;
	failed += cmocka_run_group_tests_name("from version 7", later, test_shared_start, test_shared_stop);
	from = 8;
	failed += cmocka_run_group_tests_name("from version 8", newest, test_shared_start, test_shared_stop);
	from = 9;
	return failed + cmocka_run_group_tests_name("from version 9", newest, test_shared_start, test_shared_stop);
}
