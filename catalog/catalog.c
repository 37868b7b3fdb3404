/* Reading the catalogue: one round trip, one snapshot. Plain rows only; the plans of versions are made from them when
 * they are needed (catalog/plans.c). */
#include <stdlib.h>
#include <string.h>

#include "catalog/private.h"
#include "core/time.h"

enum { R_META, R_STREAMS, R_VIEWS, R_VERSIONS, R_COPIES, R_UNITS, R_CUTS, NRESULTS };

/* Plain reads of tables: a new session plans each of them from nothing, and joins, sorts and arithmetic would cost it
 * more than the rows do. The rows are joined here. */
static const char load_sql[] =
	"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
	"SELECT log_id, schema_version FROM lk.meta;"
	"SELECT stream_id, definition, of_copy, name FROM lk.stream"
	" WHERE of_copy IS NULL OR of_copy = ANY (ARRAY(SELECT copy_id FROM lk.copy WHERE NOT dropped));"
	"SELECT view_id, name, stream_id, served_copy, former_copy, derived FROM lk.view;"
	"SELECT version_id, view_id, number, fold_only, watermark_delay_us, definition, stored_digits, stream_id FROM lk.version;"
	"SELECT copy_id, version_id, mode, cut_id, batch_table, state, was_served, name, range_by, range_from, range_to"
	" FROM lk.copy WHERE NOT dropped;"
	"SELECT copy_id, part, unit_id FROM lk.unit WHERE copy_id = ANY (ARRAY(SELECT copy_id FROM lk.copy WHERE NOT dropped));"
	"SELECT cut_id, stream_id, part, off, high, last_at FROM lk.cut_part"
	" WHERE cut_id = ANY (ARRAY(SELECT cut_id FROM lk.copy WHERE NOT dropped));";

/* Leaves the transaction open, since calendars are read in its snapshot, too. */
static int fetch(lk_pg *pg, PGresult *results[NRESULTS], lk_error *err) {
	lk_error e = {0};
	int rc = lk_pg_query_all(pg, results, NRESULTS, "reading the catalogue", &e, load_sql);
	if (rc)
		lk_pg_rollback(pg);
	if (rc && (!strcmp(e.sqlstate, "42P01") || !strcmp(e.sqlstate, "3F000"))) {
		rc = lk_fail(err, LK_EUSAGE, "nothing is declared in database %s: it has no schema lk", PQdb(pg->conn));
		lk_hint(err, "run `lk apply FILE` first");
	} else if (rc && err && err->code == LK_OK) {
		*err = e;
	}
	return rc;
}

/* Every struct of the catalogue begins with its id, and an array is sorted by it before anything points into it. */
static int compare_id(const void *key, const void *element) {
	int64_t a = *(const int64_t *)key, b = *(const int64_t *)element;
	return a < b ? -1 : a > b;
}

static void sort_by_id(void *array, int n, size_t size) {
	if (n)
		qsort(array, (size_t)n, size, compare_id);
}

static void *by_id(const void *array, int n, size_t size, int64_t id) {
	return n ? bsearch(&id, array, (size_t)n, size, compare_id) : NULL;
}

static void *array_for(lk_catalog *c, const PGresult *res, size_t size, int *n) {
	*n = PQntuples(res);
	return lk_arena_zalloc(&c->arena, (size_t)*n * size);
}

static int dangling(lk_error *err, const char *what, int64_t id) {
	return lk_fail(err, LK_EINTERNAL, "the catalogue names %s %lld, which does not exist", what, (long long)id);
}

static int load_streams(lk_catalog *c, const PGresult *res, lk_error *err) {
	c->streams = array_for(c, res, sizeof *c->streams, &c->nstreams);
	for (int i = 0; i < c->nstreams; i++) {
		lk_cat_stream *s = &c->streams[i];
		s->id = lk_pg_int(res, i, 0);
		s->definition = lk_arena_strdup(&c->arena, PQgetvalue(res, i, 1));
		s->of_copy = lk_pg_int(res, i, 2);
		int rc = lk_catalog_parse_log(s->definition, s->of_copy != 0, &c->parsed[i], err);
		if (rc)
			return rc;
		c->parsed[i].items[0].stream->log = lk_arena_strdup(&c->arena, PQgetvalue(res, i, 3));
		s->stream = c->parsed[i].items[0].stream;
		s->served = !s->of_copy;
	}
	sort_by_id(c->streams, c->nstreams, sizeof *c->streams);
	return 0;
}

static int load_views(lk_catalog *c, const PGresult *res, lk_error *err) {
	int n;
	c->views = array_for(c, res, sizeof *c->views, &n);
	c->makers = array_for(c, res, sizeof *c->makers, &n);
	for (int i = 0; i < n; i++) {
		lk_cat_view *v = PQgetvalue(res, i, 5)[0] == 't' ? &c->makers[c->nmakers++] : &c->views[c->nviews++];
		v->id = lk_pg_int(res, i, 0);
		v->name = lk_arena_strdup(&c->arena, PQgetvalue(res, i, 1));
		v->stream = by_id(c->streams, c->nstreams, sizeof *c->streams, lk_pg_int(res, i, 2));
		v->served_copy = lk_pg_int(res, i, 3);
		v->former_copy = lk_pg_int(res, i, 4);
		if (!v->stream)
			return dangling(err, "stream", lk_pg_int(res, i, 2));
	}
	sort_by_id(c->views, c->nviews, sizeof *c->views);
	sort_by_id(c->makers, c->nmakers, sizeof *c->makers);
	return 0;
}

static const lk_cat_view *view_by_id(const lk_catalog *c, int64_t id) {
	const lk_cat_view *v = by_id(c->views, c->nviews, sizeof *c->views, id);
	return v ? v : by_id(c->makers, c->nmakers, sizeof *c->makers, id);
}

static const lk_stream *stream_with_delay(lk_catalog *c, const lk_stream *now, int64_t delay_us) {
	if (now->watermark_delay_us == delay_us)
		return now;
	lk_stream *then = lk_arena_alloc(&c->arena, sizeof *then);
	*then = *now;
	then->watermark_delay_us = delay_us;
	return then;
}

/* A version whose log is gone is history: it has no copy, and never gets one. */
static int load_versions(lk_catalog *c, const PGresult *res, lk_error *err) {
	int n;
	c->versions = array_for(c, res, sizeof *c->versions, &n);
	for (int i = 0; i < n; i++) {
		const lk_cat_stream *reads = by_id(c->streams, c->nstreams, sizeof *c->streams, lk_pg_int(res, i, 7));
		if (!reads)
			continue;
		lk_cat_version *v = &c->versions[c->nversions++];
		v->reads = reads;
		v->id = lk_pg_int(res, i, 0);
		v->view = view_by_id(c, lk_pg_int(res, i, 1));
		if (!v->view)
			return dangling(err, "view", lk_pg_int(res, i, 1));
		v->number = (int)lk_pg_int(res, i, 2);
		v->fold_only = PQgetvalue(res, i, 3)[0] == 't';
		v->stream = stream_with_delay(c, reads->stream, lk_pg_int(res, i, 4));
		v->definition = lk_arena_strdup(&c->arena, PQgetvalue(res, i, 5));
		v->stored_digits = (int)lk_pg_int(res, i, 6);
	}
	sort_by_id(c->versions, c->nversions, sizeof *c->versions);
	return 0;
}

static char *text_or_null(lk_catalog *c, const PGresult *res, int row, int col) {
	return PQgetisnull(res, row, col) ? NULL : lk_arena_strdup(&c->arena, PQgetvalue(res, row, col));
}

static int load_state(const char *text, enum lk_copy_state *state, lk_error *err) {
	for (int i = LK_COPY_LIVE; i <= LK_COPY_SCRATCH; i++)
		if (!strcmp(text, lk_copy_state_name((enum lk_copy_state)i))) {
			*state = (enum lk_copy_state)i;
			return 0;
		}
	return lk_fail(err, LK_EUNSUPPORTED, "the catalogue has a copy of state %s, which this lk does not know", text);
}

static int load_copies(lk_catalog *c, const PGresult *res, lk_error *err) {
	c->copies = array_for(c, res, sizeof *c->copies, &c->ncopies);
	for (int i = 0; i < c->ncopies; i++) {
		lk_cat_copy *k = &c->copies[i];
		k->id = lk_pg_int(res, i, 0);
		k->version = by_id(c->versions, c->nversions, sizeof *c->versions, lk_pg_int(res, i, 1));
		if (!k->version)
			return dangling(err, "version", lk_pg_int(res, i, 1));
		k->kappa = !strcmp(PQgetvalue(res, i, 2), "kappa");
		k->cut_id = lk_pg_int(res, i, 3);
		k->batch_table = text_or_null(c, res, i, 4);
		int rc = load_state(PQgetvalue(res, i, 5), &k->state, err);
		if (rc)
			return rc;
		k->was_served = PQgetvalue(res, i, 6)[0] == 't';
		k->name = text_or_null(c, res, i, 7);
		k->range = (lk_range){
			.by = strcmp(PQgetvalue(res, i, 8), "_at") ? LK_BY_EVENT : LK_BY_AT,
			.from = lk_pg_time_or(res, i, 9, INT64_MIN), .to = lk_pg_time_or(res, i, 10, INT64_MAX),
		};
		const lk_cat_stream *stream = k->version->reads;
		k->units = lk_arena_zalloc(&c->arena, (size_t)stream->stream->partitions * sizeof *k->units);
		k->cut = lk_frontier_start(stream->id, stream->stream->partitions);
	}
	sort_by_id(c->copies, c->ncopies, sizeof *c->copies);
	return 0;
}

static void find_logs(lk_catalog *c) {
	for (int i = 0; i < c->nstreams; i++) {
		lk_cat_copy *k = by_id(c->copies, c->ncopies, sizeof *c->copies, c->streams[i].of_copy);
		if (!k)
			continue;
		k->log = &c->streams[i];
		c->streams[i].served = k->version->view->served_copy == k->id;
	}
}

static bool has_part(const lk_cat_copy *k, int64_t part) {
	return part >= 0 && part < k->version->reads->stream->partitions;
}

static int load_units(lk_catalog *c, const PGresult *res, lk_error *err) {
	for (int i = 0; i < PQntuples(res); i++) {
		lk_cat_copy *k = by_id(c->copies, c->ncopies, sizeof *c->copies, lk_pg_int(res, i, 0));
		int64_t part = lk_pg_int(res, i, 1);
		if (!k || !has_part(k, part))
			return dangling(err, "the partition of unit", lk_pg_int(res, i, 2));
		k->units[part] = lk_pg_int(res, i, 2);
	}
	return 0;
}

/* Rows are keyed by cut; a copy takes those of the cut that it names. */
static int load_cuts(lk_catalog *c, const PGresult *res, lk_error *err) {
	for (int i = 0; i < PQntuples(res); i++) {
		int64_t cut_id = lk_pg_int(res, i, 0);
		for (lk_cat_copy *k = c->copies; k < c->copies + c->ncopies; k++) {
			if (k->cut_id != cut_id)
				continue;
			lk_frontier_part *p = lk_frontier_find(&k->cut, lk_pg_int(res, i, 1), (int)lk_pg_int(res, i, 2));
			if (!p)
				return dangling(err, "a cut of copy", k->id);
			p->off = lk_pg_int(res, i, 3);
			p->high = lk_pg_time_or(res, i, 4, LK_NEVER);
			p->last_at = lk_pg_time_or(res, i, 5, LK_NEVER);
		}
	}
	return 0;
}

static int build(lk_catalog *c, PGresult *r[NRESULTS], lk_error *err) {
	int rc;
	if ((rc = load_streams(c, r[R_STREAMS], err)) || (rc = load_views(c, r[R_VIEWS], err)) ||
	    (rc = load_versions(c, r[R_VERSIONS], err)) || (rc = load_copies(c, r[R_COPIES], err)) ||
	    (rc = load_units(c, r[R_UNITS], err)))
		return rc;
	find_logs(c);
	return load_cuts(c, r[R_CUTS], err);
}

static void clear(PGresult *r[NRESULTS]) {
	for (int i = 0; i < NRESULTS; i++) {
		PQclear(r[i]);
		r[i] = NULL;
	}
}

/* Checks the version first: a schema of another version may lack what the rest reads. */
static int fetch_of_this_version(lk_pg *pg, PGresult *r[NRESULTS], char log_id[33], lk_error *err) {
	lk_error e = {0};
	int rc = fetch(pg, r, &e), version = r[R_META] ? lk_catalog_check_meta(r[R_META], log_id, err) : 0;
	if (version < 0)
		return version;
	if (version > 0) {
		clear(r);
		lk_pg_rollback(pg);
		rc = lk_catalog_install(pg, log_id, err);
		return rc ? rc : fetch(pg, r, err);
	}
	if (rc && err && err->code == LK_OK)
		*err = e;
	return rc;
}

static lk_catalog *new_catalog(int definitions) {
	lk_catalog *c = lk_calloc(1, sizeof *c);
	c->nparsed = definitions;
	c->parsed = lk_calloc((size_t)definitions, sizeof *c->parsed);
	pthread_mutex_init(&c->planning, NULL);
	atomic_init(&c->holders, 1);
	return c;
}

static int make_plans(lk_catalog *c, lk_pg *pg, const char *view, lk_error *err) {
	int rc = 0;
	for (int i = 0; i < c->nversions && rc == 0; i++)
		if (!view || !strcmp(c->versions[i].view->name, view))
			rc = lk_catalog_plan(c, pg, &c->versions[i], err);
	return rc;
}

/* plans: of which view, NULL of all, "" of none; made in the snapshot of the rows. */
static int load(lk_pg *pg, const char *plans, lk_catalog **out, lk_error *err) {
	PGresult *r[NRESULTS] = {0};
	char log_id[33];
	lk_catalog *c = NULL;
	int rc = fetch_of_this_version(pg, r, log_id, err);
	if (rc == 0) {
		c = new_catalog(PQntuples(r[R_STREAMS]) + PQntuples(r[R_VERSIONS]));
		memcpy(c->log_id, log_id, sizeof c->log_id);
		rc = build(c, r, err);
	}
	if (rc == 0)
		rc = make_plans(c, pg, plans, err);
	lk_pg_rollback(pg);
	clear(r);
	if (rc)
		lk_catalog_release(c);
	else
		*out = c;
	return rc;
}

int lk_catalog_load(lk_pg *pg, lk_catalog **out, lk_error *err) { return load(pg, NULL, out, err); }
int lk_catalog_load_view(lk_pg *pg, const char *view, lk_catalog **out, lk_error *err) { return load(pg, view, out, err); }
int lk_catalog_load_rows(lk_pg *pg, lk_catalog **out, lk_error *err) { return load(pg, "", out, err); }

lk_catalog *lk_catalog_hold(lk_catalog *c) {
	atomic_fetch_add(&c->holders, 1);
	return c;
}

void lk_catalog_release(lk_catalog *c) {
	if (!c || atomic_fetch_sub(&c->holders, 1) > 1)
		return;
	for (int i = 0; i < c->nparsed; i++)
		lk_definitions_release(&c->parsed[i]);
	free(c->parsed);
	lk_arena_release(&c->arena);
	pthread_mutex_destroy(&c->planning);
	free(c);
}

/* The hash is compared only within one process, so PostgreSQL's own function is enough. */
int lk_catalog_read_stream(lk_pg *pg, int64_t stream_id, lk_definitions *out, lk_error *err) {
	char id[24];
	PGresult *res;
	*out = (lk_definitions){0};
	int rc = lk_pg_exec(pg, &res, err, "SELECT definition FROM lk.stream WHERE stream_id = $1", 1,
	                    (const char *const[]){lk_pg_number(id, stream_id)});
	if (rc)
		return rc;
	if (PQntuples(res))
		rc = lk_catalog_parse_log(PQgetvalue(res, 0, 0), false, out, err);
	else
		rc = lk_fail(err, LK_EUSAGE, "the stream was dropped");
	PQclear(res);
	return rc;
}

int lk_catalog_stamp(lk_pg *pg, int64_t *stamp, lk_error *err) {
	PGresult *res;
	int rc = lk_pg_exec(pg, &res, err,
		"SELECT hashtextextended(concat_ws('/', log_id, schema_version,"
		" (SELECT string_agg(stream_id || ':' || md5(definition), ',' ORDER BY stream_id) FROM lk.stream),"
		" (SELECT string_agg(concat_ws(':', view_id, name, coalesce(served_copy, 0), coalesce(former_copy, 0)), ',' ORDER BY view_id) FROM lk.view),"
		" (SELECT string_agg(version_id || ':' || fold_only, ',' ORDER BY version_id) FROM lk.version),"
		" (SELECT string_agg(concat_ws(':', copy_id, state, was_served), ',' ORDER BY copy_id) FROM lk.copy WHERE NOT dropped)), 0) FROM lk.meta", 0, NULL);
	if (rc)
		return rc;
	*stamp = PQntuples(res) ? lk_pg_int(res, 0, 0) : 0;
	PQclear(res);
	return 0;
}
