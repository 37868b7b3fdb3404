#include "delivery/named.h"

#include <stdlib.h>
#include <string.h>

#include "core/suggest.h"
#include "core/time.h"

static int busy(lk_pg *pg, const char *name, int64_t id, lk_error *err) {
	lk_buf who = LK_BUF_INIT;
	int rc = lk_pg_lock_holder(pg, id, &who, err);
	if (rc < 0)
		return rc;
	lk_fail(err, LK_EBUSY, "delivery %s is in use: %s", name, rc ? who.data : "by a process that has just ended");
	lk_buf_release(&who);
	return lk_hint(err, "one process at a time has it; another --name is another delivery");
}

/* Finds the row, or makes it. */
static int need_row(lk_named *n, lk_pg *pg, const char *stream, lk_error *err) {
	PGresult *res = NULL;
	int rc = lk_pg_exec(pg, &res, err,
	                    "INSERT INTO lk.delivery (name, stream, target) VALUES ($1, $2, $3)"
	                    " ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING delivery_id", 3,
	                    (const char *const[]){n->name, stream, n->target});
	if (!rc)
		n->id = lk_pg_int(res, 0, 0);
	PQclear(res);
	return rc;
}

/* Reads the position, and notes what the delivery reads now, and where its rows go. */
static int take_row(lk_named *n, lk_pg *pg, const char *stream, lk_buf *text, lk_error *err) {
	char id[24];
	PGresult *res = NULL;
	int rc = lk_pg_exec(pg, &res, err,
	                    "UPDATE lk.delivery SET stream = $2, target = $3 WHERE delivery_id = $1::bigint RETURNING position", 3,
	                    (const char *const[]){lk_pg_number(id, n->id), stream, n->target});
	if (!rc && PQntuples(res) != 1)
		rc = lk_fail(err, LK_ECONFLICT, "delivery %s was dropped just now", n->name);
	if (!rc)
		lk_buf_adds(text, PQgetvalue(res, 0, 0));
	PQclear(res);
	return rc;
}

static const char *text_of(const lk_buf *b) { return b->data ? b->data : ""; }

int lk_named_join(lk_named *n, lk_pg *pg, const char *stream, bool *moved, lk_error *err) {
	lk_buf text = LK_BUF_INIT;
	int rc = need_row(n, pg, stream, err);
	if (!rc && (rc = lk_pg_try_lock(pg, n->id, err)) == LK_EBUSY)
		rc = busy(pg, n->name, n->id, err);
	if (!rc)
		rc = take_row(n, pg, stream, &text, err);
	*moved = !rc && strcmp(text_of(&text), text_of(&n->stored)) != 0 && strcmp(text_of(&text), text_of(&n->tried)) != 0;
	lk_buf_release(&n->stored);
	n->stored = text;
	return rc;
}

int lk_named_read(const lk_named *n, lk_bookmark *out, lk_error *err) {
	const char *why = "";
	if (!*text_of(&n->stored))
		return 1;
	if (lk_bookmark_read(n->stored.data, n->stored.len, out, &why) == 0)
		return 0;
	lk_fail(err, LK_EINPUT, "the position of delivery %s is damaged: %s", n->name, why);
	return lk_hint(err, "`lk drop --delivery %s`, and say with --from where to begin", n->name);
}

int lk_named_write(lk_named *n, lk_pg *pg, const lk_bookmark *p, int64_t rows, lk_error *err) {
	char id[24], count[24];
	int64_t changed = 0;
	lk_buf_clear(&n->tried);
	lk_bookmark_print(p, &n->tried);
	int rc = lk_pg_changed(pg,
	                       "UPDATE lk.delivery SET position = $2, rows = rows + $3::bigint, error = NULL, failing_since = NULL,"
	                       " succeeded_at = CASE WHEN $3::bigint > 0 THEN clock_timestamp() ELSE succeeded_at END"
	                       " WHERE delivery_id = $1::bigint", 3,
	                       (const char *const[]){lk_pg_number(id, n->id), n->tried.data, lk_pg_number(count, rows)}, &changed, err);
	if (!rc && !changed)
		rc = lk_fail(err, LK_ECONFLICT, "delivery %s was dropped", n->name);
	if (rc)
		return rc;
	lk_buf_clear(&n->stored);
	lk_buf_adds(&n->stored, n->tried.data);
	return LK_OK;
}

int lk_named_failed(lk_named *n, lk_pg *pg, const char *why, lk_error *err) {
	char id[24];
	return lk_pg_exec(pg, NULL, err,
	                  "UPDATE lk.delivery SET error = $2, failing_since = coalesce(failing_since, clock_timestamp())"
	                  " WHERE delivery_id = $1::bigint", 2, (const char *const[]){lk_pg_number(id, n->id), why});
}

void lk_named_release(lk_named *n) {
	lk_buf_release(&n->stored);
	lk_buf_release(&n->tried);
}

/* --- for people --- */

static char *copy_or_null(const PGresult *res, int row, int col) {
	return PQgetisnull(res, row, col) ? NULL : lk_strdup(PQgetvalue(res, row, col));
}

static lk_delivery take(const PGresult *res, int row) {
	lk_delivery d = {
		.name = copy_or_null(res, row, 0), .stream = copy_or_null(res, row, 1), .target = copy_or_null(res, row, 2),
		.rows = lk_pg_int(res, row, 4), .succeeded_at = lk_pg_time_or(res, row, 5, LK_NEVER),
		.failing_since = lk_pg_time_or(res, row, 6, LK_NEVER), .error = copy_or_null(res, row, 7),
	};
	const char *why;
	d.placed = lk_bookmark_read(PQgetvalue(res, row, 3), (size_t)PQgetlength(res, row, 3), &d.at, &why) == 0;
	return d;
}

int lk_deliveries_read(lk_pg *pg, const char *stream, lk_delivery **out, int *n, lk_error *err) {
	PGresult *res = NULL;
	*out = NULL;
	*n = 0;
	int rc = lk_pg_exec(pg, &res, err,
	                    "SELECT name, stream, target, position, rows, succeeded_at, failing_since, error, delivery_id"
	                    " FROM lk.delivery WHERE $1::text IS NULL OR stream = $1 ORDER BY name", 1, (const char *const[]){stream});
	if (rc)
		return rc;
	*out = lk_calloc((size_t)PQntuples(res), sizeof **out);
	for (; *n < PQntuples(res) && rc >= 0; ++*n) {
		(*out)[*n] = take(res, *n);
		rc = lk_pg_lock_holder(pg, lk_pg_int(res, *n, 8), NULL, err);
		(*out)[*n].running = rc > 0;
	}
	PQclear(res);
	return rc < 0 ? rc : LK_OK;
}

void lk_deliveries_release(lk_delivery *d, int n) {
	for (int i = 0; i < n; i++) {
		free(d[i].name);
		free(d[i].stream);
		free(d[i].target);
		free(d[i].error);
	}
	free(d);
}

static int unknown(lk_pg *pg, const char *name, lk_error *err) {
	lk_delivery *all = NULL;
	int n = 0, rc = lk_deliveries_read(pg, NULL, &all, &n, err);
	const char **names = lk_calloc((size_t)n, sizeof *names);
	for (int i = 0; i < n; i++)
		names[i] = all[i].name;
	const char *near = lk_did_you_mean(name, names, n);
	if (!rc) {
		rc = lk_fail(err, LK_EUSAGE, "there is no delivery %s", name);
		if (near)
			lk_hint(err, "did you mean %s?", near);
		else
			lk_hint(err, "`lk status` lists them");
	}
	free(names);
	lk_deliveries_release(all, n);
	return rc;
}

int lk_delivery_drop(lk_pg *pg, const char *name, lk_error *err) {
	char text[24];
	PGresult *res = NULL;
	int rc = lk_pg_exec(pg, &res, err, "SELECT delivery_id FROM lk.delivery WHERE name = $1", 1, (const char *const[]){name});
	int64_t id = !rc && PQntuples(res) ? lk_pg_int(res, 0, 0) : 0;
	PQclear(res);
	if (rc || !id)
		return rc ? rc : unknown(pg, name, err);
	if ((rc = lk_pg_try_lock(pg, id, err)) == LK_EBUSY)
		return busy(pg, name, id, err);
	return rc ? rc : lk_pg_exec(pg, NULL, err, "DELETE FROM lk.delivery WHERE delivery_id = $1::bigint", 1,
	                            (const char *const[]){lk_pg_number(text, id)});
}
