#include "delivery/bookmark.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "core/time.h"

static const char first_line[] = "lk position 1\n";

static void digest_of(const char *text, size_t len, char out[33]) {
	lk_digest d;
	lk_digest_init(&d, 0, 0);
	lk_digest_add(&d, text, len);
	lk_digest_end(&d, out);
}

static void add_or_none(const char *name, int64_t n, lk_buf *out) {
	if (n == LK_NEVER)
		lk_buf_addf(out, " %s -", name);
	else
		lk_buf_addf(out, " %s %lld", name, (long long)n);
}

void lk_bookmark_print(const lk_bookmark *p, lk_buf *out) {
	size_t begin = out->len;
	char digest[33];
	lk_buf_addf(out, "%sdatabase %s\nstream %s\nlog %lld\n", first_line, p->database, p->stream, (long long)p->log);
	for (int i = 0; i < p->n; i++) {
		const lk_bookmark_part *at = &p->part[i];
		lk_buf_addf(out, "part %d next %lld", i, (long long)at->off);
		add_or_none("at", at->at, out);
		add_or_none("src", at->src, out);
		if (at->run)
			lk_buf_addf(out, " run %lld", (long long)at->run);
		lk_buf_addf(out, " lost %lld\n", (long long)at->lost);
	}
	digest_of(out->data + begin, out->len - begin, digest);
	lk_buf_addf(out, "digest %s\n", digest);
}

/* --- reading --- */

/* Takes the word and the blank or line end after it. */
static bool take_word(const char **at, const char *word) {
	size_t n = strlen(word);
	if (strncmp(*at, word, n) != 0 || (*at)[n] != ' ')
		return false;
	*at += n + 1;
	return true;
}

static bool take_text(const char **at, char *out, size_t room) {
	size_t n = strcspn(*at, "\n");
	if (n == 0 || n >= room || !(*at)[n])
		return false;
	memcpy(out, *at, n);
	out[n] = '\0';
	*at += n + 1;
	return true;
}

static bool take_number(const char **at, char end, int64_t *out) {
	char *stop;
	if (**at == '-' && (*at)[1] == end) {
		*out = LK_NEVER;
		*at += 2;
		return true;
	}
	errno = 0;
	*out = strtoll(*at, &stop, 10);
	if (errno || stop == *at || *stop != end)
		return false;
	*at = stop + 1;
	return true;
}

/* Positions of former versions have none. */
static bool take_run(const char **at, int64_t *run) {
	*run = 0;
	return !take_word(at, "run") || (take_number(at, ' ', run) && *run > 0);
}

static bool take_place(const char **at, int part, lk_bookmark_part *out) {
	int64_t which;
	return take_word(at, "part") && take_number(at, ' ', &which) && which == part
	       && take_word(at, "next") && take_number(at, ' ', &out->off) && take_word(at, "at") && take_number(at, ' ', &out->at)
	       && take_word(at, "src") && take_number(at, ' ', &out->src) && take_run(at, &out->run) && take_word(at, "lost") && take_number(at, '\n', &out->lost)
	       && out->off >= 0 && out->lost >= 0;
}

static bool take_all(const char *at, lk_bookmark *p) {
	if (!take_word(&at, "database") || !take_text(&at, p->database, sizeof p->database) || !take_word(&at, "stream")
	    || !take_text(&at, p->stream, sizeof p->stream) || !take_word(&at, "log") || !take_number(&at, '\n', &p->log))
		return false;
	for (; p->n < LK_MAX_PARTITIONS && !strncmp(at, "part ", 5); p->n++)
		if (!take_place(&at, p->n, &p->part[p->n]))
			return false;
	return p->n > 0 && !strncmp(at, "digest ", 7);
}

int lk_bookmark_read(const char *text, size_t len, lk_bookmark *out, const char **why) {
	enum { DIGEST_LINE = 7 + 32 + 1 };
	char digest[33];
	*out = (lk_bookmark){0};
	*why = "it is cut short, or it is no position of lk";
	if (len < sizeof first_line - 1 + DIGEST_LINE || strncmp(text, first_line, sizeof first_line - 1) != 0)
		return -1;
	digest_of(text, len - DIGEST_LINE, digest);
	*why = "its digest is not that of its lines: it is cut short, or was changed";
	const char *last = text + len - DIGEST_LINE;
	if (strncmp(last, "digest ", 7) != 0 || strncmp(last + 7, digest, 32) != 0 || text[len - 1] != '\n')
		return -1;
	char *copy = lk_strndup(text + sizeof first_line - 1, len - (sizeof first_line - 1));
	*why = "one of its lines is not as lk writes it";
	bool good = take_all(copy, out);
	free(copy);
	return good ? 0 : -1;
}

void lk_row_id(const lk_bookmark *p, int part, int64_t off, lk_buf *out) {
	lk_buf_addf(out, "%s/%lld", p->stream, (long long)p->log);
	if (p->part[part].lost)
		lk_buf_addf(out, ".%lld", (long long)p->part[part].lost);
	lk_buf_addf(out, "/%d/%lld", part, (long long)off);
}
