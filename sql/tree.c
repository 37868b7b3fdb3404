#include "sql/tree.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "sql/lex.h"

/* Bytes of the character at s, 0 if it is not one: the parser quotes by bytes and may cut a character in two. */
static size_t character(const char *s, size_t left) {
	for (size_t n = 1; n <= 4 && n <= left; n++)
		if (lk_utf8_valid(s, n))
			return n;
	return 0;
}

/* Makes a message one line that a terminal can show: control characters become blanks, and a long message is cut. */
static char *one_line(lk_arena *arena, const char *message) {
	const size_t most = 300, len = strlen(message);
	lk_buf b = LK_BUF_INIT;
	size_t at = 0;
	for (size_t n; at < len && at < most; at += n ? n : 1) {
		n = character(message + at, len - at);
		if (n == 1 && ((unsigned char)message[at] < 0x20 || message[at] == 0x7f))
			lk_buf_addc(&b, ' ');
		else
			lk_buf_add(&b, message + at, n);
	}
	lk_buf_adds(&b, at < len ? "…" : "");
	char *text = lk_arena_strndup(arena, b.data ? b.data : "", b.len);
	lk_buf_release(&b);
	return text;
}

void lk_file_fault(lk_definitions *d, const char *file, size_t file_len, size_t at, const char *message, const char *hint) {
	if ((d->nfaults & (d->nfaults - 1)) == 0) {
		lk_fault *more = lk_arena_alloc(&d->arena, sizeof *more * (size_t)(d->nfaults ? 2 * d->nfaults : 1));
		if (d->nfaults)
			memcpy(more, d->faults, sizeof *more * (size_t)d->nfaults);
		d->faults = more;
	}
	int line = 1, col = 1;
	for (size_t i = 0; i < at && i < file_len; i++) {
		if (file[i] == '\n') {
			line++;
			col = 1;
		} else if (((unsigned char)file[i] & 0xC0) != 0x80) {
			col++;
		}
	}
	d->faults[d->nfaults++] = (lk_fault){.line = line, .col = col, .message = one_line(&d->arena, message),
	                                     .hint = lk_arena_strdup(&d->arena, hint)};
}

const char *lk_stmt_text(lk_stmt *s, const char *fmt, ...) {
	lk_buf b = LK_BUF_INIT;
	va_list ap;
	va_start(ap, fmt);
	lk_buf_vaddf(&b, fmt, ap);
	va_end(ap);
	char *text = lk_arena_strndup(s->arena, b.data ? b.data : "", b.len);
	lk_buf_release(&b);
	return text;
}

void lk_stmt_fault(lk_stmt *s, int at, const char *hint, const char *fmt, ...) {
	lk_buf b = LK_BUF_INIT;
	va_list ap;
	va_start(ap, fmt);
	lk_buf_vaddf(&b, fmt, ap);
	va_end(ap);
	if (at < 0)
		at = 0;
	if (at > s->len)
		at = s->len;
	lk_file_fault(s->out, s->file, s->file_len, s->offset + (size_t)at, b.data ? b.data : "", hint);
	s->nfaults++;
	lk_buf_release(&b);
}

const char *lk_stmt_token(lk_stmt *s, int at) {
	lk_token t = lk_lex(s->text, s->len, at);
	int n = t.end - t.at;
	const int most = 40;
	if (n <= most)
		return lk_arena_strndup(s->arena, s->text + t.at, (size_t)n);
	for (n = most; n > 0 && ((unsigned char)s->text[t.at + n] & 0xC0) == 0x80;)
		n--;
	return lk_stmt_text(s, "%.*s…", n, s->text + t.at);
}

const json_t *lk_tree_node(const json_t *node, const char **kind) {
	*kind = "";
	if (!json_is_object(node) || json_object_size(node) != 1)
		return NULL;
	void *it = json_object_iter((json_t *)node);
	const json_t *fields = json_object_iter_value(it);
	if (!json_is_object(fields))
		return NULL;
	*kind = json_object_iter_key(it);
	return fields;
}

const json_t *lk_tree_as(const json_t *node, const char *kind) {
	const char *is;
	const json_t *fields = lk_tree_node(node, &is);
	return fields && strcmp(is, kind) == 0 ? fields : NULL;
}

int lk_tree_location(const json_t *fields) {
	const json_t *at = json_object_get(fields, "location");
	return json_is_integer(at) && json_integer_value(at) > 0 ? (int)json_integer_value(at) : 0;
}

static int first_location(const json_t *n) {
	int best = -1, at;
	const char *key;
	json_t *item;
	size_t i;
	if (json_is_array(n)) {
		json_array_foreach(n, i, item)
			if ((at = first_location(item)) >= 0 && (best < 0 || at < best))
				best = at;
	} else if (json_is_object(n)) {
		json_object_foreach((json_t *)n, key, item) {
			at = strcmp(key, "location") == 0 ? (int)json_integer_value(item) : first_location(item);
			if (at >= 0 && (best < 0 || at < best))
				best = at;
		}
	}
	return best;
}

int lk_tree_start(const json_t *node, int fallback) {
	int at = first_location(node);
	return at < 0 ? fallback : at;
}

const char *lk_tree_str(const json_t *fields, const char *key) {
	const char *s = json_string_value(json_object_get(fields, key));
	return s ? s : "";
}

bool lk_tree_flag(const json_t *fields, const char *key) { return json_is_true(json_object_get(fields, key)); }

bool lk_tree_is_star(const json_t *value) {
	const json_t *fields = json_object_get(lk_tree_as(value, "ColumnRef"), "fields");
	return lk_tree_as(json_array_get(fields, json_array_size(fields) - 1), "A_Star") != NULL;
}

const char *lk_tree_string_node(const json_t *node) {
	const json_t *s = lk_tree_as(node, "String");
	return s ? lk_tree_str(s, "sval") : NULL;
}

/* What an unsupported field means in SQL, what to write instead, and the keyword to point at if the tree has no
 * location for it. */
static const struct {
	const char *key, *what, *hint, *keyword;
} unsupported[] = {
	{"agg_distinct", "DISTINCT", "leave DISTINCT out; a view can group by that column instead", NULL},
	{"agg_filter", "FILTER", "aggregate a CASE instead: sum(CASE WHEN … THEN 1 ELSE 0 END)", NULL},
	{"agg_order", "ORDER BY", "the aggregates of views do not depend on order; leave it out", NULL},
	{"agg_within_group", "WITHIN GROUP", "ordered-set aggregates are not available", NULL},
	{"accessMethod", "USING", "leave it out", "using"},
	{"aliases", "a column list after the view's name", "name the columns in the select list: expression AS name", "("},
	{"bsval", "a bit string", "write a number in decimal", NULL},
	{"catalogname", "a database name", "write the name alone", NULL},
	{"collClause", "COLLATE", "text columns always have the collation \"C\"; leave it out", NULL},
	{"constraints", "a constraint", "leave it out; events that cannot be read are refused at ingest", NULL},
	{"defnamespace", "a prefix", "write the option's name alone", NULL},
	{"distinctClause", "SELECT DISTINCT", "GROUP BY the columns and select an aggregate: count(*), or last(x), the value of the latest event", "distinct"},
	{"func_variadic", "VARIADIC", "write the arguments one by one", NULL},
	{"groupDistinct", "GROUP BY DISTINCT", "write GROUP BY", "distinct"},
	{"havingClause", "HAVING", "filter the answer when you read it; conditions on events go to WHERE", NULL},
	{"if_not_exists", "IF NOT EXISTS", "leave it out: applying the same definition again changes nothing", "if"},
	{"inhRelations", "INHERITS or PARTITION OF", "list all columns; WITH (partitions = N) splits the log", NULL},
	{"intoClause", "INTO", "leave it out", NULL},
	{"limitCount", "LIMIT", "leave it out; limit the answer when you read it", NULL},
	{"limitOffset", "OFFSET", "leave it out; limit the answer when you read it", NULL},
	{"lockingClause", "FOR UPDATE or FOR SHARE", "leave it out", "for"},
	{"ofTypename", "OF type", "list the columns", NULL},
	{"over", "OVER", "moving windows are for CREATE TABLE … AS SELECT; aggregate by window with GROUP BY tumble(…)", "over"},
	{"partspec", "PARTITION BY", "write WITH (partition_by = column, partitions = N)", "partition"},
	{"schemaname", "a schema name", "write the name alone", NULL},
	{"setof", "SETOF", "leave it out", "setof"},
	{"sortClause", "ORDER BY", "leave it out: answers are sorted by window, then by group key", NULL},
	{"tablespacename", "TABLESPACE", "leave it out", "tablespace"},
	{"valuesLists", "VALUES as a query", "write SELECT … FROM a stream", NULL},
	{"windowClause", "WINDOW", "moving windows are for CREATE TABLE … AS SELECT; aggregate by window with GROUP BY tumble(…)", "window"},
	{"withClause", "WITH (common table expressions)", "read from one stream; declare a view for each query", "with"},
};

static bool listed(const char *key, const char *const *keys) {
	for (; *keys; keys++)
		if (strcmp(*keys, key) == 0)
			return true;
	return false;
}

/* The place of a keyword: the last before byte `before`, or the first in the statement. */
static int keyword_place(lk_stmt *s, const char *keyword, int before, int otherwise) {
	int place = -1;
	for (lk_token t = lk_lex(s->text, s->len, 0); t.kind != LK_TOKEN_END && (place < 0 || t.at < before); t = lk_lex(s->text, s->len, t.end))
		if (lk_token_is(s->text, t, keyword))
			place = t.at;
	return place < 0 ? otherwise : place;
}

bool lk_tree_only(lk_stmt *s, const json_t *fields, int at, const char *what, const char *const *keys) {
	bool good = true;
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)fields, key, value) {
		if (listed(key, keys))
			continue;
		good = false;
		const char *hint = "", *name = NULL, *keyword = NULL;
		int place = lk_tree_start(value, -1);
		for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++)
			if (strcmp(unsupported[i].key, key) == 0) {
				name = unsupported[i].what;
				hint = unsupported[i].hint;
				keyword = unsupported[i].keyword;
			}
		if (keyword)
			place = keyword_place(s, keyword, place < 0 ? 0 : place, at);
		place = place < 0 ? at : place;
		if (name)
			lk_stmt_fault(s, place, hint, "%s is not supported in %s", name, what);
		else
			lk_stmt_fault(s, place, "", "this form of %s is not supported (%s)", what, key);
	}
	return good;
}

bool lk_tree_is_type(const json_t *type, const char *name) {
	const json_t *names = json_object_get(type, "names");
	size_t n = json_array_size(names);
	const char *last = lk_tree_string_node(json_array_get(names, n - 1));
	const char *schema = n == 1 ? "pg_catalog" : n == 2 ? lk_tree_string_node(json_array_get(names, 0)) : NULL;
	return last && strcmp(last, name) == 0 && schema && strcmp(schema, "pg_catalog") == 0 && !json_object_get(type, "typmods") &&
	       !json_object_get(type, "arrayBounds") && !json_object_get(type, "setof") && !json_object_get(type, "pct_type");
}

static bool unclear(lk_stmt *s, int at) {
	lk_stmt_fault(s, at, "write a negative constant as a minus sign and decimal digits, such as -1",
	              "this integer constant is not in plain decimal form: %s", lk_stmt_token(s, at));
	return false;
}

bool lk_tree_integer(lk_stmt *s, const json_t *a_const, int64_t *out) {
	int at = lk_tree_location(a_const);
	const json_t *value = json_object_get(json_object_get(a_const, "ival"), "ival");
	if (json_is_integer(value) && json_integer_value(value) != 0) {
		*out = json_integer_value(value);
		return true;
	}
	lk_token t = lk_lex(s->text, s->len, at);
	bool negative = t.kind == LK_TOKEN_OTHER && s->text[t.at] == '-' && t.at == at;
	if (negative)
		t = lk_lex(s->text, s->len, t.end);
	else if (t.at != at)
		return unclear(s, at);
	bool plain = t.kind == LK_TOKEN_NUMBER && t.end - t.at <= 10;
	int64_t n = 0;
	for (int i = t.at; plain && i < t.end; i++) {
		plain = isdigit((unsigned char)s->text[i]);
		n = n * 10 + (s->text[i] - '0');
	}
	unsigned char after = t.end < s->len ? (unsigned char)s->text[t.end] : ' ';
	if (!plain || isalnum(after) || after == '_' || (!negative && n != 0) || n > INT64_C(2147483648))
		return unclear(s, at);
	*out = negative ? -n : 0;
	return true;
}

const char *lk_tree_function(const json_t *f) {
	const json_t *names = json_object_get(f, "funcname");
	const char *name = lk_tree_string_node(json_array_get(names, json_array_size(names) - 1));
	return name ? name : "";
}

const char *lk_tree_function_alone(const json_t *f) {
	return json_array_size(json_object_get(f, "funcname")) == 1 ? lk_tree_function(f) : "";
}
