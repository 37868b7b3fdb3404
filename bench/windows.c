/* What views cost: the stream path with hopping windows, with sessions, with many aggregates and with arithmetic over
 * them, each compared with the tumbling view of the same events in the same run; memory of sketches in Redis; and a thousand windows merged from
 * their panes. BENCH_EVENTS=n: fewer events. */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view_store/store.h"

enum { EVENTS = 1000000, KEYS = 100, SKETCHES = 100000, TIMES = 41, WINDOWS = 1000, ASKED_KEYS = 57 };

/* 1,000 events a second. u is a visitor: 1,000 of them at a time, each for 100 seconds and then never again. */
static const char definition[] =
	"CREATE TABLE hits (ts timestamptz, k text, u bigint, v bigint) WITH (event_time = ts, partition_by = k, partitions = 1);\n"
	"CREATE VIEW minutes AS SELECT k, count(*) AS n, sum(v) AS total FROM hits GROUP BY k, tumble(ts, '1 minute');\n"
	"CREATE VIEW hops AS SELECT k, count(*) AS n, sum(v) AS total FROM hits GROUP BY k, hop(ts, '1 s', '1 minute');\n"
	"CREATE VIEW shares AS SELECT k, count(*) AS n, sum(v) / count(*) AS mean, CASE WHEN count(*) > 100 THEN sum(v) * 2.5 ELSE 0 END AS big"
	" FROM hits GROUP BY k, tumble(ts, '1 minute') ORDER BY mean DESC;\n"
	"CREATE VIEW one AS SELECT k, count(*) AS n FROM hits GROUP BY k, tumble(ts, '1 minute');\n"
	"CREATE VIEW ten AS SELECT k, count(*) AS n, count(v) AS c, sum(v) AS s, min(v) AS lo, max(v) AS hi, avg(v) AS mean,"
	" stddev_pop(v) AS dev, first(v) AS f, last(v) AS l, count(*) FILTER (WHERE v < 500) AS few FROM hits GROUP BY k, tumble(ts, '1 minute');\n"
	"CREATE VIEW visitors AS SELECT u, count(*) AS n, sum(v) AS total FROM hits GROUP BY u, tumble(ts, '1 minute');\n"
	"CREATE VIEW visits AS SELECT u, count(*) AS n, sum(v) AS total FROM hits GROUP BY u, session(ts, '30 s');\n";

static long events_wanted(void) {
	const char *given = getenv("BENCH_EVENTS");
	long n = given ? atol(given) : EVENTS;
	return n < 1000 ? 1000 : n;
}

static void write_events(const char *path, long from, long to, unsigned long keys) {
	FILE *f = fopen(path, "w");
	if (!f) {
		perror(path);
		exit(1);
	}
	fputs("ts,k,u,v\n", f);
	for (long i = from; i < to; i++)
		fprintf(f, "2024-01-01T%02ld:%02ld:%02ld.%03ldZ,k%lu,%ld,%ld\n", i / 3600000, i / 60000 % 60, i / 1000 % 60, i % 1000,
		        (unsigned long)i * 2654435761UL % keys, i / 100000 * 1000 + i % 1000, i % 1000);
	fclose(f);
}

static void ingest(bench *b, long from, long to, unsigned long keys) {
	char *csv = bench_file(b, "csv");
	write_events(csv, from, to, keys);
	BENCH_LK(b, "ingest", "hits", "--format", "csv", csv);
	remove(csv);
	free(csv);
}

/* Compares the view's rows with PostgreSQL's result of the same query: their number, and the sum of their first
 * numbers. */
static void check(bench *b, const char *view, const char *oracle) {
	char *out = NULL;
	test_lk(&b->servers, NULL, &out, NULL, (const char *const[]){"query", view, "--format", "csv", NULL});
	long long rows = 0, n = 0, x;
	for (char *line = strchr(out, '\n'); line && line[1]; line = strchr(line + 1, '\n'))
		if (sscanf(line + 1, "%*[^,],%*[^,],%*[^,],%lld", &x) == 1)
			rows++, n += x;
	char *got = lk_asprintf("%lld %lld", rows, n), *want = bench_sql_text(b, "SELECT count(*) || ' ' || sum(n) FROM (%s) AS q", oracle);
	if (strcmp(got, want))
		fprintf(stderr, "%s: %s, not %s\n", view, got, want);
	bench_check(b, strcmp(got, want) == 0, view);
	free(out);
	free(got);
	free(want);
}

static double drain(bench *b, const char *view) {
	test_redis_empty(&b->servers);
	return BENCH_LK(b, "speed", "--once", "--view", view).seconds;
}

typedef struct pair {
	const char *what, *view, *other;   /* the view beside another one */
	double goal;                       /* share of the other's rate */
	const char *oracle;
} pair;

static void beside(bench *b, const pair *p, long events) {
	double a[BENCH_RUNS], z[BENCH_RUNS], ratio[BENCH_RUNS];
	for (int i = 0; i < BENCH_RUNS; i++) {
		z[i] = drain(b, p->other);
		a[i] = drain(b, p->view);
		ratio[i] = z[i] / a[i];
	}
	check(b, p->view, p->oracle);
	double r = bench_median(ratio, BENCH_RUNS);
	bench_report(b, r >= p->goal, "%s: %.2f M events/s, %.2f of the rate of %s (%.2f M events/s; goal: %.1f)",
	             p->what, (double)events / bench_median(a, BENCH_RUNS) / 1e6, r, p->other,
	             (double)events / bench_median(z, BENCH_RUNS) / 1e6, p->goal);
}

static void drains(bench *b, long events) {
	bench_define(b, definition);
	ingest(b, 0, events, KEYS);
	bench_sql(b, "VACUUM ANALYZE lk.part_hits_0");
	static const pair pairs[] = {
		{"hops of a minute, one a second", "hops", "minutes", 0.8,
		 "SELECT count(*) AS n FROM lk.log_hits CROSS JOIN generate_series(0, 59) i"
		 " GROUP BY k, date_trunc('second', ts) - i * interval '1 s'"},
		{"arithmetic over aggregates, after the merge", "shares", "minutes", 0.9,
		 "SELECT count(*) AS n FROM lk.log_hits GROUP BY k, date_trunc('minute', ts)"},
		{"ten aggregates", "ten", "one", 0.6, "SELECT count(*) AS n FROM lk.log_hits GROUP BY k, date_trunc('minute', ts)"},
		{"sessions", "visits", "visitors", 0.5, "SELECT count(*) AS n FROM lk.log_hits GROUP BY u"},
	};
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		beside(b, &pairs[i], events);
}

static char *second(bench *b, long s) {
	return bench_sql_text(b, "SELECT to_char(timestamptz '2024-01-01Z' + interval '1 s' * %ld, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')", s);
}

static long lines_of(bench *b, const char *const *argv) {
	char *out = NULL;
	long lines = 0;
	test_lk(&b->servers, NULL, &out, NULL, argv);
	for (char *p = out; (p = strchr(p, '\n')); p++)
		lines++;
	free(out);
	return lines;
}

/* 60,000 cells of a second each, half of them in each layer, as in the case `query`. */
static void queries(bench *b) {
	double many[TIMES], few[TIMES], limit[TIMES], nothing[TIMES];
	long seconds = WINDOWS + 60;
	test_servers_clear(&b->servers);
	bench_define(b, definition);
	ingest(b, 0, seconds / 2 * 1000, ASKED_KEYS);
	BENCH_LK(b, "batch", "hops");
	ingest(b, seconds / 2 * 1000, seconds * 1000, ASKED_KEYS);
	BENCH_LK(b, "speed", "--once", "--view", "hops");
	char *from = second(b, 0), *to = second(b, WINDOWS), *middle = second(b, WINDOWS / 2), *soon = second(b, WINDOWS / 2 + 60);
	for (int i = 0; i < TIMES; i++) {
		nothing[i] = BENCH_LK(b, "version").seconds;
		limit[i] = bench_shell(b, "exec $psql -X -q '%s' -c 'SELECT 1'", b->servers.at.postgres).seconds;
		few[i] = BENCH_LK(b, "query", "hops", "--where", "k=k7", "--from", middle, "--to", soon).seconds;
		many[i] = BENCH_LK(b, "query", "hops", "--where", "k=k7", "--from", from, "--to", to).seconds;
	}
	long n = lines_of(b, (const char *const[]){"query", "hops", "--where", "k=k7", "--from", from, "--to", to, "--format", "jsonl", NULL});
	bench_check(b, n == WINDOWS, "windows of one key");
	double ms = bench_median(many, TIMES) * 1e3;
	bench_report(b, ms < 20, "query: %d hopping windows of one key in %.1f ms, 60 of them in %.1f ms (psql with SELECT 1: %.1f ms, lk version: %.1f ms; "
	             "goal: under 20)", WINDOWS, ms, bench_median(few, TIMES) * 1e3, bench_median(limit, TIMES) * 1e3, bench_median(nothing, TIMES) * 1e3);
	free(from);
	free(to);
	free(middle);
	free(soon);
}

static long long redis_bytes(bench *b) {
	char *log_id = bench_sql_text(b, "SELECT log_id FROM lk.meta");
	lk_store *store = NULL;
	lk_store_usage usage = {0};
	lk_error err = {0};
	int rc = lk_store_open(&store, b->servers.at.redis, log_id, &err);
	if (rc == LK_OK)
		rc = lk_store_usage_read(store, &usage, &err);
	bench_check(b, rc == LK_OK, err.text);
	lk_store_close(store);
	free(log_id);
	return usage.used_bytes;
}

/* One sketch per key, of ten events with about as many distinct values. */
static void sketches(bench *b, long events) {
	long n = events / 10 < SKETCHES ? events / 10 : SKETCHES;
	test_servers_clear(&b->servers);
	bench_define(b, "CREATE TABLE visits (ts timestamptz, k text, u bigint) WITH (event_time = ts, partition_by = k, partitions = 1);\n"
	                "CREATE VIEW distinct_visitors AS SELECT k, approx_count_distinct(u) AS n FROM visits GROUP BY k;\n");
	char *csv = bench_file(b, "csv");
	FILE *f = fopen(csv, "w");
	fputs("ts,k,u\n", f);
	for (long i = 0; i < 10 * n; i++)
		fprintf(f, "2024-01-01T00:00:00Z,k%ld,%lu\n", i % n, (unsigned long)i * 2654435761UL % 1000003);
	fclose(f);
	BENCH_LK(b, "ingest", "visits", "--format", "csv", csv);
	remove(csv);
	free(csv);
	long long before = redis_bytes(b);
	BENCH_LK(b, "speed", "--once");
	long long used = redis_bytes(b) - before;
	char *out = NULL;
	test_lk(&b->servers, NULL, &out, NULL, (const char *const[]){"query", "distinct_visitors", "--format", "csv", NULL});
	long rows = 0, off = 0, x;
	for (char *line = strchr(out, '\n'); line && line[1]; line = strchr(line + 1, '\n'))
		if (sscanf(line + 1, "%*[^,],%ld", &x) == 1)
			rows++, off += x != 10;
	bench_check(b, rows == n && off < n / 100, "so many keys with ten visitors each");
	free(out);
	double mib = (double)used / (1 << 20);
	bench_report(b, mib <= 256 * (double)n / SKETCHES, "%ld sketches of ten distinct values each: %.1f MiB in Redis (goal: 256 for %d)", n, mib, SKETCHES);
}

void bench_windows(bench *b) {
	long events = events_wanted();
	char *title = lk_asprintf("windows: %ld events, 1,000 a second, one partition", events);
	bench_title(title);
	free(title);
	drains(b, events);
	queries(b);
	sketches(b, events);
}
