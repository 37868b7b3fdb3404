/* PostgreSQL over TLS, by a name whose address is looked up: everything that moves much data, in both directions. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/buf.h"
#include "private_servers/process.h"
#include "private_servers/programs.h"
#include "tests/support/fixtures.h"

enum { EVENTS = 20000, LONG_MS = 60000 };

static test_program lk;
static char *data, *log_file, *certificate;   /* of the server */
static int port;
static bool is_there;

static const char names[] = "LK_NAMES=db.example=127.0.0.1 other.example=127.0.0.1";
static const char definitions[] =
	"CREATE TABLE hits (ts timestamptz, ip text, path text) WITH (event_time = ts, partition_by = ip, partitions = 2);\n"
	"CREATE VIEW traffic AS SELECT path, count(*) AS hits FROM hits GROUP BY path, tumble(ts, '1 minute');\n";

static int free_port(void) {
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static bool make_certificate(const lk_account *account) {
	static char *const openssl[] = {
		"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3", "-subj", "/CN=db.example", "-addext",
		"subjectAltName=DNS:db.example", "-keyout", "server.key", "-out", "server.crt", NULL,
	};
	char *folder = lk_program_folder("openssl"), *argv[sizeof openssl / sizeof *openssl];
	lk_error err = {0};
	if (!folder)
		return false;
	memcpy(argv, openssl, sizeof openssl);
	argv[0] = lk_asprintf("%s/openssl", folder);
	int status = lk_process_run(account, data, log_file, argv, &err);
	free(argv[0]);
	free(folder);
	return status == 0;
}

static int is_up(void *unused) {
	char *conninfo = lk_asprintf("hostaddr=127.0.0.1 port=%d user=lk dbname=postgres sslmode=require", port);
	(void)unused;
	PGconn *c = PQconnectdb(conninfo);
	int up = PQstatus(c) == CONNECTION_OK && PQsslInUse(c);
	PQfinish(c);
	free(conninfo);
	return up;
}

/* Instead of the server that listens only on its socket. The guardian of the servers stops this one too. */
static bool start_with_tls(void) {
	lk_account account;
	lk_error err = {0};
	assert_int_equal(lk_account_find(&account, &err), LK_OK);
	data = lk_server_data(lk.servers.at.home, LK_SERVER_POSTGRES);
	log_file = lk_asprintf("%s/tls.log", lk.servers.dir);
	if (!make_certificate(&account))
		return false;
	port = free_port();
	char *bin = lk_postgres_bin(data, &err), *program = lk_asprintf("%s/postgres", bin), *number = lk_asprintf("%d", port);
	char *argv[] = {program, "-D", data, "-p", number, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
	                "-c", "ssl=on", "-c", "fsync=off", NULL};
	test_postgres_kill(&lk.servers);
	pid_t pid = lk_process_start(&account, data, log_file, argv, &err);
	assert_true(pid > 0 && test_poll(is_up, NULL, LONG_MS));
	free(bin);
	free(program);
	free(number);
	certificate = lk_asprintf("%s/root.crt", lk.servers.dir);
	char *copy = lk_asprintf("cp %s/server.crt %s && chmod 644 %s", data, certificate, certificate);
	assert_int_equal(system(copy), 0);
	free(copy);
	return true;
}

static int open_all(void **state) {
	int failed = test_shared_start(state);
	is_there = start_with_tls();
	if (!is_there)
		print_message("          skipped: no openssl, or one that cannot make a certificate\n");
	return failed;
}

static int close_all(void **state) {
	free(data);
	free(log_file);
	free(certificate);
	return test_shared_stop(state);
}

static char *server(const char *host, const char *mode) {
	return lk_asprintf("LK_POSTGRES=host=%s port=%d user=lk dbname=postgres sslmode=%s sslrootcert=%s", host, port, mode,
	                   certificate);
}

static void must(char *postgres, const char *out_has, const char *const *argv) {
	test_run(&lk, (const char *const[]){names, postgres, NULL}, 0, out_has, "", argv);
}

/* Two of each path. */
static char *many_events(int paths) {
	lk_buf b = LK_BUF_INIT;
	for (int i = 0; i < 2 * paths; i++)
		lk_buf_addf(&b, "{\"ts\":\"2015-05-17T10:00:%02dZ\",\"ip\":\"%d\",\"path\":\"/%0100d\"}\n", i % 60, i % 17, i % paths);
	char *path = test_file(&lk, "events.jsonl", b.data);
	lk_buf_release(&b);
	return path;
}

/* In: a COPY of 3 MB. Out: COPYs of the log to the workers, and of the batch rows to the query. */
static void all_of_it(char *postgres) {
	int paths = EVENTS / 2 / test_less();
	char *definition = test_file(&lk, "def.sql", definitions), *events = many_events(paths);
	test_redis_empty(&lk.servers);
	must(postgres, "", ARGS("apply", definition));
	must(postgres, "", ARGS("ingest", "hits", events));
	must(postgres, "", ARGS("speed", "--once"));
	must(postgres, "\"lag\":0,", ARGS("query", "traffic", "--format", "json"));
	must(postgres, "", ARGS("batch"));
	must(postgres, "\"hits\":2}", ARGS("query", "traffic", "--layer", "batch", "--format", "json"));
	int n = 0;
	for (char *at = lk.out; (at = strstr(at, "\"hits\":2}")); at++)
		n++;
	assert_int_equal(n, paths);
	must(postgres, "", ARGS("compare", "traffic"));
	must(postgres, "", ARGS("drop", "traffic", "--yes"));
	must(postgres, "", ARGS("drop", "--stream", "hits", "--yes"));
	free(definition);
	free(events);
	free(postgres);
}

static void encrypted(void **state) {
	(void)state;
	if (!is_there)
		skip();
	char *postgres = server("db.example", "require");
	must(postgres, "", ARGS("status"));
	free(postgres);
}

static void encrypted_and_verified(void **state) {
	(void)state;
	if (!is_there)
		skip();
	all_of_it(server("db.example", "verify-full"));
}

/* The name is verified, not the address that it resolves to. */
static void another_name_is_refused(void **state) {
	(void)state;
	if (!is_there)
		skip();
	char *postgres = server("other.example", "verify-full");
	test_run(&lk, (const char *const[]){names, postgres, NULL}, 3, "", "does not match host name \"other.example\"",
	         ARGS("status"));
	free(postgres);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encrypted),
		cmocka_unit_test(encrypted_and_verified),
		cmocka_unit_test(another_name_is_refused),
	};
	test_share_program(&lk, NULL);
	return cmocka_run_group_tests(tests, open_all, close_all);
}
