/* Which segments are compacted: only the choice, by bytes, over thousands of closed segments. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/buf.h"
#include "speed_layer/tiers.h"
#include "tests/support/random.h"

enum { CLOSINGS = 6000, MOST = 2 * LK_SEGMENTS_MOST };
#define SMALL 1000
#define GIANT INT64_C(100000000)

typedef struct history {
	lk_segment s[MOST];
	int n, most;                 /* segments now; the most that a reader has seen */
	int64_t end, bytes, least;   /* of the log; bytes of all closed segments; of the smallest one */
	int64_t rewritten;
	int compactions, of_giants;
} history;

/* A segment closes. */
static void closes(history *h, int64_t bytes) {
	assert_true(h->n < MOST);
	h->s[h->n++] = (lk_segment){.from = h->end, .to = h->end + 1, .cells = 1, .bytes = bytes};
	h->end++;
	h->bytes += bytes;
	h->least = h->least == 0 || bytes < h->least ? bytes : h->least;
	h->most = h->n > h->most ? h->n : h->most;
}

static bool compact(history *h, const int64_t *cuts, int ncuts) {
	lk_run r = lk_run_to_compact(h->s, h->n, cuts, ncuts);
	if (r.n == 0)
		return false;
	assert_true(r.n >= 2 && r.first >= 0 && r.first + r.n <= h->n);
	int64_t bytes = 0, largest = 0;
	for (int i = r.first; i < r.first + r.n; i++) {
		assert_false(h->s[i].open);
		bytes += h->s[i].bytes;
		largest = h->s[i].bytes > largest ? h->s[i].bytes : largest;
	}
	h->of_giants += largest >= GIANT && bytes < 2 * largest;
	h->s[r.first].to = h->s[r.first + r.n - 1].to;
	h->s[r.first].bytes = bytes;
	memmove(h->s + r.first + 1, h->s + r.first + r.n, (size_t)(h->n - r.first - r.n) * sizeof *h->s);
	h->n -= r.n - 1;
	h->rewritten += bytes;
	h->compactions++;
	return true;
}

typedef int64_t (*sizes)(int i, uint64_t *seed);

static int64_t equal(int i, uint64_t *seed) { (void)i, (void)seed; return SMALL; }
static int64_t nothing(int i, uint64_t *seed) { (void)i, (void)seed; return 0; }
static int64_t uniform(int i, uint64_t *seed) { (void)i; return 1 + (int64_t)(random_next(seed) % 10000); }
static int64_t scales(int i, uint64_t *seed) { (void)i; return INT64_C(100) << random_next(seed) % 20; }
static int64_t some_giants(int i, uint64_t *seed) { (void)i; return random_next(seed) % 50 ? SMALL : GIANT; }
static int64_t every_other(int i, uint64_t *seed) { (void)seed; return i % 2 ? GIANT : SMALL; }
static int64_t first_giant(int i, uint64_t *seed) { (void)seed; return i == 0 ? GIANT : SMALL; }
static int64_t shrinking(int i, uint64_t *seed) { (void)seed; return 1 + GIANT / (i + 1); }
static int64_t growing(int i, uint64_t *seed) { (void)seed; return 100 * (int64_t)(i + 1); }

static history play(sizes of, uint64_t seed) {
	history h = {0};
	for (int i = 0; i < CLOSINGS; i++) {
		closes(&h, of(i, &seed));
		compact(&h, NULL, 0);    /* one a sweep */
	}
	return h;
}

/* Readers see few segments, and every byte is rewritten as often as its segment can double. */
static void segments_stay_few_and_rewriting_n_log_n(void **state) {
	(void)state;
	uint64_t seed = random_seed();
	const sizes all[] = {equal, nothing, uniform, scales, some_giants, every_other, first_giant, shrinking, growing};
	for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
		history h = play(all[k], seed);
		int64_t least = h.least > 0 ? h.least : 1;
		double doublings = log2((double)h.bytes / (double)least + 1);
		print_message("sizes %zu: %d segments at most, %d compactions, %.2f times the bytes\n", k, h.most, h.compactions,
		              (double)h.rewritten / (double)(h.bytes ? h.bytes : 1));
		assert_in_range(h.most, 2, LK_SEGMENTS_MOST);
		assert_true((double)h.rewritten <= (double)h.bytes * doublings);
		assert_true(h.rewritten <= 8 * h.bytes);
		assert_true(h.compactions <= CLOSINGS / 2);
		assert_int_equal(h.of_giants, 0);
	}
}

/* A giant among small segments is never rewritten because of them, also if every run of eight contains it. */
static void a_giant_waits_for_segments_of_its_size(void **state) {
	(void)state;
	history h = {0};
	for (int i = 0; i < 7; i++)
		closes(&h, SMALL);
	closes(&h, GIANT);
	for (int i = 0; i < 7; i++)
		closes(&h, SMALL);
	closes(&h, GIANT);
	closes(&h, SMALL);
	assert_int_equal(h.n, LK_SEGMENTS_MANY + 1);
	assert_true(compact(&h, NULL, 0));
	assert_true(h.rewritten <= 7 * SMALL);
	for (int i = 0; i < 3000; i++) {
		closes(&h, SMALL);
		compact(&h, NULL, 0);
	}
	assert_true(h.rewritten < GIANT);
	int giants = 0;
	for (int i = 0; i < h.n; i++)
		giants += h.s[i].bytes == GIANT;
	assert_int_equal(giants, 2);
}

/* If no run doubles, there may be as many segments as LK_SEGMENTS_MOST, and no more. */
static void sizes_that_fit_nowhere_end_at_a_bound(void **state) {
	(void)state;
	history h = {0};
	for (int i = 1; i <= CLOSINGS; i++) {
		int64_t bytes = 1;
		for (int k = i; k % 2 == 0; k /= 2)
			bytes *= 3;
		closes(&h, bytes);
		compact(&h, NULL, 0);
	}
	print_message("%d segments at most, %.2f times the bytes\n", h.most, (double)h.rewritten / (double)h.bytes);
	assert_in_range(h.most, LK_SEGMENTS_MANY, LK_SEGMENTS_MOST + 1);
	assert_true(h.rewritten <= 8 * h.bytes);
}

/* P7 */
static void no_run_crosses_a_cut_or_takes_the_open_segment(void **state) {
	(void)state;
	uint64_t seed = random_seed();
	for (int round = 0; round < 300; round++) {
		history h = {0};
		int64_t cuts[3];
		int n = 20 + (int)(random_next(&seed) % 60);
		for (int i = 0; i < n; i++)
			closes(&h, scales(i, &seed));
		h.s[h.n - 1].open = random_next(&seed) % 2;
		for (int i = 0; i < 3; i++)
			cuts[i] = (int64_t)(random_next(&seed) % (unsigned)n);
		while (compact(&h, cuts, 3))
			;
		for (int i = 0; i < 3; i++) {
			bool ends = cuts[i] == 0;
			for (int k = 0; k < h.n; k++)
				ends |= h.s[k].from == cuts[i];
			assert_true(ends);
		}
	}
}

static void few_segments_are_left_alone(void **state) {
	(void)state;
	history h = {0};
	assert_false(compact(&h, NULL, 0));
	for (int i = 0; i < LK_SEGMENTS_MANY; i++)
		closes(&h, SMALL);
	assert_false(compact(&h, NULL, 0));
	closes(&h, SMALL);
	h.s[h.n - 1].open = true;
	assert_false(compact(&h, NULL, 0));   /* the open one does not count */
	h.s[h.n - 1].open = false;
	assert_true(compact(&h, NULL, 0));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_stay_few_and_rewriting_n_log_n),
		cmocka_unit_test(a_giant_waits_for_segments_of_its_size),
		cmocka_unit_test(sizes_that_fit_nowhere_end_at_a_bound),
		cmocka_unit_test(no_run_crosses_a_cut_or_takes_the_open_segment),
		cmocka_unit_test(few_segments_are_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
