/* Declaring a view: its row, a version of it, the copy that keeps it.
 *
 * A view's definition is compared only with its newest version: going back to an older form makes a new version too,
 * because versions record the order in which readers saw the definitions, and older copies may be dropped at any
 * time. */
#include <string.h>

#include "catalog/apply_private.h"
#include "catalog/log_sql.h"
#include "catalog/zones.h"

/* Runs a statement that gives one id. */
int lk_apply_insert_id(lk_pg *pg, int64_t *id, lk_error *err, const char *sql, int nparams, const char *const *params) {
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, sql, nparams, params);
	if (rc)
		return rc;
	*id = lk_pg_int(res, 0, 0);
	PQclear(res);
	return 0;
}

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

int lk_apply_describe(lk_pg *pg, const lk_plan *p, lk_error *err) {
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

int lk_apply_insert_version(lk_pg *pg, int64_t view_id, int64_t stream_id, const lk_plan *p, lk_apply_version *out, lk_error *err) {
	char view[24], stream[24], delay[24], digits[24];
	lk_pg_number(view, view_id);
	lk_pg_number(stream, stream_id);
	lk_pg_number(delay, p->stream->watermark_delay_us);
	lk_pg_number(digits, LK_NUMERIC_DIGITS);
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err,
		"INSERT INTO lk.version (view_id, number, definition, plan_hash, fold_only, watermark_delay_us, stored_digits, stream_id)"
		" SELECT $1::bigint, 1 + coalesce(max(number), 0), $3, $4, $5::boolean, $6::bigint, $7::int, $2::bigint"
		" FROM lk.version WHERE view_id = $1::bigint RETURNING version_id, number",
		7, (const char *const[]){view, stream, p->text, p->hash, p->fold_only ? "t" : "f", delay, digits});
	if (rc)
		return rc;
	*out = (lk_apply_version){.id = lk_pg_int(res, 0, 0), .number = (int)lk_pg_int(res, 0, 1)};
	PQclear(res);
	return p->window.kind == LK_W_CALENDAR ? lk_calendar_make(pg, out->id, p->window.calendar, err) : 0;
}

static int insert_lambda(lk_pg *pg, const lk_plan *p, int64_t version_id, int64_t *copy_id, lk_error *err) {
	const lk_copy_spec spec = {.state = LK_COPY_LIVE};
	return lk_copy_insert(pg, version_id, p->stream->partitions, &spec, copy_id, err);
}

static int new_view(lk_pg *pg, const lk_plan *p, int64_t stream_id, lk_apply_result *out, lk_error *err) {
	char stream[24];
	lk_apply_version version;
	int64_t view_id, copy_id, retired;
	lk_pg_number(stream, stream_id);
	int rc = lk_apply_insert_id(pg, &view_id, err, "INSERT INTO lk.view (name, stream_id) VALUES ($1, $2) RETURNING view_id",
	                   2, (const char *const[]){p->view, stream});
	if (!rc)
		rc = lk_apply_insert_version(pg, view_id, stream_id, p, &version, err);
	if (!rc)
		rc = insert_lambda(pg, p, version.id, &copy_id, err);
	*out = (lk_apply_result){.what = LK_APPLIED_NEW, .version = 1, .served_version = 1};
	return rc ? rc : lk_copy_serve(pg, view_id, 0, copy_id, &retired, err);
}

/* A view in kappa mode gets no copy yet: the replay that brings the version into service makes one. */
static int next_version(lk_pg *pg, const lk_plan *p, int64_t view_id, int64_t stream_id, lk_apply_result *out, lk_error *err) {
	lk_apply_version version;
	int64_t copy_id;
	out->what = LK_APPLIED_CHANGED;
	out->left = false;
	int rc = lk_apply_insert_version(pg, view_id, stream_id, p, &version, err);
	out->version = version.number;
	if (!rc)
		rc = lk_copies_supersede(pg, view_id, out->version, err);
	return rc || out->kappa ? rc : insert_lambda(pg, p, version.id, &copy_id, err);
}

int lk_apply_find_log(lk_pg *pg, const char *stream, PGresult **res, lk_error *err) {
	return lk_pg_exec(pg, res, err,
		"SELECT s.stream_id, s.definition, s.of_copy, s.name FROM lk.stream s LEFT JOIN lk.view w ON w.derived AND w.served_copy = s.of_copy"
		" WHERE coalesce(w.name, CASE WHEN s.of_copy IS NULL THEN s.name END) = $1", 1, &stream);
}

int lk_apply_parse_log(const PGresult *res, lk_definitions *out, lk_error *err) {
	int rc = lk_catalog_parse_log(PQgetvalue(res, 0, 1), !PQgetisnull(res, 0, 2), out, err);
	if (!rc)
		out->items[0].stream->log = lk_arena_strdup(&out->arena, PQgetvalue(res, 0, 3));
	return rc;
}

/* The stream that the plan reads, as it is declared now: its id, and its declaration, which the caller releases. It may be
 * more than the plan was made from: another apply, or another file of this one, came between. */
static int find_stream(lk_pg *pg, const lk_plan *p, int64_t *stream_id, lk_definitions *now, lk_error *err) {
	PGresult *res;
	int rc = lk_apply_find_log(pg, p->stream->name, &res, err);
	if (rc)
		return rc;
	if (PQntuples(res)) {
		*stream_id = lk_pg_int(res, 0, 0);
		rc = lk_apply_parse_log(res, now, err);
	} else {
		rc = lk_fail(err, LK_EDEFINITION, "%s %s: stream %s is not declared", p->makes ? "stream" : "view", p->view, p->stream->name);
	}
	PQclear(res);
	return rc;
}

static bool is_same_stream(const lk_stream *a, const lk_stream *b) {
	return !strcmp(lk_stream_log(a), lk_stream_log(b)) && !strcmp(a->text, b->text) && a->watermark_delay_us == b->watermark_delay_us;
}

/* The plan's text over the stream as readers get it. LK_EDEFINITION: it does not fit. The caller releases *out in either case. */
static int parse_over(const lk_plan *p, const lk_stream *now, lk_definitions *out, lk_error *err) {
	lk_error e = {0};
	int rc = lk_catalog_parse(p->text, now, out, &e);
	if (!rc)
		return 0;
	lk_fail(err, LK_EDEFINITION, "%s %s does not fit stream %s as readers get it: %s", p->makes ? "stream" : "view", p->view, now->name,
	        out->nfaults ? out->faults[0].message : e.text);
	if (now->derived)
		lk_hint(err, "`lk replay %s --switch` brings its new definition into service; then apply again", now->name);
	return LK_EDEFINITION;
}

/* The view's row, its newest version, the version it serves and how. */
const char lk_apply_newest_sql[] =
	"SELECT w.view_id, w.stream_id, n.number, n.plan_hash, s.number, c.mode = 'kappa',"
	" n.version_id <> s.version_id AND n.was_served, w.derived"
	" FROM lk.view w LEFT JOIN lk.copy c ON c.copy_id = w.served_copy LEFT JOIN lk.version s ON s.version_id = c.version_id"
	" JOIN LATERAL (SELECT version_id, number, plan_hash, was_served FROM lk.version v WHERE v.view_id = w.view_id AND v.stream_id = w.stream_id ORDER BY number DESC LIMIT 1) n ON true"
	" WHERE w.name = $1";

static int apply_view(lk_pg *pg, const lk_plan *p, int64_t stream_id, lk_apply_result *out, lk_error *err) {
	PGresult *res;
	const char *name = p->view;
	int rc = lk_pg_exec(pg, &res, err, lk_apply_newest_sql, 1, &name);
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
	if ((!p->fold_only && (rc = describe_batch(pg, p, err))) || (rc = lk_apply_describe(pg, p, err)))
		goto done;
	rc = there ? next_version(pg, p, lk_pg_int(res, 0, 0), stream_id, out, err) : new_view(pg, p, stream_id, out, err);
done:
	PQclear(res);
	return rc;
}

int lk_apply_over_stream(lk_pg *pg, const lk_plan *p, lk_apply_plan *apply, lk_apply_result *out, lk_error *err) {
	int64_t stream_id = 0;
	lk_definitions stream = {0}, again = {0};
	int rc = find_stream(pg, p, &stream_id, &stream, err);
	if (!rc && !is_same_stream(stream.items[0].stream, p->stream)) {
		rc = parse_over(p, stream.items[0].stream, &again, err);
		p = rc ? p : again.items[0].plan;
	}
	if (!rc)
		rc = apply(pg, p, stream_id, out, err);
	lk_definitions_release(&again);
	lk_definitions_release(&stream);
	return rc;
}

int lk_apply_view_within(lk_pg *pg, const lk_plan *p, lk_apply_result *out, lk_error *err) {
	return lk_apply_over_stream(pg, p, apply_view, out, err);
}
