/* A guardian process waits on a pipe that only the test program keeps open. However the program ends, also by SIGKILL,
 * the guardian stops the servers and removes the folder. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/support/servers.h"

#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/buf.h"

enum { STOP_WITHIN_MS = 10 * 1000, POLL_MS = 2 };

static int guardian_pipe = -1;
static pid_t guardian;

static void die(const char *what, const char *detail) {
	fprintf(stderr, "test servers: %s: %s\n", what, detail);
	exit(99);
}

static void die_of(const char *what, const lk_error *err) {
	fprintf(stderr, "test servers: %s: %s\n", what, err->text);
	if (err->hint[0])
		fprintf(stderr, "  %s\n", err->hint);
	exit(99);
}

static int64_t now_ms(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

static void pause_ms(int ms) { usleep((useconds_t)ms * 1000); }

static int wait_status(pid_t pid) {
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int tool(const char *const *argv) {
	pid_t pid = fork();
	if (pid == 0) {
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	return pid < 0 ? -1 : wait_status(pid);
}

static char *home_of(const char *dir) { return lk_asprintf("%s/home", dir); }

/* Also removes the folders that home links to, so that nothing of a test is left. */
static void remove_links(const char *home) {
	static const char *const names[] = {"data", "run"};
	for (int i = 0; i < 2; i++) {
		char *link = lk_asprintf("%s/%s", home, names[i]), target[512];
		ssize_t n = readlink(link, target, sizeof target - 1);
		free(link);
		if (n <= 0)
			continue;
		target[n] = '\0';
		tool((const char *const[]){"rm", "-rf", target, NULL});
	}
}

static void send_both(const char *home, int signo);

/* Stops the servers of every home under dir, also those that tests add: each has a lock file. */
static void stop_all(const char *dir) {
	char *command = lk_asprintf("find %s -type f -name lock", dir), path[4096];
	FILE *f = popen(command, "re");
	while (f && fgets(path, sizeof path, f)) {
		lk_error err = {0};
		char *slash = strrchr(path, '/');
		*slash = '\0';
		send_both(path, SIGCONT);
		if (lk_servers_down(path, &err))
			fprintf(stderr, "test servers: %s\n", err.text);
		remove_links(path);
	}
	if (f)
		pclose(f);
	free(command);
}

static void guard(int fd, const char *dir) {
	char c;
	setsid();
	for (int i = 1; i < 32; i++)
		signal(i, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	while (read(fd, &c, 1) < 0 && errno == EINTR)
		;
	stop_all(dir);
	tool((const char *const[]){"rm", "-rf", dir, NULL});
	_exit(0);
}

static void start_guardian(const char *dir) {
	int fd[2];
	if (pipe2(fd, O_CLOEXEC) != 0)
		die("pipe", strerror(errno));
	guardian = fork();
	if (guardian < 0)
		die("fork", strerror(errno));
	if (guardian == 0) {
		close(fd[1]);
		guard(fd[0], dir);
	}
	close(fd[0]);
	guardian_pipe = fd[1];
}

/* A statement of a random test that makes far too many rows is an error, and does not fill the disk. */
static void limit_temporary_files(const char *postgres) {
	static const char *const statements[] = {"ALTER SYSTEM SET temp_file_limit = '4GB'", "SELECT pg_reload_conf()"};
	PGconn *c = PQconnectdb(postgres);
	for (int i = 0; i < 2; i++) {
		PGresult *r = PQexec(c, statements[i]);
		if (PQresultStatus(r) != (i ? PGRES_TUPLES_OK : PGRES_COMMAND_OK))
			die(statements[i], PQerrorMessage(c));
		PQclear(r);
	}
	PQfinish(c);
}

/* LK_TEST_TEMPLATE: data of servers that were set up and stopped; copying it is faster than initdb. */
static void copy_template(const char *home) {
	const char *from = getenv("LK_TEST_TEMPLATE");
	if (!from || !*from)
		return;
	char *data = lk_asprintf("%s/data", home);
	tool((const char *const[]){"mkdir", home, NULL});
	tool((const char *const[]){"cp", "-a", from, data, NULL});
	free(data);
}

void test_servers_start(test_servers *s) {
	lk_error err = {0};
	const char *tmp = getenv("TMPDIR");
	*s = (test_servers){0};
	if (guardian)
		die("started twice in one program", "");
	if (!tmp || !*tmp || strlen(tmp) > 40)
		tmp = "/tmp";
	snprintf(s->dir, sizeof s->dir, "%s/lk-test-XXXXXX", tmp);
	if (!mkdtemp(s->dir))
		die(s->dir, strerror(errno));
	tool((const char *const[]){"chmod", "711", s->dir, NULL});
	setenv("LK_SERVERS_FAST", "1", 0);
	unsetenv("LK_POSTGRES");
	unsetenv("LK_REDIS");
	start_guardian(s->dir);
	char *home = home_of(s->dir);
	copy_template(home);
	if (lk_servers_up(home, &s->at, &err))
		die_of("start", &err);
	limit_temporary_files(s->at.postgres);
	free(home);
}

void test_servers_stop(test_servers *s) {
	if (guardian <= 0)
		return;
	close(guardian_pipe);
	wait_status(guardian);
	guardian = 0;
	guardian_pipe = -1;
	lk_servers_release(&s->at);
}

/* --- one server --- */

static void start_one(test_servers *s, enum lk_server which) {
	lk_error err = {0};
	if (lk_server_start(s->at.home, which, &err))
		die_of("start", &err);
}

static int parent_of(int pid) {
	char path[64], line[512], *end;
	int parent = 0;
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	FILE *f = fopen(path, "re");
	if (!f)
		return 0;
	if (fgets(line, sizeof line, f) && (end = strrchr(line, ')')))
		sscanf(end, ") %*c %d", &parent);
	fclose(f);
	return parent;
}

static int children_of(int pid, int *out, int max) {
	FILE *f = popen("ls /proc", "re");
	char name[64];
	int n = 0;
	while (f && fgets(name, sizeof name, f)) {
		int p = atoi(name);
		if (p > 0 && n < max && parent_of(p) == pid)
			out[n++] = p;
	}
	if (f)
		pclose(f);
	return n;
}

static int is_gone(void *ctx) {
	int pid = *(int *)ctx, state = 'X';
	char path[64], line[512], *end;
	if (waitpid(pid, NULL, WNOHANG) == pid)
		return 1;
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	FILE *f = fopen(path, "re");
	if (!f)
		return 1;
	if (fgets(line, sizeof line, f) && (end = strrchr(line, ')')))
		state = end[2];
	fclose(f);
	return state == 'Z' || state == 'X';
}

static void await_gone(int pid) {
	if (!test_poll(is_gone, &pid, STOP_WITHIN_MS))
		die("a killed server does not end", "");
}

void test_postgres_kill(test_servers *s) {
	int child[1024], pid = lk_server_pid(s->at.home, LK_SERVER_POSTGRES);
	if (!pid)
		return;
	kill(pid, SIGSTOP);
	int n = children_of(pid, child, 1024);
	kill(pid, SIGKILL);
	for (int i = 0; i < n; i++)
		kill(child[i], SIGKILL);
	await_gone(pid);
	for (int i = 0; i < n; i++)
		await_gone(child[i]);
}

static void send_both(const char *home, int signo) {
	int child[1024], postgres = lk_server_pid(home, LK_SERVER_POSTGRES), redis = lk_server_pid(home, LK_SERVER_REDIS);
	int n = postgres ? children_of(postgres, child, 1024) : 0;
	for (int i = 0; i < n; i++)
		kill(child[i], signo);
	if (postgres)
		kill(postgres, signo);
	if (redis)
		kill(redis, signo);
}

void test_thaw(test_servers *s) { send_both(s->at.home, SIGCONT); }

/* "postgres: lk postgres [local] idle" */
static bool is_session(int pid) {
	char path[64], title[256] = "";
	snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
	FILE *f = fopen(path, "re");
	if (!f)
		return false;
	bool is = fgets(title, sizeof title, f) && strncmp(title, "postgres: lk ", 13) == 0;
	fclose(f);
	return is;
}

void test_freeze(test_servers *s, enum test_frozen what) {
	int child[1024], pid = lk_server_pid(s->at.home, what == TEST_REDIS ? LK_SERVER_REDIS : LK_SERVER_POSTGRES);
	if (what != TEST_SESSIONS)
		kill(pid, SIGSTOP);
	int n = what == TEST_REDIS ? 0 : children_of(pid, child, 1024);
	for (int i = 0; i < n; i++)
		if (what == TEST_POSTGRES || is_session(child[i]))
			kill(child[i], SIGSTOP);
}

void test_postgres_start(test_servers *s) { start_one(s, LK_SERVER_POSTGRES); }

void test_redis_kill(test_servers *s) {
	int pid = lk_server_pid(s->at.home, LK_SERVER_REDIS);
	if (!pid)
		return;
	kill(pid, SIGKILL);
	await_gone(pid);
}

void test_redis_start(test_servers *s) { start_one(s, LK_SERVER_REDIS); }

static char *saved(const test_servers *s, const char *name) { return lk_asprintf("%s/saved-%s", s->dir, name); }

static void copy_tree(const char *from, const char *to) {
	if (tool((const char *const[]){"rm", "-rf", to, NULL}) || tool((const char *const[]){"cp", "-a", from, to, NULL}))
		die("copy", from);
}

/* On a busy disk, Redis delays writing what it has acknowledged by up to two seconds. */
static int is_written(void *url) {
	redisContext *c = redisConnectUnix((char *)url + strlen("unix:"));
	redisReply *r = c && !c->err ? redisCommand(c, "INFO persistence") : NULL;
	int written = r && r->type == REDIS_REPLY_STRING && strstr(r->str, "aof_buffer_length:0\r") != NULL;
	freeReplyObject(r);
	if (c)
		redisFree(c);
	return written;
}

void test_redis_save(test_servers *s, const char *name) {
	if (!test_poll(is_written, (void *)(uintptr_t)s->at.redis, STOP_WITHIN_MS))
		die("Redis does not write its log", name);
	char *data = lk_server_data(s->at.home, LK_SERVER_REDIS), *aside = saved(s, name);
	copy_tree(data, aside);
	free(data);
	free(aside);
}

void test_redis_restore(test_servers *s, const char *name) {
	char *data = lk_server_data(s->at.home, LK_SERVER_REDIS), *aside = saved(s, name);
	test_redis_kill(s);
	copy_tree(aside, data);
	test_redis_start(s);
	free(data);
	free(aside);
}

void test_postgres_save(test_servers *s, const char *name) {
	char *data = lk_server_data(s->at.home, LK_SERVER_POSTGRES), *aside = saved(s, name);
	test_postgres_kill(s);
	copy_tree(data, aside);
	test_postgres_start(s);
	free(data);
	free(aside);
}

void test_postgres_restore(test_servers *s, const char *name) {
	char *data = lk_server_data(s->at.home, LK_SERVER_POSTGRES), *aside = saved(s, name);
	test_postgres_kill(s);
	copy_tree(aside, data);
	test_postgres_start(s);
	free(data);
	free(aside);
}

void test_redis_empty(test_servers *s) {
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	char reply[8] = "";
	snprintf(a.sun_path, sizeof a.sun_path, "%.107s", s->at.redis + strlen("unix:"));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0 || send(fd, "FLUSHALL\r\n", 10, MSG_NOSIGNAL) != 10 ||
	    recv(fd, reply, 3, MSG_WAITALL) != 3 || strcmp(reply, "+OK") != 0)
		die("FLUSHALL", reply[0] ? reply : strerror(errno));
	close(fd);
}

void test_servers_clear(test_servers *s) {
	PGconn *c = PQconnectdb(s->at.postgres);
	PGresult *r = PQexec(c, "SET client_min_messages = warning; SET lock_timeout = '10s';"
	                        "DROP SCHEMA IF EXISTS lk CASCADE");
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		die("DROP SCHEMA", PQerrorMessage(c));
	PQclear(r);
	PQfinish(c);
	test_redis_empty(s);
}

/* --- the program --- */

static void set_server(const char *name, const char *value) {
	if (value)
		setenv(name, value, 1);
}

static void become_lk(const test_servers *s, const char *const *env, const char *const *argv) {
	const char *bin = getenv("LK_BIN");
	const char *args[64] = {"lk"};
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (s) {
		set_server("LK_HOME", s->at.home);
		set_server("LK_POSTGRES", s->at.postgres);
		set_server("LK_REDIS", s->at.redis);
	}
	for (; env && *env; env++) {
		char *e = lk_strdup(*env), *eq = strchr(e, '=');
		*eq = '\0';
		setenv(e, eq + 1, 1);
	}
	for (int i = 0; argv[i] && i < 62; i++)
		args[i + 1] = argv[i];
	execv(bin && *bin ? bin : "build/plain/lk", (char *const *)(uintptr_t)args);
	perror("lk");
	_exit(127);
}

/* Reads both pipes as they fill, so that neither can block the program. */
static void read_both(int fds[2], lk_buf *bufs[2]) {
	struct pollfd p[2] = {{fds[0], POLLIN, 0}, {fds[1], POLLIN, 0}};
	int open_fds = 2;
	char chunk[65536];
	while (open_fds > 0 && (poll(p, 2, -1) >= 0 || errno == EINTR))
		for (int i = 0; i < 2; i++) {
			if (!(p[i].revents & (POLLIN | POLLHUP | POLLERR)))
				continue;
			ssize_t n = read(fds[i], chunk, sizeof chunk);
			if (n > 0)
				lk_buf_add(bufs[i], chunk, (size_t)n);
			else if (n == 0 || errno != EINTR) {
				p[i].fd = -1;
				open_fds--;
			}
		}
}

int test_lk(const test_servers *s, const char *const *env, char **out, char **err, const char *const *argv) {
	int o[2], e[2];
	lk_buf texts[2] = {LK_BUF_INIT, LK_BUF_INIT};
	if (pipe2(o, O_CLOEXEC) != 0 || pipe2(e, O_CLOEXEC) != 0)
		die("pipe", strerror(errno));
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(o[1], 1);
		dup2(e[1], 2);
		become_lk(s, env, argv);
	}
	close(o[1]);
	close(e[1]);
	read_both((int[2]){o[0], e[0]}, (lk_buf *[2]){&texts[0], &texts[1]});
	close(o[0]);
	close(e[0]);
	char *o_text = lk_buf_steal(&texts[0]), *e_text = lk_buf_steal(&texts[1]);
	if (out)
		*out = o_text;
	else
		free(o_text);
	if (err)
		*err = e_text;
	else
		free(e_text);
	return wait_status(pid);
}

int test_lk_start(const test_servers *s, const char *const *env, const char *const *argv) {
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		become_lk(s, env, argv);
	return pid;
}

int test_lk_wait(int pid, int deadline_ms) {
	int64_t end = now_ms() + deadline_ms;
	for (;;) {
		int status;
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (now_ms() >= end)
			return -1;
		pause_ms(POLL_MS);
	}
}

/* --- waiting and chance --- */

bool test_has_terminals(void) {
	int fd = posix_openpt(O_RDWR | O_NOCTTY);
	bool there = fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0;
	if (fd >= 0)
		close(fd);
	return there;
}

int test_poll(int (*check)(void *ctx), void *ctx, int deadline_ms) {
	int64_t end = now_ms() + deadline_ms;
	while (!check(ctx)) {
		if (now_ms() >= end)
			return 0;
		pause_ms(POLL_MS);
	}
	return 1;
}

unsigned long test_seed(const char *name) {
	const char *given = getenv("SEED");
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	unsigned long seed = (unsigned long)t.tv_sec * 1000003u ^ (unsigned long)t.tv_nsec;
	if (given && *given)
		seed = strtoul(given, NULL, 0);
	fprintf(stderr, "%s: SEED=%lu\n", name, seed);
	return seed;
}

int test_less(void) {
	const char *less = getenv("LESS");
	int n = less ? atoi(less) : 1;
	return n > 1 ? n : 1;
}

int test_rounds(const char *variable, int usual) {
	const char *given = getenv(variable);
	if (given && *given)
		return atoi(given);
	return (usual + test_less() - 1) / test_less();
}

unsigned long test_random(unsigned long *state) {
	unsigned long z = *state += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}
