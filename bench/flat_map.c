/* What a function in FROM costs: the drain of lines of eight words that a view takes apart and counts, beside the drain of a
 * plain view over as many events of one word each, so that both fold the same rows. */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 250000, WORDS = 8, VOCABULARY = 1000 };

static const char definition[] =
	"CREATE TABLE lines (ts timestamptz, line text) WITH (event_time = ts, partition_by = line, partitions = 1);\n"
	"CREATE TABLE words (ts timestamptz, word text) WITH (event_time = ts, partition_by = word, partitions = 1);\n"
	"CREATE VIEW of_lines AS SELECT word, count(*) AS n\n"
	"  FROM lines, regexp_split_to_table(lower(line), '\\W+') AS word WHERE word <> '' GROUP BY word, tumble(ts, '1 minute');\n"
	"CREATE VIEW of_words AS SELECT word, count(*) AS n FROM words GROUP BY word, tumble(ts, '1 minute');\n";

/* The same words in both files, in the same order: all of a line, or one. A line is 80 ms long. */
static char *write_words(bench *b, const char *name, int a_line) {
	char *path = bench_file(b, name);
	FILE *f = fopen(path, "w");
	fputs(a_line > 1 ? "ts,line\n" : "ts,word\n", f);
	for (long i = 0; f && i < (long)LINES * WORDS; i++) {
		long ms = i / WORDS * 80, word = i * 7919 % 1000003 % VOCABULARY;
		if (i % a_line == 0)
			fprintf(f, "2024-01-01T%02ld:%02ld:%02ld.%03ldZ,", ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
		fprintf(f, "%cord%ld%c", a_line > 1 && i % a_line == 0 ? 'W' : 'w', word, i % a_line == a_line - 1 ? '\n' : ' ');
	}
	bench_check(b, f && fclose(f) == 0, "write the words");
	return path;
}

static void load(bench *b, const char *stream, int a_line) {
	char *path = write_words(b, stream, a_line);
	BENCH_LK(b, "ingest", stream, "--format", "csv", path);
	remove(path);
	free(path);
}

/* Seconds from offset 0 to the end of the log. */
static double drain(bench *b, const char *view) {
	double seconds[BENCH_RUNS];
	for (int i = 0; i < BENCH_RUNS; i++) {
		test_redis_empty(&b->servers);
		seconds[i] = BENCH_LK(b, "speed", "--once", "--view", view).seconds;
	}
	return bench_median(seconds, BENCH_RUNS);
}

/* All rows. */
static char *answer(bench *b, const char *view) {
	char *out = NULL;
	test_lk(&b->servers, NULL, &out, NULL, (const char *const[]){"query", view, "--format", "csv", NULL});
	return out;
}

void bench_flat_map(bench *b) {
	bench_title("flat-map: lines of eight words that a view takes apart, and the same words as events");
	test_servers_clear(&b->servers);
	bench_define(b, definition);
	load(b, "lines", WORDS);
	load(b, "words", 1);
	bench_sql(b, "VACUUM ANALYZE lk.part_lines_0, lk.part_words_0");
	double plain = drain(b, "of_words");
	char *of_words = answer(b, "of_words");
	double taken_apart = drain(b, "of_lines");
	char *of_lines = answer(b, "of_lines");
	bench_check(b, strlen(of_lines) > 1000 && strcmp(of_lines, of_words) == 0, "both views have the same rows");
	free(of_words);
	free(of_lines);
	double rows = (double)LINES * WORDS;
	bench_report(b, plain / taken_apart >= 0.5, "%.2f M rows/s (%.2f M lines/s), %.2f of the plain view's %.2f M rows/s (goal: 0.5)",
	             rows / taken_apart / 1e6, LINES / taken_apart / 1e6, plain / taken_apart, rows / plain / 1e6);
}
