#include "cli/terminal.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LEAST = 20, MOST = 10000 };

static int asked_for(void) {
	const char *text = getenv("COLUMNS");
	char *end;
	if (!text || !*text)
		return 0;
	errno = 0;
	long n = strtol(text, &end, 10);
	return *end || errno || n < LEAST || n > MOST ? 0 : (int)n;
}

int lk_terminal_width(int fd) {
	struct winsize w;
	int asked = asked_for();
	if (asked)
		return asked;
	return isatty(fd) && ioctl(fd, TIOCGWINSZ, &w) == 0 ? w.ws_col : 0;
}

int lk_terminal_height(int fd) {
	struct winsize w;
	const char *lines = getenv("LINES");
	if (lines && atoi(lines) > 1)
		return atoi(lines);
	return isatty(fd) && ioctl(fd, TIOCGWINSZ, &w) == 0 ? w.ws_row : 0;
}

/* Does the user's own character set have the blocks? The program's may be another one (cli/main.c). */
static bool has_blocks(void) {
	locale_t own = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool utf8 = own && !strcmp(nl_langinfo_l(CODESET, own), "UTF-8");
	if (own)
		freelocale(own);
	return utf8;
}

lk_screen lk_terminal_screen(int fd) {
	return (lk_screen){.width = lk_terminal_width(fd), .height = lk_terminal_height(fd), .blocks = has_blocks()};
}
