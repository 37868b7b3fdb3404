/* One key over 60 windows of a view of 60,000 cells: the whole process, half of the answer from each layer. */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS = 360000, TIMES = 41 };  /* one event every 10 ms: 60 minutes */

static const char definition[] =
	"CREATE TABLE hits (ts timestamptz, k text, v bigint) WITH (event_time = ts, partition_by = k, partitions = 2);\n"
	"CREATE VIEW per_minute AS SELECT k, count(*) AS n, sum(v) AS total FROM hits GROUP BY k, tumble(ts, '1 minute');\n";

void bench_point_view(bench *b) {
	bench_define(b, definition);
	char *csv = bench_csv(b, "csv", EVENTS, 1000);
	char *half = bench_file(b, "half.csv"), *rest = bench_file(b, "rest.csv");
	bench_shell(b, "head -n %d %s > %s && (head -n 1 %s; tail -n +%d %s) > %s", EVENTS / 2 + 1, csv, half, csv,
	            EVENTS / 2 + 2, csv, rest);
	BENCH_LK(b, "ingest", "hits", half);
	BENCH_LK(b, "speed", "--once");
	BENCH_LK(b, "batch");
	BENCH_LK(b, "ingest", "hits", rest);
	BENCH_LK(b, "speed", "--once");
	free(csv);
	free(half);
	free(rest);
}

void bench_query(bench *b) {
	bench_title("query: one key over 60 windows, 60,000 cells in all, half in each layer; the whole process");
	bench_point_view(b);
	double ours[TIMES], limit[TIMES], nothing[TIMES];
	for (int i = 0; i < TIMES; i++) {
		nothing[i] = BENCH_LK(b, "version").seconds;
		limit[i] = bench_shell(b, "exec $psql -X -q '%s' -c 'SELECT 1'", b->servers.at.postgres).seconds;
		ours[i] = BENCH_LK(b, "query", "per_minute", "--where", "k=k7").seconds;
	}
	char *out = NULL;
	test_lk(&b->servers, NULL, &out, NULL,
	        (const char *const[]){"query", "per_minute", "--where", "k=k7", "--format", "jsonl", NULL});
	int lines = 0;
	for (char *p = out; (p = strchr(p, '\n')); p++)
		lines++;
	bench_check(b, lines == 60, "60 windows");
	free(out);
	double ms = bench_median(ours, TIMES) * 1e3;
	bench_report(b, ms < 10, "%.1f ms, p99 %.1f ms (psql with SELECT 1: %.1f ms, lk version: %.1f ms; goal: under 10)", ms,
	             bench_percentile(ours, TIMES, 0.99) * 1e3, bench_median(limit, TIMES) * 1e3, bench_median(nothing, TIMES) * 1e3);
}
