/* Redis at its memory limit: the message has numbers and says what to do, nothing is lost, and work continues when
 * there is memory again. A batch can free memory. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "tests/support/fixtures.h"
#include "tests/support/layer.h"
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

/* Each event has a cell of its own, of some hundred bytes; some come a minute late. */
static void append(int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = next_event; i < next_event + n; i++) {
		lk_buf_adds(&lines, "{\"ts\":\"");
		lk_time_print(start_us + i * LK_US_PER_S / 10 - (i % 50 == 49 ? 60 * LK_US_PER_S : 0), &lines);
		lk_buf_addf(&lines, "\",\"ip\":\"10.0.0.%d\",\"path\":\"/%0200d\",\"bytes\":%d}\n", i % 17, i, i % 1009);
	}
	next_event += n;
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

/* --- a speed layer in this process, and its last messages about memory and servers --- */

static test_layer layer;
static lk_error last_notice, first_lost;
static _Atomic int notices, lost;
static _Atomic(const char *) over;

static void note(void *ctx, const lk_error *e) {
	(void)ctx;
	if (e->code == LK_EFULL) {
		last_notice = *e;
		notices++;
	}
	if (e->code == LK_EUNREACHABLE && lost++ == 0)
		first_lost = *e;
}

static void note_over(void *ctx, const char *what) {
	(void)ctx;
	over = what;
}

static void prepare(bool once) {
	test_layer_init(&layer, &servers, 1, once);
	layer.options.notice = note;
	layer.options.again = note_over;
	notices = lost = 0;
	over = NULL;
}

static void start(const char *view) {
	prepare(false);
	layer.options.view = view;
	test_layer_run(&layer);
}

static int end(void **state) {
	(void)state;
	test_redis_room(&servers, -1);
	test_layer_end(&layer);
	return 0;
}

static int end_failed(void **state) {
	(void)state;
	test_redis_room(&servers, -1);
	test_layer_stop(&layer);
	return 0;
}

static int was_told(void *unused) {
	(void)unused;
	return notices > 0;
}

static int is_lost(void *unused) {
	(void)unused;
	return lost > 0;
}

static int is_over(void *what) { return over && strcmp(over, what) == 0; }

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, definitions);
	next_event = 0;
	return 0;
}

/* A running layer, and no memory for more than half of the events. */
static void fill_up(const char *view) {
	start(view);
	append(200);
	test_catches_up(&world, view);
	test_redis_room(&servers, 400000);
	append(6000);
	if (!test_poll(was_told, NULL, 20000))
		fail_msg("nothing was said of a full Redis in 20 s");
}

/* Its answer is still right for the prefix that it covers. */
static void is_right_and_behind(const char *view) {
	lk_query q = test_query(view);
	lk_answer a;
	test_world_same(&world, &q);
	test_world_answer(&world, &q, &a);
	int64_t behind = 0;
	for (int i = 0; i < a.partitions; i++)
		behind += a.tail.part[i].off - a.end.part[i].off;
	lk_answer_release(&a);
	assert_true(behind > 0);
}

/* I11 */
static void a_full_redis_is_reported_and_waited_for(void **state) {
	(void)state;
	fill_up("strict");
	assert_non_null(strstr(last_notice.text, "no room for partition "));
	assert_non_null(strstr(last_notice.text, "bytes of maxmemory are used"));
	assert_non_null(strstr(last_notice.text, "of view strict, which waits"));
	assert_non_null(strstr(last_notice.hint, "maxmemory"));
	is_right_and_behind("strict");
	test_redis_room(&servers, -1);
	test_catches_up(&world, "strict");
	assert_true(test_poll(is_over, "Redis has room again", 20000));
}

/* I11: units skip the events that the batch has, and need no memory for them. */
static void a_batch_makes_room(void **state) {
	(void)state;
	fill_up("pages");
	assert_non_null(strstr(last_notice.hint, "run a batch to make room"));
	is_right_and_behind("pages");
	test_world_batch(&world, "pages");
	test_catches_up(&world, "pages");
	append(200);
	test_catches_up(&world, "pages");
}

/* --- a run that ends by itself --- */

/* Cursors of a partition: the least, or the largest, of all views. */
static int64_t stands(int part, bool most) {
	static const char *const views[] = {"pages", "strict"};
	int64_t found = most ? 0 : INT64_MAX;
	for (int i = 0; i < 2; i++) {
		lk_unit_state st;
		lk_error err = {0};
		assert_int_equal(lk_store_read_unit(world.store, test_world_copy(&world, views[i])->units[part], NULL, &st, NULL, &err), LK_OK);
		if (most ? st.at.cursor > found : st.at.cursor < found)
			found = st.at.cursor;
		lk_unit_state_release(&st);
	}
	return found;
}

static int64_t in_log(void) { return test_world_int(&world, "SELECT sum(next_off)::bigint FROM lk.tail"); }
static int64_t late_ones(void) { return test_world_int(&world, "SELECT count(*) FROM lk.late"); }

static void a_run_that_ends_does_not_wait_for_ever(void **state) {
	(void)state;
	append(200);
	prepare(true);
	test_layer_run(&layer);
	test_layer_wait(&layer);
	assert_int_equal(layer.report.events, 200);
	int64_t before = stands(0, false) + stands(1, false);
	test_redis_room(&servers, 400000);
	append(6000);
	prepare(true);
	layer.options.room_wait_us = LK_US_PER_S;
	test_layer_run(&layer);
	test_layer_wait(&layer);
	assert_int_equal(layer.result, LK_EFULL);
	assert_int_equal(lk_exit_status(layer.result), 75);
	assert_non_null(strstr(last_notice.text, "waits for up to 1 s"));
	assert_non_null(strstr(last_notice.text, "and nothing is lost"));
	assert_non_null(strstr(layer.err.text, "has waited for 1 s"));
	assert_non_null(strstr(layer.err.hint, "maxmemory"));
	assert_int_equal(layer.report.events, stands(0, true) + stands(1, true) - before);
	int64_t missing = in_log() - stands(0, false) - stands(1, false);
	assert_true(missing > 0);
	test_redis_room(&servers, -1);
	prepare(true);
	test_layer_run(&layer);
	test_layer_wait(&layer);
	assert_int_equal(layer.result, LK_OK);
	assert_int_equal(layer.report.events, missing);
	test_view_is_right(&world, "pages");
	test_view_is_right(&world, "strict");
}

/* Refused events are folded again, and counted once. */
static void an_event_that_had_no_room_counts_once(void **state) {
	(void)state;
	test_redis_room(&servers, 400000);
	append(6000);
	prepare(true);
	test_layer_run(&layer);
	assert_true(test_poll(was_told, NULL, 20000));
	test_redis_room(&servers, -1);
	test_layer_wait(&layer);
	assert_int_equal(layer.result, LK_OK);
	assert_int_equal(layer.report.events, 6000);
	assert_int_equal(layer.report.late, late_ones());
	assert_true(late_ones() > 0);
	test_view_is_right(&world, "pages");
}

static int has_begun(void *unused) {
	(void)unused;
	return test_world_int(&world, "SELECT count(*) FROM lk.late") > 10;
}

/* Redis comes back without its last second, or with a commit whose acknowledgement was lost. */
static void an_event_of_a_lost_server_counts_once(void **state) {
	(void)state;
	append(6000);
	prepare(true);
	layer.options.limits.fetch_events = 20;
	test_layer_run(&layer);
	assert_true(test_poll(has_begun, NULL, 20000));
	test_redis_kill(&servers);
	assert_true(test_poll(is_lost, NULL, 20000));
	test_redis_start(&servers);
	test_world_reconnect(&world);
	test_layer_wait(&layer);
	assert_int_equal(layer.result, LK_OK);
	assert_true(is_over("the servers answer again"));
	assert_int_equal(layer.report.events, 6000);
	assert_int_equal(layer.report.late, late_ones());
	test_view_is_right(&world, "pages");
	test_view_is_right(&world, "strict");
}

static void a_run_that_ends_gives_a_server_up(void **state) {
	(void)state;
	append(6000);
	prepare(true);
	layer.options.limits.fetch_events = 20;
	layer.options.server_wait_us = LK_US_PER_S;
	test_layer_run(&layer);
	assert_true(test_poll(has_begun, NULL, 20000));
	test_redis_kill(&servers);
	test_layer_wait(&layer);
	test_redis_start(&servers);
	test_world_reconnect(&world);
	assert_int_equal(layer.result, LK_EUNREACHABLE);
	assert_non_null(strstr(first_lost.text, "lk tries again for 1 s and keeps what is folded"));
	assert_in_range(layer.report.events, 1, 5999);
	test_world_speed_once(&world, NULL);
	test_view_is_right(&world, "pages");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, end)
#define ENDS(f) cmocka_unit_test_setup_teardown(f, fresh, end_failed)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(a_full_redis_is_reported_and_waited_for),
		TEST(a_batch_makes_room),
		ENDS(a_run_that_ends_does_not_wait_for_ever),
		ENDS(an_event_that_had_no_room_counts_once),
		ENDS(an_event_of_a_lost_server_counts_once),
		ENDS(a_run_that_ends_gives_a_server_up),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
