/* Functions of texts. Lengths and positions count code points, from 1; the arithmetic with them is PostgreSQL's, in 32
 * bits, with its overflows. Only A to Z have another case (R8). */
#include <string.h>

#include "expr/md5.h"
#include "expr/private.h"

static const char *after_points(const lk_value *v, int64_t n) {
	size_t at = 0;
	if (n >= v->len)   /* a code point has at least one byte */
		return v->s + v->len;
	while (n-- > 0 && at < v->len)
		at = lk_code_point_end(v->s, v->len, at);
	return v->s + at;
}

static int64_t count_points(const char *s, size_t len) {
	int64_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

static lk_value part(const lk_value *v, const char *from, const char *to) {
	(void)v;
	return lk_text(from, (size_t)(to - from));
}

static lk_value folded(const lk_value *v, char from, char to, int by, lk_eval *ev) {
	lk_value r = lk_made_text(ev, v->s, v->len);
	char *s = (char *)r.s;
	for (size_t i = 0; i < v->len; i++)
		if (s[i] >= from && s[i] <= to)
			s[i] = (char)(s[i] + by);
	return r;
}

static lk_value lower(const lk_expr *x, const lk_value *v, lk_eval *ev) { return (void)x, folded(v, 'A', 'Z', 'a' - 'A', ev); }
static lk_value upper(const lk_expr *x, const lk_value *v, lk_eval *ev) { return (void)x, folded(v, 'a', 'z', 'A' - 'a', ev); }
static lk_value length(const lk_expr *x, const lk_value *v, lk_eval *ev) { return (void)x, (void)ev, lk_int(count_points(v->s, v->len)); }
static lk_value bytes(const lk_expr *x, const lk_value *v, lk_eval *ev) { return (void)x, (void)ev, lk_int(v->len); }

static lk_value joined(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	(void)x;
	char *s = lk_arena_alloc(ev->arena, (size_t)v[0].len + v[1].len + 1);
	memcpy(s, v[0].len ? v[0].s : "", v[0].len);
	memcpy(s + v[0].len, v[1].len ? v[1].s : "", v[1].len);
	return lk_text(s, (size_t)v[0].len + v[1].len);
}

/* An end beyond 32 bits is the text's end. */
static lk_value substring(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	int64_t start = v[1].i, end = INT64_MAX;
	if (x->nargs > 2 && v[2].i < 0)
		return lk_mark(ev, "negative substring length not allowed");
	if (x->nargs > 2 && start + v[2].i <= INT32_MAX)
		end = start + v[2].i;
	start = start > 1 ? start : 1;
	if (end <= start)
		return lk_text("", 0);
	const char *from = after_points(v, start - 1);
	lk_value rest = lk_text(from, (size_t)(v->s + v->len - from));
	return end == INT64_MAX ? rest : part(v, from, after_points(&rest, end - start));
}

static lk_value left(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	(void)x;
	(void)ev;
	int64_t n = v[1].i < 0 ? count_points(v->s, v->len) + v[1].i : v[1].i;
	return part(v, v->s, after_points(v, n > 0 ? n : 0));
}

/* The least integer has no negation in 32 bits: PostgreSQL then takes the whole text. */
static lk_value right(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	(void)x;
	(void)ev;
	int64_t skip = v[1].i == INT32_MIN ? 0 : v[1].i < 0 ? -v[1].i : count_points(v->s, v->len) - v[1].i;
	return part(v, after_points(v, skip > 0 ? skip : 0), v->s + v->len);
}

/* Bytes will do: in UTF-8 no character is a part of another. */
static const char *find(const char *s, const char *end, const lk_value *what) {
	return what->len ? memmem(s, (size_t)(end - s), what->s, what->len) : s;
}

static lk_value position(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	(void)x;
	(void)ev;
	const char *at = v[1].len ? find(v->s, v->s + v->len, &v[1]) : v->s;
	return lk_int(at ? count_points(v->s, (size_t)(at - v->s)) + 1 : 0);
}

static lk_value starts_with(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	(void)x;
	(void)ev;
	return lk_int(v[1].len <= v->len && (!v[1].len || memcmp(v->s, v[1].s, v[1].len) == 0));
}

static int64_t count_parts(const lk_value *v) {
	int64_t n = 1;
	for (const char *p = v->s, *end = v->s + v->len; (p = find(p, end, &v[1])); p += v[1].len)
		n++;
	return n;
}

static lk_value split_part(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	(void)x;
	int64_t n = v[2].i;
	if (n == 0)
		return lk_mark(ev, "field position must not be zero");
	if (!v->len || !v[1].len)
		return n == 1 || n == -1 ? *v : lk_text("", 0);
	n = n < 0 ? count_parts(v) + n + 1 : n;
	const char *from = v->s, *end = v->s + v->len, *to = NULL;
	for (int64_t i = 1; i <= n && from; i++) {
		to = find(from, end, &v[1]);
		if (i < n)
			from = to ? to + v[1].len : NULL;
	}
	return n < 1 || !from ? lk_text("", 0) : part(v, from, to ? to : end);
}

static lk_value replaced(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	(void)x;
	if (!v->len || !v[1].len)
		return *v;
	lk_buf b = LK_BUF_INIT;
	const char *from = v->s, *end = v->s + v->len;
	for (const char *to; (to = find(from, end, &v[1])); from = to + v[1].len) {
		lk_buf_add(&b, from, (size_t)(to - from));
		lk_buf_add(&b, v[2].len ? v[2].s : "", v[2].len);
	}
	lk_buf_add(&b, from, (size_t)(end - from));
	lk_value r = lk_made_text(ev, b.data, b.len);
	lk_buf_release(&b);
	return r;
}

static bool is_one_of(const char *s, size_t len, const lk_value *set) {
	for (size_t at = 0, next; at < set->len; at = next) {
		next = lk_code_point_end(set->s, set->len, at);
		if (next - at == len && memcmp(set->s + at, s, len) == 0)
			return true;
	}
	return false;
}

static lk_value trimmed(const lk_expr *x, const lk_value *v, bool at_start, bool at_end) {
	lk_value blank = lk_text(" ", 1);
	const lk_value *set = x->nargs > 1 ? &v[1] : &blank;
	const char *from = v->s, *to = v->s + v->len;
	while (at_start && from < to) {
		size_t n = lk_code_point_end(from, (size_t)(to - from), 0);
		if (!is_one_of(from, n, set))
			break;
		from += n;
	}
	while (at_end && from < to) {
		const char *last = to - 1;
		while (last > from && ((unsigned char)*last & 0xc0) == 0x80)
			last--;
		if (!is_one_of(last, (size_t)(to - last), set))
			break;
		to = last;
	}
	return part(v, from, to);
}

static lk_value btrim(const lk_expr *x, const lk_value *v, lk_eval *ev) { return (void)ev, trimmed(x, v, true, true); }
static lk_value ltrim(const lk_expr *x, const lk_value *v, lk_eval *ev) { return (void)ev, trimmed(x, v, true, false); }
static lk_value rtrim(const lk_expr *x, const lk_value *v, lk_eval *ev) { return (void)ev, trimmed(x, v, false, true); }

static lk_value reversed(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	(void)x;
	char *s = lk_arena_alloc(ev->arena, (size_t)v->len + 1), *p = s + v->len;
	for (size_t at = 0, next; at < v->len; at = next) {
		next = lk_code_point_end(v->s, v->len, at);
		p -= next - at;
		memcpy(p, v->s + at, next - at);
	}
	return lk_text(s, v->len);
}

static lk_value itself(const lk_expr *x, const lk_value *v, lk_eval *ev) { return (void)x, (void)ev, *v; }

static lk_value md5(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	char hex[33];
	(void)x;
	lk_md5_hex(v->s, v->len, hex);
	return lk_made_text(ev, hex, 32);
}

/* --- how long texts can get --- */

static uint64_t sum_of_both(const lk_expr *x) { return lk_expr_longest(x->args[0]) + lk_expr_longest(x->args[1]); }

/* So many characters have four bytes each at most; below 0 all but so many. */
static uint64_t longest_cut(const lk_expr *x) {
	uint64_t n = lk_expr_longest(x->args[0]);
	const lk_expr *most = x->args[1];
	if (most->op != LK_X_CONST || lk_is_null(&most->value) || most->value.i < 0 || (uint64_t)most->value.i > n / 4)
		return n;
	return 4 * (uint64_t)most->value.i;
}

/* Every match is at least as long as the shortest `from`, a byte unless it is a constant. */
static uint64_t longest_replaced(const lk_expr *x) {
	uint64_t n = lk_expr_longest(x->args[0]), to = lk_expr_longest(x->args[2]);
	uint64_t from = x->args[1]->op == LK_X_CONST && x->args[1]->value.len ? x->args[1]->value.len : 1;
	return to <= from ? n : (n / from + 1) * to;
}

static uint64_t hex_digits(const lk_expr *x) { return (void)x, 32; }

#define T LK_TEXT
#define ONE .nargs = 1, .args = {T}
#define TWO .nargs = 2, .args = {T, T}
#define AND_NUMBER .nargs = 2, .args = {T, LK_INT4}
#define AND_NUMBERS .nargs = 3, .args = {T, LK_INT4, LK_INT4}

const lk_function lk_text_functions[] = {
	{.name = "lower", ONE, .result = T, .eval = lower, .flags = LK_F_COLLATED},
	{.name = "upper", ONE, .result = T, .eval = upper, .flags = LK_F_COLLATED},
	{.name = "length", ONE, .result = LK_INT4, .eval = length},
	{.name = "char_length", ONE, .result = LK_INT4, .eval = length},
	{.name = "character_length", ONE, .result = LK_INT4, .eval = length},
	{.name = "octet_length", ONE, .result = LK_INT4, .eval = bytes},
	{.name = "||", TWO, .result = T, .eval = joined, .longest = sum_of_both, .flags = LK_F_INFIX},
	{.name = "substr", AND_NUMBER, .result = T, .eval = substring},
	{.name = "substr", AND_NUMBERS, .result = T, .eval = substring},
	{.name = "substring", AND_NUMBER, .result = T, .eval = substring},
	{.name = "substring", AND_NUMBERS, .result = T, .eval = substring},
	{.name = "left", AND_NUMBER, .result = T, .eval = left, .longest = longest_cut},
	{.name = "right", AND_NUMBER, .result = T, .eval = right, .longest = longest_cut},
	{.name = "position", TWO, .result = LK_INT4, .eval = position},
	{.name = "strpos", TWO, .result = LK_INT4, .eval = position},
	{.name = "starts_with", TWO, .result = LK_BOOL, .eval = starts_with},
	{.name = "split_part", .nargs = 3, .args = {T, T, LK_INT4}, .result = T, .eval = split_part},
	{.name = "replace", .nargs = 3, .args = {T, T, T}, .result = T, .eval = replaced, .longest = longest_replaced},
	{.name = "btrim", ONE, .result = T, .eval = btrim},
	{.name = "btrim", TWO, .result = T, .eval = btrim},
	{.name = "ltrim", ONE, .result = T, .eval = ltrim},
	{.name = "ltrim", TWO, .result = T, .eval = ltrim},
	{.name = "rtrim", ONE, .result = T, .eval = rtrim},
	{.name = "rtrim", TWO, .result = T, .eval = rtrim},
	{.name = "reverse", ONE, .result = T, .eval = reversed},
	{.name = "COLLATE \"C\"", ONE, .result = T, .eval = itself, .flags = LK_F_COLLATES},
	{.name = "md5", ONE, .result = T, .eval = md5, .longest = hex_digits},
	{0},
};
