/* Functions of regular expressions. The pattern is a constant, compiled once, when the definition is read. */
#include <string.h>

#include "expr/private.h"
#include "expr/regex.h"

/* --- operators --- */

static const char *prepare(lk_expr *x, lk_arena *arena, bool fold) {
	const lk_value *pattern = &x->args[1]->value;
	const char *fault;
	x->made = lk_regex_compile(pattern->s, pattern->len, fold, arena, &fault);
	return fault;
}

static const char *prepare_exact(lk_expr *x, lk_arena *arena) { return prepare(x, arena, false); }
static const char *prepare_folded(lk_expr *x, lk_arena *arena) { return prepare(x, arena, true); }

static bool found(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	return lk_regex_find(x->made, v->s, v->len, 0, ev->arena, NULL);
}
static lk_value matches(const lk_expr *x, const lk_value *v, lk_eval *ev) { return lk_int(found(x, v, ev)); }
static lk_value matches_not(const lk_expr *x, const lk_value *v, lk_eval *ev) { return lk_int(!found(x, v, ev)); }

/* --- substring(text FROM pattern) --- */

static const char *prepare_part(lk_expr *x, lk_arena *arena) {
	const char *fault = prepare(x, arena, false);
	return fault ? fault : lk_regex_group_fault(x->made);
}

/* The match, or the first group's part of it. */
static lk_value matching_part(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	lk_match m, groups[LK_REGEX_GROUPS];
	if (!lk_regex_find(x->made, v->s, v->len, 0, ev->arena, &m))
		return lk_null();
	if (lk_regex_groups(x->made)) {
		lk_regex_capture(x->made, v->s, v->len, &m, ev->arena, groups);
		m = groups[0];
	}
	return m.start > m.end ? lk_null() : lk_text(v->s + m.start, m.end - m.start);
}

/* --- regexp_replace --- */

/* The replacement, cut after each \& and \1 … \9: a text that stands for itself, then the match or a group of it. */
typedef struct piece {
	lk_value text;
	int group;   /* 0: the whole match; -1: nothing, the last piece */
} piece;

typedef struct replacement {
	const lk_regex *pattern;
	bool all, groups;
	int npieces;
	piece *pieces;
} replacement;

static const char *read_flags(const lk_value *flags, bool *all, bool *fold) {
	for (uint32_t i = 0; i < flags->len; i++) {
		*all |= flags->s[i] == 'g';
		*fold |= flags->s[i] == 'i';
		if (flags->s[i] != 'g' && flags->s[i] != 'i')
			return "its flags are g (all matches) and i (upper and lower case are equal)";
	}
	return NULL;
}

/* A backslash makes one of \\, and stays where nothing else is meant. */
static void read_replacement(const lk_value *text, replacement *to, lk_arena *arena) {
	to->pieces = lk_arena_alloc(arena, sizeof *to->pieces * (text->len / 2 + 2));
	char *out = lk_arena_alloc(arena, (size_t)text->len + 1), *from = out;
	for (const char *p = text->s, *end = p + text->len; p < end; p++) {
		char next = *p == '\\' && p + 1 < end ? p[1] : '\0';
		bool group = next >= '1' && next <= '9';
		if (group || next == '&') {
			to->pieces[to->npieces++] = (piece){lk_text(from, (size_t)(out - from)), group ? next - '0' : 0};
			from = out;
		} else {
			*out++ = *p;
		}
		to->groups |= group;
		p += group || next == '&' || next == '\\';
	}
	to->pieces[to->npieces++] = (piece){lk_text(from, (size_t)(out - from)), -1};
}

static const char *prepare_replace(lk_expr *x, lk_arena *arena) {
	replacement *to = lk_arena_zalloc(arena, sizeof *to);
	bool fold = false;
	const char *fault = x->nargs > 3 ? read_flags(&x->args[3]->value, &to->all, &fold) : NULL;
	read_replacement(&x->args[2]->value, to, arena);
	fault = fault ? fault : prepare(x, arena, fold);
	to->pattern = x->made;
	x->made = to;
	return fault || !to->groups ? fault : lk_regex_group_fault(to->pattern);
}

static void put(const replacement *to, const lk_value *v, const lk_match *whole, lk_arena *scratch, lk_buf *out) {
	lk_match groups[LK_REGEX_GROUPS];
	if (to->groups)
		lk_regex_capture(to->pattern, v->s, v->len, whole, scratch, groups);
	for (int i = 0; i < to->npieces; i++) {
		const piece *p = &to->pieces[i];
		const lk_match *m = p->group > 0 ? &groups[p->group - 1] : whole;
		lk_buf_add(out, p->text.len ? p->text.s : "", p->text.len);
		if (p->group >= 0 && m->start <= m->end)
			lk_buf_add(out, v->s + m->start, m->end - m->start);
	}
}

/* After an empty match the search goes on one character further. */
static lk_value replaced(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	const replacement *to = x->made;
	lk_buf out = LK_BUF_INIT;
	size_t done = 0, from = 0;
	lk_match m;
	lk_arena scratch = {0};
	while (from <= v->len && lk_regex_find(to->pattern, v->s, v->len, from, &scratch, &m)) {
		lk_buf_add(&out, v->s + done, m.start - done);
		put(to, v, &m, &scratch, &out);
		lk_arena_clear(&scratch);
		done = from = m.end;
		if (m.start == m.end)
			from = m.end < v->len ? lk_code_point_end(v->s, v->len, m.end) : v->len + 1;
		if (!to->all)
			break;
	}
	lk_buf_add(&out, v->s + done, v->len - done);
	lk_value r = lk_made_text(ev, out.data, out.len);
	lk_buf_release(&out);
	lk_arena_release(&scratch);
	return r;
}

/* Each of at most len + 1 matches becomes a replacement, with each \& and \1 the text once more. */
static uint64_t longest(const lk_expr *x) {
	uint64_t n = lk_expr_longest(x->args[0]), each = x->args[2]->value.len;
	return n + (n + 1) * each + n * (each / 2);
}

#define T LK_TEXT
#define OPERATOR(op) .name = op, .nargs = 2, .args = {T, T}, .result = LK_BOOL, .constants = 2
#define REPLACE(n) .name = "regexp_replace", .nargs = n, .args = {T, T, T, T}, .result = T, .eval = replaced, .prepare = prepare_replace, \
                   .longest = longest, .flags = LK_F_COLLATED

const lk_function lk_pattern_functions[] = {
	{OPERATOR("~"), .eval = matches, .prepare = prepare_exact, .flags = LK_F_INFIX | LK_F_COLLATED},
	{OPERATOR("!~"), .eval = matches_not, .prepare = prepare_exact, .flags = LK_F_INFIX | LK_F_COLLATED},
	{OPERATOR("~*"), .eval = matches, .prepare = prepare_folded, .flags = LK_F_INFIX | LK_F_COLLATED},
	{OPERATOR("!~*"), .eval = matches_not, .prepare = prepare_folded, .flags = LK_F_INFIX | LK_F_COLLATED},
	{.name = "substring", .nargs = 2, .args = {T, T}, .result = T, .eval = matching_part, .prepare = prepare_part,
	 .constants = 2, .flags = LK_F_COLLATED},
	{REPLACE(3), .constants = 6},
	{REPLACE(4), .constants = 14},
	{0},
};
