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
static int approach(lk_pg *pg, lk_driver *to, const volatile int *stop, lk_error *err) {
	lk_frontier tail = to->cursor;
	int64_t missing = INT64_MAX, folded;
	int rc = lk_driver_pass(to, &tail, &folded, err);   /* reads the cursors of units that others drive */
	for (int round = 0; rc == LK_OK && round < NEAR_ROUNDS && missing > NEAR_FOR_HOLD && !is_stopped(stop); round++) {
		rc = lk_log_tail(pg, to->copy->version->view->stream, &tail, err);
		missing = rc == LK_OK ? lag(to, &tail) : 0;
		if (rc == LK_OK)
			rc = lk_driver_run(to, &tail, lk_monotonic_us() + ROUND_US, err);
	}
	return rc;
}

static int commit_switch(lk_pg *pg, lk_driver *to, int64_t from_copy, const lk_frontier *tail, lk_switch_report *out,
                         lk_error *err) {
	out->gap = lag(to, tail);
	int rc = lk_pg_runf(pg, err, "SET LOCAL lock_timeout = %d", ROWS_MS);
	if (rc == LK_OK)
		rc = lk_copy_serve(pg, to->copy->version->view->id, from_copy, to->copy->id, &out->retired, err);
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

/* LK_EBUSY if the lock or the end was not reached in time: then nothing has changed. */
static int try_to_switch(lk_pg *pg, lk_driver *to, int64_t from_copy, int64_t patience_us, lk_switch_report *out,
                         lk_error *err) {
	lk_frontier tail;
	int64_t since = 0;
	out->tries++;
	int rc = begin_hold(pg, patience_us, err);
	if (rc == LK_OK) {
		since = lk_monotonic_us();
		rc = lk_log_hold(pg, to->copy->version->view->stream, &tail, err);
	}
	if (rc == LK_OK) {
		LK_CRASH_POINT("switch.locked");
		rc = fold_rest(to, &tail, patience_us, err);
	}
	if (rc == LK_OK && !lk_driver_reached(to, &tail))
		rc = lk_fail(err, LK_EBUSY, "stopped before the switch");
	if (rc == LK_OK)
		rc = commit_switch(pg, to, from_copy, &tail, out, err);
	if (rc != LK_OK)
		lk_pg_rollback(pg);
	int64_t held = since ? lk_monotonic_us() - since : 0;
	if (held > out->held_us)
		out->held_us = held;
	return rc;
}

/* All attempts were in vain. e: why the last one was, with a hint if the holder of the log's end is known. */
static int give_up(const lk_driver *to, int tries, const lk_error *e, lk_error *err) {
	static const char lock_timeout[] = "55P03";
	const char *view = to->copy->version->view->name;
	if (!strcmp(e->sqlstate, lock_timeout))
		lk_fail(err, LK_EBUSY, "view %s cannot be switched: the end of its log was locked in each of %d attempts", view, tries);
	else
		lk_fail(err, LK_EBUSY, "view %s cannot catch up in %d attempts: %s", view, tries, e->text);
	return lk_hint(err, "%s", e->hint[0] ? e->hint : "the copy stays: run it again when fewer events arrive");
}

int lk_switch_readers(lk_pg *pg, lk_driver *to, int64_t from_copy, const volatile int *stop, lk_switch_report *out,
                      lk_error *err) {
	int64_t patience_us = PATIENCE_LEAST_US, sweep_us = to->next_sweep_us;
	lk_error e = {0};
	int rc;
	*out = (lk_switch_report){0};
	if (to->path.limits.fetch_events > FETCH_EVENTS)
		to->path.limits.fetch_events = FETCH_EVENTS;
	do {
		lk_error_clear(&e);
		to->next_sweep_us = sweep_us;
		rc = approach(pg, to, stop, err);
		if (rc != LK_OK)
			return rc;
		to->next_sweep_us = INT64_MAX;
		rc = try_to_switch(pg, to, from_copy, patience_us, out, &e);
		patience_us = patience_us * 2 < PATIENCE_MOST_US ? patience_us * 2 : PATIENCE_MOST_US;
	} while (rc == LK_EBUSY && !is_stopped(stop) && (out->tries < TRIES || lk_tail_free(pg, &e)));
	if (rc == LK_EBUSY && !is_stopped(stop))
		return give_up(to, out->tries, &e, err);
	if (rc != LK_OK && err)
		*err = e;
	return rc;
}
