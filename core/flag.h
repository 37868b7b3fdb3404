/* Flags that a signal handler or another thread sets. They are read and written atomically, and nothing else is passed
 * on with them. */
#ifndef LK_CORE_FLAG_H
#define LK_CORE_FLAG_H

#include <stdbool.h>

/* NULL is a flag that is never set. */
static inline bool lk_flag_is_set(const volatile int *flag) { return flag && __atomic_load_n(flag, __ATOMIC_RELAXED); }
static inline void lk_flag_set(volatile int *flag) { __atomic_store_n(flag, 1, __ATOMIC_RELAXED); }

#endif
