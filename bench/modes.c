/* What each mode costs: the figures of lk compare, medians of several runs, compared with limits on the same rows: a
 * batch with the aggregation by hand, a replay with the bare COPY. */
#include "bench/bench.h"
#include "modes/comparison.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS = 1000000, RUNS = 3 };

static const char definition[] =
	"CREATE TABLE hits (ts timestamptz, k text, v bigint)\n"
	"  WITH (event_time = ts, partition_by = k, partitions = 4);\n"
	"CREATE VIEW per_minute AS SELECT k, count(*) AS n, sum(v) AS total FROM hits GROUP BY k, tumble(ts, '1 minute');\n";

typedef struct figures {
	double build[RUNS], redis[RUNS], postgres[RUNS], recover[RUNS], again[RUNS];
} figures;

static void load(bench *b) {
	test_servers_clear(&b->servers);
	bench_define(b, definition);
	char *csv = bench_csv(b, "csv", EVENTS, 1000);
	BENCH_LK(b, "ingest", "hits", "--format", "csv", csv);
	remove(csv);
	free(csv);
	bench_sql(b, "VACUUM ANALYZE lk.log_hits");
}

static void note(figures *f, int run, const lk_mode_cost *c) {
	f->build[run] = c->build_s;
	f->redis[run] = (double)c->redis_bytes / 1e6;
	f->postgres[run] = (double)c->postgres_bytes / 1e6;
	f->recover[run] = c->recover_s;
	f->again[run] = (double)c->recover_events;
}

static void compare(bench *b, int run, figures *lambda, figures *kappa) {
	const lk_replay_options o = {
		.postgres = b->servers.at.postgres, .redis = b->servers.at.redis, .view = "per_minute", .workers = 2,
		.limits = lk_stream_defaults,
	};
	lk_comparison c;
	lk_error err = {0};
	if (lk_compare_view(&o, true, &c, &err) != LK_OK) {
		bench_check(b, false, err.text);
		exit(1);
	}
	bench_check(b, lk_comparison_equal(&c) && c.events == EVENTS && c.sql_rows > 0, "lambda, kappa and plain SQL agree");
	note(lambda, run, &c.lambda);
	note(kappa, run, &c.kappa);
	lk_comparison_release(&c);
}

static double by_hand(bench *b) {
	bench_sql(b, "DROP TABLE IF EXISTS public.by_hand");
	double start = bench_now();
	bench_sql(b, "CREATE TABLE public.by_hand AS SELECT date_bin('1 minute', ts, '1970-01-01 00:00:00+00') AS m, k, "
	             "count(*) AS n, sum(v) AS total FROM lk.log_hits GROUP BY 1, 2");
	return bench_now() - start;
}

static void row(const char *what, const char *unit, double *lambda, double *kappa) {
	printf("       %-34s %12.3f %12.3f  %s\n", what, bench_median(lambda, RUNS), bench_median(kappa, RUNS), unit);
}

void bench_modes(bench *b) {
	bench_title("modes: what lambda and kappa cost, 1,000,000 events in 4 partitions, 1,000 keys, 167 minutes");
	load(b);
	figures lambda, kappa;
	double hand[RUNS], copy[RUNS], hand_ratio[RUNS], copy_ratio[RUNS];
	for (int i = 0; i < RUNS; i++) {
		hand[i] = by_hand(b);
		copy[i] = bench_copy_out(b, "SELECT off, _at, ts, k, v FROM lk.log_hits ORDER BY part, off", NULL);
		compare(b, i, &lambda, &kappa);
		hand_ratio[i] = lambda.build[i] / hand[i];
		copy_ratio[i] = copy[i] / kappa.build[i];
	}
	printf("       %-34s %12s %12s\n", "", "lambda", "kappa");
	row("build, until it answers", "s", lambda.build, kappa.build);
	row("in Redis", "MB", lambda.redis, kappa.redis);
	row("in PostgreSQL", "MB", lambda.postgres, kappa.postgres);
	row("recovery of an empty Redis", "s", lambda.recover, kappa.recover);
	row("events streamed to recover", "events", lambda.again, kappa.again);
	bench_report(b, true, "lambda's build: %.2f times the CREATE TABLE AS by hand (%.2f s)", bench_median(hand_ratio, RUNS),
	             bench_median(hand, RUNS));
	bench_report(b, true, "kappa's build: %.2f of the bare COPY (%.2f s)", bench_median(copy_ratio, RUNS),
	             bench_median(copy, RUNS));
}
