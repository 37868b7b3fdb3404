/* The grammar of JSON's scalars (RFC 8259) and its escapes, for all that reads JSON: records, jsonb, arrays in texts.
 * Most of the time goes to strings, so their ends are searched 16 bytes at a time (SSE2; elsewhere 8).
 *
 * Each function takes the place where something begins and the end of the text, and returns the place behind it, or NULL
 * with *reason (static text). Any thread may call them. */
#ifndef LK_CORE_JSON_TEXT_H
#define LK_CORE_JSON_TEXT_H

#include <stdbool.h>

#include "core/buf.h"

/* A string, or a number, or true, false or null. *escaped is set if there is an escape, else unchanged. */
const char *lk_json_scalar_end(const char *p, const char *end, bool *escaped, const char **reason);
/* A string; p behind its opening quote. */
const char *lk_json_string_end(const char *p, const char *end, bool *escaped, const char **reason);
const char *lk_json_number_end(const char *p, const char *end, const char **reason);
/* true, false or null, by the first letter, which is one of theirs. */
const char *lk_json_word_end(const char *p, const char *end, const char **reason);

/* Decodes the text between the quotes, whose grammar is checked; the arena owns the result. False, with *reason (static
 * text), if an escape is not a character. */
bool lk_json_unescape(const char *p, size_t len, lk_arena *arena, const char **text, size_t *text_len,
                      const char **reason);

#endif
