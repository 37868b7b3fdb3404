/* What lk says about a server that refuses it: the server's own reason, and a hint that fits. Each state is a real one,
 * but for servers that are starting, which a listener plays. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "tests/support/fixtures.h"
#include "tests/support/proxy.h"

enum { SOON_MS = 20000, LONG_MS = 60000 };

static test_program lk;
static test_proxy redis;
static int running;

static const char definitions[] =
	"CREATE TABLE hits (ts timestamptz, ip text, path text) WITH (event_time = ts, partition_by = ip, partitions = 2);\n"
	"CREATE VIEW traffic AS SELECT path, count(*) AS hits FROM hits GROUP BY path, tumble(ts, '1 minute');\n";
static const char event[] = "{\"ts\":\"2015-05-17T10:00:01Z\",\"ip\":\"a\",\"path\":\"/\"}\n";

/* What redis-cli answers; lk_malloc'ed. */
static char *redis_says(const char *words) {
	char *line = lk_asprintf("redis-cli -s %s %s 2>/dev/null", lk.servers.at.redis + strlen("unix:"), words), part[4096];
	lk_buf b = LK_BUF_INIT;
	FILE *f = popen(line, "re");
	assert_non_null(f);
	lk_buf_adds(&b, "");
	while (fgets(part, sizeof part, f))
		lk_buf_adds(&b, part);
	pclose(f);
	free(line);
	return lk_buf_steal(&b);
}

static void tell_redis(const char *words) { free(redis_says(words)); }
static void tell_postgres(const char *sql) { free(test_ask(&lk, sql, NULL)); }

static int open_all(void **state) {
	int failed = test_shared_start(state);
	test_proxy_open(&redis, "127.0.0.1", 0, test_redis_socket(&lk.servers));
	char *def = test_file(&lk, "def.sql", definitions), *events = test_file(&lk, "event.jsonl", event);
	LK(0, "", "", "apply", def);
	LK(0, "", "", "ingest", "hits", events);
	free(def);
	free(events);
	return failed;
}

static int close_all(void **state) {
	test_proxy_close(&redis);
	return test_shared_stop(state);
}

/* --- Redis, when it is opened --- */

static void ask(const char *postgres, const char *url, const char *text, const char *hint) {
	char *pg = lk_asprintf("LK_POSTGRES=%s %s", lk.servers.at.postgres, postgres), *store;
	if (strncmp(url, "unix:", 5) == 0)
		store = lk_asprintf("LK_REDIS=%s%s", url, lk.servers.at.redis + strlen("unix:"));
	else if (*url)
		store = lk_asprintf("LK_REDIS=redis://%s127.0.0.1:%d", url, redis.port);
	else
		store = lk_asprintf("LK_REDIS=%s", lk.servers.at.redis);
	test_run(&lk, (const char *const[]){pg, store, NULL}, 3, "", text, ARGS("query", "traffic"));
	if (!strstr(lk.err, hint))
		fail_msg("no hint \"%s\" in: %s", hint, lk.err);
	assert_null(strstr(lk.err, "lk up"));
	assert_null(strstr(lk.err, "geheim"));
	free(pg);
	free(store);
}

#define LOG_IN "give LK_REDIS a user and password"

static const struct { const char *make, *url, *text, *hint, *undo; } redis_states[] = {
	{"config set requirepass open", "", "NOAUTH", LOG_IN, "-a open config set requirepass ''"},
	{"config set requirepass open", ":geheim@", "WRONGPASS", LOG_IN, "-a open config set requirepass ''"},
	{"config set requirepass open", "unix://:geheim@", "WRONGPASS", "unix://user:password@/path", "-a open config set requirepass ''"},
	{"acl setuser guest on '>geheim' '~*' +info", "guest:geheim@", "NOPERM", LOG_IN, "acl deluser guest"},
	{"replicaof 127.0.0.1 1", "", "is a replica", "set LK_REDIS to the master", "replicaof no one"},
	{"config set maxmemory-policy allkeys-lru", "", "may evict keys", "set maxmemory-policy to noeviction",
	 "config set maxmemory-policy noeviction"},
};

static void redis_refuses(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof redis_states / sizeof *redis_states; i++) {
		tell_redis(redis_states[i].make);
		ask("", redis_states[i].url, redis_states[i].text, redis_states[i].hint);
		tell_redis(redis_states[i].undo);
		LK(0, "", "", "query", "traffic");
	}
}

/* A login for a socket, in the form that the hint names. */
static void redis_lets_a_login_in(void **state) {
	(void)state;
	char *open = lk_asprintf("LK_REDIS=unix://default:open@%s", lk.servers.at.redis + strlen("unix:"));
	char *guest = lk_asprintf("LK_REDIS=unix://guest:geheim@%s", lk.servers.at.redis + strlen("unix:"));
	tell_redis("config set requirepass open");
	test_run(&lk, (const char *const[]){open, NULL}, 0, "", "", ARGS("query", "traffic"));
	tell_redis("-a open acl setuser guest on '>geheim' '~*' +@all");
	test_run(&lk, (const char *const[]){guest, NULL}, 0, "", "", ARGS("query", "traffic"));
	tell_redis("-a open acl deluser guest");
	tell_redis("-a open config set requirepass ''");
	free(open);
	free(guest);
}

static int is_busy(void *unused) {
	(void)unused;
	char *answer = redis_says("ping");
	int busy = strncmp(answer, "BUSY", 4) == 0;
	free(answer);
	return busy;
}

static void redis_runs_a_script(void **state) {
	(void)state;
	const char *socket = lk.servers.at.redis + strlen("unix:");
	char *line = lk_asprintf("redis-cli -s %s eval 'while true do end' 0 >/dev/null 2>&1 &", socket);
	tell_redis("config set lua-time-limit 50");
	assert_int_equal(system(line), 0);
	assert_true(test_poll(is_busy, NULL, LONG_MS));
	ask("", "", "BUSY", "Redis runs another program's script: wait for its end, or end it (SCRIPT KILL)");
	tell_redis("script kill");
	LK(0, "", "", "query", "traffic");
	free(line);
}

/* --- Redis, when it is written to --- */

static char *said_in;

static int says(void *what) {
	char *line = lk_asprintf("grep -qF \"%s\" %s", (char *)what, said_in);
	int found = system(line) == 0;
	free(line);
	return found;
}

/* A run that waits for it says why, and goes on when it is over. */
static void waits_and_goes_on(const char *text, const char *hint, void (*undo)(void), const char *over) {
	int own = dup(STDERR_FILENO), fd;
	said_in = lk_asprintf("%s/said", lk.servers.dir);
	fd = open(said_in, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	dup2(fd, STDERR_FILENO);
	running = test_lk_start(&lk.servers, NULL, ARGS("speed", "--once"));
	dup2(own, STDERR_FILENO);
	close(own);
	close(fd);
	assert_true(test_poll(says, (void *)(uintptr_t)text, LONG_MS));
	assert_true(test_poll(says, (void *)(uintptr_t)hint, LONG_MS));
	undo();
	assert_int_equal(test_lk_wait(running, LONG_MS), 0);
	running = 0;
	assert_true(says((void *)(uintptr_t)over));
	free(said_in);
	LK(0, "\"hits\":1", "", "query", "traffic", "--format", "json");
}

static void connect_replicas(void) { tell_redis("config set min-replicas-to-write 0"); }

static void redis_lacks_replicas(void **state) {
	(void)state;
	test_redis_empty(&lk.servers);
	tell_redis("config set min-replicas-to-write 1");
	waits_and_goes_on("NOREPLICAS", "connect more replicas to Redis, or lower min-replicas-to-write", connect_replicas,
	                  "the servers answer again");
}

static char *in_the_way(void) {
	char *data = lk_server_data(lk.servers.at.home, LK_SERVER_REDIS), *path = lk_asprintf("%s/dump.rdb", data);
	free(data);
	return path;
}

static int save_is(void *state) {
	char *answer = redis_says("info persistence"), *want = lk_asprintf("rdb_last_bgsave_status:%s", (char *)state);
	int is = strstr(answer, want) != NULL;
	free(answer);
	free(want);
	return is;
}

static void let_it_save(void) {
	char *path = in_the_way();
	rmdir(path);
	free(path);
	tell_redis("bgsave");
	assert_true(test_poll(save_is, (void *)(uintptr_t)"ok", LONG_MS));
	tell_redis("config set save ''");
}

/* A folder stands where its file is to be. */
static void redis_cannot_save(void **state) {
	(void)state;
	char *path = in_the_way();
	test_redis_empty(&lk.servers);
	assert_int_equal(mkdir(path, 0755), 0);
	tell_redis("config set save '3600 1'");
	tell_redis("bgsave");
	assert_true(test_poll(save_is, (void *)(uintptr_t)"err", LONG_MS));
	waits_and_goes_on("MISCONF", "Redis cannot save to its disk", let_it_save, "Redis has room again");
	free(path);
}

/* --- PostgreSQL --- */

static const struct { const char *make, *conninfo, *text, *hint, *undo; } postgres_states[] = {
	{NULL, "dbname=nonesuch", "\"nonesuch\" does not exist", "create the database, or name another one", NULL},
	{NULL, "user=nobody_here", "\"nobody_here\" does not exist", "create the role", NULL},
	{"CREATE ROLE guest LOGIN PASSWORD 'right'", "user=guest password=geheim", "password authentication failed",
	 "give the role's password: in LK_POSTGRES", NULL},
	{NULL, "user=guest passfile=/nonexistent", "no password supplied", "give the role's password: in LK_POSTGRES", NULL},
	{"ALTER ROLE guest CONNECTION LIMIT 0", "user=guest password=right", "too many connections",
	 "as many sessions as it may", "ALTER ROLE guest CONNECTION LIMIT -1"},
	{"REVOKE CONNECT ON DATABASE postgres FROM PUBLIC", "user=guest password=right", "permission denied for database",
	 "GRANT CONNECT ON DATABASE", "GRANT CONNECT ON DATABASE postgres TO PUBLIC"},
};

/* The role guest needs a password. */
static void guard_with_passwords(void) {
	char *data = lk_server_data(lk.servers.at.home, LK_SERVER_POSTGRES);
	char *line = lk_asprintf("cd %s && sed -i '1i local all guest scram-sha-256' pg_hba.conf", data);
	assert_int_equal(system(line), 0);
	free(line);
	free(data);
	test_postgres_kill(&lk.servers);
	test_postgres_start(&lk.servers);
}

static void postgresql_refuses(void **state) {
	(void)state;
	guard_with_passwords();
	for (size_t i = 0; i < sizeof postgres_states / sizeof *postgres_states; i++) {
		if (postgres_states[i].make)
			tell_postgres(postgres_states[i].make);
		ask(postgres_states[i].conninfo, "", postgres_states[i].text, postgres_states[i].hint);
		assert_non_null(strstr(lk.err, "PostgreSQL refuses the connection at socket "));
		if (postgres_states[i].undo)
			tell_postgres(postgres_states[i].undo);
	}
	LK(0, "", "", "query", "traffic");
}

/* --- servers that are starting --- */

typedef struct player {
	int listener, port;
	const char *answer;
	size_t n;
	pthread_t thread;
} player;

/* Until the listener is shut down. */
static void *answer_all(void *arg) {
	player *p = arg;
	char asked[65536];
	int client;
	while ((client = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		if (recv(client, asked, sizeof asked, 0) > 0)
			send(client, p->answer, p->n, MSG_NOSIGNAL);
		shutdown(client, SHUT_WR);
		while (recv(client, asked, sizeof asked, 0) > 0)
			;
		close(client);
	}
	return NULL;
}

static void play(player *p, const char *answer, size_t n) {
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof a;
	*p = (player){.answer = answer, .n = n, .listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	assert_int_equal(bind(p->listener, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(p->listener, 8), 0);
	assert_int_equal(getsockname(p->listener, (struct sockaddr *)&a, &size), 0);
	p->port = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&p->thread, NULL, answer_all, p), 0);
}

static void stop_playing(player *p) {
	shutdown(p->listener, SHUT_RD);
	pthread_join(p->thread, NULL);
	close(p->listener);
}

static void redis_is_loading(void **state) {
	(void)state;
	static const char info[] = "redis_version:7.0.15\r\nredis_mode:standalone\r\nloading:1\r\nrole:master\r\n"
	                           "maxmemory_policy:noeviction\r\n";
	char *answer = lk_asprintf("$%zu\r\n%s\r\n-LOADING Redis is loading the dataset in memory\r\n", sizeof info - 1, info);
	player p;
	play(&p, answer, strlen(answer));
	char *url = lk_asprintf("LK_REDIS=redis://127.0.0.1:%d", p.port);
	test_run(&lk, (const char *const[]){url, NULL}, 3, "", "LOADING", ARGS("query", "traffic"));
	assert_non_null(strstr(lk.err, "Redis is loading its data: try again when it is done"));
	assert_null(strstr(lk.err, "lk up"));
	stop_playing(&p);
	free(url);
	free(answer);
}

static void postgresql_is_starting(void **state) {
	(void)state;
	static const char answer[] = "E\0\0\0\076SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0";
	player p;
	play(&p, answer, sizeof answer);
	char *pg = lk_asprintf("LK_POSTGRES=host=127.0.0.1 port=%d user=lk dbname=postgres sslmode=disable gssencmode=disable",
	                       p.port);
	test_run(&lk, (const char *const[]){pg, NULL}, 3, "", "the database system is starting up", ARGS("query", "traffic"));
	assert_non_null(strstr(lk.err, "it is starting or stopping: try again when it is up"));
	stop_playing(&p);
	free(pg);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(redis_refuses),
		cmocka_unit_test(redis_lets_a_login_in),
		cmocka_unit_test(redis_runs_a_script),
		cmocka_unit_test(redis_lacks_replicas),
		cmocka_unit_test(redis_cannot_save),
		cmocka_unit_test(redis_is_loading),
		cmocka_unit_test(postgresql_is_starting),
		cmocka_unit_test(postgresql_refuses),
	};
	test_share_program(&lk, NULL);
	return cmocka_run_group_tests(tests, open_all, close_all);
}
