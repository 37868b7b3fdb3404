/* A closed segment, read in pieces that are bounded by bytes. Private to view_store/. */
#ifndef LK_VIEW_STORE_PAGES_H
#define LK_VIEW_STORE_PAGES_H

#include "view_store/unit.h"

/* The cells of one closed segment, page by page: about LK_CALL_BYTES each, or a bucket of Redis's table where cells are
 * larger. `cells` is how many came so far: at the end it is the segment's number, unless the segment has gone away.
 * Each cell comes once: HSCAN gives a field twice only where a table shrinks meanwhile, and nothing is ever removed
 * from a closed segment. */
typedef struct lk_pages {
	lk_store *s;
	char *key;
	char cursor[32];
	bool whole, begun;
	int64_t cells, bytes;        /* that came so far */
	int64_t listed_cells, listed_bytes;
	redisReply *reply;
} lk_pages;

void lk_pages_begin(lk_pages *p, lk_store *s, int64_t unit, const lk_segment *g);
/* The next page: field, value, field, value …, good until the next call. 1: there is none. */
int lk_pages_next(lk_pages *p, const redisReply **pairs, lk_error *err);
void lk_pages_end(lk_pages *p);

/* Asks a hash for n fields (at most LK_CALL_CELLS), so that no reply is larger than about LK_CALL_BYTES or one value:
 * all at once where `most`, a bound of one value's bytes, says that they fit, else by their lengths. `use` gets the
 * values of fields [first, first + values->elements) in order; what it returns, unless it is LK_OK, ends the reading. */
typedef struct lk_field {
	const void *p;
	size_t len;
} lk_field;
typedef struct lk_ask {
	const char *key;
	const lk_field *fields;
	int n;
	int64_t most;                /* INT64_MAX: not known */
	int (*use)(void *ctx, int first, const redisReply *values, lk_error *err);
	void *ctx;
} lk_ask;
int lk_ask_fields(lk_store *s, const lk_ask *a, lk_error *err);
/* How long the values of n fields are; 0 where there is none. */
int lk_ask_lengths(lk_store *s, const char *key, const lk_field *fields, int n, int64_t *lengths, lk_error *err);

#endif
