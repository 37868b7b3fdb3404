#include "tests/support/visits.h"

#include <stdlib.h>
#include <string.h>

#include "batch_layer/seal.h"

#define COLUMNS "CREATE TABLE visits (ts timestamptz, k text, who int, n int)" \
	" WITH (event_time = ts, partition_by = who, max_ahead = '3650 days', partitions = "
const char test_visits_text[] = COLUMNS "3);";
const char test_visits_in_one_partition_text[] = COLUMNS "1);";

void test_visits_append(test_world *w, const test_visit *v, int n) {
	lk_value *rows = lk_calloc((size_t)n * 4, sizeof *rows);
	for (int i = 0; i < n; i++) {
		rows[4 * i] = lk_int(v[i].ts);
		rows[4 * i + 1] = v[i].k ? lk_text(v[i].k, strlen(v[i].k)) : lk_null();
		rows[4 * i + 2] = lk_int(v[i].who);
		rows[4 * i + 3] = lk_int(v[i].n);
	}
	if (n)
		test_world_append(w, "visits", rows, n);
	free(rows);
}

static unsigned below(unsigned long *seed, unsigned n) { return (unsigned)(test_random(seed) % n); }

int test_visits_some(test_world *w, unsigned long *seed, int64_t *now) {
	static const int64_t steps[] = {
		0, 0, 1, TEST_GAP_US - 1, TEST_GAP_US, TEST_GAP_US + 1, TEST_GAP_US / 2, 1000000, 3000000, 2 * TEST_GAP_US - 1, 25000000,
		-TEST_GAP_US, 1 - TEST_GAP_US, -TEST_GAP_US - 1, -3000000, -30000000, -60000000,
	};
	static const char *const keys[] = {"a", "b", "a", NULL, ""};
	test_visit v[40];
	int n = 1 + (int)below(seed, 40);
	for (int i = 0; i < n; i++) {
		*now += steps[below(seed, sizeof steps / sizeof *steps)];
		v[i] = (test_visit){*now, keys[below(seed, 5)], below(seed, 5), below(seed, 10)};
		if (i && below(seed, 5) == 0)
			v[i].ts = v[below(seed, (unsigned)i)].ts + (below(seed, 2) ? -TEST_GAP_US : TEST_GAP_US) + (int64_t)below(seed, 3) - 1;
	}
	test_visits_append(w, v, n);
	return n;
}

int test_visits_seal(test_worker *t, int64_t copy, unsigned long *seed, lk_error *err) {
	lk_batch_report report;
	test_world *w = t->world;
	test_worker_catch_up(t);
	test_world_reload(w);
	const lk_seal_options o = {.compact_rows = 1 + below(seed, 30)};
	int rc = lk_seal_run(&w->pg, w->store, lk_catalog_copy(w->catalog, copy), &o, &report, err);
	if (rc == LK_OK && below(seed, 2) == 0)
		for (int part = 0; part < t->nunits; part++)
			test_worker_sweep(t, part);
	return rc;
}
