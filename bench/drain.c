/* Log to Redis: the rate of the stream path compared with a bare COPY of the same columns. */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char definition[] =
	"CREATE TABLE hits (ts timestamptz, k text, v bigint)\n"
	"  WITH (event_time = ts, partition_by = k, partitions = 1);\n"
	"CREATE VIEW per_minute AS SELECT k, count(*) AS n, sum(v) AS total\n"
	"  FROM hits GROUP BY k, tumble(ts, '1 minute');\n";

static const char columns[] = "SELECT off, _at, ts, k, v FROM lk.part_hits_0 ORDER BY off";

static void load(bench *b, long events, long keys) {
	test_servers_clear(&b->servers);
	bench_define(b, definition);
	char *csv = bench_csv(b, "csv", events, keys);
	BENCH_LK(b, "ingest", "hits", "--format", "csv", csv);
	remove(csv);
	free(csv);
	bench_sql(b, "VACUUM ANALYZE lk.part_hits_0");
}

static void check(bench *b) {
	char *out = NULL;
	test_lk(&b->servers, NULL, &out, NULL,
	        (const char *const[]){"query", "per_minute", "--where", "k=k7", "--format", "csv", NULL});
	long long n = 0, total = 0;
	for (char *line = strchr(out, '\n'); line && line[1]; line = strchr(line + 1, '\n')) {
		long long x, y;
		if (sscanf(line + 1, "%*[^,],%*[^,],%*[^,],%lld,%lld", &x, &y) == 2)
			n += x, total += y;
	}
	char *got = lk_asprintf("%lld %lld", n, total);
	char *want = bench_sql_text(b, "SELECT count(*) || ' ' || sum(v) FROM lk.log_hits WHERE k = 'k7'");
	bench_check(b, strcmp(got, want) == 0, "per_minute of k7");
	free(got);
	free(want);
	free(out);
}

static void rate(bench *b, const char *what, long events, double goal_ratio, double goal_rate, long *rss_kib) {
	double copy[BENCH_RUNS], drain[BENCH_RUNS], ratio[BENCH_RUNS];
	for (int i = 0; i < BENCH_RUNS; i++) {
		test_redis_empty(&b->servers);
		copy[i] = bench_copy_out(b, columns, NULL);
		bench_usage u = BENCH_LK(b, "speed", "--once");
		drain[i] = u.seconds;
		ratio[i] = copy[i] / drain[i];
		*rss_kib = u.rss_kib;
	}
	check(b);
	double r = bench_median(ratio, BENCH_RUNS), rate_s = (double)events / bench_median(drain, BENCH_RUNS);
	bench_report(b, r >= goal_ratio && rate_s >= goal_rate,
	             "%s: %.2f M events/s, %.2f of the bare COPY (%.2f M events/s); %.0f MiB", what, rate_s / 1e6, r,
	             (double)events / bench_median(copy, BENCH_RUNS) / 1e6, (double)*rss_kib / 1024);
}

void bench_drain(bench *b) {
	bench_title("drain: log to Redis, one tumbling view, count and sum by key, one partition");
	long small_kib, large_kib;
	load(b, 300000, 1000);
	rate(b, "300,000 events, 1,000 keys", 300000, 0, 0, &small_kib);
	load(b, 3000000, 1000);
	rate(b, "3,000,000 events, 1,000 keys (goal: 0.7)", 3000000, 0.7, 0, &large_kib);
	bench_report(b, large_kib <= small_kib + small_kib / 5, "memory as the log grows tenfold: %.1f -> %.1f MiB (goal: flat)",
	             (double)small_kib / 1024, (double)large_kib / 1024);
	load(b, 2000000, 1000000);
	rate(b, "2,000,000 events, 1,000,000 keys (goal: 0.3 M events/s)", 2000000, 0, 300000, &large_kib);
}
