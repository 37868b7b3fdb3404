/* The map of cells and the partial codec. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aggregates/private.h"
#include "core/key.h"
#include "partials/cells.h"
#include "tests/support/random.h"
#include "tests/support/tiny_plan.h"

static const lk_type time_type = {.kind = LK_TIME}, text_type = {.kind = LK_TEXT}, int_type = {.kind = LK_INT4};

/* by minute and text: count(*), sum(n), min(text), max(text), avg(n) */
static void make_plan(tiny_plan *t) {
	tiny_plan_init(t, (lk_type[]){time_type, text_type, int_type}, 3);
	tiny_key(t, tiny_slot(t, 1, text_type));
	assert_int_equal(tiny_agg(t, "count", NULL), 0);
	assert_int_equal(tiny_agg(t, "sum", tiny_slot(t, 2, int_type)), 0);
	assert_int_equal(tiny_agg(t, "min", tiny_slot(t, 1, text_type)), 0);
	assert_int_equal(tiny_agg(t, "max", tiny_slot(t, 1, text_type)), 0);
	assert_int_equal(tiny_agg(t, "avg", tiny_slot(t, 2, int_type)), 0);
}

static void put_field(lk_buf *b, int64_t pane, const char *key, size_t len) {
	lk_value v = lk_text(key, len);
	lk_buf_clear(b);
	lk_pane_put(b, pane);
	lk_key_put(b, text_type, &v);
}

static void fold_into(lk_cells *c, lk_cell *cell, const lk_value *text, const lk_value *n) {
	lk_value one = lk_int(1);
	for (int i = 0; i < c->plan->naggs; i++) {
		const lk_agg *a = &c->plan->aggs[i];
		const lk_value *v = !a->arg ? &one : a->arg->slot == 1 ? text : n;
		if (!lk_is_null(v))
			a->verbs->fold((char *)lk_cell_state(c, cell) + a->state_offset, a, v, NULL, &c->arena);
	}
	lk_cells_mark(c, cell);
}

static void finds_what_it_made(void **state) {
	(void)state;
	enum { KEYS = 50000 };
	tiny_plan t;
	lk_cells c;
	lk_buf b = LK_BUF_INIT;
	char key[32];
	make_plan(&t);
	lk_cells_init(&c, &t.plan);
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < KEYS; i++) {
			put_field(&b, i % 7 * 60, key, (size_t)snprintf(key, sizeof key, "key-%d", i));
			if (!pass)
				assert_null(lk_cells_find(&c, b.data, b.len));
			lk_cell *cell = lk_cells_at(&c, b.data, b.len);
			assert_ptr_equal(lk_cells_find(&c, b.data, b.len), cell);
			assert_int_equal(cell->field_len, b.len);
			assert_memory_equal(lk_cell_field(&c, cell), b.data, b.len);
			assert_int_equal((uintptr_t)lk_cell_state(&c, cell) % 16, 0);
		}
		assert_int_equal(c.ncells, KEYS);
	}
	assert_int_equal(c.min_pane, 0);
	assert_int_equal(c.max_pane, 360);
	size_t full = lk_cells_bytes(&c);
	assert_true(full > (size_t)KEYS * t.plan.state_size);
	lk_cells_clear(&c);
	assert_int_equal(c.ncells, 0);
	assert_true(lk_cells_bytes(&c) < 1024 * 1024);
	assert_null(lk_cells_find(&c, b.data, b.len));
	put_field(&b, -60, "x", 1);
	lk_cells_at(&c, b.data, b.len);
	assert_true(c.ncells == 1 && c.min_pane == -60 && c.max_pane == -60);
	lk_buf_release(&b);
	lk_cells_release(&c);
	tiny_plan_release(&t);
}

static void changes_are_listed_once_until_settled(void **state) {
	(void)state;
	tiny_plan t;
	lk_cells c;
	lk_buf b = LK_BUF_INIT;
	make_plan(&t);
	lk_cells_init(&c, &t.plan);
	lk_cell *cells[3];
	for (int i = 0; i < 3; i++) {
		put_field(&b, i, "k", 1);
		cells[i] = lk_cells_at(&c, b.data, b.len);
	}
	assert_int_equal(c.nchanged, 0);
	lk_cells_mark(&c, cells[2]);
	lk_cells_mark(&c, cells[0]);
	lk_cells_mark(&c, cells[2]);
	assert_int_equal(c.nchanged, 2);
	assert_ptr_equal(c.first_changed, cells[2]);
	assert_ptr_equal(c.first_changed->next_changed, cells[0]);
	assert_null(cells[0]->next_changed);
	lk_cells_settle(&c);
	assert_true(c.nchanged == 0 && !c.first_changed && !cells[0]->changed && !cells[2]->changed);
	lk_cells_mark(&c, cells[1]);
	assert_ptr_equal(c.first_changed, cells[1]);
	assert_null(cells[1]->next_changed);
	lk_buf_release(&b);
	lk_cells_release(&c);
	tiny_plan_release(&t);
}

static void encode_all(const lk_cells *c, lk_buf *out) {
	lk_cell **sorted = lk_cells_sorted(c);
	for (size_t i = 0; i < c->ncells; i++) {
		lk_buf_add(out, lk_cell_field(c, sorted[i]), sorted[i]->field_len);
		lk_cell_encode(c, sorted[i], out);
	}
	free(sorted);
}

static void store_row(const lk_cells *c, const lk_cell *cell, int64_t *pane, lk_value *key, lk_value *columns) {
	const uint8_t *field = lk_cell_field(c, cell), *p = field + LK_PANE_BYTES;
	*pane = lk_pane_get(field);
	assert_int_equal(lk_key_get(text_type, &p, field + cell->field_len, key), 0);
	for (int i = 0; i < c->plan->naggs; i++) {
		const lk_agg *a = &c->plan->aggs[i];
		a->verbs->store((const char *)lk_cell_state(c, cell) + a->state_offset, a, columns, NULL);
		columns += a->verbs->npartials;
	}
}

/* I10: Rows spread at random over several maps, then merged as bytes or as batch rows into one: the same
 * bytes as one map that saw all of them. */
static void merging_maps_is_folding_into_one(void **state) {
	(void)state;
	enum { MAPS = 4, ROWS = 3000 };
	uint64_t s = random_seed();
	tiny_plan t;
	lk_cells all, merged, part[MAPS];
	lk_arena texts = {0};
	lk_buf b = LK_BUF_INIT, partial = LK_BUF_INIT, want = LK_BUF_INIT, have = LK_BUF_INIT;
	make_plan(&t);
	lk_cells_init(&all, &t.plan);
	lk_cells_init(&merged, &t.plan);
	for (int i = 0; i < MAPS; i++)
		lk_cells_init(&part[i], &t.plan);
	for (int i = 0; i < ROWS; i++) {
		lk_value text = random_value(&s, text_type, &texts), n = random_value(&s, int_type, &texts);
		lk_cells *one = &part[random_below(&s, MAPS)];
		lk_buf_clear(&b);
		lk_pane_put(&b, (random_below(&s, 5) - 2) * 60);
		lk_key_put(&b, text_type, &text);
		fold_into(&all, lk_cells_at(&all, b.data, b.len), &text, &n);
		fold_into(one, lk_cells_at(one, b.data, b.len), &text, &n);
	}
	for (int i = 0; i < MAPS; i++)
		for (lk_cell *cell = part[i].first; cell; cell = cell->next) {
			int64_t pane;
			lk_value key, columns[16];
			lk_buf_clear(&partial);
			lk_cell_encode(&part[i], cell, &partial);
			store_row(&part[i], cell, &pane, &key, columns);
			if (random_below(&s, 2))
				assert_int_equal(lk_cells_merge(&merged, lk_cell_field(&part[i], cell), cell->field_len, partial.data, partial.len), 0);
			else
				assert_int_equal(lk_cells_merge_row(&merged, pane, &key, columns), 0);
		}
	encode_all(&all, &want);
	encode_all(&merged, &have);
	assert_int_equal(have.len, want.len);
	assert_memory_equal(have.data, want.data, want.len);
	assert_int_equal(merged.nchanged, merged.ncells);
	for (int i = 0; i < MAPS; i++)
		lk_cells_release(&part[i]);
	lk_cells_release(&all);
	lk_cells_release(&merged);
	lk_arena_release(&texts);
	lk_buf_release(&b);
	lk_buf_release(&partial);
	lk_buf_release(&want);
	lk_buf_release(&have);
	tiny_plan_release(&t);
}

static void sorted_by_field(void **state) {
	(void)state;
	uint64_t s = random_seed();
	tiny_plan t;
	lk_cells c;
	lk_arena texts = {0};
	lk_buf b = LK_BUF_INIT;
	make_plan(&t);
	lk_cells_init(&c, &t.plan);
	for (int i = 0; i < 5000; i++) {
		lk_value text = random_value(&s, text_type, &texts);
		lk_buf_clear(&b);
		lk_pane_put(&b, random_in_range(&s, 100));
		lk_key_put(&b, text_type, &text);
		lk_cells_at(&c, b.data, b.len);
	}
	lk_cell **sorted = lk_cells_sorted(&c);
	for (size_t i = 1; i < c.ncells; i++) {
		uint32_t la = sorted[i - 1]->field_len, lb = sorted[i]->field_len;
		int order = memcmp(lk_cell_field(&c, sorted[i - 1]), lk_cell_field(&c, sorted[i]), la < lb ? la : lb);
		assert_true(order < 0 || (order == 0 && la < lb));
	}
	free(sorted);
	lk_cells_release(&c);
	lk_arena_release(&texts);
	lk_buf_release(&b);
	tiny_plan_release(&t);
}

static void malformed_partials_change_nothing(void **state) {
	(void)state;
	uint64_t s = random_seed();
	tiny_plan t;
	lk_cells c;
	lk_buf field = LK_BUF_INIT, partial = LK_BUF_INIT, before = LK_BUF_INIT, after = LK_BUF_INIT;
	make_plan(&t);
	lk_cells_init(&c, &t.plan);
	put_field(&field, 60, "key", 3);
	lk_value text = lk_text("text", 4), n = lk_int(300);
	lk_cell *cell = lk_cells_at(&c, field.data, field.len);
	fold_into(&c, cell, &text, &n);
	lk_cell_encode(&c, cell, &partial);
	encode_all(&c, &before);
	for (size_t cut = 0; cut < partial.len; cut++)
		assert_int_equal(lk_cells_merge(&c, field.data, field.len, partial.data, cut), -1);
	for (size_t cut = 0; cut < field.len; cut++)
		assert_int_equal(lk_cells_merge(&c, field.data, cut, partial.data, partial.len), -1);
	lk_buf_addc(&partial, 0);
	assert_int_equal(lk_cells_merge(&c, field.data, field.len, partial.data, partial.len), -1);
	lk_buf_addc(&field, 0);
	assert_int_equal(lk_cells_merge(&c, field.data, field.len, partial.data, partial.len - 1), -1);
	partial.data[0]++;
	assert_int_equal(lk_cells_merge(&c, field.data, field.len - 1, partial.data, partial.len - 1), -1);
	encode_all(&c, &after);
	assert_int_equal(before.len, after.len);
	assert_memory_equal(before.data, after.data, after.len);
	partial.data[0]--;
	for (int i = 0; i < 20000; i++) {
		size_t at = (size_t)random_below(&s, (int)partial.len);
		char kept = partial.data[at];
		partial.data[at] = (char)random_next(&s);
		lk_cells_merge(&c, field.data, field.len - 1, partial.data, partial.len - 1);
		partial.data[at] = kept;
	}
	lk_buf_release(&field);
	lk_buf_release(&partial);
	lk_buf_release(&before);
	lk_buf_release(&after);
	lk_cells_release(&c);
	tiny_plan_release(&t);
}

/* Does a commit that writes a set of one text of `len` bytes rewrite, after commits that wrote `before` bytes? *written:
 * by this commit. */
static bool rewrites(size_t len, size_t before, size_t *written) {
	tiny_plan t;
	lk_cells c;
	lk_buf field = LK_BUF_INIT;
	char *text = lk_calloc(1, len + 1);
	tiny_plan_init(&t, (lk_type[]){time_type, text_type}, 2);
	tiny_key(&t, tiny_slot(&t, 1, text_type));
	assert_int_equal(tiny_agg(&t, "count", tiny_slot(&t, 1, text_type)), 0);
	lk_agg *a = &t.plan.aggs[0];
	a->verbs = &lk_agg_count_distinct;
	t.plan.state_size = a->verbs->state_size;
	lk_cells_init(&c, &t.plan);
	put_field(&field, 0, "k", 1);
	lk_cell *cell = lk_cells_at(&c, field.data, field.len);
	lk_value v = lk_text(memset(text, 'x', len), len);
	a->verbs->fold(lk_cell_state(&c, cell), a, &v, NULL, &c.arena);
	*written = a->verbs->weight(lk_cell_state(&c, cell));
	c.rewritten_bytes = before;
	lk_cells_mark(&c, cell);
	bool is = lk_cells_rewrites(&c);
	assert_int_equal(c.rewritten_bytes, before + *written);
	free(text);
	lk_buf_release(&field);
	lk_cells_release(&c);
	tiny_plan_release(&t);
	return is;
}

static void sets_that_a_commit_writes_again(void **state) {
	(void)state;
	enum { BYTES = 128 * 1024, TIMES = 6 };   /* as in the table of limits */
	size_t extra, written;
	rewrites(1, 0, &extra);
	extra--;
	for (size_t n = BYTES; n <= BYTES + 1; n++) {
		assert_int_equal(rewrites(n - extra, 10 * TIMES * n, &written), n > BYTES);
		assert_int_equal(written, n);
		assert_false(rewrites(n - extra, (TIMES - 1) * n, &written));
		assert_int_equal(rewrites(n - extra, (TIMES - 1) * n + 1, &written), n > BYTES);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_it_made),
		cmocka_unit_test(changes_are_listed_once_until_settled),
		cmocka_unit_test(merging_maps_is_folding_into_one),
		cmocka_unit_test(sorted_by_field),
		cmocka_unit_test(malformed_partials_change_nothing),
		cmocka_unit_test(sets_that_a_commit_writes_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
