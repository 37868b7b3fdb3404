/* A derived stream beside its own text, as lines for people and as one JSON object, into any sink.
 *
 * Any thread, for a comparison and a sink of its own. */
#ifndef LK_PRINT_DERIVED_H
#define LK_PRINT_DERIVED_H

#include "compare/derived.h"
#include "core/sink.h"
#include "print/text.h"

void lk_derived_comparison_print(const lk_derived_comparison *c, const char *stream, const lk_screen *screen, lk_sink *out);
void lk_derived_comparison_json(const lk_derived_comparison *c, const char *stream, lk_sink *out);

#endif
