/* Where in a text of JSON one event ends and the next one begins: an object per line, objects over several lines,
 * objects one after the other, and the elements of arrays. This knows only brackets and strings; the scanner checks the
 * JSON.
 *
 * Pure functions over the caller's text: any thread; what they return points into it. */
#ifndef LK_FORMATS_JSON_CUT_H
#define LK_FORMATS_JSON_CUT_H

#include "formats/cut.h"

/* A record begins after blanks, commas and brackets of arrays. A line that begins with { and ends with } is guessed to
 * be one object, unless s->exact: then brackets are counted.
 *
 * Anything that is not an object is a record too, up to the end of its line or array element. An object without its
 * closing brace ends before the line that begins with { in the column where the object began. If a string in it does
 * not end in its line, it ends before a line that begins no further right than the object, but not with }. Within one
 * line nothing shows where the next object begins: the rest of the line is lost with the damaged one. */
lk_record_cut lk_json_cut(const lk_stretch *s);

/* Does the line at p end a damaged object that began at `place`? 1, 0, or -1: the text is blank up to `end`. */
int lk_json_resumes(const char *p, const char *end, lk_text_place place);

#endif
