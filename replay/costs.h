/* What each mode costs, measured while it is done: fresh copies of the view are made of the log as it is, one lambda and one kappa, on trial, and removed. */
#ifndef LK_REPLAY_COSTS_H
#define LK_REPLAY_COSTS_H

#include "replay/replay.h"

typedef struct lk_mode_cost {
	double build_s;            /* from nothing to an answer for the whole prefix: cut, batch, publish and the rest streamed; or replayed from 0.
	                              This is also how long a changed definition takes until it is served */
	double build_cpu_s;        /* of lk, PostgreSQL's backends of the run and Redis; < 0: not known (servers on another machine) */
	double events_per_s;       /* events of the prefix / build_s */
	int64_t rows_read;         /* rows of the log that were read to build it */
	int64_t redis_bytes, postgres_bytes;   /* that the copy occupies; the log is not counted */
	double latency_p50_s, latency_p99_s;   /* from an event being in the log to its being in an answer, one by one */
	int latency_events;
	double recover_s;          /* from an empty Redis to an answer for the whole prefix again */
	double switch_s;           /* the longest that appends waited for the switch; lambda: the publish transaction */
} lk_mode_cost;

typedef struct lk_comparison {
	int64_t events;            /* of the prefix */
	int64_t log_bytes;
	lk_cut cut;
	lk_difference lambda_kappa, lambda_sql, kappa_sql;
	int64_t late, healed;      /* refused by the stream path; counted by batch nevertheless */
	bool costs;
	lk_mode_cost lambda, kappa;
	double sql_s;              /* the user's own text over the same prefix */
	bool lambda_was_there, kappa_was_there;   /* live copies that were compared; else made for it */
} lk_comparison;

/* Compares lambda, kappa and plain SQL for the version that is served (or o->version), and measures costs if asked to. */
int lk_compare_view(const lk_replay_options *o, bool costs, lk_comparison *out, lk_error *err);
void lk_comparison_release(lk_comparison *c);

#endif
