#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/support/owner.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "core/key.h"
#include "core/time.h"
#include "tests/support/tiny_plan.h"

static const lk_type text_type = {.kind = LK_TEXT};

const lk_plan *test_owner_plan(void) {
	static lk_agg aggs[2] = {
		{.arg_type = {.kind = LK_INT8}, .type = {.kind = LK_INT8}},
		{.arg_type = {.kind = LK_INT4}, .type = {.kind = LK_INT8}},
	};
	static lk_expr key_expr = {.op = LK_X_SLOT, .type = {.kind = LK_TEXT}};
	static lk_key keys[1] = {{.name = (char *)"key", .expr = &key_expr}};
	static lk_plan plan = {
		.view = (char *)"made_up", .window = {.kind = LK_W_TUMBLE, .size_us = TEST_PANE_US, .slide_us = TEST_PANE_US, .pane_us = TEST_PANE_US},
		.keys = keys, .nkeys = 1, .aggs = aggs, .naggs = 2,
	};
	aggs[0].verbs = tiny_aggregate("count", true);
	aggs[1].verbs = tiny_aggregate("sum", false);
	aggs[1].state_offset = aggs[0].verbs->state_size;
	plan.state_size = aggs[1].state_offset + aggs[1].verbs->state_size;
	return &plan;
}

void test_owner_open(test_owner *o, const test_servers *s, int64_t unit) {
	lk_error err = {0};
	*o = (test_owner){.unit = unit};
	if (lk_store_open(&o->store, s->at.redis, "test", &err) != LK_OK)
		fail_msg("%s", err.text);
	lk_cells_init(&o->cells, test_owner_plan());
}

void test_owner_close(test_owner *o) {
	lk_store_close(o->store);
	lk_cells_release(&o->cells);
}

void test_owner_take(test_owner *o, int64_t start) {
	lk_error err = {0};
	lk_unit_state u;
	lk_position from = {start, LK_NEVER, LK_NEVER, 0};
	if (lk_store_take_over(o->store, o->unit, &from, &u, &err) != LK_OK)
		fail_msg("%s", err.text);
	o->token = u.token;
	o->at = u.at;
	lk_unit_state_release(&u);
	test_owner_roll(o);
}

void test_owner_roll(test_owner *o) {
	lk_cells_clear(&o->cells);
	o->segment_from = o->at.cursor;
	o->folded = 0;
}

int64_t test_unit_new(void) {
	static int64_t last;
	return ++last;
}

test_owner test_owner_new(const test_servers *s) {
	test_owner o;
	test_owner_open(&o, s, test_unit_new());
	test_owner_take(&o, 0);
	return o;
}

test_owner test_owner_of_three_segments(const test_servers *s) {
	test_owner o = test_owner_new(s);
	for (int i = 0; i < 3; i++) {
		test_owner_roll(&o);
		test_owner_fold_some(&o, 6);
		test_owner_must_commit(&o);
	}
	return o;
}

lk_unit_state test_owner_state(const test_owner *o) {
	lk_unit_state u;
	lk_error err = {0};
	if (lk_store_read_unit(o->store, o->unit, NULL, &u, NULL, &err) != LK_OK)
		fail_msg("%s", err.text);
	return u;
}

void test_key_name(char name[40], int key) {
	snprintf(name, 40, "key %d%s", key, key % 5 ? "" : " with a longer name");
}

void test_owner_fill(test_owner *o, int panes, int keys, int most) {
	for (int p = 0; p < panes; p++) {
		for (int k = 0; k < keys; k++) {
			char name[40];
			test_key_name(name, k);
			test_owner_fold(o, p, name, p * 1000 + k);
			if (o->folded == most)
				test_owner_must_commit(o);
		}
	}
	test_owner_must_commit(o);
}

lk_cell_filter test_key_filter(lk_buf *keys, const int *which, int n) {
	for (int i = 0; i < n; i++) {
		char name[40];
		test_key_name(name, which[i]);
		keys[i] = (lk_buf)LK_BUF_INIT;
		test_key(&keys[i], name);
	}
	return (lk_cell_filter){.from_pane = INT64_MIN, .to_pane = INT64_MAX, .keys = keys, .nkeys = n,
	                        .pane_us = TEST_PANE_US};
}

void test_keys_release(lk_buf *keys, int n) {
	for (int i = 0; i < n; i++)
		lk_buf_release(&keys[i]);
}

void test_key(lk_buf *out, const char *key) {
	lk_value v = lk_text(key, strlen(key));
	lk_key_put(out, text_type, &v);
}

void test_field(lk_buf *out, int pane, const char *key) {
	lk_pane_put(out, pane * TEST_PANE_US);
	test_key(out, key);
}

static char *cell_state(const lk_cells *c, const lk_cell *cell, int agg) {
	return (char *)lk_cell_state(c, cell) + c->plan->aggs[agg].state_offset;
}

void test_owner_fold(test_owner *o, int pane, const char *key, int amount) {
	lk_buf field = LK_BUF_INIT;
	test_field(&field, pane, key);
	lk_cell *cell = lk_cells_at(&o->cells, field.data, field.len);
	lk_value v = lk_int(amount);
	for (int i = 0; i < 2; i++) {
		const lk_agg *a = &o->cells.plan->aggs[i];
		a->verbs->fold(cell_state(&o->cells, cell, i), a, &v, NULL, &o->cells.arena);
	}
	lk_cells_mark(&o->cells, cell);
	lk_buf_release(&field);
	o->folded++;
}

void test_owner_fold_some(test_owner *o, int n) {
	static const char *const keys[] = {"/a", "/b", "/c"};
	for (int i = 0; i < n; i++)
		test_owner_fold(o, i % 2, keys[i % 3], 100 + i);
}

int test_owner_commit(test_owner *o, lk_error *err) {
	int64_t to = o->at.cursor + o->folded;
	lk_commit c = {
		.unit = o->unit, .token = o->token, .from = o->at.cursor, .to = {to, to * 10, to},
		.segment_from = o->segment_from, .cells = &o->cells,
	};
	int rc = lk_store_commit_send(o->store, &c, err);
	lk_cells_settle(&o->cells);
	if (rc == LK_OK)
		rc = lk_store_commit_wait(o->store, err);
	if (rc == LK_OK)
		o->at = c.to;
	o->folded = 0;
	return rc;
}

void test_owner_must_commit(test_owner *o) {
	lk_error err = {0};
	if (test_owner_commit(o, &err) != LK_OK)
		fail_msg("%s", err.text);
}

bool test_cell(const lk_cells *c, int pane, const char *key, int64_t *count, int64_t *sum) {
	lk_buf field = LK_BUF_INIT;
	test_field(&field, pane, key);
	const lk_cell *cell = lk_cells_find(c, field.data, field.len);
	lk_buf_release(&field);
	*count = *sum = 0;
	if (!cell)
		return false;
	int64_t *to[2] = {count, sum};
	for (int i = 0; i < 2; i++) {
		lk_value v;
		c->plan->aggs[i].verbs->finish(cell_state(c, cell, i), &c->plan->aggs[i], &v);
		*to[i] = v.i;
	}
	return true;
}

/* *again: a segment was removed during the read. */
static int read_once(test_unit *u, lk_store *store, int64_t unit, const lk_cell_filter *f, bool *again, lk_error *err) {
	lk_cells open;
	*u = (test_unit){0};
	*again = false;
	lk_cells_init(&open, test_owner_plan());
	int rc = lk_store_read_unit(store, unit, f, &u->state, &open, err);
	u->cells = lk_calloc((size_t)u->state.nsegments, sizeof *u->cells);
	for (int i = 0; i < u->state.nsegments; i++)
		lk_cells_init(&u->cells[i], test_owner_plan());
	for (int i = 0; rc == LK_OK && i < u->state.nsegments; i++) {
		if (u->state.segments[i].open) {
			lk_cells_release(&u->cells[i]);
			u->cells[i] = open;
			lk_cells_init(&open, test_owner_plan());
		} else if ((rc = lk_store_read_segment(store, unit, &u->state.segments[i], f, &u->cells[i], err)) == 1) {
			*again = true;
		}
	}
	lk_cells_release(&open);
	return rc;
}

int test_unit_read(test_unit *u, lk_store *store, int64_t unit, const lk_cell_filter *f, lk_error *err) {
	bool again;
	int rc = read_once(u, store, unit, f, &again, err);
	for (int i = 0; again && i < 100; i++) {
		test_unit_release(u);
		rc = read_once(u, store, unit, f, &again, err);
	}
	return rc;
}

void test_unit_release(test_unit *u) {
	for (int i = 0; u->cells && i < u->state.nsegments; i++)
		lk_cells_release(&u->cells[i]);
	free(u->cells);
	lk_unit_state_release(&u->state);
	*u = (test_unit){0};
}

void test_unit_total(const test_unit *u, int pane, const char *key, int64_t *count, int64_t *sum) {
	*count = *sum = 0;
	for (int i = 0; i < u->state.nsegments; i++) {
		int64_t n, s;
		test_cell(&u->cells[i], pane, key, &n, &s);
		*count += n;
		*sum += s;
	}
}

void test_owner_holds(const test_owner *o, int pane, const char *key, int64_t count, int64_t sum) {
	test_unit u;
	int64_t n, s;
	assert_int_equal(test_unit_read(&u, o->store, o->unit, NULL, NULL), LK_OK);
	test_unit_total(&u, pane, key, &n, &s);
	assert_int_equal(n, count);
	assert_int_equal(s, sum);
	test_unit_release(&u);
}
