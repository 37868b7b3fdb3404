#!/bin/bash
# libpg_query keeps a thread-specific key for every thread that ever parsed; after 1,024 threads the process has none left.
#
# Expected: the library is made for threads (each has its parser state in thread-local storage, and frees it when the thread ends),
#   so a program may parse on short-lived threads, say to give deep nesting a larger stack, for as long as it runs.
# What happens: the first pg_query call of a thread makes a new pthread key to hang its destructor on, instead of one key for the
#   process. A key is never given back, and POSIX systems have a fixed number of them (1,024 with glibc). When they are used up,
#   pthread_key_create fails with EAGAIN for everybody in the process, other libraries too. pg_query itself says nothing and
#   goes on to answer.
# Why it matters here: definitions are parsed whenever the catalogue has changed. With a thread for each parse, a process that runs for
#   weeks would run out of keys. So all parsing is done on one thread that lasts.
# Seen: libpg-query 15-4.0.0-2 (Debian 12), glibc 2.36: after 1,024 threads that parsed and ended, pthread_key_create gives EAGAIN; pg_query still answers.
set -eu
version=15-4.0.0-2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-cache madison libpg-query-dev | awk '{print $3}' | grep -qx "$version" || { echo "libpg-query $version is not available"; exit 2; }
apt-get download -q "libpg-query-dev=$version" "libpg-query1504.0=$version" >/dev/null 2>&1
for deb in *.deb; do dpkg -x "$deb" root; done
cat > keys.c <<'C'
#include <errno.h>
#include <pg_query.h>
#include <pthread.h>
#include <stdio.h>

static void *parse(void *unused) {
	(void)unused;
	PgQueryParseResult r = pg_query_parse("SELECT 1");
	long failed = r.error != NULL;
	pg_query_free_parse_result(r);
	return (void *)failed;
}

static int on_a_thread(void) {
	pthread_t thread;
	void *failed;
	pthread_create(&thread, NULL, parse, NULL);
	pthread_join(thread, &failed);
	return failed != NULL;
}

int main(void) {
	pthread_key_t key;
	int threads = 0, failed = 0, left;
	for (; (left = pthread_key_create(&key, NULL)) == 0 && threads < 2000; threads++) {
		pthread_key_delete(key);
		failed += on_a_thread();
	}
	for (int i = 0; i < 100; i++)
		failed += on_a_thread();
	printf("%s after %d threads, %d parses failed, also later\n", left == EAGAIN ? "EAGAIN" : "no error", threads, failed);
	return 0;
}
C
lib=$(dirname "$(find root -name 'libpg_query.so.*' | head -1)")
gcc -o keys keys.c -Iroot/usr/include -L"$lib" -l:"$(basename "$(find root -name 'libpg_query.so.*' | head -1)")" -pthread
got=$(LD_LIBRARY_PATH=$lib ./keys)
[ "$got" = "EAGAIN after 1024 threads, 0 parses failed, also later" ] || { echo "got: $got"; exit 1; }
echo "libpg-query $version: as described"
