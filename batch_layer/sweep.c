/* Drops old batch tables of a copy. A reader that finds its table gone (SQLSTATE 42P01) reads the pointer again, so
 * dropping one is correct at any time; keeping the last but one saves readers that detour. A table that a reader locks
 * today is dropped the next time. Several cuts share a seal's table. lk_copies_sweep drops the tables of dropped
 * copies. */
#include "batch_layer/batch.h"

#include <stdio.h>

#include "catalog/copies.h"

/* The copy's existing tables, except those of its newest published cuts. */
static const char former[] =
	"SELECT quote_ident(n.nspname) || '.' || quote_ident(t.relname)"
	" FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace"
	" CROSS JOIN LATERAL (SELECT substring(t.relname from '^batch_[0-9]+_([0-9]+)$')::bigint AS cut_id) k"
	" WHERE n.nspname = 'lk' AND t.relkind = 'r' AND t.relname ~ ('^batch_' || $1 || '_[0-9]+$')"
	" AND NOT EXISTS (SELECT FROM lk.copy u WHERE u.copy_id = $1::bigint AND u.batch_table = '\"lk\".\"' || t.relname || '\"')"
	" AND k.cut_id < (SELECT min(cut_id) FROM (SELECT b.cut_id FROM lk.batch b JOIN lk.copy c USING (copy_id)"
	"  WHERE b.copy_id = $1::bigint AND b.cut_id <= c.cut_id ORDER BY b.cut_id DESC LIMIT $2::int) kept)";

static int keep_newest(lk_pg *pg, const lk_cat_copy *copy, const char *kept, lk_error *err) {
	char id[24];
	PGresult *res = NULL;
	snprintf(id, sizeof id, "%lld", (long long)copy->id);
	int rc = lk_pg_exec(pg, &res, err, former, 2, (const char *const[]){id, kept});
	for (int i = 0; rc == LK_OK && i < PQntuples(res); i++) {
		lk_error e = {0};
		int d = lk_batch_table_drop(pg, PQgetvalue(res, i, 0), &e);
		if (d != LK_OK && d != LK_EBUSY) {
			rc = d;
			if (err)
				*err = e;
		}
	}
	PQclear(res);
	return rc;
}

int lk_batch_sweep(lk_pg *pg, const lk_cat_copy *copy, lk_error *err) { return keep_newest(pg, copy, "2", err); }
int lk_batch_sweep_former(lk_pg *pg, const lk_cat_copy *copy, lk_error *err) { return keep_newest(pg, copy, "1", err); }
