/* Kappa: reprocess the log through the stream path into a new copy, and move readers over.
 *
 *   lock the view ─ copy (new, or left by an interrupted replay) ─ end cut ─ stream path ─ verify ─ catch up ─ switch
 *
 * Each step leaves what the next run needs: a replay that is killed, or loses its servers, is resumed at the cursors in
 * the view store.
 *
 * Any thread; one run of a view at a time in all processes, which its lock ensures. Callbacks may come on other
 * threads. Reports are the caller's, to be released also after a failure. */
#ifndef LK_REPLAY_REPLAY_H
#define LK_REPLAY_REPLAY_H

#include "compare/compare.h"
#include "compare/derived.h"
#include "compare/watch.h"
#include "replay/switch.h"

typedef struct lk_replay_options {
	const char *postgres, *redis;
	const char *view;
	int version;               /* 0: the newest */
	int workers;               /* for the bulk; a paced replay has one thread */
	lk_stream_limits limits;
	bool switch_over, verify, force;   /* force: switch even if verify found a difference */
	bool fresh;                /* drop an interrupted or waiting copy instead of resuming it */
	double pace;               /* 1: as fast as events happened; 0: as fast as possible */
	int64_t max_gap_us;        /* longer gaps without events are shortened to this; 0: none are */
	const char *sandbox;       /* its name, "": generate one; NULL: an ordinary copy, from the log's beginning */
	lk_range range;            /* of a sandbox; `by` also says which time the pace follows */
	bool keep;                 /* keep the sandbox when it is done */
	lk_replay_watch watch;
} lk_replay_options;

typedef struct lk_replay_report {
	int64_t copy_id;
	int version;
	bool resumed, stopped;     /* stopped: by *stop; finished work is kept */
	bool switched, already;    /* already: this very copy is served (an earlier run switched and did not learn it) */
	bool verified;
	lk_difference difference;  /* with verify */
	lk_switch_report switched_how;
	int64_t events, cells, late, marked;   /* of this run */
	char sandbox[64];          /* the sandbox's name, even if it is removed; "": not a sandbox */
	double seconds;
} lk_replay_report;

/* LK_EBUSY: another replay of the view is running (the message says whose). LK_EFULL: the new copy was dropped, so that
 * the served one has its room. LK_EDIFFERS: verify found a difference and force was not set: nothing was switched, the
 * copy stays (report.difference). */
int lk_replay_run(const lk_replay_options *o, lk_replay_report *out, lk_error *err);
void lk_replay_report_release(lk_replay_report *r);

typedef struct lk_replay_estimate {
	int64_t events;
	/* from the rate at which one thread read and folded a sample just now; each further worker counts if there are two
	 * processors for it. Paced: at least as long as the events took to happen */
	double seconds;
	int64_t cells, bytes;      /* of the view store: about so many if the sample is everything, else at most about so many */
	int64_t room;              /* bytes free in Redis; < 0: no limit is set */
	int64_t sampled;           /* events that the estimate is based on */
	bool resumes;              /* an interrupted copy exists: `events` are those it lacks */
} lk_replay_estimate;
/* What lk_replay_run would do, without doing it: writes nothing anywhere. */
int lk_replay_dry_run(const lk_replay_options *o, lk_replay_estimate *out, lk_error *err);

/* --- logs.c --- */

typedef struct lk_logs_report {
	lk_replay_report run;      /* copy_id: the copy that fills the new log; events: of all copies, as each folds them */
	int64_t from_copy;
	bool verified;
	int logs, views;           /* that were compared */
	int64_t rows;              /* of the logs */
	lk_derived_comparison log; /* the last one: the first that differs */
	bool by_sql;               /* against the definition's text, and not against the served log */
	lk_difference difference;  /* of the last view, likewise */
	int moved;                 /* copies that readers get now, the log's among them */
} lk_logs_report;

/* Fills the log of a derived stream anew (o->view names it), by its newest definition or o->version, into another log beside it. With
 * o->switch_over, all that reads the stream goes over with it, in one transaction; else the log is dropped again. back: to the
 * former log, and what read it. o->sandbox and o->pace are not for this. Errors as of lk_replay_run; LK_EVALUE: PostgreSQL raises an error over the
 * new definition, and o->force is not set. The caller releases *out in either case. */
int lk_logs_run(const lk_replay_options *o, bool back, lk_logs_report *out, lk_error *err);
void lk_logs_report_release(lk_logs_report *r);

/* --- mode.c --- */

typedef struct lk_mode_report {
	bool nothing_to_do;        /* the view is already in this mode */
	bool resumed, stopped;     /* stopped: by *stop; finished work is kept */
	int64_t from_copy, to_copy;
	lk_difference difference;  /* between the answers of both modes, before the switch */
	lk_switch_report switched_how;
	double seconds;
} lk_mode_report;

/* Puts a view into the other mode, for the served version. Makes a copy of that kind, or resumes an interrupted one;
 * kappa: replayed from 0; lambda: cut, batch, publish; then verified against the served copy, caught up, switched.
 * Errors as of lk_replay_run. */
int lk_mode_change(const lk_replay_options *o, bool kappa, lk_mode_report *out, lk_error *err);
/* Moves readers back to the copy that was served before. LK_EUSAGE if there is none. */
int lk_mode_back(const lk_replay_options *o, lk_mode_report *out, lk_error *err);

#endif
