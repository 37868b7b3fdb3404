#include "core/budget.h"

#include "core/buf.h"
#include "core/flag.h"
#include "core/time.h"

void lk_budget_begin(lk_budget *b, const lk_bounds *most) {
	*b = (lk_budget){.most = *most};
	if (most->time_us > 0)
		b->deadline_us = lk_monotonic_us() + most->time_us;
}

static bool meet(lk_budget *b, enum lk_spent which) {
	b->spent = which;
	return false;
}

bool lk_budget_allows(lk_budget *b, size_t growing) {
	if (!b)
		return true;
	int64_t bytes = b->held_bytes + (int64_t)growing;
	b->peak_bytes = bytes > b->peak_bytes ? bytes : b->peak_bytes;
	if (b->spent)
		return false;
	if (lk_flag_is_set(b->most.stop))
		return meet(b, LK_SPENT_STOPPED);
	if (b->most.bytes > 0 && bytes > b->most.bytes)
		return meet(b, LK_SPENT_BYTES);
	if (b->deadline_us && lk_monotonic_us() > b->deadline_us)
		return meet(b, LK_SPENT_TIME);
	return true;
}

bool lk_budget_allows_rows(lk_budget *b, int64_t made) {
	if (!b || b->spent)
		return !b;
	return b->most.rows > 0 && made > b->most.rows ? meet(b, LK_SPENT_ROWS) : true;
}

bool lk_budget_allows_plan(lk_budget *b, int64_t rows, size_t row_bytes) {
	if (!lk_budget_allows_rows(b, rows)) {
		b->wanted = rows;
		return false;
	}
	__int128 bytes = b ? (__int128)rows * (int64_t)row_bytes + b->held_bytes : 0;
	if (!b || !b->most.bytes || bytes <= b->most.bytes)
		return true;
	b->wanted = bytes > INT64_MAX ? INT64_MAX : (int64_t)bytes;
	return meet(b, LK_SPENT_BYTES);
}

static void add_bytes(int64_t bytes, lk_buf *out) {
	int64_t mib = bytes >> 20;
	if (bytes < 1 << 20)
		lk_buf_addf(out, "%lld bytes", (long long)bytes);
	else if (mib < 10240)
		lk_buf_addf(out, "%lld MiB", (long long)mib);
	else
		lk_buf_addf(out, "%lld GiB", (long long)(mib >> 10));
}

static int fail_bytes(const lk_budget *b, lk_error *err) {
	lk_buf may = LK_BUF_INIT, wants = LK_BUF_INIT;
	add_bytes(b->most.bytes, &may);
	add_bytes(b->wanted, &wants);
	if (b->wanted)
		lk_fail(err, LK_ETOOBIG, "the answer would take at least %s of memory; the limit is %s", wants.data, may.data);
	else
		lk_fail(err, LK_ETOOBIG, "the answer takes more than %s of memory", may.data);
	lk_buf_release(&may);
	lk_buf_release(&wants);
	return LK_ETOOBIG;
}

static int fail_rows(const lk_budget *b, lk_error *err) {
	if (b->wanted)
		return lk_fail(err, LK_ETOOBIG, "the answer would have %lld rows; the limit is %lld", (long long)b->wanted,
		               (long long)b->most.rows);
	return lk_fail(err, LK_ETOOBIG, "the answer has more than %lld rows", (long long)b->most.rows);
}

static int fail_time(const lk_budget *b, lk_error *err) {
	int64_t us = b->most.time_us;
	if (us < LK_US_PER_S)
		return lk_fail(err, LK_ETOOBIG, "the answer takes longer than %g ms", (double)us / 1e3);
	return lk_fail(err, LK_ETOOBIG, "the answer takes longer than %g s", (double)us / 1e6);
}

int lk_budget_fail(const lk_budget *b, lk_error *err) {
	switch (b ? b->spent : LK_SPENT_NOTHING) {
	case LK_SPENT_ROWS: return fail_rows(b, err);
	case LK_SPENT_BYTES: return fail_bytes(b, err);
	case LK_SPENT_TIME: return fail_time(b, err);
	case LK_SPENT_STOPPED: return lk_fail(err, LK_EBUSY, "interrupted");
	case LK_SPENT_NOTHING: break;
	}
	return LK_OK;
}
