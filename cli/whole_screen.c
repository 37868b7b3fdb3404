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

void lk_screen_enter(void) {
	struct termios keys;
	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return;
	keys = before;
	keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSANOW, &keys);
	atexit(leave_screen);
	lk_put("\033[?1049h\033[?25l", 14);
}

void lk_screen_head(const char *what, lk_buf *out) {
	lk_buf_addf(out, "%s, ", what);
	lk_time_print(lk_time_now() / LK_US_PER_S * LK_US_PER_S, out);
}

void lk_screen_draw(const char *text, int height) {
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

bool lk_screen_wait(const lk_screen *drawn, int64_t until_us) {
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
