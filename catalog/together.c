/* A switch of a derived stream moves all that reads it (catalog/together.h). Which copies these are follows from the catalogue
 * alone: so a run that was killed finds those that it had made, and the switch asks again, under the catalogue's lock,
 * whether they are still the right ones. */
#include "catalog/together.h"

#include <stdlib.h>
#include <string.h>

#include "catalog/apply_private.h"
#include "catalog/log_sql.h"
#include "core/fault.h"

static const lk_copy_spec building = {.kappa = true, .state = LK_COPY_BUILDING};

/* --- making --- */

/* A copy of the version of the plan, and the log that it fills. */
static int make_filler(lk_pg *pg, const lk_plan *p, int64_t version_id, int64_t source, int64_t *copy_id, lk_error *err) {
	lk_plan plan = *p;
	lk_stream makes = *p->makes;
	lk_buf log = LK_BUF_INIT;
	int rc = lk_copy_insert(pg, version_id, p->stream->partitions, &building, copy_id, err);
	if (!rc) {
		lk_log_name(makes.name, *copy_id, &log);
		makes.log = log.data;
		plan.makes = &makes;
		rc = lk_apply_make_log(pg, &plan, source, *copy_id, err);
	}
	lk_buf_release(&log);
	return rc;
}

static int end(lk_pg *pg, int rc, lk_error *err) {
	if (!rc)
		rc = lk_pg_run(pg, err, "COMMIT");
	if (rc)
		lk_pg_rollback(pg);
	return rc;
}

int lk_filler_make(lk_pg *pg, const lk_cat_version *v, int64_t *copy_id, lk_error *err) {
	int rc = lk_catalog_begin(pg, err);
	return end(pg, rc ? rc : make_filler(pg, v->plan, v->id, v->reads->id, copy_id, err), err);
}

/* A row of readers_sql. */
typedef struct reader {
	int64_t view_id;
	const char *name, *definition;
	bool derived, kappa;
} reader;

static int insert_copy(lk_pg *pg, const reader *r, const lk_plan *p, int64_t log, int64_t *copy_id, lk_error *err) {
	lk_copy_spec spec = building;
	lk_apply_version version;
	spec.kappa = r->kappa;
	int rc = lk_apply_describe(pg, p, err);
	if (!rc)
		rc = lk_apply_insert_version(pg, r->view_id, log, p, &version, err);
	if (rc)
		return rc;
	return r->derived ? make_filler(pg, p, version.id, log, copy_id, err) : lk_copy_insert(pg, version.id, p->stream->partitions, &spec, copy_id, err);
}

/* over: the declaration of the log. */
static int make_reader(lk_pg *pg, const reader *r, const lk_stream *over, int64_t log, int64_t *copy_id, lk_error *err) {
	lk_definitions d = {0};
	lk_error e = {0};
	int rc = lk_catalog_parse(r->definition, over, &d, &e);
	if (rc) {
		rc = lk_fail(err, LK_EDEFINITION, "%s %s does not fit the rows that stream %s would have: %s", r->derived ? "stream" : "view", r->name, over->name,
		             d.nfaults ? d.faults[0].message : e.text);
		lk_hint(err, "`lk drop %s%s` removes it", r->derived ? "--stream " : "", r->name);
	} else
		rc = insert_copy(pg, r, d.items[0].plan, log, copy_id, err);
	lk_definitions_release(&d);
	return rc;
}

/* --- finding --- */

/* Of the copy $1: its log, as lk_apply_find_log gives one, and the log that readers of the stream have; no row if it is of a view. */
static const char logs_sql[] =
	"SELECT l.stream_id, l.definition, l.of_copy, l.name, s.stream_id FROM lk.copy c JOIN lk.stream l ON l.of_copy = c.copy_id"
	" JOIN lk.version v USING (version_id) JOIN lk.view m USING (view_id) JOIN lk.stream s ON s.of_copy = m.served_copy"
	" WHERE c.copy_id = $1::bigint AND NOT c.dropped";

/* What reads the log $1, with the newest text that readers were not moved away from. */
static const char readers_sql[] =
	"SELECT w.view_id, w.name, w.derived, c.mode = 'kappa', n.definition FROM lk.view w JOIN lk.copy c ON c.copy_id = w.served_copy"
	" JOIN LATERAL (SELECT v.definition FROM lk.version v WHERE v.view_id = w.view_id AND v.stream_id = w.stream_id"
	"  AND (NOT v.was_served OR v.version_id = c.version_id) ORDER BY v.number DESC LIMIT 1) n ON true"
	" WHERE w.stream_id = $1::bigint ORDER BY w.view_id";

/* The copy of view $1 over log $2, of this mode and text; $5: or the former one. */
static const char copy_sql[] =
	"SELECT c.copy_id FROM lk.copy c JOIN lk.version v USING (version_id) JOIN lk.view w USING (view_id)"
	" WHERE w.view_id = $1::bigint AND v.stream_id = $2::bigint AND NOT c.dropped AND c.state IN ('live', 'building')"
	" AND ((c.mode = $3 AND v.definition = $4) OR ($5::boolean AND c.copy_id = w.former_copy))"
	" ORDER BY $5::boolean AND c.copy_id = w.former_copy DESC, c.copy_id DESC LIMIT 1";

static void add(lk_together *t, int64_t copy_id) {
	t->copies = lk_realloc(t->copies, ((size_t)t->n + 1) * sizeof *t->copies);
	t->copies[t->n++] = copy_id;
}

/* *copy_id 0: there is none. */
static int find_copy(lk_pg *pg, const reader *r, int64_t log, bool back, int64_t *copy_id, lk_error *err) {
	char view[24], stream[24];
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, copy_sql, 5, (const char *const[]){lk_pg_number(view, r->view_id), lk_pg_number(stream, log),
	                    r->kappa ? "kappa" : "lambda", r->definition, back ? "t" : "f"});
	if (rc)
		return rc;
	*copy_id = PQntuples(res) ? lk_pg_int(res, 0, 0) : 0;
	PQclear(res);
	return 0;
}

typedef struct finding {
	lk_pg *pg;
	bool back, make;
	lk_together *out;
} finding;

static int find_reader(const finding *f, const reader *r, const lk_stream *over, int64_t log, lk_error *err) {
	int64_t copy_id;
	int rc = find_copy(f->pg, r, log, f->back, &copy_id, err);
	if (!rc && !copy_id && !f->make) {
		rc = lk_fail(err, LK_ECONFLICT, "%s %s was declared or changed meanwhile", r->derived ? "stream" : "view", r->name);
		lk_hint(err, "run it again");
	} else if (!rc && !copy_id)
		rc = make_reader(f->pg, r, over, log, &copy_id, err);
	if (!rc)
		add(f->out, copy_id);
	return rc;
}

static int find_readers(const finding *f, const PGresult *logs, lk_error *err) {
	char served[24];
	int64_t log = lk_pg_int(logs, 0, 0);
	PGresult *res = NULL;
	lk_definitions d = {0};
	int rc = lk_apply_parse_log(logs, &d, err);
	if (!rc)
		rc = lk_pg_exec(f->pg, &res, err, readers_sql, 1, (const char *const[]){lk_pg_number(served, lk_pg_int(logs, 0, 4))});
	for (int i = 0; !rc && i < PQntuples(res); i++) {
		const reader r = {.view_id = lk_pg_int(res, i, 0), .name = PQgetvalue(res, i, 1), .derived = PQgetvalue(res, i, 2)[0] == 't',
		                  .kappa = PQgetvalue(res, i, 3)[0] == 't', .definition = PQgetvalue(res, i, 4)};
		rc = find_reader(f, &r, d.items[0].stream, log, err);
	}
	PQclear(res);
	lk_definitions_release(&d);
	return rc;
}

/* A log is found before what reads it; a loop cannot be declared. */
int lk_together_find(lk_pg *pg, int64_t lead, bool back, bool make, lk_together *out, lk_error *err) {
	const finding f = {.pg = pg, .back = back, .make = make, .out = out};
	int rc = 0;
	*out = (lk_together){0};
	add(out, lead);
	for (int i = 0; !rc && i < out->n; i++) {
		char copy[24];
		PGresult *logs;
		rc = lk_pg_exec(pg, &logs, err, logs_sql, 1, (const char *const[]){lk_pg_number(copy, out->copies[i])});
		if (!rc && PQntuples(logs) && lk_pg_int(logs, 0, 0) != lk_pg_int(logs, 0, 4))
			rc = find_readers(&f, logs, err);
		PQclear(logs);
	}
	return rc;
}

int lk_together_make(lk_pg *pg, int64_t lead, bool back, lk_together *out, lk_error *err) {
	*out = (lk_together){0};
	int rc = lk_catalog_begin(pg, err);
	rc = end(pg, rc ? rc : lk_together_find(pg, lead, back, true, out, err), err);
	if (!rc)
		LK_CRASH_POINT("together.made");
	return rc;
}

void lk_together_alone(int64_t lead, lk_together *out) {
	*out = (lk_together){0};
	add(out, lead);
}

void lk_together_release(lk_together *t) {
	free(t->copies);
	*t = (lk_together){0};
}
