#include "print/estimate.h"

#include "core/time.h"

static void add_row(lk_table *t, const char *what, const char *before, int64_t n, const char *after) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, before);
	lk_buf_add_count(&b, n);
	lk_buf_adds(&b, after);
	lk_table_cell(t, what);
	lk_table_cell(t, b.data);
	lk_buf_release(&b);
}

static void add_time(lk_table *t, double seconds) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, "about ");
	if (seconds < 10)
		lk_buf_addf(&b, "%.1f s", seconds);
	else
		lk_duration_print((int64_t)(seconds * 1e6), &b);
	lk_table_cell(t, "time");
	lk_table_cell(t, b.data);
	lk_buf_release(&b);
}

void lk_estimate_print(const lk_replay_estimate *e, const lk_screen *screen, lk_sink *out) {
	lk_table *t = lk_table_new();
	lk_table_column(t, "WHAT", false);
	lk_table_column(t, "HOW MUCH", true);
	add_row(t, e->resumes ? "events left of an earlier replay" : "events", "", e->events, "");
	add_time(t, e->seconds);
	const char *how = e->sampled < e->events ? "at most " : "about ";
	add_row(t, "cells", how, e->cells, "");
	add_row(t, "bytes in Redis", how, e->bytes, "");
	if (e->room >= 0) {
		add_row(t, "bytes free in Redis", "", e->room, "");
	} else {
		lk_table_cell(t, "bytes free in Redis");
		lk_table_cell(t, "no limit is set");
	}
	lk_table_end(t, screen, out);
}
