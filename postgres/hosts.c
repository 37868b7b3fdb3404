/* Only libpq knows which hosts a connection text means: it reads services, PGHOST and defaults. It reports them for a
 * connection that fails before it begins, because an option has an invalid value. */
#include "postgres/hosts.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/time.h"
#include "postgres/pg.h"

#define CONNECT_S 5

enum { HOST, HOSTADDR, PORT };

/* connect_timeout; 0 waits for ever in libpq, and here as long as for any answer. */
static int64_t limit_us(const char *connect_timeout) {
	int64_t s = connect_timeout ? atoi(connect_timeout) : CONNECT_S;
	return s > 0 && s <= LK_PG_ANSWER_S ? s * LK_US_PER_S : LK_PG_ANSWER_US;
}

static void read_options(lk_pg_hosts *hosts, const char *conninfo) {
	const char *const keys[] = {"dbname", "sslmode", NULL}, *const values[] = {conninfo, "none of libpq's", NULL};
	const char *timeout = NULL;
	PGconn *conn = PQconnectStartParams(keys, values, 1);
	PQconninfoOption *options = conn ? PQconninfo(conn) : NULL;
	for (PQconninfoOption *o = options; o && o->keyword; o++) {
		int which = !strcmp(o->keyword, "host") ? HOST : !strcmp(o->keyword, "hostaddr") ? HOSTADDR
		            : !strcmp(o->keyword, "port") ? PORT : -1;
		if (which >= 0 && o->val && *o->val)
			hosts->text[which] = lk_strdup(o->val);
		if (!strcmp(o->keyword, "connect_timeout"))
			timeout = o->val;
	}
	hosts->within_us = limit_us(timeout);
	PQconninfoFree(options);
	PQfinish(conn);
}

static int count(const char *list) {
	int n = list != NULL;
	for (; list && *list; list++)
		n += *list == ',';
	return n;
}

/* Cuts the next element off the list; NULL if it is empty. */
static const char *next(char **list) {
	char *one = *list;
	if (!one)
		return NULL;
	size_t n = strcspn(one, ",");
	*list = one[n] ? one + n + 1 : one + n;
	one[n] = '\0';
	return *one ? one : NULL;
}

static bool is_socket(const char *host) { return host[0] == '/' || host[0] == '@'; }

bool lk_pg_host_is_name(const lk_pg_host *at) { return at->host && !at->hostaddr && !is_socket(at->host); }

/* Lists that cannot be taken apart, and go to libpq as they are: of different lengths, which it refuses; with an
 * element that means its default; with a socket among addresses. */
static bool is_odd(const lk_pg_hosts *hosts, const int counts[3]) {
	bool odd = (counts[HOST] && counts[HOSTADDR] && counts[HOST] != counts[HOSTADDR])
	           || (counts[PORT] > 1 && counts[PORT] != hosts->n);
	for (int i = 0; i < hosts->n && !odd; i++) {
		const lk_pg_host *h = &hosts->of[i];
		odd = !h->hostaddr && (!h->host || (counts[HOSTADDR] && is_socket(h->host)));
	}
	return odd;
}

void lk_pg_hosts_read(lk_pg_hosts *hosts, const char *conninfo) {
	int counts[3];
	char *rest[3];
	*hosts = (lk_pg_hosts){0};
	read_options(hosts, conninfo);
	for (int i = 0; i < 3; i++) {
		rest[i] = hosts->text[i];
		counts[i] = count(hosts->text[i]);
	}
	hosts->n = counts[HOST] > counts[HOSTADDR] ? counts[HOST] : counts[HOSTADDR];
	hosts->of = lk_calloc((size_t)hosts->n + 1, sizeof *hosts->of);
	for (int i = 0; i < hosts->n; i++) {
		hosts->of[i] = (lk_pg_host){.host = next(&rest[HOST]), .hostaddr = next(&rest[HOSTADDR])};
		hosts->of[i].port = counts[PORT] > 1 ? next(&rest[PORT]) : hosts->text[PORT];
	}
	if (hosts->n == 0 || is_odd(hosts, counts)) {
		hosts->n = 1;
		hosts->of[0] = (lk_pg_host){0};
	}
}

void lk_pg_hosts_release(lk_pg_hosts *hosts) {
	for (int i = 0; i < 3; i++)
		free(hosts->text[i]);
	free(hosts->of);
	*hosts = (lk_pg_hosts){0};
}
