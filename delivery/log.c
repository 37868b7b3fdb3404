#include "delivery/log.h"

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

static bool src_says(const lk_catalog *c, const lk_cat_stream *s) {
	const lk_cat_view *maker = lk_catalog_maker(c, s);
	return maker && !s->stream->merged && !maker->stream->stream->derived;
}

static int adopt(lk_open_log *l, lk_catalog *c, lk_error *err) {
	const lk_cat_stream *stream = NULL;
	int rc = lk_catalog_need_stream(c, l->name, &stream, err);
	if (rc != LK_OK)
		return rc;
	lk_shape_release(&l->shape);
	lk_catalog_release(l->catalog);
	l->catalog = lk_catalog_hold(c);
	l->log = (lk_rows_log){.stream = stream, .database = c->log_id, .name = l->name, .derived = stream->stream->derived, .by_src = src_says(c, stream)};
	return lk_shape_make(&l->log, l->columns, l->where, l->nwhere, &l->shape, err);
}

int lk_open_log_look(lk_open_log *l, lk_pg *pg, bool now, bool *changed, lk_error *err) {
	lk_catalog *c = NULL;
	int rc = lk_current_get(l->current, pg, now, &c, err);
	*changed = false;
	if (rc == LK_OK && c != l->catalog) {
		*changed = true;
		rc = adopt(l, c, err);
	}
	lk_catalog_release(c);
	return rc;
}
