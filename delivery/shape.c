#include "delivery/shape.h"

#include <stdlib.h>
#include <string.h>

#include "core/suggest.h"
#include "event_log/scan.h"

/* Besides the slots of a row. */
static int slot_part(const lk_rows_log *l) { return lk_slot_src(l->stream->stream) + 1; }
static int slot_off(const lk_rows_log *l) { return lk_slot_src(l->stream->stream) + 2; }

static const char *name_of(const lk_rows_log *l, int slot) {
	const lk_stream *s = l->stream->stream;
	if (slot < s->schema.ncolumns)
		return s->schema.columns[slot].name;
	return slot == lk_slot_at(s) ? "_at" : slot == lk_slot_src(s) ? "_src" : slot == slot_part(l) ? "_part" : "_off";
}

static lk_type type_of(const lk_rows_log *l, int slot) {
	const lk_stream *s = l->stream->stream;
	if (slot < s->schema.ncolumns)
		return s->schema.columns[slot].type;
	return (lk_type){.kind = slot == lk_slot_at(s) ? LK_TIME : slot == slot_part(l) ? LK_INT4 : LK_INT8};
}

/* All slots in the order in which they are shown. */
static int all_slots(const lk_rows_log *l, int *out) {
	const lk_stream *s = l->stream->stream;
	int n = 0;
	out[n++] = slot_part(l);
	out[n++] = slot_off(l);
	out[n++] = lk_slot_at(s);
	if (l->derived)
		out[n++] = lk_slot_src(s);
	for (int i = 0; i < s->schema.ncolumns; i++)
		out[n++] = i;
	return n;
}

static int unknown(const lk_rows_log *l, const char *option, const char *name, lk_error *err) {
	int slots[LK_MAX_COLUMNS + 4], n = all_slots(l, slots);
	const char *names[LK_MAX_COLUMNS + 4];
	for (int i = 0; i < n; i++)
		names[i] = name_of(l, slots[i]);
	lk_fail(err, LK_EUSAGE, "%s: stream %s has no column \"%s\"", option, l->name, name);
	lk_hint_names(err, name, names, n, "its columns: ");
	return LK_EUSAGE;
}

static int find(const lk_rows_log *l, const char *name) {
	int slots[LK_MAX_COLUMNS + 4], n = all_slots(l, slots);
	for (int i = 0; i < n; i++)
		if (!strcmp(name_of(l, slots[i]), name))
			return slots[i];
	return -1;
}

static int choose(const lk_rows_log *l, const char *names, lk_shape *out, lk_error *err) {
	int rc = LK_OK;
	while (names && rc == LK_OK) {
		size_t len = strcspn(names, ",");
		char *name = lk_strndup(names, len);
		int slot = find(l, name);
		if (slot < 0)
			rc = unknown(l, "--columns", name, err);
		else if (out->n == LK_MAX_COLUMNS + 4)
			rc = lk_fail(err, LK_EUSAGE, "--columns names more than %d columns", LK_MAX_COLUMNS + 4);
		else
			out->columns[out->n++] = slot;
		free(name);
		names = names[len] ? names + len + 1 : NULL;
	}
	return rc;
}

static int read_where(const lk_rows_log *l, const lk_where *where, int n, lk_shape *out, lk_error *err) {
	out->where = lk_calloc((size_t)n, sizeof *out->where);
	for (int i = 0; i < n; i++) {
		int slot = find(l, where[i].column);
		int rc = slot < 0 ? unknown(l, "--where", where[i].column, err)
		                  : lk_condition_of_type(&out->where[i], type_of(l, slot), slot, &where[i], err);
		if (rc != LK_OK)
			return rc;
		out->nwhere++;
	}
	return LK_OK;
}

/* What is shown or asked for, once and ascending. */
static void find_read(lk_shape *s) {
	bool wanted[LK_MAX_COLUMNS + 4] = {false};
	for (int i = 0; i < s->n; i++)
		wanted[s->columns[i]] = true;
	for (int i = 0; i < s->nwhere; i++)
		wanted[s->where[i].column] = true;
	for (int i = 0; i < s->log->stream->stream->schema.ncolumns; i++)
		if (wanted[i])
			s->read[s->nread++] = i;
}

int lk_shape_make(const lk_rows_log *log, const char *names, const lk_where *where, int nwhere, lk_shape *out, lk_error *err) {
	*out = (lk_shape){.log = log};
	if (!names)
		out->n = all_slots(log, out->columns);
	int rc = choose(log, names, out, err);
	if (rc == LK_OK)
		rc = read_where(log, where, nwhere, out, err);
	if (rc == LK_OK)
		find_read(out);
	return rc;
}

void lk_shape_release(lk_shape *s) {
	free(s->where);
	*s = (lk_shape){0};
}

static lk_value value_at(const lk_rows_log *l, const lk_log_row *row, int slot) {
	if (slot == slot_part(l))
		return lk_int(row->part);
	return slot == slot_off(l) ? lk_int(row->off) : row->values[slot];
}

bool lk_shape_passes(const lk_shape *s, const lk_log_row *row) {
	for (int i = 0; i < s->nwhere; i++) {
		lk_value v = value_at(s->log, row, s->where[i].column);
		if (!lk_condition_holds(&s->where[i], &v))
			return false;
	}
	return true;
}

const char *lk_shape_column(const lk_shape *s, int i, lk_type *type) {
	*type = type_of(s->log, s->columns[i]);
	return name_of(s->log, s->columns[i]);
}

lk_value lk_shape_value(const lk_shape *s, const lk_log_row *row, int i) { return value_at(s->log, row, s->columns[i]); }

/* --- as rows --- */

static const char *column(const void *of, int i, lk_type *type) {
	return lk_shape_column(((const lk_shaped_row *)of)->shape, i, type);
}

static lk_value value(const void *of, size_t row, int i) {
	const lk_shaped_row *pair = of;
	(void)row;
	return lk_shape_value(pair->shape, pair->row, i);
}

lk_rows lk_shaped_rows(const lk_shaped_row *pair) {
	return (lk_rows){.of = pair, .n = 1, .ncolumns = pair->shape->n, .column = column, .value = value};
}
