/* CSV.
 *
 * Any thread. */
#ifndef LK_PRINT_CSV_H
#define LK_PRINT_CSV_H

#include "core/buf.h"

/* A csv field by RFC 4180 as ingest reads it: NULL is an empty field, the empty text is "". */
void lk_csv_field(const char *s, size_t len, lk_buf *out);

#endif
