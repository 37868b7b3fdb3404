/* Rows that lk tail delivers, to URLs and to commands: each at least once, under one id, in order. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/time.h"
#include "delivery/command.h"
#include "delivery/webhook.h"
#include "tests/support/background.h"
#include "tests/support/fixtures.h"
#include "tests/support/log.h"
#include "tests/support/receiver.h"

static test_program lk;
static test_world world;
static test_receiver receiver;
static char *url, *cursor;
static int next_event;

static const char stream[] =
	"CREATE TABLE alerts (ts timestamptz, k text, n int) WITH (event_time = ts, partition_by = k, partitions = 2);";

static void append(int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = 0; i < n; i++, next_event++)
		lk_buf_addf(&lines, "{\"ts\":\"2024-01-01T00:00:00Z\",\"k\":\"%d\",\"n\":%d}\n", next_event % 7, next_event);
	test_world_append_json(&world, "alerts", lines.data);
	lk_buf_release(&lines);
}

static void forget_cursor(void) {
	char *lock = lk_asprintf("%s.lock", cursor);
	unlink(cursor);
	unlink(lock);
	free(lock);
}

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, stream);
	test_receiver_open(&receiver);
	url = lk_asprintf("http://user:secret@127.0.0.1:%d/alerts?token=secret", receiver.port);
	cursor = lk_asprintf("%s/sent", lk.servers.dir);
	next_event = 0;
	return 0;
}

static int over(void **state) {
	(void)state;
	test_receiver_close(&receiver);
	forget_cursor();
	free(url);
	free(cursor);
	return 0;
}

/* The ids of all rows, in the order of the log, each on a line, by PostgreSQL. */
static char *all_ids(void) {
	return test_ask(&lk, "SELECT string_agg('alerts/' || stream_id || '/' || part || '/' || off, E'\\n' ORDER BY _at, part, off) || E'\\n'"
	                     " FROM lk.log_alerts, lk.stream", NULL);
}

/* The ids in bodies, in order, each on a line. */
static char *ids_in(const char *bodies) {
	static const char before[] = "\"_id\":\"";
	lk_buf ids = LK_BUF_INIT;
	for (const char *at = bodies; (at = strstr(at, before)); ) {
		at += sizeof before - 1;
		lk_buf_add(&ids, at, strcspn(at, "\""));
		lk_buf_addc(&ids, '\n');
	}
	return ids.data ? lk_buf_steal(&ids) : lk_strdup("");
}

static void was_taken_in_order(void) {
	char *taken = test_receiver_taken(&receiver), *ids = ids_in(taken), *want = all_ids();
	assert_string_equal(ids, want);
	free(taken);
	free(ids);
	free(want);
}

/* Rows as the receiver must know them: id and n. */
static char *all_rows(void) {
	return test_ask(&lk, "SELECT string_agg('\"_id\":\"alerts/' || stream_id || '/' || part || '/' || off || '\" ' || n, E'\\n') || E'\\n'"
	                     " FROM lk.log_alerts, lk.stream", NULL);
}

/* Each body must be a row of the log under its own id. */
static void is_a_row(const char *line, const char *rows) {
	const char *id = strstr(line, "\"_id\":\""), *n = strstr(line, "\"n\":");
	if (!id || !n)   /* a request that was cut */
		return;
	char *want = lk_asprintf("%.*s %d\n", (int)(strcspn(id + 7, "\"") + 8), id, atoi(n + 4));
	if (!strstr(rows, want))
		fail_msg("%s is no row of the log", want);
	free(want);
}

static void rows_have_their_ids(void) {
	char *bodies = test_receiver_bodies(&receiver), *rows = all_rows(), *rest = NULL;
	for (char *line = strtok_r(bodies, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		is_a_row(line, rows);
	free(bodies);
	free(rows);
}

static void each_was_taken(void) {
	char *taken = test_receiver_taken(&receiver), *ids = ids_in(taken), *want = all_ids(), *rest = NULL;
	for (char *id = strtok_r(want, "\n", &rest); id; id = strtok_r(NULL, "\n", &rest)) {
		char *line = lk_asprintf("%s\n", id);
		if (!strstr(ids, line))
			fail_msg("%s was never taken", id);
		free(line);
	}
	free(taken);
	free(ids);
	free(want);
}

static void is_shown_as(const char *secret, const char *want) {
	lk_buf b = LK_BUF_INIT;
	lk_url_for_people(secret, &b);
	assert_string_equal(b.data, want);
	lk_buf_release(&b);
}

static void what_people_see_of_a_url(void **state) {
	(void)state;
	is_shown_as("https://example.org/path?token=secret", "https://example.org");
	is_shown_as("http://user:secret@example.org:8080", "http://example.org:8080");
	is_shown_as("http://user:sec@ret@example.org/a@b", "http://example.org");
	is_shown_as("http://example.org?mail=a@b", "http://example.org");
}

static void a_request_for_each_row(void **state) {
	(void)state;
	append(5);
	LK(0, "", "5 rows of alerts delivered", "tail", "alerts", "--webhook", url, "--header", "X-Of: tests", "--cursor", cursor);
	was_taken_in_order();
	char *heads = test_receiver_heads(&receiver), *bodies = test_receiver_bodies(&receiver);
	assert_int_equal(test_receiver_requests(&receiver), 5);
	assert_non_null(strstr(heads, "POST /alerts?token=secret HTTP/1.1\r\n"));
	assert_non_null(strstr(heads, "\r\nX-Of: tests\r\n"));
	assert_non_null(strstr(heads, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(heads, "\r\nIdempotency-Key: alerts/"));
	assert_non_null(strstr(bodies, "{\"_id\":\"alerts/"));
	assert_non_null(strstr(bodies, ",\"k\":\"3\",\"n\":3}\n"));
	free(heads);
	free(bodies);
	append(2);
	LK(0, "", "2 rows of alerts delivered", "tail", "alerts", "--webhook", url, "--cursor", cursor);
	was_taken_in_order();
}

static void arrays_of_rows(void **state) {
	(void)state;
	append(25);
	LK(0, "", "25 rows", "tail", "alerts", "--webhook", url, "--batch", "10");
	assert_int_equal(test_receiver_requests(&receiver), 3);
	was_taken_in_order();
	char *heads = test_receiver_heads(&receiver), *bodies = test_receiver_bodies(&receiver);
	assert_non_null(strstr(heads, "+9\r\n"));
	assert_non_null(strstr(heads, "+4\r\n"));
	assert_int_equal(bodies[0], '[');
	assert_non_null(strstr(bodies, "}]\n[{\"_id\""));
	free(heads);
	free(bodies);
}

/* Whatever the receiver does, each row is taken once more at most, and in order; messages keep secrets. */
static void receivers_that_fail(void **state) {
	(void)state;
	append(3);
	test_receiver_answers(&receiver, "503 later 200 silent half 200 cut 408");
	LK(0, "", "delivery works again", "tail", "alerts", "--webhook", url, "--cursor", cursor);
	was_taken_in_order();
	assert_int_equal(test_receiver_requests(&receiver), 9);
	assert_non_null(strstr(lk.err, "http://127.0.0.1:"));
	assert_null(strstr(lk.err, "secret"));
}

/* A refusal ends the run by name, and skips nothing. */
static void receivers_that_refuse(void **state) {
	(void)state;
	append(3);
	static const char *const refusals[] = {"200 404", "400", "307", "410"};
	for (int i = 0; i < 4; i++) {
		test_receiver_answers(&receiver, refusals[i]);
		LK(65, "", i == 2 ? "--redirects" : "nothing is skipped", "tail", "alerts", "--webhook", url, "--cursor", cursor);
	}
	test_receiver_answers(&receiver, "moved 200");
	LK(65, "", "redirects to another URL", "tail", "alerts", "--webhook", url, "--cursor", cursor);
	test_receiver_answers(&receiver, "moved");
	LK(0, "", "2 rows", "tail", "alerts", "--webhook", url, "--cursor", cursor, "--redirects");
	was_taken_in_order();
}

static void it_gives_up(void **state) {
	(void)state;
	append(1);
	test_receiver_answers(&receiver, "hang");
	LK(75, "", "another run goes on before it", "tail", "alerts", "--webhook", url, "--cursor", cursor, "--timeout", "100ms", "--retry", "100ms");
	LK(2, "", "not a URL of http or https", "tail", "alerts", "--webhook", "file:///etc/passwd");
	LK(2, "", "--header: not a header", "tail", "alerts", "--webhook", url, "--header", "nothing");
	LK(2, "", "--webhook does not go with --exec", "tail", "alerts", "--webhook", url, "--exec", "true");
	LK(2, "", "--batch is for --webhook", "tail", "alerts", "--exec", "true", "--batch", "3");
}

/* A request without an answer does not keep a signal from ending it; its row comes again. */
static void stopped_in_a_request(void **state) {
	(void)state;
	test_background b;
	append(1);
	test_receiver_answers(&receiver, "hang");
	test_background_start(&b, &lk, "deliver", -1, NULL, ARGS("tail", "alerts", "--follow", "--webhook", url, "--cursor", cursor));
	test_receiver_await(&receiver, 1);
	test_background_end(&b, SIGINT, 0);
	test_receiver_close(&receiver);
	test_receiver_open(&receiver);
	free(url);
	url = lk_asprintf("http://127.0.0.1:%d/", receiver.port);
	LK(0, "", "1 row of alerts delivered", "tail", "alerts", "--webhook", url, "--cursor", cursor);
	was_taken_in_order();
}

/* I11: a receiver that is down holds up nothing else: events go on coming, and all are delivered when it is up. */
static void down_for_a_while(void **state) {
	(void)state;
	test_background b;
	test_receiver_answers(&receiver, "503 503");
	append(10);
	test_background_start(&b, &lk, "deliver", -1, NULL, ARGS("tail", "alerts", "--follow", "--webhook", url, "--cursor", cursor));
	test_await_text(b.err, "503");
	append(10);
	test_await_text(b.err, "delivery works again");
	test_receiver_await(&receiver, 22);
	append(10);
	test_receiver_await(&receiver, 32);
	test_background_end(&b, SIGTERM, 0);
	was_taken_in_order();
}

/* --- commands --- */

static void a_command_for_each_row(void **state) {
	(void)state;
	append(6);
	char *want = all_ids();
	LK(0, "", "6 rows of alerts delivered", "tail", "alerts", "--exec", "cat >/dev/null; echo $LK_ID", "--cursor", cursor);
	assert_string_equal(lk.out, want);
	append(1);
	LK(0, "\"n\":6}", "1 row", "tail", "alerts", "--exec", "cat", "--cursor", cursor);
	free(want);
}

static void commands_that_fail(void **state) {
	(void)state;
	append(2);
	char *script = lk_asprintf("echo $LK_ID >>%s/ran; test $(wc -l <%s/ran) -gt 1", lk.servers.dir, lk.servers.dir);
	LK(0, "", "exit status 1", "tail", "alerts", "--exec", script, "--cursor", cursor);
	char *ran = lk_asprintf("%s/ran", lk.servers.dir), *got = test_text_of(ran), *want = all_ids();
	assert_memory_equal(got, want, strchr(want, '\n') - want);
	assert_string_equal(strchr(got, '\n') + 1, want);
	append(1);
	LK(75, "", "within 1 s", "tail", "alerts", "--exec", "sleep 600", "--cursor", cursor, "--timeout", "1s", "--retry", "1s");
	LK(0, "", "1 row", "tail", "alerts", "--exec", "true", "--cursor", cursor);
	unlink(ran);
	free(ran);
	free(got);
	free(want);
	free(script);
}

/* A parent may leave SIGCHLD ignored; then the end of a command would have no status. */
static void where_the_parent_ignored_sigchld(void **state) {
	(void)state;
	lk_error err = {0};
	lk_command_target c = {.command = "cat >/dev/null", .timeout_us = 20 * LK_US_PER_S};
	lk_buf_adds(&c.parcel.first, "alerts/1/0/0");
	lk_buf_adds(&c.parcel.body, "{}\n");
	signal(SIGCHLD, SIG_IGN);
	lk_target t = lk_command_as_target(&c);
	test_ok(t.flush(t.ctx, &err), &err);
	signal(SIGCHLD, SIG_DFL);
	lk_command_target_release(&c);
}

/* --- positions under a name --- */

static void status_has(const char *text) {
	LK(0, text, "", "status", "--format", "json");
}

static void a_name_keeps_the_position(void **state) {
	(void)state;
	append(5);
	LK(0, "", "2 rows", "tail", "alerts", "--webhook", url, "--name", "pager", "--limit", "2");
	status_has("\"deliveries\":[{\"delivery\":\"pager\",\"stream\":\"alerts\",\"to\":\"http://127.0.0.1:");
	status_has("\"running\":false,\"behind\":3,\"delivered\":2,\"last\":\"");
	LK(0, "DELIVERY STREAM TO ", "", "status");
	LK(0, "", "3 rows", "tail", "alerts", "--webhook", url, "--name", "pager");
	was_taken_in_order();
	status_has("\"behind\":0,\"delivered\":5,");
	LK(0, "", "5 rows", "tail", "alerts", "--exec", "cat >/dev/null", "--name", "another");
	status_has("\"to\":\"a command\"");
	LK(2, "", "there is no delivery page", "drop", "--delivery", "page");
	LK(0, "", "delivery pager is dropped", "drop", "--delivery", "pager");
	LK(0, "", "5 rows", "tail", "alerts", "--webhook", url, "--name", "pager");
	LK(0, "", "", "drop", "--stream", "alerts", "--yes");
	test_ask_is(&lk, "SELECT count(*) FROM lk.delivery", "0");
	LK(2, "", "--cursor does not go with --name", "tail", "alerts", "--cursor", cursor, "--name", "pager");
}

/* I11: what is down is told where people look, and holds up nothing else. */
static void status_tells_what_is_down(void **state) {
	(void)state;
	test_background b;
	append(5);
	test_receiver_answers(&receiver, "200 503 503 503 503 503 503 503 503");
	test_background_start(&b, &lk, "deliver", -1, NULL, ARGS("tail", "alerts", "--follow", "--webhook", url, "--name", "pager"));
	test_await_sql(&lk, "SELECT failing_since IS NOT NULL FROM lk.delivery");
	append(5);
	LK(0, "runs, fails for ", "", "status");
	status_has("\"running\":true,\"behind\":9,\"delivered\":1,");
	status_has("status 503\"}");
	LK(0, "", "10 rows", "tail", "alerts", "--exec", "cat >/dev/null", "--name", "another");
	LK(75, "", "delivery pager is in use: process ", "tail", "alerts", "--webhook", url, "--name", "pager");
	LK(75, "", "delivery pager is in use: process ", "drop", "--delivery", "pager");
	test_receiver_answers(&receiver, "");
	test_await_sql(&lk, "SELECT failing_since IS NULL AND error IS NULL AND rows = 10 FROM lk.delivery WHERE name = 'pager'");
	test_background_end(&b, SIGINT, 0);
	was_taken_in_order();
	test_receiver_answers(&receiver, "404");
	append(1);
	LK(65, "", "", "tail", "alerts", "--webhook", url, "--name", "pager");
	LK(0, "stopped, fails for ", "", "status");
}

/* The server takes a moment to end the session of a process that was killed. */
static void await_lock(void) {
	test_await_sql(&lk, "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'lk tail'");
}

/* I7: a process whose session was ended while another one went on continues behind that one. */
static void moved_by_another(void **state) {
	(void)state;
	test_background b;
	append(4);
	test_background_start(&b, &lk, "deliver", -1, NULL, ARGS("tail", "alerts", "--follow", "--webhook", url, "--name", "pager"));
	test_receiver_await(&receiver, 4);
	test_await_sql(&lk, "SELECT rows = 4 FROM lk.delivery");
	kill(b.pid, SIGSTOP);
	test_world_run(&world, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lk tail'");
	await_lock();
	append(4);
	LK(0, "", "4 rows", "tail", "alerts", "--webhook", url, "--name", "pager");
	kill(b.pid, SIGCONT);
	append(4);
	test_receiver_await(&receiver, 12);
	test_await_text(b.err, "delivery pager was moved");
	test_background_end(&b, SIGINT, 0);
	was_taken_in_order();
}

/* I11: the server goes away between a delivery and its position. */
static void servers_go_away(void **state) {
	(void)state;
	test_background b;
	append(4);
	test_background_start(&b, &lk, "deliver", -1, NULL, ARGS("tail", "alerts", "--follow", "--webhook", url, "--name", "pager"));
	test_receiver_await(&receiver, 4);
	test_receiver_answers(&receiver, "503");
	append(4);
	test_receiver_await(&receiver, 5);
	test_postgres_kill(&lk.servers);
	test_await_text(b.err, "PostgreSQL");
	test_postgres_start(&lk.servers);
	lk_pg_close(&world.pg);
	test_open(&world.pg, &lk.servers);
	append(4);
	test_await_sql(&lk, "SELECT rows >= 12 FROM lk.delivery");
	test_background_end(&b, SIGINT, 0);
	each_was_taken();
	rows_have_their_ids();
}

/* Under another name of its stream it goes on, and rows keep their ids. */
static void a_stream_is_renamed(void **state) {
	(void)state;
	append(3);
	LK(0, "", "2 rows", "tail", "alerts", "--webhook", url, "--name", "pager", "--limit", "2");
	LK(0, "", "1 row", "tail", "alerts", "--webhook", url, "--cursor", cursor, "--last", "1");
	LK(0, "", "", "rename", "--stream", "alerts", "alarms");
	status_has("\"delivery\":\"pager\",\"stream\":\"alarms\",");
	status_has("\"behind\":1,");
	test_receiver_clear(&receiver);
	LK(0, "", "1 row", "tail", "alarms", "--webhook", url, "--name", "pager");
	LK(0, "", "0 rows", "tail", "alarms", "--webhook", url, "--cursor", cursor);
	char *bodies = test_receiver_bodies(&receiver);
	assert_non_null(strstr(bodies, "{\"_id\":\"alerts/"));
	free(bodies);
	LK(0, "", "", "rename", "--stream", "alarms", "alerts");
}

static void damaged_by_hand(void **state) {
	(void)state;
	append(1);
	LK(0, "", "", "tail", "alerts", "--exec", "true", "--name", "pager");
	test_world_run(&world, "UPDATE lk.delivery SET position = replace(position, 'next 1', 'next 0')");
	LK(65, "", "the position of delivery pager is damaged", "tail", "alerts", "--exec", "true", "--name", "pager");
}

/* --- killed at any moment --- */

/* While the receiver fails by chance. */
static void killed_again_and_again(const char *option, const char *place, int kills) {
	unsigned long random = test_seed("killed_again_and_again");
	receiver.random = random;
	test_receiver_answers(&receiver, "any");
	for (int i = 0; i < kills; i++) {
		test_background b;
		char batch[8];
		snprintf(batch, sizeof batch, "%lu", 1 + test_random(&random) % 4);
		append(3);
		await_lock();
		test_background_start(&b, &lk, "deliver", -1, i % 5 ? NULL : ARGS("LK_CRASH=tail.out"),
		                      ARGS("tail", "alerts", "--follow", "--webhook", url, option, place, "--batch", batch));
		usleep((useconds_t)(test_random(&random) % 150000));
		test_background_kill(&b);
	}
	test_receiver_answers(&receiver, "");
	await_lock();
	LK(0, "", "", "tail", "alerts", "--webhook", url, option, place);
	each_was_taken();
	rows_have_their_ids();
}

/* I5, I11: each row is taken, and never under another id. */
static void killed_while_it_delivers(void **state) {
	(void)state;
	killed_again_and_again("--cursor", cursor, test_rounds("KILLS", 50));
}

/* I5, I11: the same with the position in PostgreSQL. */
static void killed_under_a_name(void **state) {
	(void)state;
	killed_again_and_again("--name", "pager", test_rounds("KILLS", 30));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_people_see_of_a_url),
		cmocka_unit_test_setup_teardown(a_request_for_each_row, fresh, over),
		cmocka_unit_test_setup_teardown(arrays_of_rows, fresh, over),
		cmocka_unit_test_setup_teardown(receivers_that_fail, fresh, over),
		cmocka_unit_test_setup_teardown(receivers_that_refuse, fresh, over),
		cmocka_unit_test_setup_teardown(it_gives_up, fresh, over),
		cmocka_unit_test_setup_teardown(stopped_in_a_request, fresh, over),
		cmocka_unit_test_setup_teardown(down_for_a_while, fresh, over),
		cmocka_unit_test_setup_teardown(a_command_for_each_row, fresh, over),
		cmocka_unit_test_setup_teardown(commands_that_fail, fresh, over),
		cmocka_unit_test_setup_teardown(where_the_parent_ignored_sigchld, fresh, over),
		cmocka_unit_test_setup_teardown(a_name_keeps_the_position, fresh, over),
		cmocka_unit_test_setup_teardown(status_tells_what_is_down, fresh, over),
		cmocka_unit_test_setup_teardown(moved_by_another, fresh, over),
		cmocka_unit_test_setup_teardown(servers_go_away, fresh, over),
		cmocka_unit_test_setup_teardown(a_stream_is_renamed, fresh, over),
		cmocka_unit_test_setup_teardown(damaged_by_hand, fresh, over),
		cmocka_unit_test_setup_teardown(killed_while_it_delivers, fresh, over),
		cmocka_unit_test_setup_teardown(killed_under_a_name, fresh, over),
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
