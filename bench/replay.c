/* Kappa: the rate of a replay compared with a bare COPY of the same columns, two partitions on two processors compared
 * with one, and how long appends wait for a switch as the log grows. */
#include "bench/bench.h"
#include "replay/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS = 3000000 };

static void define(bench *b, const char *stream, int partitions) {
	lk_buf sql = LK_BUF_INIT;
	lk_buf_addf(&sql, "CREATE TABLE %s (ts timestamptz, k text, v bigint)\n"
	                  "  WITH (event_time = ts, partition_by = k, partitions = %d);\n"
	                  "CREATE VIEW %s_per_minute AS SELECT k, count(*) AS n, sum(v) AS total\n"
	                  "  FROM %s GROUP BY k, tumble(ts, '1 minute');\n", stream, partitions, stream, stream);
	bench_define(b, sql.data);
	lk_buf_release(&sql);
}

/* The same rows in one partition and in two. */
static void load(bench *b, long events) {
	test_servers_clear(&b->servers);
	define(b, "one", 1);
	define(b, "two", 2);
	char *csv = bench_csv(b, "csv", events, 1000);
	BENCH_LK(b, "ingest", "one", "--format", "csv", csv);
	BENCH_LK(b, "ingest", "two", "--format", "csv", csv);
	remove(csv);
	free(csv);
	bench_sql(b, "VACUUM ANALYZE lk.log_one");
	bench_sql(b, "VACUUM ANALYZE lk.log_two");
}

/* Compares PostgreSQL's own result over the log with the replayed copy, which is not served, cell by cell. */
static void check(bench *b, const char *stream) {
	char *copy = bench_sql_text(b, "SELECT max(copy_id) FROM lk.copy JOIN lk.version USING (version_id) JOIN lk.view USING "
	                               "(view_id) WHERE lk.view.name = '%s_per_minute' AND mode = 'kappa' AND NOT dropped", stream);
	char *view = lk_asprintf("%s_per_minute", stream), *out = NULL;
	test_lk(&b->servers, NULL, &out, NULL,
	        (const char *const[]){"query", view, "--copy", copy, "--format", "csv", NULL});
	char *path = bench_file(b, "rows.csv");
	FILE *f = fopen(path, "w");
	if (!f || fputs(out, f) < 0 || fclose(f) != 0)
		exit(1);
	bench_sql(b, "DROP TABLE IF EXISTS public.replayed");
	bench_sql(b, "CREATE TABLE public.replayed (w timestamptz, e timestamptz, k text, n bigint, total bigint)");
	bench_shell(b, "$psql -X -q '%s' -c '\\copy public.replayed from %s csv header'", b->servers.at.postgres, path);
	char *same = bench_sql_text(b, "WITH plain AS (SELECT date_bin('1 minute', ts, '1970-01-01 00:00:00+00') AS w, k, "
	                               "count(*) AS n, sum(v)::bigint AS total FROM lk.log_%s GROUP BY 1, 2), "
	                               "mine AS (SELECT w, k, n, total FROM public.replayed) "
	                               "SELECT (SELECT count(*) FROM plain) > 0 AND NOT EXISTS (TABLE plain EXCEPT ALL TABLE mine) "
	                               "AND NOT EXISTS (TABLE mine EXCEPT ALL TABLE plain)", stream);
	bench_check(b, strcmp(same, "t") == 0, view);
	remove(path);
	free(same);
	free(path);
	free(out);
	free(view);
	free(copy);
}

/* Replays into an empty Redis, so that it need not remove an earlier copy at the same time. Returns seconds. */
static double replay(bench *b, const char *stream, const char *workers) {
	char *view = lk_asprintf("%s_per_minute", stream);
	test_redis_empty(&b->servers);
	bench_usage u = BENCH_LK(b, "replay", view, "--fresh", "--pace", "max", "--workers", workers);
	free(view);
	return u.seconds;
}

static void rates(bench *b) {
	double copy[BENCH_RUNS], one[BENCH_RUNS], two[BENCH_RUNS], ratio[BENCH_RUNS], gain[BENCH_RUNS];
	for (int i = 0; i < BENCH_RUNS; i++) {
		copy[i] = bench_copy_out(b, "SELECT off, _at, ts, k, v FROM lk.part_one_0 ORDER BY off", NULL);
		one[i] = replay(b, "one", "1");
		if (i == 0)
			check(b, "one");
		two[i] = replay(b, "two", "2");
		ratio[i] = copy[i] / one[i];
		gain[i] = one[i] / two[i];
	}
	check(b, "two");
	double r = bench_median(ratio, BENCH_RUNS), g = bench_median(gain, BENCH_RUNS);
	bench_report(b, r >= 0.7, "%d events, one partition: %.2f M events/s, %.2f of the bare COPY (%.2f M events/s; goal: 0.7)",
	             EVENTS, EVENTS / bench_median(one, BENCH_RUNS) / 1e6, r, EVENTS / bench_median(copy, BENCH_RUNS) / 1e6);
	bench_report(b, g >= 1.3, "in two partitions, two workers: %.2f M events/s, %.2f times one (goal: 1.3)",
	             EVENTS / bench_median(two, BENCH_RUNS) / 1e6, g);
}

/* The median of the milliseconds that appends waited; *most: the maximum. */
static double switches(bench *b, double *most) {
	double held[BENCH_RUNS];
	for (int i = 0; i < BENCH_RUNS; i++) {
		const lk_replay_options o = {
			.postgres = b->servers.at.postgres, .redis = b->servers.at.redis, .view = "two_per_minute", .workers = 2,
			.limits = lk_stream_defaults, .switch_over = true,
		};
		lk_replay_report report = {0};
		lk_error err = {0};
		int rc = lk_replay_run(&o, &report, &err);
		bench_check(b, rc == LK_OK && report.switched && report.switched_how.gap == 0, rc ? err.text : "a switch has no gap");
		held[i] = (double)report.switched_how.held_us / 1e3;
		lk_replay_report_release(&report);
	}
	*most = bench_percentile(held, BENCH_RUNS, 1);
	return bench_median(held, BENCH_RUNS);
}

void bench_replay(bench *b) {
	bench_title("replay: the log through the stream path into a new copy, count and sum by minute and a key of 1,000 values");
	double small_most, large_most;
	load(b, EVENTS / 10);
	double small = switches(b, &small_most);
	load(b, EVENTS);
	rates(b);
	double large = switches(b, &large_most);
	bench_report(b, small_most < 100 && large_most < 100, "the switch: appends wait %.1f ms (most: %.1f) with %d events, %.1f ms "
	             "(most: %.1f) with ten times as many (goal: under 100)", small, small_most, EVENTS / 10, large, large_most);
}
