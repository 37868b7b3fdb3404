/* Looking up the addresses of a host with a limit: getaddrinfo(3) has none, and hears no signal.
 *
 * Any thread; one look-up is shared by all that ask for the same name at once. */
#ifndef LK_CORE_LOOKUP_H
#define LK_CORE_LOOKUP_H

#include <stdint.h>

#include "core/wait.h"

enum { LK_ADDRESSES_MOST = 16, LK_ADDRESS_BYTES = 64 };

/* Numeric IPv4 and IPv6 addresses, in the order in which to try them. */
typedef struct lk_addresses {
	int n;
	char text[LK_ADDRESSES_MOST][LK_ADDRESS_BYTES];
} lk_addresses;

/* Looks up a name, until monotonic time until_us at most. A numeric address is its own. READY: *out, or none and in
 * *why a static text that says why. LATE and STOPPED as for lk_wait_fd: the resolver has not answered, *out is empty. */
enum lk_waited lk_lookup(const char *host, int64_t until_us, lk_addresses *out, const char **why);

#endif
