/* The JSON that top_k makes, in one text for each value. Private to compare/ and its tests; no I/O. */
#ifndef LK_COMPARE_TOP_VALUES_H
#define LK_COMPARE_TOP_VALUES_H

#include "core/value.h"

/* A numeric's text without the zeros that end its fraction: 1.50 is 1.5. */
void lk_numeric_text_put(const char *s, size_t len, lk_buf *out);

/* A list [{"value":X,"count":N},…] of top_k over this type, each X as core/value.h prints it: 1.6777216e+07 is 16777216,
 * -0 is 0, "2024-01-01T00:00:00+00:00" ends with Z. A text that is not such a list or value is kept unchanged. */
void lk_top_values_put(lk_type t, const char *json, size_t len, lk_buf *out);

#endif
