/* The switch. What takes long is done before: the new copy approaches the log's end until a round finds few events.
 * Then the tail rows are locked, in ascending order as everywhere, and the log does not grow. The rest is folded, the
 * pointer moves, and the commit releases the log.
 *
 * An append that hangs keeps its tail rows locked: the switch does not wait longer for the lock than appends on other
 * partitions may be delayed by that. The lock is held for HOLD_US at most, whatever the view store or this process
 * does: calls that Redis has not answered shortly before are given up together with the connection; and if the process
 * is stopped or waits for something else in the middle, the server ends its session. */
#include "replay/switch.h"

#include <stdio.h>
#include <string.h>

#include "catalog/tail.h"
#include "catalog/tail_holder.h"
#include "core/fault.h"
#include "core/flag.h"
#include "core/time.h"
#include "event_log/derived_log.h"
#include "speed_layer/unit.h"

#define PATIENCE_LEAST_US  50000
#define PATIENCE_MOST_US  800000
#define HOLD_US          1000000
#define ANSWER_US         900000   /* of the hold, for answers of Redis */
#define ROWS_MS              100   /* for rows of the catalogue at the end of the hold */
#define TRIES                  8
#define NEAR_FOR_HOLD       1000   /* events that may be missing when the log is held */
#define NEAR_ROUNDS          200
#define ROUND_US        30000000
#define FETCH_EVENTS       20000   /* passes are short, so that the deadline is kept */

static int64_t lag(const lk_driver *to, const lk_frontier *tail) {
	int64_t sum = 0;
	for (int i = 0; i < tail->n; i++) {
		int64_t cursor = to->cursor.part[i].off, end = tail->part[i].off;
		sum += end > cursor ? end - cursor : 0;
	}
	return sum;
}

static bool is_stopped(const volatile int *stop) { return lk_flag_is_set(stop); }

/* Rounds to the log's current end, each shorter than the one before, while appends go on. */
static int approach_one(lk_pg *pg, lk_driver *to, const volatile int *stop, lk_error *err) {
	lk_frontier tail = to->cursor;
	int64_t missing = INT64_MAX, folded;
	int rc = lk_driver_pass(to, &tail, &folded, err);   /* reads the cursors of units that others drive */
	for (int round = 0; rc == LK_OK && round < NEAR_ROUNDS && missing > NEAR_FOR_HOLD && !is_stopped(stop); round++) {
		rc = lk_log_tail(pg, to->copy->version->reads, &tail, err);
		missing = rc == LK_OK ? lag(to, &tail) : 0;
		if (rc == LK_OK)
			rc = lk_driver_run(to, &tail, lk_monotonic_us() + ROUND_US, err);
	}
	return rc;
}

static int approach(lk_pg *pg, const lk_switch *s, lk_error *err) {
	int rc = LK_OK;
	for (int i = 0; rc == LK_OK && i < s->n; i++)
		rc = approach_one(pg, s->moves[i].to, s->stop, err);
	return rc;
}

static int commit_switch(lk_pg *pg, const lk_switch *s, lk_switch_report *out, lk_error *err) {
	int rc = lk_pg_runf(pg, err, "SET LOCAL lock_timeout = %d", ROWS_MS);
	if (rc == LK_OK && s->check)
		rc = s->check(s->ctx, pg, err);
	for (int i = 0; rc == LK_OK && i < s->n; i++) {
		const lk_cat_copy *to = s->moves[i].to->copy;
		int64_t retired;
		rc = lk_copy_serve(pg, to->version->view->id, s->moves[i].from->id, to->id, &retired, err);
		out->retired = i == 0 ? retired : out->retired;
	}
	if (rc != LK_OK)
		return rc;
	LK_CRASH_POINT("switch.moved");
	rc = lk_pg_run(pg, err, "COMMIT");
	if (rc == LK_OK)
		LK_CRASH_POINT("switch.committed");
	return rc;
}

/* Begins a transaction that waits patience_us for the tail rows, and that the server ends if it is abandoned. */
static int begin_hold(lk_pg *pg, int64_t patience_us, lk_error *err) {
	int rc = lk_pg_begin(pg, (int)(patience_us / 1000), err);
	return rc == LK_OK ? lk_pg_runf(pg, err, "SET LOCAL idle_in_transaction_session_timeout = %d", HOLD_US / 1000) : rc;
}

/* When the rows are locked: LK_EBUSY after patience_us, LK_EUNREACHABLE if the view store does not answer. */
static int fold_rest(lk_driver *to, const lk_frontier *tail, int64_t patience_us, lk_error *err) {
	int64_t now = lk_monotonic_us();
	lk_store_give_up_at(to->store, now + ANSWER_US);
	int rc = lk_driver_run(to, tail, now + patience_us, err);
	lk_store_give_up_at(to->store, 0);
	return rc;
}

/* What readers got of a former log was made of the source below these positions. */
static int read_by(lk_pg *pg, const lk_cat_copy *from, lk_frontier *end, lk_error *err) {
	int rc = LK_OK;
	for (int p = 0; rc == LK_OK && p < end->n; p++) {
		lk_derived_position at;
		rc = lk_derived_position_read(pg, from->log, from->version->reads, p, &at, err);
		end->part[p].off = rc == LK_OK ? at.off : 0;
	}
	return rc;
}

/* Locks what must not grow, and gives where the first copy must be: a view's readers have seen its log up to the end; those
 * of a derived stream, in whatever view, what its log was made of. */
static int hold(lk_pg *pg, const lk_switch *s, lk_frontier *end, lk_error *err) {
	const struct lk_switch_move *first = &s->moves[0];
	lk_frontier ignored;
	int rc = s->check ? lk_pg_lock_transaction(pg, 0, err) : LK_OK;   /* nobody declares anything meanwhile */
	if (rc != LK_OK || !first->from->log)
		return rc == LK_OK ? lk_log_hold(pg, first->to->copy->version->reads, end, err) : rc;
	for (int i = 0; rc == LK_OK && i < s->n; i++)
		rc = s->moves[i].from->log ? lk_log_hold(pg, s->moves[i].from->log, &ignored, err) : LK_OK;
	*end = lk_frontier_start(first->from->version->reads->id, first->from->version->reads->stream->partitions);
	return rc == LK_OK ? read_by(pg, first->from, end, err) : rc;
}

/* The watermark of a log that a driver fills follows that of what it reads, also without rows (P13). */
static void follow(lk_driver *to, const lk_frontier *tail) {
	for (int p = 0; p < to->partitions; p++)
		if (to->locked[p])
			lk_unit_follow(&to->path, &to->units[p], &tail->part[p]);
}

/* Each copy after the one whose log it reads. */
static int bring(lk_pg *pg, const lk_switch *s, const lk_frontier *end, int64_t patience_us, lk_switch_report *out, lk_error *err) {
	lk_frontier to_end = *end;
	int rc = LK_OK;
	out->gap = 0;
	for (int i = 0; rc == LK_OK && i < s->n; i++) {
		lk_driver *to = s->moves[i].to;
		if (i > 0)
			rc = lk_log_tail(pg, to->copy->version->reads, &to_end, err);
		if (rc == LK_OK)
			rc = fold_rest(to, &to_end, patience_us, err);
		if (rc == LK_OK && !lk_driver_reached(to, &to_end))
			rc = lk_fail(err, LK_EBUSY, "stopped before the switch");
		if (rc == LK_OK && i > 0)
			follow(to, &to_end);
		out->gap += rc == LK_OK ? lag(to, &to_end) : 0;
	}
	return rc;
}

/* LK_EBUSY if the lock or the end was not reached in time: then nothing has changed. */
static int try_to_switch(lk_pg *pg, const lk_switch *s, int64_t patience_us, lk_switch_report *out, lk_error *err) {
	lk_frontier end;
	int64_t since = 0;
	out->tries++;
	int rc = begin_hold(pg, patience_us, err);
	if (rc == LK_OK) {
		since = lk_monotonic_us();
		rc = hold(pg, s, &end, err);
	}
	if (rc == LK_OK) {
		LK_CRASH_POINT("switch.locked");
		rc = bring(pg, s, &end, patience_us, out, err);
	}
	if (rc == LK_OK)
		rc = commit_switch(pg, s, out, err);
	if (rc != LK_OK)
		lk_pg_rollback(pg);
	int64_t held = since ? lk_monotonic_us() - since : 0;
	if (held > out->held_us)
		out->held_us = held;
	return rc;
}

/* All attempts were in vain. e: why the last one was, with a hint if the holder of the log's end is known. */
static int give_up(const lk_switch *s, int tries, const lk_error *e, lk_error *err) {
	static const char lock_timeout[] = "55P03";
	const lk_cat_copy *first = s->moves[0].from;
	const char *name = first->version->view->name, *what = first->log ? "stream" : "view";
	if (!strcmp(e->sqlstate, lock_timeout))
		lk_fail(err, LK_EBUSY, "%s %s cannot be switched: the end of its log was locked in each of %d attempts", what, name, tries);
	else
		lk_fail(err, LK_EBUSY, "%s %s cannot catch up in %d attempts: %s", what, name, tries, e->text);
	return lk_hint(err, "%s", e->hint[0] ? e->hint : "the copy stays: run it again when fewer events arrive");
}

static void sweep_at(const lk_switch *s, int64_t us) {
	for (int i = 0; i < s->n; i++)
		s->moves[i].to->next_sweep_us = us;
}

int lk_switch_readers(lk_pg *pg, const lk_switch *s, lk_switch_report *out, lk_error *err) {
	int64_t patience_us = PATIENCE_LEAST_US, sweep_us = s->moves[0].to->next_sweep_us;
	lk_error e = {0};
	int rc;
	*out = (lk_switch_report){0};
	for (int i = 0; i < s->n; i++)
		if (s->moves[i].to->path.limits.fetch_events > FETCH_EVENTS)
			s->moves[i].to->path.limits.fetch_events = FETCH_EVENTS;
	do {
		lk_error_clear(&e);
		sweep_at(s, sweep_us);
		rc = approach(pg, s, err);
		if (rc != LK_OK)
			return rc;
		sweep_at(s, INT64_MAX);
		rc = try_to_switch(pg, s, patience_us, out, &e);
		patience_us = patience_us * 2 < PATIENCE_MOST_US ? patience_us * 2 : PATIENCE_MOST_US;
	} while (rc == LK_EBUSY && !is_stopped(s->stop) && (out->tries < TRIES || lk_tail_free(pg, &e)));
	if (rc == LK_EBUSY && !is_stopped(s->stop))
		return give_up(s, out->tries, &e, err);
	if (rc != LK_OK && err)
		*err = e;
	return rc;
}
