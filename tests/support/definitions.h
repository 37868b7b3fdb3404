/* Definitions for tests that need no server: a stream with every type, and parsing against it. */
#ifndef LK_TESTS_SUPPORT_DEFINITIONS_H
#define LK_TESTS_SUPPORT_DEFINITIONS_H

#include "sql/sql.h"

/* Columns: ts, other_ts timestamptz; ip, path, "actor.login" text; small smallint; status int; bytes, big bigint;
 * price numeric(12,2), rate numeric(5,4); r real; d double precision; ok boolean. */
extern const char test_hits_text[];

/* Knows the stream "hits" of test_hits_text. Call test_hits_release() at the end. */
const lk_resolver *test_hits(void);
void test_hits_release(void);

/* Parses; fails the test with the faults if there are any. */
void test_define(const char *text, lk_definitions *out);
/* The plan of the one view in text. */
const lk_plan *test_view(const char *text, lk_definitions *out);

#endif
