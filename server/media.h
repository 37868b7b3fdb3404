/* Formats of answers, and which of them a client takes (RFC 9110, section 12.5).
 *
 * Pure functions: any thread. */
#ifndef LK_SERVER_MEDIA_H
#define LK_SERVER_MEDIA_H

#include <stdbool.h>

#include "core/status.h"

enum lk_media { LK_MEDIA_JSON, LK_MEDIA_JSONL, LK_MEDIA_CSV, LK_MEDIA_TEXT, LK_MEDIA_METRICS, LK_MEDIA_EVENTS, LK_MEDIA_PAGE, LK_MEDIA_KINDS };

/* What format= calls it, and its media type. */
const char *lk_media_name(enum lk_media m);
const char *lk_media_type(enum lk_media m);

/* The first of choices[0 … n-1], or the one that Accept prefers (NULL: there is none). LK_EUSAGE: it takes none. */
int lk_media_choose(const enum lk_media *choices, int n, const char *accept, enum lk_media *out, lk_error *err);
/* The one that is called so. LK_EUSAGE: none of them is. */
int lk_media_named(const enum lk_media *choices, int n, const char *name, enum lk_media *out, lk_error *err);
/* Does Accept-Encoding (NULL: there is none) take gzip? */
bool lk_takes_gzip(const char *accept_encoding);

#endif
