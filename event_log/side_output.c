/* The side output: sends a batch of rows as arrays, one statement per table. Rows are keyed by the event's position, so a
 * worker that folds a range a second time finds its rows there and adds nothing.
 *
 * A batch that folds writes the same rows in its own transaction, and an insert of a key that another transaction has
 * not committed waits for it. A worker, which has other units to drive, does not wait for a batch: its transaction
 * gives up after LOCK_TIMEOUT_MS (LK_EBUSY). That is less than PostgreSQL's deadlock_timeout, so in a deadlock it is
 * never the batch that is ended. */
#include "event_log/side_output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOCK_TIMEOUT_MS = 100 };

/* Columns of one table as PostgreSQL arrays in text form, "{…" without the closing brace. */
enum { LATE_COLUMNS = 6, MARKED_COLUMNS = 5, MAX_ARRAYS = 6 };

struct rows {
	lk_buf arrays[MAX_ARRAYS];
	size_t n;
};

struct lk_side_output {
	struct rows late, marked;
};

lk_side_output *lk_side_output_new(void) { return lk_calloc(1, sizeof(lk_side_output)); }

static void each_array(lk_side_output *l, void (*f)(lk_buf *)) {
	for (int i = 0; i < MAX_ARRAYS; i++) {
		f(&l->late.arrays[i]);
		f(&l->marked.arrays[i]);
	}
	l->late.n = l->marked.n = 0;
}

void lk_side_output_free(lk_side_output *l) {
	if (!l)
		return;
	each_array(l, lk_buf_release);
	free(l);
}

void lk_side_output_clear(lk_side_output *l) { each_array(l, lk_buf_clear); }
bool lk_side_output_empty(const lk_side_output *l) { return !l->late.n && !l->marked.n; }

static lk_buf *element(struct rows *r, int column) {
	lk_buf *b = &r->arrays[column];
	lk_buf_addc(b, r->n ? ',' : '{');
	return b;
}

static void add_int(struct rows *r, int column, int64_t v) { lk_buf_addf(element(r, column), "%lld", (long long)v); }

static void add_text(struct rows *r, int column, const char *s) {
	lk_buf *b = element(r, column);
	lk_buf_addc(b, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			lk_buf_addc(b, '\\');
		lk_buf_addc(b, *s);
	}
	lk_buf_addc(b, '"');
}

void lk_side_output_late(lk_side_output *l, const lk_late_row *r) {
	const int64_t values[LATE_COLUMNS] = {r->copy_id, r->part, r->off, r->event_time, r->pane, r->watermark};
	for (int i = 0; i < LATE_COLUMNS; i++)
		add_int(&l->late, i, values[i]);
	l->late.n++;
}

void lk_side_output_marked(lk_side_output *l, int64_t stream_id, int64_t version_id, int part, int64_t off, const char *reason) {
	const int64_t values[] = {stream_id, version_id, part, off};
	for (int i = 0; i < MARKED_COLUMNS - 1; i++)
		add_int(&l->marked, i, values[i]);
	add_text(&l->marked, MARKED_COLUMNS - 1, reason);
	l->marked.n++;
}

static int insert(lk_pg *pg, const struct rows *r, int columns, const char *sql, lk_error *err) {
	char *params[MAX_ARRAYS] = {0};
	if (!r->n)
		return 0;
	for (int i = 0; i < columns; i++)
		params[i] = lk_asprintf("%s}", r->arrays[i].data);
	int rc = lk_pg_exec(pg, NULL, err, sql, columns, (const char *const *)params);
	for (int i = 0; i < columns; i++)
		free(params[i]);
	return rc;
}

/* No fault: a worker meets this whenever a batch that folds commits late events. */
static void say_that_it_waits(lk_error *err) {
	lk_error_clear(err);
	lk_fail(err, LK_EBUSY, "a batch is writing the late events that the speed layer is about to record; it tries again, and nothing is lost");
}

int lk_side_output_write(lk_pg *pg, const lk_side_output *l, lk_error *err) {
	if (lk_side_output_empty(l))
		return 0;
	bool own = PQtransactionStatus(pg->conn) == PQTRANS_IDLE;
	int rc = own ? lk_pg_begin(pg, LOCK_TIMEOUT_MS, err) : 0;
	if (!rc)
		rc = insert(pg, &l->late, LATE_COLUMNS,
			"INSERT INTO lk.late (copy_id, part, off, event_time, pane, watermark)"
			" SELECT c, p, o, " LK_SQL_TIME("e") ", " LK_SQL_TIME("n") ", " LK_SQL_TIME("w")
			" FROM unnest($1::bigint[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) AS u (c, p, o, e, n, w)"
			" WHERE NOT EXISTS (SELECT FROM lk.unit t WHERE t.copy_id = c AND t.part = p AND o < t.late_from)"
			" ON CONFLICT DO NOTHING", err);
	if (!rc)
		rc = insert(pg, &l->marked, MARKED_COLUMNS,
			"INSERT INTO lk.rejected (stream_id, version_id, part, off, reason)"
			" SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::int[], $4::bigint[], $5::text[])"
			" ON CONFLICT DO NOTHING", err);
	if (!rc && own)
		rc = lk_pg_run(pg, err, "COMMIT");
	if (rc && own)
		lk_pg_rollback(pg);
	if (rc == LK_EBUSY && own && err && err->code == rc && !strcmp(err->sqlstate, "55P03"))
		say_that_it_waits(err);
	return rc;
}

/* The rule itself: this line in numbers, the next function in SQL. */
static int64_t healed_below(const lk_cat_copy *copy, int part) { return copy->kappa ? 0 : copy->cut.part[part].off; }

void lk_healed_sql(const lk_cat_copy *copy, const char *cut, lk_buf *out) {
	if (copy->kappa)
		lk_buf_adds(out, "false");
	else
		lk_buf_addf(out, "coalesce(l.off < %s, false)", cut);
}

/* How many late events of the copy are below the offset that an SQL expression gives for the row v: whole blocks of
 * 65,536 offsets, as the triggers on lk.late count them (catalog/schema.sql), plus the rows of the last block. */
static void late_below_sql(const lk_cat_copy *copy, const char *off, lk_buf *out) {
	long long id = (long long)copy->id;
	lk_buf_addf(out, "coalesce((SELECT sum(events)::bigint FROM lk.late_block b WHERE b.copy_id = %lld AND b.part = v.part AND b.block < %s >> 16), 0)"
	            " + (SELECT count(*) FROM lk.late l WHERE l.copy_id = %lld AND l.part = v.part AND l.off >= %s >> 16 << 16 AND l.off < %s)",
	            id, off, id, off, off);
}

int lk_late_count(lk_pg *pg, const lk_cat_copy *copy, const lk_frontier *end, int64_t *late, int64_t *healed, lk_error *err) {
	lk_buf sql = LK_BUF_INIT;
	PGresult *res = NULL;
	lk_buf_adds(&sql, "SELECT sum(greatest(below - healed, 0)), sum(healed) FROM (SELECT ");
	late_below_sql(copy, "v.until", &sql);
	lk_buf_adds(&sql, " AS below, ");
	late_below_sql(copy, "v.cut", &sql);
	lk_buf_adds(&sql, " AS healed FROM (VALUES ");
	for (int i = 0; i < end->n; i++)
		lk_buf_addf(&sql, "%s(%d, %lld::bigint, %lld::bigint)", i ? ", " : "", i, (long long)healed_below(copy, i), (long long)end->part[i].off);
	lk_buf_adds(&sql, ") AS v (part, cut, until)) AS t");
	int rc = lk_pg_query(pg, &res, err, sql.data);
	if (!rc) {
		*late = lk_pg_int(res, 0, 0);
		*healed = lk_pg_int(res, 0, 1);
	}
	PQclear(res);
	lk_buf_release(&sql);
	return rc;
}

int lk_late_removed(lk_pg *pg, const lk_cat_copy *copy, int64_t *removed, lk_error *err) {
	char id[24];
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, "SELECT sum(b.events) FROM lk.unit u JOIN lk.late_block b USING (copy_id, part)"
	                    " WHERE u.copy_id = $1::bigint AND b.block < u.late_from >> 16", 1, (const char *const[]){lk_pg_number(id, copy->id)});
	if (rc)
		return rc;
	*removed = lk_pg_int(res, 0, 0);
	PQclear(res);
	return 0;
}
