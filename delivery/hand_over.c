/* Rows that were read go to the target, and their position to whoever keeps it. */
#include "core/fault.h"
#include "core/time.h"
#include "delivery/run.h"
#include "event_log/history.h"
#include "event_log/scan.h"

enum { SCANNED_MOST = 10000 };   /* rows that are read before the position is kept, though none of them passes */

/* A server that is away, or has no room for the position, is waited for; the rows are not sent again. A position does
 * not say how many rows are left out before the last ones, so it is kept once there are none. */
int lk_run_keep(lk_run *r, lk_error *err) {
	if (r->kept || r->skip > 0 || !lk_keeper_keeps(&r->keeper))
		return LK_OK;
	int rc = lk_keeper_write(&r->keeper, &r->pg, &r->at, r->unkept_rows, err);
	r->kept = rc == LK_OK;
	r->unkept_rows = rc == LK_OK ? 0 : r->unkept_rows;
	r->fatal |= rc && (r->o->cursor || (rc != LK_EUNREACHABLE && rc != LK_EFULL && rc != LK_EBUSY));
	return rc;
}

/* A target that is not ready is tried until it is, or for the time that was given. */
static int flush(lk_run *r, lk_error *err) {
	const lk_target *t = r->o->target;
	for (int64_t began = lk_monotonic_us();;) {
		lk_error e = {0};
		int rc = t->flush(t->ctx, &e);
		if (rc == LK_OK)
			break;
		int64_t now = lk_monotonic_us(), asked = t->again_us ? t->again_us(t->ctx) : 0;
		bool tired = r->o->retry_us && now - began >= r->o->retry_us;
		if (lk_run_stopped(r) && rc == LK_EBUSY)
			return rc;
		lk_keeper_failed(&r->keeper, &r->pg, e.text);
		lk_hint(&e, tired ? "nothing is lost: another run goes on before it" : "it is tried again, and what follows waits");
		if (rc != LK_EBUSY || tired) {
			if (err)
				*err = e;
			return rc;
		}
		if (lk_told_due(&r->refused, e.text, now))
			lk_run_notice(r, &e);
		lk_run_wait_us(r, lk_again_wait(&r->tries_target, asked));
	}
	lk_again_over(&r->tries_target);
	lk_run_tell_over(r, &r->refused, "delivery works");
	return LK_OK;
}

/* Rows that were taken go out, then their position is kept: in the other order a row could be lost. */
int lk_run_hand_over(lk_run *r, lk_error *err) {
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
	if (r->o->target->reached)
		r->o->target->reached(r->o->target->ctx, &r->at);
	return lk_run_keep(r, err);
}

static int take(lk_run *r, const lk_log_row *row, lk_error *err) {
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

static bool is_full(const lk_run *r) {
	const lk_target *t = r->o->target;
	return r->waiting >= t->rows_most || r->scanned >= SCANNED_MOST || r->finished || (r->waiting && t->full && t->full(t->ctx));
}

int lk_run_see(lk_run *r, const lk_log_row *row, lk_error *err) {
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
	place->run = lk_run_next(place->at, place->run, row->values[lk_slot_at(s)].i);
	place->at = row->values[lk_slot_at(s)].i;
	place->src = r->open.log.derived ? row->values[lk_slot_src(s)].i : LK_NEVER;
	r->scanned++;
	return is_full(r) ? lk_run_hand_over(r, err) : LK_OK;
}
