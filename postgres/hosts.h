/* The hosts that a connection text names. Private to postgres/. */
#ifndef LK_POSTGRES_HOSTS_H
#define LK_POSTGRES_HOSTS_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/* Where a server may be; NULL: what the text, the service or the environment says. host: a name, an address, or the
 * folder of a socket. hostaddr: the numeric address to use instead of looking up host. */
typedef struct lk_pg_host {
	const char *host, *hostaddr, *port;
} lk_pg_host;

typedef struct lk_pg_hosts {
	int n;
	lk_pg_host *of;
	int64_t within_us;     /* for each host: to look up its name, and to connect to one of its addresses */
	char *text[3];         /* what `of` points into */
} lk_pg_hosts;

/* The hosts of the text in their order, at least one. Asks nobody. */
void lk_pg_hosts_read(lk_pg_hosts *hosts, const char *conninfo);
void lk_pg_hosts_release(lk_pg_hosts *hosts);
/* Must its name be looked up? */
bool lk_pg_host_is_name(const lk_pg_host *at);

#endif
