/* What groups of regular expressions take, by hand and of long texts. tests/server_parity.c compares random ones with
 * PostgreSQL. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "expr/regex.h"

static lk_arena arena;

static int clear(void **state) {
	(void)state;
	lk_arena_release(&arena);
	return 0;
}

static lk_regex *compiled(const char *pattern) {
	const char *fault;
	lk_regex *r = lk_regex_compile(pattern, strlen(pattern), false, &arena, &fault);
	if (!r)
		fail_msg("%s: %s", pattern, fault);
	return r;
}

/* "whole" and the first groups, as "a|b|-": - for one that is no part of the match. */
static void put_match(const lk_regex *r, const char *text, int ngroups, lk_buf *out) {
	lk_match m, groups[LK_REGEX_GROUPS];
	lk_buf_adds(out, "");
	if (!lk_regex_find(r, text, strlen(text), 0, &arena, &m))
		return;
	lk_regex_capture(r, text, strlen(text), &m, &arena, groups);
	lk_buf_add(out, text + m.start, m.end - m.start);
	for (int i = 0; i < ngroups; i++) {
		lk_buf_addc(out, '|');
		if (groups[i].start > groups[i].end)
			lk_buf_addc(out, '-');
		else
			lk_buf_add(out, text + groups[i].start, groups[i].end - groups[i].start);
	}
}

static void divided_from_the_left(void **state) {
	static const struct {
		const char *pattern, *text, *want;
	} cases[] = {
		{"(a*)(a*)", "aaa", "aaa|aaa|"}, {"(a|ab)(c|bcd)(d*)", "abcd", "abcd|ab|c|d"}, {"(a+)+", "aaa", "aaa|a"}, {"(a*)+", "aa", "aa|"},
		{"a*b*(b*)", "aabb", "aabb|"}, {"(a*)b*(b*)", "aabb", "aabb|aa|"}, {"(a)|(b)", "b", "b|-|b"}, {"((a)|b)+", "ab", "ab|b|-"},
		{"(a)?(b)?c", "bc", "bc|-|b"}, {"(a*)?", "", "|"}, {"(a|b)?", "c", "|-"}, {"((((x))))", "yx", "x|x|x|x|x"}, {"(a){2,3}", "aaaa", "aaa|a"},
		{"(a){0}b", "ab", "b|-"}, {"^(.*),(.*)$", "a,b,c", "a,b,c|a,b|c"}, {"(\\w+)\\y.(\\w*)", "ab cd", "ab cd|ab|cd"}, {"(é|.)(.*)", "é漢", "é漢|é|漢"},
		{"(a|b|ab)(c|bc)?", "abc", "abc|ab|c"}, {"(?:(a)|(b)|(c))+", "abc", "abc|-|-|c"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		lk_buf b = LK_BUF_INIT;
		const lk_regex *r = compiled(cases[i].pattern);
		assert_null(lk_regex_group_fault(r));
		put_match(r, cases[i].text, lk_regex_groups(r), &b);
		if (strcmp(b.data, cases[i].want) != 0)
			fail_msg("%s of %s: %s, not %s", cases[i].pattern, cases[i].text, b.data, cases[i].want);
		lk_buf_release(&b);
	}
}

static void rounds_that_may_be_none(void **state) {
	static const char *const patterns[] = {"(a)*", "(?:a(b))*", "(a){0,2}", "(a){0,}", "x|(?:(a)|b)*"};
	static const char *const fine[] = {"(a*)", "(?:a)*(b)", "(a)?", "(a)+", "(a){1,}", "(a){0}", "(a){0,1}"};
	(void)state;
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
		assert_non_null(lk_regex_group_fault(compiled(patterns[i])));
	for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
		assert_null(lk_regex_group_fault(compiled(fine[i])));
}

/* Each division takes time proportional to the text: its square would take an hour. */
static void long_texts(void **state) {
	static const char *const patterns[] = {"(a*)(a*)(a*)$", "((a|aa)+)(b?)$", "(.*)(.+)(.)$", "^(?:(a*)b?)+$"};
	const size_t len = 1 << 20;
	lk_match m, groups[LK_REGEX_GROUPS];
	char *text = lk_malloc(len);
	(void)state;
	memset(text, 'a', len);
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		const lk_regex *r = compiled(patterns[i]);
		assert_true(lk_regex_find(r, text, len, 0, &arena, &m));
		assert_true(m.start == 0 && m.end == len);
		lk_regex_capture(r, text, len, &m, &arena, groups);
		assert_true(groups[0].start <= groups[0].end);
	}
	lk_regex_capture(compiled("(.*)(.+)(.)$"), text, len, &m, &arena, groups);
	assert_true(groups[0].end == len - 2 && groups[1].start == len - 2 && groups[2].start == len - 1);
	free(text);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(divided_from_the_left, clear), cmocka_unit_test_teardown(rounds_that_may_be_none, clear),
		cmocka_unit_test_teardown(long_texts, clear),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
