/* A speed layer in a thread of the test, as `lk speed` runs it in a process. */
#ifndef LK_TESTS_SUPPORT_LAYER_H
#define LK_TESTS_SUPPORT_LAYER_H

#include <pthread.h>

#include "speed_layer/speed.h"
#include "tests/support/servers.h"

typedef struct test_layer {
	pthread_t thread;
	bool running;
	volatile int stop;
	int result;                /* of lk_speed_run */
	lk_error err;
	lk_speed_report report;
	lk_speed_options options;
	_Atomic int notices;
} test_layer;

/* Sets the options of `lk speed`; change them before test_layer_run. */
void test_layer_init(test_layer *l, const test_servers *s, int workers, bool once);
void test_layer_run(test_layer *l);
void test_layer_start(test_layer *l, const test_servers *s, int workers, bool once);   /* both */
void test_layer_wait(test_layer *l);                  /* until it ends by itself */
/* If it runs, tells it to stop and waits. */
void test_layer_stop(test_layer *l);
void test_layer_end(test_layer *l);                   /* the same, and fails the test if it has failed */

/* Bytes on this process's heap; if the C library does not report them, resident bytes. */
int64_t test_memory(void);

#endif
