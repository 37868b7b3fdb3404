#include "speed_layer/tiers.h"

#include <stdbool.h>

enum { RUN_LEAST = 8, RUN_MOST = 64, SHORT_PAYS = 32 };

typedef struct best {
	lk_run run;
	double cost;                 /* bytes per removed segment */
} best;

static bool is_cut(const int64_t *cuts, int ncuts, int64_t off) {
	for (int i = 0; i < ncuts; i++)
		if (cuts[i] == off)
			return true;
	return false;
}

/* End of the stretch that begins at `begin`: a cut, the open segment, or the end of the list. */
static int stretch_end(const lk_segment *s, int n, int begin, const int64_t *cuts, int ncuts) {
	int end = begin;
	while (end < n && !s[end].open && (end == begin || !is_cut(cuts, ncuts, s[end].from)))
		end++;
	return end;
}

static void try_run(best *b, int first, int n, int64_t bytes) {
	double cost = (double)bytes / (n - 1);
	if (b->run.n == 0 || cost < b->cost)
		*b = (best){{first, n}, cost};
}

/* The cheapest run of at least `least` segments; with must_double, among those whose largest has at most half the
 * bytes. */
static best cheapest(const lk_segment *s, int n, int least, bool must_double) {
	best b = {{0, 0}, 0};
	for (int i = 0; i < n; i++) {
		int64_t bytes = 0, largest = 0;
		for (int k = i; k < n && k < i + RUN_MOST; k++) {
			bytes += s[k].bytes;
			largest = s[k].bytes > largest ? s[k].bytes : largest;
			if (k - i + 1 >= least && (!must_double || bytes >= 2 * largest))
				try_run(&b, i, k - i + 1, bytes);
		}
	}
	return b;
}

/* Prefers long runs, since each compaction has a fixed price; takes a short one if it costs far less. */
static lk_run run_of_stretch(const lk_segment *s, int n) {
	if (n <= LK_SEGMENTS_MANY)
		return (lk_run){0, 0};
	best some = cheapest(s, n, 2, true), many = cheapest(s, n, RUN_LEAST, true);
	if (many.run.n > 0 && many.cost <= SHORT_PAYS * some.cost)
		return many.run;
	return some.run.n > 0 || n <= LK_SEGMENTS_MOST ? some.run : cheapest(s, n, 2, false).run;
}

lk_run lk_run_to_compact(const lk_segment *segments, int n, const int64_t *cuts, int ncuts) {
	lk_run run = {0, 0};
	for (int begin = 0, end; run.n == 0 && begin < n; begin = end > begin ? end : begin + 1) {
		end = stretch_end(segments, n, begin, cuts, ncuts);
		run = run_of_stretch(segments + begin, end - begin);
		run.first += begin;
	}
	return run;
}
