#include "core/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *p, size_t size) {
	if (p || !size)
		return p;
	fprintf(stderr, "lk: out of memory (%zu bytes wanted)\n", size);
	_Exit(71);
}

void *lk_malloc(size_t size) { return checked(malloc(size ? size : 1), size); }
void *lk_calloc(size_t n, size_t size) { return checked(calloc(n ? n : 1, size ? size : 1), n * size); }
void *lk_realloc(void *p, size_t size) { return checked(realloc(p, size ? size : 1), size); }

char *lk_strndup(const char *s, size_t n) {
	char *p = lk_malloc(n + 1);
	memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

char *lk_strdup(const char *s) { return lk_strndup(s, strlen(s)); }

char *lk_asprintf(const char *fmt, ...) {
	lk_buf b = LK_BUF_INIT;
	va_list ap;
	va_start(ap, fmt);
	lk_buf_vaddf(&b, fmt, ap);
	va_end(ap);
	return lk_buf_steal(&b);
}

void lk_buf_release(lk_buf *b) {
	free(b->data);
	*b = (lk_buf)LK_BUF_INIT;
}

void lk_buf_clear(lk_buf *b) {
	b->len = 0;
	if (b->data)
		b->data[0] = '\0';
}

void lk_buf_grow(lk_buf *b, size_t more) {
	size_t want = b->len + more + 1;
	if (want <= b->cap)
		return;
	size_t cap = b->cap ? b->cap * 2 : 64;
	if (cap < want)
		cap = want;
	b->data = lk_realloc(b->data, cap);
	b->cap = cap;
}

void lk_buf_add(lk_buf *b, const void *p, size_t n) {
	lk_buf_grow(b, n);
	if (n)
		memcpy(b->data + b->len, p, n);
	b->len += n;
	b->data[b->len] = '\0';
}

void lk_buf_adds(lk_buf *b, const char *s) { lk_buf_add(b, s, strlen(s)); }
void lk_buf_addc(lk_buf *b, char c) { lk_buf_add(b, &c, 1); }

void lk_buf_vaddf(lk_buf *b, const char *fmt, va_list ap) {
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return;
	lk_buf_grow(b, (size_t)n);
	vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
}

void lk_buf_addf(lk_buf *b, const char *fmt, ...) {
	va_list ap;
	va_start(ap, fmt);
	lk_buf_vaddf(b, fmt, ap);
	va_end(ap);
}

void lk_buf_add_count(lk_buf *b, int64_t n) {
	char digits[32];
	int len = snprintf(digits, sizeof digits, "%lld", (long long)n);
	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0 && digits[i - 1] != '-')
			lk_buf_addc(b, ',');
		lk_buf_addc(b, digits[i]);
	}
}

char *lk_buf_steal(lk_buf *b) {
	lk_buf_grow(b, 0);
	char *p = b->data;
	p[b->len] = '\0';
	*b = (lk_buf)LK_BUF_INIT;
	return p;
}

void lk_buf_put16(lk_buf *b, uint16_t v) {
	v = __builtin_bswap16(v);
	lk_buf_add(b, &v, 2);
}

void lk_buf_put32(lk_buf *b, uint32_t v) {
	v = __builtin_bswap32(v);
	lk_buf_add(b, &v, 4);
}

void lk_buf_put64(lk_buf *b, uint64_t v) {
	v = __builtin_bswap64(v);
	lk_buf_add(b, &v, 8);
}

enum { ARENA_BLOCK_BYTES = 64 * 1024, SMALL_BLOCK_BYTES = 256 };

struct lk_arena_block {
	struct lk_arena_block *next;
	size_t size, used;
	char data[] __attribute__((aligned(16)));
};

static size_t block_bytes(const lk_arena *a, size_t n) {
	size_t size = a->small && a->used_bytes < ARENA_BLOCK_BYTES ? a->used_bytes + SMALL_BLOCK_BYTES : ARENA_BLOCK_BYTES;
	return n > size ? n : size;
}

void *lk_arena_alloc(lk_arena *a, size_t n) {
	n = (n + 15) & ~(size_t)15;
	struct lk_arena_block *b = a->head;
	if (!b || b->size - b->used < n) {
		size_t size = block_bytes(a, n);
		b = lk_malloc(sizeof *b + size);
		b->size = size;
		b->used = 0;
		b->next = a->head;
		a->head = b;
	}
	void *p = b->data + b->used;
	b->used += n;
	a->used_bytes += n;
	return p;
}

void *lk_arena_zalloc(lk_arena *a, size_t n) {
	return memset(lk_arena_alloc(a, n), 0, n);
}

char *lk_arena_strndup(lk_arena *a, const char *s, size_t n) {
	char *p = lk_arena_alloc(a, n + 1);
	memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

char *lk_arena_strdup(lk_arena *a, const char *s) { return lk_arena_strndup(a, s, strlen(s)); }

void lk_arena_clear(lk_arena *a) {
	struct lk_arena_block *keep = a->head;
	if (!keep)
		return;
	while (keep->next) {
		struct lk_arena_block *next = keep->next;
		keep->next = next->next;
		free(next);
	}
	keep->used = 0;
	a->used_bytes = 0;
}

void lk_arena_release(lk_arena *a) {
	lk_arena_clear(a);
	free(a->head);
	*a = (lk_arena){.small = a->small};
}
