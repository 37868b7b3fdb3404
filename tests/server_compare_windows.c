/* Comparisons of views with every kind of window. A row may be built from many panes, and an event may be in many rows.
 * Still a comparison names the rows that differ, and the event that explains each, or says that none does. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/result_rows.h"
#include "core/time.h"
#include "tests/support/comparisons.h"
#include "tests/support/fixtures.h"
#include "tests/support/replays.h"

enum { BASE_S = 1577836800 };

static test_servers servers;
static test_world world;
static unsigned long seed;
static int appended;

/* pane: what decides lateness and is stored; session: an event's own time + the gap. */
static const struct shape {
	const char *name, *window;
	int pane_s;
	bool session;
	int rows_of_event;
} shapes[] = {
	{"hops", "hop(ts, '10 seconds', '40 seconds')", 10, false, 4},
	{"uneven", "hop(ts, '15 seconds', '40 seconds', '3 seconds')", 5, false, 0},
	{"steps", "cumulate(ts, '10 seconds', '1 minute')", 10, false, 0},
	{"visits", "session(ts, '4 seconds')", 4, true, 1},
	{"shifted", "tumble(ts, '20 seconds', '7 seconds')", 20, false, 1},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static uint64_t below(uint64_t n) { return test_random(&seed) % n; }

static void declare(const char *with, const char *where) {
	for (int i = 0; i < SHAPES; i++) {
		char *sql = lk_asprintf("CREATE VIEW %s %s AS SELECT path, count(*) AS n, sum(bytes) AS bytes, avg(price) AS mean, min(ip) AS first FROM hits %s"
		                        " GROUP BY path, %s;", shapes[i].name, with, where, shapes[i].window);
		test_world_declare(&world, sql);
		free(sql);
	}
}

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, "CREATE TABLE hits (ts timestamptz, ip text, path text, status int, bytes bigint, price numeric(10,2))"
	                           " WITH (event_time = ts, partition_by = ip, partitions = 2, watermark = '2 seconds');");
	appended = 0;
	return 0;
}

/* About one event in two seconds per path, so sessions begin and end. late: how many in a thousand come up to a minute
 * late. */
static void append(int n, int late) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = 0; i < n; i++, appended++) {
		lk_buf_adds(&lines, "{\"ts\":\"");
		lk_time_print((BASE_S + appended / 3 - ((int)below(1000) < late ? (int64_t)below(60) : 0)) * LK_US_PER_S + (int64_t)below(3) * 500000, &lines);
		lk_buf_addf(&lines, "\",\"ip\":\"10.0.0.%d\",\"path\":\"/%d\",\"status\":%d,\"bytes\":%d,\"price\":%d.%02d}\n", (int)below(17), (int)below(7),
		            (int)below(5) * 100 + 100, appended, appended % 91, appended % 100);
	}
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

static void compare(const char *view, bool costs, lk_comparison *c) {
	test_compare(&world, view, costs, c);
	assert_true(c->lambda_sql.made && c->kappa_sql.made);
}

/* --- equal --- */

/* refuses: there are late events, which the batch counts. */
static void agree(int late, bool refuses) {
	lk_comparison c;
	for (int i = 0; i < SHAPES; i++) {
		for (int k = 0; k < 3; k++) {
			append(120, late);
			if (below(2))
				test_world_speed_once(&world, shapes[i].name);
			if (below(2))
				test_world_batch(&world, shapes[i].name);
		}
		compare(shapes[i].name, false, &c);
		if (!lk_comparison_explained(&c) || (!refuses && !lk_comparison_equal(&c)))
			test_compare_fail(&c, "not equal");
		assert_true(c.lambda_rows > 20);
		assert_true(refuses || (c.lambda_kappa.compared == c.lambda_rows && c.lambda_rows == c.sql_rows));
		lk_comparison_release(&c);
	}
}

static void every_kind_agrees(void **state) {
	(void)state;
	declare("", "");
	agree(30, false);
}

/* Past windows are in none of the answers. */
static void every_kind_agrees_on_what_has_expired(void **state) {
	(void)state;
	declare("WITH (retention = '70 seconds')", "");
	agree(0, false);
	fresh(state);
	declare("WITH (retention = '70 seconds', allowed_lateness = '0 seconds')", "");
	agree(60, true);
}

static void costs_of_every_kind(void **state) {
	(void)state;
	lk_comparison c;
	declare("WITH (allowed_lateness = '0 seconds')", "");
	append(200, 0);
	for (int i = 0; i < SHAPES; i++) {
		if (!strcmp(shapes[i].name, "uneven") || !strcmp(shapes[i].name, "shifted"))   /* each takes a second */
			continue;
		compare(shapes[i].name, true, &c);
		if (!lk_comparison_equal(&c))
			test_compare_fail(&c, "not equal");
		assert_int_equal(c.lambda.rows_read, 200);
		assert_int_equal(c.kappa.rows_read, 200);
		lk_comparison_release(&c);
	}
}

/* --- late events --- */

/* The first event that the rule refuses among those that are, or should be, in the row, as SQL finds it. */
static int64_t first_late(const struct shape *s, const lk_difference *d, int i) {
	lk_span row = lk_identity_span(d->shown[i].identity);
	char *late = s->session ? lk_asprintf("ts + interval '%d seconds'", s->pane_s)
	                        : lk_asprintf("date_bin('%d seconds', ts, timestamptz '1970-01-01Z' + interval '%d seconds') + interval '%d seconds'", s->pane_s,
	                                      s->rows_of_event == 0 && s->pane_s == 5 ? 3 : s->pane_s == 20 ? 7 : 0, s->pane_s);
	char *sql = lk_asprintf("SELECT coalesce(min(place), -1) FROM (SELECT x.part * 1000000 + x.off AS place FROM (SELECT *,"
	                        " max(least(ts, _at + interval '1 day')) OVER (PARTITION BY part ORDER BY off ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
	                        " - interval '2 seconds' AS watermark FROM lk.log_hits) x WHERE %s <= x.watermark AND x.ts < " LK_SQL_TIME("%lld")
	                        " AND x.ts >= " LK_SQL_TIME("%lld") " - interval '%d seconds' AND (x.ts >= " LK_SQL_TIME("%lld") " OR x.ts > " LK_SQL_TIME("%lld")
	                        " - interval '%d seconds') AND 'path=' || x.path = '%s' ORDER BY x._at, x.part, x.off LIMIT 1) f",
	                        late, (long long)row.end, (long long)row.end, (long long)row.start, (long long)row.start, s->session ? s->pane_s : 0,
	                        (long long)row.start, (long long)row.start, (long long)row.start, (long long)row.start, s->session ? s->pane_s : 0,
	                        d->shown[i].key);
	int64_t place = test_world_int(&world, sql);
	free(late);
	free(sql);
	return place;
}

static void late_events_are_named(const struct shape *s, const lk_comparison *c, const lk_difference *d) {
	for (int i = 0; i < d->nshown; i++) {
		char where[80];
		int64_t place = first_late(s, d, i);
		test_place_text(place, where);
		if (place < 0 || strncmp(d->shown[i].first_event, where, strlen(where))) {
			print_message("row %d: the first is %s\n", i, where);
			test_compare_fail(c, "another event is named");
		}
	}
}

static void late_events_explain_every_kind(void **state) {
	(void)state;
	lk_comparison c;
	declare("WITH (allowed_lateness = '0 seconds')", "");
	for (int k = 0; k < 12; k++)
		append(100, 100);
	for (int i = 0; i < SHAPES; i++) {
		test_world_speed_once(&world, shapes[i].name);
		compare(shapes[i].name, false, &c);   /* both modes refuse the same events, PostgreSQL none */
		assert_int_equal(c.lambda_kappa.equal, c.lambda_kappa.compared);
		if (!lk_comparison_explained(&c) || lk_comparison_equal(&c))
			test_compare_fail(&c, "late events explain it");
		assert_true(c.lambda_sql.by_late > 0 && c.late > 0);
		late_events_are_named(&shapes[i], &c, &c.lambda_sql);
		lk_comparison_release(&c);

		test_world_batch(&world, shapes[i].name);
		append(30, 0);
		compare(shapes[i].name, false, &c);
		if (c.lambda_sql.equal != c.lambda_sql.compared || !lk_comparison_explained(&c))
			test_compare_fail(&c, "a batch counts late events");
		assert_int_equal(c.healed, c.late);
		assert_true(c.lambda_kappa.by_late > 0 && c.healed_rows > 0);
		late_events_are_named(&shapes[i], &c, &c.lambda_kappa);
		for (int k = 0; k < c.nhealed_shown; k++) {
			assert_true(c.healed_shown[k].events > 0);
			assert_non_null(c.healed_shown[k].lambda);
			assert_true(!c.healed_shown[k].kappa || strcmp(c.healed_shown[k].kappa, c.healed_shown[k].lambda));
		}
		lk_comparison_release(&c);
	}
}

static void is_unexplained(const lk_comparison *c, const lk_difference *d) {
	for (int k = 0; k < d->nshown; k++)
		if (!d->shown[k].by_late && !strstr(d->shown[k].first_event, "explain"))
			test_compare_fail(c, "an event is named for a broken cell");
}

/* A late event joins two sessions: three rows differ, and the event explains each of them. */
static void a_late_event_joins_two_sessions(void **state) {
	(void)state;
	lk_comparison c;
	declare("WITH (allowed_lateness = '0 seconds')", "");
	test_world_append_json(&world, "hits",
		"{\"ts\":\"2020-01-01T00:00:10Z\",\"ip\":\"a\",\"path\":\"/\",\"bytes\":1,\"price\":1}\n"
		"{\"ts\":\"2020-01-01T00:00:16Z\",\"ip\":\"a\",\"path\":\"/\",\"bytes\":1,\"price\":1}\n"
		"{\"ts\":\"2020-01-01T00:01:00Z\",\"ip\":\"a\",\"path\":\"/\",\"bytes\":1,\"price\":1}\n"
		"{\"ts\":\"2020-01-01T00:00:13Z\",\"ip\":\"a\",\"path\":\"/\",\"bytes\":5,\"price\":1}\n");
	test_world_batch(&world, "visits");
	compare("visits", false, &c);
	assert_int_equal(c.lambda_kappa.compared, 4);
	assert_int_equal(c.lambda_kappa.equal, 1);
	assert_int_equal(c.lambda_kappa.only_left, 1);
	assert_int_equal(c.lambda_kappa.only_right, 2);
	assert_int_equal(c.lambda_kappa.by_late, 3);
	for (int i = 0; i < 3; i++)
		if (!strstr(c.lambda_kappa.shown[i].first_event, "2020-01-01T00:00:13Z: late for kappa, counted by lambda"))
			test_compare_fail(&c, "the event between is not named");
	assert_int_equal(c.healed_rows, 1);
	assert_int_equal(c.healed_shown[0].events, 1);
	assert_string_equal(c.healed_shown[0].window, "2020-01-01T00:00:10Z/2020-01-01T00:00:20Z");
	assert_non_null(strstr(c.healed_shown[0].kappa, " and "));
	lk_comparison_release(&c);
	/* no late event explains a session that only one side lost */
	char *sql = lk_asprintf("DELETE FROM %s", test_world_copy(&world, "visits")->batch_table);
	test_world_run(&world, sql);
	free(sql);
	compare("visits", false, &c);
	assert_int_equal(c.lambda_kappa.only_right, 3);
	assert_int_equal(c.lambda_kappa.by_late, 0);
	is_unexplained(&c, &c.lambda_kappa);
	lk_comparison_release(&c);
}

/* --- something is wrong --- */

static void a_broken_cell_is_named(void **state) {
	(void)state;
	lk_comparison c;
	declare("", "");
	append(400, 20);
	for (int i = 0; i < SHAPES; i++) {
		test_broken_cell broken;
		test_world_batch(&world, shapes[i].name);
		append(150, 20);
		test_world_speed_once(&world, shapes[i].name);
		test_break_cell(&world, test_world_copy(&world, shapes[i].name), 1, below(1 << 20), &broken);
		compare(shapes[i].name, false, &c);
		assert_false(lk_comparison_explained(&c));
		assert_int_equal(c.kappa_sql.equal, c.kappa_sql.compared);
		const lk_difference *d = &c.lambda_kappa;
		if (d->compared == d->equal || (shapes[i].rows_of_event && !shapes[i].session && d->different != shapes[i].rows_of_event))
			test_compare_fail(&c, "the rows of the pane should differ");
		for (int k = 0; k < d->nshown; k++)
			assert_string_equal(d->shown[k].key, broken.key);
		is_unexplained(&c, d);
		lk_comparison_release(&c);
	}
}

static void a_broken_batch_is_named(void **state) {
	(void)state;
	lk_comparison c;
	declare("", "");
	append(400, 20);
	for (int i = 0; i < SHAPES; i++) {
		test_world_batch(&world, shapes[i].name);
		const char *table = test_world_copy(&world, shapes[i].name)->batch_table;
		char *sql = lk_asprintf("UPDATE %s SET _p0_0 = _p0_0 + 1 WHERE ctid = (SELECT ctid FROM %s ORDER BY _pane, _k0 OFFSET 40 LIMIT 1)",
		                        table, table);
		test_world_run(&world, sql);
		append(60, 20);
		compare(shapes[i].name, false, &c);
		const lk_difference *d = &c.lambda_sql;
		assert_int_equal(c.kappa_sql.equal, c.kappa_sql.compared);
		assert_true(d->different > 0 && d->only_left + d->only_right + d->by_late == 0);
		is_unexplained(&c, d);
		free(sql);
		lk_comparison_release(&c);
	}
}

/* Days of Havana: they differ in length, and begin at 1 o'clock if midnight is skipped. */
static void days_of_a_calendar(void **state) {
	(void)state;
	lk_comparison c;
	lk_buf lines = LK_BUF_INIT, day = LK_BUF_INIT;
	test_broken_cell broken;
	test_world_declare(&world, "CREATE VIEW days WITH (allowed_lateness = '0 seconds') AS SELECT path, count(*) AS n, sum(bytes) AS bytes FROM hits"
	                           " GROUP BY path, tumble(ts, '1 day', 'America/Havana');");
	for (int half = 0; half < 2; half++) {
		lk_buf_clear(&lines);
		for (int i = 0; i < 300; i++) {
			lk_buf_adds(&lines, "{\"ts\":\"");
			lk_time_print((INT64_C(1583000000) + (half * 300 + i) * 3000 - (below(10) ? 0 : (int64_t)below(4) * 86400)) * LK_US_PER_S, &lines);
			lk_buf_addf(&lines, "\",\"ip\":\"%d\",\"path\":\"/%d\",\"bytes\":%d}\n", (int)below(9), (int)below(3), i);
		}
		test_world_append_json(&world, "hits", lines.data);
		test_world_speed_once(&world, "days");
		compare("days", false, &c);
		if (!lk_comparison_explained(&c) || c.lambda_kappa.by_late + c.lambda_sql.by_late == 0)
			test_compare_fail(&c, "late events explain it");
		assert_non_null(strstr(c.kappa_sql.shown[0].first_event, "late for kappa, counted by sql"));
		lk_comparison_release(&c);
		if (!half)
			test_world_batch(&world, "days");
	}
	test_break_cell(&world, test_world_copy(&world, "days"), 1, below(1 << 20), &broken);
	lk_time_print(broken.pane, &day);
	compare("days", false, &c);
	assert_false(lk_comparison_explained(&c));
	assert_string_equal(c.lambda_kappa.shown[0].window, day.data);
	assert_string_equal(c.lambda_kappa.shown[0].key, broken.key);
	is_unexplained(&c, &c.lambda_kappa);
	lk_comparison_release(&c);
	lk_buf_release(&lines);
	lk_buf_release(&day);
}

/* --- two versions --- */

/* The first event that WHERE removes and that was in the row or, for a session, within a gap of what is left of it. */
static int64_t first_unlike(const struct shape *s, const lk_difference *d, int i) {
	lk_span row = lk_identity_span(d->shown[i].identity);
	char *sql = lk_asprintf("SELECT part * 1000000 + off FROM lk.log_hits WHERE NOT (status < 400) AND ts < " LK_SQL_TIME("%lld") " AND ts > " LK_SQL_TIME("%lld")
	                        " - interval '%d microseconds' AND 'path=' || path = '%s' ORDER BY _at, part, off LIMIT 1", (long long)row.end, (long long)row.end,
	                        (long long)row.start, (long long)row.start, s->session ? s->pane_s * 1000000 : 1, d->shown[i].key);
	int64_t place = test_world_int(&world, sql);
	free(sql);
	return place;
}

static void two_versions_part_at_an_event(void **state) {
	(void)state;
	declare("", "");
	append(300, 20);
	declare("", "WHERE status < 400");
	append(200, 20);
	for (int s = 0; s < SHAPES; s++) {
		test_versions v;
		test_versions_compare(&world, shapes[s].name, &v);
		const lk_difference *d = &v.d;
		assert_true(!d->other_shape && d->nshown > 0 && d->compared > d->equal);
		for (int i = 0; i < d->nshown; i++) {
			char where[80];
			int64_t place = first_unlike(&shapes[s], d, i);
			test_place_text(place, where);
			if (strncmp(d->shown[i].first_event, where, strlen(where)) || !strstr(d->shown[i].first_event, "served counts n=1, ")
			    || !strstr(d->shown[i].first_event, "; new does not count it"))
				fail_msg("%s, row %s %s: %s is named, the first is %s", shapes[s].name, d->shown[i].window, d->shown[i].key, d->shown[i].first_event, where);
		}
		test_versions_release(&v);
	}
}

/* --- replayed --- */

static void digest(const char *view, const char *copy, char out[33]) {
	lk_answer a;
	lk_query q = test_query(view);
	q.copy = copy;
	test_world_answer(&world, &q, &a);
	lk_answer_digest(&a, out);
	lk_answer_release(&a);
}

/* I4: and the digest covers what is stored: an event shows in it even if another event hides it in every window. */
static void replayed_is_streamed(void **state) {
	(void)state;
	declare("WITH (allowed_lateness = '5 seconds')", "");
	append(300, 40);
	test_world_speed_once(&world, NULL);
	append(300, 40);
	test_world_speed_once(&world, NULL);
	for (int i = 0; i < SHAPES; i++) {
		char streamed[33], replayed[33], id[24];
		lk_replay_options o = test_replay_options(&world, shapes[i].name);
		o.verify = true;
		o.limits.fetch_events = 37;
		lk_replay_report report = test_replay(&o);
		assert_true(report.difference.made && lk_difference_none(&report.difference));
		snprintf(id, sizeof id, "%lld", (long long)report.copy_id);
		digest(shapes[i].name, NULL, streamed);
		digest(shapes[i].name, id, replayed);
		assert_string_equal(streamed, replayed);
		lk_replay_report_release(&report);
	}
}

static void digests_are_of_panes(void **state) {
	(void)state;
	char one[33], other[33];
	test_world_declare(&world, "CREATE VIEW tops AS SELECT max(bytes) AS top FROM hits GROUP BY hop(ts, '10 seconds', '20 seconds');");
	test_world_append_json(&world, "hits", "{\"ts\":\"2020-01-01T00:00:05Z\",\"ip\":\"a\",\"bytes\":9}\n{\"ts\":\"2020-01-01T00:00:15Z\",\"ip\":\"a\",\"bytes\":5}\n"
	                                       "{\"ts\":\"2020-01-01T00:00:25Z\",\"ip\":\"a\",\"bytes\":9}\n");
	test_world_speed_once(&world, "tops");
	digest("tops", NULL, one);
	test_world_append_json(&world, "hits", "{\"ts\":\"2020-01-01T00:00:16Z\",\"ip\":\"a\",\"bytes\":6}\n");
	test_world_speed_once(&world, "tops");
	digest("tops", NULL, other);
	assert_string_not_equal(one, other);
}

/* A sandbox is the view over the events of its range: a window that reaches beyond the range counts the events in
 * it. */
static void sandboxes_of_every_kind(void **state) {
	(void)state;
	declare("", "");
	append(600, 30);
	for (int i = 0; i < SHAPES; i++) {
		lk_error err = {0};
		lk_buf difference = LK_BUF_INIT;
		lk_replay_options o = test_replay_options(&world, shapes[i].name);
		o.sandbox = shapes[i].name;
		o.keep = true;
		o.range = (lk_range){.by = LK_BY_EVENT, .from = (BASE_S + 47) * LK_US_PER_S, .to = (BASE_S + 133) * LK_US_PER_S};
		lk_replay_report report = test_replay(&o);
		lk_query q = test_query(shapes[i].name);
		lk_answer a;
		test_rows got, want;
		q.copy = shapes[i].name;
		test_world_answer(&world, &q, &a);
		test_answer_rows(&a, &got);
		if (test_oracle_rows(&world, a.plan, "ts >= '2020-01-01T00:00:47Z' AND ts < '2020-01-01T00:02:13Z'", NULL, &want, &err) != LK_OK)
			fail_msg("%s", err.text);
		assert_true(want.n > 10);
		test_rows_difference(&want, &got, &difference);
		if (difference.len)
			fail_msg("%s: %s", shapes[i].name, difference.data);
		test_rows_release(&got);
		test_rows_release(&want);
		lk_answer_release(&a);
		lk_replay_report_release(&report);
		lk_buf_release(&difference);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_kind_agrees, fresh),
		cmocka_unit_test_setup(every_kind_agrees_on_what_has_expired, fresh),
		cmocka_unit_test_setup(costs_of_every_kind, fresh),
		cmocka_unit_test_setup(late_events_explain_every_kind, fresh),
		cmocka_unit_test_setup(a_late_event_joins_two_sessions, fresh),
		cmocka_unit_test_setup(a_broken_cell_is_named, fresh),
		cmocka_unit_test_setup(a_broken_batch_is_named, fresh),
		cmocka_unit_test_setup(days_of_a_calendar, fresh),
		cmocka_unit_test_setup(two_versions_part_at_an_event, fresh),
		cmocka_unit_test_setup(replayed_is_streamed, fresh),
		cmocka_unit_test_setup(digests_are_of_panes, fresh),
		cmocka_unit_test_setup(sandboxes_of_every_kind, fresh),
	};
	seed = test_seed("server_compare_windows");
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
