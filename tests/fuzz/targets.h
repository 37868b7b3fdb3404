/* Fuzz targets: each takes any bytes, and aborts if what reads them does not keep its word. libFuzzer drives them
 * (libfuzzer.c), or, without clang, tests/test_fuzz.c. One thread at a time. */
#ifndef LK_TESTS_FUZZ_TARGETS_H
#define LK_TESTS_FUZZ_TARGETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef void fuzz_run(const uint8_t *data, size_t len);

fuzz_run fuzz_definitions;   /* a definition file */
fuzz_run fuzz_json;          /* a text of JSON events */
fuzz_run fuzz_csv;           /* a header line, then records */
fuzz_run fuzz_log_lines;     /* a log format, or an empty line, then lines */
fuzz_run fuzz_cells;         /* two bytes of length, a field, a partial */
fuzz_run fuzz_times;         /* a text of a time, an interval, a number, … */
fuzz_run fuzz_requests;      /* a path with its query, then headers of HTTP, each on a line */

typedef struct fuzz_target {
	const char *name;
	fuzz_run *run;
	int inputs;              /* made in `make check`: some seconds under AddressSanitizer */
} fuzz_target;

extern const fuzz_target fuzz_targets[];   /* ends with one without a name */

const fuzz_target *fuzz_find(const char *name);   /* or NULL */

#define FUZZ_CHECK(kept) \
	do { \
		if (!(kept)) { \
			fprintf(stderr, "%s:%d: not kept: %s\n", __FILE__, __LINE__, #kept); \
			abort(); \
		} \
	} while (0)

#endif
