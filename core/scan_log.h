/* Events as lines of an access log. */
#ifndef LK_CORE_SCAN_LOG_H
#define LK_CORE_SCAN_LOG_H

#include "core/plan.h"

typedef struct lk_log_scanner lk_log_scanner;

/* format: what lk_log_format_new takes; NULL: each line is common, combined, main or vhost_combined, told by its shape.
 * NULL, with `why`, where the format will not do or has no time. */
lk_log_scanner *lk_log_scanner_new(const lk_stream *s, const char *format, char *why, size_t cap);
void lk_log_scanner_free(lk_log_scanner *g);
/* Is there a field for the stream's column? */
bool lk_log_scanner_has(const lk_log_scanner *g, int column);

/* Fields go to the columns of their names, the time to the event time whatever its name; "-" and columns without a field
 * are NULL. A line follows the format to its end, or is refused. 0, or -1 with *reason (valid until the next call)
 * and *column. */
int lk_log_scan(lk_log_scanner *g, const char *line, size_t len, lk_arena *arena, lk_value *row, const char **reason, int *column);

#endif
