#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct bench_case {
	const char *name;
	void (*run)(bench *b);
} cases[] = {
	{"drain", bench_drain}, {"filter", bench_filter}, {"flat-map", bench_flat_map}, {"derived", bench_derived},
	{"moving", bench_moving}, {"ingest", bench_ingest}, {"batch", bench_batch}, {"query", bench_query}, {"serve", bench_serve},
	{"latency", bench_latency}, {"replay", bench_replay}, {"modes", bench_modes}, {"windows", bench_windows},
};

static void find_psql(void) {
	char dir[1024];
	FILE *p = popen("pg_config --bindir", "r");
	bool found = p && fgets(dir, sizeof dir, p);
	if (p)
		pclose(p);
	char *path = found ? lk_asprintf("%.*s/psql", (int)strcspn(dir, "\n"), dir) : lk_strdup("psql");
	setenv("psql", path, 1);
	free(path);
}

static bool wanted(const char *name, int argc, char **argv) {
	if (argc < 2)
		return true;
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return false;
}

int main(int argc, char **argv) {
	bench b = {0};
	b.data = getenv("LK_TEST_DATA") ? getenv("LK_TEST_DATA") : "../shared/data";
	find_psql();
	test_servers_start(&b.servers);
	setenv("LK_POSTGRES", b.servers.at.postgres, 1);
	setenv("LK_REDIS", b.servers.at.redis, 1);
	lk_error err = {0};
	if (lk_pg_open(&b.pg, b.servers.at.postgres, "lk bench", &err) != LK_OK) {
		fprintf(stderr, "bench: %s\n", err.text);
		test_servers_stop(&b.servers);
		return 1;
	}
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (wanted(cases[i].name, argc, argv)) {
			test_servers_clear(&b.servers);
			cases[i].run(&b);
		}
	lk_pg_close(&b.pg);
	test_servers_stop(&b.servers);
	printf("\n%s\n", b.failed ? "some goals were missed" : "all goals met");
	return b.failed != 0;
}
