/* From an event's arrival to an answer that counts it, while 10,000 events/s arrive: through `lk ingest` (a pipe), the
 * log, `lk speed`, Redis and the serving layer. */
#include "bench/bench.h"
#include "serving/answer.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RATE = 10000, TICK_MS = 5, SECONDS = 15, PROBE_EVERY_TICKS = 20 };
enum { PROBES = SECONDS * 1000 / TICK_MS / PROBE_EVERY_TICKS };

static const char definition[] =
	"CREATE TABLE hits (ts timestamptz, k text, v bigint) WITH (event_time = ts, partition_by = k, partitions = 2);\n"
	"CREATE VIEW per_minute AS SELECT k, count(*) AS n, sum(v) AS total FROM hits GROUP BY k, tumble(ts, '1 minute');\n";

static pid_t start_ingest(int *input) {
	int pipe_fd[2];
	if (pipe(pipe_fd) != 0)
		exit(1);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(pipe_fd[0], 0);
		close(pipe_fd[0]);
		close(pipe_fd[1]);
		int null = open("/dev/null", O_WRONLY);
		dup2(null, 1);
		dup2(null, 2);
		const char *bin = getenv("LK_BIN");
		execl(bin ? bin : "build/plain/lk", "lk", "ingest", "hits", "-", "--format", "csv", (char *)NULL);
		_exit(127);
	}
	close(pipe_fd[0]);
	*input = pipe_fd[1];
	return pid;
}

/* Writes RATE * TICK events and sometimes a probe with its own key; the times of the probes go to sent[]. */
static void feed(int input, double *sent) {
	lk_buf text = LK_BUF_INIT;
	lk_buf_adds(&text, "ts,k,v\n");
	double start = bench_now();
	for (int tick = 0, probe = 0; tick < SECONDS * 1000 / TICK_MS; tick++) {
		for (int i = 0; i < RATE * TICK_MS / 1000; i++)
			lk_buf_addf(&text, "2024-01-01T00:%02d:%02dZ,k%d,1\n", tick / 12000, tick / 200 % 60, (tick * 50 + i) % 1000);
		bool probing = tick % PROBE_EVERY_TICKS == PROBE_EVERY_TICKS - 1;
		if (probing)
			lk_buf_addf(&text, "2024-01-01T00:00:00Z,probe%d,1\n", probe);
		double due = start + tick * TICK_MS / 1e3, wait = due - bench_now();
		if (wait > 0)
			nanosleep(&(struct timespec){0, (long)(wait * 1e9)}, NULL);
		if (probing)
			sent[probe++] = bench_now();
		if (write(input, text.data, text.len) != (ssize_t)text.len)
			_exit(1);
		lk_buf_clear(&text);
	}
	lk_buf_release(&text);
}

static bool visible(bench *b, lk_pg *pg, lk_store *store, int probe) {
	char key[32];
	snprintf(key, sizeof key, "probe%d", probe);
	lk_where where = {.column = "k", .text = key};
	lk_query q = {.view = "per_minute", .where = &where, .nwhere = 1, .from = INT64_MIN, .to = INT64_MAX};
	lk_answer a;
	lk_error err = {0};
	if (lk_answer_make(pg, store, NULL, &q, &a, &err) != LK_OK) {
		bench_check(b, false, err.text);
		return true;
	}
	bool there = a.nrows == 1;
	lk_answer_release(&a);
	return there;
}

static void measure(bench *b, const char *mode) {
	test_servers_clear(&b->servers);
	bench_define(b, definition);
	BENCH_LK(b, "mode", "per_minute", mode);
	int speed = test_lk_start(&b->servers, NULL, (const char *const[]){"speed", NULL});
	int input, times[2];
	if (pipe(times) != 0)
		exit(1);
	pid_t ingest = start_ingest(&input);
	pid_t feeder = fork();
	if (feeder == 0) {
		double sent[PROBES];
		feed(input, sent);
		_exit(write(times[1], sent, sizeof sent) != (ssize_t)sizeof sent);
	}
	close(input);
	lk_store *store;
	lk_error err = {0};
	char *log_id = bench_sql_text(b, "SELECT log_id FROM lk.meta");
	if (lk_store_open(&store, b->servers.at.redis, log_id, &err) != LK_OK) {
		bench_check(b, false, err.text);
		return;
	}
	double seen[PROBES], sent[PROBES], latency[PROBES], deadline = bench_now() + SECONDS + 30;
	for (int i = 0; i < PROBES; i++) {
		while (!visible(b, &b->pg, store, i) && bench_now() < deadline)
			nanosleep(&(struct timespec){0, 1000000}, NULL);
		seen[i] = bench_now();
	}
	if (read(times[0], sent, sizeof sent) != (ssize_t)sizeof sent)
		exit(1);
	for (int i = 0; i < PROBES; i++)
		latency[i] = (seen[i] - sent[i]) * 1e3;
	waitpid(feeder, NULL, 0);
	waitpid(ingest, NULL, 0);
	kill(speed, SIGTERM);
	test_lk_wait(speed, 10000);
	lk_store_close(store);
	free(log_id);
	double p99 = bench_percentile(latency, PROBES, 0.99);
	bench_report(b, p99 < 100, "%s, %d probes: p50 %.1f ms, p99 %.1f ms, largest %.1f ms (goal: p99 under 100)", mode,
	             PROBES, bench_percentile(latency, PROBES, 0.5), p99, bench_percentile(latency, PROBES, 1));
}

void bench_latency(bench *b) {
	bench_title("latency: event to visible answer at 10,000 events/s, the whole way");
	measure(b, "lambda");
	measure(b, "kappa");
}
