#include "delivery/run.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "core/time.h"

void lk_run_notice(const lk_run *r, const lk_error *what) {
	if (r->o->notice)
		r->o->notice(r->o->ctx, what);
}

void lk_run_tell(const lk_run *r, const char *hint, const char *fmt, ...) {
	lk_error e = {0};
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(e.text, sizeof e.text, fmt, ap);
	va_end(ap);
	snprintf(e.hint, sizeof e.hint, "%s", hint);
	lk_run_notice(r, &e);
}

void lk_run_tell_over(const lk_run *r, lk_told *trouble, const char *what) {
	int64_t us = lk_told_over(trouble, lk_monotonic_us());
	lk_buf b = LK_BUF_INIT;
	lk_interval_print((us + LK_US_PER_S - 1) / LK_US_PER_S * LK_US_PER_S, &b);
	if (us)
		lk_run_tell(r, "", "%s again, after %s", what, b.data);
	lk_buf_release(&b);
}

void lk_run_wait_us(const lk_run *r, int64_t us) {
	enum { SLICE_US = 20000 };
	for (int64_t until = lk_monotonic_us() + us; !lk_run_stopped(r) && lk_monotonic_us() < until;)
		usleep(SLICE_US);
}
