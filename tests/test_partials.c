/* Merging encoded partials gives the bytes that a map of cells gives, which decodes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aggregates/bag.h"
#include "core/key.h"
#include "partials/cells.h"
#include "partials/encoded.h"
#include "tests/support/random.h"
#include "tests/support/tiny_plan.h"

static const lk_type time_type = {.kind = LK_TIME}, text_type = {.kind = LK_TEXT}, double_type = {.kind = LK_FLOAT8};

enum { PARTS = 12 };

static void add_agg(tiny_plan *t, const char *name, bool distinct, lk_expr *arg) {
	lk_agg *a = &t->plan.aggs[t->plan.naggs++];
	const char *reason;
	*a = (lk_agg){.arg = arg, .arg_type = arg->type, .param = 0.5, .state_offset = t->plan.state_size};
	assert_int_equal(lk_aggregate_resolve(a, name, false, distinct, &reason), 0);
	t->plan.state_size += a->verbs->state_size;
}

/* Aggregates that are decoded stand between those that are not. */
static void make_plan(tiny_plan *t) {
	tiny_plan_init(t, (lk_type[]){time_type, text_type, double_type}, 3);
	add_agg(t, "count", true, tiny_slot(t, 1, text_type));
	add_agg(t, "max", false, tiny_slot(t, 1, text_type));
	add_agg(t, "top_k", false, tiny_slot(t, 1, text_type));
	add_agg(t, "sum", false, tiny_slot(t, 2, double_type));
	add_agg(t, "approx_percentile", false, tiny_slot(t, 2, double_type));
	add_agg(t, "approx_count_distinct", false, tiny_slot(t, 2, double_type));
	assert_int_equal(tiny_agg(t, "count", NULL), 0);
}

static void fold_row(const lk_cells *c, lk_cell *cell, lk_arena *arena, const lk_value *text, const lk_value *number) {
	lk_value one = lk_int(1);
	for (int i = 0; i < c->plan->naggs; i++) {
		const lk_agg *a = &c->plan->aggs[i];
		const lk_value *v = !a->arg ? &one : a->arg->slot == 1 ? text : number;
		if (!lk_is_null(v))
			a->verbs->fold((char *)lk_cell_state(c, cell) + a->state_offset, a, v, &(lk_place){0}, arena);
	}
}

/* A cell of some random rows, encoded. */
static void random_partial(uint64_t *s, const lk_plan *p, const lk_buf *field, int rows, lk_buf *out) {
	lk_cells c;
	lk_arena texts = {0};
	lk_cells_init(&c, p);
	lk_cell *cell = lk_cells_at(&c, field->data, field->len);
	for (int i = 0; i < rows; i++) {
		lk_value text = random_value(s, text_type, &texts), number = random_value(s, double_type, &texts);
		fold_row(&c, cell, &c.arena, &text, &number);
	}
	lk_cell_encode(&c, cell, out);
	lk_arena_release(&texts);
	lk_cells_release(&c);
}

static void same_bytes(const lk_buf *have, const lk_buf *want) {
	assert_int_equal(have->len, want->len);
	assert_memory_equal(have->data, want->data, want->len);
}

static lk_unread whole(const lk_buf *b) { return (lk_unread){(uint8_t *)b->data, (uint8_t *)b->data + b->len}; }

/* I10: parts of random sizes, piled up in their order, give what a cell gives that all of them were merged into. */
static void piled_up_is_merged_in_a_cell(void **state) {
	(void)state;
	uint64_t s = random_seed();
	tiny_plan t;
	lk_partials m;
	lk_cells c;
	lk_buf field = LK_BUF_INIT, part = LK_BUF_INIT, want = LK_BUF_INIT, have = LK_BUF_INIT;
	make_plan(&t);
	lk_partials_init(&m, &t.plan);
	lk_cells_init(&c, &t.plan);
	lk_pane_put(&field, 60);
	for (int round = 0; round < 50; round++) {
		lk_partial_pile pile = {0};
		lk_cells_clear(&c);
		for (int i = random_below(&s, PARTS); i >= 0; i--) {
			lk_buf_clear(&part);
			random_partial(&s, &t.plan, &field, random_below(&s, random_below(&s, 2) ? 5 : 200), &part);
			assert_int_equal(lk_cells_merge(&c, field.data, field.len, part.data, part.len), 0);
			assert_int_equal(lk_pile_add(&m, &pile, part.data, part.len), 0);
		}
		lk_buf_clear(&want);
		lk_buf_clear(&have);
		lk_cell_encode(&c, c.first, &want);
		assert_int_equal(lk_pile_merge(&m, &pile, &have), 0);
		same_bytes(&have, &want);
		lk_pile_release(&pile);
	}
	lk_buf_release(&field);
	lk_buf_release(&part);
	lk_buf_release(&want);
	lk_buf_release(&have);
	lk_cells_release(&c);
	lk_partials_release(&m);
	tiny_plan_release(&t);
}

/* Cut short, lengthened or changed at random: refused, and `out` is as it was, or merged like in a cell. */
static void malformed_partials_are_refused(void **state) {
	(void)state;
	uint64_t s = random_seed();
	tiny_plan t;
	lk_partials m;
	lk_cells c;
	lk_buf field = LK_BUF_INIT, x = LK_BUF_INIT, y = LK_BUF_INIT, out = LK_BUF_INIT, want = LK_BUF_INIT;
	make_plan(&t);
	lk_partials_init(&m, &t.plan);
	lk_cells_init(&c, &t.plan);
	lk_pane_put(&field, 60);
	random_partial(&s, &t.plan, &field, 20, &x);
	random_partial(&s, &t.plan, &field, 20, &y);
	lk_buf_adds(&out, "kept");
	for (size_t cut = 0; cut < y.len; cut++) {
		lk_unread part = {(uint8_t *)y.data, (uint8_t *)y.data + cut};
		assert_int_equal(lk_partials_merge(&m, whole(&x), part, &out), -1);
		assert_int_equal(lk_partials_merge(&m, part, whole(&x), &out), -1);
		assert_int_equal(out.len, 4);
	}
	lk_buf_addc(&y, 0);
	assert_int_equal(lk_partials_merge(&m, whole(&x), whole(&y), &out), -1);
	y.len--;
	for (int i = 0; i < 4000; i++) {
		size_t at = (size_t)random_below(&s, (int)y.len);
		char kept = y.data[at];
		y.data[at] = (char)random_next(&s);
		lk_cells_clear(&c);
		int in_cell = lk_cells_merge(&c, field.data, field.len, y.data, y.len);
		assert_int_equal(lk_cells_merge(&c, field.data, field.len, x.data, x.len), 0);
		out.len = 4;
		assert_int_equal(lk_partials_merge(&m, whole(&y), whole(&x), &out), in_cell);
		if (in_cell == 0) {
			lk_buf_clear(&want);
			lk_buf_adds(&want, "kept");
			lk_cell_encode(&c, c.first, &want);
			same_bytes(&out, &want);
		}
		y.data[at] = kept;
	}
	lk_buf_release(&field);
	lk_buf_release(&x);
	lk_buf_release(&y);
	lk_buf_release(&out);
	lk_buf_release(&want);
	lk_cells_release(&c);
	lk_partials_release(&m);
	tiny_plan_release(&t);
}

/* --- the limits of sets --- */

/* Adds the texts of `len` bytes, at least 7, that begin with the numbers from `first` on. */
static void fill(lk_bag *b, lk_arena *arena, int first, int n, size_t len) {
	char *text = lk_calloc(1, len), number[16];
	for (int i = first; i < first + n; i++) {
		snprintf(number, sizeof number, "%07d", i);
		memcpy(text, number, 7);
		lk_bag_add(b, text, len, i % 3 + 1, arena);
	}
	free(text);
}

/* Merges both ways, decoded and encoded; returns whether the union is overfull. */
static bool unite(const lk_bag *x, const lk_bag *y, bool counts) {
	lk_arena arena = {0};
	lk_bag both = {0};
	lk_buf a = LK_BUF_INIT, b = LK_BUF_INIT, want = LK_BUF_INIT, have = LK_BUF_INIT;
	lk_bag_encode(x, counts, &a);
	lk_bag_encode(y, counts, &b);
	lk_bag_merge(&both, x, &arena);
	lk_bag_merge(&both, y, &arena);
	lk_bag_encode(&both, counts, &want);
	lk_unread in_a = whole(&a), in_b = whole(&b);
	assert_int_equal(lk_bag_merge_encoded(counts, &in_a, &in_b, &have), 0);
	assert_true(in_a.at == in_a.end && in_b.at == in_b.end);
	same_bytes(&have, &want);
	lk_buf_release(&a);
	lk_buf_release(&b);
	lk_buf_release(&want);
	lk_buf_release(&have);
	lk_arena_release(&arena);
	return both.over;
}

/* R18: one value more than the limit in a union, and one byte more, empty it, as they do when it is decoded. */
static void unions_are_overfull_at_the_same_size(void **state) {
	(void)state;
	enum { LARGE = 1 << 16, MOST = LK_BAG_MAX_BYTES / LARGE };
	lk_arena arena = {0};
	lk_bag few = {0}, over = {0}, one = {0};
	fill(&few, &arena, 0, MOST, LARGE);
	assert_false(unite(&few, &few, true));
	fill(&one, &arena, MOST, 1, 7);
	assert_true(unite(&few, &one, true));
	assert_true(unite(&one, &few, true));
	over.over = true;
	assert_true(unite(&over, &one, true));
	assert_true(unite(&one, &over, false));
	assert_false(unite(&(lk_bag){0}, &(lk_bag){0}, true));
	lk_arena_release(&arena);
}

/* Merges the set of n values from `first` on into an encoded set. */
static void merge_into(lk_buf *set, int first, int n) {
	lk_arena arena = {0};
	lk_bag more = {0};
	lk_buf b = LK_BUF_INIT, out = LK_BUF_INIT;
	fill(&more, &arena, first, n, 7);
	lk_bag_encode(&more, false, &b);
	lk_unread x = whole(set), y = whole(&b);
	assert_int_equal(lk_bag_merge_encoded(false, &x, &y, &out), 0);
	assert_true(x.at == x.end && y.at == y.end);
	lk_buf_release(set);
	lk_buf_release(&b);
	lk_arena_release(&arena);
	*set = out;
}

/* R18: a million values are one set, also with one of them again, and no longer with another one. */
static void a_full_set_takes_what_it_has(void **state) {
	(void)state;
	enum { STEP = LK_BAG_MAX_ITEMS / 20 };
	lk_buf set = LK_BUF_INIT, full = LK_BUF_INIT;
	lk_bag_encode(&(lk_bag){0}, false, &set);
	for (int i = 0; i < LK_BAG_MAX_ITEMS; i += STEP)
		merge_into(&set, i, STEP);
	lk_buf_add(&full, set.data, set.len);
	merge_into(&set, LK_BAG_MAX_ITEMS / 3, 1);
	same_bytes(&set, &full);
	merge_into(&set, LK_BAG_MAX_ITEMS, 1);
	assert_int_equal(set.len, 1);
	assert_int_equal(set.data[0], 0);
	lk_buf_release(&set);
	lk_buf_release(&full);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(piled_up_is_merged_in_a_cell),
		cmocka_unit_test(malformed_partials_are_refused),
		cmocka_unit_test(unions_are_overfull_at_the_same_size),
		cmocka_unit_test(a_full_set_takes_what_it_has),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
