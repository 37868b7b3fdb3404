/* The elements of a JSON array that is kept as text, as PostgreSQL's json_array_elements(x::json) gives them. What its
 * lexer refuses is refused; nesting has no bound. Any thread may call these functions, with a scratch arena of its own,
 * which they clear. */
#ifndef LK_EXPR_JSON_ARRAY_H
#define LK_EXPR_JSON_ARRAY_H

#include "core/value.h"

/* What PostgreSQL would say of the text (static text); NULL if it is an array. */
const char *lk_json_array_fault(const char *s, size_t len, lk_arena *scratch);

/* The next element of such an array, as it is written: borrowed from it. *at: a place in the text, 0 at first. False
 * behind the last one. */
bool lk_json_array_next(const char *s, size_t len, size_t *at, lk_value *out, lk_arena *scratch);
/* An element as a text: a string without quotes and escapes, null as NULL, all else as it is. One with escapes is made
 * in the arena. */
lk_value lk_json_element_text(const lk_value *element, lk_arena *made);

#endif
