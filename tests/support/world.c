/* The oracle is PostgreSQL, which runs the user's own text, never SQL made from the plan: otherwise a fault in parsing
 * the definition would be in both and stay hidden. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/support/world.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch_layer/batch.h"
#include "catalog/copies.h"
#include "catalog/cut.h"
#include "catalog/log_sql.h"
#include "catalog/zones.h"
#include "compare/result_rows.h"
#include "compare/top_values.h"
#include "event_log/append.h"
#include "formats/json.h"
#include "speed_layer/compactor.h"
#include "speed_layer/speed.h"
#include "windows/window.h"

static void must(int rc, const lk_error *err, const char *what) {
	if (rc >= 0)
		return;
	fail_msg("%s: status %d, %s %s (%s)", what, rc, err->sqlstate, err->text, err->hint);
}

void test_world_open(test_world *w, test_servers *s) {
	*w = (test_world){.servers = s};
	lk_error err = {0};
	must(lk_pg_open(&w->pg, s->at.postgres, "lk test", &err), &err, "open PostgreSQL");
	test_world_empty(w);
}

static void forget_catalogs(test_world *w) {
	for (int i = 0; i < w->nformer; i++)
		lk_catalog_release(w->former[i]);
	free(w->former);
	w->former = NULL;
	w->nformer = 0;
	lk_catalog_release(w->catalog);
	w->catalog = NULL;
}

void test_world_close(test_world *w) {
	forget_catalogs(w);
	lk_store_close(w->store);
	lk_pg_close(&w->pg);
}

void test_world_empty(test_world *w) {
	lk_error err = {0};
	forget_catalogs(w);
	if (w->store)
		lk_store_close(w->store);
	w->store = NULL;
	test_servers_clear(w->servers);
	must(lk_catalog_install(&w->pg, w->log_id, &err), &err, "install");
	must(lk_store_open(&w->store, w->servers->at.redis, w->log_id, &err), &err, "open Redis");
	test_world_reload(w);
}

void test_world_reload(test_world *w) {
	lk_error err = {0};
	if (w->catalog) {
		w->former = lk_realloc(w->former, (size_t)(w->nformer + 1) * sizeof *w->former);
		w->former[w->nformer++] = w->catalog;
	}
	must(lk_catalog_load(&w->pg, &w->catalog, &err), &err, "load the catalogue");
}

static const lk_stream *stream_of(void *ctx, const char *name) {
	const lk_cat_stream *s = lk_catalog_stream(((test_world *)ctx)->catalog, name);
	return s ? s->stream : NULL;
}

static lk_error of_zones;   /* the parser asks on a thread of its own, where a test cannot fail */

/* PostgreSQL reads all zones to find one, so this caches what was found. */
static int calendar_of(void *ctx, lk_calendar *c, lk_arena *arena, const char **near) {
	static char found[64];
	if (!strcmp(c->zone, found))
		return 0;
	int rc = lk_zone_check(&((test_world *)ctx)->pg, c->zone, arena, near, &of_zones);
	if (!rc)
		snprintf(found, sizeof found, "%s", c->zone);
	return rc;
}

int test_world_try(test_world *w, const char *sql, char **fault) {
	lk_definitions d;
	lk_resolver resolver = {.stream = stream_of, .ctx = w, .calendar = calendar_of};
	int rc = lk_sql_parse(sql, strlen(sql), &resolver, &d);
	must(of_zones.code, &of_zones, "a time zone");
	if (rc != LK_OK && fault) {
		lk_buf text = LK_BUF_INIT;
		for (int i = 0; i < d.nfaults; i++)
			lk_fault_print(&d.faults[i], "test.sql", sql, strlen(sql), &text);
		*fault = lk_buf_steal(&text);
	}
	for (int i = 0; rc == LK_OK && i < d.nitems; i++) {
		lk_apply_result result;
		lk_error err = {0};
		must(lk_apply(&w->pg, &d.items[i], &result, &err), &err, sql);
	}
	lk_definitions_release(&d);
	test_world_reload(w);
	return rc;
}

void test_world_declare(test_world *w, const char *sql) {
	char *fault = NULL;
	if (test_world_try(w, sql, &fault) != LK_OK)
		fail_msg("refused: %s", fault);
}

const lk_cat_copy *test_world_copy(test_world *w, const char *view) {
	lk_error err = {0};
	const lk_cat_view *v;
	const lk_cat_copy *copy;
	must(lk_catalog_need_view(w->catalog, view, &v, &err), &err, view);
	must(lk_catalog_read_copy(w->catalog, v, 0, &copy, &err), &err, view);
	return copy;
}

const lk_cat_copy *test_world_filler(test_world *w, const char *stream) {
	lk_error err = {0};
	const lk_cat_stream *s;
	must(lk_catalog_need_stream(w->catalog, stream, &s, &err), &err, stream);
	assert_true(s->of_copy != 0);
	return lk_catalog_copy(w->catalog, s->of_copy);
}

const lk_cat_copy *test_world_kappa(test_world *w, const char *view) {
	lk_error err = {0};
	int64_t id;
	const lk_copy_spec spec = {.kappa = true, .state = LK_COPY_LIVE};
	must(lk_copy_make(&w->pg, test_world_copy(w, view)->version, &spec, &id, &err), &err, view);
	test_world_reload(w);
	return lk_catalog_copy(w->catalog, id);
}

static const lk_cat_stream *need_stream(test_world *w, const char *name) {
	lk_error err = {0};
	const lk_cat_stream *s;
	must(lk_catalog_need_stream(w->catalog, name, &s, &err), &err, name);
	return s;
}

static void append_batch(test_world *w, lk_append_batch *b) {
	lk_error err = {0};
	lk_source_step step = {.source = "test"};
	must(lk_append(&w->pg, b, &step, &err), &err, "append");
	lk_append_batch_free(b);
}

void test_world_append(test_world *w, const char *stream, const lk_value *rows, int n) {
	const lk_cat_stream *s = need_stream(w, stream);
	lk_append_batch *b = lk_append_batch_new(s);
	for (int i = 0; i < n; i++) {
		const char *reason = "";
		if (lk_append_batch_add(b, rows + (size_t)i * (size_t)s->stream->schema.ncolumns, &reason))
			fail_msg("event %d: %s", i, reason);
	}
	append_batch(w, b);
}

void test_world_append_json(test_world *w, const char *stream, const char *lines) {
	const lk_cat_stream *s = need_stream(w, stream);
	lk_append_batch *b = lk_append_batch_new(s);
	lk_json_scanner *scanner = lk_json_scanner_new(&s->stream->schema);
	lk_value *row = lk_calloc((size_t)s->stream->schema.ncolumns, sizeof *row);
	lk_arena arena = {0};
	while (*lines) {
		size_t len = strcspn(lines, "\n");
		lk_misfit why = {"", -1};
		if (lk_json_scan(scanner, lines, len, &arena, row, &why) || lk_append_batch_add(b, row, &why.reason))
			fail_msg("%.*s: %s", (int)len, lines, why.reason);
		lk_arena_clear(&arena);
		lines += len + (lines[len] == '\n');
	}
	lk_arena_release(&arena);
	free(row);
	lk_json_scanner_free(scanner);
	append_batch(w, b);
}

void test_world_batch(test_world *w, const char *view) {
	lk_error err = {0};
	lk_batch_report report;
	test_world_reload(w);
	must(lk_batch_run(&w->pg, test_world_copy(w, view), &report, &err), &err, "batch");
	test_world_reload(w);
}

void test_world_speed_once(test_world *w, const char *view) {
	lk_error err = {0};
	lk_speed_report report;
	volatile int stop = 0;
	lk_speed_options o = {.postgres = w->servers->at.postgres, .redis = w->servers->at.redis, .workers = 2, .once = true,
	                      .view = view, .limits = lk_stream_defaults, .stop = &stop};
	must(lk_speed_run(&o, &report, &err), &err, "speed once");
}

static void init_units(test_worker *t, const lk_cat_copy *copy) {
	t->nunits = copy->log && copy->log->stream->merged ? 1 : copy->version->plan->stream->partitions;
	t->units = lk_calloc((size_t)t->nunits, sizeof *t->units);
	for (int i = 0; i < t->nunits; i++)
		lk_unit_init(&t->units[i], copy, i);
}

void test_worker_open(test_worker *t, test_world *w, const char *view) {
	test_worker_open_copy(t, w, test_world_copy(w, view));
}

void test_worker_open_copy(test_worker *t, test_world *w, const lk_cat_copy *copy) {
	*t = (test_worker){.world = w};
	lk_error err = {0};
	must(lk_pg_open(&t->reader, w->servers->at.postgres, "lk test reader", &err), &err, "open PostgreSQL");
	must(lk_pg_open(&t->writer, w->servers->at.postgres, "lk test writer", &err), &err, "open PostgreSQL");
	t->path = (lk_path){.reader = &t->reader, .writer = &t->writer, .limits = lk_stream_defaults};
	must(lk_store_open(&t->path.store, w->servers->at.redis, w->log_id, &err), &err, "open Redis");
	t->path.compactor = lk_compactor_open(w->servers->at.redis, NULL, NULL);
	init_units(t, copy);
}

static void release_units(test_worker *t) {
	for (int i = 0; i < t->nunits; i++)
		lk_unit_release(&t->units[i]);
	free(t->units);
}

void test_worker_turn_to(test_worker *t, const lk_cat_copy *copy) {
	release_units(t);
	t->path.limits = lk_stream_defaults;
	init_units(t, copy);
}

void test_worker_close(test_worker *t) {
	lk_compactor_close(t->path.compactor);
	release_units(t);
	lk_store_close(t->path.store);
	lk_pg_close(&t->reader);
	lk_pg_close(&t->writer);
}

int64_t test_worker_step(test_worker *t, int part, int64_t limit) {
	lk_error err = {0};
	lk_unit *u = &t->units[part];
	if (!u->taken)
		must(lk_unit_take(&t->path, u, &err), &err, "take a unit over");
	int64_t folded = 0;
	int64_t end = limit > INT64_MAX - u->at.cursor ? INT64_MAX : u->at.cursor + limit;
	int rc = lk_path_pass(&t->path, (lk_unit *[]){u}, 1, end, &folded, &err);
	must(rc == LK_EFENCED || rc == LK_EFULL ? 0 : rc, &err, "a pass");
	if (u->error.code == LK_EFENCED || u->error.code == LK_EFULL) {
		rc = u->error.code;
		lk_error_clear(&u->error);
		u->retry_at_us = 0;
		return rc;
	}
	must(u->error.code, &u->error, "a unit");
	return rc < 0 ? rc : folded;
}

/* An idle worker learns only from a sweep that Redis lost its unit. */
void test_worker_catch_up(test_worker *t) {
	for (int i = 0; i < t->nunits; i++) {
		int tries = 0;
		do {
			while (test_worker_step(t, i, INT64_MAX) != 0)
				assert_true(++tries < 1000);
			test_worker_sweep(t, i);
		} while (!t->units[i].taken && ++tries < 1000);
		assert_true(t->units[i].taken);
	}
}

void test_worker_sweep(test_worker *t, int part) {
	lk_error err = {0};
	int rc = t->units[part].taken ? lk_unit_sweep(&t->path, &t->units[part], &err) : LK_OK;
	lk_compactor_wait(t->path.compactor, 60 * LK_US_PER_S);
	must(rc == LK_EFENCED ? 0 : rc, &err, "sweep");
	lk_error_clear(&t->units[part].error);
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void add_row(test_rows *r, lk_buf *line) {
	if ((r->n & (r->n - 1)) == 0)   /* a power of two: full */
		r->rows = lk_realloc(r->rows, (r->n ? 2 * r->n : 1) * sizeof *r->rows);
	r->rows[r->n++] = lk_buf_steal(line);
}

void test_rows_release(test_rows *r) {
	for (size_t i = 0; i < r->n; i++)
		free(r->rows[i]);
	free(r->rows);
	*r = (test_rows){0};
}

/* A numeric's trailing zeros are not part of its value. */
static void add_numeric(const char *text, size_t len, lk_buf *out) {
	if (memchr(text, '.', len)) {
		while (len && text[len - 1] == '0')
			len--;
		if (len && text[len - 1] == '.')
			len--;
	}
	lk_buf_add(out, text, len);
}

static void add_value(lk_type t, lk_value v, lk_buf *out) {
	if (lk_is_null(&v)) {
		lk_buf_adds(out, "NULL");
	} else if (t.kind == LK_NUMERIC) {
		lk_buf text = LK_BUF_INIT;
		lk_value_print(t, &v, &text);
		add_numeric(text.data, text.len, out);
		lk_buf_release(&text);
	} else if (t.kind == LK_TEXT) {
		lk_json_quote(v.s, v.len, out);
	} else {
		lk_value_print(t, &v, out);
	}
	lk_buf_adds(out, " | ");
}

/* A list of top_k has one text for lk and another for PostgreSQL (R9, R12). */
static void add_output(const lk_plan *p, int output, lk_value v, lk_buf *out) {
	const lk_output *o = &p->outputs[output];
	if (o->type.kind != LK_JSON || lk_is_null(&v)) {
		add_value(o->type, v, out);
		return;
	}
	lk_top_values_put(p->aggs[o->index].arg_type, v.s, v.len, out);
	lk_buf_adds(out, " | ");
}

static const lk_type time_type = {.kind = LK_TIME}, text_type = {.kind = LK_TEXT};

/* Approximations, and values that PostgreSQL computes with rounding, come last, each after a character that no JSON
 * text contains, with their tolerance: "0.01+2=17 ". Counts may also be off by two, and a number smaller than 2^-1022
 * counts as 0. */
enum { ROUGH = '\x02' };

static double error_of(const lk_plan *p, int output) {
	const lk_output *o = &p->outputs[output];
	return o->kind == LK_OUT_EXPR ? lk_output_error(p, o) : o->kind == LK_OUT_AGG ? p->aggs[o->index].verbs->error : 0;
}

static void add_rough(const lk_plan *p, int output, lk_value v, lk_buf *out) {
	lk_type t = p->outputs[output].type;
	if (isinf(error_of(p, output)))   /* computed from approximations: anything may come of that */
		v = lk_null();
	lk_buf_addf(out, "%c%.17g+%.17g=", ROUGH, error_of(p, output), t.kind == LK_INT8 ? 2 : DBL_MIN);
	lk_buf_adds(out, lk_is_null(&v) ? "NULL" : "");
	lk_value_print(t, &v, out);
	lk_buf_addc(out, ' ');
}

static bool same_rough(const char *want, const char *got) {
	char *w, *g;
	double error = strtod(want, &w), slack = strtod(w, &w);
	if (*w != '=' || strtod(got, &g) != error || strtod(g, &g) != slack)
		return false;
	const char *end = strchr(w, ' '), *got_end = strchr(g, ' ');
	if (end - w == got_end - g && memcmp(w, g, (size_t)(end - w)) == 0)
		return true;
	double x = strtod(w + 1, &w), y = strtod(g + 1, &g);
	return w == end && g == got_end && isfinite(x) && isfinite(y) && fabs(x - y) <= error * fabs(x) + slack;
}

static size_t exact_length(const char *row) {
	const char *rough = strchr(row, ROUGH);
	return rough ? (size_t)(rough - row) : strlen(row);
}

static bool same_exact(const char *a, const char *b) {
	size_t n = exact_length(a);
	return n == exact_length(b) && memcmp(a, b, n) == 0;
}

static bool same_row(const char *want, const char *got, bool exact_only) {
	if (!same_exact(want, got))
		return false;
	for (want += exact_length(want), got += exact_length(got); !exact_only && *want == ROUGH && *got == ROUGH;) {
		if (!same_rough(want + 1, got + 1))
			return false;
		want += strcspn(want + 1, "\x02") + 1;
		got += strcspn(got + 1, "\x02") + 1;
	}
	return true;
}

void test_answer_rows(const lk_answer *a, test_rows *out) {
	*out = (test_rows){0};
	for (size_t i = 0; i < a->nrows; i++) {
		lk_buf line = LK_BUF_INIT;
		if (a->window.kind != LK_W_NONE) {
			lk_span span = lk_answer_span(a, a->rows[i]);
			add_value(time_type, lk_int(span.start), &line);
			add_value(time_type, lk_int(span.end), &line);
		}
		for (int rough = 0; rough < 2; rough++)
			for (int k = 0; k < a->plan->noutputs; k++) {
				lk_value v;
				if ((error_of(a->plan, k) > 0) != rough)
					continue;
				lk_answer_value(a, a->rows[i], k, &v);
				if (rough)
					add_rough(a->plan, k, v, &line);
				else
					add_output(a->plan, k, v, &line);
			}
		add_row(out, &line);
	}
	if (out->n)
		qsort(out->rows, out->n, sizeof *out->rows, by_text);
}

static void oracle_sql(const lk_plan *p, const char *bound, const char *condition, lk_buf *sql) {
	lk_buf_adds(sql, "SELECT ");
	if (p->window.kind != LK_W_NONE)
		lk_buf_adds(sql, "window_start, window_end, ");
	for (int i = 0; i < p->noutputs; i++) {
		lk_buf_adds(sql, i ? ", " : "");
		lk_sql_ident(p->outputs[i].name, sql);
		lk_buf_adds(sql, p->outputs[i].type.kind == LK_NUMERIC ? "::text" : "");
	}
	lk_buf_adds(sql, " FROM (");
	lk_log_oracle_sql(p, bound, sql);
	lk_buf_addf(sql, ") AS o%s%s", condition ? " WHERE " : "", condition ? condition : "");
}

/* Whether PostgreSQL shows 0 or -0 for a group or an extreme depends on the order of the rows; lk shows 0. */
static lk_value plus_zero(lk_type t, lk_value v) {
	if ((t.kind == LK_FLOAT8 || t.kind == LK_FLOAT4) && !lk_is_null(&v) && v.d == 0)
		v.d = 0;
	return v;
}

typedef struct row_columns {
	const lk_plan *plan;       /* of the last columns, to find the approximate ones; or NULL */
	const lk_type *types;
	const bool *numeric;
	int n;
} row_columns;

static int read_rows(test_world *w, const char *sql, const row_columns *c, test_rows *out, lk_error *err) {
	const lk_plan *plan = c->plan;
	const lk_type *types = c->types;
	int n = c->n;
	*out = (test_rows){0};
	lk_value *row = lk_calloc((size_t)n, sizeof *row);
	lk_copy_reader reader = {0};
	int rc = lk_copy_open(&reader, &w->pg, sql, types, n, err);
	while (rc == LK_OK && (rc = lk_copy_next(&reader, row, err)) == 0) {
		lk_buf line = LK_BUF_INIT;
		int first = plan ? n - plan->noutputs : n;
		for (int i = 0; i < n; i++) {
			if (i >= first && error_of(plan, i - first) > 0)
				continue;
			if (c->numeric[i] && !lk_is_null(&row[i])) {
				add_numeric(row[i].s, row[i].len, &line);
				lk_buf_adds(&line, " | ");
			} else if (i >= first) {
				add_output(plan, i - first, plus_zero(types[i], row[i]), &line);
			} else {
				add_value(types[i], plus_zero(types[i], row[i]), &line);
			}
		}
		for (int i = first; i < n; i++)
			if (error_of(plan, i - first) > 0)
				add_rough(plan, i - first, plus_zero(types[i], row[i]), &line);
		add_row(out, &line);
	}
	lk_copy_close(&reader);
	if (rc < 0 && rc != LK_EVALUE && rc != LK_EUNREACHABLE)
		fail_msg("%s %s\n%s", err->sqlstate, err->text, sql);
	if (out->n)
		qsort(out->rows, out->n, sizeof *out->rows, by_text);
	free(row);
	return rc < 0 ? rc : LK_OK;
}

void test_sql_rows(test_world *w, const char *sql, const lk_type *types, int n, test_rows *out) {
	lk_error err = {0};
	bool *numeric = lk_calloc((size_t)n, sizeof *numeric);
	if (read_rows(w, sql, &(row_columns){NULL, types, numeric, n}, out, &err))
		fail_msg("%s\n%s", err.text, sql);
	free(numeric);
}

/* Numerics come as text, since an average has its own scale. */
int test_oracle_rows(test_world *w, const lk_plan *p, const char *bound, const char *condition, test_rows *out, lk_error *err) {
	lk_buf sql = LK_BUF_INIT;
	oracle_sql(p, bound, condition, &sql);
	int n = 0;
	lk_type *types = lk_calloc((size_t)p->noutputs + 2, sizeof *types);
	bool *numeric = lk_calloc((size_t)p->noutputs + 2, sizeof *numeric);
	if (p->window.kind != LK_W_NONE)
		types[n++] = time_type, types[n++] = time_type;
	for (int i = 0; i < p->noutputs; i++, n++) {
		numeric[n] = p->outputs[i].type.kind == LK_NUMERIC;
		types[n] = numeric[n] ? text_type : p->outputs[i].type;
	}
	int rc = read_rows(w, sql.data, &(row_columns){p, types, numeric, n}, out, err);
	lk_buf_release(&sql);
	free(types);
	free(numeric);
	return rc;
}

void test_rows_difference(const test_rows *want, const test_rows *got, lk_buf *out) {
	size_t i = 0;
	while (i < want->n && i < got->n) {
		bool twins = (i && same_exact(want->rows[i], want->rows[i - 1])) || (i + 1 < want->n && same_exact(want->rows[i], want->rows[i + 1]));
		if (!same_row(want->rows[i], got->rows[i], twins))
			break;
		i++;
	}
	if (i == want->n && i == got->n)
		return;
	lk_buf_addf(out, "row %zu (PostgreSQL has %zu, lk %zu)\n  PostgreSQL: %s\n  lk:         %s\n", i, want->n, got->n,
	            i < want->n ? want->rows[i] : "(none)", i < got->n ? got->rows[i] : "(none)");
}

static void add_offsets(const lk_frontier *f, lk_buf *out) { lk_frontier_sql(f, f->part[0].stream, out); }

static void add_interval(int64_t us, lk_buf *out) {
	lk_buf_addf(out, "interval '%lld microseconds'", (long long)us);
}

/* The late events at or above the cut by the rule itself, not by lk's side output: pane end + bound, for a session own time
 * + gap + bound, <= the largest believable event time before this event, less the delay. */
static void add_late(const lk_answer *a, lk_buf *out) {
	const lk_plan *p = a->plan;
	const lk_stream *s = p->stream;
	bool by_at = p->window.time_slot == lk_slot_at(s);
	lk_buf ts = LK_BUF_INIT;
	lk_sql_ident(by_at ? "_at" : s->schema.columns[p->window.time_slot].name, &ts);
	lk_buf_adds(out, "SELECT x.part, x.off FROM (SELECT part, off, ");
	if (p->window.kind == LK_W_SESSION) {
		lk_buf_addf(out, "%s + ", ts.data);
	} else if (p->window.kind == LK_W_CALENDAR) {
		lk_buf_addf(out, "(SELECT window_end FROM lk.calendar_window(%s, '1 %s', '%s')) + ", ts.data, p->window.calendar->unit, p->window.calendar->zone);
	} else {
		lk_buf_adds(out, "date_bin(");
		add_interval(p->window.pane_us, out);
		lk_buf_addf(out, ", %s, timestamptz '1970-01-01Z' + ", ts.data);
		add_interval(p->window.offset_us, out);
		lk_buf_adds(out, ") + ");
	}
	add_interval(p->window.pane_us + p->allowed_lateness_us, out);
	lk_buf_addf(out, " AS over, greatest(");
	if (by_at || !s->least_high) {
		lk_buf_addf(out, "max(least(%s, _at + ", ts.data);
		add_interval(by_at ? 0 : s->max_ahead_us, out);
		lk_buf_adds(out, ")) OVER (PARTITION BY part ORDER BY off ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), ");
	}
	lk_buf_adds(out, s->derived && !by_at ? "max(_high) OVER (PARTITION BY part ORDER BY off)) - " : "NULL) - ");
	add_interval(by_at ? 0 : s->watermark_delay_us, out);
	lk_buf_adds(out, " AS watermark FROM ");
	lk_log_table(s, out);
	const lk_frontier beginning = lk_frontier_start(a->cut.part[0].stream, a->cut.n);
	lk_buf_adds(out, ") x WHERE x.over <= x.watermark AND x.off >= ");   /* a seal counts no late event */
	add_offsets(a->kappa && a->state == LK_COPY_LIVE ? &beginning : &a->cut, out);
	lk_buf_adds(out, "[x.part + 1]");
	lk_buf_release(&ts);
}

void test_answer_bound(const lk_answer *a, lk_buf *out) {
	lk_buf_adds(out, "off < ");
	add_offsets(&a->end, out);
	lk_buf_adds(out, "[part + 1]");
	if (a->plan->allowed_lateness_us < 0)
		return;
	lk_buf_adds(out, " AND (part, off) NOT IN (");
	add_late(a, out);
	lk_buf_adds(out, ")");
}

void test_world_answer(test_world *w, const lk_query *q, lk_answer *out) {
	lk_error err = {0};
	must(lk_answer_make(&w->pg, w->store, NULL, q, out, &err), &err, "answer");
}

/* The events that the answer says it lacks must be those that the rule refuses in [cut, end): the side output has each once.
 * Views with a WHERE are skipped, since it would have to be applied too. */
static void check_late(test_world *w, const lk_answer *a, lk_buf *difference) {
	lk_buf sql = LK_BUF_INIT;
	if (a->plan->allowed_lateness_us < 0 || a->plan->where || a->plan->nlaterals)
		return;
	lk_buf_adds(&sql, "SELECT count(*) FROM (");
	add_late(a, &sql);
	lk_buf_adds(&sql, ") l WHERE off < ");
	add_offsets(&a->end, &sql);
	lk_buf_adds(&sql, "[part + 1]");
	int64_t late = test_world_int(w, sql.data);
	if (late != a->late)
		lk_buf_addf(difference, "%lld late events are counted, the rule refuses %lld\n", (long long)a->late,
		            (long long)late);
	lk_buf_release(&sql);
}

/* Rows are ordered by window start, window end and group keys. */
static void check_order(const lk_answer *a, lk_buf *difference) {
	for (size_t i = 1; i < a->nrows; i++) {
		lk_span x = lk_answer_span(a, a->rows[i - 1]), y = lk_answer_span(a, a->rows[i]);
		bool after = a->plan->norder ? x.start <= y.start : x.start != y.start ? x.start < y.start : x.end != y.end ? x.end < y.end
		             : lk_cell_compare_keys(&a->cells, a->rows[i - 1], a->rows[i]) < 0;
		if (!after)
			lk_buf_addf(difference, "row %zu comes after row %zu, which sorts after it\n", i, i - 1);
	}
}

/* HAVING and LIMIT are not applied to a single layer: takes them off the text. A HAVING that is always true stays, since
 * without an aggregate in the select list it alone says that the statement aggregates. */
static void leave_having_out(lk_plan *p, lk_arena *arena) {
	if (p->having) {
		static const char always[] = "HAVING true";
		char *text = lk_arena_alloc(arena, (size_t)p->having_at + sizeof always);
		memcpy(text, p->text, (size_t)p->having_at);
		memcpy(text + p->having_at, always, sizeof always);
		p->text = text;
		p->order_at = 0;
	}
	p->limit = 0;
}

/* What retention keeps, by the rule itself: windows that end after the least watermark of the prefix - retention; all
 * windows if a partition has no event yet. */
static void add_kept(const lk_answer *a, const lk_plan *p, lk_buf *out) {
	const lk_stream *s = p->stream;
	bool by_at = p->window.time_slot == lk_slot_at(s);
	lk_buf ts = LK_BUF_INIT;
	lk_sql_ident(by_at ? "_at" : s->schema.columns[p->window.time_slot].name, &ts);
	lk_buf_addf(out, "coalesce(window_end > (SELECT CASE WHEN count(high) = %d THEN min(high) END FROM (SELECT max(least(%s, _at + ", s->partitions, ts.data);
	add_interval(by_at ? 0 : s->max_ahead_us, out);
	lk_buf_adds(out, ")) AS high FROM ");
	lk_log_table(s, out);
	lk_buf_adds(out, " WHERE off < ");
	add_offsets(&a->end, out);
	lk_buf_adds(out, "[part + 1] GROUP BY part) highs) - ");
	add_interval((by_at ? 0 : s->watermark_delay_us) + p->retention_us, out);
	lk_buf_adds(out, ", true)");
	lk_buf_release(&ts);
}

void test_world_compare(test_world *w, const lk_query *q, const lk_plan *plan, const char *condition, lk_buf *difference) {
	lk_answer a;
	lk_error err = {0};
	lk_arena arena = {0};
	test_world_answer(w, q, &a);
	lk_plan oracle = *(plan ? plan : a.plan);
	if (q->layer != LK_LAYER_MERGED)
		leave_having_out(&oracle, &arena);
	lk_buf bound = LK_BUF_INIT, all = LK_BUF_INIT;
	test_answer_bound(&a, &bound);
	if (condition)
		lk_buf_addf(&all, "(%s)%s", condition, oracle.retention_us ? " AND " : "");
	if (oracle.retention_us)
		add_kept(&a, &oracle, &all);
	test_rows want, got;
	int rc = test_oracle_rows(w, &oracle, bound.data, all.data, &want, &err);
	must(rc == LK_EVALUE ? LK_OK : rc, &err, "the oracle");
	if (rc == LK_EVALUE) {
		lk_buf_addf(difference, "? %s", err.text);
	} else {
		test_answer_rows(&a, &got);
		test_rows_difference(&want, &got, difference);
		check_order(&a, difference);
		check_late(w, &a, difference);
		if (difference->len)
			lk_buf_addf(difference, "prefix: %s\n%s\n", bound.data, oracle.text);
		test_rows_release(&got);
	}
	test_rows_release(&want);
	lk_buf_release(&bound);
	lk_buf_release(&all);
	lk_arena_release(&arena);
	lk_answer_release(&a);
}

void test_world_same(test_world *w, const lk_query *q) {
	lk_buf difference = LK_BUF_INIT;
	test_world_compare(w, q, NULL, NULL, &difference);
	if (difference.len)
		fail_msg("%s", difference.data);
	lk_buf_release(&difference);
}

lk_query test_query(const char *view) { return (lk_query){.view = view, .from = INT64_MIN, .to = INT64_MAX}; }

lk_query test_query_of(const char *view, const lk_cat_copy *copy, char id[24]) {
	lk_query q = test_query(view);
	if (copy) {
		snprintf(id, 24, "%lld", (long long)copy->id);
		q.copy = id;
	}
	return q;
}

int64_t test_world_int(test_world *w, const char *sql) {
	lk_error err = {0};
	PGresult *res = NULL;
	must(lk_pg_exec(&w->pg, &res, &err, sql, 0, NULL), &err, sql);
	int64_t n = lk_pg_int(res, 0, 0);
	PQclear(res);
	return n;
}

void test_world_run(test_world *w, const char *sql) {
	lk_error err = {0};
	must(lk_pg_run(&w->pg, &err, sql), &err, sql);
}
