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

static int look(void *ctx, const lk_screen *screen, lk_buf *head, lk_buf *text, lk_error *err) {
	looks *l = ctx;
	lk_report r = {.status.view = l->view};
	lk_sink tables = lk_sink_memory(text);
	int rc = lk_report_read(&r, err);
	if (rc == LK_OK && r.empty)
		lk_buf_adds(text, "nothing is declared: `lk apply FILE` declares streams and views\n");
	else if (rc == LK_OK)
		lk_status_tables(&r.status, screen, &tables);
	if (rc == LK_OK)
		add_rate(l, &r.status, head);
	lk_report_release(&r);
	return rc;
}

static int print_once(looks *l, lk_error *err) {
	lk_screen screen = lk_out_screen();
	lk_buf head = LK_BUF_INIT, text = LK_BUF_INIT;
	int rc = look(l, &screen, &head, &text, err);
	if (rc == LK_OK)
		lk_put_buf(&text);
	lk_buf_release(&head);
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
		rc = lk_screen_watch(&(lk_watched){"lk top", look, &l, every}, err);
	}
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
