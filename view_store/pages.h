/* A closed segment, read in pages that are bounded in bytes. Private to view_store/. */
#ifndef LK_VIEW_STORE_PAGES_H
#define LK_VIEW_STORE_PAGES_H

#include "view_store/unit.h"

/* The cells of one closed segment, page by page: about LK_CALL_BYTES each, or one bucket of Redis's hash table if cells
 * are larger. `cells` counts those read so far: at the end it equals the segment's cells, unless the segment is gone.
 * Each cell comes once: HSCAN returns a field twice only if the table shrinks meanwhile, and nothing is ever removed
 * from a closed segment. */
typedef struct lk_pages {
	lk_store *s;
	char *key;
	char cursor[32];
	bool whole, begun;
	int64_t cells, bytes;        /* read so far */
	int64_t listed_cells, listed_bytes;
	redisReply *reply;
} lk_pages;

void lk_pages_begin(lk_pages *p, lk_store *s, int64_t unit, const lk_segment *g);
/* The next page: field, value, field, value …, valid until the next call. 1: no page is left. */
int lk_pages_next(lk_pages *p, const redisReply **pairs, lk_error *err);
void lk_pages_end(lk_pages *p);

/* Asks a hash for n fields (at most LK_CALL_CELLS) so that no reply is larger than about LK_CALL_BYTES or one value: in
 * one call if `most`, an upper bound of a value's bytes, shows that they fit, else by their lengths. `use` gets the
 * values of fields [first, first + values->elements) in order; if it returns anything but LK_OK, reading ends. */
typedef struct lk_field {
	const void *p;
	size_t len;
} lk_field;
typedef struct lk_ask {
	const char *key;
	const lk_field *fields;
	int n;
	int64_t most;                /* INT64_MAX: unknown */
	int (*use)(void *ctx, int first, const redisReply *values, lk_error *err);
	void *ctx;
} lk_ask;
int lk_ask_fields(lk_store *s, const lk_ask *a, lk_error *err);
/* Reads the lengths of the values of n fields; 0 for a missing field. */
int lk_ask_lengths(lk_store *s, const char *key, const lk_field *fields, int n, int64_t *lengths, lk_error *err);

#endif
