/* Names are looked up within a limit, and a connection text is split as libpq splits it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/lookup.h"
#include "core/time.h"
#include "postgres/hosts.h"

static volatile int stop;

static int fresh(void **state) {
	(void)state;
	stop = 0;
	lk_wait_heed(&stop);
	setenv("LK_NAMES", "silent.example= two.example=127.0.0.2,::1,127.0.0.2", 1);
	return 0;
}

static int64_t in_s(int s) { return lk_monotonic_us() + s * LK_US_PER_S; }

static void numbers_and_names(void **state) {
	(void)state;
	lk_addresses a;
	const char *why;
	assert_int_equal(lk_lookup("192.0.2.7", in_s(60), &a, &why), LK_WAIT_READY);
	assert_int_equal(a.n, 1);
	assert_string_equal(a.text[0], "192.0.2.7");
	assert_int_equal(lk_lookup("two.example", in_s(60), &a, &why), LK_WAIT_READY);
	assert_int_equal(a.n, 2);
	assert_string_equal(a.text[0], "127.0.0.2");
	assert_string_equal(a.text[1], "::1");
	assert_int_equal(lk_lookup("localhost", in_s(60), &a, &why), LK_WAIT_READY);
	assert_true(a.n > 0);
	char too_long[300];
	memset(too_long, 'a', sizeof too_long - 1);
	too_long[sizeof too_long - 1] = '\0';
	assert_int_equal(lk_lookup(too_long, in_s(60), &a, &why), LK_WAIT_READY);
	assert_int_equal(a.n, 0);
	assert_true(why[0]);
}

static int threads(void) {
	int n = 0;
	DIR *d = opendir("/proc/self/task");
	while (d && readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void a_silent_resolver_is_given_up(void **state) {
	(void)state;
	lk_addresses a;
	const char *why;
	int before = threads();
	assert_int_equal(lk_lookup("silent.example", lk_monotonic_us() + 1000, &a, &why), LK_WAIT_LATE);
	assert_int_equal(a.n, 0);
	for (int i = 0; i < 50; i++)
		assert_int_equal(lk_lookup("silent.example", lk_monotonic_us(), &a, &why), LK_WAIT_LATE);
	assert_in_range(threads(), 1, before + 1);
	stop = 1;
	assert_int_equal(lk_lookup("silent.example", in_s(3600), &a, &why), LK_WAIT_STOPPED);
	stop = 0;
	assert_int_equal(lk_lookup("two.example", in_s(60), &a, &why), LK_WAIT_READY);
	assert_int_equal(a.n, 2);
}

/* host|hostaddr|port of each, "-" for what is left to libpq, "?" for a name to look up. */
static void hosts_are(const char *conninfo, const char *want) {
	lk_pg_hosts hosts;
	lk_buf b = LK_BUF_INIT;
	lk_pg_hosts_read(&hosts, conninfo);
	for (int i = 0; i < hosts.n; i++) {
		const lk_pg_host *h = &hosts.of[i];
		lk_buf_addf(&b, "%s%s|%s|%s%s", i ? " " : "", h->host ? h->host : "-", h->hostaddr ? h->hostaddr : "-",
		            h->port ? h->port : "-", lk_pg_host_is_name(h) ? "?" : "");
	}
	lk_buf_addf(&b, " %lld s", (long long)(hosts.within_us / LK_US_PER_S));
	assert_string_equal(b.data, want);
	lk_buf_release(&b);
	lk_pg_hosts_release(&hosts);
}

static void hosts_as_libpq_means_them(void **state) {
	(void)state;
	static const struct { const char *conninfo, *hosts; } cases[] = {
		{"", "-|-|- 5 s"},
		{"host=db", "db|-|5432? 5 s"},
		{"host=/run/pg port=5433", "/run/pg|-|5433 5 s"},
		{"host=@hidden", "@hidden|-|5432 5 s"},
		{"host=a,b port=1 connect_timeout=7", "a|-|1? b|-|1? 7 s"},
		{"host=a,b,/run port=1,2,", "a|-|1? b|-|2? /run|-|- 5 s"},
		{"host=a hostaddr=192.0.2.1", "a|192.0.2.1|5432 5 s"},
		{"hostaddr=192.0.2.1,::1", "-|192.0.2.1|5432 -|::1|5432 5 s"},
		{"host=a,b hostaddr=,192.0.2.1", "a|-|5432? b|192.0.2.1|5432 5 s"},
		{"postgresql://u:secret@a:1,[::1]:2/db?connect_timeout=0", "a|-|1? ::1|-|2? 60 s"},
		{"host=a,b port=1,2,3", "-|-|- 5 s"},                 /* libpq refuses it */
		{"host=a,b hostaddr=192.0.2.1", "-|-|- 5 s"},
		{"host=a,,b", "-|-|- 5 s"},                           /* its default is among them */
		{"host=a,/run hostaddr=192.0.2.1,", "-|-|- 5 s"},
	};
	unsetenv("PGHOST");
	unsetenv("PGPORT");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		hosts_are(cases[i].conninfo, cases[i].hosts);
}

static void services_and_the_environment(void **state) {
	(void)state;
	char path[] = "/tmp/lk-test-service-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_true(dprintf(fd, "[far]\nhost=a,b\nport=7\nconnect_timeout=9\n") > 0);
	close(fd);
	setenv("PGSERVICEFILE", path, 1);
	hosts_are("service=far", "a|-|7? b|-|7? 9 s");
	hosts_are("service=far host=c", "c|-|7? 9 s");
	hosts_are("service=nonesuch", "-|-|- 5 s");
	setenv("PGHOST", "from.environment", 1);
	setenv("PGPORT", "8", 1);
	setenv("PGCONNECT_TIMEOUT", "3", 1);
	hosts_are("", "from.environment|-|8? 3 s");
	hosts_are("host=c", "c|-|8? 3 s");
	unsetenv("PGHOST");
	unsetenv("PGPORT");
	unsetenv("PGCONNECT_TIMEOUT");
	unsetenv("PGSERVICEFILE");
	unlink(path);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(numbers_and_names),
		TEST(a_silent_resolver_is_given_up),
		TEST(hosts_as_libpq_means_them),
		TEST(services_and_the_environment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
