/* SQL's LIKE: % any run of characters, _ one character (code point), \ makes the next character literal.
 *
 * Pure: any thread. */
#ifndef LK_EXPR_LIKE_H
#define LK_EXPR_LIKE_H

#include <stdbool.h>
#include <stddef.h>

/* Both texts are valid UTF-8. A trailing \ in the pattern matches nothing; the SQL front refuses it. fold: ILIKE, where
 * the letters A to Z are equal to a to z, and no others (R8). */
bool lk_like(const char *text, size_t text_len, const char *pattern, size_t pattern_len, bool fold);

#endif
