/* Operators: what becomes of the events of a unit.
 *
 * The stream path (stream_path.c) fetches, stops at cuts and gates, moves positions, commits and takes over: in one way
 * for every unit. What an event does, what a commit writes for it, and what a take-over begins with, is up to the
 * unit's operator. The fold of a view's events into cells (fold_cells.c) is one. To add another one: a file with these
 * verbs, which says for which plans it is, and a name in the list below. */
#ifndef LK_SPEED_LAYER_OPERATOR_H
#define LK_SPEED_LAYER_OPERATOR_H

#include "core/frontier.h"
#include "event_log/side_output.h"
#include "partials/cells.h"
#include "view_store/store.h"

struct lk_unit;
struct lk_path;
struct lk_stream_limits;

/* An event as the stream path hands it to operators. */
typedef struct lk_event {
	const lk_cat_stream *stream;
	lk_value *row;             /* its columns and _at, in the plan's slots; lent until the verb returns */
	int part;
	int64_t off;
	int64_t high;              /* of the stream it comes from, before it, if it is a row of a derived stream; else LK_NEVER */
} lk_event;

/* One thing that a commit writes beside the unit's position. */
typedef struct lk_write {
	enum lk_write_kind {
		LK_WRITE_SIDE_OUTPUT,       /* side outputs: rows of lk.late and lk.rejected */
		LK_WRITE_CELLS,        /* the changed cells of the open segment */
	} kind;
	union {
		const lk_side_output *side_output;
		struct { lk_cells *cells; int64_t from; } segment;
	};
} lk_write;

/* Where an operator keeps its unit's position, if not in Redis beside the cells: in PostgreSQL, with what it writes there.
 * Then a commit is complete when its verb returns. */
typedef struct lk_in_log {
	/* The position from which the unit goes on. LK_ECONFLICT: what it writes to was dropped. */
	int (*read)(struct lk_path *p, struct lk_unit *u, int64_t *cursor, lk_error *err);
	/* Takes the unit over, for an operator that keeps a state: where it begins to read, which may be before that position;
	 * it makes no rows up to there. NULL: the unit begins at the position. */
	int (*take)(struct lk_path *p, struct lk_unit *u, lk_position *start, uint64_t *token, lk_error *err);
	/* The unit has read all that there is, and nothing waits for a commit: the high of what it reads is `high` there, which
	 * may be more than its events say. */
	int (*follow)(struct lk_path *p, struct lk_unit *u, int64_t high, lk_error *err);
	/* Of a unit that reads all partitions: reads the events of one commit by itself, and moves u->at.cursor, which counts those of
	 * all partitions, and u->uncommitted_events. ends: where the run ends, NULL: nowhere yet. No other verb is called for
	 * events. NULL: the stream path reads. */
	int (*read_step)(struct lk_path *p, struct lk_unit *u, const lk_frontier *ends, lk_error *err);
	/* Housekeeping of a unit that is taken, now and then, between passes. NULL: there is none. */
	int (*sweep)(struct lk_path *p, struct lk_unit *u, lk_error *err);
} lk_in_log;

/* All verbs run on the thread that drives the unit. u->op_state is the operator's own. */
typedef struct lk_operator {
	bool (*is_for)(const lk_plan *p);
	const lk_in_log *in_log;   /* NULL: the position is in Redis */
	/* Makes the state for the copy's plan in a partition, with nothing in it; close frees it. */
	void *(*open)(const lk_cat_copy *copy, int part);
	void (*close)(void *state);
	/* The copy was read anew from the catalogue, and its rows are the same: the former one is freed afterwards. */
	void (*show)(void *state, const lk_cat_copy *copy);
	/* One event; u->at is the position before it. True if what is not committed has reached a limit: commit now. */
	bool (*row)(struct lk_unit *u, const lk_event *e, const struct lk_stream_limits *most);
	/* Hands what has changed since the last commit to lk_path_write, and counts as committed what it took. */
	int (*commit)(struct lk_path *p, struct lk_unit *u, lk_error *err);
	/* A live cut lies at u->at, and everything before it was committed: what comes is kept apart from it. */
	void (*cut)(struct lk_unit *u);
	/* Forgets everything: the unit goes on at u->at, or waits until it can. Reads nothing: what was committed is with
	 * the readers. */
	void (*restore)(struct lk_unit *u);
} lk_operator;

/* Each is one file, speed_layer/<name>.c. */
#define LK_OPERATORS(x) x(fold_cells) x(fill_log) x(fill_windows) x(fill_merged)

#define LK_OPERATOR_DECLARED(name) extern const lk_operator lk_##name;
LK_OPERATORS(LK_OPERATOR_DECLARED)
#undef LK_OPERATOR_DECLARED

/* The operator that a plan needs: the first of the list that is for it. */
const lk_operator *lk_operator_of(const lk_plan *p);

/* Carries out one commit of the unit, which moves its cursor from u->committed to u->at: first what goes to PostgreSQL,
 * in one transaction (P10), then, together with the position and fenced, what goes to Redis (P1). Sends only: the
 * outcome comes later. At most one write of each kind. LK_EBUSY, LK_EFULL, LK_EUNREACHABLE: nothing of it counts. */
int lk_path_write(struct lk_path *p, struct lk_unit *u, const lk_write *writes, int n, lk_error *err);

#endif
