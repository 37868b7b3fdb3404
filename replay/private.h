/* What the files of replay/ share: one run over all its attempts, and the steps that runs are made of. A replay, a
 * sandbox and a change of mode are different choices of the same steps.
 *
 * An attempt starts only from what the two servers hold. So a run that lost a server starts another attempt, and the
 * next run resumes one that was killed, by the same code. */
#ifndef LK_REPLAY_PRIVATE_H
#define LK_REPLAY_PRIVATE_H

#include "core/flag.h"
#include "replay/replay.h"

enum lk_replay_goal {
	LK_GOAL_REPLAY,            /* what the options say */
	LK_GOAL_KAPPA, LK_GOAL_LAMBDA,   /* the served version, in this mode */
	LK_GOAL_BACK,              /* the copy that was served before; not a replay, so lk.replay has no row for it */
};

typedef struct lk_replay {
	const lk_replay_options *o;
	enum lk_replay_goal goal;
	bool derived;              /* o->view names a derived stream, and not a view (logs.c) */
	/* of one attempt: dropped when a server is lost */
	lk_pg pg;                  /* the session that holds the view's lock, or the sandbox's */
	lk_store *store;
	lk_catalog *catalog;
	const lk_cat_view *view;
	const lk_cat_copy *copy;   /* being brought to the log's end; NULL until lk_replay_adopt */
	lk_cut end;                /* where the bulk ends; id 0: not made yet */
	int64_t at_start, done;    /* events below the cursors when the bulk began; events folded since */
	int64_t began_us;          /* when the bulk began */
	/* of the whole run */
	bool connected;            /* an attempt has reached both servers */
	char log_id[33];           /* of the log that the run began with */
	int64_t copy_id;           /* chosen or made by an attempt; 0: none yet */
	int64_t from_copy;         /* the copy served when the run began */
	bool verified;
	bool unserved;             /* r->copy was not served when chosen: if it is served later, this run has switched */
	/* it had never been served: if it was later, this run has switched, and somebody has moved readers on since */
	bool unheard;
	lk_replay_report report;
} lk_replay;

static inline bool lk_replay_stopped(const lk_replay *r) {
	return lk_flag_is_set(r->o->watch.stop);
}

/* --- attempts.c --- */

/* Runs attempts, with backoff, until one ends with anything but a lost server; LK_EUNREACHABLE is returned only if no
 * attempt has ever connected. The caller sets r->o. Releases what the attempts held. */
int lk_replay_attempts(lk_replay *r, int (*attempt)(lk_replay *r, lk_error *err), lk_error *err);
/* Opens a session, loads the catalogue and the view, and takes its lock if with_lock. An attempt's first step. Finds
 * r->copy again if r->copy_id is known: LK_ECONFLICT if it was dropped meanwhile. */
int lk_replay_connect(lk_replay *r, bool with_lock, lk_error *err);
/* Takes the lock of r->view, as lk_replay_connect does. */
int lk_replay_lock_view(lk_replay *r, lk_error *err);
/* Takes another lock on the attempt's session. LK_EBUSY, without filling err, if somebody keeps it. Waits a moment for
 * a process that was killed; waits longer if id is that of r->copy, since a lost session of this run probably holds
 * it. */
int lk_replay_lock(lk_replay *r, int64_t id, lk_error *err);
/* Adopts this copy: loads the catalogue again and sets r->copy_id, r->copy and its r->view. */
int lk_replay_adopt(lk_replay *r, int64_t copy_id, lk_error *err);
/* The sum of the cursors of r->copy's units in the view store; of a derived stream's, in its log. */
int lk_replay_cursors(lk_replay *r, int64_t *sum, lk_error *err);
/* Records the phase in the catalogue, for others to see. */
int lk_replay_phase_is(lk_replay *r, const char *phase, lk_error *err);
/* done, total: sums of offsets. */
void lk_replay_tell(lk_replay *r, const char *phase, int64_t done, int64_t total);
/* Removes what dropped copies still have in Redis and PostgreSQL; if that fails, anybody's next sweep does it. */
void lk_replay_sweep(lk_replay *r);
/* Drops r->copy and removes its cells at once. */
int lk_replay_drop(lk_replay *r, lk_error *err);

/* --- choose.c --- */

/* The version that o names, or the newest; for a change of mode the served one. LK_EUSAGE and *v NULL if there is
 * none. */
int lk_replay_version(const lk_replay *r, const lk_cat_version **v, lk_error *err);
/* The copy that an interrupted run left, or a run without a switch: of this version and kind, still being built or
 * never served. NULL: none. */
const lk_cat_copy *lk_replay_waiting(const lk_catalog *c, const lk_cat_view *view, const lk_cat_version *v, bool kappa);
/* The step: adopts such a copy, or a new one; sets report.already if the wanted copy is already served. */
int lk_replay_choose(lk_replay *r, lk_error *err);

/* --- replay.c --- */

/* One attempt of a replay or a change of mode. */
int lk_replay_attempt(lk_replay *r, lk_error *err);
/* Its steps, for r->copy. Of a lambda copy without a batch: computes one. */
int lk_replay_batch(lk_replay *r, lk_error *err);
/* Makes the cut at which the bulk ends, and counts from here on. */
int lk_replay_fix_end(lk_replay *r, lk_error *err);
/* The stream path up to there. */
int lk_replay_stream(lk_replay *r, lk_error *err);

/* --- steps.c: for r->copy, kappa or lambda --- */

/* Redis has no room for two copies: drops the new one, so that live units have the room they need. Returns LK_EFULL. If
 * PostgreSQL has no room, the copy stays. Of a derived stream it does neither, and passes `why` on. */
int lk_replay_no_room(lk_replay *r, const lk_error *why, lk_error *err);
/* Runs the stream path up to `end`, by the speed layer with o->workers. LK_OK also if it was stopped. LK_EFULL: no
 * room, the copy was dropped. */
int lk_replay_bulk(lk_replay *r, const char *phase, const lk_frontier *end, lk_error *err);
/* Compares with the served copy, at one cut; LK_EDIFFERS if they differ and o->force is not set. Does nothing if
 * r->verified. */
int lk_replay_verify(lk_replay *r, lk_difference *out, lk_error *err);
/* Brings r->copy near enough to the log's end for a switch. */
int lk_replay_catch_up(lk_replay *r, lk_error *err);
/* Moves readers from r->from_copy to r->copy, and leaves the units to live workers. */
int lk_replay_switch(lk_replay *r, lk_switch_report *out, lk_error *err);

/* --- pace.c --- */

/* Drives d's units up to `end`, no event before it is due, until *o->watch.stop. */
int lk_pace_run(lk_driver *d, const lk_replay_options *o, const lk_frontier *end, void (*tell)(void *ctx, int64_t events),
                void *ctx, lk_error *err);

/* --- mode.c --- */


/* --- range.c --- */

/* The events of a range in a part of a stream's log. */
typedef struct lk_range_in {
	const lk_cat_stream *stream;
	const lk_range *range;
	const lk_frontier *from, *to;  /* offsets, by partition; from NULL: 0 */
} lk_range_in;
/* The least and the largest of their times; least > largest if there are none. */
int lk_range_times(lk_pg *pg, const lk_range_in *in, int64_t *least, int64_t *largest, lk_error *err);
/* The offsets between which all events of the range lie. LK_EUSAGE if the range has no events. */
int lk_range_offsets(lk_pg *pg, const lk_cat_stream *s, const lk_range *range, lk_frontier *start, lk_frontier *end,
                     lk_error *err);
/* Adopts the sandbox that o names, under its own lock: a new one of version v, or an interrupted one of the same
 * version and range. LK_EUSAGE if another sandbox or a complete one has the name, LK_EBUSY if the sandbox is being
 * replayed. */
int lk_sandbox_adopt(lk_replay *r, const lk_cat_version *v, lk_error *err);
/* The interrupted sandbox that lk_sandbox_adopt would resume: the one of this name, or for "" one with a generated
 * name. NULL: none. */
const lk_cat_copy *lk_sandbox_find(const lk_catalog *c, const lk_cat_version *v, const char *name,
                                   const lk_range *range);

/* --- estimate.c --- */

/* lk_replay_dry_run with another size of the sample, for tests. */
int lk_replay_estimate_of(const lk_replay_options *o, int64_t sample_events, lk_replay_estimate *out, lk_error *err);

#endif
