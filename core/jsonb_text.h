/* Walking the text that PostgreSQL prints of a jsonb (core/jsonb.h). Any thread may call these functions. */
#ifndef LK_CORE_JSONB_TEXT_H
#define LK_CORE_JSONB_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* PostgreSQL's = of two such texts: numbers are equal by value, so 1.0 equals 1.00. */
bool lk_jsonb_equal(const char *a, size_t alen, const char *b, size_t blen);

/* The end of the value that begins at p, in such a text that ends at `end`. */
const char *lk_jsonb_value_end(const char *p, const char *end);

#endif
