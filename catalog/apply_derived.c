/* Declaring a derived stream: the log that it fills, as of any stream, and the definition that fills it, kept like a
 * view's: versions, and copies of them, each with a log of its own.
 *
 * A changed definition is a version without a copy: a replay makes one, with a log beside the served one, and moves all
 * that read the stream over (replay/logs.c). Until then everything stays as it was. */
#include <string.h>

#include "catalog/apply_private.h"
#include "catalog/log_sql.h"

int lk_apply_make_log(lk_pg *pg, const lk_plan *p, int64_t source, int64_t copy_id, lk_error *err) {
	char source_id[24], copy[24];
	const char *name = lk_stream_log(p->makes);
	lk_pg_number(source_id, source);
	int rc = lk_apply_insert_stream(pg, p->makes, err);
	if (!rc)
		rc = lk_pg_exec(pg, NULL, err, "UPDATE lk.stream SET of_copy = $2::bigint WHERE name = $1", 2,
		                (const char *const[]){name, lk_pg_number(copy, copy_id)});
	return rc ? rc : lk_pg_exec(pg, NULL, err,
		"INSERT INTO lk.source (stream_id, name, number, position)"
		" SELECT s.stream_id, $2 || '/' || t.part, 0, 0 FROM lk.stream s, lk.tail t WHERE s.name = $1 AND t.stream_id = $2::bigint",
		2, (const char *const[]){name, source_id});
}

/* The copy is like that of a view in kappa mode: it begins at offset 0, and no batch is made of it. */
static int new_derived(lk_pg *pg, const lk_plan *p, int64_t source, lk_apply_result *out, lk_error *err) {
	const lk_copy_spec spec = {.kappa = true, .state = LK_COPY_LIVE};
	lk_apply_version version;
	char source_id[24];
	int64_t view_id, copy_id, retired;
	*out = (lk_apply_result){.what = LK_APPLIED_NEW, .version = 1, .served_version = 1, .kappa = true};
	int rc = lk_apply_insert_id(pg, &view_id, err, "INSERT INTO lk.view (name, stream_id, derived) VALUES ($1, $2, true) RETURNING view_id",
	                   2, (const char *const[]){p->view, lk_pg_number(source_id, source)});
	if (!rc)
		rc = lk_apply_insert_version(pg, view_id, source, p, &version, err);
	if (!rc)
		rc = lk_copy_insert(pg, version.id, p->stream->partitions, &spec, &copy_id, err);
	if (!rc)
		rc = lk_apply_make_log(pg, p, source, copy_id, err);
	return rc ? rc : lk_copy_serve(pg, view_id, 0, copy_id, &retired, err);
}

static int keep_text(lk_pg *pg, const lk_plan *p, int number, lk_error *err) {
	char no[24];
	return lk_pg_exec(pg, NULL, err, "UPDATE lk.version v SET definition = $2 FROM lk.view w WHERE w.view_id = v.view_id AND w.name = $1"
	                  " AND v.number = $3::int", 3, (const char *const[]){p->view, p->text, lk_pg_number(no, number)});
}

/* The same rows. What the log's readers go by may change: the watermark's delay and idle_timeout. */
static int same_rows(lk_pg *pg, const lk_plan *p, lk_apply_result *out, lk_error *err) {
	const int version = out->version, served = out->served_version;
	int rc = version == served ? lk_apply_stream_within(pg, p->makes, out, err) : 0;
	out->version = version;
	out->served_version = served;
	return rc ? rc : keep_text(pg, p, version, err);
}

/* What reads the stream must be able to read the rows of the new definition. */
static int readers_fit(lk_pg *pg, const lk_plan *p, int64_t view_id, lk_error *err) {
	char id[24];
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err, "SELECT DISTINCT ON (w.view_id) w.name, w.derived, v.definition FROM lk.view m JOIN lk.stream s ON s.of_copy = m.served_copy"
	                    " JOIN lk.view w ON w.stream_id = s.stream_id JOIN lk.version v ON v.view_id = w.view_id AND v.stream_id = w.stream_id"
	                    " WHERE m.view_id = $1::bigint ORDER BY w.view_id, v.number DESC", 1, (const char *const[]){lk_pg_number(id, view_id)});
	for (int i = 0; !rc && i < PQntuples(res); i++) {
		lk_definitions d = {0};
		lk_error e = {0};
		const char *name = PQgetvalue(res, i, 0);
		bool derived = PQgetvalue(res, i, 1)[0] == 't';
		if (lk_catalog_parse(PQgetvalue(res, i, 2), p->makes, &d, &e)) {
			rc = lk_fail(err, LK_EDEFINITION, "stream %s: %s %s does not fit the new definition: %s", p->view, derived ? "stream" : "view", name,
			             d.nfaults ? d.faults[0].message : e.text);
			lk_hint(err, "keep what it reads, or `lk drop %s%s` removes it", derived ? "--stream " : "", name);
		}
		lk_definitions_release(&d);
	}
	PQclear(res);
	return rc;
}

static int next_definition(lk_pg *pg, const lk_plan *p, int64_t view_id, int64_t source, lk_apply_result *out, lk_error *err) {
	lk_apply_version version = {0};
	int rc = lk_apply_describe(pg, p, err);
	if (!rc)
		rc = readers_fit(pg, p, view_id, err);
	if (!rc)
		rc = lk_apply_insert_version(pg, view_id, source, p, &version, err);
	out->what = LK_APPLIED_CHANGED;
	out->version = version.number;
	out->left = false;
	return rc;
}

static int apply_derived(lk_pg *pg, const lk_plan *p, int64_t source, lk_apply_result *out, lk_error *err) {
	PGresult *res;
	const char *name = p->view;
	int rc = lk_pg_exec(pg, &res, err, lk_apply_newest_sql, 1, &name);
	if (rc)
		return rc;
	bool there = PQntuples(res) == 1, derived = there && PQgetvalue(res, 0, 7)[0] == 't', other = derived && lk_pg_int(res, 0, 1) != source;
	bool same = derived && !strcmp(PQgetvalue(res, 0, 3), p->hash);
	int64_t view_id = derived ? lk_pg_int(res, 0, 0) : 0;
	if (derived)
		*out = (lk_apply_result){.what = LK_APPLIED_SAME, .version = (int)lk_pg_int(res, 0, 2), .served_version = (int)lk_pg_int(res, 0, 4),
		                         .kappa = true, .left = PQgetvalue(res, 0, 6)[0] == 't'};
	PQclear(res);
	if (there && !derived)
		return lk_apply_refuse(p->makes, err, "there is a view of this name", "choose another name");
	if (other)
		return lk_apply_refuse(p->makes, err, "it is made of another stream", "a derived stream keeps its source: choose another name");
	if (same)
		return same_rows(pg, p, out, err);
	if (derived)
		return next_definition(pg, p, view_id, source, out, err);
	rc = lk_apply_describe(pg, p, err);
	return rc ? rc : new_derived(pg, p, source, out, err);
}

int lk_apply_derived_within(lk_pg *pg, const lk_plan *p, lk_apply_result *out, lk_error *err) {
	return lk_apply_over_stream(pg, p, apply_derived, out, err);
}
