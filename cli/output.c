#include "cli/output.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/time.h"

/* --- standard output --- */

static int write_errno;

static void note_failure(void) {
	if (!write_errno)
		write_errno = errno ? errno : EIO;
}

bool lk_put(const char *s, size_t len) {
	if (!write_errno && fwrite(s, 1, len, stdout) != len)
		note_failure();
	return !write_errno;
}

bool lk_put_buf(lk_buf *b) {
	bool ok = lk_put(b->data, b->len);
	lk_buf_clear(b);
	return ok;
}

int lk_put_end(lk_error *err) {
	if (!write_errno && fflush(stdout) != 0)
		note_failure();
	if (!write_errno && ferror(stdout))
		write_errno = EIO;
	if (!write_errno || write_errno == EPIPE)
		return LK_OK;
	return lk_fail(err, LK_EINTERNAL, "cannot write the output: %s", strerror(write_errno));
}

/* --- standard error --- */

static bool progress_shown;

static void end_progress(void) {
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
}

void lk_say(const char *fmt, ...) {
	lk_buf b = LK_BUF_INIT;
	va_list ap;
	va_start(ap, fmt);
	lk_buf_vaddf(&b, fmt, ap);
	va_end(ap);
	end_progress();
	fprintf(stderr, "lk: %s\n", b.data);
	lk_buf_release(&b);
}

void lk_say_error(const lk_error *err) {
	if (!err->text[0])
		return;
	lk_say("%s", err->text);
	if (err->hint[0])
		fprintf(stderr, "  hint: %s\n", err->hint);
}

void lk_say_progress(const char *fmt, ...) {
	static int64_t last_us;
	int64_t now = lk_monotonic_us();
	if (now - last_us < LK_US_PER_S / 5 || !isatty(STDERR_FILENO))
		return;
	last_us = now;
	va_list ap;
	va_start(ap, fmt);
	end_progress();
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	progress_shown = true;
	fflush(stderr);
}

/* --- numbers for people --- */

void lk_count_print(int64_t n, lk_buf *out) {
	char digits[32];
	int len = snprintf(digits, sizeof digits, "%lld", (long long)n);
	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0 && digits[i - 1] != '-')
			lk_buf_addc(out, ',');
		lk_buf_addc(out, digits[i]);
	}
}

void lk_duration_print(int64_t us, lk_buf *out) {
	int64_t s = us / LK_US_PER_S;
	if (s < 1)
		lk_buf_addf(out, "%lld ms", (long long)(us / 1000));
	else if (s < 120)
		lk_buf_addf(out, "%lld s", (long long)s);
	else if (s < 120 * 60)
		lk_buf_addf(out, "%lld min", (long long)(s / 60));
	else if (s < 48 * 3600)
		lk_buf_addf(out, "%lld h", (long long)(s / 3600));
	else
		lk_buf_addf(out, "%lld d", (long long)(s / 86400));
}

/* --- csv --- */

void lk_csv_field(const char *s, size_t len, lk_buf *b) {
	if (len > 0 && !memchr(s, '"', len) && !memchr(s, ',', len) && !memchr(s, '\n', len) && !memchr(s, '\r', len)) {
		lk_buf_add(b, s, len);
		return;
	}
	lk_buf_addc(b, '"');
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '"')
			lk_buf_addc(b, '"');
		lk_buf_addc(b, s[i]);
	}
	lk_buf_addc(b, '"');
}

/* --- tables --- */

struct lk_table {
	struct libscols_table *table;
	struct libscols_line *line;
	size_t columns, next;
};

static void *need(void *p) {
	if (!p) {
		fputs("lk: out of memory\n", stderr);
		_Exit(71);
	}
	return p;
}

lk_table *lk_table_new(void) {
	lk_table *t = lk_calloc(1, sizeof *t);
	t->table = need(scols_new_table());
	scols_table_enable_nolinesep(t->table, 0);
	return t;
}

void lk_table_column(lk_table *t, const char *name, bool right) {
	need(scols_table_new_column(t->table, name, 0, right ? SCOLS_FL_RIGHT : 0));
	t->columns++;
}

void lk_table_cell(lk_table *t, const char *text) {
	if (t->next % t->columns == 0)
		t->line = need(scols_table_new_line(t->table, NULL));
	if (scols_line_set_data(t->line, t->next % t->columns, text) != 0)
		need(NULL);
	t->next++;
}

void lk_table_cellf(lk_table *t, const char *fmt, ...) {
	lk_buf b = LK_BUF_INIT;
	va_list ap;
	va_start(ap, fmt);
	lk_buf_vaddf(&b, fmt, ap);
	va_end(ap);
	lk_table_cell(t, b.data);
	lk_buf_release(&b);
}

void lk_table_count(lk_table *t, int64_t n) {
	lk_buf b = LK_BUF_INIT;
	lk_count_print(n, &b);
	lk_table_cell(t, b.data);
	lk_buf_release(&b);
}

void lk_table_time(lk_table *t, int64_t us) {
	lk_buf b = LK_BUF_INIT;
	if (us == LK_NEVER)
		lk_buf_addc(&b, '-');
	else
		lk_time_print(us, &b);
	lk_table_cell(t, b.data);
	lk_buf_release(&b);
}

void lk_table_end(lk_table *t) {
	char *text = NULL;
	if (t->next > 0 && scols_print_table_to_string(t->table, &text) == 0) {
		lk_put(text, strlen(text));
		lk_put("\n", 1);
	}
	free(text);
	scols_unref_table(t->table);
	free(t);
}
