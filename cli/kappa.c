#include "cli/kappa.h"

#include <unistd.h>

#include "cli/output.h"
#include "cli/signal.h"
#include "core/time.h"
#include "print/comparison.h"

enum { LINE_EVERY_US = 5000000 };

static void put_progress(const lk_replay_progress *p, lk_buf *b) {
	lk_buf_addf(b, "%s %s", p->phase, p->view);
	if (p->total <= 0)
		return;
	lk_buf_adds(b, ": ");
	lk_buf_add_count(b, p->done);
	lk_buf_adds(b, " of ");
	lk_buf_add_count(b, p->total);
	lk_buf_addf(b, " events, %d %%", (int)(100.0 * (double)p->done / (double)p->total));
	if (p->rate >= 1) {
		lk_buf_adds(b, ", ");
		lk_buf_add_count(b, (int64_t)p->rate);
		lk_buf_adds(b, " events/s");
	}
	if (p->eta_s >= 1) {
		lk_buf_adds(b, ", ");
		lk_duration_print((int64_t)(p->eta_s * 1e6), b);
		lk_buf_adds(b, " to go");
	}
}

static void show_progress(void *ctx, const lk_replay_progress *p) {
	static int64_t next_us;
	int64_t now = lk_monotonic_us();
	lk_buf b = LK_BUF_INIT;
	(void)ctx;
	put_progress(p, &b);
	if (next_us == 0)
		next_us = now + LINE_EVERY_US;
	if (isatty(STDERR_FILENO)) {
		lk_say_progress("%s", b.data);
	} else if (now >= next_us) {
		next_us = now + LINE_EVERY_US;
		lk_say("%s", b.data);
	}
	lk_buf_release(&b);
}

static void show_notice(void *ctx, const lk_error *e) {
	(void)ctx;
	lk_say_error(e);
}

void lk_kappa_watch(lk_replay_watch *w) {
	*w = (lk_replay_watch){.stop = &lk_stop, .progress = show_progress, .notice = show_notice};
}

void lk_kappa_say_difference(const lk_difference *d) {
	lk_screen screen = lk_out_screen();
	lk_buf b = LK_BUF_INIT;
	lk_difference_counts(d, &b);
	lk_say("against what is served, %s", b.data);
	lk_difference_print(d, &screen, lk_out());
	lk_buf_release(&b);
}

void lk_kappa_say_switch(const lk_switch_report *s) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_addf(&b, "switched: appends waited %.1f ms, gap ", (double)s->held_us / 1e3);
	lk_buf_add_count(&b, s->gap);
	lk_buf_adds(&b, s->gap == 1 ? " event" : " events");
	if (s->retired)
		lk_buf_addf(&b, "; copy %lld, the former one until now, is dropped", (long long)s->retired);
	lk_say("%s", b.data);
	lk_buf_release(&b);
}

int lk_kappa_stopped(const char *view, int64_t copy, lk_error *err) {
	lk_fail(err, LK_EBUSY, "stopped; the work done so far is kept, and readers get the same copy as before");
	if (copy)
		return lk_hint(err, "run it again to continue; `lk drop %s --copy %lld` removes it", view, (long long)copy);
	return lk_hint(err, "run it again to continue");
}
