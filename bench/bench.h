/* `make bench`: each number with a check of its result, medians of RUNS, and beside each the limit that was measured
 * in the same run on the same rows. Servers are private, started and removed by the program. */
#ifndef LK_BENCH_BENCH_H
#define LK_BENCH_BENCH_H

#include <stdbool.h>

#include "event_log/pg.h"
#include "tests/support/servers.h"

enum { BENCH_RUNS = 5 };

typedef struct bench {
	test_servers servers;
	lk_pg pg;          /* for limits and checks */
	const char *data;  /* folder of real data, may not exist */
	int failed;        /* goals that were missed, results that were wrong */
} bench;

/* --- measuring --- */
typedef struct bench_usage {
	double seconds, cpu_seconds;
	long rss_kib;
} bench_usage;

double bench_now(void);                                   /* seconds, monotonic */
double bench_median(double *values, int n);               /* sorts */
double bench_percentile(double *values, int n, double p); /* sorts */
/* Runs ./lk with arguments, stdout and stderr to /dev/null (stdin from `input` where given); ends the bench if it fails. */
bench_usage bench_lk(bench *b, const char *input, const char *const *argv);
#define BENCH_LK(b, ...) bench_lk((b), NULL, (const char *const[]){"lk", __VA_ARGS__, NULL})
/* Runs a shell command the same way, for limits; $psql in it is PostgreSQL's own program, not Debian's wrapper in Perl. */
bench_usage bench_shell(bench *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --- SQL for set-up, limits and checks: ends the bench where it fails --- */
void bench_sql(bench *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *bench_sql_text(bench *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Reads a whole COPY … TO STDOUT (FORMAT binary) and throws it away; seconds. */
double bench_copy_out(bench *b, const char *select, int64_t *bytes);

/* --- input --- */
void bench_define(bench *b, const char *sql);             /* lk apply of a text */
char *bench_file(bench *b, const char *name);             /* a path in the scratch folder */
/* Events ts,k,v: one each 10 ms from 2024-01-01, keys k0 … k<keys-1> in a scattered order. Returns the path. */
char *bench_csv(bench *b, const char *name, long events, long keys);

/* --- reporting: one line each, and the verdict against a goal --- */
void bench_title(const char *text);
void bench_report(bench *b, bool good, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void bench_check(bench *b, bool right, const char *what); /* a wrong result: said, and the bench fails */

void bench_drain(bench *b);
void bench_ingest(bench *b);
void bench_batch(bench *b);
void bench_query(bench *b);
void bench_latency(bench *b);
void bench_replay(bench *b);
void bench_modes(bench *b);
void bench_windows(bench *b);

#endif
