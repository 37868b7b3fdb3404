/* Lambda, kappa and plain SQL over one prefix; and what each mode costs, measured while it is done: fresh copies of the
 * view are made of the log as it is, one lambda and one kappa, on trial, and removed. */
#ifndef LK_REPLAY_COSTS_H
#define LK_REPLAY_COSTS_H

#include "replay/replay.h"

typedef struct lk_mode_cost {
	int64_t events;            /* that it was built of: the prefix without the last few, which are streamed one by one to see how long each takes */
	double build_s;            /* from nothing to an answer for them: cut, batch, publish and the rest streamed; or replayed from 0.
	                              This is also how long a changed definition takes until it is served */
	double build_cpu_s;        /* of lk, and of PostgreSQL and Redis as wholes, meanwhile; < 0: not known (PostgreSQL is on another machine) */
	double events_per_s;       /* events / build_s */
	int64_t rows_read;         /* rows of the log that were read to build it */
	int64_t redis_bytes, postgres_bytes;   /* that the copy occupies; the log is not counted */
	double latency_p50_s, latency_p99_s;   /* of an event that is in the log: fetched, folded, committed, and in an answer */
	int latency_events;
	double recover_s;          /* from an empty Redis to an answer for the whole prefix again */
	int64_t recover_events;    /* that were read again for it */
	double switch_s;           /* how long appends waited for the switch; lambda: the publish transaction, for which they do not wait */
} lk_mode_cost;

/* A row that lambda has right since a batch counted events that came too late for the stream
 * path, which is all there is in kappa. */
typedef struct lk_healed {
	char *window, *key;
	char *lambda, *kappa;      /* values; NULL: no such row */
	int64_t events;
} lk_healed;

typedef struct lk_comparison {
	char *view;
	int version;
	int64_t events;            /* of the prefix */
	int64_t log_bytes;
	lk_cut cut;
	int64_t lambda_rows, kappa_rows, sql_rows;
	lk_difference lambda_kappa, lambda_sql, kappa_sql;
	char *sql_raised;          /* why PostgreSQL has no answer (a value it cannot compute); NULL: it has, and is compared with */
	char *approximate;         /* outputs that lk approximates, with their bounds, compared with PostgreSQL's exact ones within those; NULL: none */
	int64_t late, healed;      /* refused by the stream path; counted by batch nevertheless */
	lk_healed healed_shown[LK_DIFFERENCES_SHOWN];
	int nhealed_shown;
	int64_t healed_rows;
	bool costs;
	lk_mode_cost lambda, kappa;
	double sql_s;              /* the user's own text over the same prefix */
	bool lambda_was_there, kappa_was_there;   /* live copies that were compared; else made for it */
} lk_comparison;

/* Compares lambda, kappa and plain SQL for the version that is served (or o->version), and measures costs if asked to.
 * Uses postgres, redis, view, version, workers, limits and watch of o. Differences are no failure: see
 * lk_comparison_equal. What it made is removed, also after a failure; what a killed one made, the next one of the view
 * removes. LK_EBUSY: a replay or another comparison of the view is running, or it was stopped. */
int lk_compare_view(const lk_replay_options *o, bool costs, lk_comparison *out, lk_error *err);
void lk_comparison_release(lk_comparison *c);

/* All that was compared is equal; and the same, but for what late events explain. */
bool lk_comparison_equal(const lk_comparison *c);
bool lk_comparison_explained(const lk_comparison *c);

#endif
