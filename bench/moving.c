/* Moving windows: the average over the last 20 rows of 10,000 keys into a derived log, beside PostgreSQL's own OVER over the
 * same log, into a table. PostgreSQL computes all of them again for each new row; lk computes the new ones. */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS = 1000000, KEYS = 10000, RUNS = 3 };

static double by_lk(bench *b) {
	double seconds[RUNS];
	for (int i = 0; i < RUNS; i++) {
		if (i > 0)
			BENCH_LK(b, "drop", "--stream", "smooth", "--yes");
		bench_define(b, "CREATE TABLE smooth WITH (event_time = ts) AS SELECT ts, k, (avg(v) OVER w)::numeric(18,6) AS mean FROM hits\n"
		                "  WINDOW w AS (PARTITION BY k ORDER BY _off ROWS BETWEEN 19 PRECEDING AND CURRENT ROW);\n");
		seconds[i] = BENCH_LK(b, "speed", "--once", "--workers", "2").seconds;
	}
	return bench_median(seconds, RUNS);
}

static double by_postgresql(bench *b) {
	double seconds[RUNS];
	for (int i = 0; i < RUNS; i++) {
		bench_sql(b, "DROP TABLE IF EXISTS lk.by_hand");
		double began = bench_now();
		bench_sql(b, "CREATE TABLE lk.by_hand AS SELECT part, off, ts, k, (avg(v) OVER w)::numeric(18,6) AS mean FROM lk.log_hits"
		             " WINDOW w AS (PARTITION BY part, k ORDER BY off ROWS BETWEEN 19 PRECEDING AND CURRENT ROW)");
		seconds[i] = bench_now() - began;
	}
	return bench_median(seconds, RUNS);
}

void bench_moving(bench *b) {
	bench_title("moving windows: avg over the last 20 rows of each of 10,000 keys");
	test_servers_clear(&b->servers);
	bench_define(b, "CREATE TABLE hits (ts timestamptz, k text, v bigint)\n"
	                "  WITH (event_time = ts, partition_by = k, partitions = 2);\n");
	char *csv = bench_csv(b, "csv", EVENTS, KEYS);
	BENCH_LK(b, "ingest", "hits", "--format", "csv", csv);
	remove(csv);
	free(csv);
	bench_sql(b, "VACUUM ANALYZE lk.log_hits");
	double lk = by_lk(b), sql = by_postgresql(b);
	char *differ = bench_sql_text(b, "SELECT count(*) FROM lk.log_smooth AS s FULL JOIN lk.by_hand AS h ON h.part = s.part AND h.off = s._src"
	                                 " WHERE s.mean IS DISTINCT FROM h.mean");
	bench_check(b, strcmp(differ, "0") == 0, "both have the same averages");
	free(differ);
	bench_report(b, EVENTS / lk >= 300000, "1,000,000 events, two workers: %.2f s, %.0f events/s (goal: 300,000); PostgreSQL's OVER: %.2f s", lk, EVENTS / lk, sql);
}
