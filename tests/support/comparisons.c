#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/support/comparisons.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/copies.h"
#include "compare/barrier.h"
#include "core/key.h"
#include "core/time.h"
#include "view_store/redis.h"

/* --- the log --- */

const char test_compared_text[] =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, status int, bytes bigint, price numeric(10,2))"
	" WITH (event_time = ts, partition_by = ip, partitions = 2, watermark = '5 seconds');"
	"CREATE VIEW traffic AS SELECT path, count(*) AS n, sum(bytes) AS bytes, avg(price) AS mean, min(ip) AS first"
	" FROM hits GROUP BY path, tumble(ts, '1 minute');"
	"CREATE VIEW strict WITH (allowed_lateness = '0 seconds') AS SELECT path, count(*) AS n, max(ip) AS last"
	" FROM hits GROUP BY path, tumble(ts, '10 seconds');"
	"CREATE VIEW bare AS SELECT count(*) AS n, max(bytes) AS most FROM hits GROUP BY path, ip, tumble(ts, '1 minute');"
	"CREATE VIEW one AS SELECT count(*) AS n, sum(price) AS paid FROM hits;";

uint64_t test_compared_below(test_compared *log, uint64_t n) { return test_random(&log->seed) % n; }

static void add_line(test_compared *log, lk_buf *lines, int i, int64_t back_s) {
	lk_buf_adds(lines, "{\"ts\":\"");
	lk_time_print((TEST_COMPARED_BASE_S + i / 3 - back_s) * LK_US_PER_S, lines);
	lk_buf_addf(lines, "\",\"ip\":\"10.0.0.%d\",\"path\":\"/%d\"", (int)test_compared_below(log, 17),
	            (int)test_compared_below(log, 5));
	lk_buf_addf(lines, ",\"status\":%d,\"bytes\":%d,\"price\":%d.%02d}\n", (int)test_compared_below(log, 5) * 100 + 100, i,
	            i % 91, i % 100);
}

void test_compared_append(test_compared *log, int n, int late) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = 0; i < n; i++, log->appended++) {
		bool is_late = (int)test_compared_below(log, 1000) < late;
		add_line(log, &lines, log->appended, is_late ? (int64_t)test_compared_below(log, 120) : 0);
	}
	test_world_append_json(log->world, "hits", lines.data);
	lk_buf_release(&lines);
}

/* --- comparing --- */

void test_compare(test_world *w, const char *view, bool costs, lk_comparison *c) {
	lk_replay_options o = test_replay_options(w, view);
	lk_error err = {0};
	if (lk_compare_view(&o, costs, c, &err) != LK_OK)
		fail_msg("compare %s: %s (%s)", view, err.text, err.hint);
	assert_string_equal(c->view, view);
	assert_true(c->lambda_kappa.made);
}

static void describe(const lk_difference *d, lk_buf *out) {
	lk_buf_addf(out, "%s, %s: %lld compared, %lld equal, %lld by late\n", d->left, d->right, (long long)d->compared,
	            (long long)d->equal, (long long)d->by_late);
	for (int i = 0; i < d->nshown; i++)
		lk_buf_addf(out, "  %s %s: %s | %s: %s\n", d->shown[i].window ? d->shown[i].window : "", d->shown[i].key,
		            d->shown[i].left ? d->shown[i].left : "-", d->shown[i].right ? d->shown[i].right : "-",
		            d->shown[i].first_event ? d->shown[i].first_event : "");
}

void test_compare_fail(const lk_comparison *c, const char *what) {
	lk_buf b = LK_BUF_INIT;
	describe(&c->lambda_kappa, &b);
	describe(&c->lambda_sql, &b);
	describe(&c->kappa_sql, &b);
	fprintf(stderr, "%s", b.data);   /* cmocka cuts a message at 1,024 bytes */
	fail_msg("%s, %s, %lld events", what, c->view, (long long)c->events);
}

void test_compare_equal(test_world *w, const char *view) {
	lk_comparison c;
	test_compare(w, view, false, &c);
	if (!lk_comparison_equal(&c) || !c.lambda_sql.made || !c.kappa_sql.made)
		test_compare_fail(&c, "not equal");
	assert_int_equal(c.lambda_kappa.compared, c.lambda_rows);
	assert_int_equal(c.sql_rows, c.lambda_rows);
	lk_comparison_release(&c);
}

void test_place_text(int64_t place, char out[80]) {
	snprintf(out, 80, "partition %d, offset %lld, ", (int)(place / 1000000), (long long)(place % 1000000));
}

/* --- two versions --- */

void test_versions_compare(test_world *w, const char *view, test_versions *v) {
	static const char *const names[] = {"served", "new"};
	lk_error err = {0};
	int64_t id;
	const lk_replay_watch watch = {0};
	const lk_cat_version *newest = lk_catalog_newest(w->catalog, lk_catalog_view(w->catalog, view));
	assert_int_equal(newest->number, 2);
	const lk_copy_spec spec = {.kappa = true, .state = LK_COPY_BUILDING};
	assert_int_equal(lk_copy_make(&w->pg, newest, &spec, &id, &err), LK_OK);
	test_world_reload(w);
	const lk_cat_copy *const copies[] = {test_world_copy(w, view), lk_catalog_copy(w->catalog, id)};
	assert_int_equal(copies[0]->version->number, 1);
	const lk_servers *at = &w->servers->at;
	if (lk_barrier_open(&v->m, &w->pg, copies, 2, &(lk_run_to_options){.postgres = at->postgres, .redis = at->redis, .watch = &watch}, &err) != LK_OK)
		fail_msg("%s", err.text);
	for (int i = 0; i < 2; i++)
		if (lk_result_of_copy(&w->pg, w->store, &(lk_result_of){copies[i], &v->m.cut, names[i]}, &v->result[i], &err) != LK_OK)
			fail_msg("%s", err.text);
	lk_compare_results(&v->result[0], &v->result[1], &v->d);
	if (lk_first_events(&w->pg, &(lk_sides){.left = copies[0], .right = copies[1], .until = &v->m.cut}, &v->d, &err) != LK_OK)
		fail_msg("%s", err.text);
}

void test_versions_release(test_versions *v) {
	lk_barrier_close(&v->m);
	lk_result_release(&v->result[0]);
	lk_result_release(&v->result[1]);
	lk_difference_release(&v->d);
}

/* --- a broken cell --- */

static redisReply *call(lk_redis *r) {
	lk_error err = {0};
	redisReply *reply;
	if (lk_redis_call(r, &reply, &err) != LK_OK)
		fail_msg("%s", err.text);
	return reply;
}

/* Finds a field, from the n-th on, and another one whose value begins with another format and count, as the values of
 * all views here do. False if all have the same count. */
static bool two_values(const redisReply *pairs, uint64_t n, size_t *of, size_t *other) {
	for (size_t i = 0; i < pairs->elements; i += 2) {
		*of = (n * 2 + i) % pairs->elements;
		for (*other = 1; *other < pairs->elements; *other += 2)
			if (memcmp(pairs->element[*other]->str, pairs->element[*of + 1]->str, 2))
				return true;
	}
	return false;
}

static void note_cell(const redisReply *field, test_broken_cell *broken) {
	broken->pane = lk_pane_get((const uint8_t *)field->str);
	snprintf(broken->key, sizeof broken->key, "path=%.*s", (int)(field->len - LK_PANE_BYTES - 2),
	         field->str + LK_PANE_BYTES + 1);
}

static bool break_cell_of(test_world *w, const char *segment, uint64_t n, test_broken_cell *broken) {
	lk_error err = {0};
	lk_redis r;
	assert_int_equal(lk_redis_start(&r, w->servers->at.redis, &err), LK_OK);
	assert_int_equal(lk_redis_ready(&r, &err), LK_OK);
	lk_redis_begin(&r, 2);
	lk_redis_args(&r, "HGETALL");
	lk_redis_args(&r, segment);
	redisReply *pairs = call(&r);
	size_t of, other;
	bool found = two_values(pairs, n, &of, &other);
	if (!found)
		goto done;
	lk_redis_begin(&r, 4);
	lk_redis_args(&r, "HSET");
	lk_redis_args(&r, segment);
	lk_redis_arg(&r, pairs->element[of]->str, pairs->element[of]->len);
	lk_redis_arg(&r, pairs->element[other]->str, pairs->element[other]->len);
	freeReplyObject(call(&r));
	note_cell(pairs->element[of], broken);
done:
	freeReplyObject(pairs);
	lk_redis_close(&r);
	return found;
}

void test_break_cell(test_world *w, const lk_cat_copy *copy, int part, uint64_t n, test_broken_cell *broken) {
	lk_error err = {0};
	lk_unit_state u;
	assert_int_equal(lk_store_read_unit(w->store, copy->units[part], NULL, &u, NULL, &err), LK_OK);
	bool broke = false;
	for (int i = u.nsegments - 1; i >= 0 && !broke && u.segments[i].from >= copy->cut.part[part].off; i--) {
		const lk_segment *g = &u.segments[i];
		char *segment = lk_asprintf("lk:%s:u:%lld:%lld:%016llx", w->log_id, (long long)copy->units[part], (long long)g->from,
		                            (unsigned long long)g->token);
		broke = break_cell_of(w, segment, n, broken);
		free(segment);
	}
	assert_true(broke);
	lk_unit_state_release(&u);
}

/* --- leftovers --- */

typedef struct strangers { test_world *world; int n; } strangers;

static bool note_unit(void *ctx, int64_t unit) {
	strangers *s = ctx;
	s->n += test_world_count(s->world, "SELECT count(*) FROM lk.unit JOIN lk.copy USING (copy_id) WHERE unit_id = %lld"
	                         " AND NOT dropped AND state <> 'scratch'", (long long)unit) == 0;
	return true;
}

void test_compare_left_nothing(test_world *w) {
	lk_error err = {0};
	strangers s = {.world = w};
	assert_int_equal(test_world_int(w, "SELECT count(*) FROM lk.copy WHERE state = 'scratch' AND NOT dropped"), 0);
	assert_int_equal(test_world_int(w, "SELECT count(*) FROM lk.cut WHERE state = 'open'"), 0);
	assert_int_equal(test_world_int(w, "SELECT count(*) FROM pg_class c"
	                                   " JOIN lk.batch b ON b.batch_table = '\"lk\".\"' || c.relname || '\"'"
	                                   " JOIN lk.copy k ON k.copy_id = b.copy_id"
	                                   " WHERE k.dropped AND c.relnamespace = 'lk'::regnamespace"), 0);
	assert_int_equal(test_world_int(w, "SELECT count(*) FROM lk.late JOIN lk.copy USING (copy_id) WHERE dropped"), 0);
	assert_int_equal(test_world_int(w, "SELECT count(*) FROM lk.late_block JOIN lk.copy USING (copy_id) WHERE dropped"), 0);
	assert_int_equal(test_world_int(w, "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
	                                   " WHERE locktype = 'advisory' AND application_name = 'lk compare'"), 0);
	assert_int_equal(lk_store_sweep(w->store, note_unit, &s, &err), LK_OK);
	assert_int_equal(s.n, 0);
}
