/* The elements of a JSON array that is kept as text, as PostgreSQL's json_array_elements_text(x::json) gives them: strings
 * without quotes and escapes, null as NULL, all else as it is written. What its lexer refuses is refused; nesting has no
 * bound. */
#ifndef LK_EXPR_JSON_ARRAY_H
#define LK_EXPR_JSON_ARRAY_H

#include "core/value.h"

/* What PostgreSQL would say of the text; NULL if it is an array. scratch: the call's own. */
const char *lk_json_array_fault(const char *s, size_t len, lk_arena *scratch);

/* The next element of such an array. *at: a place in the text, 0 at first. A string with escapes is made in `made`. */
bool lk_json_array_next(const char *s, size_t len, size_t *at, lk_value *out, lk_arena *scratch, lk_arena *made);

#endif
