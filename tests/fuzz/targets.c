#include "tests/fuzz/targets.h"

#include <string.h>

const fuzz_target fuzz_targets[] = {
	{"definitions", fuzz_definitions, 2500}, {"json", fuzz_json, 15000},   {"csv", fuzz_csv, 15000},
	{"log_lines", fuzz_log_lines, 15000},    {"cells", fuzz_cells, 10000}, {"times", fuzz_times, 40000},
	{"requests", fuzz_requests, 15000},
	{NULL, NULL, 0},
};

const fuzz_target *fuzz_find(const char *name) {
	for (const fuzz_target *t = fuzz_targets; t->name; t++)
		if (strcmp(t->name, name) == 0)
			return t;
	return NULL;
}
