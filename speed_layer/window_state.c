#include "speed_layer/window_state.h"

#include <stdlib.h>
#include <string.h>

#include "core/fault.h"
#include "event_log/scan.h"
#include "event_log/sealed.h"

enum { SWEEP_PAGES = 20 };   /* at a time: some 20,000 fields */

void lk_window_state_init(lk_window_state *w, const lk_cat_copy *copy) {
	*w = (lk_window_state){.copy = copy, .frames = lk_frames_new(&copy->version->plan->overs)};
}

void lk_window_state_release(lk_window_state *w) {
	lk_frames_free(w->frames);
	lk_arena_release(&w->bytes);
	free(w->fields);
	free(w->missing);
}

/* Keys are what the former plan says; they are read again as they are met. */
void lk_window_state_show(lk_window_state *w, const lk_cat_copy *copy) {
	w->copy = copy;
	lk_frames_free(w->frames);
	w->frames = lk_frames_new(&copy->version->plan->overs);
}

static lk_state_field *next_field(lk_window_state *w) {
	if (w->nfields == w->room) {
		w->room = w->room ? 2 * w->room : 256;
		w->fields = lk_realloc(w->fields, (size_t)w->room * sizeof *w->fields);
		w->missing = lk_realloc(w->missing, (size_t)w->room * sizeof *w->missing);
	}
	return &w->fields[w->nfields++];
}

static lk_state_call call_of(const lk_window_state *w, const lk_unit *u) {
	return (lk_state_call){.unit = u->id, .token = u->token, .from = w->stored, .fields = w->fields, .n = w->nfields};
}

/* --- reading --- */

static int take_stored(void *ctx, int i, const void *bytes, size_t len) {
	lk_window_state *w = ctx;
	if (!bytes && w->base > 0) {
		w->missing[w->nmissing++] = i;
		return 0;
	}
	return lk_frames_answer(w->frames, i, bytes, len);
}

static int take_sealed(void *ctx, int i, const void *bytes, size_t len) {
	lk_window_state *w = ctx;
	int field = w->missing[i];
	w->missing[i] = -1;
	return lk_frames_answer(w->frames, field, bytes, len);
}

/* On the session that appends: if PostgreSQL is put back to before the state was sealed, that session ends, and the unit is
 * taken over anew. */
static int read_sealed(lk_window_state *w, lk_path *p, const lk_unit *u, lk_error *err) {
	lk_sealed_field *fields = lk_malloc((size_t)w->nmissing * sizeof *fields);
	for (int i = 0; i < w->nmissing; i++)
		fields[i] = (lk_sealed_field){.name = w->fields[w->missing[i]].name, .name_len = w->fields[w->missing[i]].name_len};
	const lk_sealed_call c = {w->copy->log, u->part, w->stored, fields, w->nmissing};
	int rc = lk_sealed_fields(p->writer, &c, take_sealed, w, err);
	free(fields);
	for (int i = 0; rc == LK_OK && i < w->nmissing; i++)
		if (w->missing[i] >= 0 && lk_frames_answer(w->frames, w->missing[i], NULL, 0) != 0)
			rc = lk_fail(err, LK_EINTERNAL, "a part of a key is missing in the state of stream %s", w->copy->log->stream->name);
	return rc;
}

int lk_window_state_read(lk_window_state *w, lk_path *p, lk_unit *u, lk_error *err) {
	const lk_frames_field *asks;
	int rc = LK_OK;
	for (int n; rc == LK_OK && (n = lk_frames_asks(w->frames, &asks)) > 0;) {
		w->nfields = w->nmissing = 0;
		for (int i = 0; i < n; i++)
			*next_field(w) = (lk_state_field){.name = asks[i].name, .name_len = asks[i].name_len};
		const lk_state_call c = call_of(w, u);
		rc = lk_state_read(p->store, &c, take_stored, w, err);
		if (rc == LK_OK && w->nmissing)
			rc = read_sealed(w, p, u, err);
	}
	return rc;
}

/* --- writing --- */

static void take_change(void *ctx, const lk_frames_field *f) {
	lk_window_state *w = ctx;
	lk_state_field *field = next_field(w);
	*field = (lk_state_field){.name = lk_arena_strndup(&w->bytes, (const char *)f->name, f->name_len), .name_len = f->name_len, .len = f->len};
	if (f->bytes)
		field->bytes = lk_arena_strndup(&w->bytes, (const char *)f->bytes, f->len);
}

/* A quarter of the memory is left to keys that come. */
int lk_window_state_write(lk_window_state *w, lk_path *p, lk_unit *u, const lk_position *at, lk_error *err) {
	w->nfields = 0;
	lk_frames_changes(w->frames, take_change, w);
	const lk_state_call c = call_of(w, u);
	int rc = lk_state_commit(p->store, &c, at, err);
	w->stored = at->cursor;
	lk_arena_clear(&w->bytes);
	lk_frames_trim(w->frames, p->limits.segment_bytes / 4 * 3);
	return rc;
}

/* --- take-overs --- */

/* The state in Redis is used: it is that of a prefix of this log, no longer than what rows were made of, and all of it is there. */
static int fits(lk_path *p, const lk_unit *u, const lk_unit_state *st, const lk_sealed *sealed, bool *good, lk_error *err) {
	const lk_seen read = lk_position_seen(&st->at, u->part);
	int rc = lk_log_has(p->writer, lk_unit_stream(u)->stream, &read, 1, good, err);
	*good = *good || LK_MUTANT("state_log_unchecked");
	if (!LK_MUTANT("state_base_unchecked"))
		*good = *good && st->at.cursor >= sealed->off && st->base.cursor <= sealed->off && (st->at.cursor == 0 || st->has_state);
	return rc;
}

static int begin_again(lk_window_state *w, lk_path *p, const lk_unit *u, int64_t sealed, lk_window_taken *out, lk_error *err) {
	int rc = LK_OK;
	out->start = (lk_position){.cursor = w->base = sealed, .watermark = LK_NEVER, .last_at = LK_NEVER};
	if (sealed)
		rc = lk_log_at(p->writer, lk_unit_stream(u), u->part, sealed - 1, &out->start.last_at, err);
	return rc == LK_OK ? lk_store_reset(p->store, u->id, &out->token, &out->start, err) : rc;
}

/* First the token, then the position: a slow reader would take its own delay for a lost log. */
int lk_window_state_take(lk_window_state *w, lk_path *p, const lk_unit *u, lk_window_taken *out, lk_error *err) {
	const lk_position beginning = {.watermark = LK_NEVER, .last_at = LK_NEVER};
	lk_unit_state st = {0};
	lk_sealed sealed = {0};
	bool good = false;
	int rc = lk_store_take_over(p->store, u->id, &beginning, &st, err);
	if (rc == LK_OK)
		rc = lk_derived_position_read(p->writer, w->copy->log, lk_unit_stream(u), u->part, &out->made, err);
	if (rc == LK_OK)
		rc = lk_sealed_read(p->writer, w->copy->log, u->part, &sealed, err);
	if (rc == LK_OK)
		rc = fits(p, u, &st, &sealed, &good, err);
	out->start = st.at;
	out->token = st.token;
	w->base = st.base.cursor;
	good = (good && st.at.cursor <= out->made.off) || LK_MUTANT("state_kept");
	if (rc == LK_OK && !good)
		rc = begin_again(w, p, u, sealed.off, out, err);
	w->stored = out->start.cursor;
	w->page[0] = '\0';
	lk_unit_state_release(&st);
	return rc;
}

/* --- what is sealed --- */

static int look_for_more(lk_window_state *w, lk_path *p, const lk_unit *u, lk_error *err) {
	lk_sealed sealed;
	int rc = lk_sealed_read(p->writer, w->copy->log, u->part, &sealed, err);
	if (LK_MUTANT("state_dropped_unsealed"))
		sealed.off = w->stored;
	if (rc == LK_OK && sealed.off > w->base && sealed.off <= w->stored) {
		w->base = sealed.off;
		strcpy(w->page, "0");
	}
	return rc;
}

int lk_window_state_sweep(lk_window_state *w, lk_path *p, const lk_unit *u, lk_error *err) {
	int rc = w->page[0] ? LK_OK : look_for_more(w, p, u, err);
	for (int i = 0; rc == LK_OK && i < SWEEP_PAGES && w->page[0]; i++) {
		rc = lk_state_drop(p->store, u->id, u->token, w->base, w->page, err);
		if (rc == LK_OK && !strcmp(w->page, "0"))
			w->page[0] = '\0';
	}
	return rc;
}
