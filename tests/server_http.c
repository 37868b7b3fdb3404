/* lk serve: what it answers on each route, over real sockets, compared with what the commands print. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "core/time.h"
#include "server/openapi.h"
#include "server/routes.h"
#include "tests/support/background.h"
#include "tests/support/fixtures.h"
#include "tests/support/http.h"

static test_program lk;
static test_world world;
static test_web web;

static const char definitions[] =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, n int) WITH (event_time = ts, partition_by = ip, partitions = 2);\n"
	"CREATE VIEW traffic AS SELECT path, count(*) AS hits, sum(n) AS total FROM hits GROUP BY path, tumble(ts, '1 minute');\n"
	"CREATE VIEW strict WITH (allowed_lateness = '0 seconds') AS SELECT count(*) AS hits FROM hits GROUP BY tumble(ts, '1 minute');\n"
	"CREATE VIEW \"in-all\" AS SELECT count(*) AS n FROM hits;\n";

static void append(int first, int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = first; i < first + n; i++)
		lk_buf_addf(&lines, "{\"ts\":\"2024-01-01T00:%02d:%02dZ\",\"ip\":\"%d\",\"path\":\"/%d\",\"n\":%d}\n", i / 60 % 60, i % 60, i % 7, i % 3, i);
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

/* Half of the events below a published batch, half above, and a few late ones. */
static int start(void **state) {
	test_shared_start(state);
	test_world_declare(&world, definitions);
	append(0, 300);
	LK(0, "", "", "speed", "--once");
	LK(0, "", "", "batch");
	append(300, 300);
	append(0, 3);
	LK(0, "", "", "speed", "--once");
	test_web_init(&web, &lk.servers);
	test_web_start(&web);
	return 0;
}

static int stop(void **state) {
	test_web_stop(&web);
	return test_shared_stop(state);
}

/* --- the same as the commands --- */

/* `lk …` prints what the path answers. */
static void same(const char *path, const char *const *argv) {
	test_run(&lk, NULL, 0, "", "", argv);
	test_http h = test_http_get(&web, path, "");
	assert_int_equal(h.status, 200);
	if (strcmp(h.body, lk.out))
		fail_msg("GET %s\n%s\nlk:\n%s", path, h.body, lk.out);
	test_http_release(&h);
}

/* I3: an answer over HTTP is that of `lk query`, byte for byte, with all its options. */
static void rows_are_those_of_query(void **state) {
	(void)state;
#define ROWS "/api/v1/views/traffic/rows"
	same(ROWS, ARGS("query", "traffic", "--format", "json"));
	same(ROWS "?format=csv", ARGS("query", "traffic", "--format", "csv"));
	same(ROWS "?format=jsonl&where=path%3D%2F1", ARGS("query", "traffic", "--format", "jsonl", "--where", "path=/1"));
	same(ROWS "?where=path=/1&where=hits+%3E+3", ARGS("query", "traffic", "--format", "json", "--where", "path=/1", "--where", "hits > 3"));
	same(ROWS "?from=2024-01-01T00:02:00Z&to=2024-01-01T00:06:00Z", ARGS("query", "traffic", "--format", "json", "--from", "2024-01-01T00:02:00Z", "--to", "2024-01-01T00:06:00Z"));
	same(ROWS "?window=4min&slide=2min", ARGS("query", "traffic", "--format", "json", "--window", "4min", "--slide", "2min"));
	same(ROWS "?fill=zero&last=2&sort=hits+desc&limit=3", ARGS("query", "traffic", "--format", "json", "--fill", "zero", "--last", "2", "--sort", "hits desc", "--limit", "3"));
	same(ROWS "?layer=batch", ARGS("query", "traffic", "--format", "json", "--layer", "batch"));
	same(ROWS "?layer=speed&version=1", ARGS("query", "traffic", "--format", "json", "--layer", "speed", "--version", "1"));
	same("/api/v1/views/in%2Dall/rows", ARGS("query", "in-all", "--format", "json"));
}

static void streams_are_those_of_tail(void **state) {
	(void)state;
#define STREAM "/api/v1/streams/hits/rows"
	same(STREAM, ARGS("tail", "hits", "--format", "json"));
	same(STREAM "?last=3&columns=_part,_off,n&format=csv", ARGS("tail", "hits", "--last", "3", "--columns", "_part,_off,n", "--format", "csv"));
	same(STREAM "?from=beginning&limit=5&where=n+%3E+100&format=jsonl", ARGS("tail", "hits", "--from", "beginning", "--limit", "5", "--where", "n > 100", "--format", "jsonl"));
	same(STREAM "?from=0:10,1:20&limit=4&partition=1", ARGS("tail", "hits", "--from", "0:10,1:20", "--limit", "4", "--partition", "1", "--format", "json"));
}

static void the_rest_is_that_of_the_commands(void **state) {
	(void)state;
	same("/api/v1/late/strict", ARGS("late", "strict", "--format", "json"));
	same("/api/v1/late/strict?limit=1&columns=path&format=csv", ARGS("late", "strict", "--limit", "1", "--columns", "path", "--format", "csv"));
	same("/api/v1/views/traffic/explain", ARGS("explain", "traffic"));
	same("/api/v1/views/traffic/explain?where=path=/1", ARGS("explain", "traffic", "--where", "path=/1"));
	same("/api/v1/status", ARGS("status", "--format", "json"));
}

static json_t *get_json(const char *path) {
	json_error_t why;
	test_http h = test_http_get(&web, path, "");
	json_t *j = json_loads(h.body, 0, &why);
	if (!j)
		fail_msg("GET %s: %s: %s", path, why.text, h.body);
	test_http_release(&h);
	return j;
}

static int64_t number(json_t *j, const char *name) { return json_integer_value(json_object_get(j, name)); }

/* I3: what explain says of the layers adds up to the row. */
static void parts_add_up(void **state) {
	(void)state;
	json_t *j = get_json("/api/v1/views/traffic/explain?format=json"), *row;
	size_t i;
	int64_t batch = 0, speed = 0;
	json_array_foreach(json_object_get(j, "rows"), i, row) {
		assert_int_equal(number(row, "hits"), number(json_object_get(row, "_batch"), "hits") + number(json_object_get(row, "_speed"), "hits"));
		batch += number(json_object_get(row, "_batch"), "hits");
		speed += number(json_object_get(row, "_speed"), "hits");
	}
	assert_int_equal(batch, 300);
	assert_int_equal(speed, 303);
	json_decref(j);
}

static void views_are_described(void **state) {
	(void)state;
	json_t *j = get_json("/api/v1/views"), *views = json_object_get(j, "views");
	assert_int_equal(json_array_size(views), 3);
	json_decref(j);
	j = get_json("/api/v1/views/traffic");
	json_t *column = json_array_get(json_object_get(j, "columns"), 3);
	assert_string_equal(json_string_value(json_object_get(column, "name")), "hits");
	assert_string_equal(json_string_value(json_object_get(column, "is")), "aggregate");
	assert_string_equal(json_string_value(json_object_get(json_object_get(j, "window"), "size")), "1 min");
	assert_non_null(strstr(json_string_value(json_object_get(j, "definition")), "CREATE VIEW traffic"));
	json_t *copy = json_array_get(json_object_get(json_object_get(j, "status"), "views"), 0);
	assert_int_equal(number(copy, "covered"), 603);
	assert_int_equal(number(copy, "below_cut"), 300);
	json_decref(j);
}

/* --- forms --- */

static void accept_chooses_the_form(void **state) {
	(void)state;
	static const struct { const char *accept, *type; } cases[] = {
		{"*/*", "application/json"}, {"text/csv", "text/csv; charset=utf-8; header=present"}, {"application/x-ndjson", "application/jsonl"},
		{"text/html, text/*;q=0.5", "text/csv; charset=utf-8; header=present"}, {"application/json;q=0.1, application/jsonl", "application/jsonl"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *header = lk_asprintf("Accept: %s\r\n", cases[i].accept), *type = lk_asprintf("Content-Type: %s\r\n", cases[i].type);
		test_http_is(&web, ROWS, header, 200, type, "");
		free(header);
		free(type);
	}
	test_http_is(&web, ROWS "?format=csv", "Accept: application/json\r\n", 200, "Content-Type: text/csv", "path,hits,total");
	test_http_is(&web, ROWS, "Accept: image/png\r\n", 406, "application/problem+json", "application/json, application/jsonl, text/csv");
	test_http_is(&web, ROWS "?format=table", "", 400, "", "one of json, jsonl, csv");
}

static void long_answers_are_compressed(void **state) {
	(void)state;
	test_http plain = test_http_get(&web, ROWS, ""), packed = test_http_get(&web, ROWS, "Accept-Encoding: br, gzip;q=0.5\r\n");
	char *encoding = test_http_header(&packed, "Content-Encoding");
	lk_buf out = LK_BUF_INIT;
	lk_buf_grow(&out, plain.body_len);
	z_stream z = {.next_in = (Bytef *)packed.body, .avail_in = (uInt)packed.body_len, .next_out = (Bytef *)out.data, .avail_out = (uInt)plain.body_len};
	assert_string_equal(encoding, "gzip");
	assert_true(packed.body_len < plain.body_len / 2);
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.total_out, plain.body_len);
	assert_memory_equal(out.data, plain.body, plain.body_len);
	inflateEnd(&z);
	lk_buf_release(&out);
	free(encoding);
	test_http_release(&plain);
	test_http_release(&packed);
	packed = test_http_get(&web, ROWS, "Accept-Encoding: gzip;q=0\r\n");
	assert_null(test_http_header(&packed, "Content-Encoding"));
	test_http_release(&packed);
}

/* HEAD has the header of GET and no byte of a body: the next answer on the connection begins at once. */
static void head_has_no_body(void **state) {
	(void)state;
	int fd = test_http_connect(lk_web_address(web.web));
	test_http get = test_http_get(&web, ROWS, "");
	for (int i = 0; i < 3; i++) {
		test_http_send(fd, "HEAD " ROWS " HTTP/1.1\r\nHost: localhost\r\n\r\n");
		test_http head = test_http_read(fd, true);
		char *length = test_http_header(&head, "Content-Length");
		assert_int_equal(head.status, 200);
		assert_int_equal(atoll(length), (long long)get.body_len);
		free(length);
		test_http_release(&head);
	}
	test_http_send(fd, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
	test_http alive = test_http_read(fd, false);
	assert_string_equal(alive.body, "alive\n");
	test_http_release(&alive);
	test_http_release(&get);
	close(fd);
}

/* --- what is wrong --- */

static void errors_are_those_of_the_commands(void **state) {
	(void)state;
#define PROBLEM "Content-Type: application/problem+json\r\n"
	test_http_is(&web, "/api/v1/views/trafic/rows", "", 404, PROBLEM, "\"detail\":\"there is no view trafic\",\"hint\":\"did you mean traffic?\"");
	test_http_is(&web, "/api/v1/views/trafic", "", 404, PROBLEM, "there is no view trafic");
	test_http_is(&web, "/api/v1/views/trafic/explain", "", 404, PROBLEM, "there is no view trafic");
	test_http_is(&web, "/api/v1/late/trafic", "", 404, PROBLEM, "there is no view trafic");
	test_http_is(&web, "/api/v1/streams/hit/rows", "", 404, PROBLEM, "there is no stream hit");
	test_http_is(&web, "/api/v1/views", "", 200, "", "");
	test_http_is(&web, "/api/v1/views/", "", 404, PROBLEM, "there is nothing at this path");
	test_http_is(&web, "/api/v1/views/traffic/rows/", "", 404, PROBLEM, "there is nothing at this path");
	test_http_is(&web, "/api/v1/views/%ff/rows", "", 404, PROBLEM, "there is nothing at this path");
	test_http_is(&web, ROWS "?wher=path=/1", "", 400, PROBLEM, "did you mean where?");
	test_http_is(&web, ROWS "?where=pth=/1", "", 400, PROBLEM, "pth");
	test_http_is(&web, ROWS "?where=path", "", 400, PROBLEM, "not a condition");
	test_http_is(&web, ROWS "?from=yesterday", "", 400, PROBLEM, "not a time");
	test_http_is(&web, ROWS "?limit=0", "", 400, PROBLEM, "not a whole number");
	test_http_is(&web, ROWS "?limit=1&limit=2", "", 400, PROBLEM, "is given twice");
	test_http_is(&web, ROWS "?window=7s", "", 400, PROBLEM, "");
	test_http_is(&web, ROWS "?copy=none", "", 400, PROBLEM, "");
	test_http_is(&web, ROWS "?sort=%00", "", 400, PROBLEM, "no UTF-8 text");
	test_http_is(&web, ROWS "?sort=%zz", "", 400, PROBLEM, "no UTF-8 text");
	test_http_is(&web, STREAM "?from=nowhere", "", 400, PROBLEM, "not a place in a stream");
	test_http_is(&web, STREAM "?columns=x", "", 400, PROBLEM, "");
	test_http_is(&web, "/api/v1/late/strict?columns=x", "", 400, PROBLEM, "has no column");
	assert_string_equal(web.said, "");   /* none of these is for the log */
}

/* --- for programs --- */

static void metrics_say_how_it_goes(void **state) {
	(void)state;
	static const char *const has[] = {
		"\nlk_up 1\n", "lk_stream_events_total{stream=\"hits\"} 603\n", "lk_view_lag_events{view=\"traffic\"", "state=\"live\"} 0\n",
		"lk_view_late_events_total{view=\"strict\"", "lk_view_batch_published_timestamp_seconds{view=\"traffic\"",
		"lk_http_request_duration_seconds_bucket{route=\"/api/v1/views/{view}/rows\",le=\"+Inf\"}", "lk_server_errors_total{server=\"redis\"} 0\n"};
	test_http h = test_http_get(&web, "/metrics", "");
	char *type = test_http_header(&h, "Content-Type");
	assert_string_equal(type, "text/plain; version=0.0.4; charset=utf-8");
	for (size_t i = 0; i < sizeof has / sizeof *has; i++)
		if (!strstr(h.body, has[i]))
			fail_msg("/metrics lacks %s:\n%s", has[i], h.body);
	free(type);
	test_http_release(&h);
}

/* Each metric has its help and type before its samples, no name comes twice, and each line is a sample or a comment. */
static void metrics_have_prometheus_form(void **state) {
	(void)state;
	test_http h = test_http_get(&web, "/metrics", "");
	char *at = h.body, *line, name[100] = "", seen[8000] = "";
	while ((line = strsep(&at, "\n")) && *line) {
		char other[100];
		if (sscanf(line, "# HELP %99s ", other) == 1) {
			char *mark = lk_asprintf(" %s ", other);
			assert_null(strstr(seen, mark));
			strncat(seen, mark, sizeof seen - strlen(seen) - 1);
			snprintf(name, sizeof name, "%s", other);
			free(mark);
		} else if (sscanf(line, "# TYPE %99s ", other) == 1) {
			assert_string_equal(other, name);
		} else {
			char *value = strrchr(line, ' '), *end;
			assert_int_equal(strncmp(line, name, strlen(name)), 0);
			assert_non_null(value);
			strtod(value + 1, &end);
			assert_int_equal(*end, '\0');
		}
	}
	test_http_release(&h);
}

static void it_says_that_it_is_ready(void **state) {
	(void)state;
	test_http_is(&web, "/livez", "", 200, "text/plain", "alive\n");
	test_http_is(&web, "/readyz", "", 200, "application/json", "{\"name\":\"redis\",\"ready\":true}],\"ready\":true}");
}

/* The description that programs get is the one in the repository, and each path of it answers. */
static void the_description_holds(void **state) {
	(void)state;
	json_t *served = get_json("/api/v1/openapi.json"), *paths = json_object_get(served, "paths"), *kept = json_load_file("server/openapi.json", 0, NULL);
	const char *path;
	json_t *item;
	if (!json_equal(served, kept))
		fail_msg("server/openapi.json is not what the server says: lk serve, then GET /api/v1/openapi.json >server/openapi.json");
	int described = 0;
	for (int i = 0; i < lk_nroutes; i++)
		described += !lk_routes[i].page;
	assert_int_equal(json_object_size(paths), described);
	json_object_foreach(paths, path, item) {
		const char *brace = strchr(path, '{'), *name = brace && brace[1] == 's' ? "hits" : "strict";
		char *real = brace ? lk_asprintf("%.*s%s%s", (int)(brace - path), path, name, strchr(brace, '}') + 1) : lk_strdup(path);
		json_t *get = json_object_get(item, "get"), *content = json_object_get(json_object_get(json_object_get(get, "responses"), "200"), "content");
		const char *type;
		json_t *any;
		json_object_foreach(content, type, any) {
			char *accept = lk_asprintf("Accept: %s\r\n", type), *wanted = lk_asprintf("Content-Type: %s", type);
			test_http_is(&web, real, accept, 200, wanted, "");
			free(accept);
			free(wanted);
		}
		free(real);
	}
	json_decref(served);
	json_decref(kept);
}

/* --- the command --- */

static void the_command_serves_until_it_is_stopped(void **state) {
	(void)state;
	test_background b;
	char *path = lk_asprintf("%s/http.sock", lk.servers.dir), *listen = lk_asprintf("unix:%s", path);
	test_background_start(&b, &lk, "serve", -1, NULL, ARGS("serve", "--listen", listen));
	test_await_text(b.err, "lk: serve: unix:");
	int fd = test_http_connect(listen);
	test_http_send(fd, "GET " ROWS "?limit=1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
	test_http h = test_http_read(fd, false);
	assert_int_equal(h.status, 200);
	LK(75, "", "another program listens there", "serve", "--listen", listen);
	int64_t began = lk_monotonic_us();
	char *err = lk_strdup(b.err), *out = lk_strdup(b.out);
	test_background_end(&b, SIGTERM, 0);
	assert_true(lk_monotonic_us() - began < 60 * LK_US_PER_S);
	assert_true(test_http_closed(fd));
	assert_int_equal(access(path, F_OK), -1);
	unlink(err);
	unlink(out);
	close(fd);
	test_http_release(&h);
	free(err);
	free(out);
	free(path);
	free(listen);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_those_of_query),
		cmocka_unit_test(streams_are_those_of_tail),
		cmocka_unit_test(the_rest_is_that_of_the_commands),
		cmocka_unit_test(parts_add_up),
		cmocka_unit_test(views_are_described),
		cmocka_unit_test(accept_chooses_the_form),
		cmocka_unit_test(long_answers_are_compressed),
		cmocka_unit_test(head_has_no_body),
		cmocka_unit_test(errors_are_those_of_the_commands),
		cmocka_unit_test(metrics_say_how_it_goes),
		cmocka_unit_test(metrics_have_prometheus_form),
		cmocka_unit_test(it_says_that_it_is_ready),
		cmocka_unit_test(the_description_holds),
		cmocka_unit_test(the_command_serves_until_it_is_stopped),
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, start, stop);
}
