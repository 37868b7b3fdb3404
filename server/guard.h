/* Who may ask: a token, and what browsers say of the page that asks.
 *
 * A page of another site can make a browser send requests to this machine. It cannot read the answers, unless its name
 * is made to mean this machine (DNS rebinding). So Host must be an address, which no other site can be, localhost, or a
 * name that the server was told; and Origin, where a browser sends it, must be the server itself.
 *
 * Pure but for the reading of the file: any thread. */
#ifndef LK_SERVER_GUARD_H
#define LK_SERVER_GUARD_H

#include <stdbool.h>

#include "core/status.h"

enum { LK_TOKEN_LEAST = 16, LK_TOKEN_MOST = 4096 };   /* bytes */

/* The token in a file, without white space around it; lk_malloc'ed. LK_EINPUT: no file, or no token of these lengths. */
int lk_token_read(const char *path, char **out, lk_error *err);
/* Does the header Authorization (NULL: there is none) show the token? In time that hangs only on the header's length. */
bool lk_token_shown(const char *token, const char *authorization);

/* NULL (HTTP/1.0 has no Host) is fine: no browser leaves it out. */
bool lk_host_allowed(const char *host, const char *const *names, int n);
/* Is the origin, if there is one, that of the host? */
bool lk_origin_allowed(const char *origin, const char *host);

#endif
