/* Declaring: definitions become rows of the catalogue and, for a stream, tables of the log.
 *
 * Each declaration is one transaction under the catalogue's lock, so it happens whole or not at all, and applying a
 * file again changes nothing. A stream that has events may only get nullable columns at its end, another watermark
 * delay and another idle_timeout. A new delay changes the meaning of every view over the stream, so each gets a new
 * version in the same transaction. A new idle_timeout changes no row, and so makes no version.
 *
 * A view's definition is compared only with its newest version: going back to an older form makes a new version too,
 * because versions record the order in which readers saw the definitions, and older copies may be dropped at any
 * time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/drop.h"
#include "catalog/log_sql.h"
#include "catalog/private.h"
#include "catalog/tail.h"
#include "catalog/tail_holder.h"
#include "catalog/zones.h"
#include "core/fault.h"

/* Runs a statement that gives one id. */
static int insert_id(lk_pg *pg, int64_t *id, lk_error *err, const char *sql, int nparams, const char *const *params) {
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, sql, nparams, params);
	if (rc)
		return rc;
	*id = lk_pg_int(res, 0, 0);
	PQclear(res);
	return 0;
}

static void column_sql(const lk_stream *s, int i, lk_buf *out) {
	const lk_column *c = &s->schema.columns[i];
	lk_sql_ident(c->name, out);
	lk_buf_addc(out, ' ');
	lk_type_name(c->type, out);
	if (c->type.kind == LK_TEXT)
		lk_buf_adds(out, " COLLATE \"C\"");
	if (i == s->schema.event_time)
		lk_buf_adds(out, " NOT NULL");
}

static int run_buf(lk_pg *pg, lk_buf *sql, lk_error *err) {
	int rc = lk_pg_run(pg, err, sql->data);
	lk_buf_release(sql);
	return rc;
}

static int create_log(lk_pg *pg, const lk_stream *s, lk_error *err) {
	lk_buf sql = LK_BUF_INIT;
	lk_buf_adds(&sql, "CREATE TABLE ");
	lk_log_table(s, &sql);
	lk_buf_adds(&sql, " (part int NOT NULL, off bigint NOT NULL, _at timestamptz NOT NULL");
	lk_buf_adds(&sql, s->derived ? ", _src bigint NOT NULL, _high timestamptz" : "");
	for (int i = 0; i < s->schema.ncolumns; i++) {
		lk_buf_adds(&sql, ", ");
		column_sql(s, i, &sql);
	}
	lk_buf_adds(&sql, ", PRIMARY KEY (part, off)) PARTITION BY LIST (part)");
	for (int p = 0; p < s->partitions; p++) {
		lk_buf_adds(&sql, "; CREATE TABLE ");
		lk_log_leaf(s, p, &sql);
		lk_buf_adds(&sql, " PARTITION OF ");
		lk_log_table(s, &sql);
		lk_buf_addf(&sql, " FOR VALUES IN (%d)", p);
	}
	lk_error e = {0};
	int rc = run_buf(pg, &sql, &e);
	if (rc && (!strcmp(e.sqlstate, "42701") || !strcmp(e.sqlstate, "42P16")))
		rc = e.code = LK_EDEFINITION;
	return rc ? lk_fail(err, rc, "stream %s: %s", s->name, e.text) : 0;
}

static int check_names(const lk_stream *s, lk_error *err) {
	for (int i = 0; i < s->schema.ncolumns; i++) {
		const char *name = s->schema.columns[i].name;
		if (strcmp(name, "part") && strcmp(name, "off"))
			continue;
		lk_fail(err, LK_EDEFINITION, "stream %s: the log has a column %s of its own", s->name, name);
		lk_hint(err, "choose another name for the column");
		return LK_EDEFINITION;
	}
	return 0;
}

static int insert_stream(lk_pg *pg, const lk_stream *s, lk_error *err) {
	char partitions[24];
	lk_pg_number(partitions, s->partitions);
	int rc = check_names(s, err);
	if (!rc)
		rc = lk_pg_exec(pg, NULL, err,
			"WITH s AS (INSERT INTO lk.stream (name, definition, partitions) VALUES ($1, $2, $3::int) RETURNING stream_id)"
			" INSERT INTO lk.tail (stream_id, part) SELECT stream_id, p FROM s, generate_series(0, $3::int - 1) p",
			3, (const char *const[]){s->name, s->text, partitions});
	return rc ? rc : create_log(pg, s, err);
}

static int refuse(const lk_stream *s, lk_error *err, const char *what, const char *hint) {
	lk_fail(err, LK_EDEFINITION, "stream %s: %s", s->name, what);
	lk_hint(err, "%s", hint);
	return LK_EDEFINITION;
}

/* R28: what may not change. */
static int check_growth(const lk_stream *old, const lk_stream *s, lk_error *err) {
	static const char grow[] = "a declared stream may get more columns at its end, another watermark, time_unit and idle_timeout, and a varchar another length; for anything else declare another stream";
	char what[256];
	for (int i = 0; i < old->schema.ncolumns; i++) {
		const lk_column *was = &old->schema.columns[i], *is = i < s->schema.ncolumns ? &s->schema.columns[i] : NULL;
		if (is && !strcmp(was->name, is->name) && lk_type_equal(was->type, is->type))
			continue;
		snprintf(what, sizeof what, "column %d is declared as %s%s", i + 1, was->name,
		         is && !strcmp(was->name, is->name) ? ", with another type" : "");
		return refuse(s, err, what, grow);
	}
	if (strcmp(old->schema.columns[old->schema.event_time].name, s->schema.columns[s->schema.event_time].name))
		return refuse(s, err, "event_time cannot change", grow);
	if (old->partition_by != s->partition_by)
		return refuse(s, err, "partition_by cannot change", grow);
	if (old->partitions != s->partitions)
		return refuse(s, err, "the number of partitions cannot change", grow);
	if (old->max_ahead_us != s->max_ahead_us)
		return refuse(s, err, "max_ahead cannot change: the log's watermarks were made with it", grow);
	return 0;
}

static int add_columns(lk_pg *pg, const lk_stream *old, const lk_stream *s, lk_error *err) {
	if (s->schema.ncolumns == old->schema.ncolumns)
		return 0;
	int rc = check_names(s, err);
	if (rc)
		return rc;
	lk_buf sql = LK_BUF_INIT;
	lk_buf_adds(&sql, "ALTER TABLE ");
	lk_log_table(s, &sql);
	for (int i = old->schema.ncolumns; i < s->schema.ncolumns; i++) {
		lk_buf_adds(&sql, i > old->schema.ncolumns ? ", ADD COLUMN " : " ADD COLUMN ");
		column_sql(s, i, &sql);
	}
	return run_buf(pg, &sql, err);
}

static int apply_view(lk_pg *pg, const lk_plan *p, lk_apply_result *out, lk_error *err);

/* The views over a stream whose delay has changed, from the newest text of each. */
static int apply_views_again(lk_pg *pg, const char *stream_id, const lk_stream *s, int *new_versions, lk_error *err) {
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err,
		"SELECT DISTINCT ON (view_id) v.definition FROM lk.version v JOIN lk.view USING (view_id)"
		" WHERE stream_id = $1 AND NOT derived ORDER BY view_id, number DESC", 1, &stream_id);
	for (int i = 0; !rc && i < PQntuples(res); i++) {
		lk_definitions d = {0};
		lk_apply_result view = {0};
		if (!(rc = lk_catalog_parse(PQgetvalue(res, i, 0), s, &d, err)))
			rc = apply_view(pg, d.items[0].plan, &view, err);
		*new_versions += !rc && view.what != LK_APPLIED_SAME;
		lk_definitions_release(&d);
	}
	PQclear(res);
	return rc;
}

/* --- a stream without events --- */

/* Held from here on, so that it stays empty until it is declared anew. */
static int is_empty(lk_pg *pg, const char *stream_id, bool *empty, lk_error *err) {
	PGresult *res;
	int rc = lk_stream_hold(pg, strtoll(stream_id, NULL, 10), err);
	if (!rc)
		rc = lk_pg_exec(pg, &res, err, "SELECT coalesce(max(next_off), 0) = 0 FROM lk.tail WHERE stream_id = $1", 1, &stream_id);
	if (rc)
		return rc;
	*empty = *PQgetvalue(res, 0, 0) == 't';
	PQclear(res);
	return 0;
}

/* Gives the newest text of each view over the stream, and removes the view, unless it is being replayed. */
static int take_views(lk_pg *pg, const char *stream_id, PGresult **views, lk_error *err) {
	int rc = lk_pg_exec(pg, views, err,
		"SELECT DISTINCT ON (view_id) view_id, w.name, v.definition, c.mode = 'kappa', w.derived FROM lk.version v JOIN lk.view w USING (view_id)"
		" LEFT JOIN lk.copy c ON c.copy_id = w.served_copy WHERE w.stream_id = $1 ORDER BY view_id, number DESC", 1, &stream_id);
	for (int i = 0; !rc && i < PQntuples(*views); i++) {
		const char *name = PQgetvalue(*views, i, 1);
		if (PQgetvalue(*views, i, 4)[0] == 't') {
			rc = lk_fail(err, LK_EDEFINITION, "stream %s is made of it", name);
			lk_hint(err, "`lk drop --stream %s` removes it", name);
		} else if (PQgetvalue(*views, i, 3)[0] == 't') {
			rc = lk_fail(err, LK_EDEFINITION, "view %s over it is in kappa mode and cannot be rebuilt", name);
			lk_hint(err, "`lk drop %s` removes it, `lk mode %s lambda` changes its mode", name, name);
		}
		if (!rc)
			rc = lk_pg_lock_transaction(pg, lk_pg_int(*views, i, 0), err);
		if (!rc)
			rc = lk_view_delete(pg, lk_pg_int(*views, i, 0), err);
	}
	return rc;
}

static int apply_taken(lk_pg *pg, const PGresult *views, int i, const lk_stream *s, lk_error *err) {
	lk_definitions d = {0};
	lk_apply_result view;
	lk_error e = {0};
	int rc = lk_catalog_parse(PQgetvalue(views, i, 2), s, &d, &e);
	if (rc) {
		lk_fail(err, LK_EDEFINITION, "stream %s: view %s does not fit the new declaration: %s", s->name, PQgetvalue(views, i, 1),
		        d.nfaults ? d.faults[0].message : e.text);
		lk_hint(err, "`lk drop %s` removes the view", PQgetvalue(views, i, 1));
	}
	rc = rc ? LK_EDEFINITION : apply_view(pg, d.items[0].plan, &view, err);
	lk_definitions_release(&d);
	return rc;
}

/* Under another id, so that a process that still appends by the old declaration finds its stream dropped. */
static int declare_anew(lk_pg *pg, const char *stream_id, lk_stream *old, const lk_stream *s, lk_apply_result *out, lk_error *err) {
	const lk_cat_stream gone = {.id = strtoll(stream_id, NULL, 10), .stream = old};
	PGresult *views = NULL;
	int rc = take_views(pg, stream_id, &views, err);
	if (!rc)
		rc = lk_stream_delete(pg, &gone, err);
	if (!rc)
		rc = insert_stream(pg, s, err);
	for (int i = 0; !rc && i < PQntuples(views); i++)
		rc = apply_taken(pg, views, i, s, err);
	out->what = LK_APPLIED_CHANGED;
	out->anew = true;
	PQclear(views);
	return rc;
}

static int change_stream(lk_pg *pg, const char *stream_id, lk_stream *old, const lk_stream *s, lk_apply_result *out, lk_error *err) {
	lk_error refused = {0};
	bool empty = false;
	int rc = check_growth(old, s, &refused);
	if (rc && (rc = is_empty(pg, stream_id, &empty, err)))
		return rc;
	if (empty)
		return declare_anew(pg, stream_id, old, s, out, err);
	if (refused.code) {
		if (err)
			*err = refused;
		return refused.code;
	}
	bool other_delay = old->watermark_delay_us != s->watermark_delay_us, alike = old->schema.ncolumns == s->schema.ncolumns;
	for (int i = 0; alike && i < s->schema.ncolumns; i++)
		alike = lk_column_reads_alike(&old->schema.columns[i], &s->schema.columns[i]);
	if (alike && !other_delay && old->idle_timeout_us == s->idle_timeout_us) {
		out->what = LK_APPLIED_SAME;
		return 0;
	}
	out->what = LK_APPLIED_CHANGED;
	/* An append compares the definition under the lock of its tail rows. A change of the definition holds all of them, so
	 * each event follows the definition that is valid when it commits. Taken before the table's lock, as an append does. */
	if ((rc = lk_tail_hold(pg, strtoll(stream_id, NULL, 10), err)))
		return rc;
	if ((rc = add_columns(pg, old, s, err)))
		return rc;
	rc = lk_pg_exec(pg, NULL, err, "UPDATE lk.stream SET definition = $2 WHERE stream_id = $1",
	                2, (const char *const[]){stream_id, s->text});
	return !rc && other_delay ? apply_views_again(pg, stream_id, s, &out->new_versions, err) : rc;
}

static int apply_stream(lk_pg *pg, const lk_stream *s, lk_apply_result *out, lk_error *err) {
	PGresult *res;
	lk_definitions old = {0};
	const char *name = s->name;
	int rc = lk_pg_exec(pg, &res, err, "SELECT stream_id, definition, of_copy FROM lk.stream WHERE name = $1", 1, &name);
	if (rc)
		return rc;
	bool derived = PQntuples(res) && !PQgetisnull(res, 0, 2);
	if (!PQntuples(res)) {
		out->what = LK_APPLIED_NEW;
		rc = insert_stream(pg, s, err);
	} else if (derived != s->derived) {
		rc = refuse(s, err, derived ? "it is a derived stream" : "it is a stream that lk ingest fills", "choose another name");
	} else {
		if (!(rc = lk_catalog_parse_log(PQgetvalue(res, 0, 1), derived, &old, err)))
			rc = change_stream(pg, PQgetvalue(res, 0, 0), old.items[0].stream, s, out, err);
		lk_definitions_release(&old);
	}
	PQclear(res);
	return rc;
}

static bool is_trial(const lk_pg *pg) { return PQtransactionStatus(pg->conn) != PQTRANS_IDLE; }

/* A declaration is a transaction of its own, or, in a trial, a part of one that can be undone. */
static int begin_apply(lk_pg *pg, bool trial, lk_error *err) {
	return trial ? lk_pg_run(pg, err, "SAVEPOINT declared") : lk_catalog_begin(pg, err);
}

static int end_apply(lk_pg *pg, bool trial, int rc, lk_error *err) {
	if (trial) {
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

int lk_apply_stream(lk_pg *pg, const lk_stream *s, lk_apply_result *out, lk_error *err) {
	bool trial = is_trial(pg);
	int rc;
	do {   /* new columns wait for running appends */
		*out = (lk_apply_result){0};
		rc = begin_apply(pg, trial, err);
		rc = end_apply(pg, trial, rc ? rc : apply_stream(pg, s, out, err), err);
	} while (rc == LK_EBUSY && !trial && lk_tail_free(pg, err));
	return rc;
}

/* --- views --- */

/* A statement that PostgreSQL has described: "the batch", or "the definition". */
typedef struct described {
	const lk_plan *plan;
	const char *what;
	PGresult *columns;
} described;

/* Column i should be this one. */
static int wrong_column(const described *d, int i, const char *name, lk_type type, lk_error *err) {
	lk_buf wanted = LK_BUF_INIT;
	lk_type_name(type, &wanted);
	lk_fail(err, LK_EDEFINITION, "%s: PostgreSQL reads %s differently from lk: column %d is %s (type oid %u), not %s %s",
	        d->plan->view, d->what, i + 1, PQfname(d->columns, i), (unsigned)PQftype(d->columns, i), name, wanted.data);
	lk_hint(err, "this is a bug in lk; another spelling of the expression may work");
	lk_buf_release(&wanted);
	return LK_EDEFINITION;
}

/* PREPAREs a statement without running it and gives its description. */
static int describe(lk_pg *pg, described *d, lk_buf *sql, lk_error *err) {
	lk_error e = {0};
	PGresult *res = lk_pg_last_result(pg, PQsendPrepare(pg->conn, "", sql->data, 0, NULL));
	int rc = PQresultStatus(res) == PGRES_COMMAND_OK ? 0 : lk_pg_failed(pg, res, d->what, &e);
	PQclear(res);
	if (!rc) {
		d->columns = lk_pg_last_result(pg, PQsendDescribePrepared(pg->conn, ""));
		rc = PQresultStatus(d->columns) == PGRES_COMMAND_OK ? 0 : lk_pg_failed(pg, d->columns, d->what, &e);
	}
	lk_buf_release(sql);
	if (rc == LK_EVALUE || (rc == LK_EINTERNAL && !strncmp(e.sqlstate, "42", 2)))
		rc = LK_EDEFINITION;
	return rc ? lk_fail(err, rc, "%s %s: %s", d->plan->makes ? "stream" : "view", d->plan->view, e.text) : 0;
}

static int describe_batch(lk_pg *pg, const lk_plan *p, lk_error *err) {
	lk_type types[LK_MAX_COLUMNS * LK_MAX_PARTIALS];
	lk_buf sql = LK_BUF_INIT;
	described d = {.plan = p, .what = "the batch"};
	lk_log_batch_sql(p, "off < 0", &sql);
	int rc = describe(pg, &d, &sql, err);
	int n = lk_plan_batch_types(p, types, sizeof types / sizeof *types);
	if (!rc && PQnfields(d.columns) != n)
		rc = lk_fail(err, LK_EDEFINITION, "view %s: the batch has %d columns, not %d", p->view, PQnfields(d.columns), n);
	for (int i = 0; !rc && i < n; i++)
		if (PQftype(d.columns, i) != lk_type_oid(types[i]))
			rc = wrong_column(&d, i, PQfname(d.columns, i), types[i], err);
	PQclear(d.columns);
	return rc;
}

/* varchar is text here. */
static bool is_type(Oid oid, lk_type type) {
	const Oid varchar = 1043;
	return oid == lk_type_oid(type) || (oid == varchar && type.kind == LK_TEXT);
}

static int describe_oracle(lk_pg *pg, const lk_plan *p, lk_error *err) {
	const lk_type time = {.kind = LK_TIME};
	int windows = p->window.kind == LK_W_NONE ? 0 : 2;
	lk_buf sql = LK_BUF_INIT;
	described d = {.plan = p, .what = "the definition"};
	lk_log_oracle_sql(p, "off < 0", &sql);
	int rc = describe(pg, &d, &sql, err);
	if (!rc && PQnfields(d.columns) != windows + p->noutputs)
		rc = lk_fail(err, LK_EDEFINITION, "%s: the definition has %d columns, not %d", p->view, PQnfields(d.columns),
		             windows + p->noutputs);
	for (int i = 0; !rc && i < windows + p->noutputs; i++) {
		lk_type type = i < windows ? time : p->outputs[i - windows].type;
		const char *name = i >= windows ? p->outputs[i - windows].name : i ? "window_end" : "window_start";
		if (!is_type(PQftype(d.columns, i), type) || strcmp(PQfname(d.columns, i), name))
			rc = wrong_column(&d, i, name, type, err);
	}
	PQclear(d.columns);
	return rc;
}

static int insert_version(lk_pg *pg, int64_t view_id, int version, const lk_plan *p, int64_t *version_id, lk_error *err) {
	char view[24], no[24], delay[24], digits[24];
	lk_pg_number(view, view_id);
	lk_pg_number(no, version);
	lk_pg_number(delay, p->stream->watermark_delay_us);
	lk_pg_number(digits, LK_NUMERIC_DIGITS);
	int rc = insert_id(pg, version_id, err,
		"INSERT INTO lk.version (view_id, number, definition, plan_hash, fold_only, watermark_delay_us, stored_digits)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING version_id",
		7, (const char *const[]){view, no, p->text, p->hash, p->fold_only ? "t" : "f", delay, digits});
	return !rc && p->window.kind == LK_W_CALENDAR ? lk_calendar_make(pg, *version_id, p->window.calendar, err) : rc;
}

static int insert_lambda(lk_pg *pg, const lk_plan *p, int64_t version_id, int64_t *copy_id, lk_error *err) {
	const lk_copy_spec spec = {.state = LK_COPY_LIVE};
	return lk_copy_insert(pg, version_id, p->stream->partitions, &spec, copy_id, err);
}

static int new_view(lk_pg *pg, const lk_plan *p, int64_t stream_id, lk_apply_result *out, lk_error *err) {
	char stream[24];
	int64_t view_id, version_id, copy_id, retired;
	lk_pg_number(stream, stream_id);
	int rc = insert_id(pg, &view_id, err, "INSERT INTO lk.view (name, stream_id) VALUES ($1, $2) RETURNING view_id",
	                   2, (const char *const[]){p->view, stream});
	if (!rc)
		rc = insert_version(pg, view_id, 1, p, &version_id, err);
	if (!rc)
		rc = insert_lambda(pg, p, version_id, &copy_id, err);
	*out = (lk_apply_result){.what = LK_APPLIED_NEW, .version = 1, .served_version = 1};
	return rc ? rc : lk_copy_serve(pg, view_id, 0, copy_id, &retired, err);
}

/* A view in kappa mode gets no copy yet: the replay that brings the version into service makes one. */
static int next_version(lk_pg *pg, const lk_plan *p, int64_t view_id, lk_apply_result *out, lk_error *err) {
	int64_t version_id, copy_id;
	out->what = LK_APPLIED_CHANGED;
	out->left = false;
	int rc = insert_version(pg, view_id, ++out->version, p, &version_id, err);
	if (!rc)
		rc = lk_copies_supersede(pg, view_id, out->version, err);
	return rc || out->kappa ? rc : insert_lambda(pg, p, version_id, &copy_id, err);
}

/* The stream as it is declared now, which may be more than the plan was made from: another apply, or
 * another file of this one, came between. */
static int find_stream(lk_pg *pg, const lk_plan *p, int64_t *stream_id, lk_definitions *now, lk_error *err) {
	PGresult *res;
	const char *name = p->stream->name;
	int rc = lk_pg_exec(pg, &res, err, "SELECT stream_id, definition, of_copy IS NOT NULL FROM lk.stream WHERE name = $1", 1, &name);
	if (rc)
		return rc;
	if (PQntuples(res)) {
		*stream_id = lk_pg_int(res, 0, 0);
		rc = lk_catalog_parse_log(PQgetvalue(res, 0, 1), PQgetvalue(res, 0, 2)[0] == 't', now, err);
	} else
		rc = lk_fail(err, LK_EDEFINITION, "view %s: stream %s is not declared", p->view, p->stream->name);
	PQclear(res);
	return rc;
}

static bool same_stream(const lk_stream *a, const lk_stream *b) {
	return a->schema.ncolumns == b->schema.ncolumns && a->watermark_delay_us == b->watermark_delay_us;
}

/* The view's row, its newest version, the version it serves and how. */
static const char newest_sql[] =
	"SELECT w.view_id, w.stream_id, n.number, n.plan_hash, s.number, c.mode = 'kappa',"
	" n.version_id <> s.version_id AND n.was_served, w.derived"
	" FROM lk.view w LEFT JOIN lk.copy c ON c.copy_id = w.served_copy LEFT JOIN lk.version s ON s.version_id = c.version_id"
	" JOIN LATERAL (SELECT version_id, number, plan_hash, was_served FROM lk.version v WHERE v.view_id = w.view_id ORDER BY number DESC LIMIT 1) n ON true"
	" WHERE w.name = $1";

static int apply_plan(lk_pg *pg, const lk_plan *p, int64_t stream_id, lk_apply_result *out, lk_error *err) {
	PGresult *res;
	const char *name = p->view;
	int rc = lk_pg_exec(pg, &res, err, newest_sql, 1, &name);
	if (rc)
		return rc;
	bool there = PQntuples(res) == 1;
	if (there && PQgetvalue(res, 0, 7)[0] == 't') {
		rc = lk_fail(err, LK_EDEFINITION, "there is a derived stream %s", p->view);
		lk_hint(err, "choose another name");
		goto done;
	}
	if (there && lk_pg_int(res, 0, 1) != stream_id) {
		rc = lk_fail(err, LK_EDEFINITION, "view %s is over another stream than %s", p->view, p->stream->name);
		lk_hint(err, "a view keeps its stream: choose another name");
		goto done;
	}
	if (there) {
		int newest = (int)lk_pg_int(res, 0, 2);
		*out = (lk_apply_result){.what = LK_APPLIED_SAME, .version = newest, .served_version = (int)lk_pg_int(res, 0, 4),
		                         .kappa = PQgetvalue(res, 0, 5)[0] == 't', .left = PQgetvalue(res, 0, 6)[0] == 't'};
		if (!strcmp(PQgetvalue(res, 0, 3), p->hash))
			goto done;
	}
	if ((!p->fold_only && (rc = describe_batch(pg, p, err))) || (rc = describe_oracle(pg, p, err)))
		goto done;
	rc = there ? next_version(pg, p, lk_pg_int(res, 0, 0), out, err) : new_view(pg, p, stream_id, out, err);
done:
	PQclear(res);
	return rc;
}

static int apply_view(lk_pg *pg, const lk_plan *p, lk_apply_result *out, lk_error *err) {
	int64_t stream_id = 0;
	lk_definitions stream = {0}, view = {0};
	int rc = find_stream(pg, p, &stream_id, &stream, err);
	if (!rc && !same_stream(stream.items[0].stream, p->stream)) {
		rc = lk_catalog_parse(p->text, stream.items[0].stream, &view, err);
		p = rc ? p : view.items[0].plan;
	}
	if (!rc)
		rc = apply_plan(pg, p, stream_id, out, err);
	lk_definitions_release(&view);
	lk_definitions_release(&stream);
	return rc;
}

int lk_apply_view(lk_pg *pg, const lk_plan *p, lk_apply_result *out, lk_error *err) {
	bool trial = is_trial(pg);
	*out = (lk_apply_result){0};
	int rc = begin_apply(pg, trial, err);
	return end_apply(pg, trial, rc ? rc : apply_view(pg, p, out, err), err);
}

/* --- derived streams --- */

/* The copy is like that of a view in kappa mode: it begins at offset 0, and no batch is made of it. */
static int insert_maker(lk_pg *pg, const lk_plan *p, const char *source_id, int64_t *copy_id, lk_error *err) {
	const lk_copy_spec spec = {.kappa = true, .state = LK_COPY_LIVE};
	int64_t view_id, version_id, retired;
	int rc = insert_id(pg, &view_id, err, "INSERT INTO lk.view (name, stream_id, derived) VALUES ($1, $2, true) RETURNING view_id",
	                   2, (const char *const[]){p->view, source_id});
	if (!rc)
		rc = insert_version(pg, view_id, 1, p, &version_id, err);
	if (!rc)
		rc = lk_copy_insert(pg, version_id, p->stream->partitions, &spec, copy_id, err);
	return rc ? rc : lk_copy_serve(pg, view_id, 0, *copy_id, &retired, err);
}

static int new_derived(lk_pg *pg, const lk_plan *p, int64_t source, lk_error *err) {
	char source_id[24], copy[24];
	int64_t copy_id;
	lk_pg_number(source_id, source);
	int rc = insert_maker(pg, p, source_id, &copy_id, err);
	if (!rc)
		rc = insert_stream(pg, p->makes, err);
	if (!rc)
		rc = lk_pg_exec(pg, NULL, err, "UPDATE lk.stream SET of_copy = $2::bigint WHERE name = $1", 2,
		                (const char *const[]){p->view, lk_pg_number(copy, copy_id)});
	return rc ? rc : lk_pg_exec(pg, NULL, err,
		"INSERT INTO lk.source (stream_id, name, number, position)"
		" SELECT s.stream_id, $2 || '/' || t.part, 0, 0 FROM lk.stream s, lk.tail t WHERE s.name = $1 AND t.stream_id = $2::bigint",
		2, (const char *const[]){p->view, source_id});
}

/* What the log's readers go by may change: the watermark's delay and idle_timeout. */
static int change_derived(lk_pg *pg, const lk_plan *p, lk_apply_result *out, lk_error *err) {
	const char *name = p->view;
	int rc = apply_stream(pg, p->makes, out, err);
	if (rc || out->what == LK_APPLIED_SAME)
		return rc;
	return lk_pg_exec(pg, NULL, err, "UPDATE lk.version v SET definition = $2 FROM lk.view w WHERE w.view_id = v.view_id AND w.name = $1", 2,
	                  (const char *const[]){name, p->text});
}

static int apply_derived_plan(lk_pg *pg, const lk_plan *p, int64_t source, lk_apply_result *out, lk_error *err) {
	PGresult *res;
	const char *name = p->view;
	int rc = lk_pg_exec(pg, &res, err, newest_sql, 1, &name);
	if (rc)
		return rc;
	bool there = PQntuples(res) == 1, derived = there && PQgetvalue(res, 0, 7)[0] == 't';
	bool same = derived && lk_pg_int(res, 0, 1) == source && !strcmp(PQgetvalue(res, 0, 3), p->hash);
	PQclear(res);
	if (there && !derived)
		return refuse(p->makes, err, "there is a view of this name", "choose another name");
	if (same)
		return change_derived(pg, p, out, err);
	if (derived)
		return refuse(p->makes, err, "a derived stream that is declared keeps its definition",
		              "declare it under another name, or remove it with `lk drop --stream` and the views over it with `lk drop`, and apply again");
	*out = (lk_apply_result){.what = LK_APPLIED_NEW};
	rc = describe_oracle(pg, p, err);
	return rc ? rc : new_derived(pg, p, source, err);
}

static int apply_derived(lk_pg *pg, const lk_plan *p, lk_apply_result *out, lk_error *err) {
	int64_t source = 0;
	lk_definitions stream = {0}, again = {0};
	int rc = find_stream(pg, p, &source, &stream, err);
	if (!rc && !same_stream(stream.items[0].stream, p->stream)) {
		rc = lk_catalog_parse(p->text, stream.items[0].stream, &again, err);
		p = rc ? p : again.items[0].plan;
	}
	if (!rc)
		rc = apply_derived_plan(pg, p, source, out, err);
	lk_definitions_release(&again);
	lk_definitions_release(&stream);
	return rc;
}

int lk_apply_derived(lk_pg *pg, const lk_plan *p, lk_apply_result *out, lk_error *err) {
	bool trial = is_trial(pg);
	*out = (lk_apply_result){0};
	int rc = begin_apply(pg, trial, err);
	return end_apply(pg, trial, rc ? rc : apply_derived(pg, p, out, err), err);
}

int lk_apply_definition(lk_pg *pg, const lk_definition *d, lk_apply_result *out, lk_error *err) {
	switch (d->kind) {
	case LK_DEF_STREAM:
		return lk_apply_stream(pg, d->stream, out, err);
	case LK_DEF_DERIVED:
		return lk_apply_derived(pg, d->plan, out, err);
	default:
		return lk_apply_view(pg, d->plan, out, err);
	}
}

int lk_apply_trial_begin(lk_pg *pg, lk_error *err) {
	char log_id[33];
	int rc = lk_catalog_begin(pg, err);
	if (!rc)
		rc = lk_catalog_ensure(pg, log_id, err);
	if (rc)
		lk_pg_rollback(pg);
	return rc;
}

void lk_apply_trial_end(lk_pg *pg) { lk_pg_rollback(pg); }
