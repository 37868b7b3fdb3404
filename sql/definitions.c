/* What a file declares, once it is read. */
#include "sql/sql.h"

#include <string.h>

const char *lk_definition_text(const lk_definition *d) { return d->plan ? d->plan->text : d->stream->text; }

const lk_stream *lk_definitions_stream(const lk_definitions *d, const char *name) {
	for (int i = d->nitems - 1; i >= 0; i--)
		if (d->items[i].stream && strcmp(d->items[i].stream->name, name) == 0)
			return d->items[i].stream;
	return NULL;
}

void lk_definitions_release(lk_definitions *d) {
	lk_arena_release(&d->arena);
	*d = (lk_definitions){0};
}
