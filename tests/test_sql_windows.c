/* Windows in definitions: the form, lengths and panes that are meant, and spellings with the same meaning. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/support/definitions.h"
#include "windows/window.h"

#define S LK_US_PER_S

static const lk_plan *with_window(const char *window, lk_definitions *d) {
	lk_buf text = LK_BUF_INIT;
	lk_buf_addf(&text, "CREATE VIEW v AS SELECT path, count(*) AS n FROM hits GROUP BY path, %s", window);
	const lk_plan *p = test_view(text.data, d);
	lk_buf_release(&text);
	return p;
}

static void forms(void **state) {
	(void)state;
	static const struct { const char *text; int kind; int64_t size, slide, offset, pane; } rows[] = {
		{"tumble(ts, '1 minute')", LK_W_TUMBLE, 60, 60, 0, 60},
		{"tumble(ts, '1 minute', '45 s')", LK_W_TUMBLE, 60, 60, 45, 60},
		{"tumble(ts, '1 minute', '165 s')", LK_W_TUMBLE, 60, 60, 45, 60},
		{"tumble(ts, '1 minute', '0 s')", LK_W_TUMBLE, 60, 60, 0, 60},
		{"tumble(_at, '1 d', INTERVAL '6 h')", LK_W_TUMBLE, 86400, 86400, 21600, 86400},
		{"hop(ts, '10 s', '1 minute')", LK_W_HOP, 60, 10, 0, 10},
		{"HOP(hits.ts, '60 s'::interval, '90 s')", LK_W_HOP, 90, 60, 0, 30},
		{"hop(ts, '7 s', '20 s')", LK_W_HOP, 20, 7, 0, 1},
		{"hop(ts, '60 s', '90 s', '45 s')", LK_W_HOP, 90, 60, 45, 30},
		{"hop(ts, '60 s', '90 s', '105 s')", LK_W_HOP, 90, 60, 45, 30},
		{"hop(ts, '1 min', '60 s', '75 s')", LK_W_TUMBLE, 60, 60, 15, 60},
		{"hop(ts, '1 s', '10000 s')", LK_W_HOP, 10000, 1, 0, 1},
		{"cumulate(ts, '10 s', '1 min')", LK_W_CUMULATE, 60, 10, 0, 10},
		{"cumulate(ts, '1 min', '1 min')", LK_W_TUMBLE, 60, 60, 0, 60},
		{"session(ts, '30 min')", LK_W_SESSION, 1800, 1800, 0, 1800},
		{"session(_at, '30 min')", LK_W_SESSION, 1800, 1800, 0, 1800},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_definitions d;
		const lk_plan *p = with_window(rows[i].text, &d);
		const lk_window *w = &p->window;
		if (w->kind != rows[i].kind || w->size_us != rows[i].size * S || w->slide_us != rows[i].slide * S || w->offset_us != rows[i].offset * S ||
		    w->pane_us != rows[i].pane * S)
			fail_msg("%s: kind %d, %lld by %lld from %lld in panes of %lld", rows[i].text, w->kind, (long long)w->size_us, (long long)w->slide_us,
			         (long long)w->offset_us, (long long)w->pane_us);
		assert_int_equal(w->time_slot, strstr(rows[i].text, "_at") ? lk_slot_at(p->stream) : p->stream->schema.event_time);
		assert_int_equal(w->kind == LK_W_SESSION, p->first_agg >= 0 && p->last_agg >= 0);
		assert_memory_equal(p->text + p->window_at, rows[i].text, strlen(rows[i].text));
		lk_definitions_release(&d);
	}
}

/* R27: groups of spellings; all spellings of a group mean the same, and no two groups do. */
static void what_is_the_same_window(void **state) {
	(void)state;
	static const char *const rows[][4] = {
		{"tumble(ts, '1 minute')", "tumble(ts, '60 s', '0 s')", "hop(ts, '60 s', '1 min', '2 min')", "cumulate(ts, '1 min', '1 min')"},
		{"tumble(ts, '1 minute', '30 s')", "tumble(ts, '1 minute', '90 s')", "hop(ts, '1 min', '1 min', '30 s')"},
		{"tumble(ts, '2 minutes')"},
		{"tumble(_at, '1 minute')"},
		{"hop(ts, '30 s', '1 minute')", "hop(ts, INTERVAL '30 s', '60 s', '30 s')"},
		{"hop(ts, '30 s', '1 minute', '10 s')"},
		{"hop(ts, '20 s', '1 minute')"},
		{"hop(ts, '30 s', '90 s')"},
		{"cumulate(ts, '30 s', '1 minute')"},
		{"cumulate(ts, '20 s', '1 minute')"},
		{"cumulate(ts, '30 s', '90 s')"},
		{"session(ts, '1 minute')", "session(ts, '60 s')"},
		{"session(ts, '30 s')"},
	};
	enum { N = sizeof rows / sizeof *rows };
	char hashes[N][33];
	for (int i = 0; i < N; i++)
		for (int k = 0; k < 4 && rows[i][k]; k++) {
			lk_definitions d;
			const lk_plan *p = with_window(rows[i][k], &d);
			if (k == 0)
				memcpy(hashes[i], p->hash, sizeof hashes[i]);
			if (strcmp(hashes[i], p->hash))
				fail_msg("%s is another window than %s", rows[i][k], rows[i][0]);
			for (int j = 0; j < i; j++)
				if (strcmp(hashes[j], p->hash) == 0)
					fail_msg("%s is the same window as %s", rows[i][k], rows[j][0]);
			lk_definitions_release(&d);
		}
}

static int stop(void **state) {
	(void)state;
	test_hits_release();
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test(what_is_the_same_window),
	};
	return cmocka_run_group_tests(tests, NULL, stop);
}
