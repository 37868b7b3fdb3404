/* Times at which a window can start or end. They reach up to 100 years (LK_MAX_WINDOW_US) beyond those of events.
 *
 * Pure: any thread. */
#ifndef LK_WINDOWS_BOUND_H
#define LK_WINDOWS_BOUND_H

#include <stddef.h>
#include <stdint.h>

/* All that lk_time_print writes of a window, from "-0099-01-01T00:00:00Z" to "10100-01-01T00:00:00Z"; between the years
 * 0001 and 9999 as lk_time_parse, with a zone. 0, or -1. */
int lk_bound_parse(const char *s, size_t len, int64_t *out_us);

#endif
