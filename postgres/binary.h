/* PostgreSQL's binary COPY: values to tuples and back. The wire forms of bool, int2/4/8, float4/8, numeric, text and
 * timestamptz (src/backend/utils/adt, the *send and *recv functions).
 *
 * Pure functions over buffers of the caller: any thread. */
#ifndef LK_POSTGRES_BINARY_H
#define LK_POSTGRES_BINARY_H

#include "core/status.h"
#include "core/value.h"

#define LK_PG_EPOCH_US INT64_C(946684800000000)   /* PostgreSQL's epoch: 2000-01-01T00:00:00Z */

void lk_copy_header(lk_buf *out);                  /* signature, flags, extension */
void lk_copy_trailer(lk_buf *out);
void lk_copy_row(lk_buf *out, int nfields);        /* begins a tuple */
void lk_copy_value(lk_buf *out, lk_type t, const lk_value *v);   /* marked = NULL */
void lk_copy_int8(lk_buf *out, int64_t v);
void lk_copy_int4(lk_buf *out, int32_t v);

/* Decodes one tuple as PQgetCopyData gave it, without the header (the caller skips 19 bytes of the first message).
 * Field i goes into row[slots[i]], or row[i] if slots is NULL. Texts are borrowed. 0; 1 for the trailer; LK_EINTERNAL if
 * the form is wrong. */
int lk_copy_decode(const char *tuple, int len, const lk_type *types, const int *slots, int n, lk_value *row);
#define LK_COPY_HEADER_BYTES 19

#endif
