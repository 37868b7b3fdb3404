/* The end of the log, locked for a switch of readers while Redis is frozen: the switch itself releases it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/time.h"
#include "replay/switch.h"
#include "tests/support/fixtures.h"
#include "tests/support/relay.h"

enum { DEADLINE_MS = 60000 };

static test_servers servers;
static test_world world;

static const char definitions[] =
	"CREATE TABLE hits (ts timestamptz, ip text) WITH (event_time = ts, partition_by = ip, partitions = 3);"
	"CREATE VIEW traffic AS SELECT ip, count(*) AS n FROM hits GROUP BY ip, tumble(ts, '1 minute');";

/* A relay between a switch and Redis. While the log is free it appends an event now and then, so there is always one to
 * fold under the lock. While the log is locked, nothing comes through. */
typedef struct standstill {
	test_relay relay;
	lk_pg pg;
	volatile int appended, held, freed;
} standstill;

static const char append_sql[] =
	"WITH t AS (UPDATE lk.tail SET next_off = next_off + 1, last_at = clock_timestamp(), high = greatest(high, '2024-01-01Z') WHERE part = 0"
	" RETURNING next_off - 1 AS off, last_at)"
	" INSERT INTO lk.log_hits (part, off, _at, ts, ip) SELECT 0, off, last_at, '2024-01-01Z', 'a' FROM t";

static int is_free(void *ctx) {
	standstill *s = ctx;
	PGresult *res = PQexec(s->pg.conn, "SELECT count(*) FROM (SELECT FROM lk.tail FOR UPDATE SKIP LOCKED) t");
	int all = PQresultStatus(res) == PGRES_TUPLES_OK && atoi(PQgetvalue(res, 0, 0)) == 3;
	PQclear(res);
	return all;
}

static void stand_still(void *ctx, const char *piece, size_t n) {
	standstill *s = ctx;
	(void)piece;
	(void)n;
	if (!is_free(s)) {
		s->held++;
		s->freed += test_poll(is_free, s, DEADLINE_MS);
	} else if (s->appended < 500) {
		PQclear(PQexec(s->pg.conn, append_sql));
		s->appended++;
	}
}

static void append(int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = 0; i < n; i++)
		lk_buf_addf(&lines, "{\"ts\":\"2024-01-01T00:%02d:%02dZ\",\"ip\":\"%d\"}\n", i / 60 % 60, i % 60, i % 11);
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

static lk_switch_report report;      /* of the last switch */

static int switch_by(const char *redis, const lk_cat_copy *from, const lk_cat_copy *to, lk_error *err) {
	lk_driver *d = lk_calloc(1, sizeof *d);
	const lk_run_to_options at = {.postgres = servers.at.postgres, .redis = redis};
	int rc = lk_driver_open(d, &at, world.log_id, to, &lk_stream_defaults, err);
	if (rc == LK_OK)
		rc = lk_switch_readers(&world.pg, &(lk_switch){.moves = &(struct lk_switch_move){d, from}, .n = 1}, &report, err);
	lk_driver_close(d);
	free(d);
	return rc;
}

/* I11, P15: with the former limit of 10 s for an answer, the server would have ended the session of the switch. */
static void redis_stands_still_in_the_middle(void **state) {
	(void)state;
	lk_error err = {0};
	standstill s = {.relay = {.seen = stand_still, .ctx = &s}};
	test_world_declare(&world, definitions);
	append(300);
	test_world_speed_once(&world, "traffic");
	const lk_cat_copy *to = test_world_kappa(&world, "traffic"), *from = test_world_copy(&world, "traffic");
	assert_int_equal(lk_pg_open(&s.pg, servers.at.postgres, "standstill", &err), LK_OK);
	test_relay_open(&s.relay, &servers);
	char *url = lk_asprintf("redis://127.0.0.1:%d", s.relay.port);
	assert_int_equal(switch_by(url, from, to, &err), LK_EUNREACHABLE);
	assert_non_null(strstr(err.text, "lost Redis"));
	test_relay_close(&s.relay);
	assert_true(s.appended > 0 && s.held > 0);
	assert_int_equal(s.freed, s.held);
	assert_int_equal(lk_pg_run(&world.pg, &(lk_error){0}, "SELECT 1"), LK_OK);
	assert_int_equal(test_world_int(&world, "SELECT served_copy FROM lk.view"), from->id);
	err = (lk_error){0};
	assert_int_equal(switch_by(servers.at.redis, from, to, &err), LK_OK);
	assert_int_equal(test_world_int(&world, "SELECT served_copy FROM lk.view"), to->id);
	test_world_reload(&world);
	lk_query q = test_query("traffic");
	test_world_same(&world, &q);
	lk_pg_close(&s.pg);
	free(url);
}

/* P15: a session that works, and not a stopped one, keeps an end of the log: the switch tries 8 times and gives up. */
static void somebody_keeps_the_end_of_the_log(void **state) {
	(void)state;
	lk_error err = {0};
	lk_pg other;
	test_world_empty(&world);
	test_world_declare(&world, definitions);
	append(30);
	test_world_speed_once(&world, "traffic");
	const lk_cat_copy *to = test_world_kappa(&world, "traffic"), *from = test_world_copy(&world, "traffic");
	assert_int_equal(lk_pg_open(&other, servers.at.postgres, "other", &err), LK_OK);
	assert_int_equal(lk_pg_run(&other, &err, "BEGIN; SELECT FROM lk.tail WHERE part = 1 FOR UPDATE"), LK_OK);
	assert_int_equal(switch_by(servers.at.redis, from, to, &err), LK_EBUSY);
	assert_non_null(strstr(err.text, "view traffic cannot be switched: the end of its log was locked in each of 8 attempts"));
	assert_non_null(strstr(err.hint, "(other) holds the end of the log"));
	assert_int_equal(report.tries, 8);
	assert_int_equal(test_world_int(&world, "SELECT served_copy FROM lk.view"), from->id);
	lk_pg_close(&other);
	err = (lk_error){0};
	assert_int_equal(switch_by(servers.at.redis, from, to, &err), LK_OK);
	assert_int_equal(report.tries, 1);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(redis_stands_still_in_the_middle),
		cmocka_unit_test(somebody_keeps_the_end_of_the_log),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
