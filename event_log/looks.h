/* What an input looks like by its first bytes, where it is not what it was taken for. */
#ifndef LK_EVENT_LOG_LOOKS_H
#define LK_EVENT_LOG_LOOKS_H

#include <stddef.h>

#include "core/buf.h"
#include "event_log/format.h"

enum { LK_MAGIC_BYTES = 16 };   /* so many tell what is no text */

/* LK_EINPUT, with what to do, where the bytes are those of a packed or binary format; else LK_OK. */
int lk_looks_packed(const char *name, const char *p, size_t len, lk_error *err);

/* A text that was read as `f`, and nothing of it was an event: "looks like csv with ; between fields" and what to do, or
 * nothing where it looks like what it was read as. */
void lk_looks_like(const lk_format *f, const char *p, size_t len, lk_buf *what, lk_buf *todo);

#endif
