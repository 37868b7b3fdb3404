/* Which stored piece of a copy is not what the log makes of it.
 *
 * An answer is a sum over pieces: the batch (in kappa: the sealed part) below its cut, then the segments of each unit.
 * The log is folded once more, each event into the piece whose range it lies in, but only cells of the rows in question
 * are kept; then the held and the made cells are compared piece by piece. A cell whose session is wrong may be part of
 * rows that it does not belong to, so for a session view the cells around its rows are kept too.
 *
 * Cells of past sessions only, which a batch or a seal may have removed, are not missing. Such a session is known by
 * its end, and the cells are kept from each kept cell up to the end of its row, which is after the horizon. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/late_events.h"
#include "compare/leg_rows.h"
#include "compare/pieces.h"
#include "core/key.h"
#include "core/time.h"
#include "event_log/scan.h"
#include "serving/answer.h"
#include "serving/windows.h"

enum { TRIES = 20 };

typedef struct piece {
	int part;                  /* -1: the batch */
	int64_t from, to, unit;
	lk_cells held, made;
} piece;

typedef struct pieces {
	lk_pg *pg;
	lk_store *store;
	lk_side *side;
	const lk_cut *until;
	lk_difference *d;
	lk_cell_filter filter;     /* the panes of the rows in question */
	int64_t cut[LK_MAX_PARTITIONS];
	int64_t horizon;           /* at the cut */
	lk_cells removable;        /* panes below the cut that housekeeping may remove */
	piece *of;
	size_t n, cap;
	unsigned rows;             /* in question */
	lk_buf scratch;
} pieces;

static piece *add_piece(pieces *s, int part, int64_t from, int64_t to, int64_t unit) {
	if (s->n == s->cap)
		s->of = lk_realloc(s->of, (s->cap = s->cap ? 2 * s->cap : 16) * sizeof *s->of);
	piece *p = &s->of[s->n++];
	*p = (piece){.part = part, .from = from, .to = to, .unit = unit};
	lk_cells_init(&p->held, s->side->plan);
	lk_cells_init(&p->made, s->side->plan);
	return p;
}

static void cut_to(pieces *s, size_t n) {
	for (size_t i = n; i < s->n; i++) {
		lk_cells_release(&s->of[i].held);
		lk_cells_release(&s->of[i].made);
	}
	s->n = n;
}

static int64_t less(int64_t a, int64_t b) {
	int64_t r;
	return __builtin_sub_overflow(a, b, &r) ? INT64_MIN : r;
}

/* The span in which the panes of a row begin. */
static lk_span panes_of(const lk_plan *p, lk_span row) {
	return p->window.kind == LK_W_SESSION ? (lk_span){less(row.start, 2 * p->window.size_us), row.end} : row;
}

/* Which of the rows in question the cell is part of. */
static unsigned rows_of(pieces *s, const lk_cells *c, const lk_cell *cell) {
	int64_t pane = lk_pane_get(lk_cell_field(c, cell));
	unsigned rows = lk_cell_rows(c, cell, s->d, &s->scratch);
	for (int i = 0; c->plan->window.kind == LK_W_SESSION && i < s->d->nshown; i++)
		if (lk_has_keys(s->d, i, &s->scratch) && lk_spans_meet(panes_of(c->plan, lk_identity_span(s->d->shown[i].identity)), (lk_span){pane, pane + 1}))
			rows |= 1u << i;
	return rows & s->rows;
}

/* Adds the cells of the rows in question. */
static void keep(pieces *s, lk_cells *into, const lk_cells *from) {
	for (const lk_cell *c = from->first; c; c = c->next)
		if (rows_of(s, from, c))
			lk_cells_add_state(into, lk_cell_field(from, c), c->field_len, lk_cell_state(from, c));
}

/* --- what is held --- */

static int read_batch(pieces *s, lk_error *err) {
	char id[24];
	lk_answer a = {0};
	snprintf(id, sizeof id, "%lld", (long long)s->side->copy->id);
	const lk_query q = {.view = s->side->copy->version->view->name, .copy = id, .layer = LK_LAYER_BATCH, .from = INT64_MIN, .to = INT64_MAX};
	lk_error e = {0};
	int rc = lk_answer_make(s->pg, NULL, &q, &a, &e);
	if (rc == LK_EUSAGE && s->side->copy->kappa)   /* nothing of it is sealed */
		return LK_OK;
	if (rc != LK_OK && err)
		*err = e;
	if (rc == LK_OK) {
		memcpy(s->cut, a.cut, sizeof s->cut);
		s->horizon = a.horizon;
		keep(s, &add_piece(s, -1, 0, 0, 0)->held, lk_is_tiling(&a.window) ? &a.cells : &a.panes);
	}
	lk_answer_release(&a);
	return rc;
}

/* 1 if a segment disappeared meanwhile. */
static int read_unit(pieces *s, int part, lk_error *err) {
	lk_unit_state u = {0};
	lk_cells open, cells;
	int64_t unit = s->side->copy->units[part];
	lk_cells_init(&open, s->side->plan);
	int rc = lk_store_read_unit(s->store, unit, &s->filter, &u, &open, err);
	for (int i = 0; rc == LK_OK && i < u.nsegments; i++) {
		const lk_segment *g = &u.segments[i];
		if (g->from < s->cut[part] || g->to > s->until->off[part] || g->from == g->to)
			continue;
		lk_cells_init(&cells, s->side->plan);
		if (!g->open)
			rc = lk_store_read_segment(s->store, unit, g, &s->filter, &cells, err);
		if (rc == LK_OK)
			keep(s, &add_piece(s, part, g->from, g->to, unit)->held, g->open ? &open : &cells);
		lk_cells_release(&cells);
	}
	lk_cells_release(&open);
	lk_unit_state_release(&u);
	return rc;
}

static int read_units(pieces *s, lk_error *err) {
	int rc = LK_OK;
	for (int part = 0; rc == LK_OK && part < s->until->partitions; part++) {
		size_t before = s->n;
		rc = read_unit(s, part, err);
		for (int i = 0; rc == 1 && i < TRIES; i++) {
			cut_to(s, before);
			rc = read_unit(s, part, err);
		}
	}
	return rc > 0 ? LK_OK : rc;
}

/* --- what the log makes --- */

static piece *piece_at(pieces *s, int part, int64_t off) {
	for (size_t i = 0; i < s->n; i++) {
		piece *p = &s->of[i];
		if (p->part < 0 ? off < s->cut[part] : p->part == part && off >= p->from && off < p->to)
			return p;
	}
	return NULL;
}

static int fold_partition(pieces *s, int part, lk_error *err) {
	lk_side *side = s->side;
	lk_scan scan;
	int64_t off;
	piece *p = NULL;
	int rc = lk_scan_begin(&scan, s->pg, &(lk_scan_of){.stream = side->copy->version->view->stream, .part = part, .columns = side->plan->needed, .ncolumns = side->plan->nneeded, .to = s->until->off[part]}, err);
	if (rc != LK_OK)
		return rc;
	while ((rc = lk_scan_next(&scan, side->folder.row, &off, err)) == LK_OK) {
		if (!p || p->part < 0 || off >= p->to)
			p = piece_at(s, part, off);
		if (!p || ((p->part >= 0 || side->copy->kappa) && lk_late_set_has(&side->late, part, off)))
			continue;
		lk_cells_clear(&side->one);
		side->folder.place.part = part;
		side->folder.place.off = off;
		lk_fold_event(&side->folder, &side->one, LK_NEVER);
		keep(s, &p->made, &side->one);
	}
	int ended = lk_scan_end(&scan, rc < 0 ? NULL : err);
	return rc < 0 ? rc : ended;
}

static void find_removable(pieces *s) {
	const lk_plan *p = s->side->plan;
	lk_cells all;
	if (p->window.kind != LK_W_SESSION || s->horizon == LK_NEVER)
		return;
	lk_cells_init(&all, p);
	for (size_t i = 0; i < s->n; i++)
		lk_cells_add(&all, &s->of[i].made);
	lk_sessions_removable(p, &all, s->horizon, &s->removable);
	lk_cells_release(&all);
}

/* --- held and made --- */

/* True if the piece need not hold this cell, which the log makes. */
static bool may_lack(const pieces *s, const piece *p, const lk_cell *made) {
	const uint8_t *field = lk_cell_field(&p->made, made);
	return p->part < 0 && lk_cells_find(&s->removable, field, made->field_len) && !lk_cells_find(&p->held, field, made->field_len);
}

static bool same_cell(const lk_cells *a, const lk_cell *x, const lk_cells *b) {
	lk_buf one = LK_BUF_INIT, other = LK_BUF_INIT;
	const lk_cell *y = lk_cells_find(b, lk_cell_field(a, x), x->field_len);
	if (y) {
		lk_cell_encode(a, x, &one);
		lk_cell_encode(b, y, &other);
	}
	bool same = y && one.len == other.len && !memcmp(one.data, other.data, one.len);
	lk_buf_release(&one);
	lk_buf_release(&other);
	return same;
}

/* The first cell of row i that is not what the log makes of it, and which of the two maps has it; NULL: none. Cells
 * beside the row that are no longer held have not changed the row. */
static const lk_cell *wrong_cell(pieces *s, const piece *p, int i, const lk_cells **in) {
	const lk_cells *const sides[] = {&p->held, &p->made};
	const lk_cell *first = NULL;
	for (int k = 0; k < 2; k++)
		for (const lk_cell *c = sides[k]->first; c; c = c->next) {
			unsigned rows = sides[k] == &p->held ? rows_of(s, sides[k], c) : lk_cell_rows(sides[k], c, s->d, &s->scratch);
			if (!(rows & 1u << i) || same_cell(sides[k], c, sides[1 - k]) || (sides[k] == &p->made && may_lack(s, p, c)))
				continue;
			if (!first || lk_identity_compare(lk_cell_field(sides[k], c), c->field_len, lk_cell_field(*in, first), first->field_len) < 0) {
				first = c;
				*in = sides[k];
			}
		}
	return first;
}

typedef struct pane_of_row {
	pieces *s;
	int i;
	int64_t pane;
} pane_of_row;

static bool is_in_pane(void *ctx, const lk_cells *c, const lk_cell *cell) {
	pane_of_row *of = ctx;
	return lk_pane_get(lk_cell_field(c, cell)) == of->pane && (rows_of(of->s, c, cell) & 1u << of->i);
}

static void tell(pieces *s, const piece *p, int i, int64_t pane) {
	lk_buf out = LK_BUF_INIT, held = LK_BUF_INIT, made = LK_BUF_INIT;
	pane_of_row of = {s, i, pane};
	lk_cells_text(&p->held, is_in_pane, &of, &held);
	lk_cells_text(&p->made, is_in_pane, &of, &made);
	if (p->part < 0)
		lk_buf_addf(&out, "no event explains it: the %s of %s", s->side->copy->kappa ? "sealed part" : "batch", s->side->name);
	else
		lk_buf_addf(&out, "no event explains it: segment [%lld, %lld) of partition %d, unit %lld of %s,", (long long)p->from, (long long)p->to,
		            p->part, (long long)p->unit, s->side->name);
	lk_buf_addf(&out, " holds %s", held.len ? held.data : "nothing");
	if (!lk_is_tiling(&s->side->plan->window)) {
		lk_buf_adds(&out, " in the pane of ");
		lk_time_print(pane, &out);
	}
	lk_buf_addf(&out, " where its events make %s", made.len ? made.data : "nothing");
	free(s->d->shown[i].first_event);
	s->d->shown[i].first_event = lk_buf_steal(&out);
	s->rows &= ~(1u << i);
	lk_buf_release(&held);
	lk_buf_release(&made);
}

static void judge(pieces *s) {
	for (int i = 0; i < s->d->nshown; i++)
		for (size_t k = 0; k < s->n && (s->rows & 1u << i); k++) {
			const lk_cells *in = NULL;
			const lk_cell *wrong = wrong_cell(s, &s->of[k], i, &in);
			if (wrong)
				tell(s, &s->of[k], i, lk_pane_get(lk_cell_field(in, wrong)));
		}
}

static bool share_time(const lk_difference *d, int i, int k) {
	size_t n = d->shown[i].identity_len;
	return n == d->shown[k].identity_len && lk_spans_meet(lk_identity_span(d->shown[i].identity), lk_identity_span(d->shown[k].identity))
	       && !memcmp((const uint8_t *)d->shown[i].identity + LK_IDENTITY_KEYS, (const uint8_t *)d->shown[k].identity + LK_IDENTITY_KEYS, n - LK_IDENTITY_KEYS);
}

/* If a wrong cell makes a session too long, it takes in other sessions, far from that cell: the same cell explains
 * them. */
static void judge_taken_in(pieces *s, unsigned asked) {
	lk_difference *d = s->d;
	for (int i = 0; i < d->nshown; i++)
		for (int k = 0; k < d->nshown && (s->rows & 1u << i); k++)
			if ((asked & ~s->rows & 1u << k) && share_time(d, i, k)) {
				free(d->shown[i].first_event);
				d->shown[i].first_event = lk_strdup(d->shown[k].first_event);
				s->rows &= ~(1u << i);
			}
}

static void set_filter(pieces *s) {
	const lk_plan *p = s->side->plan;
	s->filter = (lk_cell_filter){.from_pane = INT64_MAX, .to_pane = INT64_MIN, .pane_us = p->window.pane_us};
	for (int i = 0; i < s->d->nshown; i++) {
		lk_span panes = panes_of(p, lk_identity_span(s->d->shown[i].identity));
		if (!(s->rows & 1u << i))
			continue;
		s->filter.from_pane = panes.start < s->filter.from_pane ? panes.start : s->filter.from_pane;
		s->filter.to_pane = panes.end > s->filter.to_pane ? panes.end : s->filter.to_pane;
	}
}

int lk_wrong_pieces(lk_pg *pg, lk_store *store, lk_side *side, const lk_cut *until, lk_difference *d, unsigned *rows, lk_error *err) {
	pieces s = {.pg = pg, .store = store, .side = side, .until = until, .d = d, .rows = *rows, .horizon = LK_NEVER};
	if (!s.rows)
		return LK_OK;
	lk_cells_init(&s.removable, side->plan);
	set_filter(&s);
	int rc = read_batch(&s, err);
	if (rc == LK_OK)
		rc = read_units(&s, err);
	for (int part = 0; rc == LK_OK && part < until->partitions; part++)
		rc = fold_partition(&s, part, err);
	if (rc == LK_OK) {
		find_removable(&s);
		judge(&s);
	}
	if (rc == LK_OK && side->plan->window.kind == LK_W_SESSION)
		judge_taken_in(&s, *rows);
	*rows = s.rows;
	cut_to(&s, 0);
	lk_cells_release(&s.removable);
	free(s.of);
	lk_buf_release(&s.scratch);
	return rc;
}
