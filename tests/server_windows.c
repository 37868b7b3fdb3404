/* Windows as users ask for them: rows worked out by hand for windows that overlap, grow or have an offset, with events
 * exactly at their edges and before 1970, in every layer and mode; ranges of time, other windows than the view's, and
 * refusals. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "tests/support/fixtures.h"

static test_program lk;

static const char definitions[] =
	"CREATE TABLE e (ts timestamptz, k text, v int) WITH (event_time = ts, partition_by = k, partitions = 2);\n"
	"CREATE VIEW every30 AS SELECT k, sum(v) AS sum FROM e GROUP BY k, tumble(ts, '30 s');\n"
	"CREATE VIEW shifted AS SELECT k, sum(v) AS sum FROM e GROUP BY k, tumble(ts, '1 minute', '45 s');\n"
	"CREATE VIEW hops AS SELECT k, sum(v) AS sum FROM e GROUP BY k, hop(ts, '30 s', '1 minute');\n"
	"CREATE VIEW uneven AS SELECT k, sum(v) AS sum FROM e GROUP BY k, hop(ts, '1 minute', '90 s', '45 s');\n"
	"CREATE VIEW grows AS SELECT k, sum(v) AS sum FROM e GROUP BY k, cumulate(ts, '30 s', '1 minute');\n"
	"CREATE VIEW apart AS SELECT k, sum(v) AS sum FROM e GROUP BY k, session(ts, '30 s');\n"
	"CREATE VIEW ever AS SELECT k, sum(v) AS sum FROM e GROUP BY k;\n";

static const char first_events[] =
	"{\"ts\":\"1970-01-01T00:00:00Z\",\"k\":\"a\",\"v\":1}\n"
	"{\"ts\":\"1970-01-01T00:01:00Z\",\"k\":\"a\",\"v\":4}\n"
	"{\"ts\":\"1970-01-01T00:00:59.999999Z\",\"k\":\"b\",\"v\":8}\n";
static const char later_events[] =
	"{\"ts\":\"1970-01-01T00:00:30Z\",\"k\":\"a\",\"v\":2}\n"
	"{\"ts\":\"1970-01-01T00:01:29Z\",\"k\":\"b\",\"v\":16}\n"
	"{\"ts\":\"1969-12-31T23:59:59Z\",\"k\":\"a\",\"v\":32}\n";

static const char of_hops[] =
	"1969-12-31T23:59:00Z,1970-01-01T00:00:00Z,a,32\n"
	"1969-12-31T23:59:30Z,1970-01-01T00:00:30Z,a,33\n"
	"1970-01-01T00:00:00Z,1970-01-01T00:01:00Z,a,3\n"
	"1970-01-01T00:00:00Z,1970-01-01T00:01:00Z,b,8\n"
	"1970-01-01T00:00:30Z,1970-01-01T00:01:30Z,a,6\n"
	"1970-01-01T00:00:30Z,1970-01-01T00:01:30Z,b,24\n"
	"1970-01-01T00:01:00Z,1970-01-01T00:02:00Z,a,4\n"
	"1970-01-01T00:01:00Z,1970-01-01T00:02:00Z,b,16\n";
static const char of_every30[] =
	"1969-12-31T23:59:30Z,1970-01-01T00:00:00Z,a,32\n"
	"1970-01-01T00:00:00Z,1970-01-01T00:00:30Z,a,1\n"
	"1970-01-01T00:00:30Z,1970-01-01T00:01:00Z,a,2\n"
	"1970-01-01T00:00:30Z,1970-01-01T00:01:00Z,b,8\n"
	"1970-01-01T00:01:00Z,1970-01-01T00:01:30Z,a,4\n"
	"1970-01-01T00:01:00Z,1970-01-01T00:01:30Z,b,16\n";
static const char of_shifted[] =
	"1969-12-31T23:59:45Z,1970-01-01T00:00:45Z,a,35\n"
	"1970-01-01T00:00:45Z,1970-01-01T00:01:45Z,a,4\n"
	"1970-01-01T00:00:45Z,1970-01-01T00:01:45Z,b,24\n";
static const char of_uneven[] =
	"1969-12-31T23:58:45Z,1970-01-01T00:00:15Z,a,33\n"
	"1969-12-31T23:59:45Z,1970-01-01T00:01:15Z,a,39\n"
	"1969-12-31T23:59:45Z,1970-01-01T00:01:15Z,b,8\n"
	"1970-01-01T00:00:45Z,1970-01-01T00:02:15Z,a,4\n"
	"1970-01-01T00:00:45Z,1970-01-01T00:02:15Z,b,24\n";
static const char of_grows[] =
	"1969-12-31T23:59:00Z,1970-01-01T00:00:00Z,a,32\n"
	"1970-01-01T00:00:00Z,1970-01-01T00:00:30Z,a,1\n"
	"1970-01-01T00:00:00Z,1970-01-01T00:01:00Z,a,3\n"
	"1970-01-01T00:00:00Z,1970-01-01T00:01:00Z,b,8\n"
	"1970-01-01T00:01:00Z,1970-01-01T00:01:30Z,a,4\n"
	"1970-01-01T00:01:00Z,1970-01-01T00:01:30Z,b,16\n"
	"1970-01-01T00:01:00Z,1970-01-01T00:02:00Z,a,4\n"
	"1970-01-01T00:01:00Z,1970-01-01T00:02:00Z,b,16\n";

static const struct { const char *view, *rows; } views[] = {
	{"every30", of_every30}, {"shifted", of_shifted}, {"hops", of_hops}, {"uneven", of_uneven}, {"grows", of_grows},
};
enum { VIEWS = sizeof views / sizeof *views };

/* RFC 4180 ends lines with two characters. */
static void drop_returns(char *text) {
	char *to = text;
	for (; *text; text++)
		if (*text != '\r')
			*to++ = *text;
	*to = '\0';
}

/* Exactly these rows, below the header. */
static void rows_are(const char *rows, const char *view, const char *const *more) {
	const char *line[16] = {"query", view, "--format", "csv"};
	for (int i = 4; *more && i < 15; i++)
		line[i] = *more++;
	char *want = lk_asprintf("window_start,window_end,k,sum\n%s", rows);
	test_run(&lk, NULL, 0, "", "", line);
	drop_returns(lk.out);
	if (strcmp(lk.out, want))
		fail_msg("%s: got\n%s\nnot\n%s", view, lk.out, want);
	free(want);
}
static const char *const as_they_are[] = {NULL};
#define ROWS(rows, view, ...) rows_are(rows, view, (const char *const[]){__VA_ARGS__, NULL})

static void ingest(const char *text) {
	char *path = test_file(&lk, "events.jsonl", text);
	LK(0, "", "ingest", "ingest", "e", path);
	free(path);
}

static int fresh(void **state) {
	(void)state;
	test_servers_clear(&lk.servers);
	char *path = test_file(&lk, "def.sql", definitions);
	LK(0, "", "new", "apply", path);
	free(path);
	return 0;
}

static void all_events(void) {
	ingest(first_events);
	LK(0, "", "", "batch");
	ingest(later_events);
	LK(0, "", "", "speed", "--once");
}

/* I2, I3 */
static void the_same_in_every_layer_and_mode(void **state) {
	(void)state;
	all_events();
	for (int i = 0; i < VIEWS; i++)
		rows_are(views[i].rows, views[i].view, as_they_are);
	LK(0, "", "", "batch");
	for (int i = 0; i < VIEWS; i++)
		ROWS(views[i].rows, views[i].view, "--layer", "batch");
	for (int i = 0; i < VIEWS; i++) {
		LK(0, "", "", "replay", views[i].view, "--switch");
		rows_are(views[i].rows, views[i].view, as_they_are);
	}
}

static void stream_alone(void **state) {
	(void)state;
	ingest(first_events);
	ingest(later_events);
	LK(0, "", "", "speed", "--once");
	for (int i = 0; i < VIEWS; i++)
		ROWS(views[i].rows, views[i].view, "--layer", "speed");
}

/* I3: A window is in the range if it starts there; then it is complete, with events beyond the range. */
static void ranges_of_time(void **state) {
	(void)state;
	all_events();
	ROWS("1970-01-01T00:00:00Z,1970-01-01T00:01:00Z,a,3\n1970-01-01T00:00:00Z,1970-01-01T00:01:00Z,b,8\n", "hops",
	     "--from", "1970-01-01T00:00:00Z", "--to", "1970-01-01T00:00:30Z");
	ROWS("1969-12-31T23:59:30Z,1970-01-01T00:00:30Z,a,33\n", "hops", "--from", "1969-12-31T23:59:00.000001Z", "--to", "1970-01-01T00:00:00Z");
	ROWS("", "hops", "--from", "1970-01-01T00:00:00.000001Z", "--to", "1970-01-01T00:00:30Z");
	ROWS("1970-01-01T00:01:00Z,1970-01-01T00:02:00Z,b,16\n", "hops", "--from", "1970-01-01T00:01:00Z", "--where", "k=b");
	ROWS("1969-12-31T23:59:45Z,1970-01-01T00:01:15Z,a,39\n1969-12-31T23:59:45Z,1970-01-01T00:01:15Z,b,8\n", "uneven",
	     "--from", "1969-12-31T23:59:45Z", "--to", "1970-01-01T00:00:45Z");
	ROWS("1969-12-31T23:59:00Z,1970-01-01T00:00:00Z,a,32\n", "grows", "--to", "1970-01-01T00:00:00Z");
	ROWS("1970-01-01T00:01:00Z,1970-01-01T00:01:30Z,b,16\n1970-01-01T00:01:00Z,1970-01-01T00:02:00Z,b,16\n", "grows",
	     "--from", "1970-01-01T00:00:00.000001Z", "--where", "k=b");
	ROWS("1970-01-01T00:00:45Z,1970-01-01T00:01:45Z,a,4\n1970-01-01T00:00:45Z,1970-01-01T00:01:45Z,b,24\n", "shifted",
	     "--from", "1969-12-31T23:59:45.000001Z");
}

static void other_windows_than_the_views(void **state) {
	(void)state;
	all_events();
	ROWS(of_hops, "every30", "--window", "1m", "--slide", "30s");
	ROWS(of_hops, "grows", "--window", "1m", "--slide", "30s");
	ROWS(of_every30, "hops", "--window", "30s");
	ROWS(of_every30, "hops", "--window", "30s", "--slide", "30s");
	ROWS("1970-01-01T00:00:00Z,1970-01-01T00:01:00Z,a,3\n1970-01-01T00:00:00Z,1970-01-01T00:01:00Z,b,8\n", "every30",
	     "--window", "1m", "--slide", "30s", "--from", "1970-01-01T00:00:00Z", "--to", "1970-01-01T00:00:30Z");
	ROWS("1969-12-31T23:58:45Z,1970-01-01T00:00:45Z,a,35\n"
	     "1970-01-01T00:00:45Z,1970-01-01T00:02:45Z,a,4\n"
	     "1970-01-01T00:00:45Z,1970-01-01T00:02:45Z,b,24\n", "uneven", "--window", "2m", "--from", "1969-12-31T23:58:00Z", "--slide", "2m");
	ROWS("1969-08-14T00:00:00Z,1970-01-01T00:00:00Z,a,32\n"
	     "1970-01-01T00:00:00Z,1970-05-21T00:00:00Z,a,7\n"
	     "1970-01-01T00:00:00Z,1970-05-21T00:00:00Z,b,24\n", "every30", "--window", "20w");   /* 403,200 panes */
	ROWS("1969-12-31T23:59:45Z,1970-01-01T00:01:45Z,a,39\n"
	     "1969-12-31T23:59:45Z,1970-01-01T00:01:45Z,b,24\n", "shifted", "--window", "2m", "--slide", "1m",
	     "--from", "1969-12-31T23:59:00Z", "--to", "1970-01-01T00:00:45Z");
}

static void what_is_refused(void **state) {
	(void)state;
	LK(2, "", "--slide needs --window", "query", "hops", "--slide", "30s");
	LK(2, "", "leaves events out", "query", "hops", "--window", "30s", "--slide", "1m");
	LK(2, "", "windows of 45 s cannot be built from the panes of view hops", "query", "hops", "--window", "45s");
	LK(2, "", "ask for multiples of 30 s", "query", "hops", "--window", "1m", "--slide", "20s");
	LK(2, "", "of 20 s", "query", "shifted", "--window", "20s");
	LK(2, "", "in more than 10000 windows", "query", "hops", "--window", "300030s", "--slide", "30s");
	LK(2, "", "sessions have no fixed size", "query", "apart", "--window", "1m");
	LK(2, "", "sessions have no fixed size", "query", "apart", "--window", "1m", "--slide", "30s");
	LK(2, "", "view ever has no windows: --window does not apply", "query", "ever", "--window", "1m");
	LK(2, "", "view ever has no windows: --slide does not apply", "query", "ever", "--slide", "1m");
	LK(2, "", "--slide", "query", "hops", "--window", "1m", "--slide", "soon");
	LK(2, "", "--slide", "query", "hops", "--window", "1m", "--slide", "0s");
	LK(2, "", "--slide needs --window", "explain", "hops", "--slide", "30s");
	LK(0, "--slide SIZE", "", "help", "query");
}

static void what_explain_says(void **state) {
	(void)state;
	LK(0, "window: 30 s of ts, in panes of 30 s\n", "", "explain", "every30");
	LK(0, "window: 1 min of ts, shifted by 45 s, in panes of 1 min\n", "", "explain", "shifted");
	LK(0, "window: 1 min every 30 s of ts, in panes of 30 s\n", "", "explain", "hops");
	LK(0, "window: 90 s every 1 min of ts, shifted by 45 s, in panes of 30 s\n", "", "explain", "uneven");
	LK(0, "window: 1 min in steps of 30 s of ts, in panes of 30 s\n", "", "explain", "grows");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_same_in_every_layer_and_mode, fresh),
		cmocka_unit_test_setup(stream_alone, fresh),
		cmocka_unit_test_setup(ranges_of_time, fresh),
		cmocka_unit_test_setup(other_windows_than_the_views, fresh),
		cmocka_unit_test_setup(what_is_refused, fresh),
		cmocka_unit_test_setup(what_explain_says, fresh),
	};
	test_share_program(&lk, NULL);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
