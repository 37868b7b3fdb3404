/* Says on standard error what an apply did or would do, with warnings of consequences that users may not expect. */
#ifndef LK_CLI_APPLY_PRINT_H
#define LK_CLI_APPLY_PRINT_H

#include "catalog/catalog.h"

void lk_applied_stream_print(const lk_stream *s, const lk_apply_result *r);
void lk_applied_view_print(const lk_plan *p, const lk_apply_result *r);

#endif
