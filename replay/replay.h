/* Kappa: reprocess the log through the stream path into a new copy, and move readers over.
 *
 *   lock the view ─ copy (made, or the one that an interrupted replay left) ─ end cut ─ stream path to it ─ verify ─ catch up ─ switch
 *
 * Each step leaves what the next run needs: a replay that is killed, or loses its servers, goes on at the cursors
 * in the view store. */
#ifndef LK_REPLAY_REPLAY_H
#define LK_REPLAY_REPLAY_H

#include "replay/compare.h"
#include "replay/switch.h"
#include "replay/watch.h"

typedef struct lk_replay_options {
	const char *postgres, *redis;
	const char *view;
	int version;               /* 0: the newest */
	int workers;               /* of the bulk; a paced replay has one thread */
	lk_stream_limits limits;
	bool switch_over, verify, force;   /* force: switch though verify found a difference */
	bool fresh;                /* do not go on with an interrupted or waiting copy: drop it and begin again */
	double pace;               /* 1: as fast as it happened; 0: as fast as it goes */
	int64_t max_gap_us;        /* longer times without any event are shortened to this; 0: not */
	const char *sandbox;       /* its name, "" to be given one; NULL: an ordinary copy, from the log's beginning */
	lk_range range;            /* of a sandbox; `by` also says which clock the pace follows */
	bool keep;                 /* a sandbox stays when it is done */
	lk_replay_watch watch;
} lk_replay_options;

typedef struct lk_replay_report {
	int64_t copy_id;
	int version;
	bool resumed, stopped;     /* stopped: by *stop; what is done is kept */
	bool switched, already;    /* already: this very copy is served (an earlier run switched and was not heard) */
	bool verified;
	lk_difference difference;  /* with verify */
	lk_switch_report switched_how;
	int64_t events, cells, late, marked;   /* of this run */
	char sandbox[64];          /* the name that a sandbox has or had; "": it is none */
	double seconds;
} lk_replay_report;

/* LK_EBUSY: another replay of the view is running (the message says whose). LK_EFULL: the copy was dropped again,
 * so that the served one has its room. LK_EDIFFERS: verify found a difference and force was not given: nothing was
 * switched, the copy stays (report.difference). */
int lk_replay_run(const lk_replay_options *o, lk_replay_report *out, lk_error *err);
void lk_replay_report_release(lk_replay_report *r);

typedef struct lk_replay_estimate {
	int64_t events;
	double seconds;            /* from the rate at which a sample was fetched and folded just now, by one thread; each further worker counts where there are two
	                              processors for it. A paced one: at least what its events took to happen */
	int64_t cells, bytes;      /* of the view store; about */
	int64_t room;              /* bytes left in Redis; < 0: no limit is set */
	int64_t sampled;           /* events that the estimate rests on; = events where it is exact */
	bool resumes;              /* an interrupted copy is there: events are what it lacks */
} lk_replay_estimate;
/* What lk_replay_run would do, without doing it: nothing is written anywhere. */
int lk_replay_dry_run(const lk_replay_options *o, lk_replay_estimate *out, lk_error *err);

/* --- mode.c --- */

typedef struct lk_mode_report {
	bool nothing_to_do;        /* the view is in this mode already */
	bool resumed, stopped;     /* stopped: by *stop; what is done is kept */
	int64_t from_copy, to_copy;
	lk_difference difference;  /* between the former mode's answer and this one's, before the switch */
	lk_switch_report switched_how;
	double seconds;
} lk_mode_report;

/* Puts a view into the other mode, for the version that is served: a copy of that kind (made, or what an
 * interrupted run left), kappa: replayed from 0; lambda: cut, batch, publish; verified against what is served,
 * caught up, switched. Errors as of lk_replay_run. */
int lk_mode_change(const lk_replay_options *o, bool kappa, lk_mode_report *out, lk_error *err);
/* Back to the copy that was served before. LK_EUSAGE where there is none. */
int lk_mode_back(const lk_replay_options *o, lk_mode_report *out, lk_error *err);

#endif
