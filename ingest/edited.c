#include "ingest/edited.h"

#include <string.h>

#include "core/digest.h"

static bool is_blank(const char *p, size_t n) {
	while (n && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++, n--;
	return n == 0;
}

/* Puts the file's own head in front of the input's bytes after first_end: are these the bytes before its position? */
static bool is_edited(const lk_source_file *f, const lk_input *in, int64_t first_end) {
	char rest[LK_INPUT_TRAIL], trail[33];
	int64_t head = (int64_t)f->head_len, begin = f->position < LK_INPUT_TRAIL ? 0 : f->position - LK_INPUT_TRAIL;
	int64_t from = begin > head ? begin : head;
	size_t n = f->position > from ? (size_t)(f->position - from) : 0;
	lk_digest d;
	if (!head || *f->head_digest || head == LK_SOURCE_HEAD || !*f->trail || !n || !lk_input_peek(in, first_end + (from - head), n, rest) || is_blank(rest, n))
		return false;
	lk_digest_init(&d, 0, 0);
	lk_digest_add(&d, f->head + (begin < head ? begin : head), (size_t)(begin < head ? head - begin : 0));
	lk_digest_add(&d, rest, n);
	lk_digest_end(&d, trail);
	return !strcmp(trail, f->trail);
}

const lk_source_file *lk_source_edited(const lk_source_file *files, size_t n, const lk_input *in, int64_t first_end) {
	for (size_t i = 0; i < n; i++)
		if (is_edited(&files[i], in, first_end))
			return &files[i];
	return NULL;
}
