#include "options/late_args.h"

#include <stdlib.h>
#include <string.h>

#include "core/suggest.h"
#include "options/answer_args.h"

enum { NEWEST = 20, NEWEST_MOST = 1000000 };

int lk_late_args_read(const lk_args *args, lk_late_args *out, lk_error *err) {
	int64_t limit = 0;
	*out = (lk_late_args){.view = args->operands[0], .list = lk_args_text(args, "columns", NULL)};
	int rc = lk_args_copy(args, &out->copy, &out->version, err);
	if (rc == LK_OK)
		rc = lk_args_int(args, "limit", (lk_whole){NEWEST, 0, NEWEST_MOST}, &limit, err);
	out->limit = (int)limit;
	return rc;
}

static int no_column(const lk_stream *s, const char *name, lk_error *err) {
	const char *names[LK_MAX_COLUMNS];
	for (int i = 0; i < s->schema.ncolumns; i++)
		names[i] = s->schema.columns[i].name;
	lk_fail(err, LK_EUSAGE, "--columns: stream %s has no column \"%s\"", s->name, name);
	lk_hint_names(err, name, names, s->schema.ncolumns, "its columns: ");
	return LK_EUSAGE;
}

static int find_column(const lk_stream *s, const char *name, size_t len) {
	for (int i = 0; i < s->schema.ncolumns; i++)
		if (strlen(s->schema.columns[i].name) == len && !memcmp(s->schema.columns[i].name, name, len))
			return i;
	return -1;
}

/* "a,b" or "all"; without the option, the columns that the view reads, except the event time. */
static int choose_columns(const lk_plan *p, const char *list, int out[LK_MAX_COLUMNS], int *n, lk_error *err) {
	const lk_stream *s = p->stream;
	bool all = list && strcmp(list, "all") == 0;
	*n = 0;
	for (int i = 0; !list && i < p->nneeded; i++)
		if (p->needed[i] != s->schema.event_time)
			out[(*n)++] = p->needed[i];
	for (int i = 0; all && i < s->schema.ncolumns; i++)
		out[(*n)++] = i;
	for (const char *at = all ? NULL : list; at && *n < LK_MAX_COLUMNS;) {
		size_t len = strcspn(at, ",");
		int column = find_column(s, at, len);
		if (column < 0) {
			char *name = lk_strndup(at, len);
			int rc = no_column(s, name, err);
			free(name);
			return rc;
		}
		out[(*n)++] = column;
		at = at[len] ? at + len + 1 : NULL;
	}
	return LK_OK;
}

int lk_late_args_find(const lk_catalog *c, lk_late_args *a, lk_late_wanted *w, lk_error *err) {
	const lk_cat_view *v = NULL;
	int rc = lk_catalog_need_view(c, a->view, &v, err);
	if (rc == LK_OK)
		rc = lk_catalog_wanted_copy(c, v, a->copy, a->version, &w->copy, err);
	if (rc == LK_OK)
		rc = choose_columns(w->copy->version->plan, a->list, a->columns, &a->ncolumns, err);
	w->limit = a->limit;
	w->columns = a->columns;
	w->ncolumns = a->ncolumns;
	return rc;
}
