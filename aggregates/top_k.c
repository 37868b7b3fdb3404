/* top_k(x, k): the k most common values with their counts, most common first; of equal counts, the smaller value first.
 * Exact: the partial is every value with its count, up to the limit of aggregates/bag.h; beyond it an answer is refused
 * (R19).
 *
 * (Space-Saving needs less room, but its counters depend on the order of events and on the bounds of segments, so two
 * layers would not show the same list.) The result is JSON: [{"value":"/","count":12},…]. */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "aggregates/bag.h"
#include "aggregates/private.h"
#include "core/key.h"

enum { MOST = 1000 };

static int resolve(lk_type arg, lk_type *result, const char **reason) {
	*result = (lk_type){.kind = LK_JSON};
	return lk_agg_counts_values(arg, reason);
}

static const char *param_fault(double k) { return k >= 1 && k <= MOST && k == floor(k) ? NULL : "write a whole number from 1 to 1000"; }

/* An item that comes earlier in the list ranks higher; the heap's root is the lowest item so far. */
static int rank(const lk_bag_item *a, const lk_bag_item *b) {
	if (a->count != b->count)
		return a->count > b->count ? 1 : -1;
	return lk_bag_item_order(b, a);
}

static int by_rank(const void *a, const void *b) {
	return rank(*(const lk_bag_item *const *)b, *(const lk_bag_item *const *)a);
}

static void sink(const lk_bag_item **heap, size_t n, size_t i) {
	for (size_t least; (least = 2 * i + 1) < n; i = least) {
		if (least + 1 < n && rank(heap[least + 1], heap[least]) < 0)
			least++;
		if (rank(heap[i], heap[least]) <= 0)
			break;
		const lk_bag_item *item = heap[i];
		heap[i] = heap[least];
		heap[least] = item;
	}
}

static size_t pick(const lk_bag *b, size_t k, const lk_bag_item **heap) {
	size_t n = 0;
	for (uint32_t s = 0; s < b->nslots; s++) {
		if (!b->slots[s])
			continue;
		if (n < k) {
			heap[n++] = b->slots[s];
			for (size_t i = n / 2; n == k && i-- > 0;)
				sink(heap, n, i);
		} else if (rank(b->slots[s], heap[0]) > 0) {
			heap[0] = b->slots[s];
			sink(heap, n, 0);
		}
	}
	qsort(heap, n, sizeof *heap, by_rank);
	return n;
}

/* The text of the thread's last value: what finish gives is borrowed until the thread's next one. The key is made when the
 * program starts, so that there is one. */
static pthread_key_t shown;
__attribute__((constructor)) static void make_key(void) { pthread_key_create(&shown, free); }

static char *show(lk_buf *text) {
	free(pthread_getspecific(shown));
	char *s = lk_buf_steal(text);
	pthread_setspecific(shown, s);
	return s;
}

static void finish(const void *state, const lk_agg *a, lk_value *out) {
	const lk_bag *b = state;
	const lk_bag_item *heap[MOST];
	lk_buf json = LK_BUF_INIT;
	*out = b->over ? (lk_value){.state = LK_MARKED} : lk_null();
	if (!b->n)
		return;
	for (size_t i = 0, n = pick(b, (size_t)a->param, heap); i < n; i++) {
		const uint8_t *p = heap[i]->bytes;
		lk_value v;
		if (lk_key_get(a->arg_type, &p, p + heap[i]->len, &v) != 0)
			v = lk_null();
		lk_buf_adds(&json, i ? ",{\"value\":" : "[{\"value\":");
		lk_value_json(a->arg_type, &v, &json);
		lk_buf_addf(&json, ",\"count\":%lld}", (long long)heap[i]->count);
	}
	lk_buf_addc(&json, ']');
	size_t len = json.len;
	*out = lk_text(show(&json), len);
}

const lk_aggregate lk_agg_top_k = {
	LK_PARTIAL_OF_BAG, .name = "top_k", .oracle = LK_ORACLE_ARRAY, .param = "k", .param_fault = param_fault,
	.resolve = resolve, .fold = lk_agg_bag_fold, .finish = finish,
};
