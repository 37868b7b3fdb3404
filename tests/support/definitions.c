#include "tests/support/definitions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/suggest.h"
#include "core/time.h"

const char test_hits_text[] =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, small smallint, status int, bytes bigint, big bigint, price numeric(12,2), "
	"rate numeric(5,4), r real, d double precision, ok boolean, other_ts timestamptz, \"actor.login\" text) "
	"WITH (event_time = ts, partition_by = ip, partitions = 4, watermark = '10 seconds')";

static lk_definitions base;

static const lk_stream *find(void *ctx, const char *name) {
	(void)ctx;
	return strcmp(name, "hits") == 0 ? base.items[0].stream : NULL;
}

static const char *suggest(void *ctx, const char *name) {
	(void)ctx;
	return lk_did_you_mean(name, (const char *const[]){"hits"}, 1);
}

/* Knows only the days of Europe/Berlin around the two clock changes of 2026, no other units or zones. */
static int calendar(void *ctx, lk_calendar *c, lk_arena *arena, const char **near) {
	enum { DAYS = 365, SPRING = 88, AUTUMN = 298 };   /* March 29 has 23 hours, October 25 has 25 */
	(void)ctx;
	*near = lk_did_you_mean(c->zone, (const char *const[]){"Europe/Berlin", "UTC"}, 2);
	bool berlin = strcmp(c->zone, "Europe/Berlin") == 0;
	if (!berlin && strcmp(c->zone, "UTC") != 0)
		return LK_EUSAGE;
	if (!berlin || strcmp(c->unit, "day") != 0)
		return LK_OK;
	/* 2025-12-31T23:00:00Z */
	int64_t *starts = lk_arena_alloc(arena, DAYS * sizeof *starts), at = INT64_C(1767222000);
	for (int i = 0; i < DAYS; i++) {
		starts[i] = at * LK_US_PER_S;
		at += i == SPRING - 1 ? 82800 : i == AUTUMN - 1 ? 90000 : 86400;
	}
	c->starts = starts;
	c->n = DAYS;
	c->version = 7;
	return LK_OK;
}

const lk_resolver *test_hits(void) {
	static const lk_resolver resolver = {.stream = find, .suggest = suggest, .calendar = calendar};
	if (!base.nitems)
		assert_int_equal(lk_sql_parse(test_hits_text, strlen(test_hits_text), NULL, &base), LK_OK);
	return &resolver;
}

void test_hits_release(void) { lk_definitions_release(&base); }

void test_define(const char *text, lk_definitions *out) {
	lk_buf shown = LK_BUF_INIT;
	int result = lk_sql_parse(text, strlen(text), test_hits(), out);
	for (int i = 0; i < out->nfaults; i++)
		lk_fault_print(&out->faults[i], "test.sql", text, strlen(text), &shown);
	if (out->nfaults)
		fail_msg("%s", shown.data);
	assert_int_equal(result, LK_OK);
	lk_buf_release(&shown);
}

const lk_plan *test_view(const char *text, lk_definitions *out) {
	test_define(text, out);
	assert_int_equal(out->nitems, 1);
	assert_int_equal(out->items[0].kind, LK_DEF_VIEW);
	return out->items[0].plan;
}
