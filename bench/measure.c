#include "bench/bench.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what) {
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

double bench_now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double bench_percentile(double *values, int n, double p) {
	qsort(values, (size_t)n, sizeof *values, by_value);
	int i = (int)ceil(p * n) - 1;
	return values[i < 0 ? 0 : i];
}

double bench_median(double *values, int n) { return bench_percentile(values, n, 0.5); }

static double seconds_of(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

static void redirect(const char *path, int flags, int to) {
	int fd = open(path, flags, 0600);
	if (fd < 0 || dup2(fd, to) < 0)
		_exit(127);
	close(fd);
}

static bench_usage run(bench *b, const char *input, const char *path, const char *const *argv) {
	char *log = bench_file(b, "stderr");
	double start = bench_now();
	pid_t pid = fork();
	if (pid == 0) {
		redirect(input ? input : "/dev/null", O_RDONLY, 0);
		redirect("/dev/null", O_WRONLY, 1);
		redirect(log, O_WRONLY | O_CREAT | O_TRUNC, 2);
		execv(path, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	int status = 0;
	struct rusage used;
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid)
		die("cannot run a command");
	bench_usage u = {bench_now() - start, seconds_of(used.ru_utime) + seconds_of(used.ru_stime), used.ru_maxrss};
	if (status != 0) {
		fprintf(stderr, "bench: failed with status %d:", status);
		for (int i = 0; argv[i]; i++)
			fprintf(stderr, " %s", argv[i]);
		fputc('\n', stderr);
		if (execlp("cat", "cat", log, (char *)NULL) < 0)
			exit(1);
	}
	free(log);
	return u;
}

bench_usage bench_lk(bench *b, const char *input, const char *const *argv) {
	const char *bin = getenv("LK_BIN");
	return run(b, input, bin ? bin : "build/plain/lk", argv);
}

bench_usage bench_shell(bench *b, const char *fmt, ...) {
	lk_buf text = LK_BUF_INIT;
	va_list ap;
	va_start(ap, fmt);
	lk_buf_vaddf(&text, fmt, ap);
	va_end(ap);
	bench_usage u = run(b, NULL, "/bin/sh", (const char *const[]){"sh", "-c", text.data, NULL});
	lk_buf_release(&text);
	return u;
}

static PGresult *query(bench *b, const char *fmt, va_list ap) {
	lk_buf sql = LK_BUF_INIT;
	lk_buf_vaddf(&sql, fmt, ap);
	PGresult *res = PQexec(b->pg.conn, sql.data);
	if (PQresultStatus(res) != PGRES_COMMAND_OK && PQresultStatus(res) != PGRES_TUPLES_OK) {
		fprintf(stderr, "bench: %s\n%s", sql.data, PQerrorMessage(b->pg.conn));
		exit(1);
	}
	lk_buf_release(&sql);
	return res;
}

void bench_sql(bench *b, const char *fmt, ...) {
	va_list ap;
	va_start(ap, fmt);
	PQclear(query(b, fmt, ap));
	va_end(ap);
}

char *bench_sql_text(bench *b, const char *fmt, ...) {
	va_list ap;
	va_start(ap, fmt);
	PGresult *res = query(b, fmt, ap);
	va_end(ap);
	char *text = lk_strdup(PQntuples(res) ? PQgetvalue(res, 0, 0) : "");
	PQclear(res);
	return text;
}

double bench_copy_out(bench *b, const char *select, int64_t *bytes) {
	lk_buf sql = LK_BUF_INIT;
	lk_buf_addf(&sql, "COPY (%s) TO STDOUT (FORMAT binary)", select);
	double start = bench_now();
	PGresult *res = PQexec(b->pg.conn, sql.data);
	if (PQresultStatus(res) != PGRES_COPY_OUT)
		die(PQerrorMessage(b->pg.conn));
	PQclear(res);
	int64_t total = 0;
	char *message;
	for (int n; (n = PQgetCopyData(b->pg.conn, &message, 0)) > 0; PQfreemem(message))
		total += n;
	while ((res = PQgetResult(b->pg.conn)))
		PQclear(res);
	lk_buf_release(&sql);
	if (bytes)
		*bytes = total;
	return bench_now() - start;
}

char *bench_file(bench *b, const char *name) { return lk_asprintf("%s/bench.%s", b->servers.dir, name); }

void bench_define(bench *b, const char *sql) {
	char *path = bench_file(b, "sql");
	FILE *f = fopen(path, "w");
	if (!f || fputs(sql, f) < 0 || fclose(f) != 0)
		die("cannot write a definition");
	BENCH_LK(b, "apply", path);
	free(path);
}

char *bench_csv(bench *b, const char *name, long events, long keys) {
	char *path = bench_file(b, name);
	FILE *f = fopen(path, "w");
	if (!f)
		die("cannot write input");
	fputs("ts,k,v\n", f);
	for (long i = 0; i < events; i++) {
		long ms = i * 10;
		unsigned long scattered = (unsigned long)i * 2654435761UL % (unsigned long)keys;
		fprintf(f, "2024-01-%02ldT%02ld:%02ld:%02ld.%03ldZ,k%lu,%ld\n", 1 + ms / 86400000, ms / 3600000 % 24,
		        ms / 60000 % 60, ms / 1000 % 60, ms % 1000, scattered, i % 1000);
	}
	if (fclose(f) != 0)
		die("cannot write input");
	return path;
}

void bench_title(const char *text) { printf("\n%s\n", text); fflush(stdout); }

void bench_report(bench *b, bool good, const char *fmt, ...) {
	va_list ap;
	va_start(ap, fmt);
	printf("  %s ", good ? "ok  " : "MISS");
	vprintf(fmt, ap);
	putchar('\n');
	fflush(stdout);
	va_end(ap);
	b->failed += !good;
}

void bench_check(bench *b, bool right, const char *what) {
	if (!right)
		bench_report(b, false, "wrong result: %s", what);
}
