/* Where in a text one record ends and the next one begins: what a format's `cut` is asked, and what it answers.
 *
 * Pure: any thread; an answer points into the caller's text. */
#ifndef LK_FORMATS_CUT_H
#define LK_FORMATS_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LK_RECORD_MAX (16 << 20)   /* bytes of a record; of a longer one the first LK_RECORD_HEAD are handed out */
#define LK_RECORD_HEAD 1000

/* Where a byte stands, for formats of documents. A document begins with zeros. */
typedef struct lk_text_place {
	size_t column;             /* bytes since the last line break */
	bool in_array;             /* of records */
} lk_text_place;

typedef struct lk_stretch {
	const char *begin, *end;   /* text that begins where the last record ended */
	lk_text_place place;       /* of `begin` */
	size_t searched;           /* so many bytes hold no whole record: the last call said so */
	bool all;                  /* nothing follows `end`, where a line break stands … */
	bool added;                /* … that the input itself does not have */
	bool exact;                /* the last answer was a wrong guess: do not guess */
	const void *dialect;       /* what the format's `dialect` returned */
} lk_stretch;

typedef struct lk_record_cut {
	const char *begin;         /* the record's first byte */
	const char *end;           /* after its line break, if it has one; NULL: the text does not hold all of it yet */
	size_t len;                /* of the record, without the line break */
	int64_t lines_before;      /* line breaks between the stretch's begin and `begin`, … */
	int64_t lines;             /* … and in the record */
	lk_text_place at_begin, at_end;
	bool guessed;              /* it may be a part of a record, or several: the scanner finds out */
	bool unterminated;         /* the input's last record, which may be incomplete */
} lk_record_cut;

/* `cut` of a format whose records are lines; they end with LF or CRLF. */
lk_record_cut lk_line_cut(const lk_stretch *s);
/* The span of the record from begin to end, which a line break ends. */
lk_record_cut lk_line_record(const lk_stretch *s, const char *end);

/* Line breaks from p to end: LF and CRLF. */
int64_t lk_count_lines(const char *p, const char *end);

#endif
