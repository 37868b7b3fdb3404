/* Removing what was declared.
 *
 * A view is removed with all of its rows in one transaction, under the catalogue's lock. Its copies are locked first,
 * as a publish and a worker's side output lock them, so that no rows are added to what is being removed: a session that
 * waits for that lock then finds no copy and gives up. What is no longer in the catalogue counts as dropped for
 * everyone: owners of its units, batches that want to publish, sweeps of cells and tables.
 *
 * A stream's tail rows are locked as by an append, so no append is half done; the next append of a running ingest finds
 * that the stream no longer exists. */
#include "catalog/drop.h"

#include <stdlib.h>
#include <string.h>

#include "catalog/log_sql.h"
#include "catalog/private.h"
#include "catalog/tail.h"
#include "catalog/tail_holder.h"
#include "core/fault.h"

enum { MAX_NAMED = 5 };

static int weigh(lk_pg *pg, const char *sql, int64_t id, int n, int64_t *const *out, lk_error *err) {
	char text[24];
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, sql, 1, (const char *const[]){lk_pg_number(text, id)});
	for (int i = 0; !rc && i < n; i++)
		*out[i] = lk_pg_int(res, 0, i);
	PQclear(res);
	return rc;
}

int lk_view_weigh(lk_pg *pg, const lk_cat_view *v, lk_drop_weight *out, lk_error *err) {
	*out = (lk_drop_weight){0};
	return weigh(pg, "SELECT count(DISTINCT version_id), count(copy_id) FILTER (WHERE NOT dropped),"
	             " count(copy_id) FILTER (WHERE NOT dropped AND state = 'sandbox'),"
	             " coalesce(sum((SELECT sum(pg_total_relation_size(t.oid)) FROM pg_class t"
	             "  WHERE t.relnamespace = 'lk'::regnamespace AND t.relname LIKE 'batch\\_' || copy_id || '\\_%')), 0)::bigint"
	             " FROM lk.version LEFT JOIN lk.copy USING (version_id) WHERE view_id = $1::bigint", v->id, 4,
	             (int64_t *const[]){&out->versions, &out->copies, &out->sandboxes, &out->bytes}, err);
}

int lk_stream_weigh(lk_pg *pg, const lk_cat_stream *s, lk_drop_weight *out, lk_error *err) {
	lk_buf log = LK_BUF_INIT;
	*out = (lk_drop_weight){0};
	lk_log_table(s->stream, &log);
	char *sql = lk_asprintf("SELECT (SELECT sum(next_off)::bigint FROM lk.tail WHERE stream_id = $1::bigint),"
	                        " (SELECT count(*) FROM lk.rejected WHERE stream_id = $1::bigint),"
	                        " (SELECT count(*) FROM lk.source WHERE stream_id = $1::bigint),"
	                        " (SELECT count(*) FROM lk.delivery WHERE stream = '%s'),"
	                        " (SELECT sum(pg_total_relation_size(relid))::bigint FROM pg_partition_tree('%s'))", s->stream->name, log.data);
	int rc = weigh(pg, sql, s->id, 5, (int64_t *const[]){&out->events, &out->rejects, &out->sources, &out->deliveries, &out->bytes}, err);
	free(sql);
	lk_buf_release(&log);
	return rc;
}

/* --- views --- */

static int run_for(lk_pg *pg, const char *const *statements, int64_t id, lk_error *err) {
	char text[24];
	int rc = 0;
	lk_pg_number(text, id);
	for (; !rc && *statements; statements++)
		rc = lk_pg_exec(pg, NULL, err, *statements, 1, (const char *const[]){text});
	return rc;
}

#define VERSIONS "(SELECT version_id FROM lk.version WHERE view_id = $1::bigint)"
#define COPIES   "(SELECT copy_id FROM lk.copy WHERE version_id IN " VERSIONS ")"

int lk_view_delete(lk_pg *pg, int64_t view_id, lk_error *err) {
	static const char *const statements[] = {
		"SELECT FROM lk.copy WHERE version_id IN " VERSIONS " ORDER BY copy_id FOR UPDATE",
		"DELETE FROM lk.late WHERE copy_id IN " COPIES,
		"DELETE FROM lk.late_block WHERE copy_id IN " COPIES,
		"DELETE FROM lk.replay WHERE copy_id IN " COPIES,
		"DELETE FROM lk.batch WHERE copy_id IN " COPIES,
		"DELETE FROM lk.cut_part WHERE cut_id IN (SELECT cut_id FROM lk.cut WHERE copy_id IN " COPIES ")",
		"DELETE FROM lk.cut WHERE copy_id IN " COPIES,
		"DELETE FROM lk.unit WHERE copy_id IN " COPIES,
		"DELETE FROM lk.copy WHERE version_id IN " VERSIONS,
		"DELETE FROM lk.rejected WHERE version_id IN " VERSIONS,
		"DELETE FROM lk.calendar WHERE version_id IN " VERSIONS,
		"DELETE FROM lk.version WHERE view_id = $1::bigint",
		"DELETE FROM lk.view WHERE view_id = $1::bigint",
		NULL,
	};
	char id[24];
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, "SELECT name FROM lk.view WHERE view_id = $1::bigint FOR UPDATE", 1,
	                    (const char *const[]){lk_pg_number(id, view_id)});
	if (!rc && PQntuples(res) != 1)
		rc = lk_fail(err, LK_ECONFLICT, "the view no longer exists");
	PQclear(res);
	return rc ? rc : run_for(pg, statements, view_id, err);
}

static int end(lk_pg *pg, int rc, lk_error *err) {
	if (!rc) {
		LK_CRASH_POINT("drop.deleted");
		rc = lk_pg_run(pg, err, "COMMIT");
	}
	if (rc)
		lk_pg_rollback(pg);
	return rc;
}

/* The replay of a sandbox holds the lock of its copy, not that of the view. */
int lk_view_refuse_replayed(lk_pg *pg, const lk_cat_view *v, lk_error *err) {
	char id[24];
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, "SELECT copy_id, name FROM lk.copy JOIN lk.version USING (version_id)"
	                    " WHERE view_id = $1::bigint AND state = 'sandbox' AND NOT dropped",
	                    1, (const char *const[]){lk_pg_number(id, v->id)});
	for (int i = 0; !rc && i < PQntuples(res); i++) {
		lk_buf who = LK_BUF_INIT;
		rc = lk_pg_lock_holder(pg, lk_pg_int(res, i, 0), &who, err);
		if (rc > 0) {
			rc = lk_fail(err, LK_EBUSY, "sandbox %s of view %s is being replayed: %s", PQgetvalue(res, i, 1), v->name,
			             who.data);
			lk_hint(err, "stop that replay, or wait until it has ended");
		}
		lk_buf_release(&who);
	}
	PQclear(res);
	return rc;
}

int lk_view_drop(lk_pg *pg, const lk_cat_view *v, lk_error *err) {
	int rc = lk_view_refuse_replayed(pg, v, err);
	if (!rc)
		rc = lk_catalog_begin(pg, err);
	return rc ? rc : end(pg, lk_view_delete(pg, v->id, err), err);
}

/* --- streams --- */

static int refuse_read(lk_pg *pg, const lk_cat_stream *s, lk_error *err) {
	char id[24];
	lk_buf names = LK_BUF_INIT;
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, "SELECT name, derived FROM lk.view WHERE stream_id = $1::bigint ORDER BY derived DESC, name", 1,
	                    (const char *const[]){lk_pg_number(id, s->id)});
	if (rc)
		return rc;
	int n = PQntuples(res), derived = 0;
	for (int i = 0; i < n; i++)
		derived += PQgetvalue(res, i, 1)[0] == 't';
	for (int i = 0; i < n && i < MAX_NAMED; i++)
		lk_buf_addf(&names, "%s%s", i ? ", " : "", PQgetvalue(res, i, 0));
	if (n > MAX_NAMED)
		lk_buf_addf(&names, " and %d more", n - MAX_NAMED);
	if (n) {
		rc = lk_fail(err, LK_EUSAGE, "stream %s is read by %d %s%s: %s", s->stream->name, n, derived ? "definition" : "view", n == 1 ? "" : "s", names.data);
		lk_hint(err, "%s; the stream can go when none reads it", derived ? "`lk drop VIEW` and `lk drop --stream NAME` remove them" : "`lk drop VIEW` removes a view");
	}
	lk_buf_release(&names);
	PQclear(res);
	return rc;
}

int lk_stream_hold(lk_pg *pg, int64_t stream_id, lk_error *err) {
	static const char *const locks[] = {
		"SELECT FROM lk.stream WHERE stream_id = $1::bigint FOR UPDATE",
		"SELECT FROM lk.source WHERE stream_id = $1::bigint ORDER BY name, number FOR UPDATE",
		NULL,
	};
	int rc = run_for(pg, locks, stream_id, err);
	return rc ? rc : lk_tail_hold(pg, stream_id, err);
}

static int need_stream(lk_pg *pg, const lk_cat_stream *s, lk_error *err) {
	char id[24];
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, "SELECT FROM lk.stream WHERE stream_id = $1::bigint", 1, (const char *const[]){lk_pg_number(id, s->id)});
	if (!rc && PQntuples(res) != 1)
		rc = lk_fail(err, LK_ECONFLICT, "stream %s no longer exists", s->stream->name);
	PQclear(res);
	return rc;
}

static int drop_log(lk_pg *pg, const lk_stream *named, int64_t stream_id, lk_error *err) {
	static const char *const rows[] = {
		"DELETE FROM lk.rejected WHERE stream_id = $1::bigint",
		"DELETE FROM lk.erased WHERE erasure_id IN (SELECT erasure_id FROM lk.erasure WHERE stream_id = $1::bigint)",
		"DELETE FROM lk.erasure WHERE stream_id = $1::bigint",
		"DELETE FROM lk.source WHERE stream_id = $1::bigint",
		"DELETE FROM lk.sealed WHERE stream_id = $1::bigint",   /* waits for a batch that adds to lk.state */
		"DELETE FROM lk.state WHERE stream_id = $1::bigint",
		"DELETE FROM lk.cut_part WHERE stream_id = $1::bigint",
		"DELETE FROM lk.tail WHERE stream_id = $1::bigint",
		"DELETE FROM lk.stream WHERE stream_id = $1::bigint",
		NULL,
	};
	lk_buf log = LK_BUF_INIT;
	lk_log_table(named, &log);
	int rc = lk_stream_hold(pg, stream_id, err);
	if (!rc)
		rc = lk_pg_runf(pg, err, "DROP TABLE IF EXISTS %s", log.data);
	lk_buf_release(&log);
	return rc ? rc : run_for(pg, rows, stream_id, err);
}

int lk_stream_delete(lk_pg *pg, const lk_cat_stream *s, lk_error *err) {
	int rc = need_stream(pg, s, err);
	if (!rc)
		rc = refuse_read(pg, s, err);
	if (!rc)
		rc = lk_pg_exec(pg, NULL, err, "DELETE FROM lk.delivery WHERE stream = $1", 1, (const char *const[]){s->stream->name});
	return rc ? rc : drop_log(pg, s->stream, s->id, err);
}

/* Logs of the rows of sql: stream_id, name. */
static int drop_logs(lk_pg *pg, const PGresult *logs, lk_error *err) {
	int rc = 0;
	for (int i = 0; !rc && i < PQntuples(logs); i++)
		rc = drop_log(pg, &(lk_stream){.log = PQgetvalue(logs, i, 1)}, lk_pg_int(logs, i, 0), err);
	return rc;
}

/* The definition of a derived stream goes with its log, and with its other ones: former ones, or one that a replay makes. */
static int delete_maker(lk_pg *pg, const lk_cat_stream *s, lk_error *err) {
	char copy[24], view[24] = "";
	const char *const of_copy[] = {lk_pg_number(copy, s->of_copy)}, *const of_view[] = {view};
	PGresult *maker = NULL, *logs = NULL;
	int rc = lk_pg_exec(pg, &maker, err, "SELECT view_id FROM lk.version JOIN lk.copy USING (version_id) WHERE copy_id = $1::bigint", 1, of_copy);
	if (!rc && PQntuples(maker)) {
		lk_pg_number(view, lk_pg_int(maker, 0, 0));
		rc = lk_pg_exec(pg, &logs, err, "SELECT s.stream_id, s.name FROM lk.stream s JOIN lk.copy c ON c.copy_id = s.of_copy JOIN lk.version v USING (version_id)"
		                " WHERE v.view_id = $1::bigint ORDER BY 1", 1, of_view);
		if (!rc)
			rc = drop_logs(pg, logs, err);
		if (!rc)
			rc = lk_view_delete(pg, lk_pg_int(maker, 0, 0), err);
	}
	PQclear(maker);
	PQclear(logs);
	return rc;
}

static int delete_with_maker(lk_pg *pg, const lk_cat_stream *s, lk_error *err) {
	int rc = lk_stream_delete(pg, s, err);
	return rc || !s->of_copy ? rc : delete_maker(pg, s, err);
}

int lk_stream_drop(lk_pg *pg, const lk_cat_stream *s, lk_error *err) {
	int rc;
	do {
		rc = lk_catalog_begin(pg, err);
		rc = end(pg, rc ? rc : delete_with_maker(pg, s, err), err);
	} while (rc == LK_EBUSY && lk_tail_free(pg, err));
	return rc;
}

/* --- logs of dropped copies --- */

static int drop_left(lk_pg *pg, const PGresult *logs, int i, lk_error *err) {
	int rc = lk_pg_begin(pg, 1000, err);
	if (!rc)
		rc = drop_log(pg, &(lk_stream){.log = PQgetvalue(logs, i, 1)}, lk_pg_int(logs, i, 0), err);
	return end(pg, rc, err);
}

int lk_logs_sweep(lk_pg *pg, lk_error *err) {
	PGresult *logs;
	int rc = lk_pg_exec(pg, &logs, err, "SELECT s.stream_id, s.name FROM lk.stream s LEFT JOIN lk.copy c ON c.copy_id = s.of_copy"
	                    " WHERE s.of_copy IS NOT NULL AND coalesce(c.dropped, true) ORDER BY 1", 0, NULL);
	if (rc)
		return rc;
	for (int i = 0; !rc && i < PQntuples(logs); i++) {
		lk_error e = {0};
		int failed = drop_left(pg, logs, i, &e);
		if (failed && failed != LK_EBUSY)
			rc = lk_fail(err, failed, "%s", e.text);
	}
	PQclear(logs);
	return rc;
}
