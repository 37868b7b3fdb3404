/* SipHash's own test vectors, input in pieces of any size, and the differences that a digest of cells must show. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/digest.h"
#include "partials/fold.h"
#include "serving/answer.h"
#include "tests/support/servers.h"
#include "tests/support/tiny_plan.h"

/* vectors_sip128 of the reference implementation: key 00 01 … 0f, input 00 01 … of that many bytes */
static const struct { size_t len; const char *digest; } vectors[] = {
	{0, "a3817f04ba25a8e66df67214c7550293"},
	{1, "da87c1d86b99af44347659119b22fc45"},
	{2, "8177228da4a45dc7fca38bdef60affe4"},
	{7, "a1f1ebbed8dbc153c0b84aa61ff08239"},
	{8, "3b62a9ba6258f5610f83e264f31497b4"},
	{9, "264499060ad9baabc47f8b02bb6d71ed"},
	{15, "5493e99933b0a8117e08ec0f97cfc3d9"},
	{16, "6ee2a4ca67b054bbfd3315bf85230577"},
	{63, "5150d1772f50834a503e069a973fbd7c"},
};

static void begin(lk_digest *d) { lk_digest_init(d, UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)); }

static void the_reference_vectors(void **state) {
	(void)state;
	uint8_t input[64];
	for (size_t i = 0; i < sizeof input; i++)
		input[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		lk_digest d;
		char out[33];
		begin(&d);
		lk_digest_add(&d, input, vectors[i].len);
		lk_digest_end(&d, out);
		assert_string_equal(out, vectors[i].digest);
	}
}

static void pieces_do_not_show(void **state) {
	(void)state;
	unsigned long seed = test_seed("pieces_do_not_show");
	uint8_t input[200];
	for (size_t i = 0; i < sizeof input; i++)
		input[i] = (uint8_t)test_random(&seed);
	for (int round = 0; round < 200; round++) {
		size_t len = test_random(&seed) % (sizeof input + 1), at = 0;
		lk_digest whole, pieces;
		char want[33], got[33];
		begin(&whole);
		begin(&pieces);
		lk_digest_add(&whole, input, len);
		while (at < len) {
			size_t n = 1 + test_random(&seed) % (len - at);
			lk_digest_add(&pieces, input + at, n);
			at += n;
		}
		lk_digest_end(&whole, want);
		lk_digest_end(&pieces, got);
		assert_string_equal(got, want);
	}
}

/* --- digests of cells --- */

enum { CELLS = 40 };

static tiny_plan plan;

static void add_event(lk_answer *a, int64_t key, int64_t amount) {
	lk_folder f;
	lk_folder_init(&f, &plan.plan);
	f.row[0] = f.row[3] = lk_int(key % 3 * 60 * LK_US_PER_S);
	f.row[1] = lk_int(key);
	f.row[2] = lk_int(amount);
	assert_int_equal(lk_fold_event(&f, &a->cells, LK_NEVER), LK_FOLDED);
	lk_folder_release(&f);
}

static void begin_answer(lk_answer *a) {
	*a = (lk_answer){.plan = &plan.plan};
	lk_cells_init(&a->cells, &plan.plan);
}

static void answer_of(lk_answer *a, int first) {
	begin_answer(a);
	for (int i = 0; i < CELLS; i++) {
		int cell = (first + i * 7) % CELLS;
		add_event(a, cell, cell * 1000 + 1);
	}
}

static void make_plan(void) {
	static const lk_type columns[] = {{.kind = LK_TIME}, {.kind = LK_INT8}, {.kind = LK_INT8}};
	tiny_plan_init(&plan, columns, 3);
	tiny_key(&plan, tiny_slot(&plan, 1, columns[1]));
	assert_int_equal(tiny_agg(&plan, "count", NULL), 0);
	assert_int_equal(tiny_agg(&plan, "sum", tiny_slot(&plan, 2, columns[2])), 0);
}

static void is_another(const char *was, lk_answer *a, const char *what) {
	char now[33];
	lk_answer_digest(a, now);
	if (!strcmp(now, was))
		fail_msg("%s does not show in the digest", what);
	lk_cells_release(&a->cells);
}

/* I4: every change of a cell shows in the digest. */
static void whatever_changes_shows(void **state) {
	(void)state;
	char was[33], again[33];
	lk_answer a;
	make_plan();
	answer_of(&a, 0);
	lk_answer_digest(&a, was);
	lk_cells_release(&a.cells);
	answer_of(&a, 11);
	lk_answer_digest(&a, again);
	assert_string_equal(again, was);
	lk_cells_release(&a.cells);

	for (int cell = 0; cell < CELLS; cell++) {
		answer_of(&a, 0);
		add_event(&a, cell, 0);
		is_another(was, &a, "one more event in a cell");
		begin_answer(&a);
		for (int other = 0; other < CELLS; other++)
			if (other != cell)
				add_event(&a, other, other * 1000 + 1);
		is_another(was, &a, "a cell that is missing");
		for (int bit = 0; bit < 63; bit++) {
			begin_answer(&a);
			for (int other = 0; other < CELLS; other++)
				add_event(&a, other, (other * 1000 + 1) ^ (other == cell ? INT64_C(1) << bit : 0));
			is_another(was, &a, "one bit of a sum");
		}
	}
	answer_of(&a, 0);
	add_event(&a, CELLS, 0);
	is_another(was, &a, "one cell more");
	tiny_plan_release(&plan);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_reference_vectors),
		cmocka_unit_test(pieces_do_not_show),
		cmocka_unit_test(whatever_changes_shows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
