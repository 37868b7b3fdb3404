/* A range of history: its offsets, and the copy that a replay of it fills.
 *
 * By `_at`, which never goes back in a partition, the range is an interval of offsets, and its ends are found by binary
 * search. By event time it is not: the events of the range lie between the first and the last of them, and the stream
 * path (speed_layer/stream_path.c) leaves out the others there. A partition without events in the range starts and ends
 * at its log's end, so it does not hold back what is final.
 *
 * Units of a sandbox begin at a cut, with the watermark of the log below it: so an event of the range is late in the
 * sandbox exactly if it is late in a replay of everything.
 *
 * A sandbox has its own lock, its copy's id. The same request resumes an interrupted one: by its name, or if no name is
 * given, one of the same range with a generated name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/log_sql.h"
#include "catalog/tail.h"
#include "core/fault.h"
#include "core/time.h"
#include "event_log/scan.h"
#include "replay/private.h"

#define GIVEN_NAME     "replay_"
#define NAME_TRIES     100

/* --- offsets --- */

static void time_sql(int64_t us, lk_buf *out) {
	lk_buf_adds(out, "timestamptz '");
	lk_time_print(us < LK_TIME_MIN ? LK_TIME_MIN : us > LK_TIME_MAX ? LK_TIME_MAX : us, out);
	lk_buf_addc(out, '\'');
}

static void column_sql(const lk_stream *s, const lk_range *range, lk_buf *out) {
	lk_sql_ident(range->by == LK_BY_AT ? "_at" : s->schema.columns[s->schema.event_time].name, out);
}

/* Rows (part, first offset, last offset + 1, least time, largest time); NULLs for a partition without such events. */
static int look(lk_pg *pg, const lk_range_in *in, PGresult **res, lk_error *err) {
	const lk_stream *s = in->stream->stream;
	lk_buf sql = LK_BUF_INIT, column = LK_BUF_INIT;
	column_sql(s, in->range, &column);
	for (int p = 0; p < s->partitions; p++) {
		lk_buf_addf(&sql, "%sSELECT %d AS part, min(off), max(off) + 1, " LK_SQL_US("min(%s)") ", " LK_SQL_US("max(%s)") " FROM ",
		            p ? " UNION ALL " : "", p, column.data, column.data);
		lk_log_leaf(s, p, &sql);
		lk_log_between(p, in->from ? in->from->part[p].off : 0, in->to->part[p].off, &sql);
		if (in->range->from != INT64_MIN) {
			lk_buf_addf(&sql, " AND %s >= ", column.data);
			time_sql(in->range->from, &sql);
		}
		if (in->range->to != INT64_MAX) {
			lk_buf_addf(&sql, " AND %s < ", column.data);
			time_sql(in->range->to, &sql);
		}
	}
	lk_buf_adds(&sql, " ORDER BY part");
	int rc = lk_pg_query(pg, res, err, sql.data);
	lk_buf_release(&sql);
	lk_buf_release(&column);
	return rc;
}

int lk_range_times(lk_pg *pg, const lk_range_in *in, int64_t *least, int64_t *largest, lk_error *err) {
	PGresult *res = NULL;
	int rc = look(pg, in, &res, err);
	*least = INT64_MAX;
	*largest = INT64_MIN;
	for (int p = 0; rc == LK_OK && p < in->stream->stream->partitions; p++) {
		int64_t low = lk_pg_int_or(res, p, 3, INT64_MAX), high = lk_pg_int_or(res, p, 4, INT64_MIN);
		*least = low < *least ? low : *least;
		*largest = high > *largest ? high : *largest;
	}
	PQclear(res);
	return rc;
}

static int by_event(lk_pg *pg, const lk_range_in *in, lk_frontier *start, lk_frontier *end, lk_error *err) {
	PGresult *res = NULL;
	int rc = look(pg, in, &res, err);
	for (int p = 0; rc == LK_OK && p < in->stream->stream->partitions; p++) {
		start->part[p].off = lk_pg_int_or(res, p, 1, in->to->part[p].off);
		end->part[p].off = lk_pg_int_or(res, p, 2, in->to->part[p].off);
	}
	PQclear(res);
	return rc;
}

/* The first offset below `to` whose _at is not before this time, else `to`. */
static int first_at(lk_pg *pg, const lk_range_in *in, int part, int64_t time, int64_t *off, lk_error *err) {
	int64_t low = 0, high = time == INT64_MIN ? 0 : in->to->part[part].off, at;
	while (low < high) {
		int64_t middle = low + (high - low) / 2;
		int rc = lk_log_at(pg, in->stream, part, middle, &at, err);
		if (rc == LK_OK && at == LK_NEVER)
			rc = lk_fail(err, LK_EGAP, "stream %s, partition %d: event %lld is missing from the log",
			             in->stream->stream->name, part, (long long)middle);
		if (rc != LK_OK)
			return rc;
		if (at < time)
			low = middle + 1;
		else
			high = middle;
	}
	*off = low;
	return LK_OK;
}

static int by_at(lk_pg *pg, const lk_range_in *in, lk_frontier *start, lk_frontier *end, lk_error *err) {
	int rc = LK_OK;
	for (int p = 0; rc == LK_OK && p < in->stream->stream->partitions; p++) {
		rc = first_at(pg, in, p, in->range->from, &start->part[p].off, err);
		end->part[p].off = in->to->part[p].off;
		if (rc == LK_OK && in->range->to != INT64_MAX)
			rc = first_at(pg, in, p, in->range->to, &end->part[p].off, err);
	}
	return rc;
}

/* --- empty ranges --- */

static void add_range(const lk_range *range, lk_buf *out) {
	if (range->from != INT64_MIN) {
		lk_buf_adds(out, " from ");
		lk_time_print(range->from, out);
	}
	if (range->to != INT64_MAX) {
		lk_buf_adds(out, " to before ");
		lk_time_print(range->to, out);
	}
}

static int say_nothing_there(lk_pg *pg, const lk_range_in *in, lk_error *err) {
	const lk_range *range = in->range, all = {.by = range->by, .from = INT64_MIN, .to = INT64_MAX};
	const char *name = in->stream->stream->name;
	int64_t least, largest;
	lk_buf asked = LK_BUF_INIT, there = LK_BUF_INIT;
	int rc = lk_range_times(pg, &(lk_range_in){.stream = in->stream, .range = &all, .to = in->to}, &least, &largest, err);
	if (rc != LK_OK)
		return rc;
	if (least > largest)
		return lk_fail(err, LK_EUSAGE, "stream %s has no events", name);
	add_range(range, &asked);
	lk_time_print(least, &there);
	lk_buf_adds(&there, " to ");
	lk_time_print(largest, &there);
	lk_fail(err, LK_EUSAGE, "no event lies in the range%s%s: the events of stream %s are from %s",
	        asked.len ? asked.data : "", range->by == LK_BY_AT ? " by _at" : "", name, there.data);
	if (range->by == LK_BY_EVENT)
		lk_hint(err, "the range is in event time; --by _at takes the time when the log took the events");
	lk_buf_release(&asked);
	lk_buf_release(&there);
	return LK_EUSAGE;
}

static int check_range(const lk_range *range, lk_error *err) {
	lk_buf text = LK_BUF_INIT;
	if (range->from < range->to)
		return LK_OK;
	add_range(range, &text);
	lk_fail(err, LK_EUSAGE, "a range%s holds nothing", text.data);
	lk_buf_release(&text);
	return lk_hint(err, "a range includes its first time and ends before its second");
}

int lk_range_offsets(lk_pg *pg, const lk_cat_stream *s, const lk_range *range, lk_frontier *start, lk_frontier *end,
                     lk_error *err) {
	lk_frontier tail = {0};
	const lk_range_in in = {.stream = s, .range = range, .to = &tail};
	int rc = check_range(range, err);
	if (rc == LK_OK)
		rc = lk_log_tail(pg, s, &tail, err);
	*start = *end = tail;
	if (rc == LK_OK)
		rc = (range->by == LK_BY_AT ? by_at : by_event)(pg, &in, start, end, err);
	for (int p = 0; rc == LK_OK && p < s->stream->partitions; p++)
		if (start->part[p].off < end->part[p].off)
			return LK_OK;
	return rc == LK_OK ? say_nothing_there(pg, &in, err) : rc;
}

/* --- the sandbox --- */

static bool is_same_range(const lk_range *a, const lk_range *b) {
	return a->by == b->by && a->from == b->from && a->to == b->to;
}

static bool was_given_its_name(const lk_cat_copy *c) { return strncmp(c->name, GIVEN_NAME, strlen(GIVEN_NAME)) == 0; }

static bool may_go_on_with(const lk_cat_copy *c, const lk_cat_version *v, const char *name, const lk_range *range) {
	return c->state == LK_COPY_SANDBOX && c->version == v && is_same_range(&c->range, range)
	       && (name[0] ? strcmp(c->name, name) == 0 : was_given_its_name(c));
}

const lk_cat_copy *lk_sandbox_find(const lk_catalog *c, const lk_cat_version *v, const char *name,
                                   const lk_range *range) {
	for (int i = 0; i < c->ncopies; i++)
		if (may_go_on_with(&c->copies[i], v, name, range))
			return &c->copies[i];
	return NULL;
}

static int busy(lk_replay *r, const lk_cat_copy *c, lk_error *err) {
	lk_buf who = LK_BUF_INIT;
	lk_pg_lock_holder(&r->pg, c->id, &who, NULL);
	lk_fail(err, LK_EBUSY, "sandbox %s is being replayed%s%s", c->name, who.len ? ": " : "", who.len ? who.data : "");
	lk_hint(err, "wait until it has ended, or choose another name");
	lk_buf_release(&who);
	return LK_EBUSY;
}

/* Sets *behind if the view store has lost a part of the copy: only a replay repairs that. */
static int is_behind(lk_replay *r, const lk_cat_copy *c, const lk_cut *end, bool *behind, lk_error *err) {
	*behind = false;
	for (int p = 0; p < end->at.n; p++) {
		lk_unit_state st = {0};
		int rc = lk_store_read_unit(r->store, c->units[p], NULL, &st, NULL, err);
		*behind |= rc >= 0 && (rc == LK_OK ? st.at.cursor : c->cut.part[p].off) < end->at.part[p].off;
		lk_unit_state_release(&st);
		if (rc < 0)
			return rc;
	}
	return LK_OK;
}

enum found { COMPLETE, INTERRUPTED, GONE };

/* Locks the copy and finds out its state; unlocks it unless it was interrupted. */
static int lock_found(lk_replay *r, const lk_cat_copy *c, enum found *found, lk_error *err) {
	lk_replay_row row = {0};
	bool behind = false;
	int rc = lk_replay_lock(r, c->id, err);
	if (rc != LK_OK)
		return rc;
	rc = lk_replay_read(&r->pg, c, &row, err);
	if (rc == LK_OK && row.there && row.ended_at != LK_NEVER)
		rc = is_behind(r, c, &row.end, &behind, err);
	if (rc != LK_OK)
		return rc;
	*found = !row.there || row.ended_at == LK_NEVER || behind ? INTERRUPTED : COMPLETE;
	if (!lk_unit_is_live(&r->pg, c->units[0]))   /* the process that replayed it a moment ago has removed it */
		*found = GONE;
	return *found == INTERRUPTED ? LK_OK : lk_pg_unlock(&r->pg, c->id, err);
}

static int go_on_with(lk_replay *r, const lk_cat_copy *c, lk_error *err) {
	int64_t id = c->id;
	if (r->o->fresh) {
		int rc = lk_copy_drop(&r->pg, id, err);
		if (rc == LK_OK)
			lk_replay_sweep(r);
		return rc;
	}
	r->report.resumed = true;
	return lk_replay_adopt(r, id, err);
}

static int make_at(lk_replay *r, const lk_cat_version *v, const char *name, const lk_frontier *start, lk_error *err) {
	int64_t id;
	const lk_copy_spec spec = {.kappa = true, .state = LK_COPY_SANDBOX, .name = name, .range = r->o->range,
	                           .start = start};
	int rc = lk_copy_make(&r->pg, v, &spec, &id, err);
	if (rc != LK_OK)
		return rc;
	LK_CRASH_POINT("replay.made");
	rc = lk_pg_try_lock(&r->pg, id, err);
	if (rc == LK_EBUSY)   /* another process found it without an owner and resumed it */
		return lk_fail(err, LK_EBUSY, "sandbox %s is being replayed by another process", name);
	return rc == LK_OK ? lk_replay_adopt(r, id, err) : rc;
}

static int make(lk_replay *r, const lk_cat_version *v, const char *name, lk_error *err) {
	lk_frontier start, end;
	int rc = lk_range_offsets(&r->pg, r->view->stream, &r->o->range, &start, &end, err);
	return rc == LK_OK ? make_at(r, v, name, &start, err) : rc;
}

/* Relative times such as -1h differ each time, so the same command does not name the same range. */
static int name_is_taken(const lk_cat_copy *c, const lk_cat_version *v, const lk_range *asked, lk_error *err) {
	const char *view = c->version->view->name;
	lk_buf range = LK_BUF_INIT;
	lk_fail(err, LK_EUSAGE, "there is a sandbox %s of view %s already", c->name, view);
	add_range(&c->range, &range);
	if (c->version == v && !is_same_range(&c->range, asked))
		lk_hint(err, "it holds %s%s: name the same times to resume it, choose another name, or drop it:"
		        " lk drop %s --copy %s",
		        range.len ? "the events" : "all events", range.len ? range.data : "", view, c->name);
	else
		lk_hint(err, "choose another name, or drop it: lk drop %s --copy %s", view, c->name);
	lk_buf_release(&range);
	return LK_EUSAGE;
}

static int adopt_named(lk_replay *r, const lk_cat_version *v, const char *name, lk_error *err) {
	const lk_cat_copy *c = lk_catalog_sandbox(r->catalog, name);
	enum found found = COMPLETE;
	if (!c)
		return make(r, v, name, err);
	if (may_go_on_with(c, v, name, &r->o->range)) {
		int rc = lock_found(r, c, &found, err);
		if (rc == LK_EBUSY)
			return busy(r, c, err);
		if (rc == LK_OK && found == INTERRUPTED)
			rc = go_on_with(r, c, err);
		if (rc != LK_OK || r->copy)
			return rc;
		if (found != COMPLETE)   /* or it was dropped just now, to start afresh */
			return make(r, v, name, err);
	}
	return name_is_taken(c, v, &r->o->range, err);
}

/* Adopts an interrupted sandbox of the same version and range that nobody replays. */
static int adopt_unnamed(lk_replay *r, const lk_cat_version *v, lk_error *err) {
	for (int i = 0; i < r->catalog->ncopies; i++) {
		const lk_cat_copy *c = &r->catalog->copies[i];
		enum found found = COMPLETE;
		if (!may_go_on_with(c, v, "", &r->o->range))
			continue;
		int rc = lock_found(r, c, &found, err);
		if (rc == LK_OK && found == INTERRUPTED)
			rc = go_on_with(r, c, err);
		if ((rc != LK_OK && rc != LK_EBUSY) || r->copy)
			return rc;
	}
	return LK_OK;
}

static int make_unnamed(lk_replay *r, const lk_cat_version *v, lk_error *err) {
	lk_frontier start, end;
	int rc = lk_range_offsets(&r->pg, r->view->stream, &r->o->range, &start, &end, err);
	if (rc != LK_OK)
		return rc;
	for (int n = 1, tries = 1;; n++) {
		char name[32];
		lk_error e = {0};
		snprintf(name, sizeof name, GIVEN_NAME "%d", n);
		if (lk_catalog_sandbox(r->catalog, name))
			continue;
		rc = make_at(r, v, name, &start, &e);
		if ((rc == LK_EUSAGE || rc == LK_EBUSY) && tries++ < NAME_TRIES)   /* another process was first */
			continue;
		if (rc != LK_OK && err)
			*err = e;
		return rc;
	}
}

int lk_sandbox_adopt(lk_replay *r, const lk_cat_version *v, lk_error *err) {
	int rc = LK_OK;
	if (r->copy) {   /* an earlier attempt had it */
		rc = lk_replay_lock(r, r->copy_id, err);
		return rc == LK_EBUSY ? busy(r, r->copy, err) : rc;
	}
	rc = check_range(&r->o->range, err);
	if (rc == LK_OK && r->o->sandbox[0])
		rc = adopt_named(r, v, r->o->sandbox, err);
	else if (rc == LK_OK)
		rc = adopt_unnamed(r, v, err);
	if (rc == LK_OK && !r->copy)
		rc = make_unnamed(r, v, err);
	if (rc == LK_OK)
		snprintf(r->report.sandbox, sizeof r->report.sandbox, "%s", r->copy->name);
	return rc;
}
