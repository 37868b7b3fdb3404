/* The workers of a speed layer that runs: what they hold while they are never idle, and what they keep when the
 * catalogue changes under them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "tests/support/fixtures.h"
#include "tests/support/layer.h"
#include "tests/support/players.h"

static test_servers servers;
static test_world world;

static const char hits[] =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, bytes bigint)"
	" WITH (event_time = ts, partition_by = ip, partitions = 3, watermark = '10 seconds');"
	"CREATE VIEW traffic AS SELECT path, count(*) AS n, sum(bytes) AS bytes FROM hits GROUP BY path, tumble(ts, '1 minute');";

static const int64_t start_us = INT64_C(1500000000000000);

/* n events from number `first` on, a second apart. */
static void append(int first, int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = first; i < first + n; i++) {
		lk_buf_adds(&lines, "{\"ts\":\"");
		lk_time_print(start_us + i * LK_US_PER_S, &lines);
		lk_buf_addf(&lines, "\",\"ip\":\"10.0.0.%d\",\"path\":\"/p%d\",\"bytes\":%d}\n", i % 17, i * 7 % 23, i * 13 % 1009);
	}
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, hits);
	return 0;
}

/* --- hints --- */

static int64_t behind(const char *view) {
	lk_query q = test_query(view);
	lk_answer a;
	int64_t n = 0;
	test_world_answer(&world, &q, &a);
	for (int i = 0; i < a.partitions; i++)
		n += a.tail[i] - a.end[i];
	lk_answer_release(&a);
	return n;
}

static int hints_are_read(void *unused) {
	(void)unused;
	return test_world_int(&world, "SELECT (pg_notification_queue_usage() = 0)::int") == 1;
}

/* Small fetches, of a log that is longer than they come: there is always something to fold. */
static void a_busy_worker_keeps_no_hints(void **state) {
	(void)state;
	enum { HINTS = 500000, AT_ONCE = 25000, AHEAD = 4000, MOST_BYTES = 8000000 };
	test_layer r;
	int events = 0;
	test_layer_init(&r, &servers, 1, false);
	r.options.limits.fetch_events = 2;
	append(events, 200);
	events += 200;
	test_layer_run(&r);
	test_catches_up(&world, "traffic");
	int64_t before = test_memory(), most = 0;
	for (int sent = 0; sent < HINTS; sent += AT_ONCE) {
		if (behind("traffic") < AHEAD) {
			append(events, AHEAD);
			events += AHEAD;
		}
		test_world_run(&world, "SELECT count(pg_notify('lk_log', i::text)) FROM generate_series(1, 25000) i");
		assert_true(behind("traffic") > 0);
		if (test_memory() - before > most)
			most = test_memory() - before;
	}
	assert_true(test_poll(hints_are_read, NULL, 20000));
	if (test_memory() - before > most)
		most = test_memory() - before;
	if (most > MOST_BYTES)
		fail_msg("%d hints and memory that has grown by %lld bytes", HINTS, (long long)most);
	test_layer_end(&r);
	lk_query q = test_query("traffic");
	test_world_same(&world, &q);
}

#define TEST(f) cmocka_unit_test_setup(f, fresh)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(a_busy_worker_keeps_no_hints),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
