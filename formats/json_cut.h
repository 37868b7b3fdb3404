/* Where in a text of JSON one event ends and the next one begins: an object per line, objects over several lines,
 * objects one after the other, and the elements of arrays. This knows only brackets and strings; the scanner checks the
 * JSON.
 *
 * Pure functions over the caller's text: any thread; what they return points into it. */
#ifndef LK_FORMATS_JSON_CUT_H
#define LK_FORMATS_JSON_CUT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct lk_json_place {
	size_t column;      /* bytes since the last line break */
	bool in_array;      /* of events */
} lk_json_place;

typedef struct lk_json_cut {
	const char *begin;  /* the record's first byte, after blanks, commas and brackets of arrays */
	const char *end;    /* NULL: the text does not hold all of it yet */
	lk_json_place at_begin, at_end;
	bool guessed;       /* a line that begins with { and ends with }: probably one object; the scanner finds out */
	bool unfinished;    /* the text ended within it */
} lk_json_cut;

/* p is at `place`. all: nothing follows `end`, where a line break stands. exact: count brackets, do not guess.
 *
 * Anything that is not an object is a record too, up to the end of its line or array element. An object without its
 * closing brace ends before the line that begins with { in the column where the object began. If a string in it does
 * not end in its line, lk_json_begins_anew decides. Within one line nothing shows where the next object begins: the
 * rest of the line is lost with the damaged one. */
lk_json_cut lk_json_cut_next(const char *p, const char *end, lk_json_place place, bool all, bool exact);

/* Does a line end a damaged object that began in `column`? p: the line's first byte that is not blank, in column
 * at_column. It does if p is not further right and is not }. */
bool lk_json_begins_anew(const char *p, size_t at_column, size_t column);

#endif
