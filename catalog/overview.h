/* Counts for people: what was rejected, late, computed. No decision depends on them.
 *
 * Any thread, with a session of its own; results own no memory. */
#ifndef LK_CATALOG_OVERVIEW_H
#define LK_CATALOG_OVERVIEW_H

#include "catalog/catalog.h"

/* Only the log's id, without the definitions; upgrades an older schema. LK_EUSAGE with a hint if schema lk does not
 * exist. Not within a transaction. */
int lk_catalog_id(lk_pg *pg, char log_id[33], lk_error *err);

typedef struct lk_stream_overview {
	int64_t lines;     /* that could not become events */
	int64_t marked;    /* events for which a view's clause could not be evaluated, counted once per version */
	int64_t unfinished;/* erasures that are not done (erasure/erasure.h) */
	int64_t now;       /* PostgreSQL's clock */
} lk_stream_overview;
int lk_overview_stream(lk_pg *pg, const lk_cat_stream *s, lk_stream_overview *out, lk_error *err);

typedef struct lk_copy_overview {
	int64_t made_at;
	int64_t late;              /* events that its stream path has refused so far */
	bool published;            /* the rest describes the published batch */
	int64_t published_at;
	int64_t events, cells;
	double seconds;
	bool folded;
} lk_copy_overview;
int lk_overview_copy(lk_pg *pg, const lk_cat_copy *copy, lk_copy_overview *out, lk_error *err);

/* When readers got the served copy; LK_NEVER: not known. */
int lk_overview_served_since(lk_pg *pg, const lk_cat_view *v, int64_t *out, lk_error *err);

#endif
