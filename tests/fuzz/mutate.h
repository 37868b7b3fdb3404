/* Inputs for fuzz targets without libFuzzer: the seeds of tests/fuzz/seeds, damaged and put together at random. Every
 * input follows from one number. */
#ifndef LK_TESTS_FUZZ_MUTATE_H
#define LK_TESTS_FUZZ_MUTATE_H

#include "core/buf.h"

typedef struct fuzz_seeds {
	lk_buf *items;
	int n;
} fuzz_seeds;

/* The files of a folder, in the order of their names. */
void fuzz_seeds_load(fuzz_seeds *s, const char *folder);
void fuzz_seeds_release(fuzz_seeds *s);

/* Replaces `out`. */
void fuzz_mutate(const fuzz_seeds *s, uint64_t number, lk_buf *out);

#endif
