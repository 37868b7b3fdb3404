/* Messages of commands while a server is away or its disk is full: they continue by themselves, and nothing is lost. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "tests/support/fixtures.h"
#include "tests/support/replays.h"

enum { SOON_MS = 20000, LONG_MS = 60000 };   /* deadlines */

static test_program lk;
static int running;
static char *said_in;   /* the file of the running command's messages */

static const char definitions[] =
	"CREATE TABLE hits (ts timestamptz, ip text, path text) WITH (event_time = ts, partition_by = ip, partitions = 2);\n"
	"CREATE VIEW traffic AS SELECT path, count(*) AS hits FROM hits GROUP BY path, tumble(ts, '1 minute');\n";
static const char other_view[] = "CREATE VIEW other AS SELECT ip, count(*) AS n FROM hits GROUP BY ip, tumble(ts, '1 minute');\n";
static const char derived_stream[] = "CREATE TABLE recent WITH (event_time = ts) AS"
	" SELECT ts, ip, count(*) OVER (PARTITION BY ip ORDER BY _off ROWS 2 PRECEDING) AS n FROM hits;\n";
static const char three[] = "{\"ts\":\"2015-05-17T10:00:01Z\",\"ip\":\"a\",\"path\":\"/\"}\n"
                            "{\"ts\":\"2015-05-17T10:00:02Z\",\"ip\":\"b\",\"path\":\"/\"}\n"
                            "{\"ts\":\"2015-05-17T10:00:03Z\",\"ip\":\"c\",\"path\":\"/\"}\n";

/* 6,000 of one minute, each with a path of its own, of 200 bytes. */
static char *many_events(void) {
	lk_buf many = LK_BUF_INIT;
	for (int i = 0; i < 6000; i++)
		lk_buf_addf(&many, "{\"ts\":\"2015-05-17T10:00:03Z\",\"ip\":\"%d\",\"path\":\"/%0200d\"}\n", i % 17, i);
	char *path = test_file(&lk, "many.jsonl", many.data);
	lk_buf_release(&many);
	return path;
}

static void start(const char *const *env, const char *const *argv) {
	int own = dup(STDERR_FILENO), fd;
	said_in = lk_asprintf("%s/said", lk.servers.dir);
	fd = open(said_in, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(own >= 0 && fd >= 0);
	dup2(fd, STDERR_FILENO);
	running = test_lk_start(&lk.servers, env, argv);
	dup2(own, STDERR_FILENO);
	close(own);
	close(fd);
}

static char *said(void) { return test_text_of(said_in); }

static int says(void *what) {
	char *text = said();
	int found = strstr(text, what) != NULL;
	free(text);
	return found;
}

static void await_said(const char *what) {
	if (!test_poll(says, (void *)(uintptr_t)what, LONG_MS))
		fail_msg("not said: %s\nbut: %s", what, said());
}

static int ended(int deadline_ms) {
	int status = test_lk_wait(running, deadline_ms);
	if (status >= 0)
		running = 0;
	return status;
}

static int is_whole(void *unused) {
	char *out = NULL;
	(void)unused;
	int status = test_lk(&lk.servers, NULL, &out, NULL, ARGS("query", "traffic", "--limit", "1"));
	int whole = status == 0 && strstr(out, "covers:    6,003 of 6,003 events") != NULL;
	free(out);
	return whole;
}

static void declare(void) {
	char *path = test_file(&lk, "def.sql", definitions);
	LK(0, "", "", "apply", path);
	free(path);
}

static int fresh(void **state) {
	(void)state;
	test_servers_clear(&lk.servers);
	declare();
	return 0;
}

static int stop(void **state) {
	(void)state;
	if (running) {
		kill(running, SIGKILL);
		test_lk_wait(running, SOON_MS);
	}
	running = 0;
	free(said_in);
	said_in = NULL;
	test_postgres_start(&lk.servers);
	return 0;
}

/* --- lk ingest and a server that goes away --- */

static char *pipe_to_ingest(int *fd) {
	char *path = lk_asprintf("%s/in.jsonl", lk.servers.dir);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	*fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(*fd >= 0);
	return path;
}

static void feed(int fd) { assert_int_equal(write(fd, three, sizeof three - 1), (int)sizeof three - 1); }

static void ingest_says_what_the_log_has_and_when_it_continues(void **state) {
	(void)state;
	int fd;
	char *path = pipe_to_ingest(&fd);
	start(NULL, ARGS("ingest", "hits", path));
	feed(fd);
	test_await_sql(&lk, "SELECT count(*) = 3 FROM lk.log_hits");
	test_postgres_kill(&lk.servers);
	feed(fd);
	await_said("the log has 3 events of this input so far, and lk tries again for up to 5 min");
	test_postgres_start(&lk.servers);
	await_said("PostgreSQL takes events again, after ");
	close(fd);
	assert_int_equal(ended(LONG_MS), 0);
	await_said("6 events in ");
	test_ask_is(&lk, "SELECT count(*) FROM lk.log_hits", "6");
	char *text = said(), *first = strstr(text, "takes events again");
	assert_null(strstr(first + 1, "takes events again"));
	free(text);
	free(path);
}

/* An append that waits is finished first; it fails when the server goes, and nobody tries it again. */
static void a_stopped_ingest_does_not_speak_of_trying_again(void **state) {
	(void)state;
	char *path = test_file(&lk, "events.jsonl", three);
	PGconn *c = PQconnectdb(lk.servers.at.postgres);
	PQclear(PQexec(c, "BEGIN; SELECT 1 FROM lk.tail FOR UPDATE"));
	start(NULL, ARGS("ingest", "hits", path));
	test_await_sql(&lk, "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
	kill(running, SIGTERM);
	test_postgres_kill(&lk.servers);
	assert_int_equal(ended(SOON_MS), 75);
	await_said("lk: PostgreSQL, appending: ");
	assert_false(says((void *)(uintptr_t)"tried again"));
	PQfinish(c);
	free(path);
}

/* --- a full disk --- */

static char *disk;   /* mounted; NULL: none */

static void query(const char *sql) { free(test_ask(&lk, sql, NULL)); }

/* All files of lk are in 32 MB of memory: only root may mount, and not on every machine. */
static void mount_disk(void) {
	struct passwd *owner = getpwnam("postgres");
	char *path = lk_asprintf("%s/disk", lk.servers.dir);
	mkdir(path, 0755);
	if (geteuid() != 0 || !owner || mount("none", path, "tmpfs", 0, "size=32m") != 0) {
		print_message("          skipped: no file system can be mounted here\n");
		free(path);
		skip();
	}
	disk = path;
	assert_int_equal(chown(disk, owner->pw_uid, owner->pw_gid), 0);
	char *make = lk_asprintf("CREATE TABLESPACE small LOCATION '%s'", disk);
	test_servers_clear(&lk.servers);
	query(make);
	query("ALTER ROLE lk SET default_tablespace = 'small'");
	declare();
	test_ask_is(&lk, "SELECT count(*) > 0 FROM pg_class c JOIN pg_tablespace t ON t.oid = c.reltablespace WHERE spcname = 'small'", "t");
	free(make);
}

static void fill_disk(void) {
	static const char zeros[4096];
	char *path = lk_asprintf("%s/filler", disk);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	while (write(fd, zeros, sizeof zeros) > 0)
		;
	close(fd);
	free(path);
}

static void empty_disk(void) {
	char *path = lk_asprintf("%s/filler", disk);
	unlink(path);
	free(path);
}

static int unmount_disk(void **state) {
	stop(state);
	if (!disk)
		return 0;
	empty_disk();
	query("ALTER ROLE lk RESET default_tablespace");
	test_servers_clear(&lk.servers);
	query("DROP TABLESPACE small");
	int failed = umount2(disk, MNT_DETACH);
	free(disk);
	disk = NULL;
	return failed;
}

/* Nothing is lost, and it continues by itself. */
static void a_full_disk_is_named_and_waited_for(void **state) {
	(void)state;
	mount_disk();
	char *path = test_file(&lk, "events.jsonl", three);
	fill_disk();
	start(NULL, ARGS("ingest", "hits", path));
	await_said("PostgreSQL's disk is full");
	await_said("the log has 0 events of this input so far, and lk tries again for up to 5 min; to do: free space");
	empty_disk();
	await_said("PostgreSQL takes events again, after ");
	assert_int_equal(ended(LONG_MS), 0);
	test_ask_is(&lk, "SELECT count(*) FROM lk.log_hits", "3");
	free(path);
}

static void batches_and_seals_name_a_full_disk(void **state) {
	(void)state;
	mount_disk();
	char *path = test_file(&lk, "events.jsonl", three);
	LK(0, "", "3 events", "ingest", "hits", path);
	fill_disk();
	LK(75, "", "PostgreSQL's disk is full", "batch");
	assert_non_null(strstr(lk.err, "free space where PostgreSQL keeps its data"));
	empty_disk();
	LK(0, "", "3 events", "batch");
	LK(0, "\"hits\":3", "", "query", "traffic", "--format", "json", "--layer", "batch");
	LK(0, "", "", "mode", "traffic", "kappa");
	LK(0, "", "3 events", "ingest", "hits", path);
	LK(0, "", "", "speed", "--once");
	fill_disk();
	LK(75, "", "PostgreSQL's disk is full", "batch");
	empty_disk();
	LK(0, "", "", "batch");
	LK(0, "\"hits\":6", "", "query", "traffic", "--format", "json");
	free(path);
}

/* I11: workers say it, keep what they have folded, and go on where they were. */
static void a_derived_log_waits_for_a_full_disk(void **state) {
	(void)state;
	mount_disk();
	char *path = many_events(), *derived = test_file(&lk, "derived.sql", derived_stream);
	LK(0, "", "", "apply", derived);
	LK(0, "", "6,000 events", "ingest", "hits", path);
	fill_disk();
	start(NULL, ARGS("speed"));
	await_said("PostgreSQL's disk is full");
	await_said("free space where PostgreSQL keeps its data");
	test_ask_is(&lk, "SELECT count(*) FROM lk.log_recent", "0");
	empty_disk();
	test_await_sql(&lk, "SELECT count(*) = 6000 FROM lk.log_recent");
	kill(running, SIGTERM);
	assert_int_equal(ended(SOON_MS), 0);
	LK(0, "the same 6,000 rows", "", "compare", "recent");
	free(derived);
	free(path);
}

/* --- lk run --- */

/* The last line may be incomplete. */
static void each_line_has_its_time(void) {
	regex_t line;
	char *text = said(), *rest = text, *next;
	assert_int_equal(regcomp(&line, "^20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]Z (lk: |  hint: )", REG_EXTENDED), 0);
	int lines = 0;
	for (; (next = strchr(rest, '\n')); rest = next + 1, lines++) {
		*next = '\0';
		if (regexec(&line, rest, 0, NULL, 0) != 0)
			fail_msg("no time: %s", rest);
	}
	assert_true(lines > 0);
	regfree(&line);
	free(text);
}

static void run_says_when_it_works_again(void **state) {
	(void)state;
	char *path = test_file(&lk, "events.jsonl", three);
	LK(0, "", "", "ingest", "hits", path);
	start(NULL, ARGS("run", "--every", "200ms"));
	test_await_hits(&lk, 3);
	test_await_sql(&lk, "SELECT count(*) >= 4 FROM pg_stat_activity WHERE application_name = 'lk speed'");
	test_postgres_kill(&lk.servers);
	await_said("lk tries again until it answers");
	await_said("batch: tried again every ");
	test_postgres_start(&lk.servers);
	await_said("speed: the servers answer again");
	await_said("batch: works again, after ");
	LK(0, "", "", "ingest", "hits", path);
	test_await_hits(&lk, 6);
	kill(running, SIGTERM);
	assert_int_equal(ended(SOON_MS), 0);
	each_line_has_its_time();
	free(path);
}

static int is_frozen(void *unused) {
	char path[64], state = 0;
	(void)unused;
	snprintf(path, sizeof path, "/proc/%d/stat", running);
	FILE *f = fopen(path, "r");
	int ok = f && fscanf(f, "%*d (lk) %c", &state) == 1;
	if (f)
		fclose(f);
	return ok && state == 'T';
}

static int times_said(const char *what) {
	char *text = said();
	int n = 0;
	for (char *at = text; (at = strstr(at, what)); at++)
		n++;
	free(text);
	return n;
}

/* Redis has no room, and no batch comes to make some. */
static void run_says_that_redis_is_full(void **state) {
	(void)state;
	char *few = test_file(&lk, "events.jsonl", three), *path = many_events();
	start(NULL, ARGS("run", "--every", "1h"));
	LK(0, "", "", "ingest", "hits", few);
	test_await_hits(&lk, 3);
	test_redis_room(&lk.servers, 400000);
	LK(0, "", "", "ingest", "hits", path);
	await_said("of view traffic, which waits until there is room; its cells cover the log below offset ");
	await_said(", and nothing is lost");
	await_said("bytes of maxmemory are used)");
	await_said("hint: run a batch to make room (`lk batch`), raise maxmemory, or drop copies");
	LK(0, "\"hits\":3", "", "query", "traffic", "--where", "path=/", "--format", "json");
	assert_false(says((void *)(uintptr_t)"Redis has room again"));
	test_redis_room(&lk.servers, -1);
	await_said("speed: Redis has room again; it continues where it was");
	assert_true(test_poll(is_whole, NULL, LONG_MS));
	kill(running, SIGTERM);
	assert_int_equal(ended(SOON_MS), 0);
	assert_int_equal(times_said("Redis has room again"), 1);
	each_line_has_its_time();
	free(few);
	free(path);
}

/* I11: Redis has no room for what a moving window keeps of each key. */
static void a_derived_stream_waits_for_room_in_redis(void **state) {
	(void)state;
	char *path = many_events(), *derived = test_file(&lk, "derived.sql", "CREATE TABLE visits WITH (event_time = ts) AS SELECT ts, ip,"
		" count(*) OVER (PARTITION BY ip, path ORDER BY _off ROWS 2 PRECEDING) AS n FROM hits;");
	LK(0, "", "", "drop", "traffic", "--yes");
	LK(0, "", "", "apply", derived);
	test_redis_room(&lk.servers, 400000);
	LK(0, "", "6,000 events", "ingest", "hits", path);
	start(NULL, ARGS("speed"));
	await_said(" of derived stream visits, which waits until there is room; the rows of what it has read are in its log, and nothing is lost");
	await_said("hint: raise maxmemory, or drop copies that you do not need (`lk mode`, `lk drop`): a moving window keeps");
	test_redis_room(&lk.servers, -1);
	await_said("speed: Redis has room again; it continues where it was");
	test_await_sql(&lk, "SELECT count(*) = 6000 FROM lk.log_visits");
	kill(running, SIGTERM);
	assert_int_equal(ended(SOON_MS), 0);
	LK(0, "the same 6,000 rows", "", "compare", "visits");
	free(derived);
	free(path);
}

/* A comparison holds off the batches of its view; those of the other view show how many rounds there were. */
static void run_says_once_that_a_batch_must_wait(void **state) {
	(void)state;
	static const char waits[] = "another batch of view traffic, or a comparison, is running";
	char *path = test_file(&lk, "events.jsonl", three), *views = test_file(&lk, "other.sql", other_view);
	LK(0, "", "", "apply", views);
	PGconn *c = PQconnectdb(lk.servers.at.postgres);
	PQclear(PQexec(c, "SELECT pg_advisory_lock((27755::bigint << 48) + copy_id) FROM lk.copy JOIN lk.version USING (version_id)"
	               " JOIN lk.view v USING (view_id) WHERE v.name = 'traffic'"));
	start(NULL, ARGS("run", "--every", "50ms"));
	await_said(waits);
	for (int events = 3; events <= 12; events += 3) {
		char *batch = lk_asprintf("batch other@1: %d events", events);
		LK(0, "", "", "ingest", "hits", path);
		await_said(batch);
		free(batch);
	}
	assert_int_equal(times_said(waits), 1);
	PQfinish(c);
	await_said("batch traffic: works again, after ");
	await_said("batch traffic@1: 12 events");
	kill(running, SIGTERM);
	assert_int_equal(ended(SOON_MS), 0);
	assert_int_equal(times_said("works again"), 1);
	free(path);
	free(views);
}

/* Between its first batch and the start of its workers. */
static void run_waits_for_a_server_that_goes_before_the_workers_start(void **state) {
	(void)state;
	static const char *const freeze[] = {"LK_FREEZE=batch.published", NULL};
	char *path = test_file(&lk, "events.jsonl", three);
	LK(0, "", "", "ingest", "hits", path);
	start(freeze, ARGS("run", "--every", "10s"));
	assert_true(test_poll(is_frozen, NULL, LONG_MS));
	test_postgres_kill(&lk.servers);
	test_redis_kill(&lk.servers);
	kill(running, SIGCONT);
	await_said("lk tries again until it answers");
	test_redis_start(&lk.servers);
	test_postgres_start(&lk.servers);
	await_said("speed: the servers answer again");
	test_await_hits(&lk, 3);
	test_await_sql(&lk, "SELECT count(*) >= 4 FROM pg_stat_activity WHERE application_name = 'lk speed'");
	kill(running, SIGTERM);
	assert_int_equal(ended(SOON_MS), 0);
	free(path);
}

/* A signal during a batch is no trouble of a server: one line says what was stopped. */
static void a_stopped_batch_says_so_once(void **state) {
	(void)state;
	static const char *const run[] = {"run", "--every", "1h", NULL}, *const batch[] = {"batch", "--every", "1h", NULL};
	const char *const *const commands[] = {run, batch};
	char *path = test_file(&lk, "events.jsonl", three);
	LK(0, "", "", "ingest", "hits", path);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		PGconn *c = PQconnectdb(lk.servers.at.postgres);
		PQclear(PQexec(c, "BEGIN; LOCK TABLE lk.log_hits IN ACCESS EXCLUSIVE MODE"));
		free(said_in);
		start(NULL, commands[i]);
		test_await_sql(&lk, "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'lk batch' AND wait_event_type = 'Lock'");
		kill(running, SIGINT);
		assert_int_equal(ended(SOON_MS), 0);
		await_said("lk: batch traffic: stopped; what is published stays");
		char *text = said();
		assert_null(strstr(text, "before it answered"));
		assert_null(strstr(strstr(text, "stopped") + 1, "stopped"));
		free(text);
		PQfinish(c);
	}
	free(path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, stop)
#define DISK_TEST(name) cmocka_unit_test_setup_teardown(name, fresh, unmount_disk)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(ingest_says_what_the_log_has_and_when_it_continues),
		TEST(a_stopped_ingest_does_not_speak_of_trying_again),
		DISK_TEST(a_full_disk_is_named_and_waited_for),
		DISK_TEST(batches_and_seals_name_a_full_disk),
		DISK_TEST(a_derived_log_waits_for_a_full_disk),
		TEST(run_says_when_it_works_again),
		TEST(run_says_that_redis_is_full),
		TEST(a_derived_stream_waits_for_room_in_redis),
		TEST(run_says_once_that_a_batch_must_wait),
		TEST(run_waits_for_a_server_that_goes_before_the_workers_start),
		TEST(a_stopped_batch_says_so_once),
	};
	test_share_program(&lk, NULL);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
