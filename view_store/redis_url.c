/* Where Redis is: "redis://[user:password@]host[:port][/db]", as registered with IANA; "unix:/path/to/socket", or with
 * a login "unix://user:password@/path/to/socket". */
#include <stdlib.h>
#include <string.h>

#include "core/hex.h"
#include "view_store/redis.h"

/* Decodes %xx. */
static char *decoded(const char *s, size_t n) {
	lk_buf b = LK_BUF_INIT;
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '%' && i + 2 < n && lk_hex_digit(s[i + 1]) >= 0 && lk_hex_digit(s[i + 2]) >= 0) {
			lk_buf_addc(&b, (char)(lk_hex_digit(s[i + 1]) << 4 | lk_hex_digit(s[i + 2])));
			i += 2;
		} else {
			lk_buf_addc(&b, s[i]);
		}
	}
	return lk_buf_steal(&b);
}

static int number(const char *s, size_t n, int max) {
	int v = 0;
	if (n == 0 || n > 6)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		v = v * 10 + (s[i] - '0');
	}
	return v <= max ? v : -1;
}

static void parse_login(lk_redis_url *u, const char *s, size_t n) {
	const char *colon = memchr(s, ':', n);
	size_t user = colon ? (size_t)(colon - s) : n;
	if (user)
		u->user = decoded(s, user);
	if (colon)
		u->password = decoded(colon + 1, n - user - 1);
}

/* host[:port]; an IPv6 address stands in brackets. */
static int parse_place(lk_redis_url *u, const char *s, size_t n) {
	const char *close = n && s[0] == '[' ? memchr(s, ']', n) : NULL;
	const char *colon = close ? memchr(close, ':', n - (size_t)(close - s)) : memchr(s, ':', n);
	size_t host = colon ? (size_t)(colon - s) : n;
	if (colon && (u->port = number(colon + 1, n - host - 1, 65535)) <= 0)
		return -1;
	if (close && close != s + host - 1)
		return -1;
	if (host)
		u->host = close ? lk_strndup(s + 1, host - 2) : lk_strndup(s, host);
	else
		u->host = lk_strdup("127.0.0.1");
	return 0;
}

static int parse_tcp(lk_redis_url *u, const char *s) {
	const char *slash = strrchr(s, '/');
	const char *at = strrchr(s, '@');
	if (slash && at && slash < at)   /* inside the password */
		slash = NULL;
	const char *end = slash ? slash : s + strlen(s);
	if (at)
		parse_login(u, s, (size_t)(at - s));
	const char *place = at ? at + 1 : s;
	if (parse_place(u, place, (size_t)(end - place)) < 0)
		return -1;
	if (slash && slash[1] && (u->db = number(slash + 1, strlen(slash + 1), 99999)) < 0)
		return -1;
	u->where = lk_asprintf(strchr(u->host, ':') ? "redis://[%s]:%d/%d" : "redis://%s:%d/%d", u->host, u->port, u->db);
	return 0;
}

/* The login ends at the first "@/", so a path may have another one. */
static void parse_unix(lk_redis_url *u, const char *s) {
	const char *at = strncmp(s, "//", 2) == 0 && s[2] != '/' ? strstr(s, "@/") : NULL;
	if (at) {
		parse_login(u, s + 2, (size_t)(at - s) - 2);
		s = at + 1;
	}
	while (s[0] == '/' && s[1] == '/')
		s++;
	u->path = lk_strdup(s);
	u->where = lk_asprintf("unix:%s", s);
}

int lk_redis_url_parse(lk_redis_url *u, const char *url, lk_error *err) {
	*u = (lk_redis_url){.port = 6379};
	if (strncmp(url, "unix:", 5) == 0 && url[5]) {
		parse_unix(u, url + 5);
		return LK_OK;
	}
	if (strncmp(url, "redis://", 8) == 0 && parse_tcp(u, url + 8) == 0)
		return LK_OK;
	lk_fail(err, LK_EUSAGE, "the URL of Redis is invalid");
	lk_hint(err, strncmp(url, "rediss:", 7) == 0
	                 ? "TLS is not supported: use a tunnel, or redis://host:port/db"
	                 : "write redis://[user:password@]host:port/db or unix:[//user:password@]/path/to/socket");
	return LK_EUSAGE;
}

void lk_redis_url_release(lk_redis_url *u) {
	free(u->path);
	free(u->host);
	free(u->user);
	free(u->password);
	free(u->where);
	*u = (lk_redis_url){0};
}
