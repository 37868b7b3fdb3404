/* lk and PostgreSQL may write one value differently (R9, R12), so lists are compared by value: each value is read as
 * its type and printed again. A numeric only loses its trailing zeros: read with the type's scale, it could be rounded,
 * and a difference would not show. Texts stay: both sides escape the same characters in the same way. */
#include "compare/top_values.h"

#include <string.h>

void lk_numeric_text_put(const char *s, size_t len, lk_buf *out) {
	if (memchr(s, '.', len)) {
		while (s[len - 1] == '0')
			len--;
		len -= s[len - 1] == '.';
	}
	lk_buf_add(out, s, len);
}

static void put_value(lk_type t, const char *s, size_t len, lk_buf *out) {
	bool quoted = len >= 2 && s[0] == '"' && s[len - 1] == '"';
	const char *reason;
	lk_value v;
	if (t.kind == LK_NUMERIC && !quoted) {
		lk_numeric_text_put(s, len, out);
	} else if (t.kind == LK_TEXT || lk_value_parse(t, s + quoted, len - 2 * quoted, &v, &reason) != 0) {
		lk_buf_add(out, s, len);
	} else {
		if ((t.kind == LK_FLOAT4 || t.kind == LK_FLOAT8) && v.d == 0)
			v = lk_double(0);
		lk_value_json(t, &v, out);
	}
}

typedef struct reader {
	const char *p, *end;
} reader;

static bool take(reader *r, const char *word) {
	size_t n = strlen(word);
	if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n))
		return false;
	r->p += n;
	return true;
}

/* A string with its quotes, or what goes up to the next comma. */
static bool take_value(reader *r, const char **s, size_t *len) {
	*s = r->p;
	if (take(r, "\"")) {
		while (r->p < r->end && *r->p != '"')
			r->p += *r->p == '\\' && r->end - r->p > 1 ? 2 : 1;
		if (!take(r, "\""))
			return false;
	} else {
		while (r->p < r->end && *r->p != ',')
			r->p++;
	}
	*len = (size_t)(r->p - *s);
	return *len > 0;
}

static bool put_item(reader *r, lk_type t, lk_buf *out) {
	const char *s;
	size_t len;
	if (!take(r, "{\"value\":") || !take_value(r, &s, &len) || !take(r, ",\"count\":"))
		return false;
	lk_buf_adds(out, "{\"value\":");
	put_value(t, s, len, out);
	lk_buf_adds(out, ",\"count\":");
	for (s = r->p; r->p < r->end && *r->p >= '0' && *r->p <= '9';)
		r->p++;
	lk_buf_add(out, s, (size_t)(r->p - s));
	lk_buf_addc(out, '}');
	return r->p > s && take(r, "}");
}

void lk_top_values_put(lk_type t, const char *json, size_t len, lk_buf *out) {
	reader r = {json, json + len};
	lk_buf list = LK_BUF_INIT;
	bool ok = take(&r, "[");
	lk_buf_addc(&list, '[');
	while (ok && (ok = put_item(&r, t, &list)) && take(&r, ","))
		lk_buf_addc(&list, ',');
	ok = ok && take(&r, "]") && r.p == r.end;
	lk_buf_addc(&list, ']');
	lk_buf_add(out, ok ? list.data : json, ok ? list.len : len);
	lk_buf_release(&list);
}
