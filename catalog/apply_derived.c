/* Declaring a derived stream: the log that it fills, as of any stream, and the definition that fills it, kept like a
 * view's: a version and a copy. */
#include <string.h>

#include "catalog/apply_private.h"

/* The copy is like that of a view in kappa mode: it begins at offset 0, and no batch is made of it. */
static int insert_maker(lk_pg *pg, const lk_plan *p, const char *source_id, int64_t *copy_id, lk_error *err) {
	const lk_copy_spec spec = {.kappa = true, .state = LK_COPY_LIVE};
	int64_t view_id, version_id, retired;
	int rc = lk_apply_insert_id(pg, &view_id, err, "INSERT INTO lk.view (name, stream_id, derived) VALUES ($1, $2, true) RETURNING view_id",
	                   2, (const char *const[]){p->view, source_id});
	if (!rc)
		rc = lk_apply_insert_version(pg, view_id, 1, p, &version_id, err);
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
		rc = lk_apply_insert_stream(pg, p->makes, err);
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
	int rc = lk_apply_stream_within(pg, p->makes, out, err);
	if (rc || out->what == LK_APPLIED_SAME)
		return rc;
	return lk_pg_exec(pg, NULL, err, "UPDATE lk.version v SET definition = $2 FROM lk.view w WHERE w.view_id = v.view_id AND w.name = $1", 2,
	                  (const char *const[]){name, p->text});
}

static int apply_derived_plan(lk_pg *pg, const lk_plan *p, int64_t source, lk_apply_result *out, lk_error *err) {
	PGresult *res;
	const char *name = p->view;
	int rc = lk_pg_exec(pg, &res, err, lk_apply_newest_sql, 1, &name);
	if (rc)
		return rc;
	bool there = PQntuples(res) == 1, derived = there && PQgetvalue(res, 0, 7)[0] == 't';
	bool same = derived && lk_pg_int(res, 0, 1) == source && !strcmp(PQgetvalue(res, 0, 3), p->hash);
	PQclear(res);
	if (there && !derived)
		return lk_apply_refuse(p->makes, err, "there is a view of this name", "choose another name");
	if (same)
		return change_derived(pg, p, out, err);
	if (derived)
		return lk_apply_refuse(p->makes, err, "a derived stream that is declared keeps its definition",
		              "declare it under another name, or remove it with `lk drop --stream` and the views over it with `lk drop`, and apply again");
	*out = (lk_apply_result){.what = LK_APPLIED_NEW};
	rc = lk_apply_describe(pg, p, err);
	return rc ? rc : new_derived(pg, p, source, err);
}

int lk_apply_derived_within(lk_pg *pg, const lk_plan *p, lk_apply_result *out, lk_error *err) {
	int64_t source = 0;
	lk_definitions stream = {0}, again = {0};
	int rc = lk_apply_find_stream(pg, p, &source, &stream, err);
	if (!rc && !lk_apply_same_stream(stream.items[0].stream, p->stream)) {
		rc = lk_catalog_parse(p->text, stream.items[0].stream, &again, err);
		p = rc ? p : again.items[0].plan;
	}
	if (!rc)
		rc = apply_derived_plan(pg, p, source, out, err);
	lk_definitions_release(&again);
	lk_definitions_release(&stream);
	return rc;
}
