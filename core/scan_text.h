/* Text event formats: CSV (RFC 4180) and the combined log format of web servers. */
#ifndef LK_CORE_SCAN_TEXT_H
#define LK_CORE_SCAN_TEXT_H

#include "core/plan.h"

/* CSV: which field goes to which column, from the header line. */
typedef struct lk_csv_map {
	int *column_of;   /* per field; -1: not declared */
	int nfields;
} lk_csv_map;

/* End of the record that begins at p (a quoted field may hold newlines): the first byte after its line break, or NULL
 * where the record goes on beyond `end`. */
const char *lk_csv_record_end(const char *p, const char *end);
/* 0, or -1 with *reason. A header name that is no column is not an error; a missing event_time column is. */
int lk_csv_header(const lk_stream *s, const char *record, size_t len, lk_csv_map *out, const char **reason);
void lk_csv_map_release(lk_csv_map *m);
/* An unquoted empty field is NULL, "" is the empty text. 0, or -1 with *reason and *column. */
int lk_csv_scan(const lk_stream *s, const lk_csv_map *m, const char *record, size_t len, lk_arena *arena,
                lk_value *row, const char **reason, int *column);

/* Combined (and common) log format: host ident user [time] "method path protocol" status bytes "referer" "agent".
 * Fields go to columns of these names: ip, ident, user_name, ts, method, path, protocol, status, bytes, referer, agent,
 * and any other column is NULL; "-" is NULL; the stream's event_time column takes the time whatever its name. */
int lk_combined_scan(const lk_stream *s, const char *line, size_t len, lk_arena *arena, lk_value *row,
                     const char **reason, int *column);

#endif
