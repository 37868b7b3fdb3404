/* Events as lines of an access log.
 *
 * A scanner is the caller's, for one thread; it borrows the schema. Texts of a row are borrowed from the line or live
 * in the caller's arena. */
#ifndef LK_FORMATS_ACCESS_LOG_H
#define LK_FORMATS_ACCESS_LOG_H

#include "core/schema.h"

typedef struct lk_log_scanner lk_log_scanner;

/* format: as for lk_log_format_new; NULL: each line is common, combined, main or vhost_combined, recognised by its
 * shape. Returns NULL, with `why`, if the format is invalid or has no time. */
lk_log_scanner *lk_log_scanner_new(const lk_schema *s, const char *format, char *why, size_t cap);
void lk_log_scanner_free(lk_log_scanner *g);
/* Is there a field for the column? */
bool lk_log_scanner_has(const lk_log_scanner *g, int column);

/* A field fills the column of its name, the time the event-time column, whatever its name; "-" and columns without a
 * field are NULL. A line that does not match the whole format is rejected. 0, or -1 with *why. */
int lk_log_scan(lk_log_scanner *g, const char *line, size_t len, lk_arena *arena, lk_value *row, lk_misfit *why);

#endif
