#include "generate/fields.h"

#include <string.h>

#include "core/time.h"

enum { LINE_ROOM = 512 };

void lk_fields_begin(lk_fields *f) {
	lk_buf_clear(&f->line);
	lk_buf_grow(&f->line, LINE_ROOM);
	lk_buf_addc(&f->line, '{');
}

void lk_fields_end(lk_fields *f) { lk_buf_add(&f->line, "}\n", 2); }

void lk_fields_release(lk_fields *f) { lk_buf_release(&f->line); }

static void name_of(lk_fields *f, const char *name) {
	if (f->line.len > 1)
		lk_buf_addc(&f->line, ',');
	lk_buf_addc(&f->line, '"');
	lk_buf_adds(&f->line, name);
	lk_buf_add(&f->line, "\":", 2);
}

void lk_fields_count(lk_fields *f, uint64_t n) {
	char digits[20];
	size_t i = sizeof digits;
	do
		digits[--i] = (char)('0' + n % 10);
	while (n /= 10);
	lk_buf_add(&f->line, digits + i, sizeof digits - i);
}

static void signed_count(lk_fields *f, int64_t n) {
	if (n < 0)
		lk_buf_addc(&f->line, '-');
	lk_fields_count(f, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

void lk_fields_number(lk_fields *f, const char *name, int64_t n) {
	name_of(f, name);
	signed_count(f, n);
}

void lk_fields_decimal(lk_fields *f, const char *name, int64_t n, int digits) {
	uint64_t size = n < 0 ? 0 - (uint64_t)n : (uint64_t)n, one = 1;
	for (int i = 0; i < digits; i++)
		one *= 10;
	name_of(f, name);
	if (n < 0)
		lk_buf_addc(&f->line, '-');
	lk_fields_count(f, size / one);
	if (digits > 0)
		lk_buf_addc(&f->line, '.');
	for (size %= one; one > 1; size %= one)
		lk_buf_addc(&f->line, (char)('0' + size / (one /= 10)));
}

void lk_fields_null(lk_fields *f, const char *name) {
	name_of(f, name);
	lk_buf_adds(&f->line, "null");
}

void lk_fields_open(lk_fields *f, const char *name) {
	name_of(f, name);
	lk_buf_addc(&f->line, '"');
}

void lk_fields_piece(lk_fields *f, const char *text) { lk_buf_adds(&f->line, text); }

void lk_fields_close(lk_fields *f) { lk_buf_addc(&f->line, '"'); }

void lk_fields_text(lk_fields *f, const char *name, const char *text) {
	lk_fields_open(f, name);
	lk_fields_piece(f, text);
	lk_fields_close(f);
}

void lk_fields_key(lk_fields *f, const char *name, const char *word, uint64_t n) {
	lk_fields_open(f, name);
	lk_fields_piece(f, word);
	lk_buf_addc(&f->line, '-');
	lk_fields_count(f, n);
	lk_fields_close(f);
}

static void remember_second(lk_fields *f, int64_t second) {
	lk_buf b = LK_BUF_INIT;
	lk_time_print(second * LK_US_PER_S, &b);
	f->time_len = b.len - 1 < sizeof f->time ? b.len - 1 : sizeof f->time;   /* without the Z */
	memcpy(f->time, b.data, f->time_len);
	f->second = second;
	lk_buf_release(&b);
}

void lk_fields_time(lk_fields *f, const char *name, int64_t us) {
	int64_t second = lk_floor_div(us, LK_US_PER_S), fraction = us - second * LK_US_PER_S;
	lk_fields_open(f, name);
	if (!f->time_len || second != f->second)
		remember_second(f, second);
	lk_buf_add(&f->line, f->time, f->time_len);
	if (fraction) {
		char digits[7] = ".000000";
		for (int i = 6; i > 0; i--, fraction /= 10)
			digits[i] = (char)('0' + fraction % 10);
		lk_buf_add(&f->line, digits, sizeof digits);
	}
	lk_buf_add(&f->line, "Z\"", 2);
}
