/* Copies: making them, moving readers from one to another, and removing them. Owners and sweeps follow these rows and
 * do the same to the cells in the view store.
 *
 * Any thread, with a session of its own. */
#ifndef LK_CATALOG_COPIES_H
#define LK_CATALOG_COPIES_H

#include "catalog/cut.h"

typedef struct lk_copy_spec {
	bool kappa;
	enum lk_copy_state state;
	const char *name;          /* of a sandbox, else NULL */
	lk_range range;            /* of a sandbox */
	const lk_frontier *start;  /* of a sandbox: where its units begin; NULL: kappa at 0, lambda at the published cut */
} lk_copy_spec;

/* Makes a copy of a version, with its units and, with `start`, the cut where they begin. One transaction. LK_EUSAGE if
 * a sandbox of this name exists, or the name is invalid (letters, digits, '_', '-', '.', at most 60, not only digits);
 * LK_ECONFLICT if the version no longer exists. */
int lk_copy_make(lk_pg *pg, const lk_cat_version *v, const lk_copy_spec *spec, int64_t *copy_id, lk_error *err);
/* building -> live: from here on the speed layer drives it. LK_ECONFLICT if it is neither, or dropped. Idempotent. */
int lk_copy_go_live(lk_pg *pg, int64_t copy_id, lk_error *err);
/* Moves readers, inside the caller's transaction: served `from` -> `to` by compare-and-set, `to` becomes live, `from`
 * becomes the former copy, and the former copy before it is dropped (its id in *retired, else 0). Lambda copies of this
 * version, or an older one, that wait for a batch to bring them into service are dropped too: no batch would, and the
 * speed layer would keep them for ever. LK_ECONFLICT if `from` is not served (any more), or `to` is dropped, a sandbox
 * or a scratch copy, or of another view. */
int lk_copy_serve(lk_pg *pg, int64_t view_id, int64_t from, int64_t to, int64_t *retired, lk_error *err);
/* Drops a copy that is not served; LK_ECONFLICT if it is. Its cuts are abandoned or released. Idempotent. */
int lk_copy_drop(lk_pg *pg, int64_t copy_id, lk_error *err);
/* Drops the sandbox `old` and gives its name to the sandbox `new` of the same view, in one transaction. LK_ECONFLICT if
 * one of them is gone. */
int lk_sandbox_replace(lk_pg *pg, int64_t old, int64_t new, lk_error *err);
/* Was any copy of the version ever served, including dropped ones? */
int lk_version_was_served(lk_pg *pg, const lk_cat_version *v, bool *was, lk_error *err);
/* Drops one batch table (a quoted name); LK_EBUSY if a reader holds it for longer than a second. */
int lk_batch_table_drop(lk_pg *pg, const char *table, lk_error *err);
/* Removes what dropped copies still have in PostgreSQL: batch tables and logs (with a lock timeout: tables that readers hold
 * stay until the next call), and rows of lk.late. *tables, may be NULL: how many were removed. */
int lk_copies_sweep(lk_pg *pg, int *tables, lk_error *err);

/* Does the unit belong to a copy that is not dropped? For lk_store_sweep; pg is an lk_pg. True if that cannot be read,
 * so that nothing is removed by mistake. */
bool lk_unit_is_live(void *pg, int64_t unit);

/* --- what a replay notes for others to see --- */

typedef struct lk_replay_row {
	bool there;
	char phase[16];
	int64_t started_at, started_off, ended_at;   /* LK_NEVER: not ended */
	lk_cut end;
	bool running;              /* a session holds the lock of the copy's replay */
	bool differs;              /* it ended with a copy that differs from the served one */
} lk_replay_row;
/* A start, or a resumed start: replaces the row of the copy. */
int lk_replay_begin(lk_pg *pg, int64_t copy_id, const lk_cut *end, int64_t started_off, lk_error *err);
int lk_replay_phase(lk_pg *pg, int64_t copy_id, const char *phase, lk_error *err);   /* "done" sets ended_at */
int lk_replay_differs(lk_pg *pg, int64_t copy_id, lk_error *err);   /* ends it in its phase, "verifying" */
int lk_replay_read(lk_pg *pg, const lk_cat_copy *copy, lk_replay_row *out, lk_error *err);

/* The advisory lock under which one replay, change of mode or comparison of a view runs at a time; the replay of a
 * sandbox takes its copy's lock instead. A session lock: LK_EBUSY, with its holder, if another session has it.
 * lk_pg_unlock(pg, id) releases it. */
int lk_view_lock(lk_pg *pg, const lk_cat_view *v, lk_error *err);

#endif
