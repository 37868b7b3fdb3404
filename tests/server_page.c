/* The live page in a real browser: it shows what `lk query` prints, draws where batch and speed meet, and lives through a
 * server that goes away. Skipped where the machine has no chromedriver. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/support/browser.h"
#include "tests/support/fixtures.h"
#include "tests/support/http.h"

static test_program lk;
static test_world world;
static test_web web;
static test_browser browser;

static const char definitions[] =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, n numeric(30,2)) WITH (event_time = ts, partition_by = ip, partitions = 2);\n"
	"CREATE VIEW traffic WITH (allowed_lateness = '1 minute') AS SELECT path, count(*) AS hits, sum(n) AS total, avg(n) AS mean\n"
	"  FROM hits GROUP BY path, tumble(ts, '1 minute');\n"
	"CREATE VIEW words AS SELECT path, max(ip) AS most FROM hits GROUP BY path;\n";

/* One event a second, from that second of January 2024 on. */
static void append(int first, int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = first; i < first + n; i++)
		lk_buf_addf(&lines, "{\"ts\":\"2024-01-%02dT%02d:%02d:%02dZ\",\"ip\":\"%d\",\"path\":\"%s\",\"n\":12345678901234567890.%d0}\n", 1 + i / 86400,
		            i / 3600 % 24, i / 60 % 60, i % 60, i % 7, i % 3 ? "/a b" : "<i>&", i % 10);
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

static void open_page(const char *what) {
	char *url = lk_asprintf("%s/%s", lk_web_address(web.web), what);
	test_browser_open(&browser, "about:blank");   /* else only the part behind # would change */
	test_browser_open(&browser, url);
	free(url);
}

static int start(void **state) {
	test_shared_start(state);
	test_world_declare(&world, definitions);
	append(0, 210);
	LK(0, "", "", "speed", "--once");
	LK(0, "", "", "batch");
	append(210, 210);
	append(10, 2);                   /* too late for the speed layer, and for no batch */
	LK(0, "", "", "speed", "--once");
	test_web_init(&web, &lk.servers);
	test_web_start(&web);
	if (!test_browser_start(&browser))
		printf("skipped: chromedriver is not installed\n");
	return 0;
}

static int stop(void **state) {
	test_browser_stop(&browser);
	test_web_stop(&web);
	return test_shared_stop(state);
}

#define NEEDS_BROWSER() do { (void)state; if (!browser.pid) skip(); } while (0)

/* --- numbers --- */

/* The cells of the table's column, downwards. */
static json_t *column(const char *title) {
	char *script = lk_asprintf("const heads = [...document.querySelectorAll('#shown th')].map(t => t.textContent);"
		"const i = heads.indexOf('%s'); if (i < 0) return [];"
		"return [...document.querySelectorAll('#shown tbody tr')].map(r => r.cells[i].textContent)", title);
	json_t *cells = test_browser_eval(&browser, script);
	free(script);
	return cells;
}

/* The lines of `lk query --format csv`, from the last one upwards, hold the cells that the table shows downwards. */
static void table_is_query(const char *title, int field, const char *const *argv) {
	json_t *cells = column(title);
	test_run(&lk, NULL, 0, "", "", argv);
	size_t n = json_array_size(cells), line = 0;
	char *at = NULL;
	assert_true(n > 0);
	for (char *l = strtok_r(lk.out, "\r\n", &at); l; l = strtok_r(NULL, "\r\n", &at), line++) {
		if (line == 0)
			continue;
		for (int i = 0; i < field; i++)
			l = strchr(l, ',') + 1;
		assert_true(line <= n);
		const char *shown = json_string_value(json_array_get(cells, n - line));
		if (strncmp(shown, l, strcspn(l, ",")) || strlen(shown) != strcspn(l, ","))
			fail_msg("line %zu: the page shows %s, lk query prints %s", line, shown, l);
	}
	assert_int_equal(line - 1, n);
	json_decref(cells);
}

/* I3: digit by digit, also of numbers that JavaScript has no type for. */
static void shows_what_query_prints(void **state) {
	NEEDS_BROWSER();
	open_page("#view=traffic&k.path=%2Fa+b");
	test_browser_await(&browser, "return document.querySelectorAll('#shown tbody tr').length == 7");
	table_is_query("hits", 3, ARGS("query", "traffic", "--format", "csv", "--where", "path=/a b"));
	table_is_query("total", 4, ARGS("query", "traffic", "--format", "csv", "--where", "path=/a b"));
	table_is_query("mean", 5, ARGS("query", "traffic", "--format", "csv", "--where", "path=/a b"));
	test_browser_is_quiet(&browser, NULL);
}

static void markup_in_an_event_stays_text(void **state) {
	NEEDS_BROWSER();
	open_page("#view=traffic&k.path=%3Ci%3E%26");
	test_browser_await(&browser, "return document.querySelectorAll('#shown tbody tr').length == 7"
	                             " && document.querySelector('#shown tbody').textContent.includes('<i>&') && !document.querySelector('i:not([class])')");
}

/* --- the chart --- */

#define CHART "const chart = Chart.getChart(document.querySelector('canvas')); if (!chart) return false; const [batch, speed] = chart.data.datasets;"

/* The two parts are the layers' own, and the line between them is on the canvas, in ink, where both are. */
static void draws_the_boundary(void **state) {
	NEEDS_BROWSER();
	open_page("#view=traffic&k.path=%2Fa+b&column=hits");
	test_browser_await(&browser, CHART "return batch.label == 'batch' && speed.label == 'speed' && batch.data.length == 7"
		" && batch.data.join() == '40,40,40,20,0,0,0' && speed.data.join() == '0,0,0,20,40,40,40'");
	test_browser_await(&browser, CHART
		"const e = chart.getDatasetMeta(0).data[3], scale = chart.currentDevicePixelRatio, n = 9;"
		"const [r, g, b] = getComputedStyle(document.body).color.match(/\\d+/g).map(Number);"
		"const p = chart.ctx.getImageData(Math.round(e.x * scale), Math.round(e.y * scale) - 4, 1, n).data;"
		"for (let i = 0; i < 4 * n; i += 4) if (Math.abs(p[i] - r) + Math.abs(p[i + 1] - g) + Math.abs(p[i + 2] - b) < 30) return true;"
		"return false");
	test_browser_await(&browser, "const bars = [...document.querySelectorAll('.partition')]; return bars.length == 2"
		" && bars.every(b => b.querySelector('.batch').getBoundingClientRect().width > 0 && b.querySelector('.speed').getBoundingClientRect().width > 0)");
}

static void late_events_are_marked(void **state) {
	NEEDS_BROWSER();
	open_page("#view=traffic&k.path=%2Fa+b&column=hits");
	test_browser_await(&browser, CHART "const late = chart.data.datasets.find(d => d.label == 'late events');"
		"return late && late.data[0] !== null && late.data.slice(1).every(v => v === null)");
	test_browser_await(&browser, "return document.body.innerText.includes('2 refused, 0 healed')");
}

static void windows_that_are_open_are_pale(void **state) {
	NEEDS_BROWSER();
	open_page("#view=traffic&k.path=%2Fa+b&column=hits");
	test_browser_await(&browser, CHART "const full = speed.backgroundColor[3]; return speed.backgroundColor[6] == full + '66' && batch.backgroundColor[0].length == 7");
}

static void parts_that_do_not_add_up_are_lines(void **state) {
	NEEDS_BROWSER();
	open_page("#view=traffic&k.path=%2Fa+b&column=mean");
	test_browser_await(&browser, CHART "return batch.type == 'line' && chart.data.datasets.some(d => d.label == 'both together')");
}

static void a_view_without_numbers_is_its_table(void **state) {
	NEEDS_BROWSER();
	open_page("#view=words");
	test_browser_await(&browser, "return document.querySelector('h2 + p, #shown h2') && document.body.innerText.includes('No column of this view is a number')");
}

/* --- use --- */

static void the_address_says_what_is_shown(void **state) {
	NEEDS_BROWSER();
	open_page("#view=traffic&k.path=%2Fa+b");
	test_browser_await(&browser, "return document.querySelectorAll('#shown tbody tr').length == 7");
	json_decref(test_browser_eval(&browser, "const pick = [...document.querySelectorAll('label')].find(l => l.textContent.startsWith('Window')).querySelector('input');"
		"pick.value = '2min'; pick.dispatchEvent(new Event('change'))"));
	test_browser_await(&browser, "return location.hash.includes('window=2min') && document.querySelectorAll('#shown tbody tr').length == 4");
	json_decref(test_browser_eval(&browser, "history.back()"));
	test_browser_await(&browser, "return document.querySelectorAll('#shown tbody tr').length == 7");
}

static void the_keyboard_reaches_all(void **state) {
	NEEDS_BROWSER();
	open_page("#view=traffic");
	test_browser_await(&browser, "return document.querySelectorAll('#shown tbody tr').length > 0");
	test_browser_press(&browser, "\uE004");
	test_browser_await(&browser, "return document.activeElement.className == 'skip'");
	test_browser_press(&browser, "\uE004\uE004\uE004");
	test_browser_await(&browser, "return document.activeElement.closest('nav') != null");
	test_browser_press(&browser, "\uE007");
	test_browser_await(&browser, "return location.hash == '#view=words'");
}

static void every_width_holds_it(void **state) {
	NEEDS_BROWSER();
	static const int widths[] = {400, 1280};
	for (int i = 0; i < 2; i++) {
		test_browser_resize(&browser, widths[i], 800);
		open_page("#view=traffic");
		test_browser_await(&browser, "return document.querySelectorAll('#shown tbody tr').length > 0");
		test_browser_await(&browser, "return document.documentElement.scrollWidth <= innerWidth");
	}
}

/* New events are there by themselves, and what changed is told apart. */
static void what_happens_is_seen(void **state) {
	NEEDS_BROWSER();
	open_page("#view=traffic&k.path=%2Fa+b");
	test_browser_await(&browser, "return document.querySelectorAll('#shown tbody tr').length == 7");
	append(420, 60);
	LK(0, "", "", "speed", "--once");
	test_browser_await(&browser, "const first = document.querySelector('#shown tbody tr'); return document.querySelectorAll('#shown tbody tr').length == 8"
	                             " && first.cells[3].textContent == '40'");
	open_page("#stream=hits");
	test_browser_await(&browser, "return document.querySelectorAll('#shown tbody tr').length == 20 && document.body.innerText.includes('Rows a second')");
}

/* Also where windows of several days have one label. */
static void a_copy_beside_has_its_own_values(void **state) {
	NEEDS_BROWSER();
	append(86400, 30);
	LK(0, "", "", "speed", "--once");
	LK(0, "", "", "replay", "traffic");
	open_page("#view=traffic&k.path=%2Fa+b&column=hits");
	test_browser_await(&browser, CHART "const copy = chart.data.datasets.find(d => d.label.endsWith(', kappa')), first = chart.data.labels.indexOf('00:00'),"
		" last = chart.data.labels.lastIndexOf('00:00'); return copy && first < last && copy.data[first] == 40 && copy.data[last] == 20"
		" && [...document.querySelectorAll('h3')].some(h => h.textContent == 'Copies')");
}

static void a_server_that_goes_away_is_told_of(void **state) {
	NEEDS_BROWSER();
	open_page("#view=traffic&k.path=%2Fa+b");
	test_browser_await(&browser, "return document.querySelectorAll('#shown tbody tr').length >= 7");
	test_browser_is_quiet(&browser, NULL);
	test_redis_kill(&lk.servers);
	test_browser_await(&browser, "return !document.getElementById('trouble').hidden && document.querySelectorAll('#shown tbody tr').length >= 7");
	test_redis_start(&lk.servers);
	test_browser_await(&browser, "return document.getElementById('trouble').hidden");
	test_browser_is_quiet(&browser, "503");
	table_is_query("hits", 3, ARGS("query", "traffic", "--format", "csv", "--where", "path=/a b"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_what_query_prints), cmocka_unit_test(markup_in_an_event_stays_text),
		cmocka_unit_test(draws_the_boundary), cmocka_unit_test(late_events_are_marked),
		cmocka_unit_test(windows_that_are_open_are_pale), cmocka_unit_test(parts_that_do_not_add_up_are_lines),
		cmocka_unit_test(a_view_without_numbers_is_its_table), cmocka_unit_test(the_address_says_what_is_shown),
		cmocka_unit_test(the_keyboard_reaches_all), cmocka_unit_test(every_width_holds_it),
		cmocka_unit_test(what_happens_is_seen), cmocka_unit_test(a_server_that_goes_away_is_told_of),
		cmocka_unit_test(a_copy_beside_has_its_own_values),
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, start, stop);
}
