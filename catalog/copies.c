/* Copies: made, served, dropped.
 *
 *   building --go live, or served--> live --dropped-->      a sandbox and a scratch copy are dropped only
 *
 * lk.view.served_copy is the one pointer that readers follow, former_copy the one place to go back to. Code that moves
 * either of them, or drops a copy, first locks the view's row, then rows of copies, then rows of cuts, as a publish
 * does. So there is no deadlock, and each sees what the one before it has committed. Only batch tables and the side output
 * of late events are deleted here. Rows of dropped copies are removed much later (catalog/housekeeping.c). A copy or
 * unit without a row counts as dropped: for an owner that sleeps now and wakes then, and for the sweep that finds units
 * that a restored Redis brought back. */
#include "catalog/copies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/cut_private.h"
#include "catalog/drop.h"
#include "catalog/private.h"

enum { NAME_MAX_BYTES = 60 };

/* Runs a statement that must change or give one row; any other number is a conflict. */
static int one_row(lk_pg *pg, lk_error *err, const char *what, const char *sql, int64_t id) {
	char text[24];
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, sql, 1, (const char *const[]){lk_pg_number(text, id)});
	if (rc)
		return rc;
	if (strcmp(PQcmdTuples(res), "1"))
		rc = lk_fail(err, LK_ECONFLICT, "copy %s: %s", text, what);
	PQclear(res);
	return rc;
}

static int end_transaction(lk_pg *pg, int rc, lk_error *err) {
	if (!rc)
		rc = lk_pg_run(pg, err, "COMMIT");
	if (rc)
		lk_pg_rollback(pg);
	return rc;
}

/* --- making --- */

static int check_name(const lk_copy_spec *spec, lk_error *err) {
	const char *name = spec->name;
	if (!name)
		return spec->state == LK_COPY_SANDBOX ? lk_fail(err, LK_EUSAGE, "a sandbox has a name") : 0;
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
	if (n > 0 && n <= NAME_MAX_BYTES && !name[n] && strspn(name, "0123456789") < n)
		return 0;
	lk_fail(err, LK_EUSAGE, "a copy cannot be called \"%.80s\"", name);
	lk_hint(err, "a name has letters, digits, '_', '-' and '.', at most %d, and not digits alone: those are a copy's id",
	        NAME_MAX_BYTES);
	return LK_EUSAGE;
}

/* A bound of the range for SQL; NULL if there is none. */
static const char *bound(char text[24], int64_t us) {
	return us == INT64_MIN || us == INT64_MAX ? NULL : lk_pg_number(text, us);
}

int lk_copy_insert(lk_pg *pg, int64_t version_id, int partitions, const lk_copy_spec *spec, int64_t *copy_id, lk_error *err) {
	char version[24], from[24], to[24], copy[24], n[24];
	PGresult *res = NULL;
	lk_error e = {0};
	bool sandbox = spec->state == LK_COPY_SANDBOX;
	const char *const params[] = {
		lk_pg_number(version, version_id), spec->kappa ? "kappa" : "lambda", lk_copy_state_name(spec->state), spec->name,
		!sandbox ? NULL : spec->range.by == LK_BY_AT ? "_at" : "event",
		sandbox ? bound(from, spec->range.from) : NULL, sandbox ? bound(to, spec->range.to) : NULL,
	};
	int rc = lk_pg_exec(pg, &res, &e,
		"INSERT INTO lk.copy (version_id, mode, state, name, range_by, range_from, range_to)"
		" SELECT version_id, $2, $3, $4, $5, " LK_SQL_TIME("$6") ", " LK_SQL_TIME("$7") " FROM lk.version WHERE version_id = $1::bigint"
		" RETURNING copy_id", 7, params);
	if (rc && !strcmp(e.sqlstate, "23505")) {
		rc = lk_fail(err, LK_EUSAGE, "there is a copy called %s already", spec->name);
		lk_hint(err, "choose another name, or drop that one");
	} else if (rc && err)
		*err = e;
	if (rc)
		return rc;
	if (PQntuples(res)) {
		*copy_id = lk_pg_int(res, 0, 0);
		rc = lk_pg_exec(pg, NULL, err,
			"INSERT INTO lk.unit (copy_id, part) SELECT $1::bigint, p FROM generate_series(0, $2::int - 1) p",
			2, (const char *const[]){lk_pg_number(copy, *copy_id), lk_pg_number(n, partitions)});
	} else
		rc = lk_fail(err, LK_ECONFLICT, "version %s no longer exists", version);
	PQclear(res);
	return rc;
}

static int insert_start(lk_pg *pg, int64_t copy_id, lk_cut *start, lk_error *err) {
	char copy[24], cut[24];
	int rc = lk_cut_insert(pg, &(lk_cut_for){.copy_id = copy_id, .purpose = "start"}, "published", start, err);
	if (rc)
		return rc;
	return lk_pg_exec(pg, NULL, err, "UPDATE lk.copy SET cut_id = $2::bigint WHERE copy_id = $1::bigint", 2,
	                  (const char *const[]){lk_pg_number(copy, copy_id), lk_pg_number(cut, start->id)});
}

int lk_copy_make(lk_pg *pg, const lk_cat_version *v, const lk_copy_spec *spec, int64_t *copy_id, lk_error *err) {
	const lk_cat_stream *s = v->reads;
	lk_cut start = {0};
	int rc = check_name(spec, err);
	if (!rc && spec->start) {
		start.at = *spec->start;
		rc = lk_frontier_measure(pg, s, &start.at, err);
	}
	if (!rc)
		rc = lk_pg_begin(pg, 10000, err);
	if (rc)
		return rc;
	rc = lk_copy_insert(pg, v->id, s->stream->partitions, spec, copy_id, err);
	if (!rc && spec->start)
		rc = insert_start(pg, *copy_id, &start, err);
	return end_transaction(pg, rc, err);
}

int lk_copy_go_live(lk_pg *pg, int64_t copy_id, lk_error *err) {
	return one_row(pg, err, "it is not being built, or was dropped",
	               "UPDATE lk.copy SET state = 'live' WHERE copy_id = $1::bigint AND state IN ('building', 'live')"
	               " AND NOT dropped", copy_id);
}

/* --- serving and dropping --- */

/* The copy $1 and, if it fills a log, all copies that read that log, and so on. */
#define FALLING \
	"WITH RECURSIVE falls(copy_id) AS (SELECT $1::bigint UNION SELECT c.copy_id FROM falls f JOIN lk.stream s ON s.of_copy = f.copy_id" \
	" JOIN lk.version v ON v.stream_id = s.stream_id JOIN lk.copy c ON c.version_id = v.version_id WHERE NOT c.dropped) "

static int refuse_read(lk_pg *pg, int64_t copy_id, const char *param, lk_error *err) {
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, FALLING "SELECT w.name FROM lk.view w JOIN falls f ON f.copy_id = w.served_copy AND f.copy_id <> $1::bigint LIMIT 1",
	                    1, &param);
	if (!rc && PQntuples(res))
		rc = lk_fail(err, LK_ECONFLICT, "copy %lld cannot be dropped: readers of %s get what is made of its log", (long long)copy_id,
		             PQgetvalue(res, 0, 0));
	PQclear(res);
	return rc;
}

/* The rest of a drop, under the lock of the view's row. A log goes with all that is made of it. */
static int drop_rows(lk_pg *pg, int64_t copy_id, lk_error *err) {
	static const char *const statements[] = {
		FALLING "UPDATE lk.view w SET former_copy = NULL FROM falls f WHERE w.former_copy = f.copy_id",
		FALLING "UPDATE lk.cut k SET state = CASE k.state WHEN 'open' THEN 'abandoned' ELSE 'released' END"
		" FROM falls f WHERE k.copy_id = f.copy_id AND k.state IN ('open', 'published')",
		FALLING "UPDATE lk.copy c SET dropped = true FROM falls f WHERE c.copy_id = f.copy_id",
	};
	char id[24];
	const char *param = lk_pg_number(id, copy_id);
	int rc = refuse_read(pg, copy_id, param, err);
	for (size_t i = 0; !rc && i < sizeof statements / sizeof *statements; i++)
		rc = lk_pg_exec(pg, NULL, err, statements[i], 1, &param);
	return rc;
}

/* Locks the view's row, which sql finds by its own id or by that of a copy. */
static int lock_view(lk_pg *pg, const char *sql, int64_t id, int64_t *served, int64_t *former, lk_error *err) {
	char text[24];
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, sql, 1, (const char *const[]){lk_pg_number(text, id)});
	if (rc)
		return rc;
	if (PQntuples(res) == 1) {
		*served = lk_pg_int(res, 0, 0);
		*former = lk_pg_int(res, 0, 1);
	} else
		rc = lk_fail(err, LK_ECONFLICT, "the view no longer exists");
	PQclear(res);
	return rc;
}

static int make_served(lk_pg *pg, int64_t view_id, int64_t to, lk_error *err) {
	char copy[24], view[24];
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err,
		"UPDATE lk.copy c SET state = 'live', was_served = true FROM lk.version v WHERE c.copy_id = $1::bigint"
		" AND v.version_id = c.version_id AND v.view_id = $2::bigint AND NOT c.dropped AND c.state IN ('building', 'live')",
		2, (const char *const[]){lk_pg_number(copy, to), lk_pg_number(view, view_id)});
	if (rc)
		return rc;
	if (strcmp(PQcmdTuples(res), "1"))
		rc = lk_fail(err, LK_ECONFLICT,
		             "copy %s cannot be served: it was dropped, is a sandbox or a scratch copy, or is of another view", copy);
	PQclear(res);
	return rc ? rc : one_row(pg, err, "its version is gone", "UPDATE lk.version SET was_served = true WHERE version_id ="
	                         " (SELECT version_id FROM lk.copy WHERE copy_id = $1::bigint)", to);
}

/* Lambda copies that wait for a batch to bring their version into service, of versions up to `number`. */
static const char waiting_sql[] =
	"SELECT c.copy_id FROM lk.copy c JOIN lk.version v USING (version_id) WHERE v.view_id = $1::bigint AND c.state = 'live'"
	" AND c.mode = 'lambda' AND NOT c.was_served AND NOT c.dropped AND v.number <= $2::int ORDER BY 1";

static int drop_waiting(lk_pg *pg, int64_t view_id, int64_t number, bool spare_running, lk_error *err) {
	char view[24], upto[24];
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, waiting_sql, 2, (const char *const[]){lk_pg_number(view, view_id), lk_pg_number(upto, number)});
	if (rc)
		return rc;
	for (int i = 0; !rc && i < PQntuples(res); i++) {
		int64_t copy = lk_pg_int(res, i, 0);
		rc = spare_running ? lk_pg_try_lock_transaction(pg, copy, err) : 0;   /* a batch holds its copy's */
		rc = rc == LK_EBUSY ? 0 : rc ? rc : drop_rows(pg, copy, err);
	}
	PQclear(res);
	return rc;
}

int lk_copies_supersede(lk_pg *pg, int64_t view_id, int newest, lk_error *err) {
	char view[24];
	int rc = lk_pg_exec(pg, NULL, err, "SELECT FROM lk.view WHERE view_id = $1::bigint FOR NO KEY UPDATE", 1,
	                    (const char *const[]){lk_pg_number(view, view_id)});
	return rc ? rc : drop_waiting(pg, view_id, newest - 1, true, err);
}

/* Readers have the version of this copy now, or a later one. */
static int drop_overtaken(lk_pg *pg, int64_t view_id, int64_t to, lk_error *err) {
	char copy[24];
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, "SELECT number FROM lk.version JOIN lk.copy USING (version_id) WHERE copy_id = $1::bigint", 1,
	                    (const char *const[]){lk_pg_number(copy, to)});
	if (rc)
		return rc;
	int64_t number = PQntuples(res) ? lk_pg_int(res, 0, 0) : 0;
	PQclear(res);
	return drop_waiting(pg, view_id, number, false, err);
}

int lk_copy_serve(lk_pg *pg, int64_t view_id, int64_t from, int64_t to, int64_t *retired, lk_error *err) {
	int64_t served, former;
	char view[24], old[24], new[24];
	*retired = 0;
	int rc = lock_view(pg, "SELECT served_copy, former_copy FROM lk.view WHERE view_id = $1::bigint FOR NO KEY UPDATE", view_id,
	                   &served, &former, err);
	if (!rc && served != from)
		rc = lk_fail(err, LK_ECONFLICT, "readers get copy %lld now, not copy %lld", (long long)served, (long long)from);
	if (!rc)
		rc = make_served(pg, view_id, to, err);
	if (rc || from == to)
		return rc;
	rc = drop_overtaken(pg, view_id, to, err);
	if (!rc && former && former != to) {
		*retired = former;
		rc = drop_rows(pg, former, err);
	}
	return rc ? rc : lk_pg_exec(pg, NULL, err,
		"UPDATE lk.view SET served_copy = $2::bigint, former_copy = nullif($3::bigint, 0), served_since = clock_timestamp(),"
		" stream_id = (SELECT v.stream_id FROM lk.copy c JOIN lk.version v USING (version_id) WHERE c.copy_id = $2::bigint)"
		" WHERE view_id = $1::bigint", 3, (const char *const[]){lk_pg_number(view, view_id), lk_pg_number(new, to), lk_pg_number(old, from)});
}

static const char view_of_copy[] =
	"SELECT served_copy, former_copy FROM lk.view WHERE view_id = (SELECT view_id FROM lk.copy JOIN lk.version"
	" USING (version_id) WHERE copy_id = $1::bigint) FOR NO KEY UPDATE";

int lk_copy_drop(lk_pg *pg, int64_t copy_id, lk_error *err) {
	int64_t served, former;
	int rc = lk_pg_begin(pg, 10000, err);
	if (rc)
		return rc;
	rc = lock_view(pg, view_of_copy, copy_id, &served, &former, err);
	if (!rc && served == copy_id)
		rc = lk_fail(err, LK_ECONFLICT, "readers get copy %lld: it cannot be dropped", (long long)copy_id);
	return end_transaction(pg, rc ? rc : drop_rows(pg, copy_id, err), err);
}

int lk_sandbox_replace(lk_pg *pg, int64_t old, int64_t new, lk_error *err) {
	int64_t served, former, renamed = 0;
	char from[24], to[24];
	int rc = lk_pg_begin(pg, 10000, err);
	if (rc)
		return rc;
	rc = lock_view(pg, view_of_copy, old, &served, &former, err);
	if (!rc)
		rc = drop_rows(pg, old, err);
	if (!rc)
		rc = lk_pg_changed(pg, "UPDATE lk.copy n SET name = o.name FROM lk.copy o WHERE n.copy_id = $2::bigint AND o.copy_id = $1::bigint"
		                   " AND NOT n.dropped AND n.state = 'sandbox' AND o.state = 'sandbox'", 2,
		                   (const char *const[]){lk_pg_number(from, old), lk_pg_number(to, new)}, &renamed, err);
	if (!rc && renamed != 1)
		rc = lk_fail(err, LK_ECONFLICT, "copy %s or %s is not a sandbox any more", from, to);
	return end_transaction(pg, rc, err);
}

int lk_version_was_served(lk_pg *pg, const lk_cat_version *v, bool *was, lk_error *err) {
	char id[24];
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, "SELECT coalesce((SELECT was_served FROM lk.version WHERE version_id = $1::bigint), false)", 1,
	                    (const char *const[]){lk_pg_number(id, v->id)});
	if (rc)
		return rc;
	*was = PQgetvalue(res, 0, 0)[0] == 't';
	PQclear(res);
	return 0;
}

/* --- what dropped copies leave --- */

/* A drop waits for readers, and new readers of that table would wait behind it: hence the timeout. */
int lk_batch_table_drop(lk_pg *pg, const char *table, lk_error *err) {
	int rc = lk_pg_begin(pg, 1000, err);
	if (rc)
		return rc;
	return end_transaction(pg, lk_pg_runf(pg, err, "DROP TABLE IF EXISTS %s", table), err);
}

static const char tables_sql[] =
	"SELECT quote_ident(n.nspname) || '.' || quote_ident(t.relname) FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace"
	" LEFT JOIN lk.copy c ON c.copy_id = substring(t.relname from '^batch_([0-9]+)_[0-9]+$')::bigint"
	" WHERE n.nspname = 'lk' AND t.relkind = 'r' AND t.relname ~ '^batch_[0-9]+_[0-9]+$' AND coalesce(c.dropped, true) ORDER BY 1";

/* One index lookup for each dropped copy, not a scan of a side output that may be long; 10,000 rows in each transaction. */
static const char late_sql[] =
	"WITH found AS MATERIALIZED (SELECT l.copy_id, l.part, l.off FROM lk.copy c CROSS JOIN LATERAL"
	"  (SELECT copy_id, part, off FROM lk.late l WHERE l.copy_id = c.copy_id LIMIT 10000) l WHERE c.dropped LIMIT 10000)"
	" DELETE FROM lk.late l USING found f WHERE l.copy_id = f.copy_id AND l.part = f.part AND l.off = f.off";

int lk_copies_sweep(lk_pg *pg, int *tables, lk_error *err) {
	PGresult *res = NULL;
	int gone = 0, rc = lk_pg_exec(pg, &res, err, tables_sql, 0, NULL);
	for (int i = 0; !rc && i < PQntuples(res); i++) {
		lk_error e = {0};
		int failed = lk_batch_table_drop(pg, PQgetvalue(res, i, 0), &e);
		gone += !failed;
		if (failed && failed != LK_EBUSY)
			rc = lk_fail(err, failed, "%s", e.text);
	}
	PQclear(res);
	if (tables)
		*tables = gone;
	for (int64_t rows = 1; !rc && rows > 0;)
		rc = lk_pg_changed(pg, late_sql, 0, NULL, &rows, err);
	return rc ? rc : lk_logs_sweep(pg, err);
}

bool lk_unit_is_live(void *pg, int64_t unit) {
	char id[24];
	lk_error e = {0};
	PGresult *res = NULL;
	int rc = lk_pg_exec(pg, &res, &e, "SELECT 1 FROM lk.unit JOIN lk.copy c USING (copy_id) WHERE unit_id = $1::bigint AND NOT c.dropped", 1,
	                    (const char *const[]){lk_pg_number(id, unit)});
	bool live = rc || PQntuples(res) > 0;
	PQclear(res);
	return live;
}
