/* What a replay records for others to see, and the lock under which it runs. */
#include "catalog/copies.h"

#include <stdio.h>
#include <string.h>

#include "core/time.h"

int lk_replay_begin(lk_pg *pg, int64_t copy_id, const lk_cut *end, int64_t started_off, lk_error *err) {
	char copy[24], cut[24], off[24];
	return lk_pg_exec(pg, NULL, err,
		"INSERT INTO lk.replay (copy_id, cut_id, phase, started_at, started_off)"
		" VALUES ($1::bigint, $2::bigint, 'replaying', clock_timestamp(), $3::bigint)"
		" ON CONFLICT (copy_id) DO UPDATE SET cut_id = excluded.cut_id, phase = excluded.phase, started_at = excluded.started_at,"
		" started_off = excluded.started_off, ended_at = NULL",
		3, (const char *const[]){lk_pg_number(copy, copy_id), lk_pg_number(cut, end->id), lk_pg_number(off, started_off)});
}

int lk_replay_phase(lk_pg *pg, int64_t copy_id, const char *phase, lk_error *err) {
	char copy[24];
	return lk_pg_exec(pg, NULL, err,
		"UPDATE lk.replay SET phase = $2, ended_at = CASE WHEN $2 <> 'done' THEN NULL ELSE coalesce(ended_at, clock_timestamp()) END"
		" WHERE copy_id = $1::bigint", 2, (const char *const[]){lk_pg_number(copy, copy_id), phase});
}

int lk_replay_differs(lk_pg *pg, int64_t copy_id, lk_error *err) {
	char copy[24];
	return lk_pg_exec(pg, NULL, err, "UPDATE lk.replay SET ended_at = clock_timestamp() WHERE copy_id = $1::bigint AND phase = 'verifying'",
	                  1, (const char *const[]){lk_pg_number(copy, copy_id)});
}

int lk_replay_read(lk_pg *pg, const lk_cat_copy *copy, lk_replay_row *out, lk_error *err) {
	char id[24];
	PGresult *res;
	*out = (lk_replay_row){.ended_at = LK_NEVER};
	int rc = lk_pg_exec(pg, &res, err, "SELECT phase, " LK_SQL_US("started_at") ", started_off, " LK_SQL_US("ended_at") ", cut_id"
	                    " FROM lk.replay WHERE copy_id = $1::bigint", 1, (const char *const[]){lk_pg_number(id, copy->id)});
	if (rc || !PQntuples(res))
		goto done;
	out->there = true;
	snprintf(out->phase, sizeof out->phase, "%s", PQgetvalue(res, 0, 0));
	out->started_at = lk_pg_int(res, 0, 1);
	out->started_off = lk_pg_int(res, 0, 2);
	out->ended_at = lk_pg_int_or(res, 0, 3, LK_NEVER);
	out->differs = out->ended_at != LK_NEVER && strcmp(out->phase, "verifying") == 0;
	rc = lk_cut_load(pg, lk_pg_int(res, 0, 4), &out->end, err);
	if (!rc && out->ended_at == LK_NEVER) {
		int64_t lock = copy->state == LK_COPY_SANDBOX ? copy->id : copy->version->view->id;
		rc = lk_pg_lock_holder(pg, lock, NULL, err);
		out->running = rc == 1;
		rc = rc == 1 ? 0 : rc;
	}
done:
	PQclear(res);
	return rc;
}

int lk_view_lock(lk_pg *pg, const lk_cat_view *v, lk_error *err) {
	lk_buf who = LK_BUF_INIT;
	int rc = lk_pg_try_lock(pg, v->id, err);
	if (rc != LK_EBUSY)
		return rc;
	lk_pg_lock_holder(pg, v->id, &who, NULL);
	lk_fail(err, LK_EBUSY, "a replay, a change of mode or a comparison of view %s is running%s%s", v->name, who.len ? ": " : "",
	        who.len ? who.data : "");
	lk_hint(err, "wait until it has ended, or stop it");
	lk_buf_release(&who);
	return LK_EBUSY;
}
