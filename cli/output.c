#include "cli/output.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/terminal.h"
#include "core/time.h"

/* --- the progress line --- */

/* Threads speak too: guards the lines of standard error, and the two below. */
static pthread_mutex_t speaking = PTHREAD_MUTEX_INITIALIZER;
static bool progress_shown;
static int64_t progress_us;

/* The caller holds the lock. */
static void clear_progress(void) {
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
}

static void end_progress(void) {
	pthread_mutex_lock(&speaking);
	clear_progress();
	pthread_mutex_unlock(&speaking);
}

static void show_progress(const lk_buf *line) {
	int64_t now = lk_monotonic_us();
	if (now - progress_us < LK_US_PER_S / 5)
		return;
	int screen = lk_terminal_width(STDERR_FILENO);
	clear_progress();
	/* A line longer than the screen wraps and cannot be overwritten. */
	fprintf(stderr, "%.*s", screen ? lk_text_fit(line->data, screen - 1) : (int)line->len, line->data);
	fflush(stderr);
	progress_shown = true;
	progress_us = now;
}

void lk_say_progress(const char *fmt, ...) {
	if (!isatty(STDERR_FILENO))
		return;
	lk_buf b = LK_BUF_INIT;
	va_list ap;
	va_start(ap, fmt);
	lk_buf_vaddf(&b, fmt, ap);
	va_end(ap);
	pthread_mutex_lock(&speaking);
	show_progress(&b);
	pthread_mutex_unlock(&speaking);
	lk_buf_release(&b);
}

/* --- standard output --- */

static struct {
	int most;                  /* lines of the screen; 0: nothing is held */
	void (*full)(void);
	lk_buf text;
} held;

/* A line wider than the screen takes several. */
static int lines_on_screen(const char *text) {
	int screen = lk_terminal_width(STDOUT_FILENO), lines = 0;
	for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
		char *line = lk_strndup(text, (size_t)(end - text));
		int width = lk_text_width(line);
		lines += screen && width > screen ? (width + screen - 1) / screen : 1;
		free(line);
	}
	return lines;
}

static int failure(void) { return errno ? errno : EIO; }

static int write_out(const void *s, size_t len) {
	errno = 0;
	return len && fwrite(s, 1, len, stdout) != len ? failure() : 0;
}

static int hold_or_write(void *ctx, const void *s, size_t len);
static lk_sink standard = {.write = hold_or_write};

static int hold_or_write(void *ctx, const void *s, size_t len) {
	(void)ctx;
	end_progress();
	if (!held.most)
		return write_out(s, len);
	lk_buf_add(&held.text, s, len);
	if (lines_on_screen(held.text.data) >= held.most) {
		held.full();
		lk_put_release();
	}
	return standard.error;
}

lk_sink *lk_out(void) { return &standard; }
lk_screen lk_out_screen(void) { return lk_terminal_screen(STDOUT_FILENO); }

void lk_put_hold(int lines, void (*full)(void)) {
	held.most = lines;
	held.full = full;
}

void lk_put_release(void) {
	held.most = 0;
	int failed = write_out(held.text.data, held.text.len);
	standard.error = standard.error ? standard.error : failed;
	lk_buf_release(&held.text);
}

bool lk_put(const char *s, size_t len) { return lk_sink_put(&standard, s, len); }
bool lk_put_buf(lk_buf *b) { return lk_sink_put_buf(&standard, b); }

bool lk_put_now(void) {
	errno = 0;
	if (!standard.error && fflush(stdout) != 0)
		standard.error = failure();
	return !standard.error;
}

void lk_put_lines(const char *lines) {
	lk_screen screen = lk_out_screen();
	lk_lines_print(lines, &screen, &standard);
}

int lk_put_end(lk_error *err) {
	end_progress();
	if (lk_put_now() && ferror(stdout))
		standard.error = EIO;
	if (!standard.error || standard.error == EPIPE)
		return LK_OK;
	return lk_fail(err, LK_EINTERNAL, "cannot write the output: %s", strerror(standard.error));
}

/* --- standard error --- */

static bool with_times;

void lk_say_times(void) { with_times = true; }

/* It has room for all that is added to it, so that nothing is allocated. */
size_t lk_say_stamp(char out[LK_STAMP_BYTES]) {
	lk_buf b = {out, 0, LK_STAMP_BYTES};
	out[0] = '\0';
	if (!with_times)
		return 0;
	lk_time_print(lk_time_now() / LK_US_PER_S * LK_US_PER_S, &b);
	lk_buf_addc(&b, ' ');
	return b.len;
}

/* A terminal's lines are wrapped at its width; in a file a message stays one line. */
static void add_message(const char *stamp, const char *label, const char *text, lk_buf *out) {
	size_t screen = isatty(STDERR_FILENO) ? (size_t)lk_terminal_width(STDERR_FILENO) : 0, column = strlen(stamp) + strlen(label);
	lk_buf_addf(out, "%s%s", stamp, label);
	if (screen)
		lk_text_wrap(text, screen, column, *label ? strlen(label) : 2, out);
	else
		lk_buf_adds(out, text);
	lk_buf_addc(out, '\n');
}

static void say(const char *text, const char *hint) {
	char stamp[LK_STAMP_BYTES];
	lk_buf b = LK_BUF_INIT;
	lk_say_stamp(stamp);
	add_message(stamp, "lk: ", text, &b);
	if (*hint)
		add_message(stamp, "  hint: ", hint, &b);
	pthread_mutex_lock(&speaking);
	clear_progress();
	fputs(b.data, stderr);
	pthread_mutex_unlock(&speaking);
	lk_buf_release(&b);
}

void lk_say(const char *fmt, ...) {
	lk_buf b = LK_BUF_INIT;
	va_list ap;
	va_start(ap, fmt);
	lk_buf_vaddf(&b, fmt, ap);
	va_end(ap);
	say(b.data, "");
	lk_buf_release(&b);
}

void lk_say_lines(const char *lines) {
	lk_buf b = LK_BUF_INIT;
	for (size_t n; *lines; lines += n + (lines[n] == '\n')) {
		n = strcspn(lines, "\n");
		char *line = lk_strndup(lines, n);
		if (*line == ' ')
			lk_buf_addf(&b, "%s\n", line);
		else
			add_message("", "", line, &b);
		free(line);
	}
	end_progress();
	fputs(b.data ? b.data : "", stderr);
	lk_buf_release(&b);
}

void lk_say_error(const lk_error *err) {
	if (err->text[0])
		say(err->text, err->hint);
}
