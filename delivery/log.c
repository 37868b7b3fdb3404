#include "delivery/log.h"

#include <string.h>

#include "catalog/log_sql.h"

void lk_open_log_end(lk_open_log *l) {
	lk_shape_release(&l->shape);
	lk_catalog_release(l->catalog);
	lk_current_free(l->current);
	l->catalog = NULL;
	l->current = NULL;
	l->log = (lk_rows_log){0};
}

void lk_open_log_begin(lk_open_log *l) {
	lk_open_log_end(l);
	l->current = lk_current_new(false);
}

/* A derived stream's leaves have a column more. */
static int is_derived(lk_pg *pg, const lk_stream *s, bool *derived, lk_error *err) {
	PGresult *res = NULL;
	lk_buf leaf = LK_BUF_INIT;
	lk_log_leaf(s, 0, &leaf);
	int rc = lk_pg_exec(pg, &res, err, "SELECT FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = '_src' AND attnum > 0",
	                    1, (const char *const[]){leaf.data});
	*derived = !rc && PQntuples(res) > 0;
	PQclear(res);
	lk_buf_release(&leaf);
	return rc;
}

static int adopt(lk_open_log *l, lk_pg *pg, lk_catalog *c, lk_error *err) {
	const lk_cat_stream *stream = NULL;
	bool derived = false;
	int rc = lk_catalog_need_stream(c, l->name, &stream, err);
	if (rc == LK_OK)
		rc = is_derived(pg, stream->stream, &derived, err);
	if (rc != LK_OK)
		return rc;
	lk_shape_release(&l->shape);
	lk_catalog_release(l->catalog);
	l->catalog = lk_catalog_hold(c);
	l->log = (lk_rows_log){.stream = stream, .database = c->log_id, .name = l->name, .derived = derived};
	return lk_shape_make(&l->log, l->columns, l->where, l->nwhere, &l->shape, err);
}

int lk_open_log_look(lk_open_log *l, lk_pg *pg, bool now, bool *changed, lk_error *err) {
	lk_catalog *c = NULL;
	int rc = lk_current_get(l->current, pg, now, &c, err);
	*changed = false;
	if (rc == LK_OK && c != l->catalog) {
		*changed = true;
		rc = adopt(l, pg, c, err);
	}
	lk_catalog_release(c);
	return rc;
}
