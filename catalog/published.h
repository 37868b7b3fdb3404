/* The published cut of a copy: what readers take from the batch layer, and where everything else goes on. */
#ifndef LK_CATALOG_PUBLISHED_H
#define LK_CATALOG_PUBLISHED_H

#include "catalog/catalog.h"

typedef struct lk_published {
	bool dropped;              /* the copy; or it no longer exists */
	int64_t cut_id;            /* 0: nothing is published */
	char *table;               /* quoted name of the batch table, or NULL; lk_malloc'ed */
	lk_frontier cut;           /* at offset 0 if nothing is published */
} lk_published;

/* Reads the current pointer, in one statement; the catalogue that the caller loaded may be older. LK_ECONFLICT if the
 * copy was dropped. */
int lk_published_read(lk_pg *pg, const lk_cat_copy *copy, lk_published *out, lk_error *err);
void lk_published_release(lk_published *p);

/* The same in two parts, for a reader that asks for more in the same snapshot: statements over $1, the copy's id, and what
 * takes their results. A new session plans them faster than one statement with a join. */
enum { LK_PUBLISHED_RESULTS = 2 };
extern const char *const lk_published_sql[LK_PUBLISHED_RESULTS];
void lk_published_take(lk_published *out, const lk_cat_copy *copy, PGresult *const results[LK_PUBLISHED_RESULTS]);

/* Adds " LEFT JOIN … c ON …": c.off is the copy's published cut in the partition that the expression `part` gives. */
void lk_published_join(const lk_cat_copy *copy, const char *part, lk_buf *out);

#endif
