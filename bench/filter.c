/* What WHERE costs: the drain of a view whose five conditions all events pass, beside the drain of the same view without
 * them. */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS = 2000000 };

/* The fourth field of each line but the first. (sscanf would measure the rest of the text at each line.) */
static long long sum_of_counts(const char *csv) {
	long long sum = 0;
	for (const char *line = strchr(csv, '\n'); line && line[1]; line = strchr(line + 1, '\n')) {
		const char *field = line;
		for (int i = 0; i < 3 && field; i++)
			field = strchr(field + 1, ',');
		sum += field ? strtoll(field + 1, NULL, 10) : 0;
	}
	return sum;
}

static double drain(bench *b, const char *where) {
	double seconds[BENCH_RUNS];
	char *definition = lk_asprintf("CREATE TABLE hits (ts timestamptz, k text, v bigint)\n"
	                               "  WITH (event_time = ts, partition_by = k, partitions = 1);\n"
	                               "CREATE VIEW per_minute AS SELECT k, count(*) AS n, sum(v) AS total\n"
	                               "  FROM hits %s GROUP BY k, tumble(ts, '1 minute');\n", where);
	test_servers_clear(&b->servers);
	bench_define(b, definition);
	free(definition);
	char *csv = bench_csv(b, "csv", EVENTS, 1000);
	BENCH_LK(b, "ingest", "hits", "--format", "csv", csv);
	remove(csv);
	free(csv);
	bench_sql(b, "VACUUM ANALYZE lk.part_hits_0");
	for (int i = 0; i < BENCH_RUNS; i++) {
		test_redis_empty(&b->servers);
		bench_usage u = BENCH_LK(b, "speed", "--once");
		seconds[i] = u.seconds;
	}
	char *out = NULL;
	test_lk(&b->servers, NULL, &out, NULL, (const char *const[]){"query", "per_minute", "--format", "csv", NULL});
	long long events = sum_of_counts(out);
	free(out);
	bench_check(b, events == EVENTS, "all events pass the conditions");
	return bench_median(seconds, BENCH_RUNS);
}

void bench_filter(bench *b) {
	bench_title("filter: the drain of a view with a WHERE of five terms, and without");
	double plain = drain(b, "");
	double filtered = drain(b, "WHERE v >= 0 AND v % 7 <> 8 AND k LIKE 'k%' AND lower(k) <> 'none' AND v / 3 < 1000000000");
	bench_report(b, filtered <= 1.25 * plain, "2,000,000 events, 1,000 keys: %.2f s with, %.2f s without: %.2f times (goal: 1.25)", filtered,
	             plain, filtered / plain);
}
