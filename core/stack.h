/* Work that recurses deeply, on a stack that is large enough wherever its caller runs. */
#ifndef LK_CORE_STACK_H
#define LK_CORE_STACK_H

/* Runs the work on a thread of its own with 16 MiB of stack, and returns when it has ended. Signals are left to the
 * other threads. Any thread may call it. 0, or the errno of the thread that could not be started. */
int lk_stack_run(void (*work)(void *ctx), void *ctx);

#endif
