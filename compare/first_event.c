/* Why two rows differ: the first event that only one side counts.
 *
 * If both sides have the same plan, an event can make a difference only by being late for one of them; such events are
 * in lk.late, so the log need not be scanned. If the plans differ, each event is folded alone by both, and what it adds
 * to the rows in question is compared. "First" means in the order in which the log took the events: by _at, then
 * partition, then offset.
 *
 * If no event explains a row, or late events do not make it equal, then what a copy holds is not what the log makes of
 * it, and the row says so. */
#include <stdlib.h>
#include <string.h>

#include "compare/late_events.h"
#include "compare/result_rows.h"
#include "compare/side.h"
#include "core/time.h"

typedef struct place {
	int64_t at, off;
	int part;
	bool found;
} place;

typedef struct search {
	lk_pg *pg;
	const lk_cut *until;
	lk_difference *d;
	lk_side side[2];
	place best[LK_DIFFERENCES_SHOWN];
	lk_buf text[2], scratch;
} search;

/* --- sides --- */

static int read_late(search *s, lk_side *side, lk_error *err) {
	lk_late_reader reader;
	size_t cap = 0;
	if (!side->copy || side->plan->allowed_lateness_us < 0)
		return LK_OK;
	int rc = lk_late_open(&reader, s->pg, side->copy, s->until, err);
	while (rc == LK_OK && (rc = lk_late_next(&reader, &side->folder, err)) == LK_OK) {
		if (side->late.n == cap)
			side->late.at = lk_realloc(side->late.at, (cap = cap ? 2 * cap : 64) * sizeof *side->late.at);
		side->late.at[side->late.n++] = (struct lk_late_at){side->folder.place.part, side->folder.place.off};
	}
	lk_late_close(&reader);
	lk_late_set_sort(&side->late);
	return rc < 0 ? rc : LK_OK;
}

static void init_side(lk_side *side, const char *name, const lk_cat_copy *copy, const lk_plan *plan) {
	*side = (lk_side){.name = name, .copy = copy, .plan = copy ? copy->version->plan : plan};
	lk_folder_init(&side->folder, side->plan);
	lk_cells_init(&side->one, side->plan);
}

static void release_side(lk_side *side) {
	lk_folder_release(&side->folder);
	lk_cells_release(&side->one);
	free(side->late.at);
}

static bool is_earlier(const place *a, const place *b) {
	if (!b->found || a->at != b->at)
		return !b->found || a->at < b->at;
	return a->part != b->part ? a->part < b->part : a->off < b->off;
}

static void begin_text(search *s, int i, const place *at, int64_t event_time, lk_buf *out) {
	s->best[i] = *at;
	lk_buf_addf(out, "partition %d, offset %lld, ", at->part, (long long)at->off);
	lk_time_print(event_time, out);
	lk_buf_adds(out, ": ");
}

static void end_text(search *s, int i, lk_buf *out) {
	free(s->d->shown[i].first_event);
	s->d->shown[i].first_event = lk_buf_steal(out);
}

/* --- one plan: late for only one side --- */

static void note_late(search *s, lk_side *side, const lk_side *other, const place *at) {
	const lk_plan *p = side->plan;
	lk_cells_clear(&side->one);
	lk_fold_event(&side->folder, &side->one, LK_NEVER);
	unsigned rows = lk_cells_rows(&side->one, s->d, &s->scratch);
	for (int i = 0; i < s->d->nshown; i++) {
		if (!(rows & 1u << i) || !is_earlier(at, &s->best[i]))
			continue;
		lk_buf out = LK_BUF_INIT;
		begin_text(s, i, at, side->folder.row[p->stream->schema.event_time].i, &out);
		lk_buf_addf(&out, "late for %s, counted by %s", side->name, other->name);
		end_text(s, i, &out);
	}
}

static int look_among_late(search *s, lk_side *side, const lk_side *other, lk_error *err) {
	lk_late_reader reader;
	if (!side->late.n)
		return LK_OK;
	int rc = lk_late_open(&reader, s->pg, side->copy, s->until, err);
	while (rc == LK_OK && (rc = lk_late_next(&reader, &side->folder, err)) == LK_OK) {
		const place at = {.at = side->folder.row[lk_slot_at(side->plan->stream)].i, .part = side->folder.place.part, .off = side->folder.place.off, .found = true};
		if (!lk_late_set_has(&other->late, at.part, at.off))
			note_late(s, side, other, &at);
	}
	lk_late_close(&reader);
	return rc < 0 ? rc : LK_OK;
}

/* --- two plans: folded by both --- */

static void fold_alone(lk_side *side, const place *at) {
	lk_cells_clear(&side->one);
	side->folder.place.part = at->part;
	side->folder.place.off = at->off;
	if (!lk_late_set_has(&side->late, at->part, at->off))
		lk_fold_event(&side->folder, &side->one, LK_NEVER);
}

static void put_what_counts(const search *s, int k, const place *at, lk_buf *out) {
	const lk_side *side = &s->side[k];
	if (s->text[k].len)
		lk_buf_addf(out, "%s counts %s", side->name, s->text[k].data);
	else
		lk_buf_addf(out, "%s does not count it%s", side->name, lk_late_set_has(&side->late, at->part, at->off) ? " (late)" : "");
}

static bool same_text(const lk_buf *a, const lk_buf *b) { return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len)); }

static void note_unlike(search *s, const place *at, int64_t event_time) {
	unsigned rows = 0;
	for (int k = 0; k < 2; k++) {
		fold_alone(&s->side[k], at);
		rows |= lk_cells_rows(&s->side[k].one, s->d, &s->scratch);
	}
	for (int i = 0; i < s->d->nshown; i++) {
		if (!(rows & 1u << i) || !is_earlier(at, &s->best[i]))
			continue;
		for (int k = 0; k < 2; k++)
			lk_cells_text(&s->side[k].one, s->d, i, &s->scratch, &s->text[k]);
		if (same_text(&s->text[0], &s->text[1]))
			continue;
		lk_buf out = LK_BUF_INIT;
		begin_text(s, i, at, event_time, &out);
		put_what_counts(s, 0, at, &out);
		lk_buf_adds(&out, "; ");
		put_what_counts(s, 1, at, &out);
		end_text(s, i, &out);
	}
}

/* _at never goes back in a partition, so the rest of it cannot be earlier than what was found. */
static bool is_settled(const search *s, int64_t at) {
	for (int i = 0; i < s->d->nshown; i++)
		if (!s->best[i].found || s->best[i].at >= at)
			return false;
	return true;
}

static int join_columns(const search *s, int *columns) {
	const lk_stream *stream = s->side[0].plan->stream;
	bool wanted[LK_MAX_COLUMNS] = {false};
	int n = 0;
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < s->side[k].plan->nneeded; i++)
			wanted[s->side[k].plan->needed[i]] = true;
	for (int c = 0; c < stream->schema.ncolumns; c++)
		if (wanted[c])
			columns[n++] = c;
	return n;
}

static int scan_partition(search *s, const lk_scan_of *what, lk_value *row, lk_error *err) {
	const lk_stream *stream = what->stream->stream;
	lk_scan scan;
	place at = {.part = what->part, .found = true};
	int rc = lk_scan_begin(&scan, s->pg, what, err);
	if (rc != LK_OK)
		return rc;
	while ((rc = lk_scan_next(&scan, row, &at.off, err)) == LK_OK) {
		at.at = row[lk_slot_at(stream)].i;
		if (is_settled(s, at.at))
			break;
		note_unlike(s, &at, row[stream->schema.event_time].i);
	}
	int ended = lk_scan_end(&scan, rc < 0 ? NULL : err);
	return rc < 0 ? rc : ended;
}

static int scan_log(search *s, const lk_cat_stream *stream, lk_error *err) {
	int columns[LK_MAX_COLUMNS], n = join_columns(s, columns), rc = LK_OK;
	int nslots = s->side[0].plan->nslots > s->side[1].plan->nslots ? s->side[0].plan->nslots : s->side[1].plan->nslots;
	lk_value *row = lk_calloc((size_t)nslots, sizeof *row), *own[2];
	for (int i = 0; i < nslots; i++)
		row[i] = lk_null();
	for (int k = 0; k < 2; k++) {
		own[k] = s->side[k].folder.row;
		s->side[k].folder.row = row;
	}
	lk_scan_of what = {.stream = stream, .columns = columns, .ncolumns = n};
	for (; what.part < s->until->at.n && rc == LK_OK; what.part++) {
		what.to = s->until->at.part[what.part].off;
		rc = scan_partition(s, &what, row, err);
	}
	for (int k = 0; k < 2; k++)
		s->side[k].folder.row = own[k];
	free(row);
	return rc;
}

/* --- entry point --- */

static bool one_plan(const search *s) { return !strcmp(s->side[0].plan->hash, s->side[1].plan->hash); }

static int look_for_events(search *s, const lk_cat_stream *stream, lk_error *err) {
	int rc = read_late(s, &s->side[0], err);
	if (rc == LK_OK)
		rc = read_late(s, &s->side[1], err);
	if (rc != LK_OK || !one_plan(s))
		return rc == LK_OK ? scan_log(s, stream, err) : rc;
	rc = look_among_late(s, &s->side[0], &s->side[1], err);
	return rc == LK_OK ? look_among_late(s, &s->side[1], &s->side[0], err) : rc;
}

/* Why no event is named; and of a late event that it is not the whole cause. */
static void say_the_rest(search *s, bool with_sql) {
	const char *why = with_sql ? "no event explains it: the copy does not hold what the log makes of it, or PostgreSQL"
	                             " computes another value from the same events"
	                  : one_plan(s) ? "no event explains it: one copy does not hold what the log makes of it"
	                  : "no single event: both sides count the same of each event, but their results over all of them differ";
	for (int i = 0; i < s->d->nshown; i++) {
		char *event = s->d->shown[i].first_event;
		if (!event) {
			s->d->shown[i].first_event = lk_strdup(why);
		} else if (one_plan(s) && !s->d->shown[i].by_late) {
			s->d->shown[i].first_event = lk_asprintf("%s; late events alone do not explain it", event);
			free(event);
		}
	}
}

int lk_first_events(lk_pg *pg, const lk_sides *of, lk_difference *d, lk_error *err) {
	search s = {.pg = pg, .until = of->until, .d = d};
	if (!d->nshown)
		return LK_OK;
	init_side(&s.side[0], d->left, of->left, of->plan);
	init_side(&s.side[1], d->right, of->right, of->plan);
	const lk_cat_copy *any = of->left ? of->left : of->right;
	int rc = any ? look_for_events(&s, any->version->reads, err) : LK_OK;
	if (rc == LK_OK)
		say_the_rest(&s, !of->left || !of->right);
	for (int k = 0; k < 2; k++) {
		release_side(&s.side[k]);
		lk_buf_release(&s.text[k]);
	}
	lk_buf_release(&s.scratch);
	return rc;
}
