/* Prints a comparison, for people (a table, or markdown for a report) and for programs (JSON), into any sink; texts are
 * added to the caller's buffer.
 *
 * Any thread, for a comparison and a sink of its own. */
#ifndef LK_PRINT_COMPARISON_H
#define LK_PRINT_COMPARISON_H

#include "core/sink.h"
#include "modes/comparison.h"
#include "print/text.h"

/* All of it, for people. screen: of a table, and of the lines around it. */
void lk_comparison_print(const lk_comparison *c, bool markdown, const lk_screen *screen, lk_sink *out);
/* One JSON object. */
void lk_comparison_json(const lk_comparison *c, lk_buf *out);
/* One sentence, without a line break. */
void lk_comparison_verdict(const lk_comparison *c, lk_buf *out);

/* The rows that differ as a table; nothing if there are none. */
void lk_difference_print(const lk_difference *d, const lk_screen *screen, lk_sink *out);
/* "1,234 rows compared: 1,230 equal, 1 only lambda, 0 only kappa, 3 different; late events
 * explain 3", without a line break. */
void lk_difference_counts(const lk_difference *d, lk_buf *out);
/* The same as one JSON object. */
void lk_difference_json(const lk_difference *d, lk_buf *out);

#endif
