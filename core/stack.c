#include "core/stack.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#define STACK_BYTES (16 << 20)   /* only pages that are touched take memory */

typedef struct job {
	void (*work)(void *ctx);
	void *ctx;
	bool done;
} job;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool runs;             /* the thread; under the lock, as all of these */
static job *current;          /* of one caller; the others wait until it is NULL */
static _Thread_local bool is_the_thread;

static void *run_jobs(void *unused) {
	(void)unused;
	is_the_thread = true;
	pthread_mutex_lock(&lock);
	for (;;) {
		while (!current || current->done)
			pthread_cond_wait(&changed, &lock);
		job *j = current;
		pthread_mutex_unlock(&lock);
		j->work(j->ctx);
		pthread_mutex_lock(&lock);
		j->done = true;
		pthread_cond_broadcast(&changed);
	}
	return NULL;
}

/* The new thread inherits the mask. */
static int start(void) {
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&thread, &attr, run_jobs, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	runs = !failed;
	return failed;
}

/* Only the thread that forks lives on in the child. */
static void forget(void) {
	pthread_mutex_init(&lock, NULL);
	pthread_cond_init(&changed, NULL);
	runs = false;
	current = NULL;
}
__attribute__((constructor)) static void watch_forks(void) { pthread_atfork(NULL, NULL, forget); }

int lk_stack_run(void (*work)(void *ctx), void *ctx) {
	if (is_the_thread) {
		work(ctx);
		return 0;
	}
	job j = {.work = work, .ctx = ctx};
	pthread_mutex_lock(&lock);
	while (current)
		pthread_cond_wait(&changed, &lock);
	int failed = runs ? 0 : start();
	if (!failed) {
		current = &j;
		pthread_cond_broadcast(&changed);
		while (!j.done)
			pthread_cond_wait(&changed, &lock);
		current = NULL;
		pthread_cond_broadcast(&changed);
	}
	pthread_mutex_unlock(&lock);
	return failed;
}
