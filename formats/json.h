/* JSON event scanner (R24-R26): walks one line, keeps the text of numbers, decodes only declared paths.
 *
 * A scanner is the caller's, for one thread; it borrows the schema. */
#ifndef LK_FORMATS_JSON_H
#define LK_FORMATS_JSON_H

#include "core/schema.h"

typedef struct lk_json_scanner lk_json_scanner;

lk_json_scanner *lk_json_scanner_new(const lk_schema *s);
void lk_json_scanner_free(lk_json_scanner *j);

/* Reads one JSON object into row[0 … ncolumns-1]; absent paths and null are NULL; the last of duplicate keys wins.
 * Texts are borrowed from the line, or from the arena where they had escapes. A JSON value of the wrong kind for
 * its column ("x" for an int, an object for a text) rejects the event; "123" is accepted for numbers; text columns
 * take a scalar's text as it is written. The whole line must be well-formed JSON. 0, or -1 with *why. */
int lk_json_scan(lk_json_scanner *j, const char *line, size_t len, lk_arena *arena, lk_value *row, lk_misfit *why);

/* A key that matches a declared name only if case is ignored, seen first since the last call; NULL if none (R24). */
const char *lk_json_scanner_near_miss(lk_json_scanner *j);

#endif
