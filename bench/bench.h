/* `make bench`: medians of several runs with a check of each result, beside a limit measured in the same run on the
 * same rows. The program starts and removes its private servers. */
#ifndef LK_BENCH_BENCH_H
#define LK_BENCH_BENCH_H

#include <stdbool.h>

#include "postgres/pg.h"
#include "tests/support/servers.h"

enum { BENCH_RUNS = 5 };

typedef struct bench {
	test_servers servers;
	lk_pg pg;          /* for limits and checks */
	const char *data;  /* folder of real data, may not exist */
	int failed;        /* missed goals and wrong results */
} bench;

/* --- measuring --- */
typedef struct bench_usage {
	double seconds, cpu_seconds;
	long rss_kib;
} bench_usage;

double bench_now(void);                                   /* seconds, monotonic */
double bench_median(double *values, int n);               /* sorts */
double bench_percentile(double *values, int n, double p); /* sorts */
/* Runs ./lk with arguments, stdout and stderr to /dev/null, stdin from `input` if given; ends the bench if it fails. */
bench_usage bench_lk(bench *b, const char *input, const char *const *argv);
#define BENCH_LK(b, ...) bench_lk((b), NULL, (const char *const[]){"lk", __VA_ARGS__, NULL})
/* Runs a shell command the same way, for limits; $psql in it is PostgreSQL's own program, not Debian's Perl wrapper. */
bench_usage bench_shell(bench *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --- SQL for set-up, limits and checks: ends the bench if it fails --- */
void bench_sql(bench *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *bench_sql_text(bench *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Reads and discards a whole COPY … TO STDOUT (FORMAT binary); returns seconds. */
double bench_copy_out(bench *b, const char *select, int64_t *bytes);

/* --- input --- */
void bench_define(bench *b, const char *sql);             /* lk apply of a text */
char *bench_file(bench *b, const char *name);             /* a path in the scratch folder */
/* Writes events ts,k,v: one every 10 ms from 2024-01-01, keys k0 … k<keys-1> in a scattered order. Returns the path. */
char *bench_csv(bench *b, const char *name, long events, long keys);

/* View per_minute, of 1,000 keys in 60 windows, half of each key's in either layer (bench/query.c). */
void bench_point_view(bench *b);

/* --- reporting: one line each, and the verdict against a goal --- */
void bench_title(const char *text);
void bench_report(bench *b, bool good, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void bench_check(bench *b, bool right, const char *what); /* a wrong result is printed, and the bench fails */

void bench_drain(bench *b);
void bench_filter(bench *b);
void bench_flat_map(bench *b);
void bench_derived(bench *b);
void bench_moving(bench *b);
void bench_ingest(bench *b);
void bench_batch(bench *b);
void bench_query(bench *b);
void bench_serve(bench *b);
void bench_latency(bench *b);
void bench_replay(bench *b);
void bench_modes(bench *b);
void bench_windows(bench *b);

#endif
