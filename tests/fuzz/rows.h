/* A stream of every type for the scanners' targets, and what holds for each row that a scanner gives. */
#ifndef LK_TESTS_FUZZ_ROWS_H
#define LK_TESTS_FUZZ_ROWS_H

#include "tests/fuzz/targets.h"
#include "tests/support/streams.h"

enum { FUZZ_COLUMNS = 13 };

typedef struct fuzz_rows {
	lk_arena memory, texts;
	lk_stream *stream;
	lk_value row[FUZZ_COLUMNS];
	lk_misfit why;
} fuzz_rows;

fuzz_rows *fuzz_rows_shared(void);   /* one for all calls */
/* After a scan that returned rc: a refusal has a reason, a row has only texts that PostgreSQL takes. */
void fuzz_rows_check(const fuzz_rows *r, int rc);

#endif
