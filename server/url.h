/* Paths and queries of URLs (RFC 3986; blanks of a query as HTML's forms write them).
 *
 * Pure functions over the caller's texts: any thread. */
#ifndef LK_SERVER_URL_H
#define LK_SERVER_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

/* Decodes %XX in a text of that length. NULL: a broken %, or what is decoded is not UTF-8, or has a NUL. From the
 * arena. */
char *lk_url_decode(lk_arena *arena, const char *text, size_t len);

/* Does the path have the pattern's form? "{…}" in it stands for one part of the path, which is given as it stands there
 * in *part, of *len bytes; without one *part is NULL. */
bool lk_path_matches(const char *path, const char *pattern, const char **part, size_t *len);

#endif
