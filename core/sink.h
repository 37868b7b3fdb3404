/* Where output goes: standard output, memory, a socket. Whoever prints does not know which, and need not look at each
 * write: the first failure stays, and after it nothing is written. A sink is used by one thread at a time. */
#ifndef LK_CORE_SINK_H
#define LK_CORE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

typedef struct lk_sink {
	int (*write)(void *ctx, const void *data, size_t len);   /* writes all of it: 0; else an errno, however much it wrote */
	void *ctx;
	int error;       /* of the first write that failed; 0: none */
	int64_t bytes;   /* that writes have taken */
} lk_sink;

/* False once a write has failed: the caller may stop. */
bool lk_sink_put(lk_sink *s, const void *data, size_t len);
/* The same with the buffer's bytes, and empties it. */
bool lk_sink_put_buf(lk_sink *s, lk_buf *b);

/* Adds to the buffer, which the caller releases. */
lk_sink lk_sink_memory(lk_buf *out);

#endif
