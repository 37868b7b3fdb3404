/* A speed layer that runs in a thread of the test, as `lk speed` does in a process. */
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

/* Fills in what `lk speed` would have; change it before test_layer_run. */
void test_layer_init(test_layer *l, const test_servers *s, int workers, bool once);
void test_layer_run(test_layer *l);
void test_layer_start(test_layer *l, const test_servers *s, int workers, bool once);   /* both */
void test_layer_wait(test_layer *l);                  /* for its own end */
/* Tells it to stop and waits, where it runs. */
void test_layer_stop(test_layer *l);
void test_layer_end(test_layer *l);                   /* the same, and fails the test where it has failed */

/* What this process has on its heap, in bytes; where the C library does not tell: what is resident. */
int64_t test_memory(void);

#endif
