/* Declaring: definitions become rows of the catalogue and, for a stream, tables of the log.
 *
 * Each declaration is one transaction under the catalogue's lock, so it happens whole or not at all, and applying a
 * file again changes nothing. What happens within it stands in apply_stream.c, apply_view.c and apply_derived.c. */
#include "catalog/apply_private.h"
#include "catalog/tail_holder.h"
#include "core/fault.h"

static bool is_dry_run(const lk_pg *pg) { return PQtransactionStatus(pg->conn) != PQTRANS_IDLE; }

/* A declaration is a transaction of its own, or, in a dry run, a part of one that can be undone. */
static int begin_apply(lk_pg *pg, bool dry, lk_error *err) {
	return dry ? lk_pg_run(pg, err, "SAVEPOINT declared") : lk_catalog_begin(pg, err);
}

static int end_apply(lk_pg *pg, bool dry, int rc, lk_error *err) {
	if (dry) {
		int undone = lk_pg_run(pg, rc ? NULL : err, rc ? "ROLLBACK TO SAVEPOINT declared; RELEASE SAVEPOINT declared" : "RELEASE SAVEPOINT declared");
		return rc ? rc : undone;
	}
	if (!rc) {
		LK_CRASH_POINT("apply.declared");
		rc = lk_pg_run(pg, err, "COMMIT");
	}
	if (rc)
		lk_pg_rollback(pg);
	return rc;
}

static int declare(lk_pg *pg, const lk_definition *d, lk_apply_result *out, lk_error *err) {
	switch (d->kind) {
	case LK_DEF_STREAM:
		return lk_apply_stream_within(pg, d->stream, out, err);
	case LK_DEF_DERIVED:
		return lk_apply_derived_within(pg, d->plan, out, err);
	default:
		return lk_apply_view_within(pg, d->plan, out, err);
	}
}

int lk_apply(lk_pg *pg, const lk_definition *d, lk_apply_result *out, lk_error *err) {
	bool dry = is_dry_run(pg);
	int rc;
	do {   /* new columns wait for running appends */
		*out = (lk_apply_result){0};
		rc = begin_apply(pg, dry, err);
		rc = end_apply(pg, dry, rc ? rc : declare(pg, d, out, err), err);
	} while (rc == LK_EBUSY && !dry && lk_tail_free(pg, err));
	return rc;
}

int lk_apply_dry_run_begin(lk_pg *pg, lk_error *err) {
	char log_id[33];
	int rc = lk_catalog_begin(pg, err);
	if (!rc)
		rc = lk_catalog_ensure(pg, log_id, err);
	if (rc)
		lk_pg_rollback(pg);
	return rc;
}

void lk_apply_dry_run_end(lk_pg *pg) { lk_pg_rollback(pg); }
