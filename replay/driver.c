/* Driving one copy from one thread.
 *
 * A partition that this driver owns goes through the stream path, one pass at a time. If another process drives it (the
 * live workers, once the copy is live), its cursor is read from the view store. Locks that others hold are tried again
 * now and then, so a process that dies has a successor. A lost server ends the driver: open it again. */
#include "replay/driver.h"

#include <string.h>
#include <time.h>

#include "core/flag.h"
#include "core/time.h"
#include "speed_layer/compactor.h"
#include "speed_layer/unit.h"

#define LOCK_EVERY_US    250000
#define SWEEP_EVERY_US  1000000
#define PAUSE_LEAST_US      200
#define PAUSE_MOST_US     10000

static int try_locks(lk_driver *d, lk_error *err) {
	d->next_lock_us = lk_monotonic_us() + LOCK_EVERY_US;
	for (int i = 0; i < d->partitions; i++) {
		int rc = d->locked[i] ? LK_EBUSY : lk_pg_try_lock(&d->writer, d->units[i].id, err);
		if (rc != LK_OK && rc != LK_EBUSY)
			return rc;
		d->locked[i] |= rc == LK_OK;
	}
	return LK_OK;
}

/* True if retrying cures the error, so that the unit is simply taken again. */
static bool mends(int code) { return code == LK_OK || code == LK_EFENCED || code == LK_EBUSY; }

static int take(lk_driver *d, int part, lk_error *err) {
	lk_unit *u = &d->units[part];
	lk_error e = {0};
	if (u->taken || lk_monotonic_us() < u->retry_at_us)
		return LK_OK;
	int rc = lk_unit_take(&d->path, u, &e);
	if (rc != LK_OK)
		lk_unit_fail(u, &e);
	if (!mends(rc) && err)
		*err = e;
	d->cursor.part[part].off = rc == LK_OK ? u->committed : d->cursor.part[part].off;
	d->waits[part] = LK_NEVER;
	return mends(rc) ? LK_OK : rc;
}

static int look_up(lk_driver *d, int part, lk_error *err) {
	return lk_unit_cursor(&d->path, &d->units[part], &d->cursor.part[part].off, err);
}

int lk_driver_open(lk_driver *d, const lk_run_to_options *at, const char *log_id, const lk_cat_copy *copy,
                   const lk_stream_limits *limits, lk_error *err) {
	memset(d, 0, sizeof *d);
	d->copy = copy;
	d->partitions = copy->version->plan->stream->partitions;
	d->cursor = lk_frontier_start(copy->version->reads->id, d->partitions);
	for (int i = 0; i < d->partitions; i++) {
		lk_unit_init(&d->units[i], copy, i);
		d->waits[i] = LK_NEVER;
	}
	int rc = lk_pg_open(&d->reader, at->postgres, "lk replay", err);
	if (rc == LK_OK)
		rc = lk_pg_open(&d->writer, at->postgres, "lk replay", err);
	if (rc == LK_OK)
		rc = lk_store_open(&d->store, at->redis, log_id, err);
	d->path = (lk_path){.reader = &d->reader, .writer = &d->writer, .store = d->store, .limits = *limits,
	                    .stop = at->watch ? at->watch->stop : NULL};
	d->next_sweep_us = lk_monotonic_us() + SWEEP_EVERY_US;
	d->path.compactor = lk_compactor_open(at->redis, NULL, NULL);
	if (rc == LK_OK)
		rc = try_locks(d, err);
	for (int i = 0; i < d->partitions && rc == LK_OK; i++)
		rc = d->locked[i] ? take(d, i, err) : look_up(d, i, err);
	return rc;
}

void lk_driver_close(lk_driver *d) {
	lk_compactor_close(d->path.compactor);
	for (int i = 0; i < d->partitions; i++)
		lk_unit_release(&d->units[i]);
	lk_store_close(d->store);
	lk_pg_close(&d->reader);
	lk_pg_close(&d->writer);
	memset(d, 0, sizeof *d);
}

static int trouble(const lk_unit *u, lk_error *err) {
	if (u->taken || mends(u->error.code))
		return LK_OK;
	if (err)
		*err = u->error;
	return u->error.code;
}

static int drive(lk_driver *d, int part, int64_t end, int64_t *folded, lk_error *err) {
	lk_unit *u = &d->units[part];
	int64_t events = 0;
	int rc = take(d, part, err);
	bool waits = d->path.gated && d->waits[part] != LK_NEVER && d->waits[part] > d->path.gate;
	if (rc != LK_OK || !u->taken || waits || u->at.cursor >= end)
		return rc;
	rc = lk_path_pass(&d->path, &u, 1, end, &events, err);
	*folded += events;
	d->waits[part] = d->path.at_gate;
	d->cursor.part[part].off = u->committed;
	return rc == LK_OK ? trouble(u, err) : rc;
}

static int sweep(lk_driver *d, lk_error *err) {
	d->next_sweep_us = lk_monotonic_us() + SWEEP_EVERY_US;
	for (int i = 0; i < d->partitions; i++) {
		lk_unit_sweep(&d->path, &d->units[i], NULL);
		int rc = trouble(&d->units[i], err);
		if (rc != LK_OK)
			return rc;
	}
	return LK_OK;
}

int lk_driver_pass(lk_driver *d, const lk_frontier *end, int64_t *folded, lk_error *err) {
	int64_t now = lk_monotonic_us();
	int rc = now >= d->next_lock_us ? try_locks(d, err) : LK_OK;
	*folded = 0;
	for (int i = 0; i < d->partitions && rc == LK_OK; i++)
		rc = d->locked[i] ? drive(d, i, end->part[i].off, folded, err) : look_up(d, i, err);
	if (rc == LK_OK && now >= d->next_sweep_us)
		rc = sweep(d, err);
	return rc;
}

bool lk_driver_reached(const lk_driver *d, const lk_frontier *end) { return lk_frontier_reaches(&d->cursor, end); }

static void rest(int64_t us) {
	struct timespec t = {.tv_sec = us / LK_US_PER_S, .tv_nsec = us % LK_US_PER_S * 1000};
	nanosleep(&t, NULL);
}

static int too_late(const lk_driver *d, const lk_frontier *end, lk_error *err) {
	lk_fail(err, LK_EBUSY, "copy %lld of view %s did not come to the log's end in time", (long long)d->copy->id,
	        d->copy->version->view->name);
	for (int i = 0; i < d->partitions; i++)
		if (!d->locked[i] && d->cursor.part[i].off < end->part[i].off)
			return lk_hint(err, "another process holds partition %d, and is at offset %lld: find it by its session,"
			               " which holds the advisory lock %lld in pg_locks", i, (long long)d->cursor.part[i].off,
			               (long long)d->units[i].id);
	return LK_EBUSY;
}

int lk_driver_run(lk_driver *d, const lk_frontier *end, int64_t deadline_us, lk_error *err) {
	int64_t pause_us = PAUSE_LEAST_US;
	while (!lk_driver_reached(d, end) && !lk_flag_is_set(d->path.stop)) {
		int64_t folded, left_us = deadline_us - lk_monotonic_us();
		if (left_us <= 0)
			return too_late(d, end, err);
		int rc = lk_driver_pass(d, end, &folded, err);
		if (rc != LK_OK)
			return rc;
		if (folded > 0 || lk_driver_reached(d, end)) {
			pause_us = PAUSE_LEAST_US;
			continue;
		}
		rest(pause_us < left_us ? pause_us : left_us);
		pause_us = pause_us * 2 < PAUSE_MOST_US ? pause_us * 2 : PAUSE_MOST_US;
	}
	return LK_OK;
}
