#!/bin/bash
# libmicrohttpd decodes the path before the program sees it, so a slash that a client has escaped is a slash like any other.
#
# Expected: the handler's url is the request's target without its query, as it came over the wire: RFC 3986 says that a path is split
#   at its slashes first and decoded afterwards, since %2F and / mean different things. The program would do both.
# What happens: %XX is decoded in place before the access handler is called. /views/a%2Fb/rows arrives as /views/a/b/rows, the same as
#   four parts, and %25 as %: whoever decodes again decodes twice. An unescape callback that returns the length of what it is given
#   leaves the path (and the query's values) as they came.
# Why it matters here: names of views and streams are parts of a path, and may contain a slash or a percent sign when they are quoted.
#   The server sets such a callback, splits, and then decodes each part once.
# Seen: libmicrohttpd 0.9.75-6 (Debian 12): default "/views/a/b%2F/rows", with the callback "/views/a%2Fb%252F/rows".
set -eu
version=0.9.75-6
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-cache madison libmicrohttpd-dev | awk '{print $3}' | grep -qx -- "$version" || { echo "libmicrohttpd $version is not available"; exit 2; }
apt-get download -q "libmicrohttpd-dev=$version" "libmicrohttpd12=$version" >/dev/null 2>&1
for deb in *.deb; do dpkg -x "$deb" root; done
cat > path.c <<'C'
#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static enum MHD_Result on_request(void *c, struct MHD_Connection *k, const char *url, const char *method, const char *version,
                                  const char *upload, size_t *size, void **ctx) {
	(void)c, (void)method, (void)version, (void)upload, (void)size, (void)ctx;
	struct MHD_Response *r = MHD_create_response_from_buffer(strlen(url), (void *)url, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result queued = MHD_queue_response(k, 200, r);
	MHD_destroy_response(r);
	return queued;
}

static size_t leave(void *c, struct MHD_Connection *k, char *text) {
	(void)c, (void)k;
	return strlen(text);
}

static void ask(unsigned port) {
	static const char request[] = "GET /views/a%2Fb%252F/rows HTTP/1.0\r\n\r\n";
	char answer[2048];
	size_t n = 0;
	ssize_t got;
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&at, sizeof at) || write(fd, request, sizeof request - 1) < 0)
		return;
	while (n < sizeof answer - 1 && (got = read(fd, answer + n, sizeof answer - 1 - n)) > 0)
		n += (size_t)got;
	answer[n] = '\0';
	const char *body = strstr(answer, "\r\n\r\n");
	puts(body ? body + 4 : "no answer");
	close(fd);
}

static void serve(int keep) {
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct MHD_OptionItem own[] = {{MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)leave, NULL}, {MHD_OPTION_END, 0, NULL}}, none[] = {{MHD_OPTION_END, 0, NULL}};
	struct MHD_Daemon *d = MHD_start_daemon(MHD_USE_AUTO_INTERNAL_THREAD, 0, NULL, NULL, on_request, NULL,
		MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_ARRAY, keep ? own : none, MHD_OPTION_END);
	ask(MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT)->port);
	MHD_stop_daemon(d);
}

int main(void) {
	serve(0);
	serve(1);
	return 0;
}
C
so=$(find root -name 'libmicrohttpd.so.*' | sort | tail -1)
gcc -o path path.c -Iroot/usr/include -L"$(dirname "$so")" -l:"$(basename "$so")"
got=$(LD_LIBRARY_PATH=$(dirname "$so") ./path | tr '\n' ' ')
[ "$got" = "/views/a/b%2F/rows /views/a%2Fb%252F/rows " ] || { echo "got: $got"; exit 1; }
echo "libmicrohttpd $version: as described"
