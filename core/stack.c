#include "core/stack.h"

#include <pthread.h>
#include <signal.h>

#define STACK_BYTES (16 << 20)   /* only pages that are touched take memory */

typedef struct job {
	void (*work)(void *ctx);
	void *ctx;
} job;

static void *run(void *arg) {
	job *j = arg;
	j->work(j->ctx);
	return NULL;
}

/* The new thread inherits the mask. */
static int start(pthread_t *thread, job *j) {
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(thread, &attr, run, j);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return failed;
}

int lk_stack_run(void (*work)(void *ctx), void *ctx) {
	job j = {work, ctx};
	pthread_t thread;
	int failed = start(&thread, &j);
	if (!failed)
		pthread_join(thread, NULL);
	return failed;
}
