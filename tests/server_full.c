/* Redis at its memory limit: what is refused is told with numbers and with what to do, nothing is lost, and all goes on
 * by itself when there is room again, which a batch can make. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "speed_layer/speed.h"
#include "tests/support/fixtures.h"
#include "tests/support/log.h"
#include "tests/support/replays.h"

static test_servers servers;
static test_world world;
static int next_event;

static const char definitions[] =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, bytes bigint)"
	" WITH (event_time = ts, partition_by = ip, partitions = 2, watermark = '5 seconds');"
	"CREATE VIEW pages AS SELECT path, count(*) AS n, sum(bytes) AS bytes FROM hits GROUP BY path, tumble(ts, '1 minute');"
	"CREATE VIEW strict WITH (allowed_lateness = '1 second') AS SELECT path, count(*) AS n FROM hits GROUP BY path, tumble(ts, '10 seconds');";

static const int64_t start_us = INT64_C(1500000000000000);

/* Each event has a cell of its own, of some hundred bytes. */
static void append(int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = next_event; i < next_event + n; i++) {
		lk_buf_adds(&lines, "{\"ts\":\"");
		lk_time_print(start_us + i * LK_US_PER_S / 10, &lines);
		lk_buf_addf(&lines, "\",\"ip\":\"10.0.0.%d\",\"path\":\"/%0200d\",\"bytes\":%d}\n", i % 17, i, i % 1009);
	}
	next_event += n;
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

/* --- a speed layer in this process, and the last that it said of room --- */

static pthread_t thread;
static volatile int stop, running;
static lk_error last_notice;
static _Atomic int notices;
static int result;

static void note(void *ctx, const lk_error *e) {
	(void)ctx;
	if (e->code == LK_EFULL) {
		last_notice = *e;
		notices++;
	}
}

static void *run(void *options) {
	lk_error err = {0};
	lk_speed_report report;
	result = lk_speed_run(options, &report, &err);
	return NULL;
}

static void start(const char *view) {
	static lk_speed_options o;
	o = (lk_speed_options){.postgres = servers.at.postgres, .redis = servers.at.redis, .workers = 1, .limits = lk_stream_defaults, .stop = &stop,
	                       .notice = note, .view = view};
	stop = 0;
	notices = 0;
	assert_int_equal(pthread_create(&thread, NULL, run, &o), 0);
	running = 1;
}

static int end(void **state) {
	(void)state;
	test_redis_room(&servers, -1);
	if (running) {
		__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
		pthread_join(thread, NULL);
		running = 0;
		assert_int_equal(result, LK_OK);
	}
	return 0;
}

static int was_told(void *unused) {
	(void)unused;
	return notices > 0;
}

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, definitions);
	next_event = 0;
	return 0;
}

/* A running layer, and no room for more than half of what comes. */
static void fill_up(const char *view) {
	start(view);
	append(200);
	test_catches_up(&world, view);
	test_redis_room(&servers, 400000);
	append(6000);
	if (!test_poll(was_told, NULL, 20000))
		fail_msg("nothing was said of a full Redis in 20 s");
}

/* The prefix that it covers is right all the same. */
static void is_right_and_behind(const char *view) {
	lk_query q = test_query(view);
	lk_answer a;
	test_world_same(&world, &q);
	test_world_answer(&world, &q, &a);
	int64_t behind = 0;
	for (int i = 0; i < a.partitions; i++)
		behind += a.tail[i] - a.end[i];
	lk_answer_release(&a);
	assert_true(behind > 0);
}

/* I11 */
static void a_full_redis_is_told_and_waited_for(void **state) {
	(void)state;
	fill_up("strict");
	assert_non_null(strstr(last_notice.text, "no room for partition "));
	assert_non_null(strstr(last_notice.text, "bytes of maxmemory are used"));
	assert_non_null(strstr(last_notice.text, "of view strict, which waits"));
	assert_non_null(strstr(last_notice.hint, "maxmemory"));
	is_right_and_behind("strict");
	test_redis_room(&servers, -1);
	test_catches_up(&world, "strict");
}

/* I11: units leave out what the batch has, and need no more room for it. */
static void a_batch_makes_room(void **state) {
	(void)state;
	fill_up("pages");
	assert_non_null(strstr(last_notice.hint, "a batch makes room"));
	is_right_and_behind("pages");
	test_world_batch(&world, "pages");
	test_catches_up(&world, "pages");
	append(200);
	test_catches_up(&world, "pages");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, end)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(a_full_redis_is_told_and_waited_for),
		TEST(a_batch_makes_room),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
