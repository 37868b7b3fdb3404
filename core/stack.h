/* Work that recurses deeply, on a stack that is large enough wherever its caller runs. */
#ifndef LK_CORE_STACK_H
#define LK_CORE_STACK_H

/* Runs the work on a thread with 16 MiB of stack, and returns when it has ended. The process has one such thread, which
 * lasts: libpg_query 15-4.0.0 keeps memory and a thread-specific key for every thread that ever parsed, and a process
 * has 1,024 keys. So callers wait for each other. Signals are left to the other threads. Any thread may call it, the
 * work too: then it is a plain call. 0, or the errno of the thread that could not be started. */
int lk_stack_run(void (*work)(void *ctx), void *ctx);

#endif
