#include "core/jsonb.h"

#include <stdlib.h>
#include <string.h>

#include "core/json_text.h"

/* One walk checks and prints. An object's members are printed where they stand and put into their order when it ends.
 * Recursion is as deep as the value, at most LK_JSONB_DEPTH. */
typedef struct reader {
	const char *p, *end, *reason;
	int depth;
	size_t size;        /* of what is printed, or would be */
	lk_buf *out;        /* NULL: check only */
	lk_arena arena;     /* decoded texts, members */
	lk_buf quoted;
} reader;

typedef struct member {
	const char *key;    /* decoded */
	size_t len, from, to;   /* "key": value is out[from, to) */
	size_t place;       /* among the members of its object */
} member;

typedef struct members {
	member *at;
	size_t n, room;
} members;

static bool read_value(reader *r);

static bool fail(reader *r, const char *reason) {
	r->reason = r->reason ? r->reason : reason;
	return false;
}

static bool put(reader *r, const char *s, size_t len) {
	r->size += len;
	if (r->out)
		lk_buf_add(r->out, s, len);
	return r->size <= LK_JSONB_MAX ? true : fail(r, "a jsonb of more than 1 MiB, as PostgreSQL prints it");
}

static void skip_space(reader *r) {
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\r' || *r->p == '\n'))
		r->p++;
}

static bool take(reader *r, char c) {
	skip_space(r);
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* --- texts --- */

/* The text at the quote, decoded: a part of the input, or in the arena. */
static bool read_text(reader *r, const char **text, size_t *len) {
	bool escaped = false;
	const char *from = r->p + 1, *behind = lk_json_string_end(from, r->end, &escaped, &r->reason);
	if (!behind)
		return false;
	r->p = behind;
	*text = from;
	*len = (size_t)(behind - 1 - from);
	if (escaped && !lk_json_unescape(from, *len, &r->arena, text, len, &r->reason))
		return false;
	return lk_utf8_valid(*text, *len) || fail(r, "invalid UTF-8");
}

static bool put_text(reader *r, const char *text, size_t len) {
	lk_buf_clear(&r->quoted);
	lk_json_quote(text, len, &r->quoted);
	return put(r, r->quoted.data, r->quoted.len);
}

/* --- numbers --- */

/* The digits before and after the point, as written, and where the exponent moves the point. */
typedef struct number {
	bool negative;
	const char *whole, *fraction;
	int nwhole, nfraction, exponent;
} number;

static const char *take_digits(const char **p, const char *end, int *n) {
	const char *from = *p;
	while (*p < end && is_digit(**p))
		++*p;
	*n = *p - from > LK_JSONB_MAX ? LK_JSONB_MAX : (int)(*p - from);
	return from;
}

static int exponent_at(const char *p, const char *end) {
	bool negative = *p == '-';
	int exponent = 0;
	for (p += *p == '-' || *p == '+'; p < end; p++)
		exponent = exponent < 2 * LK_JSONB_MAX ? exponent * 10 + (*p - '0') : exponent;
	return negative ? -exponent : exponent;
}

static bool read_number(reader *r, number *n) {
	const char *p = r->p, *end = lk_json_number_end(p, r->end, &r->reason);
	if (!end)
		return false;
	*n = (number){.negative = *p == '-'};
	p += n->negative;
	n->whole = take_digits(&p, end, &n->nwhole);
	p += p < end && *p == '.';
	n->fraction = take_digits(&p, end, &n->nfraction);
	n->exponent = p < end ? exponent_at(p + 1, end) : 0;
	r->p = end;
	return true;
}

/* The digit at a place, which is 0 for the last one before the point and negative after it. */
static char digit_at(const number *n, int place) {
	int i = n->nwhole - 1 - (place - n->exponent);
	return i < 0 || i >= n->nwhole + n->nfraction ? '0' : i < n->nwhole ? n->whole[i] : n->fraction[i - n->nwhole];
}

/* As PostgreSQL prints the numeric: no exponent, no zeros before the number, those after it as written. */
static bool put_number(reader *r, const number *n) {
	int first = n->nwhole - 1 + n->exponent, scale = n->nfraction - n->exponent, least = scale > 0 ? -scale : 0;
	bool zero = true;
	char digits[2 * LK_JSONB_DIGITS + 3], *d = digits;
	if (first >= LK_JSONB_DIGITS || scale > LK_JSONB_DIGITS)
		return fail(r, "a number of more than 1000 digits before or after its point");
	while (first > 0 && digit_at(n, first) == '0')
		first--;
	for (int place = first > 0 ? first : 0; place >= least; place--) {
		if (place == -1)
			*d++ = '.';
		*d = digit_at(n, place);
		zero &= *d++ == '0';
	}
	return (!n->negative || zero || put(r, "-", 1)) && put(r, digits, (size_t)(d - digits));
}

/* --- containers --- */

/* The order of keys in a jsonb; of equal keys the later one is first. */
static int by_key(const void *x, const void *y) {
	const member *a = x, *b = y;
	int c = a->len != b->len ? (a->len > b->len ? 1 : -1) : a->len ? memcmp(a->key, b->key, a->len) : 0;
	return c ? c : (a->place < b->place) - (a->place > b->place);
}

static bool same_key(const member *a, const member *b) {
	return a->len == b->len && (!a->len || memcmp(a->key, b->key, a->len) == 0);
}

/* Prints the members, which begin at `from`, again in their order. */
static void put_in_order(reader *r, members *m, size_t from) {
	bool ordered = true;
	for (size_t i = 1; i < m->n && ordered; i++)
		ordered = by_key(&m->at[i - 1], &m->at[i]) < 0 && !same_key(&m->at[i - 1], &m->at[i]);
	if (ordered)
		return;
	lk_buf sorted = LK_BUF_INIT;
	qsort(m->at, m->n, sizeof *m->at, by_key);
	for (size_t i = 0; i < m->n; i++) {
		if (i && same_key(&m->at[i - 1], &m->at[i]))
			continue;
		lk_buf_adds(&sorted, i ? ", " : "");
		lk_buf_add(&sorted, r->out->data + m->at[i].from, m->at[i].to - m->at[i].from);
	}
	r->out->len = from;
	lk_buf_add(r->out, sorted.data, sorted.len);
	lk_buf_release(&sorted);
}

static member *next_member(reader *r, members *m) {
	if (m->n == m->room) {
		m->room = m->room ? 2 * m->room : 16;
		member *more = lk_arena_alloc(&r->arena, sizeof *more * m->room);
		if (m->n)
			memcpy(more, m->at, sizeof *more * m->n);
		m->at = more;
	}
	m->at[m->n] = (member){.place = m->n};
	return &m->at[m->n++];
}

static bool read_member(reader *r, members *m) {
	const char *key;
	size_t len, from = r->out ? r->out->len : 0, i = m->n;
	skip_space(r);
	if (r->p == r->end || *r->p != '"')
		return fail(r, "not JSON: a key is missing");
	if (!read_text(r, &key, &len) || !put_text(r, key, len))
		return false;
	if (!take(r, ':'))
		return fail(r, "not JSON: no colon after a key");
	if (r->out)
		*next_member(r, m) = (member){.key = key, .len = len, .from = from, .place = i};
	if (!put(r, ": ", 2) || !read_value(r))
		return false;
	if (r->out)
		m->at[i].to = r->out->len;
	return true;
}

static bool read_object(reader *r) {
	members m = {0};
	bool first = true;
	if (!put(r, "{", 1))
		return false;
	if (take(r, '}'))
		return put(r, "}", 1);
	size_t from = r->out ? r->out->len : 0;
	do {
		if (!(first || put(r, ", ", 2)) || !read_member(r, &m))
			return false;
		first = false;
	} while (take(r, ','));
	if (!take(r, '}'))
		return fail(r, r->p == r->end ? "not JSON: it ends too early" : "not JSON: neither , nor } after a member");
	if (m.n > 1)
		put_in_order(r, &m, from);
	return put(r, "}", 1);
}

static bool read_array(reader *r) {
	bool first = true;
	if (!put(r, "[", 1))
		return false;
	if (take(r, ']'))
		return put(r, "]", 1);
	do {
		if (!(first || put(r, ", ", 2)) || !read_value(r))
			return false;
		first = false;
	} while (take(r, ','));
	if (!take(r, ']'))
		return fail(r, r->p == r->end ? "not JSON: it ends too early" : "not JSON: neither , nor ] after an element");
	return put(r, "]", 1);
}

static bool read_word(reader *r) {
	const char *from = r->p, *behind = lk_json_word_end(from, r->end, &r->reason);
	if (!behind)
		return false;
	r->p = behind;
	return put(r, from, (size_t)(behind - from));
}

static bool read_container(reader *r) {
	if (r->depth == LK_JSONB_DEPTH)
		return fail(r, "a jsonb of more than 512 levels");
	r->depth++;
	bool good = *r->p++ == '{' ? read_object(r) : read_array(r);
	r->depth--;
	return good;
}

static bool read_value(reader *r) {
	number n;
	const char *text;
	size_t len;
	skip_space(r);
	if (r->p == r->end)
		return fail(r, "not JSON: it ends too early");
	switch (*r->p) {
	case '{':
	case '[': return read_container(r);
	case '"': return read_text(r, &text, &len) && put_text(r, text, len);
	case 't': case 'f': case 'n': return read_word(r);
	default: return read_number(r, &n) && put_number(r, &n);
	}
}

int lk_jsonb_normalise(const char *s, size_t len, lk_buf *out, const char **reason) {
	reader r = {.p = s, .end = s + len, .out = out};
	bool good = read_value(&r);
	skip_space(&r);
	good = good && (r.p == r.end || fail(&r, "not JSON: something follows the value"));
	lk_arena_release(&r.arena);
	lk_buf_release(&r.quoted);
	*reason = r.reason;
	return good ? 0 : -1;
}

int lk_jsonb_check(const char *s, size_t len, const char **reason) { return lk_jsonb_normalise(s, len, NULL, reason); }

void lk_jsonb_unquote(const char *p, size_t len, lk_buf *out) {
	reader r = {.p = p, .end = p + len};
	const char *text;
	size_t n;
	if (read_text(&r, &text, &n))
		lk_buf_add(out, text, n);
	lk_arena_release(&r.arena);
}
