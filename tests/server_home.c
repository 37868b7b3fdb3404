/* The folder of the private servers: what lk up makes in it and beside it, what lk down removes, and what it never
 * removes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "tests/support/fixtures.h"

static test_program lk;

/* A command line with LK_HOME set and no other servers. */
static void with_home(const char *home, int want, const char *err_has, const char *const *argv) {
	char *set = lk_asprintf("LK_HOME=%s", home);
	test_run(&lk, (const char *const[]){set, "LK_POSTGRES=", "LK_REDIS=", NULL}, want, "", err_has, argv);
	free(set);
}

static char *beside(const char *name) { return lk_asprintf("%s/%s", lk.servers.dir, name); }

static bool is_there(const char *dir, const char *name) {
	char *path = lk_asprintf("%s/%s", dir, name);
	bool there = access(path, F_OK) == 0;
	free(path);
	return there;
}

static char *target_of(const char *home, const char *name) {
	char *path = lk_asprintf("%s/%s", home, name), target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof target - 1);
	assert_true(n > 0);
	target[n] = '\0';
	free(path);
	return lk_strdup(target);
}

static void link_to(const char *target, const char *home, const char *name) {
	char *path = lk_asprintf("%s/%s", home, name);
	assert_int_equal(symlink(target, path), 0);
	free(path);
}

static void write_into(const char *dir, const char *name) {
	char *path = lk_asprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs("mine\n", f);
	fclose(f);
	free(path);
}

/* A home that user postgres cannot enter: only root's servers run as another user. */
static char *hidden_home(const char *name) {
	if (geteuid() != 0)
		skip();
	char *hidden = beside("hidden"), *home = lk_asprintf("%s/%s", hidden, name);
	mkdir(hidden, 0700);
	free(hidden);
	return home;
}

static void data_elsewhere_is_named_and_removed(void **state) {
	(void)state;
	char *home = hidden_home("named");
	with_home(home, 0, "their data lies in /var/lib/lk/lk-", ARGS("up"));
	char *data = target_of(home, "data"), *run = target_of(home, "run");
	assert_non_null(strstr(lk.err, data));
	assert_non_null(strstr(lk.err, home));
	with_home(home, 2, "--yes removes it without asking", ARGS("down", "--remove"));
	assert_non_null(strstr(lk.err, data));
	with_home(home, 0, "lk apply", ARGS("status"));
	with_home(home, 0, data, ARGS("down"));
	assert_true(is_there(data, "postgres/PG_VERSION"));
	assert_false(is_there(run, ""));
	with_home(home, 3, "are stopped", ARGS("status"));
	with_home(home, 0, run, ARGS("up"));   /* the sockets are where they were */
	with_home(home, 0, "their data is removed", ARGS("down", "--remove", "--yes"));
	assert_false(is_there(data, ""));
	assert_false(is_there(run, ""));
	assert_false(is_there(home, ""));
	with_home(home, 0, "no servers are under", ARGS("down", "--remove", "--yes"));
	free(run);
	free(data);
	free(home);
}

static void what_lk_did_not_make_stays(void **state) {
	(void)state;
	char *home = beside("shared");
	with_home(home, 0, "run under", ARGS("up"));
	write_into(home, "notes");
	with_home(home, 0, "are stopped", ARGS("down"));
	assert_false(is_there(home, "run"));
	char *moved = beside("moved");
	assert_int_equal(rename(home, moved), 0);
	with_home(moved, 0, "the folder stays", ARGS("down", "--remove", "--yes"));
	assert_true(is_there(moved, "notes"));
	static const char *const gone[] = {"data", "run", "lock", "postgres.log", "redis.log"};
	for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
		assert_false(is_there(moved, gone[i]));
	free(moved);
	free(home);
}

/* A copy of a home has a link to the data of the original. */
static void anothers_data_is_named_and_stays(void **state) {
	(void)state;
	char *home = hidden_home("first"), *copy = hidden_home("copy"), *moved = hidden_home("moved");
	with_home(home, 0, "run under", ARGS("up"));
	with_home(home, 0, "are stopped", ARGS("down"));
	char *data = target_of(home, "data");
	assert_int_equal(mkdir(copy, 0700), 0);
	link_to(data, copy, "data");
	with_home(copy, 2, data, ARGS("down", "--remove", "--yes"));
	assert_non_null(strstr(lk.err, home));
	assert_true(is_there(data, "postgres/PG_VERSION"));
	assert_true(is_there(copy, "data"));
	assert_int_equal(rename(home, moved), 0);
	with_home(moved, 0, "their data is removed", ARGS("down", "--remove", "--yes"));
	assert_false(is_there(data, ""));
	free(data);
	free(moved);
	free(copy);
	free(home);
}

/* Data of a home that was made by hand, or before lk marked homes. */
static void unmarked_data_is_named_and_stays(void **state) {
	(void)state;
	char *home = beside("unmarked"), *data = lk_asprintf("%s/data", home), *mark = lk_asprintf("%s/lk-home", data);
	with_home(home, 0, "run under", ARGS("up"));
	assert_int_equal(unlink(mark), 0);
	with_home(home, 2, data, ARGS("down", "--remove", "--yes"));
	with_home(home, 0, "lk apply", ARGS("status"));   /* nothing was stopped */
	with_home(home, 0, "are stopped", ARGS("down"));
	with_home(home, 0, "run under", ARGS("up"));
	assert_int_equal(access(mark, F_OK), -1);
	with_home(home, 0, "are stopped", ARGS("down"));
	free(mark);
	free(data);
	free(home);
}

/* A mark that is a link, and a data folder that lk has not made, in a folder that is no home. */
static void a_strange_folder_is_no_home(void **state) {
	(void)state;
	char *home = beside("strange"), *data = lk_asprintf("%s/data", home), *mine = lk_asprintf("%s/postgres", data);
	assert_int_equal(mkdir(home, 0755), 0);
	with_home(home, 0, "no servers run under", ARGS("down"));
	assert_false(is_there(home, "lock"));
	assert_int_equal(mkdir(data, 0755), 0);
	assert_int_equal(mkdir(mine, 0755), 0);
	write_into(mine, "thesis");
	write_into(home, "made");
	char *other = lk_asprintf("%s/made", home);
	link_to(other, data, "lk-home");
	with_home(home, 2, "nothing was removed", ARGS("down", "--remove", "--yes"));
	assert_true(is_there(mine, "thesis"));
	free(other);
	free(mine);
	free(data);
	free(home);
}

/* Sockets of other servers behind a link that lk has not made. */
static void sockets_of_others_stay(void **state) {
	(void)state;
	char *home = beside("linked"), *theirs = beside("theirs");
	with_home(home, 0, "run under", ARGS("up"));
	with_home(home, 0, "are stopped", ARGS("down"));
	assert_int_equal(mkdir(theirs, 0755), 0);
	write_into(theirs, "redis.sock");
	link_to(theirs, home, "run");
	with_home(home, 0, "no servers run under", ARGS("down"));
	assert_true(is_there(theirs, "redis.sock"));
	with_home(home, 0, "their data is removed", ARGS("down", "--remove", "--yes"));
	assert_true(is_there(theirs, "redis.sock"));
	free(theirs);
	free(home);
}

static void the_folder_looked_for_is_named(void **state) {
	(void)state;
	char cwd[PATH_MAX];
	assert_non_null(getcwd(cwd, sizeof cwd));
	char *path = lk_asprintf("%s/no-such-home", cwd);
	with_home("no-such-home", 3, path, ARGS("status"));
	with_home("no-such-home", 0, path, ARGS("down"));
	with_home("no-such-home", 0, path, ARGS("down", "--remove"));
	with_home("no-such-home", 2, "--remove", ARGS("down", "--yes"));
	assert_false(is_there(path, ""));
	free(path);
	char bin[PATH_MAX];
	if (getenv("LK_BIN") && realpath(getenv("LK_BIN"), bin))
		setenv("LK_BIN", bin, 1);
	assert_int_equal(chdir("/"), 0);
	with_home("no-such-home", 3, "and /no-such-home is not there", ARGS("status"));
	assert_int_equal(chdir(cwd), 0);
}

int main(void) {
	test_share_program(&lk, NULL);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_elsewhere_is_named_and_removed),
		cmocka_unit_test(what_lk_did_not_make_stays),
		cmocka_unit_test(anothers_data_is_named_and_stays),
		cmocka_unit_test(unmarked_data_is_named_and_stays),
		cmocka_unit_test(a_strange_folder_is_no_home),
		cmocka_unit_test(sockets_of_others_stay),
		cmocka_unit_test(the_folder_looked_for_is_named),
	};
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
