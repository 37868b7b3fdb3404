/* What Prometheus makes of /metrics and of the rules. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/fixtures.h"
#include "tests/support/http.h"

static test_program lk;
static test_world world;
static test_web web;

static int start(void **state) {
	test_shared_start(state);
	test_world_declare(&world,
		"CREATE TABLE hits (ts timestamptz, path text) WITH (event_time = ts, partition_by = path);\n"
		"CREATE VIEW traffic AS SELECT path, count(*) AS hits FROM hits GROUP BY path, tumble(ts, '1 minute');\n");
	test_world_append_json(&world, "hits", "{\"ts\":\"2024-01-01T00:00:00Z\",\"path\":\"/\"}\n");
	LK(0, "", "", "speed", "--once");
	LK(0, "", "", "batch");
	test_web_init(&web, &lk.servers);
	test_web_start(&web);
	return 0;
}

static int stop(void **state) {
	test_web_stop(&web);
	return test_shared_stop(state);
}

#define NEEDS_PROMTOOL() do { (void)state; if (system("command -v promtool >/dev/null")) { print_message("skipped: promtool is not installed\n"); skip(); } } while (0)

static void rules_find_what_they_should(void **state) {
	NEEDS_PROMTOOL();
	assert_int_equal(system("cd compose/prometheus && promtool check config prometheus.yml >/dev/null && promtool check rules lk.rules.yml >/dev/null && "
	                        "promtool test rules lk.rules.test.yml"), 0);
}

static void promtool_finds_no_fault(void **state) {
	NEEDS_PROMTOOL();
	test_http h = test_http_get(&web, "/metrics", "");
	assert_int_equal(h.status, 200);
	FILE *f = popen("promtool check metrics >&2", "w");
	assert_non_null(f);
	assert_int_equal(fwrite(h.body, 1, h.body_len, f), h.body_len);
	assert_int_equal(pclose(f), 0);
	test_http_release(&h);
}

/* A rule over a metric that there is not would never fire. */
static void rules_name_metrics_that_exist(void **state) {
	(void)state;
	char *rules = test_text_of("compose/prometheus/lk.rules.yml");
	test_http h = test_http_get(&web, "/metrics", "");
	int found = 0;
	for (const char *p = rules; (p = strstr(p, "lk_")); ) {
		size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyz_");
		char *type = lk_asprintf("# TYPE %.*s ", (int)n, p);
		if (!strstr(h.body, type))
			fail_msg("/metrics has no %.*s", (int)n, p);
		free(type);
		p += n;
		found++;
	}
	assert_true(found >= 7);
	test_http_release(&h);
	free(rules);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_find_what_they_should),
		cmocka_unit_test(promtool_finds_no_fault),
		cmocka_unit_test(rules_name_metrics_that_exist),
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, start, stop);
}
