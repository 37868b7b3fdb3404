/* The batch layer compared with the same aggregation written by hand, and its C fold with the bare COPY. */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS = 1000000 };

static const char definition[] =
	"CREATE TABLE hits (ts timestamptz, k text, v bigint) WITH (event_time = ts, partition_by = k, partitions = 4);\n"
	"CREATE VIEW per_minute AS SELECT k, count(*) AS n, sum(v) AS total FROM hits GROUP BY k, tumble(ts, '1 minute');\n";

static void load(bench *b) {
	test_servers_clear(&b->servers);
	bench_define(b, definition);
	char *csv = bench_csv(b, "csv", EVENTS, 1000);
	BENCH_LK(b, "ingest", "hits", "--format", "csv", csv);
	remove(csv);
	free(csv);
	bench_sql(b, "VACUUM ANALYZE lk.log_hits");
}

/* A batch of everything: the copy's cut and table are reset first, so that each run computes the whole log. */
static double whole_batch(bench *b) {
	bench_sql(b, "UPDATE lk.copy SET cut_id = NULL, batch_table = NULL");
	bench_sql(b, "UPDATE lk.cut SET state = 'released' WHERE state = 'published'");
	return BENCH_LK(b, "batch", "per_minute").seconds;
}

static void check(bench *b) {
	char *got = bench_sql_text(b, "SELECT batch_table FROM lk.copy");
	char *n = bench_sql_text(b, "SELECT (SELECT count(*) FROM %s) = (SELECT count(*) FROM public.by_hand)", got);
	bench_check(b, strcmp(n, "t") == 0, "cells of the batch");
	free(n);
	free(got);
}

static void by_sql(bench *b) {
	double ours[BENCH_RUNS], hand[BENCH_RUNS], ratio[BENCH_RUNS];
	for (int i = 0; i < BENCH_RUNS; i++) {
		bench_sql(b, "DROP TABLE IF EXISTS public.by_hand");
		double start = bench_now();
		bench_sql(b, "CREATE TABLE public.by_hand AS SELECT date_bin('1 minute', ts, '1970-01-01 00:00:00+00') AS m, k, "
		             "count(*) AS n, sum(v) AS total FROM lk.log_hits GROUP BY 1, 2");
		hand[i] = bench_now() - start;
		ours[i] = whole_batch(b);
		ratio[i] = ours[i] / hand[i];
	}
	check(b);
	double r = bench_median(ratio, BENCH_RUNS);
	bench_report(b, r <= 1.3, "in SQL: %.2f s, %.2f times the CREATE TABLE AS by hand (%.2f s; goal: at most 1.3)",
	             bench_median(ours, BENCH_RUNS), r, bench_median(hand, BENCH_RUNS));
}

static void by_fold(bench *b) {
	double ours[BENCH_RUNS], copy[BENCH_RUNS], ratio[BENCH_RUNS];
	bench_sql(b, "UPDATE lk.version SET fold_only = true");
	for (int i = 0; i < BENCH_RUNS; i++) {
		copy[i] = bench_copy_out(b, "SELECT ts, k, v FROM lk.log_hits", NULL);
		ours[i] = whole_batch(b);
		ratio[i] = ours[i] / copy[i];
	}
	check(b);
	double r = bench_median(ratio, BENCH_RUNS);
	bench_report(b, r <= 2.5, "folded in C: %.2f s, %.2f times the bare COPY of the range (%.2f s; goal: at most 2.5)",
	             bench_median(ours, BENCH_RUNS), r, bench_median(copy, BENCH_RUNS));
}

void bench_batch(bench *b) {
	bench_title("batch: 1,000,000 events in 4 partitions, 1,000 keys, 167 minutes");
	load(b);
	by_sql(b);
	by_fold(b);
}
