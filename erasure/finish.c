/* Passes over the copies, until none is older than the erasure. Each pass reads the catalogue anew, and does what it
 * can: what is in the way of one copy does not keep the others. */
#include <time.h>

#include "core/fault.h"
#include "core/flag.h"
#include "core/time.h"
#include "erasure/private.h"

enum { BUSY_WAIT_MS = 60000, LOOK_EVERY_MS = 200, PASSES_MOST = 1000 };

/* Takes an id now that everybody who begins a snapshot sees the erasure: any cut and copy with a greater id is made
 * later. 0: there is no unfinished erasure. */
static int see(lk_erase_run *r, lk_error *err) {
	char id[24];
	PGresult *res;
	lk_pg_number(id, r->stream->id);
	int rc = lk_pg_runf(r->pg, err, "UPDATE lk.erasure SET seen_from = %s WHERE stream_id = %s AND done_at IS NULL"
	                    " AND seen_from IS NULL", LK_MUTANT("seen_too_early") ? "erasure_id" : "nextval('lk.id')", id);
	if (rc == LK_OK)
		rc = lk_pg_exec(r->pg, &res, err, "SELECT max(seen_from) FROM lk.erasure WHERE stream_id = $1::bigint"
		                " AND done_at IS NULL", 1, (const char *const[]){id});
	if (rc != LK_OK)
		return rc;
	r->seen_from = lk_pg_int(res, 0, 0);
	PQclear(res);
	LK_CRASH_POINT("erase.seen");
	return LK_OK;
}

static int load(lk_erase_run *r, lk_error *err) {
	int64_t id = r->o->stream->id;
	lk_catalog_release(r->catalog);
	r->catalog = NULL;
	r->stream = NULL;
	int rc = lk_catalog_load(r->pg, &r->catalog, err);
	for (int i = 0; rc == LK_OK && i < r->catalog->nstreams; i++)
		if (r->catalog->streams[i].id == id)
			r->stream = &r->catalog->streams[i];
	if (rc == LK_OK && !r->stream)
		rc = lk_fail(err, LK_ECONFLICT, "stream %s was dropped", r->o->stream->stream->name);
	return rc;
}

typedef struct pass {
	int old, moved;            /* copies that are old; those with which a step has succeeded */
	lk_error first;            /* why another one could not be made again; of several that which waiting will not cure */
} pass;

static void note(pass *p, const lk_error *e) {
	bool waits = e->code == LK_EBUSY || e->code == LK_ECONFLICT;
	if (!p->first.code || (!waits && p->first.code == LK_EBUSY))
		p->first = *e;
	if (e->code == LK_ECONFLICT)
		p->first.code = LK_EBUSY;
}

static int make_pass(lk_erase_run *r, pass *p, lk_error *err) {
	*p = (pass){0};
	int rc = load(r, err);
	for (int i = 0; rc == LK_OK && i < r->catalog->ncopies && !lk_flag_is_set(r->o->watch.stop); i++) {
		lk_error e = {0};
		if (!lk_erase_is_old(r, &r->catalog->copies[i]))
			continue;
		p->old++;
		int done = lk_erase_remake(r, &r->catalog->copies[i], &e);
		LK_CRASH_POINT("erase.remade");
		if (done == LK_EUNREACHABLE)
			return *err = e, done;
		if (done == LK_OK)
			p->moved++;
		else
			note(p, &e);
	}
	return rc;
}

static int stopped(lk_error *err) {
	lk_fail(err, LK_EBUSY, "stopped: the events are erased, but not everything that was computed from them");
	return LK_EBUSY;
}

/* Passes, and clearing when nothing is old; a step that is in the way of both is waited for. */
static int work(lk_erase_run *r, lk_error *err) {
	int64_t wait_us = INT64_C(1000) * LK_HURRIED(BUSY_WAIT_MS), until_us = lk_monotonic_us() + wait_us;
	for (int i = 0; i < PASSES_MOST; i++) {
		pass p;
		int rc = make_pass(r, &p, err);
		if (rc == LK_OK && lk_flag_is_set(r->o->watch.stop))
			return stopped(err);
		if (rc == LK_OK && !p.old) {
			lk_error_clear(&p.first);
			rc = lk_erase_clear(r, &p.first);
			if (rc == LK_OK)
				return LK_OK;
			rc = rc == LK_EBUSY ? LK_OK : rc;
		}
		if (rc != LK_OK || (!p.moved && (p.first.code != LK_EBUSY || lk_monotonic_us() > until_us))) {
			if (!err->code)
				*err = p.first;
			return err->code;
		}
		if (p.moved)
			until_us = lk_monotonic_us() + wait_us;
		else
			nanosleep(&(struct timespec){.tv_nsec = LOOK_EVERY_MS * 1000000L}, NULL);
	}
	return lk_fail(err, LK_EBUSY, "copies of stream %s are made as fast as they are made again",
	               r->o->stream->stream->name);
}

static int end(lk_erase_run *r, lk_error *err) {
	LK_CRASH_POINT("erase.cleared");
	return lk_pg_runf(r->pg, err, "UPDATE lk.erasure SET done_at = clock_timestamp()"
	                  " WHERE stream_id = %lld AND seen_from <= %lld AND done_at IS NULL",
	                  (long long)r->o->stream->id, (long long)r->seen_from);
}

int lk_erase_finish(lk_pg *pg, const lk_erase_options *o, lk_error *err) {
	lk_erase_run r = {.o = o, .pg = pg, .stream = o->stream};
	lk_error e = {0};
	int rc = see(&r, &e);
	if (rc == LK_OK && r.seen_from) {
		rc = load(&r, &e);
		if (rc == LK_OK)
			rc = lk_store_open(&r.store, o->redis, r.catalog->log_id, &e);
		if (rc == LK_OK)
			rc = work(&r, &e);
		if (rc == LK_OK)
			rc = end(&r, &e);
	}
	lk_store_close(r.store);
	lk_catalog_release(r.catalog);
	if (rc == LK_OK)
		return LK_OK;
	if (!e.hint[0])
		lk_hint(&e, "`lk erase %s --resume` makes again what is left", o->stream->stream->name);
	return err ? (*err = e, rc) : rc;
}
