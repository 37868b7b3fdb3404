#include "tests/fuzz/mutate.h"

#include <dirent.h>

#include "tests/support/random.h"

enum { MOST_BYTES = 16384, MOST_SEEDS = 1000, MOST_CHANGES = 8 };

/* --- seeds --- */

static void read_whole(const char *path, lk_buf *out) {
	FILE *f = fopen(path, "re");
	char chunk[8192];
	for (size_t n = 1; f && n > 0;) {
		n = fread(chunk, 1, sizeof chunk, f);
		lk_buf_add(out, chunk, n);
	}
	if (f)
		fclose(f);
}

void fuzz_seeds_load(fuzz_seeds *s, const char *folder) {
	struct dirent **entries;
	int n = scandir(folder, &entries, NULL, alphasort);
	*s = (fuzz_seeds){.items = lk_calloc(MOST_SEEDS, sizeof *s->items)};
	for (int i = 0; i < n; i++) {
		char *path = lk_asprintf("%s/%s", folder, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && s->n < MOST_SEEDS)
			read_whole(path, &s->items[s->n++]);
		free(path);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

void fuzz_seeds_release(fuzz_seeds *s) {
	for (int i = 0; i < s->n; i++)
		lk_buf_release(&s->items[i]);
	free(s->items);
}

/* --- changes --- */

/* A part of b, mostly short. */
static void part_of(uint64_t *r, const lk_buf *b, size_t *at, size_t *len) {
	*at = b->len ? (size_t)random_below(r, (int)b->len) : 0;
	size_t rest = b->len - *at, most = random_below(r, 4) ? 16 : rest;
	*len = rest ? (size_t)random_below(r, (int)(most < rest ? most : rest) + 1) : 0;
}

/* Replaces `remove` bytes at `at`. */
static void put(lk_buf *b, size_t at, size_t remove, const char *text, size_t len) {
	lk_buf whole = LK_BUF_INIT;
	if (b->len - remove + len > MOST_BYTES)
		return;
	lk_buf_add(&whole, b->len ? b->data : "", at);
	lk_buf_add(&whole, text, len);
	lk_buf_add(&whole, b->len ? b->data + at + remove : "", b->len - at - remove);
	lk_buf_clear(b);
	lk_buf_add(b, whole.data ? whole.data : "", whole.len);
	lk_buf_release(&whole);
}

static void put_odd(uint64_t *r, lk_buf *b, size_t at, size_t remove) {
	static const char *const odd[] = {"\"", "'", "\\", "{", "}", "[", "]", "(", ")", ",", "\n", "\r\n", "\xff", "\xc3", "\xed\xa0\x80", "\\ud800",
		"\\u0000", "-", "0", "9223372036854775808", "-9223372036854775809", "1e400", "1e-400", "99999999999999999999999999999999999999999",
		"0.000000000000000000000000000000000000001", "NaN", "infinity", "null", "true", "\t", " ", "/*", "--", "$$", ";", "23:59:60", "+24:00",
		"0000-00-00", "é", "😀", "%%", "\x7f", "\x01"};
	const char *text = odd[random_below(r, (int)(sizeof odd / sizeof *odd))];
	put(b, at, remove, text, strlen(text));
}

static void repeat(uint64_t *r, lk_buf *b, size_t at, size_t len) {
	lk_buf part = LK_BUF_INIT;
	for (int i = random_below(r, random_below(r, 8) ? 4 : 400); i >= 0 && part.len < MOST_BYTES; i--)
		lk_buf_add(&part, b->data + at, len);
	put(b, at, 0, part.data, part.len);
	lk_buf_release(&part);
}

static void change(uint64_t *r, const fuzz_seeds *s, lk_buf *b) {
	const lk_buf *other = &s->items[random_below(r, s->n)];
	size_t at, len, from, n;
	part_of(r, b, &at, &len);
	part_of(r, other, &from, &n);
	char byte = (char)random_below(r, 256);
	switch (random_below(r, 8)) {
	case 0: put(b, at, len ? 1 : 0, &byte, 1); break;
	case 1: put(b, at, 0, &byte, 1); break;
	case 2: put(b, at, len, "", 0); break;
	case 3: put_odd(r, b, at, len); break;
	case 4: put_odd(r, b, at, 0); break;
	case 5: put(b, at, len, other->len ? other->data + from : "", n); break;
	case 6: if (len) repeat(r, b, at, len); break;
	default: if (len) b->data[at] ^= (char)(1 << random_below(r, 8));
	}
}

void fuzz_mutate(const fuzz_seeds *s, uint64_t number, lk_buf *out) {
	uint64_t r = number;
	const lk_buf *seed = &s->items[random_below(&r, s->n)];
	lk_buf_clear(out);
	lk_buf_add(out, seed->len ? seed->data : "", seed->len);
	for (int i = random_below(&r, MOST_CHANGES); i >= 0; i--)
		change(&r, s, out);
}
