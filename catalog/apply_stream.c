/* Declaring a stream: its row, its tail, the tables of its log.
 *
 * A stream that has events may only get nullable columns at its end, another watermark delay and another idle_timeout. A new
 * delay changes the meaning of every view over the stream, so each gets a new version in the same transaction. A new
 * idle_timeout changes no row, and so makes no version. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/apply_private.h"
#include "catalog/drop.h"
#include "catalog/log_sql.h"
#include "catalog/tail.h"

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
	lk_buf_adds(&sql, s->merged ? ", _src_part int NOT NULL" : "");
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

int lk_apply_insert_stream(lk_pg *pg, const lk_stream *s, lk_error *err) {
	char partitions[24];
	lk_pg_number(partitions, s->partitions);
	int rc = check_names(s, err);
	if (!rc)
		rc = lk_pg_exec(pg, NULL, err,
			"WITH s AS (INSERT INTO lk.stream (name, definition, partitions) VALUES ($1, $2, $3::int) RETURNING stream_id)"
			" INSERT INTO lk.tail (stream_id, part) SELECT stream_id, p FROM s, generate_series(0, $3::int - 1) p",
			3, (const char *const[]){lk_stream_log(s), s->text, partitions});
	return rc ? rc : create_log(pg, s, err);
}

int lk_apply_refuse(const lk_stream *s, lk_error *err, const char *what, const char *hint) {
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
		return lk_apply_refuse(s, err, what, grow);
	}
	if (strcmp(old->schema.columns[old->schema.event_time].name, s->schema.columns[s->schema.event_time].name))
		return lk_apply_refuse(s, err, "event_time cannot change", grow);
	if (old->partition_by != s->partition_by)
		return lk_apply_refuse(s, err, "partition_by cannot change", grow);
	if (old->partitions != s->partitions)
		return lk_apply_refuse(s, err, "the number of partitions cannot change", grow);
	if (old->max_ahead_us != s->max_ahead_us)
		return lk_apply_refuse(s, err, "max_ahead cannot change: the log's watermarks were made with it", grow);
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

/* The views over a stream whose delay has changed, from the newest text of each. */
static int apply_views_again(lk_pg *pg, const char *stream_id, const lk_stream *s, int *new_versions, lk_error *err) {
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err,
		"SELECT DISTINCT ON (view_id) v.definition FROM lk.version v JOIN lk.view w USING (view_id, stream_id)"
		" WHERE stream_id = $1 AND NOT derived ORDER BY view_id, number DESC", 1, &stream_id);
	for (int i = 0; !rc && i < PQntuples(res); i++) {
		lk_definitions d = {0};
		lk_apply_result view = {0};
		if (!(rc = lk_catalog_parse(PQgetvalue(res, i, 0), s, &d, err)))
			rc = lk_apply_view_within(pg, d.items[0].plan, &view, err);
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
		"SELECT DISTINCT ON (view_id) view_id, w.name, v.definition, c.mode = 'kappa', w.derived FROM lk.version v JOIN lk.view w USING (view_id, stream_id)"
		" LEFT JOIN lk.copy c ON c.copy_id = w.served_copy WHERE stream_id = $1 ORDER BY view_id, number DESC", 1, &stream_id);
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
	rc = rc ? LK_EDEFINITION : lk_apply_view_within(pg, d.items[0].plan, &view, err);
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
		rc = lk_apply_insert_stream(pg, s, err);
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

int lk_apply_stream_within(lk_pg *pg, const lk_stream *s, lk_apply_result *out, lk_error *err) {
	PGresult *res;
	lk_definitions old = {0};
	int rc = lk_apply_find_log(pg, s->name, &res, err);
	if (rc)
		return rc;
	bool derived = PQntuples(res) && !PQgetisnull(res, 0, 2);
	if (!PQntuples(res)) {
		out->what = LK_APPLIED_NEW;
		rc = lk_apply_insert_stream(pg, s, err);
	} else if (derived != s->derived) {
		rc = lk_apply_refuse(s, err, derived ? "it is a derived stream" : "it is a stream that lk ingest fills", "choose another name");
	} else {
		lk_stream now = *s;
		if (!(rc = lk_apply_parse_log(res, &old, err))) {
			now.log = old.items[0].stream->log;
			rc = change_stream(pg, PQgetvalue(res, 0, 0), old.items[0].stream, &now, out, err);
		}
		lk_definitions_release(&old);
	}
	PQclear(res);
	return rc;
}
