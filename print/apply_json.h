/* What `lk apply --format json` prints: one object, for editors and scripts.
 *
 *   {"ok":false,"compared":true,
 *    "faults":[{"file":"a.sql","line":3,"col":9,"end_line":3,"end_col":12,"message":"…","hint":"…"}],
 *    "definitions":[{"file":"a.sql","line":1,"kind":"stream","name":"hits","result":"new"}]}
 *
 * Any thread, for a list of its own; it is the caller's. */
#ifndef LK_PRINT_APPLY_JSON_H
#define LK_PRINT_APPLY_JSON_H

#include "catalog/catalog.h"
#include "core/sink.h"

typedef struct lk_apply_json {
	lk_buf faults, definitions;
} lk_apply_json;

void lk_apply_json_fault(lk_apply_json *j, const lk_fault *f, const char *file, const char *text, size_t len);
/* A definition without a fault, and what became, or would become, of it; NULL: not known. */
void lk_apply_json_definition(lk_apply_json *j, const lk_definition *d, const char *file, int line, const lk_apply_result *r);
/* Prints the object. compared: with what is declared on the server. */
void lk_apply_json_print(const lk_apply_json *j, bool ok, bool compared, lk_sink *out);
void lk_apply_json_release(lk_apply_json *j);

#endif
