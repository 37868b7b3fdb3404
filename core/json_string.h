/* Strings of JSON with escapes, for all that reads JSON: records, jsonb, arrays in texts. Any thread may call these
 * functions. */
#ifndef LK_CORE_JSON_STRING_H
#define LK_CORE_JSON_STRING_H

#include <stdbool.h>

#include "core/buf.h"

/* Are there four hexadecimal digits at p? A byte that is none ends the look. */
bool lk_json_hex(const char *p);

/* Decodes the text between the quotes, whose grammar is checked; the arena owns the result. False, with *reason (static
 * text), if an escape is not a character. */
bool lk_json_unescape(const char *p, size_t len, lk_arena *arena, const char **text, size_t *text_len,
                      const char **reason);

#endif
