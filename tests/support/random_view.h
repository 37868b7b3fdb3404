/* Random definitions and events for tests that compare lk with PostgreSQL. All follow from the seed. */
#ifndef LK_TESTS_SUPPORT_RANDOM_VIEW_H
#define LK_TESTS_SUPPORT_RANDOM_VIEW_H

#include "plan/plan.h"

/* "CREATE TABLE name (…) WITH (…)" with a column of every type; ts is the event time. */
void test_random_stream(unsigned long *seed, const char *name, lk_buf *out);

/* The window of a view: a call of the definition language, with whole seconds. cumulate's slide is its step. */
typedef struct test_window_shape {
	const char *name;        /* "tumble", "hop", "cumulate", "session", "week" or "month" of a time zone; NULL: no window */
	int slide_s, size_s, offset_s;   /* session: the gap, twice */
	int pane_s;              /* 0: a query cannot choose other windows */
	bool by_at;              /* over _at, not the event time */
} test_window_shape;
void test_window_call(const test_window_shape *w, lk_buf *out);
/* A window that a query may choose by --window and --slide, for a view with window `of`. */
test_window_shape test_window_asked(const test_window_shape *of, unsigned long *seed);

typedef struct test_view_shape {
	test_window_shape window;
	bool lateness;
} test_view_shape;

/* "CREATE VIEW name … FROM stream …". window NULL: random, or none; else this one. The same seed gives the same view
 * but for the window. */
void test_random_view(unsigned long *seed, const char *name, const char *stream, const test_window_shape *window, lk_buf *out,
                      test_view_shape *shape);

/* n rows of the stream's columns, around `base_us`; the arena owns the texts. Keys are few and skewed, times are out of
 * order and sometimes far away, extremes and NULLs are common. extreme: also values with which arithmetic overflows. */
lk_value *test_random_rows(unsigned long *seed, int n, int64_t base_us, bool extreme, lk_arena *arena);
/* Gives some of them a number of thirty or 38 digits in the column of type numeric(38,10). */
void test_long_numbers(unsigned long *seed, lk_value *rows, int n);
enum { TEST_RANDOM_COLUMNS = 17 };

#endif
