/* Members of the JSON objects that are printed. Each begins with a comma: ,"name":value.
 *
 * Any thread; adds to the caller's buffer. */
#ifndef LK_PRINT_JSON_H
#define LK_PRINT_JSON_H

#include <stdbool.h>

#include "core/frontier.h"

/* The text without a name, or null. */
void lk_json_text(const char *s, lk_buf *out);
void lk_json_member(const char *name, const char *text, lk_buf *out);   /* NULL: null */
void lk_json_int(const char *name, int64_t n, lk_buf *out);
void lk_json_flag(const char *name, bool on, lk_buf *out);
void lk_json_time(const char *name, int64_t us, lk_buf *out);           /* LK_NEVER: null */
/* The offsets of its partitions: ,"name":[0,7]. */
void lk_json_offsets(const char *name, const lk_frontier *f, lk_buf *out);

#endif
