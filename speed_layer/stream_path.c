/* The stream path. One pass is one fetch: the units of a partition that are at the lowest cursor share it.
 *
 *     fetch [from, limit) ── event ──► unit A: fold, watermark, batch full? ──► commit
 *              │                 └───► unit B: …
 *              └── live cuts of the same snapshot
 *
 * All units of the group read one row, so an event is decoded once, straight into the place where it is evaluated. What
 * an event does is up to the unit's operator (operator.h).
 *
 * After a commit is sent, folding goes on while Redis works: one commit may be under way on the connection, so units
 * take turns, and the outcome is read before the next one is sent. That is safe because the request is encoded in full
 * when it is sent, and because a unit whose commit fails drops everything that it folded since: nothing is ever built
 * upon a commit that was not acknowledged.
 *
 * If a live cut lies at the offset of the next event, what was folded is committed, and what comes is kept apart from it
 * (in a new segment). Side outputs are committed to PostgreSQL before the commit whose cursor passes their events.
 *
 * A gate stops the pass before the first event that is not due yet, at the same event for all units of the group, so a
 * paced replay makes the same cells as any other. An event outside a sandbox's range moves cursor and watermark like
 * every event, and changes nothing else. */
#include "core/flag.h"
#include "speed_layer/unit.h"

#include <stdlib.h>

#include "core/fault.h"
#include "core/time.h"
#include "plan/watermark.h"

#define CLOCK_EVENTS  1000
/* A commit in PostgreSQL waits for its disk, so those of a pass that goes on come less often. At its end all is committed. */
#define IN_LOG_US   200000
const lk_stream_limits lk_stream_defaults = {
	.fetch_events = 500000,
	.commit_events = 100000,
	.commit_cells = 10000,
	.commit_us = 20000,
	.segment_bytes = (size_t)64 << 20,
};

typedef struct pass {
	lk_path *path;
	const lk_cat_stream *stream;
	lk_unit **group;          /* the units at the lowest cursor; one that fails leaves */
	int ngroup;
	int64_t from, limit, events;
	int64_t commit_at_us;     /* when the oldest uncommitted event may wait no longer */
	int columns[LK_MAX_COLUMNS], ncolumns;
	int next_cut;
	lk_value *row;            /* shared by the folders of the group */
	lk_scan scan;
} pass;

/* --- commit --- */

static void await_commit(lk_path *p) {
	lk_unit *u = p->pending;
	lk_error e = {0};
	if (!u)
		return;
	p->pending = NULL;
	if (lk_store_commit_wait(p->store, &e) == LK_OK) {
		lk_unit_acknowledged(p, u);
		return;
	}
	u->outcome_unknown = e.code == LK_EUNREACHABLE;
	lk_unit_fail(u, &e);
}

static void commit(lk_path *p, lk_unit *u) {
	lk_error e = {0};
	await_commit(p);
	if (!u->taken || u->uncommitted_events == 0)
		return;
	if (u->op->commit(p, u, &e) != LK_OK) {
		lk_unit_fail(u, &e);
		return;
	}
	u->sent = u->at.cursor;
	u->on_way = u->folded;
	u->folded = (lk_folded){0};
	u->uncommitted_events = 0;
	if (u->op->in_log)
		lk_unit_acknowledged(p, u);
	else
		p->pending = u;
}

static void leave_failed(pass *s) {
	int n = 0;
	for (int i = 0; i < s->ngroup; i++)
		if (s->group[i]->taken)
			s->group[n++] = s->group[i];
	s->ngroup = n;
}

static void commit_all(pass *s) {
	for (int i = 0; i < s->ngroup; i++)
		commit(s->path, s->group[i]);
	s->commit_at_us = lk_monotonic_us() + s->path->limits.commit_us;
	leave_failed(s);
}

/* What has waited long enough. */
static void commit_due(pass *s) {
	int64_t now = lk_monotonic_us();
	for (int i = 0; i < s->ngroup; i++) {
		lk_unit *u = s->group[i];
		if (u->op->in_log && now < u->next_in_log_us)
			continue;
		u->next_in_log_us = now + IN_LOG_US;
		commit(s->path, u);
	}
	s->commit_at_us = lk_monotonic_us() + s->path->limits.commit_us;
	leave_failed(s);
}

/* --- events --- */

/* A sandbox by `_at` is bounded by the offsets where it begins and ends; by event time each event is checked. */
static bool is_in_range(const pass *s, const lk_cat_copy *copy) {
	if (copy->state != LK_COPY_SANDBOX || copy->range.by != LK_BY_EVENT)
		return true;
	int64_t time = s->row[s->stream->stream->schema.event_time].i;
	return copy->range.from <= time && time < copy->range.to;
}

static void process(pass *s, lk_unit *u, int64_t off) {
	const lk_plan *plan = lk_unit_plan(u);
	const lk_stream_limits *most = &s->path->limits;
	int64_t at = s->row[lk_slot_at(plan->stream)].i;
	const lk_event e = {.stream = s->stream, .row = s->row, .part = s->scan.part, .off = off, .high = s->scan.high};
	u->at.watermark = lk_watermark_raise(plan, u->at.watermark, e.high);
	bool full = is_in_range(s, u->copy) && u->op->row(u, &e, most);
	u->at.cursor = off + 1;
	u->at.watermark = lk_watermark_advance(plan, u->at.watermark, s->row[plan->stream->schema.event_time].i, at);
	u->at.run = lk_run_next(u->at.last_at, u->at.run, at);
	u->at.last_at = at;
	u->uncommitted_events++;
	if (full || u->uncommitted_events >= most->commit_events)
		commit(s->path, u);
}

/* Offsets are dense and the cuts ascend, so a cut that is at or below the next event and above the last one equals the
 * next event's offset. */
static void close_at_cut(pass *s, int64_t off) {
	while (s->next_cut < s->scan.ncuts && s->scan.cuts[s->next_cut] <= off)
		s->next_cut++;
	commit_all(s);
	for (int i = 0; i < s->ngroup; i++)
		s->group[i]->op->cut(s->group[i]);
}

static bool stopped(const lk_path *p) { return lk_flag_is_set(p->stop); }

/* True if the event just read is later than the gate. Events outside a sandbox's range do not wait. */
static bool waits_at_gate(const pass *s) {
	lk_path *p = s->path;
	if (!p->gated || !is_in_range(s, s->group[0]->copy))
		return false;
	int64_t time = s->row[p->gate_by == LK_BY_AT ? lk_slot_at(s->stream->stream) : s->stream->stream->schema.event_time].i;
	if (time > p->gate)
		p->at_gate = time;
	else if (time > p->gate_high)
		p->gate_high = time;
	return time > p->gate;
}

static int read_events(pass *s, lk_error *err) {
	int64_t off;
	int rc = LK_OK;
	while (s->ngroup > 0 && (rc = lk_scan_next(&s->scan, s->row, &off, err)) == LK_OK && !waits_at_gate(s)) {
		if (s->next_cut < s->scan.ncuts && s->scan.cuts[s->next_cut] <= off)
			close_at_cut(s, off);
		int failed = 0;
		for (int i = 0; i < s->ngroup; i++) {
			if (s->group[i]->taken)
				process(s, s->group[i], off);
			failed += !s->group[i]->taken;
		}
		if (failed)
			leave_failed(s);
		if (++s->events % CLOCK_EVENTS == 0) {
			if (lk_monotonic_us() >= s->commit_at_us)
				commit_due(s);
			if (stopped(s->path))
				break;
		}
	}
	return rc < 0 ? rc : LK_OK;
}

/* --- the pass --- */

/* The group is the units at the lowest cursor. The next higher cursor bounds the fetch, so that they meet there. */
static void form_group(pass *s, lk_unit **units, int nunits, int64_t end_off) {
	int64_t lowest = INT64_MAX, next = INT64_MAX;
	for (int i = 0; i < nunits; i++)
		if (units[i]->taken && units[i]->at.cursor < lowest)
			lowest = units[i]->at.cursor;
	for (int i = 0; i < nunits; i++) {
		if (!units[i]->taken)
			continue;
		if (units[i]->at.cursor == lowest)
			s->group[s->ngroup++] = units[i];
		else if (units[i]->at.cursor < next)
			next = units[i]->at.cursor;
	}
	int64_t most = s->path->limits.fetch_events;
	s->from = lowest;
	s->limit = next < end_off ? next : end_off;
	if (s->ngroup > 0 && s->limit - lowest > most)
		s->limit = lowest + most;
}

static void gather_columns(pass *s) {
	bool wanted[LK_MAX_COLUMNS] = {false};
	for (int i = 0; i < s->ngroup; i++)
		for (int k = 0; k < lk_unit_plan(s->group[i])->nneeded; k++)
			wanted[lk_unit_plan(s->group[i])->needed[k]] = true;
	for (int c = 0; c < s->stream->stream->schema.ncolumns; c++)
		if (wanted[c])
			s->columns[s->ncolumns++] = c;
}

/* One row for all units of the group: as many slots as the largest of their plans needs. */
static lk_value *make_row(const pass *s) {
	int nslots = 0;
	for (int i = 0; i < s->ngroup; i++)
		if (lk_unit_plan(s->group[i])->nslots > nslots)
			nslots = lk_unit_plan(s->group[i])->nslots;
	lk_value *row = lk_calloc((size_t)nslots, sizeof *row);
	for (int i = 0; i < nslots; i++)
		row[i] = lk_null();
	return row;
}

#ifdef LK_FAULTS
/* The mutant reads the cuts before the events: it sees the cuts of the pass before. */
static void forget_new_cuts(lk_scan *scan) {
	static _Thread_local int64_t seen;
	int64_t before = seen;
	if (!LK_MUTANT("cuts_first"))
		return;
	if (scan->ncuts > 0 && scan->cuts[scan->ncuts - 1] > seen)
		seen = scan->cuts[scan->ncuts - 1];
	while (scan->ncuts > 0 && scan->cuts[scan->ncuts - 1] > before)
		scan->ncuts--;
}
#else
static void forget_new_cuts(lk_scan *scan) { (void)scan; }
#endif

/* An error of the reader fails every unit of the group, except a lost server, which the caller handles. */
static int share_failure(pass *s, int r, lk_error *e, lk_error *err) {
	if (r == LK_OK)
		return LK_OK;
	if (r == LK_EUNREACHABLE) {
		if (err)
			*err = *e;
		return r;
	}
	for (int i = 0; i < s->ngroup; i++)
		lk_unit_fail(s->group[i], e);
	return LK_OK;
}

static int run(pass *s, int part, lk_error *err) {
	lk_error e = {0}, ignored = {0};
	s->row = make_row(s);
	s->commit_at_us = lk_monotonic_us() + s->path->limits.commit_us;
	for (int i = 0; i < s->ngroup; i++)
		s->group[i]->next_in_log_us = lk_monotonic_us() + IN_LOG_US;
	int rc = lk_scan_begin(&s->scan, s->path->reader, &(lk_scan_of){.stream = s->stream, .part = part, .columns = s->columns, .ncolumns = s->ncolumns, .from = s->from, .to = s->limit}, &e);
	if (rc == LK_OK) {
		forget_new_cuts(&s->scan);
		rc = read_events(s, &e);
	}
	commit_all(s);
	await_commit(s->path);
	leave_failed(s);
	int ended = lk_scan_end(&s->scan, rc == LK_OK ? &e : &ignored);
	rc = share_failure(s, rc != LK_OK ? rc : ended, &e, err);

	free(s->row);
	return rc;
}

/* A unit that reads all partitions by itself, step by step. */
static int64_t pass_by_itself(lk_path *p, lk_unit *u) {
	int64_t all = 0, events = 1;
	while (u->taken && events > 0 && all < p->limits.fetch_events && !stopped(p)) {
		lk_error e = {0};
		if (u->op->in_log->read_step(p, u, p->ends, &e) != LK_OK)
			lk_unit_fail(u, &e);
		all += events = u->uncommitted_events;
		commit(p, u);
	}
	return all;
}

static bool reads_by_itself(const lk_unit *u) { return u->op->in_log && u->op->in_log->read_step; }

int lk_path_pass(lk_path *p, lk_unit **units, int nunits, int64_t end_off, int64_t *folded, lk_error *err) {
	pass s = {.path = p};
	int rc = LK_OK;
	*folded = 0;
	p->at_gate = LK_NEVER;
	if (nunits && reads_by_itself(units[0])) {
		for (int i = 0; i < nunits; i++)
			*folded += pass_by_itself(p, units[i]);
		return LK_OK;
	}
	s.group = lk_calloc((size_t)nunits + 1, sizeof *s.group);
	form_group(&s, units, nunits, end_off);
	if (s.ngroup > 0 && s.limit > s.from && !stopped(p)) {
		s.stream = lk_unit_stream(s.group[0]);
		gather_columns(&s);
		rc = run(&s, s.group[0]->part, err);
		*folded = s.events;
	}
	free(s.group);
	return rc;
}
