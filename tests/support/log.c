#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/support/log.h"

#include "catalog/tail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/time.h"

static lk_column columns[LOG_COLUMNS] = {
	[LOG_TS] = {.name = "ts", .type = {.kind = LK_TIME}},
	[LOG_KEY] = {.name = "key", .type = {.kind = LK_TEXT}},
	[LOG_N] = {.name = "n", .type = {.kind = LK_INT8}},
	[LOG_SMALL] = {.name = "small", .type = {.kind = LK_INT2}},
	[LOG_INT] = {.name = "a \"quoted\" name", .type = {.kind = LK_INT4}},
	[LOG_FLAG] = {.name = "flag", .type = {.kind = LK_BOOL}},
	[LOG_REAL] = {.name = "real", .type = {.kind = LK_FLOAT4}},
	[LOG_DOUBLE] = {.name = "double", .type = {.kind = LK_FLOAT8}},
	[LOG_AMOUNT] = {.name = "amount", .type = {.kind = LK_NUMERIC, .precision = 15, .scale = 3}},
};

void test_ok(int rc, const lk_error *err) {
	if (rc)
		fail_msg("%d: %s (%s)", rc, err->text, err->hint);
}

void test_open(lk_pg *pg, const test_servers *s) {
	lk_error err = {0};
	test_ok(lk_pg_open(pg, s->at.postgres, "lk test", &err), &err);
}

void test_log_open(test_log *l, const test_servers *s, int partitions) {
	static int used;
	static char no_text[] = "";
	char id[33];
	lk_error err = {0};
	lk_apply_result result;
	memset(l, 0, sizeof *l);
	test_open(&l->pg, s);
	l->stream = (lk_stream){
		.name = lk_asprintf("log%d", used++), .schema.columns = columns, .schema.ncolumns = LOG_COLUMNS, .schema.event_time = LOG_TS,
		.partition_by = LOG_KEY, .partitions = partitions, .max_ahead_us = 60 * LK_US_PER_S, .text = no_text,
	};
	test_ok(lk_catalog_install(&l->pg, id, &err), &err);
	test_ok(lk_apply(&l->pg, &(lk_definition){.kind = LK_DEF_STREAM, .stream = &l->stream}, &result, &err), &err);
	assert_int_equal(result.what, LK_APPLIED_NEW);
	l->at.stream = &l->stream;
	l->at.id = test_number(&l->pg, "SELECT stream_id FROM lk.stream WHERE name = '%s'", l->stream.name);
}

void test_log_close(test_log *l) {
	lk_pg_close(&l->pg);
	free(l->stream.name);
}

int64_t test_log_copy(test_log *l) {
	return test_number(&l->pg,
		"WITH w AS (INSERT INTO lk.view (name, stream_id) VALUES (nextval('lk.id'), %lld) RETURNING view_id, stream_id),"
		" v AS (INSERT INTO lk.version (view_id, number, definition, plan_hash, watermark_delay_us, stored_digits, stream_id)"
		" SELECT view_id, 1, '', '', 0, 38, stream_id FROM w RETURNING version_id)"
		" INSERT INTO lk.copy (version_id, mode) SELECT version_id, 'lambda' FROM v RETURNING copy_id",
		(long long)l->at.id);
}

void test_event(lk_value row[LOG_COLUMNS], char key[16], unsigned long *random) {
	unsigned long r = test_random(random);
	int n = snprintf(key, 16, "key %lu", r % 50);
	row[LOG_TS] = lk_int(lk_time_now() - (int64_t)(r % 100000) * 1000);
	row[LOG_KEY] = r % 17 ? lk_text(key, (size_t)n) : lk_null();
	row[LOG_N] = lk_int((int64_t)test_random(random));
	row[LOG_SMALL] = lk_int((int16_t)(r >> 8));
	row[LOG_INT] = lk_int((int32_t)(r >> 16));
	row[LOG_FLAG] = r % 3 ? lk_int(r & 1) : lk_null();
	row[LOG_REAL] = lk_double((double)((float)(int32_t)r / 3));
	row[LOG_DOUBLE] = lk_double((double)(int64_t)test_random(random) / 7);
	row[LOG_AMOUNT] = r % 5 ? lk_numeric((int64_t)test_random(random) % INT64_C(1000000000000000), 3) : lk_null();
}

lk_append_batch *test_batch(const test_log *l, int events, unsigned long *random) {
	lk_append_batch *b = lk_append_batch_new(&l->at);
	lk_value row[LOG_COLUMNS];
	char key[16];
	const char *reason;
	for (int i = 0; i < events; i++) {
		test_event(row, key, random);
		if (lk_append_batch_add(b, row, &reason))
			abort();
	}
	return b;
}

void test_append(test_log *l, int events, unsigned long *random) {
	lk_append_batch *b = test_batch(l, events, random);
	lk_error err = {0};
	test_ok(lk_append(&l->pg, b, NULL, &err), &err);
	lk_append_batch_free(b);
}

static PGresult *ask(lk_pg *pg, const char *fmt, va_list ap) {
	lk_buf sql = LK_BUF_INIT;
	lk_error err = {0};
	PGresult *res;
	lk_buf_vaddf(&sql, fmt, ap);
	test_ok(lk_pg_exec(pg, &res, &err, sql.data, 0, NULL), &err);
	lk_buf_release(&sql);
	return res;
}

int64_t test_number(lk_pg *pg, const char *fmt, ...) {
	va_list ap;
	va_start(ap, fmt);
	PGresult *res = ask(pg, fmt, ap);
	va_end(ap);
	assert_int_equal(PQntuples(res), 1);
	int64_t n = lk_pg_int(res, 0, 0);
	PQclear(res);
	return n;
}

void test_sql(lk_pg *pg, const char *fmt, ...) {
	va_list ap;
	va_start(ap, fmt);
	PQclear(ask(pg, fmt, ap));
	va_end(ap);
}

lk_frontier test_frontier(int64_t stream, int n, const int64_t *off) {
	lk_frontier f = lk_frontier_start(stream, n);
	for (int i = 0; i < n; i++)
		f.part[i].off = off[i];
	return f;
}

void test_tail(lk_pg *pg, const lk_cat_stream *s, int64_t *off) {
	lk_error err = {0};
	lk_frontier tail;
	test_ok(lk_log_tail(pg, s, &tail, &err), &err);
	for (int i = 0; i < tail.n; i++)
		off[i] = tail.part[i].off;
}
