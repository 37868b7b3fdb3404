/* One event as a line of JSON, field by field, in the order of the calls. */
#ifndef LK_GENERATE_FIELDS_H
#define LK_GENERATE_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"

typedef struct lk_fields {
	lk_buf line;
	char time[40];           /* the last second that was printed: it rarely changes */
	size_t time_len;
	int64_t second;
} lk_fields;

void lk_fields_begin(lk_fields *f);
void lk_fields_end(lk_fields *f);       /* closes the object and the line */
void lk_fields_release(lk_fields *f);

void lk_fields_time(lk_fields *f, const char *name, int64_t us);
void lk_fields_number(lk_fields *f, const char *name, int64_t n);
/* n / 10^digits: 1234 with 2 digits is 12.34. */
void lk_fields_decimal(lk_fields *f, const char *name, int64_t n, int digits);
void lk_fields_null(lk_fields *f, const char *name);
/* A text without quotes, backslashes and control characters; or its beginning, to be continued in pieces and closed. */
void lk_fields_text(lk_fields *f, const char *name, const char *text);
void lk_fields_open(lk_fields *f, const char *name);
void lk_fields_piece(lk_fields *f, const char *text);
void lk_fields_count(lk_fields *f, uint64_t n);   /* digits, as a piece */
void lk_fields_close(lk_fields *f);
/* "visitor-12": a name made of a word and a number. */
void lk_fields_key(lk_fields *f, const char *name, const char *word, uint64_t n);

#endif
