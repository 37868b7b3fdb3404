/* Prints a comparison, for people (a table on the terminal, markdown for a report) and for programs (json). */
#ifndef LK_CLI_COMPARISON_PRINT_H
#define LK_CLI_COMPARISON_PRINT_H

#include "costs/costs.h"

/* On standard output, for people. */
void lk_comparison_print(const lk_comparison *c, bool markdown);
/* One JSON object. */
void lk_comparison_json(const lk_comparison *c, lk_buf *out);
/* One sentence, without a line break. */
void lk_comparison_verdict(const lk_comparison *c, lk_buf *out);

/* Prints the rows that differ as a table on standard output; nothing if there are none. title: a line above it, or
 * NULL. */
void lk_difference_print(const lk_difference *d, const char *title, bool markdown);
/* "1,234 rows compared: 1,230 equal, 1 only lambda, 0 only kappa, 3 different; late events
 * explain 3", without a line break. */
void lk_difference_counts(const lk_difference *d, lk_buf *out);
/* The same as one JSON object. */
void lk_difference_json(const lk_difference *d, lk_buf *out);

/* Three significant digits and a unit: "12.3 ms", "4.56 MB", "12,300". */
void lk_seconds_print(double seconds, lk_buf *out);
void lk_bytes_print(int64_t bytes, lk_buf *out);
void lk_number_print(double n, lk_buf *out);

#endif
