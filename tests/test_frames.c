/* Moving windows against a plain model that keeps all rows and looks at each frame anew: random calls, frames and rows;
 * keys leave the memory and are read again; what was not committed is lost and stepped again (I8). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "frames/frames.h"
#include "frames/ring.h"
#include "tests/support/random.h"

enum { KEY, INT, DOUBLE, NUMERIC, TEXT, BOOL, TS, AT, FIRST_OUT, MAX_CALLS = 8, SLOTS = FIRST_OUT + MAX_CALLS };

static const lk_type column_types[] = {
	{.kind = LK_TEXT}, {.kind = LK_INT4}, {.kind = LK_FLOAT8}, {.kind = LK_NUMERIC, .precision = 9, .scale = 2},
	{.kind = LK_TEXT}, {.kind = LK_BOOL}, {.kind = LK_TIME}, {.kind = LK_TIME},
};
static lk_expr columns[AT + 1];

static lk_expr *column(int slot) {
	columns[slot] = (lk_expr){.op = LK_X_SLOT, .slot = slot, .type = column_types[slot]};
	return &columns[slot];
}

/* --- the store, as Redis would be --- */

typedef struct field {
	lk_buf name, bytes;
} field;
typedef struct store {
	field *fields;
	int n, changed;      /* fields written since a test set it to 0 */
} store;

static field *store_find(store *s, const lk_frames_field *f) {
	for (int i = 0; i < s->n; i++)
		if (s->fields[i].name.len == f->name_len && memcmp(s->fields[i].name.data, f->name, f->name_len) == 0)
			return &s->fields[i];
	return NULL;
}

static void store_take(void *ctx, const lk_frames_field *f) {
	store *s = ctx;
	field *found = store_find(s, f);
	s->changed++;
	if (!f->bytes) {
		assert_non_null(found);
		lk_buf_release(&found->name);
		lk_buf_release(&found->bytes);
		*found = s->fields[--s->n];
		return;
	}
	if (!found) {
		s->fields = lk_realloc(s->fields, (size_t)(s->n + 1) * sizeof *s->fields);
		found = &s->fields[s->n++];
		*found = (field){0};
		lk_buf_add(&found->name, f->name, f->name_len);
	}
	lk_buf_clear(&found->bytes);
	lk_buf_add(&found->bytes, f->bytes, f->len);
}

static void store_release(store *s) {
	for (int i = 0; i < s->n; i++) {
		lk_buf_release(&s->fields[i].name);
		lk_buf_release(&s->fields[i].bytes);
	}
	free(s->fields);
	*s = (store){0};
}

static void read_wanted(lk_frames *f, store *s) {
	const lk_frames_field *asks;
	for (int n; (n = lk_frames_asks(f, &asks)) > 0;)
		for (int i = 0; i < n; i++) {
			field *found = store_find(s, &asks[i]);
			assert_int_equal(lk_frames_answer(f, i, found ? found->bytes.data : NULL, found ? found->bytes.len : 0), 0);
		}
}

/* --- the model --- */

typedef struct world {
	uint64_t seed;
	lk_arena arena;
	lk_over calls[MAX_CALLS];
	lk_partition_by partitions[2];
	lk_expr *keys[2];
	lk_overs overs;
	lk_value (*rows)[SLOTS];
	int nrows;
} world;

static bool same_key(const world *w, const lk_over *o, int a, int b) {
	const lk_partition_by *by = &w->partitions[o->partition];
	for (int i = 0; i < by->nkeys; i++)
		if (lk_value_compare(by->keys[i]->type, &w->rows[a][by->keys[i]->slot], &w->rows[b][by->keys[i]->slot]) != 0)
			return false;
	return true;
}

/* The value of the call's argument in a row; NULL where its filter does not hold. */
static lk_value arg_of(const world *w, const lk_over *o, int row) {
	if (o->agg.filter) {
		const lk_value *v = &w->rows[row][o->agg.filter->slot];
		if (lk_is_null(v) || !v->i)
			return lk_null();
	}
	return o->agg.arg ? w->rows[row][o->agg.arg->slot] : lk_int(1);
}

/* The rows of the key up to `row`, ascending; their number. */
static int rows_of_key(const world *w, const lk_over *o, int row, int *out) {
	int n = 0;
	for (int i = 0; i <= row; i++)
		if (same_key(w, o, i, row))
			out[n++] = i;
	return n;
}

static bool in_frame(const world *w, const lk_over *o, const int *rows, int n, int i) {
	const lk_frame *f = &o->frame;
	if (f->range) {
		int64_t at = w->rows[rows[n - 1]][AT].i, other = w->rows[rows[i]][AT].i;
		return i == n - 1 || (other < at && other >= at - f->from);
	}
	return i <= n - 1 - f->to && (f->from == LK_UNBOUNDED || i >= n - 1 - f->from);
}

static lk_value model_aggregate(world *w, const lk_over *o, const int *frame, int n) {
	void *state = lk_arena_zalloc(&w->arena, o->agg.verbs->state_size);
	lk_value out;
	o->agg.verbs->init(state);
	for (int i = 0; i < n; i++) {
		lk_value v = arg_of(w, o, frame[i]);
		lk_place at = {.ts = w->rows[frame[i]][TS].i, .off = frame[i]};
		if (!lk_is_null(&v))
			o->agg.verbs->fold(state, &o->agg, &v, &at, &w->arena);
	}
	o->agg.verbs->finish(state, &o->agg, &out);
	return out;
}

static lk_value model_value(world *w, const lk_over *o, int row) {
	int *rows = lk_arena_alloc(&w->arena, (size_t)(row + 1) * sizeof *rows), *frame = lk_arena_alloc(&w->arena, (size_t)(row + 1) * sizeof *frame);
	int n = rows_of_key(w, o, row, rows), in = 0;
	if (o->kind == LK_OVER_ROW_NUMBER)
		return lk_int(n);
	if (o->kind == LK_OVER_LAG)
		return o->n < n ? arg_of(w, o, rows[n - 1 - o->n]) : o->otherwise ? w->rows[row][o->otherwise->slot] : lk_null();
	for (int i = 0; i < n; i++)
		if (in_frame(w, o, rows, n, i))
			frame[in++] = rows[i];
	if (o->kind == LK_OVER_AGG)
		return model_aggregate(w, o, frame, in);
	int64_t at = o->kind == LK_OVER_FIRST_VALUE ? 0 : o->kind == LK_OVER_LAST_VALUE ? in - 1 : o->n - 1;
	return at >= 0 && at < in ? arg_of(w, o, frame[at]) : lk_null();
}

/* --- random calls and rows --- */

static const char *const names[] = {"count", "sum", "avg", "min", "max", "var_pop", "stddev_samp", "bool_and", "bool_or", "first", "last",
                                    "approx_percentile", "approx_count_distinct"};
enum { NAMES = sizeof names / sizeof *names };

static void random_frame(world *w, lk_frame *f, int longest) {
	*f = (lk_frame){0};
	switch (random_below(&w->seed, 4)) {
	case 0:
		*f = (lk_frame){.from = LK_UNBOUNDED, .to = random_below(&w->seed, 3) ? 0 : random_below(&w->seed, longest)};
		break;
	case 1:
		*f = (lk_frame){.range = true, .from = random_below(&w->seed, 2 * longest)};
		break;
	default:
		f->from = random_below(&w->seed, longest);
		f->to = random_below(&w->seed, 2) ? 0 : random_below(&w->seed, (int)f->from + 1);
	}
}

static bool random_aggregate(world *w, lk_over *o) {
	const char *name = names[random_below(&w->seed, NAMES)], *reason, *hint;
	bool star = strcmp(name, "count") == 0 && random_below(&w->seed, 2);
	o->agg = (lk_agg){.arg = star ? NULL : column(INT + random_below(&w->seed, 6)), .param = 0.5};
	o->agg.arg_type = star ? (lk_type){.kind = LK_INT8} : o->agg.arg->type;
	if (random_below(&w->seed, 3) == 0)
		o->agg.filter = column(BOOL);
	if (lk_aggregate_resolve(&o->agg, name, star, false, &reason) != 0)
		return false;
	o->type = o->agg.type;
	return !lk_over_fault(o, &hint);
}

static void random_call(world *w, lk_over *o, int slot, int longest) {
	do {
		*o = (lk_over){.kind = (uint8_t)random_below(&w->seed, 6), .slot = slot, .partition = random_below(&w->seed, 2)};
		random_frame(w, &o->frame, longest);
		o->agg.arg = column(INT + random_below(&w->seed, 6));
		o->type = o->agg.arg->type;
		o->n = o->kind == LK_OVER_NTH_VALUE ? 1 + random_below(&w->seed, longest) : random_below(&w->seed, longest);
		if (o->kind == LK_OVER_LAG && random_below(&w->seed, 2))
			o->otherwise = o->agg.arg;
	} while (o->kind == LK_OVER_AGG && !random_aggregate(w, o));
}

static void make_world(world *w, uint64_t seed, int nrows, int longest) {
	static const char *const texts[] = {"a", "b", "c"};
	*w = (world){.seed = seed, .nrows = nrows};
	int ncalls = 1 + random_below(&w->seed, MAX_CALLS), keys = 1 + random_below(&w->seed, 4);
	for (int i = 0; i < ncalls; i++)
		random_call(w, &w->calls[i], FIRST_OUT + i, longest);
	w->keys[0] = column(KEY);
	w->keys[1] = column(BOOL);
	w->partitions[0] = (lk_partition_by){w->keys, 1};
	w->partitions[1] = (lk_partition_by){w->keys, random_below(&w->seed, 2) ? 2 : 0};
	w->overs = (lk_overs){.calls = w->calls, .ncalls = ncalls, .partitions = w->partitions, .npartitions = 2, .at_slot = AT, .time_slot = TS};
	w->rows = lk_calloc((size_t)nrows, sizeof *w->rows);
	int64_t at = 0;
	for (int i = 0; i < nrows; i++) {
		lk_value *row = w->rows[i];
		for (int c = INT; c <= TS; c++)
			row[c] = random_value(&w->seed, column_types[c], &w->arena);
		row[KEY] = keys > 3 && random_below(&w->seed, 5) == 0 ? lk_null() : lk_text(texts[random_below(&w->seed, keys) % 3], 1);
		row[TS] = lk_int(random_below(&w->seed, 10));
		row[DOUBLE].d += 0.0;   /* min and max show no -0 */
		at += random_below(&w->seed, 3) ? 0 : random_below(&w->seed, 2 * longest);
		row[AT] = lk_int(at);
	}
}

static void release_world(world *w) {
	free(w->rows);
	lk_arena_release(&w->arena);
}

/* --- running --- */

static void check_row(world *w, const lk_value *got, int row) {
	for (int c = 0; c < w->overs.ncalls; c++) {
		const lk_over *o = &w->calls[c];
		lk_value want = model_value(w, o, row), have = got[o->slot];
		if (lk_is_null(&want) != lk_is_null(&have) || lk_value_compare(o->type, &want, &have) != 0) {
			lk_buf x = LK_BUF_INIT, y = LK_BUF_INIT;
			lk_value_print(o->type, &want, &x);
			lk_value_print(o->type, &have, &y);
			fail_msg("row %d, call %d (kind %d %s, %s %lld to %lld, n %lld): %s, not %s", row, c, o->kind, o->kind == LK_OVER_AGG ? o->agg.verbs->name : "",
			         o->frame.range ? "RANGE" : "ROWS", (long long)o->frame.from, (long long)o->frame.to, (long long)o->n, y.data, x.data);
		}
	}
}

static void step(world *w, lk_frames *f, int row) {
	lk_value values[SLOTS];
	lk_arena texts = {0};
	lk_eval ev = {.arena = &texts};
	memcpy(values, w->rows[row], sizeof values);
	lk_frames_step(f, values, &ev);
	check_row(w, values, row);
	lk_arena_release(&texts);
}

/* Steps over the rows in batches, as a worker would: reads what it does not know, steps, commits, forgets; sometimes it
 * dies instead, and begins again at the last commit. */
static void run(world *w) {
	store s = {0};
	lk_frames *f = lk_frames_new(&w->overs);
	lk_arena texts = {0};
	lk_eval ev = {.arena = &texts};
	for (int committed = 0; committed < w->nrows;) {
		int end = committed + 1 + random_below(&w->seed, 12);
		if (end > w->nrows)
			end = w->nrows;
		for (int i = committed; i < end; i++)
			lk_frames_want(f, w->rows[i], &ev);
		read_wanted(f, &s);
		for (int i = committed; i < end; i++)
			step(w, f, i);
		if (random_below(&w->seed, 5) == 0) {
			lk_frames_clear(f);
			continue;
		}
		lk_frames_changes(f, store_take, &s);
		committed = end;
		if (random_below(&w->seed, 2))
			lk_frames_trim(f, (size_t)random_below(&w->seed, 20000));
	}
	lk_arena_release(&texts);
	lk_frames_free(f);
	store_release(&s);
}

static void random_windows(void **state) {
	(void)state;
	uint64_t seed = random_seed();
	for (int round = 0; round < 300; round++) {
		world w;
		make_world(&w, random_next(&seed), 150, round % 3 == 0 ? 90 : 8);
		run(&w);
		release_world(&w);
	}
}

/* --- tables --- */

static void table(const lk_over *call, const double *in, const double *want, int n) {
	lk_over o = *call;
	const char *reason;
	lk_partition_by by = {0};
	lk_overs overs = {.calls = &o, .ncalls = 1, .partitions = &by, .npartitions = 1, .at_slot = AT, .time_slot = TS};
	lk_arena arena = {0};
	lk_eval ev = {.arena = &arena};
	o.slot = FIRST_OUT;
	o.agg.arg = column(DOUBLE);
	o.agg.arg_type = o.agg.arg->type;
	if (o.kind == LK_OVER_AGG)
		assert_int_equal(lk_aggregate_resolve(&o.agg, "avg", false, false, &reason), 0);
	lk_frames *f = lk_frames_new(&overs);
	for (int i = 0; i < n; i++) {
		lk_value row[SLOTS] = {[DOUBLE] = lk_double(in[i]), [AT] = lk_int(i)};
		assert_null(lk_frames_step(f, row, &ev));
		assert_int_equal(lk_is_null(&row[FIRST_OUT]), isnan(want[i]));
		if (!isnan(want[i]) && row[FIRST_OUT].d != want[i])
			fail_msg("row %d: %.17g, not %.17g", i, row[FIRST_OUT].d, want[i]);
	}
	lk_frames_free(f);
	lk_arena_release(&arena);
}

#define ROW(...) (const double[]){__VA_ARGS__}
static void known_answers(void **state) {
	(void)state;
	/* the classic moving average of the last five values */
	table(&(lk_over){.kind = LK_OVER_AGG, .frame = {.from = 4}}, ROW(1, 3, 5, 7, 9, 11, 13, 15), ROW(1, 2, 3, 4, 5, 7, 9, 11), 8);
	/* exact: 1e20 and 1 leave, and nothing of them stays */
	table(&(lk_over){.kind = LK_OVER_AGG, .frame = {.from = 2}}, ROW(1e20, 1, -1e20, 2, 3), ROW(1e20, 5e19, 1.0 / 3, -1e20 / 3, -1e20 / 3), 5);
	/* an infinity and a NaN leave again */
	table(&(lk_over){.kind = LK_OVER_AGG, .frame = {.from = 1}}, ROW(1, INFINITY, 1, 3), ROW(1, INFINITY, INFINITY, 2), 4);
	table(&(lk_over){.kind = LK_OVER_LAG, .n = 2}, ROW(1, 2, 3, 4), ROW(NAN, NAN, 1, 2), 4);
	table(&(lk_over){.kind = LK_OVER_NTH_VALUE, .n = 2, .frame = {.from = LK_UNBOUNDED, .to = 1}}, ROW(1, 2, 3, 4), ROW(NAN, NAN, 2, 2), 4);
	table(&(lk_over){.kind = LK_OVER_FIRST_VALUE, .frame = {.from = 2, .to = 1}}, ROW(1, 2, 3, 4), ROW(NAN, 1, 1, 2), 4);
}

/* A row rewrites one chunk of a long ring, not the ring (P18). */
static void writes_little(void **state) {
	(void)state;
	lk_over o = {.kind = LK_OVER_LAG, .n = 10000, .slot = FIRST_OUT, .agg.arg = column(INT), .type = column_types[INT]};
	lk_partition_by by = {0};
	lk_overs overs = {.calls = &o, .ncalls = 1, .partitions = &by, .npartitions = 1, .at_slot = AT, .time_slot = TS};
	lk_arena arena = {0};
	lk_eval ev = {.arena = &arena};
	lk_frames *f = lk_frames_new(&overs);
	store s = {0};
	for (int i = 0; i < 30000; i++) {
		lk_value row[SLOTS] = {[INT] = lk_int(i)};
		lk_frames_step(f, row, &ev);
		assert_int_equal(lk_is_null(&row[FIRST_OUT]), i < 10000);
		assert_true(i < 10000 || row[FIRST_OUT].i == i - 10000);
		if (i == 20000)
			lk_frames_changes(f, store_take, &s);
		if (i <= 20000 || i > 20100)
			continue;
		s.changed = 0;
		lk_frames_changes(f, store_take, &s);
		assert_int_equal(s.changed, 2);   /* the key's first field, and the chunk */
	}
	assert_true(lk_frames_bytes(f) < 1 << 20);
	lk_frames_free(f);
	store_release(&s);
	lk_arena_release(&arena);
}

/* A RANGE over more rows than are kept is named, as long as it lasts, and right again after. */
static void too_many_rows(void **state) {
	(void)state;
	const char *reason;
	lk_over o = {.kind = LK_OVER_AGG, .frame = {.range = true, .from = 1000000}, .slot = FIRST_OUT, .agg.arg = column(INT)};
	lk_partition_by by = {0};
	lk_overs overs = {.calls = &o, .ncalls = 1, .partitions = &by, .npartitions = 1, .at_slot = AT, .time_slot = TS};
	lk_arena arena = {0};
	lk_eval ev = {.arena = &arena};
	o.agg.arg_type = column_types[INT];
	assert_int_equal(lk_aggregate_resolve(&o.agg, "sum", false, false, &reason), 0);
	o.type = o.agg.type;
	lk_frames *f = lk_frames_new(&overs);
	for (int i = 0; i < 100100; i++) {
		lk_value row[SLOTS] = {[INT] = lk_int(1), [AT] = lk_int(i)};
		reason = lk_frames_step(f, row, &ev);
		assert_int_equal(reason != NULL, i > LK_FRAME_MAX_ROWS);
		assert_true(reason ? lk_is_null(&row[FIRST_OUT]) : row[FIRST_OUT].i == i + 1);
	}
	lk_value row[SLOTS] = {[INT] = lk_int(1), [AT] = lk_int(1000000 + 100000)};
	assert_null(lk_frames_step(f, row, &ev));
	assert_int_equal(row[FIRST_OUT].i, 101);   /* of positions 100,000 … 100,099, and itself */
	lk_frames_free(f);
	lk_arena_release(&arena);
}

/* Answers one field with a part of its bytes, or with one bit of them changed. A part is refused. */
static int answer_broken(world *w, lk_frames *f, int i, const field *found) {
	lk_buf bytes = LK_BUF_INIT;
	if (!found)   /* a changed bit asks for it */
		return lk_frames_answer(f, i, NULL, 0);
	lk_buf_add(&bytes, found->bytes.data, found->bytes.len);
	bool cut = random_below(&w->seed, 3) == 0;
	if (cut)
		bytes.len = (size_t)random_below(&w->seed, (int)bytes.len);
	else
		bytes.data[random_below(&w->seed, (int)bytes.len)] ^= (char)(1 << random_below(&w->seed, 8));
	int rc = lk_frames_answer(f, i, bytes.data, bytes.len);
	assert_true(!cut || rc == -1);
	lk_buf_release(&bytes);
	return rc;
}

static void read_broken(world *w, lk_frames *f, store *s) {
	lk_arena texts = {0};
	lk_eval ev = {.arena = &texts};
	const lk_frames_field *asks;
	int rc = 0;
	lk_frames_clear(f);
	lk_frames_want(f, w->rows[0], &ev);
	for (int n; rc == 0 && (n = lk_frames_asks(f, &asks)) > 0;)
		for (int i = 0; rc == 0 && i < n; i++)
			rc = answer_broken(w, f, i, store_find(s, &asks[i]));
	lk_arena_release(&texts);
}

/* Any bytes are refused or read. */
static void broken_fields(void **state) {
	(void)state;
	uint64_t seed = random_seed();
	for (int round = 0; round < 200; round++) {
		world w;
		store s = {0};
		make_world(&w, random_next(&seed), 40, 90);
		lk_frames *f = lk_frames_new(&w.overs);
		for (int i = 0; i < w.nrows; i++)
			step(&w, f, i);
		lk_frames_changes(f, store_take, &s);
		for (int tries = 0; tries < 20; tries++)
			read_broken(&w, f, &s);
		lk_frames_free(f);
		store_release(&s);
		release_world(&w);
	}
}

static void rings(void **state) {
	(void)state;
	uint64_t seed = random_seed();
	lk_arena arena = {0};
	for (int round = 0; round < 200; round++) {
		lk_ring r = {0};
		lk_type t = random_types[random_below(&seed, RANDOM_TYPES)];
		lk_value *all = lk_arena_alloc(&arena, 600 * sizeof *all);
		int64_t first = 0, most = 1 + random_below(&seed, 400);
		for (int64_t i = 0; i < 600; i++) {
			all[i] = random_value(&seed, t, &arena);
			lk_ring_push(&r, t, &all[i]);
			if (i + 1 - first > most)
				first += random_below(&seed, 4) ? 1 : random_below(&seed, (int)(i + 1 - first));
			lk_ring_keep_from(&r, t, first);
			for (int64_t p = first; p <= i; p += 1 + (i - first) / 7)
				assert_int_equal(lk_value_compare(t, &all[p], lk_ring_at(&r, p)), 0);
		}
		lk_ring_release(&r, t);
	}
	lk_arena_release(&arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rings),         cmocka_unit_test(known_answers), cmocka_unit_test(random_windows),
		cmocka_unit_test(writes_little), cmocka_unit_test(too_many_rows), cmocka_unit_test(broken_fields),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
