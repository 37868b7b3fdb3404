/* Files to the log: compared with psql's \copy of the same rows into a table of the same shape. */
#include "bench/bench.h"
#include "formats/json.h"
#include "sql/sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { EVENTS = 1000000 };

static const char definition[] =
	"CREATE TABLE hits (ts timestamptz, k text, v bigint) WITH (event_time = ts, partition_by = k, partitions = 1);\n"
	"CREATE TABLE web (ts timestamptz, ip text, path text, status int, bytes bigint)\n"
	"  WITH (event_time = ts, partition_by = ip, partitions = 2);\n";

static void check_count(bench *b, const char *table, long want) {
	char *n = bench_sql_text(b, "SELECT count(*) FROM %s", table);
	bench_check(b, atol(n) == want, table);
	free(n);
}

static void csv(bench *b) {
	char *file = bench_csv(b, "csv", EVENTS, 1000);
	double ours[BENCH_RUNS], limit[BENCH_RUNS], ratio[BENCH_RUNS];
	for (int i = 0; i < BENCH_RUNS; i++) {
		test_servers_clear(&b->servers);
		bench_define(b, definition);
		bench_sql(b, "DROP TABLE IF EXISTS public.same_rows");
		bench_sql(b, "CREATE TABLE public.same_rows (part int DEFAULT 0, off bigint GENERATED ALWAYS AS IDENTITY, "
		             "_at timestamptz NOT NULL DEFAULT now(), ts timestamptz NOT NULL, k text COLLATE \"C\", v bigint, "
		             "PRIMARY KEY (part, off))");
		limit[i] = bench_shell(b, "$psql -X -q '%s' -c '\\copy public.same_rows (ts, k, v) from %s csv header'",
		                       b->servers.at.postgres, file).seconds;
		ours[i] = BENCH_LK(b, "ingest", "hits", "--format", "csv", file).seconds;
		ratio[i] = limit[i] / ours[i];
	}
	check_count(b, "lk.log_hits", EVENTS);
	double r = bench_median(ratio, BENCH_RUNS);
	bench_report(b, r >= 0.7, "csv: %.2f M events/s, %.2f of psql \\copy of the same rows (%.2f M rows/s; goal: 0.7)",
	             EVENTS / bench_median(ours, BENCH_RUNS) / 1e6, r, EVENTS / bench_median(limit, BENCH_RUNS) / 1e6);
	remove(file);
	free(file);
}

static char *web_lines(bench *b) {
	char *path = bench_file(b, "jsonl");
	FILE *f = fopen(path, "w");
	for (long i = 0; f && i < EVENTS; i++)
		fprintf(f, "{\"ts\":\"2024-01-01T%02ld:%02ld:%02ld.%03ldZ\",\"ip\":\"10.0.%03ld.%03ld\",\"path\":\"/page/%03ld\","
		           "\"status\":200,\"bytes\":%ld,\"ok\":true}\n", i / 360000 % 24, i / 6000 % 60, i / 100 % 60,
		           i % 100 * 10, i * 7 % 251, i * 13 % 241, i * 31 % 997, 10000 + i % 90000);
	if (!f || fclose(f) != 0)
		exit(1);
	return path;
}

static void jsonl(bench *b) {
	char *file = web_lines(b);
	double ours[BENCH_RUNS];
	for (int i = 0; i < BENCH_RUNS; i++) {
		test_servers_clear(&b->servers);
		bench_define(b, definition);
		ours[i] = BENCH_LK(b, "ingest", "web", "--format", "jsonl", file).seconds;
	}
	check_count(b, "lk.log_web", EVENTS);
	double rate = EVENTS / bench_median(ours, BENCH_RUNS);
	bench_report(b, rate >= 400000, "jsonl, 110-byte lines: %.0f events/s (goal: 400,000)", rate);
	remove(file);
	free(file);
}

static lk_buf unzip(const char *path) {
	lk_buf text = LK_BUF_INIT;
	gzFile z = gzopen(path, "rb");
	for (int n = 1; z && n > 0;) {
		lk_buf_grow(&text, 1 << 20);
		n = gzread(z, text.data + text.len, 1 << 20);
		text.len += n > 0 ? (size_t)n : 0;
	}
	if (z)
		gzclose(z);
	return text;
}

static long scan_all(lk_json_scanner *j, const lk_buf *text, const lk_stream *s) {
	lk_value row[LK_MAX_COLUMNS];
	lk_arena arena = {0};
	long events = 0;
	for (const char *p = text->data, *end = p + text->len; p < end;) {
		const char *line_end = memchr(p, '\n', (size_t)(end - p));
		lk_misfit why;
		if (!line_end)
			line_end = end;
		events += lk_json_scan(j, p, (size_t)(line_end - p), &arena, row, &why) == 0 && !lk_is_null(&row[s->schema.event_time]);
		lk_arena_clear(&arena);
		p = line_end + 1;
	}
	lk_arena_release(&arena);
	return events;
}

static void scanner(bench *b) {
	static const char sql[] = "CREATE TABLE gh (created_at timestamptz, type text, \"actor.login\" text)"
	                          " WITH (event_time = created_at, partition_by = type)";
	char *path = lk_asprintf("%s/github-2015-01-01-00.jsonl.gz", b->data);
	lk_buf text = access(path, R_OK) == 0 ? unzip(path) : (lk_buf)LK_BUF_INIT;
	free(path);
	if (!text.len) {
		printf("  skip scanner: github-2015-01-01-00.jsonl.gz not found (LK_TEST_DATA)\n");
		return;
	}
	lk_definitions d;
	if (lk_sql_parse(sql, sizeof sql - 1, NULL, &d) != LK_OK)
		exit(1);
	lk_json_scanner *j = lk_json_scanner_new(&d.items[0].stream->schema);
	double mb_s[BENCH_RUNS], bare[BENCH_RUNS];
	long events = 0, lines = 0;
	for (int i = 0; i < BENCH_RUNS; i++) {
		double start = bench_now();
		lines = 0;
		for (const char *p = text.data; (p = memchr(p, '\n', (size_t)(text.data + text.len - p))); p++)
			lines++;
		bare[i] = (double)text.len / 1e6 / (bench_now() - start);
		start = bench_now();
		events = scan_all(j, &text, d.items[0].stream);
		mb_s[i] = (double)text.len / 1e6 / (bench_now() - start);
	}
	bench_check(b, events == lines, "every GitHub event is read");
	double rate = bench_median(mb_s, BENCH_RUNS);
	bench_report(b, rate >= 300, "scanner, GitHub events of 2.3 kB, three paths: %.0f MB/s (memchr for line ends alone: %.0f MB/s; goal: 300)",
	             rate, bench_median(bare, BENCH_RUNS));
	lk_json_scanner_free(j);
	lk_definitions_release(&d);
	lk_buf_release(&text);
}

void bench_ingest(bench *b) {
	bench_title("ingest: files to the log");
	csv(b);
	jsonl(b);
	scanner(b);
}
