/* Real files against plain SQL over the same lines. PostgreSQL reads the lines itself (regular expressions, its own
 * JSON): the oracle uses nothing of lk's scanners, log or plans. The files are in LK_TEST_DATA; a test without its file
 * is skipped by name. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "ingest/ingest.h"
#include "postgres/binary.h"
#include "tests/support/fixtures.h"
#include "tests/support/replays.h"

static test_servers servers;
static test_world world;

static const lk_type T_TIME = {.kind = LK_TIME}, T_TEXT = {.kind = LK_TEXT}, T_INT4 = {.kind = LK_INT4}, T_INT8 = {.kind = LK_INT8};
static const lk_type T_VALUE = {.kind = LK_NUMERIC, .precision = 12, .scale = 4};

static char *read_gz(const char *name) {
	const char *dir = getenv("LK_TEST_DATA");
	char *path = lk_asprintf("%s/%s", dir ? dir : "../shared/data", name);
	gzFile f = gzopen(path, "rb");
	if (!f) {
		print_message("skipped: %s is not there (LK_TEST_DATA)\n", path);
		free(path);
		return NULL;
	}
	free(path);
	lk_buf b = LK_BUF_INIT;
	int n;
	do {
		lk_buf_grow(&b, 1 << 20);
		n = gzread(f, b.data + b.len, 1 << 20);
		b.len += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	gzclose(f);
	assert_int_equal(n, 0);
	if (test_less() > 1) {
		size_t part = b.len / (size_t)test_less();
		const char *end = memchr(b.data + part, '\n', b.len - part);
		b.data[end ? (size_t)(end - b.data) + 1 : b.len] = '\0';
	}
	return lk_buf_steal(&b);
}

/* The lines as a table raw(line), as they are. */
static void load_raw(const char *text) {
	test_world_run(&world, "DROP TABLE IF EXISTS pg_temp.raw; CREATE TEMP TABLE raw (line text)");
	lk_buf b = LK_BUF_INIT;
	lk_copy_header(&b);
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		lk_value v = lk_text(line, len);
		lk_copy_row(&b, 1);
		lk_copy_value(&b, T_TEXT, &v);
		line += len + (line[len] == '\n');
	}
	lk_copy_trailer(&b);
	PGresult *res = PQexec(world.pg.conn, "COPY pg_temp.raw FROM STDIN (FORMAT binary)");
	assert_int_equal(PQresultStatus(res), PGRES_COPY_IN);
	PQclear(res);
	assert_int_equal(PQputCopyData(world.pg.conn, b.data, (int)b.len), 1);
	assert_int_equal(PQputCopyEnd(world.pg.conn, NULL), 1);
	while ((res = PQgetResult(world.pg.conn))) {
		if (PQresultStatus(res) != PGRES_COMMAND_OK)
			fail_msg("%s", PQresultErrorMessage(res));
		PQclear(res);
	}
	lk_buf_release(&b);
}

static int64_t ingest(const char *stream, lk_format format, const char *text, size_t len) {
	char *path = lk_asprintf("%s/part", servers.dir);
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	lk_ingest_options o = {.postgres = servers.at.postgres, .stream = lk_catalog_stream(world.catalog, stream), .format = format, .path = path};
	lk_ingest_report report;
	lk_error err = {0};
	if (lk_ingest_run(&o, &report, &err))
		fail_msg("%s", err.text);
	unlink(path);
	free(path);
	return report.rejects;
}

typedef struct trial {
	const char *file, *stream, *view, *sql;   /* sql: over raw(line) */
	lk_format format;
	const char *definitions;
	lk_type types[8];
	int ntypes;
	int64_t bad_lines;
	char *(*convert)(char *text);   /* takes and gives a text; NULL: as it is */
} trial;

static void is_plain_sql(const trial *t, const test_rows *want) {
	lk_query q = test_query(t->view);
	lk_answer a;
	test_rows got;
	lk_buf difference = LK_BUF_INIT;
	test_world_answer(&world, &q, &a);
	test_answer_rows(&a, &got);
	test_rows_difference(want, &got, &difference);
	if (difference.len)
		fail_msg("%s", difference.data);
	test_rows_release(&got);
	lk_answer_release(&a);
	test_world_same(&world, &q);
}

/* The log once more through the stream path, into a kappa copy that readers move to. */
static void is_replayed(const trial *t, const test_rows *want) {
	lk_replay_options o = test_replay_options(&world, t->view);
	o.switch_over = true;
	lk_replay_report report = test_replay(&o);
	assert_true(report.switched);
	lk_replay_report_release(&report);
	test_world_reload(&world);
	assert_true(test_world_copy(&world, t->view)->kappa);
	is_plain_sql(t, want);
}

/* Two thirds of the file, a batch, then the rest: the answer is a sum of both layers. After another batch it comes from
 * the batch alone, in the end from segments alone. */
static void run(const trial *t) {
	char *text = read_gz(t->file);
	if (!text) {
		skip();
		return;
	}
	if (t->convert)
		text = t->convert(text);
	test_world_empty(&world);
	load_raw(text);
	test_world_declare(&world, t->definitions);
	test_rows want;
	test_sql_rows(&world, t->sql, t->types, t->ntypes, &want);
	assert_true(want.n > 0);
	size_t cut = strlen(text) / 3 * 2;
	cut += strcspn(text + cut, "\n") + 1;
	int64_t rejects = ingest(t->stream, t->format, text, cut);
	test_worker worker;
	test_worker_open(&worker, &world, t->view);
	assert_true(test_worker_step(&worker, 0, 1000) > 0);
	test_world_batch(&world, t->view);
	rejects += ingest(t->stream, t->format, text + cut, strlen(text + cut));
	if (test_less() == 1)   /* it is unknown for a part of the file */
		assert_int_equal(rejects, t->bad_lines);
	test_worker_catch_up(&worker);
	is_plain_sql(t, &want);
	test_worker_sweep(&worker, 0);
	is_plain_sql(t, &want);
	test_world_batch(&world, t->view);
	is_plain_sql(t, &want);
	test_worker_close(&worker);
	is_replayed(t, &want);
	print_message("%s: %zu rows equal\n", t->file, want.n);
	test_rows_release(&want);
	free(text);
}

static void access_log_by_path_status_minute(void **state) {
	(void)state;
	const trial t = {
		.file = "apache_access.log.gz", .stream = "hits", .view = "traffic", .format = {.is = &lk_format_access_log},
		.definitions =
			"CREATE TABLE hits (ts timestamptz, ip text, method text, path text, status int, bytes int, referer text, agent text)"
			" WITH (event_time = ts, partition_by = ip, partitions = 3);"
			"CREATE VIEW traffic AS SELECT path, status, count(*) AS hits, sum(bytes) AS bytes, max(agent) AS agent"
			" FROM hits WHERE method = 'GET' GROUP BY path, status, tumble(ts, '1 minute');",
		.sql =
			"SELECT w, w + interval '1 minute', path, status, count(*), sum(bytes), max(agent) FROM ("
			" SELECT date_trunc('minute', to_timestamp(m[1], 'DD/Mon/YYYY:HH24:MI:SS')) AS w, m[3] COLLATE \"C\" AS path, m[4]::int AS status,"
			" nullif(m[5], '-')::int AS bytes, nullif(m[6], '-') COLLATE \"C\" AS agent FROM ("
			" SELECT regexp_match(line, '\\[(.{20}) \\+0000\\] \"(\\S+) (\\S+) [^\"]*\" (\\d+) (\\S+) \"[^\"]*\" \"([^\"]*)\"') AS m FROM pg_temp.raw"
			" ) lines WHERE m[2] = 'GET') hits GROUP BY 1, 2, 3, 4",
		.types = {T_TIME, T_TIME, T_TEXT, T_INT4, T_INT8, T_INT8, T_TEXT}, .ntypes = 7,
		.bad_lines = 1,   /* line 8,899 ends within the agent's quotes; the expression above does not match it either */
	};
	run(&t);
}

static void github_events_by_type_and_actor(void **state) {
	(void)state;
	const trial t = {
		.file = "github-2015-01-01-00.jsonl.gz", .stream = "events", .view = "actors", .format = {.is = &lk_format_json},
		.definitions =
			"CREATE TABLE events (created_at timestamptz, type text, \"actor.login\" text, \"repo.id\" bigint, \"payload.size\" int)"
			" WITH (event_time = created_at, partition_by = \"actor.login\", partitions = 2);"
			"CREATE VIEW actors AS SELECT type, \"actor.login\", count(*) AS events, count(\"payload.size\") AS pushes, sum(\"payload.size\") AS commits,"
			" min(\"repo.id\") AS first_repo FROM events GROUP BY type, \"actor.login\";",
		.sql =
			"SELECT line::json->>'type', line::json->'actor'->>'login', count(*), count(line::json->'payload'->>'size'),"
			" sum((line::json->'payload'->>'size')::int), min((line::json->'repo'->>'id')::bigint) FROM pg_temp.raw GROUP BY 1, 2",
		.types = {T_TEXT, T_TEXT, T_INT8, T_INT8, T_INT8, T_INT8}, .ntypes = 6,
	};
	run(&t);
}

#define RIDES "CREATE TABLE rides (timestamp timestamptz, driver_id bigint, event_type text, location text)" \
	" WITH (event_time = timestamp, partition_by = driver_id, partitions = 4, watermark = '1 minute');"
#define RAW_RIDES "SELECT (line::json->>'timestamp')::timestamptz AS ts, line::json->>'event_type' AS kind," \
	" (line::json->>'location') COLLATE \"C\" AS place, (line::json->>'driver_id')::bigint AS driver FROM pg_temp.raw"

/* definitions: RIDES and the view; sql: over the result of RAW_RIDES. */
static void rides(const char *view, const char *definitions, const char *sql, const lk_type *types, int ntypes) {
	trial t = {
		.file = "cars.jsonl.gz", .stream = "rides", .view = view, .format = {.is = &lk_format_json},
		.definitions = definitions, .sql = sql, .ntypes = ntypes,
	};
	memcpy(t.types, types, (size_t)ntypes * sizeof *types);
	run(&t);
}

static void rides_by_hour(void **state) {
	(void)state;
	rides("hours",
		RIDES "CREATE VIEW hours AS SELECT event_type, count(*) AS events, min(location) AS first_place, max(driver_id) AS last_driver"
		" FROM rides GROUP BY event_type, tumble(timestamp, '1 hour');",
		"SELECT w, w + interval '1 hour', kind, count(*), min(place), max(driver)"
		" FROM (SELECT date_trunc('hour', ts) AS w, * FROM (" RAW_RIDES ") r) r GROUP BY 1, 2, 3",
		(const lk_type[]){T_TIME, T_TIME, T_TEXT, T_INT8, T_TEXT, T_INT8}, 6);
}

static void rides_in_hopping_windows(void **state) {
	(void)state;
	rides("recent",
		RIDES "CREATE VIEW recent AS SELECT event_type, count(*) AS events, max(location) AS place, sum(driver_id) AS drivers"
		" FROM rides GROUP BY event_type, hop(timestamp, '2 seconds', '10 seconds');",
		"SELECT w, w + interval '10 s', kind, count(*), max(place), sum(driver)::bigint FROM ("
		" SELECT to_timestamp((floor(extract(epoch FROM ts) / 2) - i) * 2) AS w, * FROM (" RAW_RIDES ") r, generate_series(0, 4) i"
		") r GROUP BY 1, 2, 3",
		(const lk_type[]){T_TIME, T_TIME, T_TEXT, T_INT8, T_TEXT, T_INT8}, 6);
}

/* Gaps and islands: an event begins a session if its group has no other event in the 20 seconds before it. */
#define SESSIONS(group, columns) \
	"SELECT min(ts), max(ts) + interval '20 s', " columns " FROM (" \
	" SELECT *, count(*) FILTER (WHERE begins) OVER (" group " ORDER BY ts) AS session FROM (" \
	"  SELECT *, coalesce(ts - lag(ts) OVER (" group " ORDER BY ts) >= interval '20 s', true) AS begins FROM (" RAW_RIDES ") r) r) r "

static void sessions_of_drivers(void **state) {
	(void)state;
	rides("shifts",
		RIDES "CREATE VIEW shifts AS SELECT driver_id, count(*) AS events, min(location) AS place, count(DISTINCT event_type) AS kinds"
		" FROM rides GROUP BY driver_id, session(timestamp, '20 seconds');",
		SESSIONS("PARTITION BY driver", "driver, count(*), min(place), count(DISTINCT kind)") "GROUP BY driver, session",
		(const lk_type[]){T_TIME, T_TIME, T_INT8, T_INT8, T_TEXT, T_INT8}, 6);
}

/* The events of a session come from all partitions. */
static void sessions_of_a_town(void **state) {
	(void)state;
	rides("busy",
		RIDES "CREATE VIEW busy AS SELECT count(*) AS events, max(location) AS place, count(DISTINCT driver_id) AS drivers"
		" FROM rides GROUP BY session(timestamp, '20 seconds');",
		SESSIONS("", "count(*), max(place), count(DISTINCT driver)") "GROUP BY session",
		(const lk_type[]){T_TIME, T_TIME, T_INT8, T_TEXT, T_INT8}, 5);
}

/* "2014-02-14 14:27:00,51.8" as JSON, since the second part of a file would have no header. */
static char *metric_as_json(char *csv) {
	lk_buf b = LK_BUF_INIT;
	for (char *line = strchr(csv, '\n') + 1; *line;) {
		size_t len = strcspn(line, "\n"), comma = strcspn(line, ",");
		lk_buf_addf(&b, "{\"ts\":\"%.*s\",\"metric\":\"nab\",\"value\":%.*s}\n", (int)comma, line, (int)(len - comma - 1), line + comma + 1);
		line += len + (line[len] == '\n');
	}
	free(csv);
	return lk_buf_steal(&b);
}

/* The outliers of examples/anomalies, of real series. Values have up to 15 digits; four of them count. */
static void outliers_of_metrics(void **state) {
	(void)state;
	static const char *const files[] = {"Twitter_volume_AAPL", "ambient_temperature_system_failure", "ec2_cpu_utilization_5f5533",
	                                    "machine_temperature_system_failure", "speed_7578"};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char *file = lk_asprintf("nab/%s.csv.gz", files[i]);
		const trial t = {
			.file = file, .stream = "metrics", .view = "outliers", .format = {.is = &lk_format_json}, .convert = metric_as_json,
			.definitions =
				"CREATE TABLE metrics (ts timestamptz, metric text, value numeric(12,4)) WITH (event_time = ts, partition_by = metric);"
				"CREATE VIEW outliers AS SELECT metric, count(*) AS n, min(value) AS least, max(value) AS most"
				" FROM metrics GROUP BY metric, tumble(ts, '1 day')"
				" HAVING greatest(max(value) - avg(value), avg(value) - min(value)) > 2 * stddev_samp(value);",
			.sql =
				"SELECT w, w + interval '1 day', 'nab', n, a, b FROM ("
				" SELECT w, count(*) AS n, min(v) AS a, max(v) AS b, avg(v) AS m, stddev_samp(v) AS d FROM ("
				"  SELECT date_trunc('day', (line::json->>'ts')::timestamp AT TIME ZONE 'UTC') AS w, (line::json->>'value')::numeric(12,4) AS v"
				"  FROM pg_temp.raw) r GROUP BY 1) days WHERE greatest(b - m, m - a) > 2 * d",
			.types = {T_TIME, T_TIME, T_TEXT, T_INT8, T_VALUE, T_VALUE}, .ntypes = 6,
		};
		run(&t);
		free(file);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(access_log_by_path_status_minute),
		cmocka_unit_test(github_events_by_type_and_actor),
		cmocka_unit_test(rides_by_hour),
		cmocka_unit_test(rides_in_hopping_windows),
		cmocka_unit_test(sessions_of_drivers),
		cmocka_unit_test(sessions_of_a_town),
		cmocka_unit_test(outliers_of_metrics),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
