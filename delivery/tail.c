/* A run is a loop: what the log has now is read, handed over, and its position kept; then it waits for more. It
 * listens for the appender's hints only while it waits, so a target that stands still leaves no hints with the server. */
#include "delivery/tail.h"

#include <unistd.h>

#include "catalog/tail.h"
#include "core/time.h"
#include "delivery/run.h"
#include "event_log/scan.h"

enum {
	WAIT_MS = 200,
	AWAY_LEAST_US = 50000, AWAY_MOST_US = 2000000,
	TARGET_LEAST_US = 500000, TARGET_MOST_US = 60000000,
};

/* --- reading --- */

/* A log that ends before what was read has lost its end. */
static int find_ends(lk_run *r, lk_frontier *from, lk_frontier *to, bool *any, lk_error *err) {
	int rc = lk_log_tail(&r->pg, r->open.log.stream, to, err);
	*any = false;
	if (rc)
		return rc;
	*from = *to;
	for (int p = 0; p < to->n; p++) {
		int64_t at = r->at.part[p].off;
		if (to->part[p].off < at)
			return (rc = lk_run_resume(r, err)) ? rc : find_ends(r, from, to, any, err);
		if (r->o->begin.partition >= 0 && r->o->begin.partition != p)
			to->part[p].off = at;
		if (r->o->to && to->part[p].off > r->o->to->part[p].off)
			to->part[p].off = r->o->to->part[p].off > at ? r->o->to->part[p].off : at;
		from->part[p].off = at;
		*any |= to->part[p].off > at;
	}
	return LK_OK;
}

/* What was read before a failure goes out too. Once it is to stop, a target that may take long is not begun any more. */
static int read_to(lk_run *r, const lk_frontier *from, const lk_frontier *to, lk_error *err) {
	lk_row_reader *reader = lk_row_reader_new(&r->pg, &(lk_row_reader_of){.log = &r->open.log, .from = from, .to = to,
	                                          .columns = r->open.shape.read, .ncolumns = r->open.shape.nread});
	lk_log_row row;
	int rc = LK_OK, more = LK_OK;
	r->ahead = r->at;
	r->skips = r->skip;
	while (rc == LK_OK && !lk_run_ends(r) && (more = lk_row_reader_next(reader, &row, err)) == LK_OK)
		rc = lk_run_see(r, &row, err);
	lk_row_reader_free(reader);
	if (rc == LK_OK && !(lk_run_stopped(r) && r->o->target->waits))
		rc = lk_run_hand_over(r, more < 0 ? NULL : err);
	return more < 0 ? more : rc;
}

static int listen_for(lk_run *r, bool on, lk_error *err) {
	int rc = on ? lk_log_listen(&r->pg, err) : lk_pg_run(&r->pg, err, "UNLISTEN lk_log");
	r->listening = rc == LK_OK && on;
	return rc;
}

/* One look at the log's end, and all rows before it. *any: there were some. The catalogue is looked at after the end:
 * each row before it has at most the columns that the catalogue has then. */
static int pass(lk_run *r, bool *any, lk_error *err) {
	lk_frontier from, to;
	bool changed = true;
	int rc = LK_OK;
	while (rc == LK_OK && changed) {
		changed = false;
		rc = find_ends(r, &from, &to, any, err);
		if (rc == LK_OK && *any)
			rc = lk_run_look(r, true, &changed, err);
	}
	if (rc == LK_OK && *any && r->listening)
		rc = listen_for(r, false, err);
	return rc == LK_OK && *any ? read_to(r, &from, &to, err) : rc;
}

/* --- the session --- */

static int connect(lk_run *r, lk_error *err) {
	int rc = LK_OK;
	if (r->o->session) {
		r->pg = *r->o->session;
	} else {
		rc = lk_pg_open(&r->pg, r->o->postgres, "lk tail", err);
		r->pg.limit_us = LK_PG_ANSWER_US;
	}
	r->listening = r->joined = false;
	bool changed;
	lk_open_log_begin(&r->open);
	return rc == LK_OK ? lk_run_look(r, true, &changed, err) : rc;
}

static void disconnect(lk_run *r) {
	lk_open_log_end(&r->open);
	if (r->o->session && r->pg.conn)
		*r->o->session = r->pg;
	else if (r->pg.conn)
		lk_pg_close(&r->pg);
	r->pg = (lk_pg){0};
}

static bool is_passing(const lk_run *r, int rc) {
	return r->o->follow && !r->fatal && !lk_run_ends(r) && (rc == LK_EUNREACHABLE || rc == LK_EFULL || rc == LK_EBUSY);
}

/* 0: connected again, or it is to end; a failure that waiting does not mend. */
static int await_server(lk_run *r, lk_error *err) {
	int rc = err->code;
	while (is_passing(r, rc)) {
		if (lk_told_due(&r->away, err->text, lk_monotonic_us()))
			lk_run_notice(r, err);
		disconnect(r);
		lk_run_wait_us(r, lk_again_wait(&r->tries_server, 0));
		lk_error_clear(err);
		rc = lk_run_ends(r) ? LK_OK : connect(r, err);
	}
	lk_again_over(&r->tries_server);
	if (rc == LK_OK && !lk_run_ends(r))
		lk_run_tell_over(r, &r->away, "PostgreSQL works");
	return rc;
}

/* --- the run --- */

static bool is_unread(const lk_run *r) { return r->o->unread && r->o->unread(r->o->ctx); }

/* Listens before it waits: what came before that is seen by one more look at the log. */
static int wait_for_more(lk_run *r, lk_error *err) {
	if (!r->listening)
		return listen_for(r, true, err);
	r->finished |= is_unread(r);
	return lk_run_ends(r) ? LK_OK : lk_log_wait(&r->pg, WAIT_MS, err);
}

/* A stream that was dropped may have been declared again. */
static int step(lk_run *r, bool *any, lk_error *err) {
	bool changed;
	int rc = lk_run_look(r, false, &changed, err);
	if (rc == LK_OK && (rc = pass(r, any, err)) == LK_ECONFLICT && !r->fatal) {
		lk_error_clear(err);
		rc = lk_run_look(r, true, &changed, err);
		rc = rc == LK_OK ? pass(r, any, err) : rc;
	}
	return rc;
}

static int go(lk_run *r, lk_error *err) {
	bool any = false;
	int rc = connect(r, err);
	while (rc == LK_OK && !lk_run_ends(r)) {
		rc = step(r, &any, err);
		if (rc == LK_OK && !r->o->follow)
			break;
		if (rc == LK_OK && !any && !lk_run_ends(r))
			rc = wait_for_more(r, err);
		if (rc != LK_OK)
			rc = await_server(r, err);
	}
	return rc;
}

int lk_tail_run(const lk_tail_options *o, lk_tail_report *out, lk_error *err) {
	lk_error local = {0};
	uint64_t seed = (uint64_t)lk_monotonic_us() ^ (uint64_t)getpid() << 32;
	lk_run r = {
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
	out->stopped = lk_run_stopped(&r);
	disconnect(&r);
	lk_keeper_close(&r.keeper);
	return rc == LK_EBUSY && out->stopped && err->code == LK_OK ? LK_OK : rc;   /* what was not out comes next time */
}
