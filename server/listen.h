/* The address that a server listens on. */
#ifndef LK_SERVER_LISTEN_H
#define LK_SERVER_LISTEN_H

#include <stdbool.h>

#include "core/status.h"

typedef struct lk_listener {
	int fd;               /* listens; -1: closed */
	bool local;           /* only programs of this machine reach it */
	char *path;           /* of a unix socket, or NULL; lk_malloc'ed */
	char *address;        /* for people and URLs; lk_malloc'ed */
} lk_listener;

/* address: "HOST:PORT", "[IPv6]:PORT", "PORT" of 127.0.0.1, or "unix:PATH". A unix socket that nobody listens on any more
 * is replaced; a new one is its owner's alone. `must_be_local`: LK_EUSAGE for any other address. LK_EUSAGE: no address;
 * LK_EBUSY: it is taken. */
int lk_listen(lk_listener *out, const char *address, bool must_be_local, lk_error *err);
/* Closes it, and removes the unix socket. */
void lk_listener_close(lk_listener *l);

#endif
