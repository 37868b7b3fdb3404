/* Events as CSV (RFC 4180), with a comma or another delimiter.
 *
 * A map is the caller's and is not changed by scanning. Texts of a row are borrowed from the record or live in the
 * caller's arena. Any thread. */
#ifndef LK_FORMATS_CSV_H
#define LK_FORMATS_CSV_H

#include "core/schema.h"

typedef struct lk_csv_dialect {
	char delimiter;
	bool ends_field[256];   /* delimiter, CR, LF */
} lk_csv_dialect;

lk_csv_dialect lk_csv_dialect_of(char delimiter);

/* Which field goes to which column, from the header line. */
typedef struct lk_csv_map {
	const lk_schema *schema;
	char delimiter;
	int *column_of;   /* per field; -1: not declared */
	int nfields;
	char *unknown;    /* "a, b": names in the header that are not columns; NULL: none */
	char *lacking;    /* columns that the header does not name */
} lk_csv_map;

/* End of the record that begins at p (a quoted field may hold line breaks): the first byte after its line break, which
 * is LF, CRLF or CR; NULL if the record, or the byte that tells CR from CRLF, is beyond `end`. */
const char *lk_csv_record_end(const lk_csv_dialect *d, const char *p, const char *end);
/* 0, or -1 with *reason. A header name that is not a column is no error; a missing event_time column is. *s must outlive
 * the map. */
int lk_csv_header(const lk_schema *s, char delimiter, const char *record, size_t len, lk_csv_map *out, const char **reason);
void lk_csv_map_release(lk_csv_map *m);
/* An unquoted empty field is NULL, "" is the empty text. 0, or -1 with *why. */
int lk_csv_scan(const lk_csv_map *m, const char *record, size_t len, lk_arena *arena, lk_value *row, lk_misfit *why);

#endif
