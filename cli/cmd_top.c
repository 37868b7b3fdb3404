/* lk top: the tables of `lk status` again and again, on the whole screen of a terminal. A look opens its own sessions, so
 * that servers that went away and came back need no care. */
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/signal.h"
#include "cli/whole_screen.h"
#include "core/time.h"

/* --- one look --- */

typedef struct looks {
	const char *view;
	int64_t events, at_us;    /* at the last look that succeeded; at_us 0: there was none */
	lk_buf tables;            /* what it gave */
} looks;

/* Events of all logs, and how many came in a second since the last look. */
static void add_rate(looks *l, const lk_status_report *s, lk_buf *head) {
	int64_t events = 0, now = lk_monotonic_us();
	for (int i = 0; i < s->nstreams; i++)
		events += s->streams[i].events;
	if (l->at_us && now > l->at_us && events >= l->events) {
		lk_buf_adds(head, ", ");
		lk_buf_add_count(head, (int64_t)((double)(events - l->events) * LK_US_PER_S / (double)(now - l->at_us)));
		lk_buf_adds(head, " events/s");
	}
	l->events = events;
	l->at_us = now;
}

/* A look that fails shows why, above what the last one gave. */
static int look(looks *l, const lk_screen *screen, lk_buf *out, lk_error *err) {
	lk_report r = {.status.view = l->view};
	int rc = lk_report_read(&r, err);
	lk_screen_head("lk top", out);
	if (rc == LK_OK) {
		lk_sink tables = lk_sink_memory(&l->tables);
		lk_buf_clear(&l->tables);
		if (r.empty)
			lk_buf_adds(&l->tables, "nothing is declared: `lk apply FILE` declares streams and views\n");
		else
			lk_status_tables(&r.status, screen, &tables);
		add_rate(l, &r.status, out);
	}
	lk_report_release(&r);
	lk_buf_adds(out, "; q ends\n");
	if (rc != LK_OK) {
		lk_text_wrap(err->text, screen->width ? (size_t)screen->width : 80, 0, 2, out);
		lk_buf_adds(out, l->tables.len ? "\nbefore that:\n" : "\n");
	}
	lk_buf_addf(out, "\n%s", l->tables.len ? l->tables.data : "");
	return rc;
}

/* --- until it is stopped --- */

/* Only the first look may fail for good: a view that there is not, servers that are not there. */
static int watch(looks *l, int64_t every_us, lk_error *err) {
	bool goes_on = true;
	for (bool first = true; goes_on; first = false) {
		int64_t next = lk_monotonic_us() + every_us;
		lk_screen screen = lk_out_screen();
		lk_buf text = LK_BUF_INIT;
		lk_error e = {0};
		int rc = look(l, &screen, &text, &e);
		if (first && rc != LK_OK) {
			*err = e;
			lk_buf_release(&text);
			return rc;
		}
		if (first)
			lk_screen_enter();
		lk_screen_draw(text.data, screen.height);
		lk_buf_release(&text);
		goes_on = lk_screen_wait(&screen, next);
	}
	return LK_OK;
}

static int print_once(looks *l, lk_error *err) {
	lk_screen screen = lk_out_screen();
	lk_buf text = LK_BUF_INIT;
	int rc = look(l, &screen, &text, err);
	if (rc == LK_OK)
		lk_put_buf(&l->tables);
	lk_buf_release(&text);
	return rc;
}

static int run(const lk_args *args, lk_error *err) {
	looks l = {.view = args->noperands ? args->operands[0] : NULL};
	int64_t every;
	int rc = lk_args_interval(args, "every", LK_US_PER_S, &every, err);
	if (rc == LK_OK && !lk_screen_is_there()) {
		rc = print_once(&l, err);
	} else if (rc == LK_OK) {
		lk_stop_on_signal();
		rc = watch(&l, every, err);
	}
	lk_buf_release(&l.tables);
	return rc;
}

const lk_command lk_cmd_top = {
	.name = "top",
	.operands = "[VIEW]",
	.max_operands = 1,
	.summary = "show status on the whole terminal, again and again",
	.detail = "The tables of `lk status`, and how many events come in a second. q or Ctrl-C ends it. If a server goes away it says so "
		"and shows what was there before. Where there is no terminal it prints the tables once.",
	.options = {
		{"every", "INTERVAL", "time between looks (1s)", false},
	},
	.examples = {
		{"lk top", "all of it"},
		{"lk top traffic --every 5s", "one view by partition, more quietly"},
	},
	.run = run,
};
