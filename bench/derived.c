/* What a derived stream costs: the log that a map and a filter fill, beside INSERT … SELECT by hand into a table like that
 * log, with its primary key. */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS = 2000000 };

#define ROWS "ts, k, v * 2 AS twice, upper(k) AS name FROM"
#define WHERE "WHERE v % 2 = 0"

static double by_lk(bench *b) {
	double seconds[BENCH_RUNS];
	for (int i = 0; i < BENCH_RUNS; i++) {
		bench_define(b, "CREATE TABLE even WITH (event_time = ts) AS SELECT " ROWS " hits " WHERE ";\n");
		seconds[i] = BENCH_LK(b, "speed", "--once").seconds;
		if (i < BENCH_RUNS - 1)
			BENCH_LK(b, "drop", "--stream", "even", "--yes");
	}
	return bench_median(seconds, BENCH_RUNS);
}

static double by_hand(bench *b) {
	double seconds[BENCH_RUNS];
	bench_sql(b, "CREATE TABLE lk.by_hand (part int NOT NULL, off bigint NOT NULL, _at timestamptz NOT NULL, _src bigint NOT NULL, _high timestamptz,"
	             " ts timestamptz NOT NULL, k text COLLATE \"C\", twice bigint, name text COLLATE \"C\", PRIMARY KEY (part, off))");
	for (int i = 0; i < BENCH_RUNS; i++) {
		bench_sql(b, "TRUNCATE lk.by_hand");
		double began = bench_now();
		bench_sql(b, "INSERT INTO lk.by_hand SELECT part, row_number() OVER (ORDER BY off) - 1, _at, off, ts, %s lk.part_hits_0 %s ORDER BY off", ROWS, WHERE);
		seconds[i] = bench_now() - began;
	}
	return bench_median(seconds, BENCH_RUNS);
}

void bench_derived(bench *b) {
	bench_title("derived stream: a map and a filter into a log, and by hand");
	test_servers_clear(&b->servers);
	bench_define(b, "CREATE TABLE hits (ts timestamptz, k text, v bigint)\n"
	                "  WITH (event_time = ts, partition_by = k, partitions = 1);\n");
	char *csv = bench_csv(b, "csv", EVENTS, 1000);
	BENCH_LK(b, "ingest", "hits", "--format", "csv", csv);
	remove(csv);
	free(csv);
	bench_sql(b, "VACUUM ANALYZE lk.part_hits_0");
	double lk = by_lk(b), hand = by_hand(b);
	char *differ = bench_sql_text(b, "SELECT count(*) FROM lk.log_even AS e FULL JOIN lk.by_hand AS h USING (part, off)"
	                                 " WHERE (e.ts, e.k, e.twice, e.name, e._src) IS DISTINCT FROM (h.ts, h.k, h.twice, h.name, h._src)");
	bench_check(b, strcmp(differ, "0") == 0, "both tables have the same rows");
	free(differ);
	bench_report(b, lk * 0.6 <= hand, "2,000,000 events, half of them pass: %.2f s, by hand %.2f s: %.2f of its speed (goal: 0.6)", lk, hand, hand / lk);
}
