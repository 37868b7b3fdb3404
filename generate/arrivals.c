#include "generate/arrivals.h"

#include <stdbool.h>
#include <stdlib.h>

/* A line that has not arrived. Of two at one time, the one that was sent first arrives first. */
typedef struct lk_underway {
	int64_t arrives_us;
	uint64_t number;
	char *line;
	size_t len;
} underway;

static uint64_t of_53_bits(double share) {
	return share <= 0 ? 0 : (uint64_t)((share < 1 ? share : 1) * 9007199254740992.0);
}

void lk_arrivals_init(lk_arrivals *d, const lk_disorder *o, uint64_t seed) {
	*d = (lk_arrivals){.disorder = *o, .random = {lk_mix(seed)}};
	d->late_below = of_53_bits(o->late);
	d->twice_below = of_53_bits(o->duplicates);
}

void lk_arrivals_release(lk_arrivals *d) {
	while (d->n > 0)
		free(d->heap[--d->n].line);
	free(d->heap);
}

static bool before(const underway *a, const underway *b) {
	return a->arrives_us != b->arrives_us ? a->arrives_us < b->arrives_us : a->number < b->number;
}

static void exchange(underway *a, underway *b) {
	underway x = *a;
	*a = *b;
	*b = x;
}

static void hold(lk_arrivals *d, int64_t arrives_us, const lk_buf *line) {
	if (d->n == d->cap) {
		d->cap = d->cap ? 2 * d->cap : 64;
		d->heap = lk_realloc(d->heap, d->cap * sizeof *d->heap);
	}
	d->heap[d->n] = (underway){arrives_us, d->sent++, lk_strndup(line->data, line->len), line->len};
	for (size_t i = d->n++; i > 0 && before(&d->heap[i], &d->heap[(i - 1) / 2]); i = (i - 1) / 2)
		exchange(&d->heap[i], &d->heap[(i - 1) / 2]);
}

static void arrive(lk_arrivals *d, lk_buf *out) {
	lk_buf_add(out, d->heap[0].line, d->heap[0].len);
	free(d->heap[0].line);
	d->heap[0] = d->heap[--d->n];
	for (size_t i = 0;;) {
		size_t least = 2 * i + 1;
		if (least >= d->n)
			break;
		if (least + 1 < d->n && before(&d->heap[least + 1], &d->heap[least]))
			least++;
		if (!before(&d->heap[least], &d->heap[i]))
			break;
		exchange(&d->heap[i], &d->heap[least]);
		i = least;
	}
}

static int64_t delay(lk_arrivals *d) {
	const lk_disorder *o = &d->disorder;
	if (d->late_below && lk_random_next(&d->random) >> 11 < d->late_below)
		return lk_random_from(&d->random, o->late_least_us, o->late_most_us);
	return o->jitter_us > 0 ? lk_random_from(&d->random, 0, o->jitter_us) : 0;
}

void lk_arrivals_send(lk_arrivals *d, int64_t at_us, const lk_buf *line, lk_buf *out) {
	int64_t later = delay(d), again = -1;
	if (d->twice_below && lk_random_next(&d->random) >> 11 < d->twice_below)
		again = lk_random_from(&d->random, 0, d->disorder.again_us);
	while (d->n > 0 && d->heap[0].arrives_us <= at_us)
		arrive(d, out);
	if (line->len == 0)
		return;
	if (later > 0)
		hold(d, at_us + later, line);
	else
		lk_buf_add(out, line->data, line->len);
	if (again >= 0)
		hold(d, at_us + later + again, line);
}

void lk_arrivals_end(lk_arrivals *d, lk_buf *out) {
	while (d->n > 0)
		arrive(d, out);
}
