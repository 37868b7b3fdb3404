/* A stream built without SQL: columns in the form "name type"; a dotted name is a path. */
#ifndef LK_TESTS_SUPPORT_STREAMS_H
#define LK_TESTS_SUPPORT_STREAMS_H

#include "plan/plan.h"

/* types: int2 int4 int8 text time bool float4 float8 num<scale> (precision 18). The first column is the event time, the
 * second the partition column. Lives in the arena. */
lk_stream *test_stream(lk_arena *arena, const char *name, const char *const *columns, int ncolumns);

#endif
