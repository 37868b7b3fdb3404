/* jsonb as text: PostgreSQL keeps a jsonb in a form of its own and prints it in one way, whatever was written. A value
 * of LK_JSONB is that text:
 *
 *   {"a": 1.50, "list": [true, null], "longer": "é\n"}
 *
 * Keys are ordered by their length in bytes and then by their bytes, of equal keys the last one counts; one blank
 * follows each colon and comma; numbers are without an exponent and keep their digits (1.50, 1e2 becomes 100); texts
 * are UTF-8 with as few escapes as possible. A part of such a text is the text of that part.
 *
 * Limits: LK_JSONB_MAX bytes of that text, LK_JSONB_DEPTH levels, LK_JSONB_DIGITS digits of a number on either side of
 * the point. PostgreSQL's own are far beyond. Any thread may call these functions. */
#ifndef LK_CORE_JSONB_H
#define LK_CORE_JSONB_H

#include "core/value.h"

#define LK_JSONB_DEPTH 512
#define LK_JSONB_DIGITS 1000

/* Is this JSON that PostgreSQL reads as a jsonb, and within the limits? Duplicates of a key count for the limit. 0, or
 * -1 with *reason (static text). */
int lk_jsonb_check(const char *s, size_t len, const char **reason);

/* Adds the text of the jsonb that PostgreSQL makes of s. 0, or -1 with *reason, as lk_jsonb_check. */
int lk_jsonb_normalise(const char *s, size_t len, lk_buf *out, const char **reason);

/* Adds what a text in quotes stands for; p at its opening quote, in such a text. */
void lk_jsonb_unquote(const char *p, size_t len, lk_buf *out);

#endif
