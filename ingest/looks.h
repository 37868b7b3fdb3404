/* What an input looks like by its first bytes, if it is not in the format in which it was read. */
#ifndef LK_INGEST_LOOKS_H
#define LK_INGEST_LOOKS_H

#include <stddef.h>

#include "core/buf.h"
#include "formats/format.h"

enum { LK_MAGIC_BYTES = 16 };   /* enough to recognise what is not text */

/* LK_EINPUT, with what to do, if the bytes are those of a packed or binary format; else LK_OK. */
int lk_looks_packed(const char *name, const char *p, size_t len, lk_error *err);

/* For a text that was read as `f` without a single event: what it looks like ("CSV with ; between fields") and what to
 * do, or nothing if it looks like `f`. */
void lk_looks_like(const lk_format *f, const char *p, size_t len, lk_buf *what, lk_buf *todo);

#endif
