/* Growable byte buffer, bump arena and checked allocation.
 *
 * Allocation failure ends the process with a message (exit 71): lk bounds its memory by
 * design (see docs/architecture.md), so a failed small allocation is not recoverable.
 *
 * What lk_malloc and its kin return is the caller's, for free(); what an arena returns lives until the arena is cleared
 * or released. Each buffer and arena is used by one thread at a time. */
#ifndef LK_CORE_BUF_H
#define LK_CORE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *lk_malloc(size_t size);
void *lk_calloc(size_t n, size_t size);
void *lk_realloc(void *p, size_t size);
char *lk_strdup(const char *s);
char *lk_strndup(const char *s, size_t n);
char *lk_asprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

typedef struct lk_buf {
	char *data;  /* NUL after data[len-1] once anything was added by lk_buf_*; NULL while empty */
	size_t len, cap;
} lk_buf;

#define LK_BUF_INIT {0}
void lk_buf_release(lk_buf *b);              /* frees; *b is empty again */
void lk_buf_clear(lk_buf *b);                /* len = 0, keeps the memory */
void lk_buf_grow(lk_buf *b, size_t more);    /* room for `more` bytes and a NUL */
void lk_buf_add(lk_buf *b, const void *p, size_t n);
void lk_buf_adds(lk_buf *b, const char *s);
void lk_buf_addc(lk_buf *b, char c);
void lk_buf_addf(lk_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void lk_buf_vaddf(lk_buf *b, const char *fmt, va_list ap);
void lk_buf_add_count(lk_buf *b, int64_t n);   /* 1234567 -> "1,234,567" */
char *lk_buf_steal(lk_buf *b);               /* the caller owns the NUL-ended text */

/* Big endian, as PostgreSQL's binary COPY and the key encoding need it. */
void lk_buf_put16(lk_buf *b, uint16_t v);
void lk_buf_put32(lk_buf *b, uint32_t v);
void lk_buf_put64(lk_buf *b, uint64_t v);

static inline uint16_t lk_get16(const void *p) {
	const uint8_t *b = p;
	return (uint16_t)(b[0] << 8 | b[1]);
}
static inline uint32_t lk_get32(const void *p) {
	uint32_t v;
	__builtin_memcpy(&v, p, 4);
	return __builtin_bswap32(v);
}
static inline uint64_t lk_get64(const void *p) {
	uint64_t v;
	__builtin_memcpy(&v, p, 8);
	return __builtin_bswap64(v);
}

/* What is left of bytes that are being read. */
typedef struct lk_unread {
	const uint8_t *at, *end;
} lk_unread;

/* Bump allocator: everything is freed at once. 16-byte alignment. */
typedef struct lk_arena {
	struct lk_arena_block *head;
	size_t used_bytes;  /* handed out since the last clear */
	bool small;         /* its blocks grow with what is used, from 256 bytes on; else each has 64 KiB */
} lk_arena;

void *lk_arena_alloc(lk_arena *a, size_t n);
void *lk_arena_zalloc(lk_arena *a, size_t n);
char *lk_arena_strndup(lk_arena *a, const char *s, size_t n);
char *lk_arena_strdup(lk_arena *a, const char *s);
void lk_arena_clear(lk_arena *a);   /* keeps one block for reuse */
void lk_arena_release(lk_arena *a);

#endif
