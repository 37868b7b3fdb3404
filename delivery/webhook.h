/* Rows to a URL, by POST, at least once.
 *
 * Used by one thread. */
#ifndef LK_DELIVERY_WEBHOOK_H
#define LK_DELIVERY_WEBHOOK_H

#include "delivery/parcel.h"
#include "delivery/target.h"

typedef struct lk_webhook_options {
	const char *url;              /* http or https */
	const char *const *headers;   /* "Name: value"; nheaders of them */
	int nheaders;
	int batch;                    /* rows in a request; 1: an object, more: an array of them */
	bool redirects;               /* are followed */
	int64_t timeout_us;           /* of a request */
} lk_webhook_options;

typedef struct lk_webhook lk_webhook;

/* LK_EUSAGE: a URL of another protocol, or a header without a name; LK_EUNSUPPORTED: there is no libcurl. Options are
 * borrowed. */
int lk_webhook_open(lk_webhook **out, const lk_webhook_options *o, lk_error *err);
/* Its flush fails with LK_EBUSY while the receiver cannot be reached, is busy or broken (408, 425, 429, 5xx), and with
 * LK_EINPUT if it refuses the rows. */
lk_target lk_webhook_target(lk_webhook *w);
void lk_webhook_close(lk_webhook *w);   /* NULL is fine */

/* Adds the URL without what may be secret: "https://host:port". */
void lk_url_for_people(const char *url, lk_buf *out);

#endif
