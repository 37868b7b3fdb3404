/* Appends that fail, lose their sessions and start again, readers that follow, and cuts: offsets stay dense, nothing is
 * lost or doubled, no reader skips an event, and every fetch beyond a cut has seen the cut. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/tail.h"
#include "tests/support/log.h"

enum { PARTITIONS = 2, APPENDERS = 4, BATCHES = 120, READERS = 2, MAX_CUTS = 2000, MAX_FETCHES = 200000, DEADLINE_MS = 60000 };

static test_servers servers;
static atomic_int appenders_left;
static atomic_llong appended;
static atomic_int pids[APPENDERS];

struct appender {
	test_log *log;
	int number;
	unsigned long random;
	int64_t acknowledged;
	int refused, lost;
	lk_error err;             /* the first failure; cmocka must not be called from here */
};

static int reopen(lk_pg *pg, int number, lk_error *err) {
	lk_pg_close(pg);
	int rc = lk_pg_open(pg, servers.at.postgres, "lk test appender", err);
	if (!rc)
		atomic_store(&pids[number], PQbackendPID(pg->conn));
	return rc;
}

/* One batch, once: after an unknown outcome the source's position shows whether it is in the log. */
static int append_once(struct appender *a, lk_pg *pg, lk_append_batch *b, const lk_source_step *step, lk_error *err) {
	for (;;) {
		lk_source_file now;
		lk_error e = {0};
		int rc = lk_append(pg, b, step, &e);
		if (rc != LK_EUNREACHABLE)
			return rc ? lk_fail(err, rc, "%s", e.text) : 0;
		a->lost++;
		do {
			lk_error_clear(&e);
			if (!(rc = reopen(pg, a->number, &e)))
				rc = lk_source_read(pg, &a->log->at, step->source, 1, &now, &e);
		} while (rc == LK_EUNREACHABLE);
		if (rc)
			return lk_fail(err, rc, "%s", e.text);
		if (lk_source_same_place(&now, step->to))
			return 0;
	}
}

static void *append_batches(void *arg) {
	struct appender *a = arg;
	lk_pg pg = {0};
	char source[32];
	snprintf(source, sizeof source, "appender %d", a->number);
	int rc = reopen(&pg, a->number, &a->err);
	for (int i = 0; !rc && i < BATCHES; i++) {
		int n = 1 + (int)(test_random(&a->random) % 40);
		lk_append_batch *b = test_batch(a->log, n, &a->random);
		if (test_random(&a->random) % 4 == 0) {   /* reserved, then rolled back */
			lk_error e = {0};
			int refused = lk_append(&pg, b, &(lk_source_step){source, true, TEST_PLACE(i + 7), TEST_PLACE(i + 8)}, &e);
			if (refused != LK_ECONFLICT && refused != LK_EUNREACHABLE)
				rc = lk_fail(&a->err, LK_EINTERNAL, "a wrong position was taken: %d", refused);
			a->refused += refused == LK_ECONFLICT;
		}
		if (!rc && !(rc = append_once(a, &pg, b, &(lk_source_step){source, true, TEST_PLACE(i), TEST_PLACE(i + 1)}, &a->err))) {
			a->acknowledged += n;
			atomic_fetch_add(&appended, n);
		}
		lk_append_batch_free(b);
	}
	lk_pg_close(&pg);
	atomic_fetch_sub(&appenders_left, 1);
	return NULL;
}

/* What one fetch read: [from, to), and the first cut in it, if the fetch has seen one. */
struct fetch {
	int64_t from, to;
	int64_t *cuts;
	int ncuts;
};

struct reader {
	test_log *log;
	int part;
	struct fetch *fetches;
	int nfetches;
	int64_t cursor;
	lk_error err;
};

static int fetch_once(struct reader *r, lk_pg *pg) {
	static const int columns[] = {LOG_TS, LOG_KEY};
	lk_scan s;
	lk_value row[LOG_COLUMNS + 1];
	int64_t off;
	int rc = lk_scan_begin(&s, pg, &(lk_scan_of){.stream = &r->log->at, .part = r->part, .columns = columns, .ncolumns = 2, .from = r->cursor, .to = INT64_MAX}, &r->err);
	if (rc)
		return rc;
	struct fetch *f = &r->fetches[r->nfetches];
	*f = (struct fetch){.from = r->cursor, .ncuts = s.ncuts};
	f->cuts = lk_malloc((size_t)s.ncuts * sizeof *f->cuts);
	memcpy(f->cuts, s.cuts, (size_t)s.ncuts * sizeof *f->cuts);
	while (!(rc = lk_scan_next(&s, row, &off, &r->err)))
		r->cursor = off + 1;
	f->to = r->cursor;
	if (f->to > f->from)
		r->nfetches++;
	else
		free(f->cuts);
	int ended = lk_scan_end(&s, &r->err);
	return rc == 1 ? ended : rc;
}

static void *follow(void *arg) {
	struct reader *r = arg;
	lk_pg pg;
	int rc = lk_pg_open(&pg, servers.at.postgres, "lk test reader", &r->err);
	bool last = false;
	while (!rc && r->nfetches < MAX_FETCHES) {
		bool done = atomic_load(&appenders_left) == 0;
		rc = fetch_once(r, &pg);
		if (last)
			break;
		last = done;
	}
	lk_pg_close(&pg);
	return NULL;
}

/* Each fetch has seen every cut in its range or at its end. */
static void assert_cuts_were_told(const struct reader *r, const lk_cut *cuts, int ncuts) {
	for (int c = 0; c < ncuts; c++) {
		int64_t at = cuts[c].at.part[r->part].off;
		for (int i = 0; i < r->nfetches; i++) {
			const struct fetch *f = &r->fetches[i];
			if (at < f->from || at >= f->to)
				continue;
			bool told = false;
			for (int k = 0; k < f->ncuts; k++)
				told |= f->cuts[k] == at;
			if (!told)
				fail_msg("cut %lld at offset %lld was not seen by the fetch of [%lld, %lld)", (long long)cuts[c].id,
				         (long long)at, (long long)f->from, (long long)f->to);
		}
	}
}

static void kill_someone(lk_pg *pg, unsigned long *random) {
	int pid = atomic_load(&pids[test_random(random) % APPENDERS]);
	if (pid)
		test_sql(pg, "SELECT pg_terminate_backend(%d)", pid);
}

/* I5, I6, P4, P5, P14 */
static void test_race(void **unused) {
	(void)unused;
	unsigned long random = test_seed("race");
	test_log l;
	test_log_open(&l, &servers, PARTITIONS);
	int64_t copy = test_log_copy(&l);
	struct appender appenders[APPENDERS];
	struct reader readers[PARTITIONS * READERS];
	pthread_t threads[APPENDERS + PARTITIONS * READERS];
	lk_cut *cuts = lk_calloc(MAX_CUTS, sizeof *cuts);
	int nthreads = 0, ncuts = 0, kills = 0;
	atomic_store(&appenders_left, APPENDERS);
	for (int i = 0; i < APPENDERS; i++) {
		appenders[i] = (struct appender){.log = &l, .number = i, .random = test_random(&random)};
		pthread_create(&threads[nthreads++], NULL, append_batches, &appenders[i]);
	}
	for (int i = 0; i < PARTITIONS * READERS; i++) {
		readers[i] = (struct reader){.log = &l, .part = i % PARTITIONS, .fetches = lk_calloc(MAX_FETCHES, sizeof(struct fetch))};
		pthread_create(&threads[nthreads++], NULL, follow, &readers[i]);
	}
	int64_t next_kill = 100;
	while (atomic_load(&appenders_left) && ncuts < MAX_CUTS) {
		lk_error err = {0};
		test_ok(lk_cut_make(&l.pg, &(lk_cut_for){&l.at, copy, "test"}, &cuts[ncuts], &err), &err);
		ncuts++;
		if (atomic_load(&appended) >= next_kill) {
			kill_someone(&l.pg, &random);
			next_kill = atomic_load(&appended) + 150;
			kills++;
		}
	}
	for (int i = 0; i < nthreads; i++)
		pthread_join(threads[i], NULL);

	int64_t total = 0, tail[PARTITIONS];
	int refused = 0, lost = 0;
	for (int i = 0; i < APPENDERS; i++) {
		test_ok(appenders[i].err.code, &appenders[i].err);
		total += appenders[i].acknowledged;
		refused += appenders[i].refused;
		lost += appenders[i].lost;
	}
	test_tail(&l.pg, &l.at, tail);
	print_message("%lld events, %d cuts, %d sessions ended, %d appends interrupted, %d refused\n", (long long)total, ncuts, kills, lost, refused);
	assert_int_equal(tail[0] + tail[1], total);
	assert_int_equal(test_number(&l.pg, "SELECT count(*) FROM lk.log_%s", l.stream.name), total);
	assert_int_equal(test_number(&l.pg, "SELECT count(*) FROM (SELECT _at < lag(_at) OVER (PARTITION BY part ORDER BY off) AS back"
	                             " FROM lk.log_%s) x WHERE back", l.stream.name), 0);
	assert_true(refused > 0 && ncuts > 0 && kills > 0);
	for (int i = 0; i < PARTITIONS * READERS; i++) {
		struct reader *r = &readers[i];
		test_ok(r->err.code, &r->err);
		assert_int_equal(r->cursor, tail[r->part]);
		assert_cuts_were_told(r, cuts, ncuts);
		for (int k = 0; k < r->nfetches; k++)
			free(r->fetches[k].cuts);
		free(r->fetches);
	}
	free(cuts);
	test_log_close(&l);
}

static int start(void **unused) {
	(void)unused;
	test_servers_start(&servers);
	return 0;
}

static int stop(void **unused) {
	(void)unused;
	test_servers_stop(&servers);
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_race)};
	return cmocka_run_group_tests(tests, start, stop);
}
