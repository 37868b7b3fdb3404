/* lk serve --write: events that clients append, each once, whatever becomes of the server and of its answers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "tests/support/background.h"
#include "tests/support/fixtures.h"
#include "tests/support/http.h"
#include "tests/support/log.h"

static test_program lk;
static test_world world;
static test_web web;

#define EVENTS "/api/v1/streams/hits/events"
#define JSONL "Content-Type: application/x-ndjson\r\n"
static const char three[] = "{\"ts\":\"2024-01-01T00:00:00Z\",\"path\":\"/a\"}\n{\"ts\":\"never\"}\n{\"ts\":\"2024-01-01T00:00:01Z\",\"path\":\"/b\"}\n"
                            "{\"ts\":\"2024-01-01T00:00:02Z\",\"path\":\"/c\"}";   /* without an end of the last line */

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, "CREATE TABLE hits (ts timestamptz, path text) WITH (event_time = ts, partition_by = path, partitions = 2);\n");
	test_web_init(&web, &lk.servers);
	web.options.write = true;
	test_web_start(&web);
	return 0;
}

static int over(void **state) {
	(void)state;
	test_web_stop(&web);
	return 0;
}

static test_http post(const char *address, const char *headers, const char *body) {
	char *request = lk_asprintf("POST " EVENTS " HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n%s", headers, strlen(body), body);
	int fd = test_http_connect(address);
	test_http_send(fd, request);
	test_http h = test_http_read(fd, false);
	close(fd);
	free(request);
	return h;
}

static void is(const char *headers, const char *body, int status, const char *has) {
	test_http h = post(lk_web_address(web.web), headers, body);
	if (h.status != status || !strstr(h.body, has))
		fail_msg("%s: %d, wanted %d with \"%s\":\n%s%s", headers, h.status, status, has, h.head ? h.head : "", h.body ? h.body : "");
	test_http_release(&h);
}

static int64_t rows(void) { return test_world_int(&world, "SELECT count(*) FROM lk.log_hits"); }

/* P14: the same again gives the same answer and appends nothing; a key has one body. */
static void a_key_appends_once(void **state) {
	(void)state;
	static const char answer[] = "{\"stream\":\"hits\",\"events\":3,\"rejected\":1,\"rejects\":[{\"position\":42,\"line\":2,\"reason\":\"";
	for (int i = 0; i < 3; i++) {
		is(JSONL "Idempotency-Key: \"one\"\r\n", three, 200, answer);
		assert_int_equal(rows(), 3);
		assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.rejected"), 1);
		test_web_stop(&web);
		test_web_start(&web);
	}
	is(JSONL "Idempotency-Key: one\r\n", "{\"ts\":\"2024-01-01T00:00:00Z\"}\n", 422, "came with another body before");
	is(JSONL "Idempotency-Key: two\r\n", three, 200, answer);
	assert_int_equal(rows(), 6);
	is("Content-Type: text/csv; charset=utf-8\r\nIdempotency-Key: csv\r\n", "ts,path\n2024-01-01T00:00:00Z,/x\n", 200, "\"events\":1,\"rejected\":0,\"rejects\":[]");
	assert_int_equal(rows(), 7);
}

static void what_may_not_be_appended_is_refused(void **state) {
	(void)state;
	is(JSONL, three, 400, "events need an Idempotency-Key");
	is(JSONL "Idempotency-Key: a b\r\n", three, 400, "visible characters");
	is("Idempotency-Key: a\r\n", three, 415, "application/x-ndjson");
	is("Content-Type: text/plain\r\nIdempotency-Key: a\r\n", three, 415, "application/x-ndjson");
	is(JSONL "Origin: http://example.org\r\nIdempotency-Key: a\r\n", three, 403, "other sites");
	test_http_is(&web, EVENTS, "", 405, "Allow: POST\r\n", "use POST");
	test_web_stop(&web);
	web.options.limits.upload_bytes = 100;
	test_web_start(&web);
	is(JSONL "Idempotency-Key: a\r\n", three, 413, "larger than a request may bring");
	test_web_stop(&web);
	web.options.write = false;
	test_web_start(&web);
	is(JSONL "Idempotency-Key: a\r\n", three, 403, "lk serve --write");
	assert_int_equal(rows(), 0);
}

static void *post_once(void *statuses) {
	test_http h = post(lk_web_address(web.web), JSONL "Idempotency-Key: same\r\n", three);
	if (h.status == 200 || h.status == 409)
		__atomic_fetch_add(&((int *)statuses)[h.status == 200], 1, __ATOMIC_RELAXED);
	test_http_release(&h);
	return NULL;
}

/* P14: at the same time, too. */
static void one_of_many_appends(void **state) {
	(void)state;
	enum { MANY = 16 };
	pthread_t threads[MANY];
	int statuses[2] = {0};
	for (int i = 0; i < MANY; i++)
		pthread_create(&threads[i], NULL, post_once, statuses);
	for (int i = 0; i < MANY; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(statuses[0] + statuses[1], MANY);
	assert_true(statuses[1] > 0);
	assert_int_equal(rows(), 3);
}

/* P14: killed between the commit and the answer; the client sends it again. */
static void killed_before_the_answer(void **state) {
	(void)state;
	test_background b;
	char *crash = lk_asprintf("LK_CRASH=%s", "serve.appended");
	char *listen = lk_asprintf("unix:%s/write.sock", lk.servers.dir);
	test_background_start(&b, &lk, "killed", -1, ARGS(crash), ARGS("serve", "--write", "--listen", listen));
	test_await_text(b.err, "lk: serve: unix:");
	test_http h = post(listen, JSONL "Idempotency-Key: k\r\n", three);
	assert_int_equal(h.status, 0);
	test_http_release(&h);
	char *err = lk_strdup(b.err), *out = lk_strdup(b.out);
	test_background_kill(&b);
	assert_int_equal(rows(), 3);
	is(JSONL "Idempotency-Key: k\r\n", three, 200, "\"events\":3,\"rejected\":1,");
	assert_int_equal(rows(), 3);
	unlink(err);
	unlink(out);
	unlink(listen + strlen("unix:"));
	free(err);
	free(out);
	free(listen);
	free(crash);
}

static void a_server_that_is_away_is_named(void **state) {
	(void)state;
	test_postgres_kill(&lk.servers);
	is(JSONL "Idempotency-Key: k\r\n", three, 503, "PostgreSQL cannot be reached");
	test_postgres_start(&lk.servers);
	lk_pg_close(&world.pg);
	test_open(&world.pg, &lk.servers);
	is(JSONL "Idempotency-Key: k\r\n", three, 200, "\"events\":3");
	assert_int_equal(rows(), 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, over)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(a_key_appends_once),
		TEST(what_may_not_be_appended_is_refused),
		TEST(one_of_many_appends),
		TEST(killed_before_the_answer),
		TEST(a_server_that_is_away_is_named),
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
