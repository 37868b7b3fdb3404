/* The operator of derived streams that another column than the source's divides: rows of all partitions of the source, in
 * one order, each in the partition of the log that its own column says.
 *
 * One unit reads all partitions, by itself and ahead, in the order of event_log/in_order.h, so the log is the same one whenever
 * it is made. In the order of commits it would be another one each time, and so would be the windows over it. A commit moves
 * the position in each partition by compare-and-set; what it did not write is dropped after any failure (P13).
 *
 *     ends, closed ──► read ahead each partition that is empty ──► the first event of all, below what is complete ──► commit
 *
 * The unit's cursor counts the events of all partitions. The watermark of a partition of the log is the least of those of
 * the source's partitions, without those that are idle: a row is no later than its event was. */
#include <stdlib.h>
#include <string.h>

#include "catalog/tail.h"
#include "core/fault.h"
#include "core/time.h"
#include "event_log/in_order.h"
#include "plan/watermark.h"
#include "speed_layer/filling.h"

enum { STEP_EVENTS = 20000 };                       /* of a partition that are read ahead, and of a commit */
#define MOST_AHEAD_BYTES ((size_t)4 << 20)
#define COMMIT_BYTES ((size_t)8 << 20)              /* of rows */

typedef struct ahead {
	int64_t off, high;          /* high: see lk_event */
	lk_value *row;              /* lives in the arena */
} ahead;

/* A partition of the source. */
typedef struct input {
	lk_derived_position at, committed;   /* behind the events that became rows */
	int64_t last_at;            /* of the last one; LK_NEVER: there is none */
	int64_t next;               /* the offset that is read next */
	ahead *events;              /* [first, n) wait */
	int first, n, room;
	lk_arena values;
} input;

typedef struct merged {
	lk_filling fill;
	input *inputs;
	int ninputs;
	lk_derived_move *moves;
	lk_frontier ends;           /* where the run ends; n = 0: not known */
} merged;

static const lk_plan *plan_of(const merged *m) { return lk_filling_plan(&m->fill); }

static void *make(const lk_cat_copy *copy, int part) {
	merged *m = lk_calloc(1, sizeof *m);
	lk_filling_init(&m->fill, copy, part);
	m->ninputs = plan_of(m)->stream->partitions;
	m->inputs = lk_calloc((size_t)m->ninputs, sizeof *m->inputs);
	m->moves = lk_calloc((size_t)m->ninputs, sizeof *m->moves);
	return m;
}

static void release(void *state) {
	merged *m = state;
	lk_filling_release(&m->fill);
	for (int i = 0; i < m->ninputs; i++) {
		free(m->inputs[i].events);
		lk_arena_release(&m->inputs[i].values);
	}
	free(m->inputs);
	free(m->moves);
	free(m);
}

static void forget_ahead(input *in) {
	in->first = in->n = 0;
	lk_arena_clear(&in->values);
}

static void restore(lk_unit *u) {
	merged *m = u->op_state;
	lk_filling_restore(&m->fill);
	for (int i = 0; i < m->ninputs; i++) {
		input *in = &m->inputs[i];
		forget_ahead(in);
		in->at = in->committed;
		in->next = in->at.off;
	}
}

static void show(void *state, const lk_cat_copy *copy) { lk_filling_show(&((merged *)state)->fill, copy); }

/* --- the position --- */

/* Events that became rows, up to where the run ends. */
static int64_t cursor_of(const merged *m) {
	int64_t events = 0;
	for (int i = 0; i < m->ninputs; i++)
		events += m->ends.n ? lk_earlier(m->inputs[i].at.off, m->ends.part[i].off) : m->inputs[i].at.off;
	return events;
}

static int read_input(lk_path *p, const lk_unit *u, int part, input *in, lk_error *err) {
	const lk_cat_stream *source = lk_unit_stream(u);
	int rc = lk_derived_position_read(p->writer, u->copy->log, source, part, &in->committed, err);
	in->last_at = LK_NEVER;
	if (rc == LK_OK && in->committed.off > 0)
		rc = lk_log_at(p->writer, source, part, in->committed.off - 1, &in->last_at, err);
	return rc;
}

static int read_position(lk_path *p, lk_unit *u, int64_t *cursor, lk_error *err) {
	merged *m = u->op_state;
	lk_frontier tail;
	int rc = lk_log_tail(p->writer, u->copy->log, &tail, err);
	for (int i = 0; i < m->ninputs && rc == LK_OK; i++)
		rc = read_input(p, u, i, &m->inputs[i], err);
	if (rc != LK_OK)
		return rc;
	m->fill.committed = (lk_derived_position){.high = tail.part[0].high};
	restore(u);
	*cursor = cursor_of(m);
	return LK_OK;
}

/* --- reading ahead --- */

static int64_t at_most(int64_t limit) { return lk_earlier(limit, STEP_EVENTS); }

static void keep(merged *m, input *in, const lk_value *row, int64_t off, int64_t high) {
	if (in->n == in->room) {
		in->room = in->room ? 2 * in->room : 256;
		in->events = lk_realloc(in->events, (size_t)in->room * sizeof *in->events);
	}
	in->events[in->n++] = (ahead){.off = off, .high = high, .row = lk_event_keep(plan_of(m), row, &in->values)};
}

static int read_ahead(lk_path *p, merged *m, const lk_unit *u, int part, lk_error *err) {
	input *in = &m->inputs[part];
	const lk_plan *plan = plan_of(m);
	lk_value *row = lk_calloc((size_t)plan->nslots, sizeof *row);
	lk_scan scan = {0};
	int64_t off;
	lk_error ignored = {0};
	const lk_scan_of of = {.stream = lk_unit_stream(u), .part = part, .columns = plan->needed, .ncolumns = plan->nneeded, .from = in->next, .to = in->next + at_most(p->limits.fetch_events)};
	for (int i = 0; i < plan->nslots; i++)
		row[i] = lk_null();
	forget_ahead(in);
	int rc = lk_scan_begin(&scan, p->reader, &of, err);
	while (rc == LK_OK && in->values.used_bytes < MOST_AHEAD_BYTES && (rc = lk_scan_next(&scan, row, &off, err)) == LK_OK) {
		keep(m, in, row, off, scan.high);
		in->next = off + 1;
	}
	int ended = lk_scan_end(&scan, rc < 0 ? &ignored : err);
	free(row);
	return rc < 0 ? rc : ended;
}

/* --- the order --- */

static int64_t at_of(const merged *m, const input *in) { return in->events[in->first].row[lk_slot_at(plan_of(m)->stream)].i; }

static bool must_be_read(const input *in, int64_t end) { return in->first == in->n && in->next < end; }

/* The partition whose event comes first; -1 if none does that is complete, or a partition must be read first. */
static int first_of(const merged *m, const lk_frontier *end, int64_t complete) {
	int first = -1;
	for (int i = 0; i < m->ninputs; i++) {
		const input *in = &m->inputs[i];
		if (must_be_read(in, end->part[i].off))
			return -1;
		if (in->first < in->n && at_of(m, in) < complete && (first < 0 || at_of(m, in) < at_of(m, &m->inputs[first])))
			first = i;
		if (first >= 0 && LK_MUTANT("merged_unordered"))
			break;
	}
	return first;
}

/* The least high of the partitions that are not idle, by the log's own time: no clock. */
static int64_t least_high(const merged *m, int64_t now) {
	int64_t least = INT64_MAX;
	for (int i = 0; i < m->ninputs; i++)
		if (!lk_is_idle(plan_of(m)->stream, 0, m->inputs[i].last_at, now))
			least = lk_earlier(least, m->inputs[i].at.high);
	return least == INT64_MAX ? LK_NEVER : least;
}

/* The next event of the partition becomes rows. */
static void take(merged *m, lk_unit *u, int part) {
	lk_filling *f = &m->fill;
	input *in = &m->inputs[part];
	const ahead *a = &in->events[in->first++];
	const lk_stream *source = plan_of(m)->stream;
	const lk_event e = {.stream = lk_unit_stream(u), .row = a->row, .part = part, .off = a->off, .high = a->high};
	int64_t at = a->row[lk_slot_at(source)].i;
	in->at.high = lk_later(in->at.high, a->high);
	f->at.high = lk_later(f->at.high, least_high(m, at));
	lk_filling_rows(f, &e);
	lk_filling_name(f, u, &e);
	in->at.high = lk_high_advance(source, in->at.high, a->row[source->schema.event_time].i, at);
	in->at.off = a->off + 1;
	in->last_at = at;
	f->at.high = lk_later(f->at.high, least_high(m, at));
	f->closed = at;
	u->uncommitted_events++;
}

/* --- commits --- */

static int commit(lk_path *p, lk_unit *u, lk_error *err) {
	merged *m = u->op_state;
	int n = 0;
	for (int i = 0; i < m->ninputs; i++)
		if (m->inputs[i].at.off > m->inputs[i].committed.off)
			m->moves[n++] = (lk_derived_move){.part = i, .from = m->inputs[i].committed, .to = m->inputs[i].at};
	int rc = lk_filling_write(&m->fill, p, u, m->moves, n, err);
	for (int i = 0; i < m->ninputs && rc == LK_OK; i++)
		m->inputs[i].committed = m->inputs[i].at;
	return rc;
}

static lk_frontier read_to(const merged *m, const lk_unit *u) {
	lk_frontier f = lk_frontier_start(lk_unit_stream(u)->id, m->ninputs);
	for (int i = 0; i < m->ninputs; i++)
		f.part[i].off = m->inputs[i].at.off;
	return f;
}

static int fill_up(lk_path *p, merged *m, const lk_unit *u, const lk_frontier *end, lk_error *err) {
	int rc = LK_OK;
	for (int i = 0; i < m->ninputs && rc == LK_OK; i++)
		if (must_be_read(&m->inputs[i], end->part[i].off))
			rc = read_ahead(p, m, u, i, err);
	return rc;
}

static int read_step(lk_path *p, lk_unit *u, const lk_frontier *ends, lk_error *err) {
	merged *m = u->op_state;
	const lk_frontier read = read_to(m, u);
	lk_frontier end;
	int64_t complete;
	int part;
	if (ends)
		m->ends = *ends;
	int rc = lk_log_close(p->writer, lk_unit_stream(u), &read, &end, &complete, err);
	rc = rc == LK_OK ? fill_up(p, m, u, &end, err) : rc;
	while (rc == LK_OK && u->uncommitted_events < at_most(p->limits.commit_events) && lk_derived_rows_bytes(m->fill.rows) < COMMIT_BYTES
	       && (part = first_of(m, &end, complete)) >= 0)
		take(m, u, part);
	u->at.cursor = cursor_of(m);
	return rc;
}

/* --- the operator --- */

/* The unit reads by itself (lk_in_log.read_step). */
static bool row(lk_unit *u, const lk_event *e, const lk_stream_limits *most) { (void)u; (void)e; (void)most; return false; }
static void cut(lk_unit *u) { (void)u; }   /* see fill_log.c */

static const lk_in_log in_log = {.read = read_position, .read_step = read_step};

static bool is_for(const lk_plan *p) { return p->makes && p->makes->merged; }

const lk_operator lk_fill_merged = {
	.is_for = is_for, .in_log = &in_log, .open = make, .close = release, .show = show, .row = row, .commit = commit, .cut = cut, .restore = restore,
};
