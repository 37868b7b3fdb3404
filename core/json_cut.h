/* Where in a text of JSON one event ends and the next one begins: an object per line, objects over several lines, objects
 * one after the other, and the elements of arrays. Knows brackets and strings; whether it is JSON the scanner tells. */
#ifndef LK_CORE_JSON_CUT_H
#define LK_CORE_JSON_CUT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct lk_json_place {
	size_t column;      /* bytes since the last line break */
	bool in_array;      /* of events */
} lk_json_place;

typedef struct lk_json_cut {
	const char *begin;  /* the record's first byte, behind blanks, commas and brackets of arrays */
	const char *end;    /* NULL: the text does not hold all of it yet */
	lk_json_place at_begin, at_end;
	bool guessed;       /* a line that begins with { and ends with }: probably one object, which the scanner tells */
	bool unfinished;    /* the text ended within it */
} lk_json_cut;

/* p is at `place`. all: nothing follows `end`, where a line break stands. exact: count brackets, do not guess.
 *
 * What is no object is a record too, up to the end of its line, or of the element. An object without its closing brace,
 * or with a string that does not end in its line, ends before the line that begins with { in the column where the object
 * began (for the second, with anything but }). In one line nothing tells where the next one begins: what follows
 * in the line is lost with it. */
lk_json_cut lk_json_cut_next(const char *p, const char *end, lk_json_place place, bool all, bool exact);

/* Does a line that begins at p (the first byte that is no blank, in this column) end a damaged object that began in
 * `column`? */
bool lk_json_begins_anew(const char *p, size_t at_column, size_t column);

#endif
