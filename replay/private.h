/* What the files of replay/ share: one run over all its attempts, and the steps that runs are made of. A replay, a
 * sandbox and a change of mode are the same steps in another choice.
 *
 * An attempt begins with nothing but what is in the two servers, so that a run which lost one of them begins its
 * attempt again, and a run that was killed is gone on with by the next one, by the same code. */
#ifndef LK_REPLAY_PRIVATE_H
#define LK_REPLAY_PRIVATE_H

#include "replay/replay.h"

enum lk_replay_goal {
	LK_GOAL_REPLAY,            /* what the options say */
	LK_GOAL_KAPPA, LK_GOAL_LAMBDA,   /* the version that is served, in this mode */
	LK_GOAL_BACK,              /* the copy that was served before; it is no replay, so nothing of it is noted in lk.replay */
};

typedef struct lk_replay {
	const lk_replay_options *o;
	enum lk_replay_goal goal;
	/* of one attempt: dropped where a server is lost */
	lk_pg pg;                  /* the session that holds the view's lock, or the sandbox's */
	lk_store *store;
	lk_catalog *catalog;
	const lk_cat_view *view;
	const lk_cat_copy *copy;   /* that is brought to the log's end; NULL until lk_replay_adopt */
	lk_cut end;                /* where the bulk ends; id 0: not made yet */
	int64_t at_start, done;    /* events below the cursors when the bulk began; events that were folded since */
	int64_t began_us;          /* when that was */
	/* of the whole run */
	bool connected;            /* an attempt has had both servers */
	char log_id[33];           /* of the log that it began with */
	int64_t copy_id;           /* chosen or made by an attempt; 0: not yet */
	int64_t from_copy;         /* that was served when the run began */
	bool verified;
	bool unserved;             /* r->copy was not served when it was chosen: where it is later, this run has switched */
	bool unheard;              /* it had never been: where it has been later, this run has switched, and somebody has moved readers on since */
	lk_replay_report report;
} lk_replay;

static inline bool lk_replay_stopped(const lk_replay *r) {
	return r->o->watch.stop && __atomic_load_n(r->o->watch.stop, __ATOMIC_RELAXED);
}

/* --- attempts.c --- */

/* Runs attempts until one ends with something else than a lost server, with backoff; only while none has ever
 * connected is LK_EUNREACHABLE returned. r->o is set by the caller. Releases what the attempts held. */
int lk_replay_attempts(lk_replay *r, int (*attempt)(lk_replay *r, lk_error *err), lk_error *err);
/* A session, the catalogue, the view, and, with_lock, its lock. An attempt's first step. Finds r->copy again where
 * r->copy_id is known: LK_ECONFLICT where it was dropped meanwhile. */
int lk_replay_connect(lk_replay *r, bool with_lock, lk_error *err);
/* Another lock on the attempt's session; LK_EBUSY, without filling err, where somebody keeps it: waits a moment
 * for a process that was killed, and longer for a lost session of this run, which is taken to be the holder where
 * id is that of r->copy. */
int lk_replay_lock(lk_replay *r, int64_t id, lk_error *err);
/* Goes on with this copy: loads the catalogue anew and sets r->copy_id and r->copy. */
int lk_replay_adopt(lk_replay *r, int64_t copy_id, lk_error *err);
/* Sum of the cursors of r->copy's units in the view store. */
int lk_replay_cursors(lk_replay *r, int64_t *sum, lk_error *err);
/* Notes the phase for others to see. */
int lk_replay_phase_is(lk_replay *r, const char *phase, lk_error *err);
/* done, total: sums of offsets. */
void lk_replay_tell(lk_replay *r, const char *phase, int64_t done, int64_t total);
/* Removes what dropped copies still have, from Redis and PostgreSQL; what fails is done by the next sweep of
 * anybody. */
void lk_replay_sweep(lk_replay *r);
/* Drops r->copy and removes its cells at once. */
int lk_replay_drop(lk_replay *r, lk_error *err);

/* --- choose.c --- */

/* The version that o names, or the newest; of a change of mode the served one. LK_EUSAGE, *v NULL, where there is
 * none. */
int lk_replay_version(const lk_replay *r, const lk_cat_version **v, lk_error *err);
/* What an interrupted run left, or one that did not switch: a copy of this version and kind that is being built,
 * or was never served. NULL: nothing. */
const lk_cat_copy *lk_replay_waiting(const lk_catalog *c, const lk_cat_view *view, const lk_cat_version *v, bool kappa);
/* The step: adopts such a copy, or a new one; report.already where what is wanted is served. */
int lk_replay_choose(lk_replay *r, lk_error *err);

/* --- replay.c --- */

/* One attempt of a replay or a change of mode. */
int lk_replay_attempt(lk_replay *r, lk_error *err);

/* --- steps.c: of r->copy, kappa or lambda --- */

/* There is no room for two copies: the new one gives way, so that live units have what they need. Returns LK_EFULL.
 * Where it is PostgreSQL that has none, the copy stays. */
int lk_replay_no_room(lk_replay *r, const lk_error *why, lk_error *err);
/* The stream path up to `end`, by the speed layer with o->workers. LK_OK also where it was stopped. LK_EFULL: no
 * room, the copy is dropped. */
int lk_replay_bulk(lk_replay *r, const char *phase, const int64_t *end, lk_error *err);
/* Compares with what is served, at one cut; LK_EDIFFERS where they differ and o->force is not given. Nothing to do
 * where r->verified. */
int lk_replay_verify(lk_replay *r, lk_difference *out, lk_error *err);
/* Near enough to the log's end for a switch. */
int lk_replay_catch_up(lk_replay *r, lk_error *err);
/* Moves readers from r->from_copy to r->copy, and gives the units to live workers. */
int lk_replay_switch(lk_replay *r, lk_switch_report *out, lk_error *err);

/* --- pace.c --- */

/* Drives d's units up to `end`, no event before it is due, until *o->watch.stop. */
int lk_pace_run(lk_driver *d, const lk_replay_options *o, const int64_t *end, void (*tell)(void *ctx, int64_t events),
                void *ctx, lk_error *err);

/* --- mode.c --- */

/* The step that only lambda has: the first batch of r->copy, a new one. */
int lk_mode_batch(lk_replay *r, lk_error *err);

/* --- range.c --- */

/* The offsets between which all events of the range lie. LK_EUSAGE where none does. */
int lk_range_offsets(lk_pg *pg, const lk_cat_stream *s, const lk_range *range, int64_t *start, int64_t *end,
                     lk_error *err);
/* Adopts the sandbox that o names, with its own lock: a new one of version v, or an interrupted one of the same
 * version and range. LK_EUSAGE where the name is taken by another one or by a complete one, LK_EBUSY where it is
 * being replayed. */
int lk_sandbox_adopt(lk_replay *r, const lk_cat_version *v, lk_error *err);
/* The one that it would go on with, where that was interrupted: of this name, or, "", of a name that was given to
 * it. NULL: none. */
const lk_cat_copy *lk_sandbox_find(const lk_catalog *c, const lk_cat_version *v, const char *name,
                                   const lk_range *range);

/* --- estimate.c --- */

/* lk_replay_dry_run with another size of the sample, for tests. */
int lk_replay_estimate_of(const lk_replay_options *o, int64_t sample_events, lk_replay_estimate *out, lk_error *err);

#endif
