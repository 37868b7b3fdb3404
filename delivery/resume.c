/* Where a run begins, and where it goes on after its session was lost or its log became another one. */
#include "delivery/run.h"

static void tell_resumed(const lk_run *r, enum lk_resumed what) {
	const char *name = r->open.log.name;
	if (what == LK_RESUMED_OTHER_LOG)
		lk_run_tell(r, "", "stream %s has another log now: reading goes on at the first row whose event came later", name);
	if (what == LK_RESUMED_LOST_END)
		lk_run_tell(r, "rows that came again after the loss are new ones, with ids of their own",
		     "the log of stream %s lost its end, as after a restore: reading goes on at the first row that came later", name);
}

/* Somebody else had the position while this process had no session, and went on from there. After a restore that the
 * log shows, the position that was restored with it says less than this process knows. */
static int follow_keeper(lk_run *r, lk_error *err) {
	enum lk_resumed what;
	int rc = lk_keeper_read(&r->keeper, &r->at, err);
	if (rc == LK_OK)
		rc = lk_seek_resume(&r->pg, &r->open.log, &r->at, &what, err);
	if (rc == LK_OK)
		lk_run_tell(r, "", "delivery %s was moved while this process had no session: it goes on from there", r->o->name);
	return rc < 0 ? rc : LK_OK;
}

int lk_run_resume(lk_run *r, lk_error *err) {
	enum lk_resumed what;
	int rc = lk_seek_resume(&r->pg, &r->open.log, &r->at, &what, err);
	if (rc != LK_OK)
		return rc;
	tell_resumed(r, what);
	if (what == LK_RESUMED_HERE && r->moved)
		rc = follow_keeper(r, err);
	r->kept &= what == LK_RESUMED_HERE;
	r->moved = false;
	return rc == LK_OK ? lk_run_keep(r, err) : rc;
}

static int begin(lk_run *r, lk_error *err) {
	int rc = lk_begin_check(&r->open.log, &r->o->begin, err);
	if (rc == LK_OK && r->o->at)
		r->at = *r->o->at;
	else if (rc == LK_OK)
		rc = lk_keeper_read(&r->keeper, &r->at, err);
	if (rc < 0)
		return rc;
	r->report->resumed = rc == 0;
	r->kept = rc == 0;
	r->moved = false;
	r->positioned = true;
	if (rc == 0)
		return lk_run_resume(r, err);
	rc = lk_begin_find(&r->pg, &r->open.shape, &r->o->begin, &r->at, &r->skip, err);
	return rc == LK_OK ? lk_run_keep(r, err) : rc;
}

int lk_run_look(lk_run *r, bool now, bool *changed, lk_error *err) {
	const lk_target *t = r->o->target;
	int rc = lk_open_log_look(&r->open, &r->pg, now, changed, err);
	if (rc != LK_OK || !*changed)
		return rc;
	if (!r->joined)
		rc = lk_keeper_join(&r->keeper, &r->pg, r->open.log.name, &r->moved, err);
	r->joined = rc == LK_OK;
	if (rc == LK_OK)
		rc = r->positioned ? lk_run_resume(r, err) : begin(r, err);
	if (rc == LK_OK && t->shaped) {
		rc = t->shaped(t->ctx, &r->open.shape, err);
		r->fatal |= rc != LK_OK;
	}
	if (rc == LK_OK && t->reached)
		t->reached(t->ctx, &r->at);
	return rc;
}
