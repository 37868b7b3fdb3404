/* lk top, on a terminal of the test's own: what it draws, sizes, keys, and servers that go away. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <termios.h>

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

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(it_shows_what_changes, fresh),
		cmocka_unit_test_setup(it_fits_the_screen, fresh),
		cmocka_unit_test_setup(servers_that_come_back, fresh),
		cmocka_unit_test_setup(without_a_terminal, fresh),
	};
	test_share_program(&lk, NULL);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
