#include "batch_layer/publish.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/fault.h"
#include "core/time.h"

char *lk_batch_table_name(const lk_cat_copy *copy, const lk_cut *cut) {
	return lk_asprintf("\"lk\".\"batch_%lld_%lld\"", (long long)copy->id, (long long)cut->id);
}

int lk_publish_begin(lk_pg *pg, lk_error *err) {
	return lk_pg_runf(pg, err, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL synchronous_commit = on;"
	                  " SET LOCAL work_mem = '256MB'; SET LOCAL jit = off; SET LOCAL statement_timeout = 0;"
	                  " SET LOCAL idle_in_transaction_session_timeout = %d; SET LOCAL lock_timeout = '5s'", LK_WORK_IDLE_MS);
}

int lk_publish_lock_view(lk_pg *pg, const lk_cat_copy *copy, lk_error *err) {
	char view[24];
	int rc = lk_pg_runf(pg, err, "SET LOCAL idle_in_transaction_session_timeout = %d", LK_HURRIED(LK_IDLE_MS));
	return rc != LK_OK ? rc : lk_pg_exec(pg, NULL, err, "SELECT FROM lk.view WHERE view_id = $1::bigint FOR NO KEY UPDATE", 1,
	                  (const char *const[]){lk_pg_number(view, copy->version->view->id)});
}

int lk_publish_record(lk_pg *pg, const lk_published_row *r, lk_error *err) {
	char cut[24], copy[24], events[24], cells[24], took[32];
	snprintf(took, sizeof took, "%.6f", (double)(lk_monotonic_us() - r->began_us) / 1e6);
	const char *const params[] = {lk_pg_number(cut, r->cut_id), lk_pg_number(copy, r->copy_id), r->table, r->path,
	                              lk_pg_number(events, r->events), lk_pg_number(cells, r->cells), took};
	return lk_pg_exec(pg, NULL, err, "INSERT INTO lk.batch (cut_id, copy_id, batch_table, path, events, cells, seconds, table_rows)"
	                  " SELECT $1::bigint, $2::bigint, $3, $4, $5::bigint, $6::bigint, $7::float8, $6::bigint + coalesce(max(table_rows), 0)"
	                  " FROM lk.batch WHERE copy_id = $2::bigint AND batch_table = $3", 7, params);
}
