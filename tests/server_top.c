/* lk top and lk query --watch, on a terminal of the test's own: what it draws, sizes, keys, and servers that go away. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "tests/support/fixtures.h"
#include "tests/support/terminal.h"

static test_program lk;

static const char definitions[] =
	"CREATE TABLE hits (ts timestamptz, path text) WITH (event_time = ts, partition_by = path);\n"
	"CREATE VIEW traffic AS SELECT path, count(*) AS hits FROM hits GROUP BY path, tumble(ts, '1 minute');\n";

#define NEEDS_TERMINAL() do { (void)state; if (!test_has_terminals()) { print_message("skipped: no terminal can be opened here\n"); skip(); } } while (0)

static int fresh(void **state) {
	(void)state;
	test_servers_clear(&lk.servers);
	char *file = test_file(&lk, "def.sql", definitions);
	LK(0, "", "", "apply", file);
	free(file);
	return 0;
}

static void ingest(int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = 0; i < n; i++)
		lk_buf_adds(&lines, "{\"ts\":\"2024-01-01T00:00:00Z\",\"path\":\"/\"}\n");
	char *file = test_file(&lk, "events.jsonl", lines.data);
	LK(0, "", "", "ingest", "hits", file);
	free(file);
	lk_buf_release(&lines);
}

static void shows(test_terminal *t, size_t from, const char *text) {
	if (!test_terminal_shows(t, from, text))
		fail_msg("%s is not shown, but: %s", text, t->text.data + from);
}

/* It ends with 0, and leaves the terminal as it was: its screen, its cursor, its keys. */
static void ends(test_terminal *t, const char *key) {
	struct termios now;
	size_t from = t->text.len;
	test_terminal_type(t, key);
	shows(t, from, "\033[?25h\033[?1049l");
	assert_int_equal(tcgetattr(t->fd, &now), 0);
	assert_true((now.c_lflag & ICANON) && (now.c_lflag & ECHO));
	assert_true(test_terminal_shows(t, 0, NULL));
	assert_int_equal(test_terminal_close(t), 0);
	lk_buf_release(&t->text);
}

static void it_shows_what_changes(void **state) {
	NEEDS_TERMINAL();
	test_terminal t;
	test_terminal_open(&t, 120, 40, &lk.servers.at, ARGS(test_lk_path(), "top", "--every", "100ms"));
	shows(&t, 0, "\033[?1049h");
	shows(&t, 0, "traffic@1");
	shows(&t, 0, " events/s");
	ingest(1234);
	shows(&t, t.text.len, "1,234");
	ends(&t, "q");
}

/* The longest line between two line ends. */
static size_t widest(const char *text) {
	size_t most = 0;
	for (const char *p = text; *p; p += strcspn(p, "\r\n"), p += strspn(p, "\r\n"))
		most = strcspn(p, "\r\n\033") > most ? strcspn(p, "\r\n\033") : most;
	return most;
}

static void it_fits_the_screen(void **state) {
	NEEDS_TERMINAL();
	test_terminal t;
	test_terminal_open(&t, 80, 40, &lk.servers.at, ARGS(test_lk_path(), "top", "--every", "1h"));
	shows(&t, 0, "traffic@1");
	shows(&t, 0, "\033[J");
	assert_true(widest(t.text.data) <= 80);
	size_t from = t.text.len;
	test_terminal_resize(&t, 40, 10);       /* it draws again at once, and no more lines than there are */
	shows(&t, from, "\033[J");
	assert_true(widest(t.text.data + from) <= 40);
	int lines = 0;
	for (const char *p = t.text.data + from; (p = strstr(p, "\r\n")); p++)
		lines++;
	assert_true(lines < 10);
	ends(&t, "\003");
}

static void servers_that_come_back(void **state) {
	NEEDS_TERMINAL();
	test_terminal t;
	test_terminal_open(&t, 100, 40, &lk.servers.at, ARGS(test_lk_path(), "top", "--every", "100ms"));
	shows(&t, 0, "traffic@1");
	test_redis_kill(&lk.servers);
	shows(&t, t.text.len, "before that:");
	test_redis_start(&lk.servers);
	ingest(77);
	size_t from = t.text.len;
	shows(&t, from, " 77 ");
	ends(&t, "q");
}

static void without_a_terminal(void **state) {
	(void)state;
	LK(0, "traffic@1", "", "top");
	assert_null(strchr(lk.out, '\033'));
	LK(2, "", "there is no view trafic", "top", "trafic");
	LK(2, "", "--every", "top", "--every", "0s");
}

/* --- lk query --watch --- */

static void a_query_is_drawn_again(void **state) {
	NEEDS_TERMINAL();
	test_terminal t;
	ingest(3);
	LK(0, "", "", "speed", "--once");
	test_terminal_open(&t, 100, 40, &lk.servers.at, ARGS(test_lk_path(), "query", "traffic", "--watch", "--every", "100ms"));
	shows(&t, 0, "\033[?1049h");
	shows(&t, 0, "; q ends");
	shows(&t, 0, " hits");
	ingest(1231);
	LK(0, "", "", "speed", "--once");
	shows(&t, 0, "1234");
	test_redis_kill(&lk.servers);
	shows(&t, t.text.len, "before that:");
	test_redis_start(&lk.servers);
	ends(&t, "q");
}

/* Starts lk with standard output in a file. */
static int start_into(const char *path, const char *const *argv) {
	fflush(NULL);
	int own = dup(STDOUT_FILENO), file = open(path, O_WRONLY | O_TRUNC);
	assert_true(own >= 0 && file >= 0);
	dup2(file, STDOUT_FILENO);
	int pid = test_lk_start(&lk.servers, NULL, argv);
	dup2(own, STDOUT_FILENO);
	close(own);
	close(file);
	return pid;
}

static bool file_has(void *path, const char *part) {
	char *text = test_text_of(path);
	bool has = strstr(text, part) != NULL;
	free(text);
	return has;
}

static int has_three(void *path) { return file_has(path, "\"hits\":3"); }
static int has_seven(void *path) { return file_has(path, "\"hits\":7"); }

/* Where there is no terminal each answer comes once, whatever the format. */
static void a_query_prints_what_changed(void **state) {
	(void)state;
	ingest(3);
	LK(0, "", "", "speed", "--once");
	char *out = test_file(&lk, "watched", "");
	int pid = start_into(out, ARGS("query", "traffic", "--watch", "--every", "50ms", "--format", "json"));
	assert_true(test_poll(has_three, out, 30000));
	ingest(4);
	LK(0, "", "", "speed", "--once");
	assert_true(test_poll(has_seven, out, 30000));
	kill(pid, SIGTERM);
	assert_int_equal(test_lk_wait(pid, 30000), 0);
	free(out);
	LK(2, "", "goes with --watch", "query", "traffic", "--every", "1s");
	LK(2, "", "--strict is for one answer", "query", "traffic", "--watch", "--strict");
	LK(2, "", "there is no view trafic", "query", "trafic", "--watch");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(it_shows_what_changes, fresh),
		cmocka_unit_test_setup(it_fits_the_screen, fresh),
		cmocka_unit_test_setup(servers_that_come_back, fresh),
		cmocka_unit_test_setup(without_a_terminal, fresh),
		cmocka_unit_test_setup(a_query_is_drawn_again, fresh),
		cmocka_unit_test_setup(a_query_prints_what_changed, fresh),
	};
	test_share_program(&lk, NULL);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
