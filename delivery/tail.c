/* A run is a loop: what the log has now is read, handed over, and its position kept; then it waits for more. It
 * listens for the appender's hints only while it waits, so a target that stands still leaves no hints with the server.
 *
 * `at` is behind the last row that is out, `ahead` behind the last one that was read. After a lost session
 * everything begins again at `at`, which is checked against the log as it is then. */
#include "delivery/tail.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/tail.h"
#include "core/fault.h"
#include "core/flag.h"
#include "core/time.h"
#include "core/told.h"
#include "core/wait.h"
#include "delivery/again.h"
#include "delivery/keeper.h"
#include "delivery/log.h"
#include "event_log/scan.h"

enum {
	SCANNED_MOST = 10000,      /* rows that are read before the position is kept, though none of them passes */
	WAIT_MS = 200,
	AWAY_LEAST_US = 50000, AWAY_MOST_US = 2000000,
	TARGET_LEAST_US = 500000, TARGET_MOST_US = 60000000,
};

typedef struct run {
	const lk_tail_options *o;
	lk_tail_report *report;
	lk_pg pg;
	bool listening;
	lk_open_log open;
	lk_keeper keeper;
	bool joined, moved;        /* the keeper has this session; its position is not the one that was written last */
	bool positioned, kept;     /* `at` is set; the keeper has it */
	int64_t unkept_rows;       /* that went out since the keeper's position */
	lk_bookmark at, ahead;
	int64_t skip, skips;       /* rows that pass and are left out, from `at` and from `ahead` on */
	int64_t scanned;           /* rows between `at` and `ahead` */
	int waiting;               /* rows that the target has taken and not flushed */
	bool finished;             /* the limit is reached, or nobody reads any more */
	bool fatal;                /* the failure is not one of the server */
	lk_told away, refused;
	lk_again tries_server, tries_target;
} run;

static bool stopped(const run *r) { return lk_flag_is_set(r->o->stop); }
static bool ends(const run *r) { return r->finished || stopped(r); }

static void notice(const run *r, const lk_error *what) {
	if (r->o->notice)
		r->o->notice(r->o->ctx, what);
}

static void tell(const run *r, const char *hint, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void tell(const run *r, const char *hint, const char *fmt, ...) {
	lk_error e = {0};
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(e.text, sizeof e.text, fmt, ap);
	va_end(ap);
	snprintf(e.hint, sizeof e.hint, "%s", hint);
	notice(r, &e);
}

static void tell_over(const run *r, lk_told *trouble, const char *what) {
	int64_t us = lk_told_over(trouble, lk_monotonic_us());
	lk_buf b = LK_BUF_INIT;
	lk_interval_print((us + LK_US_PER_S - 1) / LK_US_PER_S * LK_US_PER_S, &b);
	if (us)
		tell(r, "", "%s again, after %s", what, b.data);
	lk_buf_release(&b);
}

static void wait_us(const run *r, int64_t us) {
	enum { SLICE_US = 20000 };
	for (int64_t until = lk_monotonic_us() + us; !stopped(r) && lk_monotonic_us() < until;)
		usleep(SLICE_US);
}

/* --- handing over --- */

/* A server that is away, or has no room for the position, is waited for; the rows are not sent again. A position does
 * not say how many rows are left out before the last ones, so it is kept once there are none. */
static int keep(run *r, lk_error *err) {
	if (r->kept || r->skip > 0 || !lk_keeper_keeps(&r->keeper))
		return LK_OK;
	int rc = lk_keeper_write(&r->keeper, &r->pg, &r->at, r->unkept_rows, err);
	r->kept = rc == LK_OK;
	r->unkept_rows = rc == LK_OK ? 0 : r->unkept_rows;
	r->fatal |= rc && (r->o->cursor || (rc != LK_EUNREACHABLE && rc != LK_EFULL && rc != LK_EBUSY));
	return rc;
}

/* A target that is not ready is tried until it is, or for the time that was given. */
static int flush(run *r, lk_error *err) {
	const lk_target *t = r->o->target;
	for (int64_t began = lk_monotonic_us();;) {
		lk_error e = {0};
		int rc = t->flush(t->ctx, &e);
		if (rc == LK_OK)
			break;
		int64_t now = lk_monotonic_us(), asked = t->again_us ? t->again_us(t->ctx) : 0;
		bool tired = r->o->retry_us && now - began >= r->o->retry_us;
		if (stopped(r) && rc == LK_EBUSY)
			return rc;
		lk_keeper_failed(&r->keeper, &r->pg, e.text);
		lk_hint(&e, tired ? "nothing is lost: another run goes on before it" : "it is tried again, and what follows waits");
		if (rc != LK_EBUSY || tired) {
			if (err)
				*err = e;
			return rc;
		}
		if (lk_told_due(&r->refused, e.text, now))
			notice(r, &e);
		wait_us(r, lk_again_wait(&r->tries_target, asked));
	}
	lk_again_over(&r->tries_target);
	tell_over(r, &r->refused, "delivery works");
	return LK_OK;
}

/* Rows that were taken go out, then their position is kept: in the other order a row could be lost. */
static int hand_over(run *r, lk_error *err) {
	int rc = r->waiting ? flush(r, err) : LK_OK;
	r->fatal |= rc != LK_OK;
	if (rc != LK_OK)
		return rc;
	LK_CRASH_POINT("tail.out");
	r->kept &= r->scanned == 0;
	r->at = r->ahead;
	r->skip = r->skips;
	r->report->rows += r->waiting;
	r->unkept_rows += r->waiting;
	r->report->read += r->scanned;
	r->waiting = 0;
	r->scanned = 0;
	return keep(r, err);
}

static int take(run *r, const lk_log_row *row, lk_error *err) {
	const lk_target *t = r->o->target;
	lk_buf id = LK_BUF_INIT;
	lk_row_id(&r->at, row->part, row->off, &id);
	int rc = t->row(t->ctx, &r->open.shape, row, id.data, err);
	lk_buf_release(&id);
	r->fatal |= rc != LK_OK;
	r->waiting += rc == LK_OK;
	r->finished |= r->o->limit && r->report->rows + r->waiting >= r->o->limit;
	return rc;
}

static bool is_full(const run *r) {
	const lk_target *t = r->o->target;
	return r->waiting >= t->rows_most || r->scanned >= SCANNED_MOST || r->finished || (r->waiting && t->full && t->full(t->ctx));
}

static int see(run *r, const lk_log_row *row, lk_error *err) {
	const lk_stream *s = r->open.log.stream->stream;
	lk_bookmark_part *place = &r->ahead.part[row->part];
	bool passes = lk_shape_passes(&r->open.shape, row), left_out = passes && r->skips > 0;
	int rc = LK_OK;
	r->skips -= left_out;
	if (passes && !left_out)
		rc = take(r, row, err);
	if (rc != LK_OK)
		return rc;
	place->off = row->off + 1;
	place->at = row->values[lk_slot_at(s)].i;
	place->src = r->open.log.derived ? row->values[lk_slot_src(s)].i : LK_NEVER;
	r->scanned++;
	return is_full(r) ? hand_over(r, err) : LK_OK;
}

/* --- where to begin --- */

static void tell_resumed(const run *r, enum lk_resumed what) {
	const char *name = r->open.log.name;
	if (what == LK_RESUMED_OTHER_LOG)
		tell(r, "", "stream %s has another log now: reading goes on at the first row whose event came later", name);
	if (what == LK_RESUMED_LOST_END)
		tell(r, "rows that came again after the loss are new ones, with ids of their own",
		     "the log of stream %s lost its end, as after a restore: reading goes on at the first row that came later", name);
}

/* Somebody else had the position while this process had no session, and went on from there. After a restore that the
 * log shows, the position that was restored with it says less than this process knows. */
static int follow_keeper(run *r, lk_error *err) {
	enum lk_resumed what;
	int rc = lk_keeper_read(&r->keeper, &r->at, err);
	if (rc == LK_OK)
		rc = lk_seek_resume(&r->pg, &r->open.log, &r->at, &what, err);
	if (rc == LK_OK)
		tell(r, "", "delivery %s was moved while this process had no session: it goes on from there", r->o->name);
	return rc < 0 ? rc : LK_OK;
}

static int resume(run *r, lk_error *err) {
	enum lk_resumed what;
	int rc = lk_seek_resume(&r->pg, &r->open.log, &r->at, &what, err);
	if (rc != LK_OK)
		return rc;
	tell_resumed(r, what);
	if (what == LK_RESUMED_HERE && r->moved)
		rc = follow_keeper(r, err);
	r->kept &= what == LK_RESUMED_HERE;
	r->moved = false;
	return rc == LK_OK ? keep(r, err) : rc;
}

static int begin(run *r, lk_error *err) {
	int rc = lk_begin_check(&r->open.log, &r->o->begin, err);
	if (rc == LK_OK)
		rc = lk_keeper_read(&r->keeper, &r->at, err);
	if (rc < 0)
		return rc;
	r->report->resumed = rc == 0;
	r->kept = rc == 0;
	r->moved = false;
	r->positioned = true;
	if (rc == 0)
		return resume(r, err);
	rc = lk_begin_find(&r->pg, &r->open.shape, &r->o->begin, &r->at, &r->skip, err);
	return rc == LK_OK ? keep(r, err) : rc;
}

/* Takes what the catalogue says now. Another log is gone on with where its rows are new. */
static int look(run *r, bool now, bool *changed, lk_error *err) {
	const lk_target *t = r->o->target;
	int rc = lk_open_log_look(&r->open, &r->pg, now, changed, err);
	if (rc != LK_OK || !*changed)
		return rc;
	if (!r->joined)
		rc = lk_keeper_join(&r->keeper, &r->pg, r->open.log.name, &r->moved, err);
	r->joined = rc == LK_OK;
	if (rc == LK_OK)
		rc = r->positioned ? resume(r, err) : begin(r, err);
	if (rc == LK_OK && t->shaped) {
		rc = t->shaped(t->ctx, &r->open.shape, err);
		r->fatal |= rc != LK_OK;
	}
	return rc;
}

/* --- reading --- */

/* A log that ends before what was read has lost its end. */
static int find_ends(run *r, int64_t *from, int64_t *to, bool *any, lk_error *err) {
	lk_frontier tail;
	int rc = lk_log_tail(&r->pg, r->open.log.stream, &tail, err);
	*any = false;
	for (int p = 0; rc == LK_OK && p < tail.n; p++)
		if (tail.part[p].off < r->at.part[p].off)
			return (rc = resume(r, err)) ? rc : find_ends(r, from, to, any, err);
	for (int p = 0; rc == LK_OK && p < tail.n; p++) {
		bool reads = r->o->begin.partition < 0 || r->o->begin.partition == p;
		from[p] = r->at.part[p].off;
		to[p] = reads ? tail.part[p].off : from[p];
		*any |= to[p] > from[p];
	}
	return rc;
}

/* What was read before a failure goes out too. Once it is to stop, a target that may take long is not begun any more. */
static int read_to(run *r, const int64_t *from, const int64_t *to, lk_error *err) {
	lk_row_reader *reader = lk_row_reader_new(&r->pg, &(lk_row_reader_of){.log = &r->open.log, .from = from, .to = to,
	                                          .columns = r->open.shape.read, .ncolumns = r->open.shape.nread});
	lk_log_row row;
	int rc = LK_OK, more = LK_OK;
	r->ahead = r->at;
	r->skips = r->skip;
	while (rc == LK_OK && !ends(r) && (more = lk_row_reader_next(reader, &row, err)) == LK_OK)
		rc = see(r, &row, err);
	lk_row_reader_free(reader);
	if (rc == LK_OK && !(stopped(r) && r->o->target->waits))
		rc = hand_over(r, more < 0 ? NULL : err);
	return more < 0 ? more : rc;
}

static int listen_for(run *r, bool on, lk_error *err) {
	int rc = on ? lk_log_listen(&r->pg, err) : lk_pg_run(&r->pg, err, "UNLISTEN lk_log");
	r->listening = rc == LK_OK && on;
	return rc;
}

/* One look at the log's end, and all rows before it. *any: there were some. The catalogue is looked at after the end:
 * each row before it has at most the columns that the catalogue has then. */
static int pass(run *r, bool *any, lk_error *err) {
	int64_t from[LK_MAX_PARTITIONS], to[LK_MAX_PARTITIONS];
	bool changed = true;
	int rc = LK_OK;
	while (rc == LK_OK && changed) {
		changed = false;
		rc = find_ends(r, from, to, any, err);
		if (rc == LK_OK && *any)
			rc = look(r, true, &changed, err);
	}
	if (rc == LK_OK && *any && r->listening)
		rc = listen_for(r, false, err);
	return rc == LK_OK && *any ? read_to(r, from, to, err) : rc;
}

/* --- the session --- */

static int connect(run *r, lk_error *err) {
	int rc = lk_pg_open(&r->pg, r->o->postgres, "lk tail", err);
	r->pg.limit_us = LK_PG_ANSWER_US;
	r->listening = r->joined = false;
	bool changed;
	lk_open_log_begin(&r->open);
	return rc == LK_OK ? look(r, true, &changed, err) : rc;
}

static void disconnect(run *r) {
	lk_open_log_end(&r->open);
	if (r->pg.conn)
		lk_pg_close(&r->pg);
	r->pg = (lk_pg){0};
}

static bool is_passing(const run *r, int rc) {
	return r->o->follow && !r->fatal && !ends(r) && (rc == LK_EUNREACHABLE || rc == LK_EFULL || rc == LK_EBUSY);
}

/* 0: connected again, or it is to end; a failure that waiting does not mend. */
static int await_server(run *r, lk_error *err) {
	int rc = err->code;
	while (is_passing(r, rc)) {
		if (lk_told_due(&r->away, err->text, lk_monotonic_us()))
			notice(r, err);
		disconnect(r);
		wait_us(r, lk_again_wait(&r->tries_server, 0));
		lk_error_clear(err);
		rc = ends(r) ? LK_OK : connect(r, err);
	}
	lk_again_over(&r->tries_server);
	if (rc == LK_OK && !ends(r))
		tell_over(r, &r->away, "PostgreSQL works");
	return rc;
}

/* --- the run --- */

static bool is_unread(const run *r) { return r->o->unread && r->o->unread(r->o->ctx); }

/* Listens before it waits: what came before that is seen by one more look at the log. */
static int wait_for_more(run *r, lk_error *err) {
	if (!r->listening)
		return listen_for(r, true, err);
	r->finished |= is_unread(r);
	return ends(r) ? LK_OK : lk_log_wait(&r->pg, WAIT_MS, err);
}

/* A stream that was dropped may have been declared again. */
static int step(run *r, bool *any, lk_error *err) {
	bool changed;
	int rc = look(r, false, &changed, err);
	if (rc == LK_OK && (rc = pass(r, any, err)) == LK_ECONFLICT && !r->fatal) {
		lk_error_clear(err);
		rc = look(r, true, &changed, err);
		rc = rc == LK_OK ? pass(r, any, err) : rc;
	}
	return rc;
}

static int go(run *r, lk_error *err) {
	bool any = false;
	int rc = connect(r, err);
	while (rc == LK_OK && !ends(r)) {
		rc = step(r, &any, err);
		if (rc == LK_OK && !r->o->follow)
			break;
		if (rc == LK_OK && !any && !ends(r))
			rc = wait_for_more(r, err);
		if (rc != LK_OK)
			rc = await_server(r, err);
	}
	return rc;
}

int lk_tail_run(const lk_tail_options *o, lk_tail_report *out, lk_error *err) {
	lk_error local = {0};
	uint64_t seed = (uint64_t)lk_monotonic_us() ^ (uint64_t)getpid() << 32;
	run r = {
		.o = o, .report = out,
		.open = {.name = o->stream, .columns = o->columns, .where = o->where, .nwhere = o->nwhere},
		.tries_server = {.least_us = AWAY_LEAST_US, .most_us = AWAY_MOST_US, .random = seed},
		.tries_target = {.least_us = TARGET_LEAST_US, .most_us = TARGET_MOST_US, .random = seed},
	};
	err = err ? err : &local;
	*out = (lk_tail_report){0};
	int rc = lk_keeper_open(&r.keeper, o->cursor, o->name, o->target_name, err);
	if (rc == LK_OK)
		rc = go(&r, err);
	out->at = r.at;
	out->stopped = lk_flag_is_set(o->stop);
	disconnect(&r);
	lk_keeper_close(&r.keeper);
	return rc == LK_EBUSY && out->stopped && err->code == LK_OK ? LK_OK : rc;   /* what was not out comes next time */
}
