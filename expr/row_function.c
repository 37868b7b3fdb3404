/* The table of functions of FROM. The rules of string_to_table are those of split_text and text_to_table in
 * PostgreSQL's varlena.c, those of regexp_split_to_table of setup_regexp_matches in its regexp.c. */
#include "expr/row_function.h"

#include <string.h>

#include "expr/json_array.h"
#include "expr/private.h"
#include "expr/regex.h"

/* --- string_to_table(text, delimiter [, text that means NULL]) --- */

static bool split_begin(lk_row_call *c, lk_eval *ev) {
	(void)ev;
	c->ended = c->args[0].len == 0;
	return true;
}

/* Where the piece that begins at c->at ends, and, in *next, where the one after it begins. A delimiter that is NULL
 * splits into characters, an empty one not at all. */
static size_t piece_end(lk_row_call *c, size_t *next) {
	const lk_value *text = &c->args[0], *by = &c->args[1];
	if (by->state != LK_VALUE) {
		size_t end = lk_code_point_end(text->s, text->len, c->at);
		c->ended = end == text->len;
		return *next = end;
	}
	const char *found = by->len ? memmem(text->s + c->at, text->len - c->at, by->s, by->len) : NULL;
	c->ended = !found;
	*next = found ? (size_t)(found - text->s) + by->len : text->len;
	return found ? (size_t)(found - text->s) : text->len;
}

static bool same_text(const lk_value *a, const lk_value *b) {
	return a->len == b->len && (!a->len || memcmp(a->s, b->s, a->len) == 0);
}

static bool split_next(lk_row_call *c, lk_value *out, lk_eval *ev) {
	const lk_value *text = &c->args[0], *null = &c->args[2];
	(void)ev;
	if (c->ended)
		return false;
	size_t from = c->at, end = piece_end(c, &c->at);
	*out = lk_text(text->s + from, end - from);
	if (c->nargs > 2 && null->state == LK_VALUE && same_text(null, out))
		*out = lk_null();
	return true;
}

/* --- regexp_split_to_table(text, pattern [, flags]) --- */

static const char *prepare_pattern(lk_expr *const *args, int n, const void **made, lk_arena *arena) {
	const lk_value *pattern = &args[1]->value, *flags = n > 2 ? &args[2]->value : NULL;
	const char *fault;
	for (uint32_t i = 0; flags && i < flags->len; i++)
		if (flags->s[i] != 'i')
			return "its only flag is i (upper and lower case are equal)";
	*made = lk_regex_compile(pattern->s, pattern->len, flags && flags->len, arena, &fault);
	return fault;
}

/* The next match that parts two pieces. Empty ones at the text's ends, and right behind another match, do not. */
static bool find_parting(lk_row_call *c, lk_match *m) {
	const lk_value *text = &c->args[0];
	while (c->searched <= text->len && lk_regex_find(c->made, text->s, text->len, c->searched, &c->scratch, m)) {
		lk_arena_clear(&c->scratch);
		bool parts = m->start < text->len && m->end > (size_t)c->next;
		c->next = (int64_t)m->end;
		c->searched = m->end;
		if (m->start == m->end)
			c->searched = m->end < text->len ? lk_code_point_end(text->s, text->len, m->end) : text->len + 1;
		if (parts)
			return true;
	}
	return false;
}

static bool match_next(lk_row_call *c, lk_value *out, lk_eval *ev) {
	const lk_value *text = &c->args[0];
	lk_match m = {text->len, text->len};
	(void)ev;
	if (c->ended)
		return false;
	c->ended = !find_parting(c, &m);
	if (c->ended)
		m = (lk_match){text->len, text->len};
	*out = lk_text(text->s + c->at, m.start - c->at);
	c->at = m.end;
	return true;
}

/* --- json_array_elements_text(text::json) --- */

static bool elements_begin(lk_row_call *c, lk_eval *ev) {
	ev->reason = lk_json_array_fault(c->args[0].s, c->args[0].len, &c->scratch);
	c->ended = ev->reason != NULL;
	return !c->ended;
}

static bool element_next(lk_row_call *c, lk_value *out, lk_eval *ev) {
	lk_value part;
	if (!lk_json_array_next(c->args[0].s, c->args[0].len, &c->at, &part, &c->scratch))
		return false;
	*out = lk_json_element_text(&part, ev->arena);
	return true;
}

/* --- jsonb_array_elements(jsonb), jsonb_array_elements_text(jsonb) --- */

static bool parts_begin(lk_row_call *c, lk_eval *ev) {
	c->ended = *c->args[0].s != '[';
	if (c->ended)
		ev->reason = *c->args[0].s == '{' ? "cannot extract elements from an object"
		                                  : "cannot extract elements from a scalar";
	return !c->ended;
}

static bool part_next(lk_row_call *c, lk_value *out, lk_eval *ev) {
	(void)ev;
	return lk_json_array_next(c->args[0].s, c->args[0].len, &c->at, out, &c->scratch);
}

/* --- generate_series(first, last [, step]) --- */

static int64_t step_of(const lk_row_call *c) { return c->nargs > 2 ? c->args[2].i : 1; }

static bool series_begin(lk_row_call *c, lk_eval *ev) {
	c->next = c->args[0].i;
	if (step_of(c))
		return true;
	ev->reason = "step size cannot equal zero";
	return false;
}

static bool series_next(lk_row_call *c, lk_value *out, lk_eval *ev) {
	int64_t step = step_of(c), last = c->args[1].i;
	(void)ev;
	if (c->ended || (step > 0 ? c->next > last : c->next < last))
		return false;
	*out = lk_int(c->next);
	c->ended = __builtin_add_overflow(c->next, step, &c->next);
	return true;
}

/* --- the table --- */

#define SERIES .name = "generate_series", .least = 2, .most = 3, .begin = series_begin, .next = series_next
#define SPLIT .least = 2, .most = 3, .args = {LK_TEXT, LK_TEXT, LK_TEXT}, .result = LK_TEXT, .bytes_a_row = 1
#define ELEMENTS(kind, made) .column = "value", .least = 1, .most = 1, .args = {kind}, .result = made

static const lk_row_function functions[] = {
	{.name = "string_to_table", SPLIT, .nullable = 6, .begin = split_begin, .next = split_next},
	{.name = "regexp_split_to_table", SPLIT, .constants = 6, .prepare = prepare_pattern, .next = match_next},
	{.name = "json_array_elements_text", ELEMENTS(LK_TEXT, LK_TEXT), .bytes_a_row = 2, .reads_json = true,
	 .own_texts = true, .begin = elements_begin, .next = element_next},
	{.name = "jsonb_array_elements_text", ELEMENTS(LK_JSONB, LK_TEXT), .bytes_a_row = 3, .own_texts = true,
	 .begin = parts_begin, .next = element_next},
	{.name = "jsonb_array_elements", ELEMENTS(LK_JSONB, LK_JSONB), .bytes_a_row = 3, .begin = parts_begin,
	 .next = part_next},
	{SERIES, .args = {LK_INT4, LK_INT4, LK_INT4}, .result = LK_INT4},
	{SERIES, .args = {LK_INT8, LK_INT8, LK_INT8}, .result = LK_INT8},
};

const lk_row_function *lk_row_function_at(int i) {
	return i < (int)(sizeof functions / sizeof *functions) ? &functions[i] : NULL;
}

uint64_t lk_row_function_most(const lk_row_function *f, lk_expr *const *args, int n) {
	if (f->bytes_a_row)
		return lk_expr_longest(args[0]) / f->bytes_a_row + 1;
	if (args[0]->op != LK_X_CONST || args[1]->op != LK_X_CONST || n > 2)
		return UINT64_MAX;
	if (lk_is_null(&args[0]->value) || lk_is_null(&args[1]->value) || args[0]->value.i > args[1]->value.i)
		return 0;
	uint64_t steps = (uint64_t)args[1]->value.i - (uint64_t)args[0]->value.i;
	return steps + (steps < UINT64_MAX);
}

bool lk_row_call_begin(const lk_row_function *f, lk_row_call *c, bool *marked, lk_eval *ev) {
	bool known = true;
	*marked = false;
	c->at = c->searched = 0;
	c->next = 0;
	c->ended = false;
	for (int i = 0; i < c->nargs; i++) {
		*marked |= c->args[i].state == LK_MARKED;
		known &= c->args[i].state == LK_VALUE || f->nullable >> i & 1;
	}
	if (*marked || !known)
		return false;
	*marked = f->begin && !f->begin(c, ev);
	return !*marked;
}
