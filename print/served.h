/* Which copies views are served from, as a table and as JSON, into any sink.
 *
 * Any thread, with a sink of its own. */
#ifndef LK_PRINT_SERVED_H
#define LK_PRINT_SERVED_H

#include "catalog/catalog.h"
#include "print/table.h"

typedef struct lk_served {
	const lk_cat_view *view;   /* borrowed from the catalogue */
	int64_t since;             /* when readers got its served copy; LK_NEVER: not known */
} lk_served;

void lk_served_print(const lk_catalog *c, const lk_served *views, int n, const lk_screen *screen, lk_sink *out);
/* {"views":[…]} and a line break. */
void lk_served_json(const lk_catalog *c, const lk_served *views, int n, lk_sink *out);

#endif
