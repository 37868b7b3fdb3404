#include "tests/support/layer.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

static void count_notice(void *ctx, const lk_error *e) {
	(void)e;
	((test_layer *)ctx)->notices++;
}

static void *run(void *arg) {
	test_layer *l = arg;
	l->result = lk_speed_run(&l->options, &l->report, &l->err);
	return NULL;
}

void test_layer_init(test_layer *l, const test_servers *s, int workers, bool once) {
	*l = (test_layer){.result = 1};
	l->options = (lk_speed_options){.postgres = s->at.postgres, .redis = s->at.redis, .workers = workers, .once = once,
	                                .limits = lk_stream_defaults, .stop = &l->stop, .notice = count_notice, .ctx = l};
}

void test_layer_run(test_layer *l) {
	assert_int_equal(pthread_create(&l->thread, NULL, run, l), 0);
	l->running = true;
}

void test_layer_start(test_layer *l, const test_servers *s, int workers, bool once) {
	test_layer_init(l, s, workers, once);
	test_layer_run(l);
}

void test_layer_wait(test_layer *l) {
	if (l->running)
		pthread_join(l->thread, NULL);
	l->running = false;
}

void test_layer_stop(test_layer *l) {
	__atomic_store_n(&l->stop, 1, __ATOMIC_RELAXED);
	test_layer_wait(l);
}

void test_layer_end(test_layer *l) {
	test_layer_stop(l);
	if (l->result != LK_OK)
		fail_msg("speed: %s", l->err.text);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
size_t __sanitizer_get_current_allocated_bytes(void);
int64_t test_memory(void) { return (int64_t)__sanitizer_get_current_allocated_bytes(); }
#elif defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
int64_t test_memory(void) {
	struct mallinfo2 m = mallinfo2();
	return (int64_t)(m.uordblks + m.hblkhd);
}
#else
int64_t test_memory(void) {
	long long total, resident;
	FILE *f = fopen("/proc/self/statm", "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lld %lld", &total, &resident), 2);
	fclose(f);
	return resident * sysconf(_SC_PAGESIZE);
}
#endif
