/* Compares lambda, kappa and plain SQL over one prefix, and measures what each mode costs on fresh copies of the view,
 * made from the current log: one lambda, one kappa, both scratch copies that are removed afterwards.
 *
 * Any thread; one comparison of a view at a time in all processes, which its lock ensures. The comparison is the
 * caller's, to be released also after a failure. */
#ifndef LK_MODES_COMPARISON_H
#define LK_MODES_COMPARISON_H

#include "replay/replay.h"

typedef struct lk_mode_cost {
	/* from nothing to an answer: cut, batch, publish, the rest streamed; or replayed from 0. A changed definition takes
	 * as long until it is served */
	double build_s;
	int64_t rows_read;         /* rows of the log read to build it: all that there were */
	int64_t redis_bytes, postgres_bytes;   /* of the copy; without the log */
	double recover_s;          /* from an empty Redis to an answer for the whole log again */
	int64_t recover_events;    /* read again for it */
} lk_mode_cost;
/* Events per second of the build. */
static inline double lk_mode_cost_rate(const lk_mode_cost *m) { return m->build_s > 0 ? (double)m->rows_read / m->build_s : 0; }

/* A row that only lambda has right: a batch counted events that were too late for the stream path, which is all there
 * is in kappa. */
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
	char *sql_raised;          /* why PostgreSQL has no answer (it cannot compute a value); NULL: it has one */
	/* approximate outputs with their error bounds, within which they are compared; NULL: none */
	char *approximate;
	int64_t late, healed;      /* refused by the stream path; of those counted by the batch */
	lk_healed healed_shown[LK_DIFFERENCES_SHOWN];
	int nhealed_shown;
	int64_t healed_rows;
	bool costs;
	lk_mode_cost lambda, kappa;
	double sql_s;              /* the user's own text over the same prefix */
	bool lambda_was_there, kappa_was_there;   /* live copies were compared; else copies made for it */
} lk_comparison;

/* Compares lambda, kappa and plain SQL for the served version (or o->version), and measures costs if asked to. Uses
 * postgres, redis, view, version, workers, limits and watch of o. Differences are not failures: see
 * lk_comparison_equal. Removes what it made, also after a failure; what a killed comparison left, the view's next one
 * removes. LK_EBUSY: a replay or another comparison of the view is running, or it was stopped. */
int lk_compare_view(const lk_replay_options *o, bool costs, lk_comparison *out, lk_error *err);
void lk_comparison_release(lk_comparison *c);

/* True if everything compared is equal; true if it is equal but for what late events explain. */
bool lk_comparison_equal(const lk_comparison *c);
bool lk_comparison_explained(const lk_comparison *c);

#endif
