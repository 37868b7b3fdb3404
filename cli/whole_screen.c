#include "cli/whole_screen.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/signal.h"
#include "cli/terminal.h"
#include "core/flag.h"
#include "core/time.h"

bool lk_screen_is_there(void) { return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO); }

static struct termios before;

static void leave_screen(void) {
	static const char back[] = "\033[?25h\033[?1049l";
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	if (write(STDOUT_FILENO, back, sizeof back - 1) < 0)
		return;
}

/* Keys come at once and are not shown; Ctrl-C stays a signal. */
static void enter(void) {
	struct termios keys;
	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return;
	keys = before;
	keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSANOW, &keys);
	atexit(leave_screen);
	lk_put("\033[?1049h\033[?25l", 14);
}

/* Each line over what was there, as many as the screen has, so that nothing flickers or scrolls. */
static void draw(const char *text, int height) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, "\033[H");
	for (int line = 0; *text && (!height || line < height); line++) {
		size_t n = strcspn(text, "\n");
		lk_buf_adds(&b, line ? "\r\n" : "");
		lk_buf_add(&b, text, n);
		lk_buf_adds(&b, "\033[K");
		text += n + (text[n] == '\n');
	}
	lk_buf_adds(&b, "\033[J");
	lk_put_buf(&b);
	lk_put_now();
	lk_buf_release(&b);
}

static bool has_size(const lk_screen *drawn) {
	return lk_terminal_width(STDOUT_FILENO) == drawn->width && lk_terminal_height(STDOUT_FILENO) == drawn->height;
}

/* False: q. Another size of the screen than was drawn for ends the wait, too. */
static bool wait_for_key(const lk_screen *drawn, int64_t until_us) {
	while (!lk_flag_is_set(&lk_stop) && lk_monotonic_us() < until_us) {
		struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
		char key;
		if (poll(&p, 1, 100) > 0 && (read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q'))
			return false;
		if (!has_size(drawn))
			return true;
	}
	return !lk_flag_is_set(&lk_stop);
}

/* --- one look after the other --- */

static void show(const lk_watched *w, const lk_screen *screen, const char *head, const lk_error *e, const char *text) {
	lk_buf all = LK_BUF_INIT;
	lk_buf_addf(&all, "%s, ", w->name);
	lk_time_print(lk_time_now() / LK_US_PER_S * LK_US_PER_S, &all);
	lk_buf_addf(&all, "%s; q ends\n", head);
	if (e->code) {
		lk_text_wrap(e->text, screen->width ? (size_t)screen->width : 80, 0, 2, &all);
		lk_buf_adds(&all, "\nbefore that:\n");
	}
	lk_buf_addf(&all, "\n%s", text);
	draw(all.data, screen->height);
	lk_buf_release(&all);
}

static const char *text_of(const lk_buf *b) { return b->len ? b->data : ""; }

int lk_screen_watch(const lk_watched *w, lk_error *err) {
	lk_buf shown = LK_BUF_INIT, head = LK_BUF_INIT;
	bool goes_on = true, entered = false;
	int rc = LK_OK;
	while (goes_on) {
		int64_t next = lk_monotonic_us() + w->every_us;
		lk_screen screen = lk_out_screen();
		lk_buf text = LK_BUF_INIT;
		lk_error e = {0};
		lk_buf_clear(&head);
		if (w->look(w->ctx, &screen, &head, &text, &e) == LK_OK) {
			lk_buf_release(&shown);
			shown = text;
		} else {
			lk_buf_release(&text);
		}
		if (e.code && !entered) {
			*err = e;
			rc = e.code;
			break;
		}
		if (!entered)
			enter();
		entered = true;
		show(w, &screen, text_of(&head), &e, text_of(&shown));
		goes_on = wait_for_key(&screen, next);
	}
	lk_buf_release(&shown);
	lk_buf_release(&head);
	return rc;
}
