/* Did you mean.
 *
 * Pure; what it returns is one of the caller's names. */
#ifndef LK_CORE_SUGGEST_H
#define LK_CORE_SUGGEST_H

#include "core/status.h"

/* The name in names[0 … n-1] nearest to `name` (edit distance <= 2 or a third of the length); NULL if none is near. */
const char *lk_did_you_mean(const char *name, const char *const *names, int n);
/* Hints at that name, or lists all of them after `these`: "its columns: ". */
void lk_hint_names(lk_error *err, const char *name, const char *const *names, int n, const char *these);

#endif
