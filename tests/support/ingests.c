#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/support/ingests.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/streams.h"

void test_ingests_start(test_ingests *t) {
	char id[33];
	lk_error err = {0};
	*t = (test_ingests){0};
	test_servers_start(&t->servers);
	test_open(&t->pg, &t->servers);
	test_ok(lk_catalog_install(&t->pg, id, &err), &err);
	snprintf(t->dir, sizeof t->dir, "%.40s/lk-ingest-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(t->dir));
}

void test_ingests_stop(test_ingests *t) {
	rmdir(t->dir);
	lk_pg_close(&t->pg);
	lk_arena_release(&t->memory);
	test_servers_stop(&t->servers);
}

void test_ingests_declare(test_ingests *t, const char *const *columns, int n) {
	static int used;
	char name[16];
	lk_error err = {0};
	lk_apply_result result;
	snprintf(name, sizeof name, "in%d", used++);
	t->stream.stream = test_stream(&t->memory, name, columns, n);
	t->stream.stream->text = lk_arena_strdup(&t->memory, "");
	test_ok(lk_apply(&t->pg, &(lk_definition){.kind = LK_DEF_STREAM, .stream = t->stream.stream}, &result, &err), &err);
	t->stream.id = test_number(&t->pg, "SELECT stream_id FROM lk.stream WHERE name = '%s'", name);
}

int64_t test_ingests_ask(test_ingests *t, const char *what) {
	return test_number(&t->pg, "SELECT coalesce(%s, -1)::bigint FROM lk.log_%s", what, t->stream.stream->name);
}

int test_stdin_pipe(int *saved) {
	int fds[2];
	*saved = dup(STDIN_FILENO);
	assert_int_equal(pipe(fds), 0);
	dup2(fds[0], STDIN_FILENO);
	close(fds[0]);
	return fds[1];
}

void test_stdin_restore(int saved) {
	dup2(saved, STDIN_FILENO);
	close(saved);
}

/* True if it ended before the kill. */
static bool ended_by_itself(const lk_ingest_options *o, unsigned after_us, bool end_it) {
	int status;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		lk_ingest_report r;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(lk_ingest_run(o, &r, NULL) ? 1 : 0);
	}
	usleep(after_us);   /* the random moment */
	if (end_it)
		kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(!WIFEXITED(status) || WEXITSTATUS(status) == 0);
	return WIFEXITED(status);
}

int test_ingest_killed(const lk_ingest_options *o, unsigned long *random, unsigned most_us, int most) {
	int killed = 0;
	while (!ended_by_itself(o, (unsigned)(test_random(random) % most_us), killed < most))
		killed++;
	return killed;
}
