/* The batch layer: a batch is the view over the log below its cut, computed by SQL or by the fold; it is published
 * completely or not at all. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "batch_layer/batch.h"
#include "batch_layer/compute.h"
#include "batch_layer/rows.h"
#include "catalog/copies.h"
#include "core/time.h"
#include "tests/support/fixtures.h"
#include "tests/support/world.h"

static test_servers servers;
static test_world world;

static const char *const hits =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, status int, bytes bigint, price numeric(12,2))"
	" WITH (event_time = ts, partition_by = ip, partitions = 3, watermark = '10 seconds');"
	"CREATE VIEW traffic AS SELECT path, count(*) AS n, sum(bytes) AS bytes, avg(price) AS mean, max(ip) AS last FROM hits"
	" WHERE status < 400 GROUP BY path, tumble(ts, '1 minute');";

static const int64_t start_us = INT64_C(1500000000000000);

static void append(int first, int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = first; i < first + n; i++) {
		lk_buf_adds(&lines, "{\"ts\":\"");
		lk_time_print(start_us + i * LK_US_PER_S, &lines);
		lk_buf_addf(&lines, "\",\"ip\":\"10.0.0.%d\",\"status\":%d,\"bytes\":%d", i % 17, i % 11 == 0 ? 500 : 200, i * 13 % 1009);
		if (i % 5)
			lk_buf_addf(&lines, ",\"path\":\"/p%d\"", i * 7 % 23);
		if (i % 3)
			lk_buf_addf(&lines, ",\"price\":%d.%02d", i % 97, i % 100);
		lk_buf_adds(&lines, "}\n");
	}
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

static lk_batch_report batch(const char *view) {
	lk_batch_report report;
	lk_error err = {0};
	test_world_reload(&world);
	if (lk_batch_run(&world.pg, test_world_copy(&world, view), &report, &err) != LK_OK)
		fail_msg("batch: %s", err.text);
	return report;
}

static void same(const char *view, enum lk_layer layer) {
	lk_query q = test_query(view);
	q.layer = layer;
	test_world_same(&world, &q);
}

/* The newest copy of a view, whether it is served or not. */
static const lk_cat_copy *newest(const char *view) {
	const lk_cat_copy *best = NULL;
	for (int i = 0; i < world.catalog->ncopies; i++)
		if (!strcmp(world.catalog->copies[i].version->view->name, view) && (!best || world.catalog->copies[i].id > best->id))
			best = &world.catalog->copies[i];
	return best;
}

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, hits);
	return 0;
}

/* --- computing --- */

/* I2 */
static void a_batch_is_the_view_below_its_cut(void **state) {
	(void)state;
	append(0, 1000);
	lk_batch_report r = batch("traffic");
	assert_int_equal(r.events, 1000);
	assert_true(r.cells > 100 && !r.folded && !r.nothing_new);
	append(1000, 500);
	same("traffic", LK_LAYER_BATCH);   /* what came later is not in it */
	same("traffic", LK_LAYER_MERGED);
	assert_int_equal(test_world_int(&world, "SELECT events FROM lk.batch"), 1000);
	assert_int_equal(test_world_int(&world, "SELECT cells FROM lk.batch"), r.cells);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.batch WHERE path = 'sql'"), 1);
	r = batch("traffic");
	assert_int_equal(r.events, 1500);
	same("traffic", LK_LAYER_BATCH);
}

/* I2: events arrive between the cut and the computation, for both ways to compute. */
static void what_comes_after_the_cut_is_not_in_the_batch(void **state) {
	(void)state;
	append(0, 400);
	for (int fold = 0; fold < 2; fold++) {
		lk_cut cut;
		lk_error err = {0};
		const lk_cat_copy *copy = test_world_copy(&world, "traffic");
		assert_int_equal(lk_cut_make(&world.pg, &(lk_cut_for){copy->version->reads, copy->id, "batch"}, &cut, &err), LK_OK);
		append(400 + fold * 400, 400);
		char *table = lk_asprintf("\"lk\".\"batch_%lld_%lld\"", (long long)copy->id, (long long)cut.id);
		lk_compute c = {.pg = &world.pg, .copy = copy, .cut = &cut, .from = &copy->cut, .table = table};
		int64_t events;
		test_world_run(&world, "BEGIN");
		assert_int_equal(lk_compute_check(&c, &events, &err), LK_OK);
		assert_int_equal(events, 400);
		assert_int_equal(fold ? lk_compute_fold(&c, &err) : lk_compute_sql(&c, &err), LK_OK);
		assert_int_equal(lk_cut_publish(&world.pg, copy->id, &cut, table, &err), LK_OK);
		test_world_run(&world, "COMMIT");
		free(table);
		test_world_reload(&world);
		same("traffic", LK_LAYER_BATCH);
		same("traffic", LK_LAYER_MERGED);
	}
	test_world_speed_once(&world, "traffic");
	same("traffic", LK_LAYER_MERGED);
}

/* I8 */
static void the_second_time_is_nothing_new(void **state) {
	(void)state;
	append(0, 100);
	assert_false(batch("traffic").nothing_new);
	int64_t cuts = test_world_int(&world, "SELECT count(*) FROM lk.cut");
	assert_true(batch("traffic").nothing_new);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.cut"), cuts);
	append(100, 1);
	assert_false(batch("traffic").nothing_new);
}

static void an_empty_log_has_an_empty_batch(void **state) {
	(void)state;
	test_world_declare(&world, "CREATE VIEW total AS SELECT count(*) AS n, sum(bytes) AS bytes FROM hits;");
	lk_batch_report r = batch("traffic");
	assert_int_equal(r.events, 0);
	assert_int_equal(r.cells, 0);
	batch("total");
	same("traffic", LK_LAYER_BATCH);
	same("total", LK_LAYER_BATCH);
	append(0, 10);
	batch("total");
	same("total", LK_LAYER_BATCH);
}

/* I2: Compares two tables over the same range, row by row in both directions. */
static void both_programs_give_the_same_table(void **state) {
	(void)state;
	append(0, 2000);
	batch("traffic");
	const lk_cat_copy *copy = newest("traffic");
	lk_cut cut;
	lk_error err = {0};
	assert_int_equal(lk_cut_make(&world.pg, &(lk_cut_for){copy->version->reads, copy->id, "test"}, &cut, &err), LK_OK);
	lk_compute by_sql = {.pg = &world.pg, .copy = copy, .cut = &cut, .from = &copy->cut, .table = "lk.by_sql"};
	lk_compute by_fold = {.pg = &world.pg, .copy = copy, .cut = &cut, .from = &copy->cut, .table = "lk.by_fold"};
	assert_int_equal(lk_compute_sql(&by_sql, &err), LK_OK);
	assert_int_equal(lk_compute_fold(&by_fold, &err), LK_OK);
	assert_int_equal(by_sql.cells, by_fold.cells);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.by_sql"), by_sql.cells);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM (TABLE lk.by_sql EXCEPT TABLE lk.by_fold) d"), 0);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM (TABLE lk.by_fold EXCEPT TABLE lk.by_sql) d"), 0);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM (SELECT attname, atttypid, atttypmod, attcollation FROM pg_attribute"
		" WHERE attrelid = 'lk.by_sql'::regclass AND attnum > 0 EXCEPT SELECT attname, atttypid, atttypmod, attcollation"
		" FROM pg_attribute WHERE attrelid = 'lk.by_fold'::regclass AND attnum > 0) d"), 0);
	test_world_run(&world, "UPDATE lk.version SET fold_only = true");
	append(2000, 100);
	assert_true(batch("traffic").folded);
	same("traffic", LK_LAYER_BATCH);
}

/* I2, I12 */
static void a_value_that_sql_cannot_compute_is_folded(void **state) {
	(void)state;
	test_world_declare(&world, "CREATE VIEW squares AS SELECT path, count(*) AS n, max(bytes * bytes) AS most FROM hits GROUP BY path;");
	append(0, 300);
	assert_false(batch("squares").folded);
	test_world_append_json(&world, "hits", "{\"ts\":\"2017-07-14T02:40:00Z\",\"ip\":\"a\",\"path\":\"/\",\"bytes\":9000000000000000000}\n");
	assert_true(batch("squares").folded);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.version WHERE fold_only"), 1);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.rejected WHERE version_id IS NOT NULL"), 1);
	append(300, 10);
	assert_true(batch("squares").folded);   /* from now on there is no attempt in SQL */
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.rejected WHERE version_id IS NOT NULL"), 1);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.batch WHERE path = 'fold'"), 2);
}

/* A fold with very little memory writes a cell in many rows, which readers merge. */
static void a_fold_in_little_memory_is_the_same(void **state) {
	(void)state;
	append(0, 3000);
	lk_batch_report whole = batch("traffic");
	const lk_cat_copy *copy = test_world_copy(&world, "traffic");
	lk_cut cut;
	lk_error err = {0};
	assert_int_equal(lk_cut_make(&world.pg, &(lk_cut_for){copy->version->reads, copy->id, "batch"}, &cut, &err), LK_OK);
	char *table = lk_asprintf("\"lk\".\"batch_%lld_%lld\"", (long long)copy->id, (long long)cut.id);
	lk_compute c = {.pg = &world.pg, .copy = copy, .cut = &cut, .from = &copy->cut, .table = table, .fold_bytes = 1};
	test_world_run(&world, "BEGIN");
	assert_int_equal(lk_compute_fold(&c, &err), LK_OK);
	assert_true(c.cells > whole.cells);
	assert_int_equal(lk_cut_publish(&world.pg, copy->id, &cut, table, &err), LK_OK);
	test_world_run(&world, "COMMIT");
	free(table);
	test_world_reload(&world);
	same("traffic", LK_LAYER_BATCH);
}

/* n events of one cell in partition 0. */
static void append_alike(int n) {
	char *sql = lk_asprintf("WITH t AS (UPDATE lk.tail SET next_off = next_off + %d, last_at = now(), high = '2024-01-01Z' WHERE part = 0"
	                        " RETURNING next_off - %d AS off, last_at) INSERT INTO lk.log_hits (part, off, _at, ts, ip, path, status)"
	                        " SELECT 0, off + i, last_at, '2024-01-01Z', 'a', '/p', 200 FROM t, generate_series(0, %d - 1) i", n, n, n);
	test_world_run(&world, sql);
	free(sql);
}

/* A fold looks at the memory of its cells every 50,000 events. */
static void a_fold_writes_out_between_chunks(void **state) {
	(void)state;
	enum { CHUNK = 50000 };   /* as in the table of limits */
	const lk_cat_copy *copy = test_world_copy(&world, "traffic");
	for (int chunks = 1; chunks <= 2; chunks++) {
		lk_cut cut;
		lk_error err = {0};
		append_alike(chunks == 1 ? CHUNK : 1);
		assert_int_equal(lk_cut_make(&world.pg, &(lk_cut_for){copy->version->reads, copy->id, "batch"}, &cut, &err), LK_OK);
		lk_compute c = {.pg = &world.pg, .copy = copy, .cut = &cut, .from = &copy->cut, .table = "lk.folded", .fold_bytes = 1};
		test_world_run(&world, "BEGIN");
		assert_int_equal(lk_compute_fold(&c, &err), LK_OK);
		assert_int_equal(test_world_int(&world, "SELECT sum(_p0_0) FROM lk.folded"), CHUNK + chunks - 1);
		assert_int_equal(c.cells, chunks);
		test_world_run(&world, "ROLLBACK");
		assert_int_equal(lk_cut_abandon(&world.pg, copy->id, "batch", &err), LK_OK);
	}
}

/* Rows become one for each cell, whether all are in memory at once, or shares of them, or a cell after the other. */
static void rows_are_put_together_in_shares(void **state) {
	(void)state;
	enum { ENOUGH = 1 << 30 };
	static const struct { int64_t rows; size_t bytes; int64_t least, most; } ways[] = {
		{1000, ENOUGH, 1, 1}, {999999, ENOUGH, 1, 1}, {1000000, ENOUGH, 2, 2}, {2500000, ENOUGH, 3, 3},
		{1000, 32768, 2, 100}, {100, 1, 64, 128},
	};
	lk_batch_report whole;
	append(0, 3000);
	whole = batch("traffic");
	test_world_reload(&world);
	char *table = lk_strdup(test_world_copy(&world, "traffic")->batch_table);
	const lk_plan *plan = test_world_copy(&world, "traffic")->version->plan;
	char *twice = lk_asprintf("CREATE TABLE lk.twice AS SELECT * FROM %s UNION ALL SELECT * FROM %s", table, table);
	test_world_run(&world, twice);
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		lk_error err = {0};
		lk_rows_merge m = {.pg = &world.pg, .plan = plan, .from = "lk.twice", .to = "lk.once", .rows = ways[i].rows, .most_bytes = ways[i].bytes};
		if (lk_batch_rows_put_together(&m, &err) != LK_OK)
			fail_msg("way %zu: %s", i, err.text);
		assert_in_range(m.shares, ways[i].least, ways[i].most);
		assert_int_equal(m.cells, whole.cells);
		assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.once"), whole.cells);
		assert_int_equal(test_world_int(&world, "SELECT count(DISTINCT (_pane, _k0)) FROM lk.once"), whole.cells);
		assert_int_equal(test_world_int(&world, "SELECT sum(_p0_0) FROM lk.once"), test_world_int(&world, "SELECT sum(_p0_0) FROM lk.twice"));
		test_world_run(&world, "DROP TABLE lk.once");
	}
	test_world_run(&world, "DROP TABLE lk.twice");
	free(twice);
	free(table);
}

/* I2, P5 */
static void a_short_log_is_no_batch(void **state) {
	(void)state;
	append(0, 500);
	batch("traffic");
	append(500, 500);
	test_world_run(&world, "DELETE FROM lk.log_hits WHERE part = 1 AND off = (SELECT max(off) - 3 FROM lk.log_hits WHERE part = 1)");
	int64_t cut = test_world_int(&world, "SELECT cut_id FROM lk.copy");
	lk_batch_report r;
	lk_error err = {0};
	assert_int_equal(lk_batch_run(&world.pg, test_world_copy(&world, "traffic"), &r, &err), LK_EGAP);
	assert_non_null(strstr(err.text, "partition 1"));
	assert_int_equal(test_world_int(&world, "SELECT cut_id FROM lk.copy"), cut);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.cut WHERE state = 'open'"), 0);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM pg_class WHERE relname ~ '^batch_[0-9]+_[0-9]+$' AND relkind = 'r'"), 1);
}

/* I2, P5: the events were there when the published batch was computed; a batch without them would not be the view. */
static void events_deleted_below_the_published_cut_are_missed(void **state) {
	(void)state;
	lk_batch_report r;
	lk_error err = {0};
	append(0, 500);
	batch("traffic");
	test_world_run(&world, "CREATE TABLE public.gone AS SELECT * FROM lk.log_hits WHERE part = 1 AND off BETWEEN 7 AND 16");
	test_world_run(&world, "DELETE FROM lk.log_hits WHERE part = 1 AND off BETWEEN 7 AND 16");
	append(500, 100);
	int64_t cut = test_world_int(&world, "SELECT cut_id FROM lk.copy");
	for (int fold = 0; fold < 2; fold++) {
		test_world_run(&world, fold ? "UPDATE lk.version SET fold_only = true" : "UPDATE lk.version SET fold_only = false");
		test_world_reload(&world);
		assert_int_equal(lk_batch_run(&world.pg, test_world_copy(&world, "traffic"), &r, &err), LK_EGAP);
		assert_non_null(strstr(err.text, "partition 1"));
		assert_non_null(strstr(err.text, "the first missing ones are 7 to 16"));
		assert_int_equal(test_world_int(&world, "SELECT cut_id FROM lk.copy"), cut);
		lk_error_clear(&err);
	}
	test_world_run(&world, "INSERT INTO lk.log_hits SELECT * FROM public.gone");
	test_world_run(&world, "DROP TABLE public.gone");
	batch("traffic");
	lk_query q = test_query("traffic");
	test_world_same(&world, &q);
}

/* P5 */
static void strange_defaults_change_nothing(void **state) {
	(void)state;
	append(0, 500);
	test_world_run(&world, "ALTER DATABASE postgres SET default_transaction_isolation = 'serializable';"
	               "ALTER DATABASE postgres SET default_transaction_read_only = on;"
	               "ALTER DATABASE postgres SET synchronous_commit = off");
	lk_pg pg;
	lk_batch_report r;
	lk_error err = {0};
	int opened = lk_pg_open(&pg, servers.at.postgres, "lk test", &err);
	int done = opened == LK_OK ? lk_batch_run(&pg, test_world_copy(&world, "traffic"), &r, &err) : opened;
	test_world_run(&world, "ALTER DATABASE postgres RESET ALL");
	if (done != LK_OK)
		fail_msg("%s", err.text);
	lk_pg_close(&pg);
	same("traffic", LK_LAYER_BATCH);
}

static int64_t indexes(const char *table) {
	char *sql = lk_asprintf("SELECT count(*) FROM pg_index WHERE indrelid = '%s'::regclass", table);
	int64_t n = test_world_int(&world, sql);
	free(sql);
	return n;
}

/* As if the batch had 1,000,000 cells. */
static void large_tables_get_an_index_where_it_helps(void **state) {
	(void)state;
	lk_error err = {0};
	lk_compute c = {.pg = &world.pg, .copy = test_world_copy(&world, "traffic"), .cells = 1000000};
	test_world_run(&world, "CREATE TABLE lk.many AS SELECT repeat('long', 2000) || i AS _k0 FROM generate_series(1, 500) i");
	test_world_run(&world, "CREATE TABLE lk.few AS SELECT 'k' || i % 3 AS _k0 FROM generate_series(1, 500) i");
	c.table = "\"lk\".\"many\"";
	assert_int_equal(lk_compute_index(&c, &err), LK_OK);
	assert_int_equal(indexes("lk.many"), 1);
	c.table = "\"lk\".\"few\"";
	assert_int_equal(lk_compute_index(&c, &err), LK_OK);
	assert_int_equal(indexes("lk.few"), 0);
	c.cells = 5000;
	c.table = "\"lk\".\"many\"";
	assert_int_equal(lk_compute_index(&c, &err), LK_OK);
	assert_int_equal(indexes("lk.many"), 1);
	c.cells = 5001;
	assert_int_equal(lk_compute_index(&c, &err), LK_OK);
	assert_int_equal(indexes("lk.many"), 2);
}

/* --- publishing --- */

/* P15 */
static void one_batch_of_a_copy_at_a_time(void **state) {
	(void)state;
	lk_pg other;
	lk_batch_report r;
	lk_error err = {0};
	const lk_cat_copy *copy = test_world_copy(&world, "traffic");
	append(0, 100);
	assert_int_equal(lk_pg_open(&other, servers.at.postgres, "lk test", &err), LK_OK);
	assert_int_equal(lk_pg_try_lock(&other, copy->id, &err), LK_OK);
	assert_int_equal(lk_batch_run(&world.pg, copy, &r, &err), LK_EBUSY);
	assert_non_null(strstr(err.text, "traffic"));
	lk_pg_close(&other);
	lk_error_clear(&err);
	int64_t deadline = lk_monotonic_us() + 10 * LK_US_PER_S;
	while (lk_batch_run(&world.pg, copy, &r, &err) == LK_EBUSY && lk_monotonic_us() < deadline)
		lk_error_clear(&err);
	assert_int_equal(err.code, LK_OK);
	same("traffic", LK_LAYER_BATCH);
}

/* P5 */
static void cuts_of_killed_batches_are_abandoned(void **state) {
	(void)state;
	lk_cut left;
	lk_error err = {0};
	const lk_cat_copy *copy = test_world_copy(&world, "traffic");
	append(0, 100);
	assert_int_equal(lk_cut_make(&world.pg, &(lk_cut_for){copy->version->reads, copy->id, "batch"}, &left, &err), LK_OK);
	append(100, 100);
	batch("traffic");
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.cut WHERE state = 'open'"), 0);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.cut WHERE state = 'abandoned'"), 1);
	same("traffic", LK_LAYER_BATCH);
}

/* I8, I9 */
static void a_batch_brings_a_new_version_into_service(void **state) {
	(void)state;
	append(0, 300);
	assert_int_equal(batch("traffic").switched_to, 0);
	test_world_declare(&world, "CREATE VIEW traffic AS SELECT path, count(*) AS n FROM hits GROUP BY path, tumble(ts, '5 minutes');");
	const lk_cat_copy *served = test_world_copy(&world, "traffic"), *next = newest("traffic");
	assert_int_equal(served->version->number, 1);
	assert_int_equal(next->version->number, 2);
	lk_batch_report r;
	lk_error err = {0};
	assert_int_equal(lk_batch_run(&world.pg, next, &r, &err), LK_OK);
	assert_int_equal(r.switched_to, 2);
	test_world_reload(&world);
	assert_int_equal(test_world_copy(&world, "traffic")->version->number, 2);
	same("traffic", LK_LAYER_MERGED);
	append(300, 50);
	/* the old one never takes over again */
	assert_int_equal(lk_batch_run(&world.pg, served, &r, &err), LK_OK);
	assert_int_equal(r.switched_to, 0);
	test_world_reload(&world);
	assert_int_equal(test_world_copy(&world, "traffic")->version->number, 2);
	same("traffic", LK_LAYER_MERGED);
}

static void kappa_has_no_batch(void **state) {
	(void)state;
	test_world_run(&world, "UPDATE lk.copy SET mode = 'kappa'");
	test_world_reload(&world);
	lk_batch_report r;
	lk_error err = {0};
	assert_int_equal(lk_batch_run(&world.pg, test_world_copy(&world, "traffic"), &r, &err), LK_EUSAGE);
}

/* --- former tables --- */

static int64_t tables(void) {
	return test_world_int(&world, "SELECT count(*) FROM pg_class WHERE relname ~ '^batch_[0-9]+_[0-9]+$' AND relkind = 'r'");
}

/* P16 */
static void former_tables_are_dropped_except_the_last(void **state) {
	(void)state;
	for (int i = 0; i < 4; i++) {
		append(i * 50, 50);
		batch("traffic");
		assert_int_equal(tables(), i == 0 ? 1 : 2);
		same("traffic", LK_LAYER_BATCH);
	}
	lk_error err = {0};
	assert_int_equal(lk_batch_sweep(&world.pg, test_world_copy(&world, "traffic"), &err), LK_OK);
	assert_int_equal(tables(), 2);
	int gone;
	assert_int_equal(lk_copies_sweep(&world.pg, &gone, &err), LK_OK);
	assert_int_equal(gone, 0);
	test_world_run(&world, "UPDATE lk.copy SET dropped = true");
	assert_int_equal(lk_copies_sweep(&world.pg, &gone, &err), LK_OK);
	assert_int_equal(gone, 2);
	assert_int_equal(tables(), 0);
}

/* P16 */
static void a_slow_reader_keeps_its_table(void **state) {
	(void)state;
	lk_pg reader;
	lk_error err = {0};
	PGresult *res = NULL;
	append(0, 50);
	batch("traffic");
	assert_int_equal(lk_pg_exec(&world.pg, &res, &err, "SELECT batch_table FROM lk.copy", 0, NULL), LK_OK);
	assert_int_equal(lk_pg_open(&reader, servers.at.postgres, "lk test", &err), LK_OK);
	assert_int_equal(lk_pg_run(&reader, &err, "BEGIN"), LK_OK);
	assert_int_equal(lk_pg_runf(&reader, &err, "LOCK TABLE %s IN ACCESS SHARE MODE", PQgetvalue(res, 0, 0)), LK_OK);
	PQclear(res);
	for (int i = 1; i < 4; i++) {
		append(i * 50, 50);
		batch("traffic");
	}
	assert_int_equal(tables(), 3);
	lk_pg_close(&reader);
	append(200, 50);
	batch("traffic");
	int64_t deadline = lk_monotonic_us() + 10 * LK_US_PER_S;
	while (tables() > 2 && lk_monotonic_us() < deadline)
		assert_int_equal(lk_batch_sweep(&world.pg, test_world_copy(&world, "traffic"), &err), LK_OK);
	assert_int_equal(tables(), 2);
	same("traffic", LK_LAYER_BATCH);
}

#define TEST(f) cmocka_unit_test_setup(f, fresh)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(a_batch_is_the_view_below_its_cut),
		TEST(what_comes_after_the_cut_is_not_in_the_batch),
		TEST(the_second_time_is_nothing_new),
		TEST(an_empty_log_has_an_empty_batch),
		TEST(both_programs_give_the_same_table),
		TEST(a_value_that_sql_cannot_compute_is_folded),
		TEST(a_fold_in_little_memory_is_the_same),
		TEST(a_fold_writes_out_between_chunks),
		TEST(rows_are_put_together_in_shares),
		TEST(a_short_log_is_no_batch),
		TEST(events_deleted_below_the_published_cut_are_missed),
		TEST(strange_defaults_change_nothing),
		TEST(large_tables_get_an_index_where_it_helps),
		TEST(one_batch_of_a_copy_at_a_time),
		TEST(cuts_of_killed_batches_are_abandoned),
		TEST(a_batch_brings_a_new_version_into_service),
		TEST(kappa_has_no_batch),
		TEST(former_tables_are_dropped_except_the_last),
		TEST(a_slow_reader_keeps_its_table),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
