/* Events as JSON, one object per line.
 *
 * The declared paths are a trie. The scanner walks the objects on a declared path key by key and skips everything else.
 * It checks the full JSON grammar (RFC 8259) as it goes: brackets, commas, strings and their escapes, numbers,
 * literals, at most LK_JSON_DEPTH levels. In the skipped parts it does not check, by design (R25), that strings are
 * valid UTF-8 or what a \u escape means: a line with such junk in an undeclared field is an event like any other.
 *
 * It takes two steps. The walk notes for each column where its value is in the line (a token). The last of duplicate
 * keys wins, so a key that leads to other columns first clears what an earlier duplicate set below it. Tokens are read
 * as values only once the whole line has proved to be JSON, so a wrong value that a later duplicate overrides does no
 * harm.
 *
 * Most lines have their keys in the same order, so each key remembers which one followed it. */
#include "formats/json.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/json_text.h"
#include "formats/format.h"
#include "formats/json_cut.h"

enum { LK_JSON_DEPTH = 2048 };
enum token_kind { T_ABSENT, T_NULL, T_STRING, T_BARE, T_CONTAINER };

typedef struct token {
	uint8_t kind;
	bool escaped;
	const char *p;
	size_t len;
} token;

typedef struct node {
	const char *key;
	size_t len;
	int column;              /* -1: only leads to others */
	bool noted;              /* a near miss was reported */
	uint64_t lengths;        /* of the children's keys, one bit each, the last for 63 and more */
	struct node *first, *next;
	struct node *opener;     /* the child that came first in the last object of this kind */
	struct node *follower;   /* the sibling that came next */
} node;

struct lk_json_scanner {
	const lk_schema *schema;
	node root;
	token *tokens;           /* per column */
	const char *end, *reason;
	int depth;
	lk_arena arena;          /* of the trie */
	lk_arena *texts;         /* of the current event */
	char *near_miss, *near_miss_told;
};

/* --- The trie --- */

static node *child_of(lk_json_scanner *j, node *n, const char *key) {
	size_t len = strlen(key);
	node **at = &n->first;
	for (; *at; at = &(*at)->next)
		if ((*at)->len == len && !memcmp((*at)->key, key, len))
			return *at;
	node *c = lk_arena_zalloc(&j->arena, sizeof *c);
	c->key = key;
	c->len = len;
	c->column = -1;
	n->lengths |= UINT64_C(1) << (len < 63 ? len : 63);
	return *at = c;
}

lk_json_scanner *lk_json_scanner_new(const lk_schema *s) {
	lk_json_scanner *j = lk_calloc(1, sizeof *j);
	j->schema = s;
	j->root.column = -1;
	j->tokens = lk_calloc((size_t)s->ncolumns, sizeof *j->tokens);
	for (int c = 0; c < s->ncolumns; c++) {
		node *n = &j->root;
		for (int k = 0; k < s->columns[c].npath; k++)
			n = child_of(j, n, s->columns[c].path[k]);
		n->column = c;
	}
	return j;
}

void lk_json_scanner_free(lk_json_scanner *j) {
	if (!j)
		return;
	lk_arena_release(&j->arena);
	free(j->near_miss);
	free(j->near_miss_told);
	free(j->tokens);
	free(j);
}

const char *lk_json_scanner_near_miss(lk_json_scanner *j) {
	free(j->near_miss_told);
	j->near_miss_told = j->near_miss;
	j->near_miss = NULL;
	return j->near_miss_told;
}

static node *search(lk_json_scanner *j, node *n, const char *key, size_t len) {
	if (!(n->lengths >> (len < 63 ? len : 63) & 1))
		return NULL;
	node *near = NULL;
	for (node *c = n->first; c; c = c->next) {
		if (c->len != len)
			continue;
		if (!memcmp(c->key, key, len))
			return c;
		if (!c->noted && !strncasecmp(c->key, key, len))
			near = c;
	}
	if (near && !j->near_miss) {
		near->noted = true;
		j->near_miss = lk_strndup(key, len);
	}
	return NULL;
}

/* --- Skipping: each function takes the first byte of what it names and returns the byte after it, or NULL --- */

static const char *bad(lk_json_scanner *j, const char *reason) {
	j->reason = reason;
	return NULL;
}

static inline const char *skip_space(const char *p, const char *end) {
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++;
	return p;
}

static inline const char *skip_scalar(lk_json_scanner *j, const char *p, token *t) {
	t->p = p;
	if (p < j->end)
		t->kind = *p == '"' ? T_STRING : *p == 'n' ? T_NULL : T_BARE;
	return lk_json_scalar_end(p, j->end, &t->escaped, &j->reason);
}

/* p after a key's closing quote; returns the first byte of the value. */
static inline const char *skip_colon(lk_json_scanner *j, const char *p) {
	p = skip_space(p, j->end);
	if (p == j->end || *p != ':')
		return bad(j, "not JSON: no colon after a key");
	return skip_space(p + 1, j->end);
}

/* An object or array with its contents. One bit per open bracket says which it is; no recursion. */
static const char *skip_container(lk_json_scanner *j, const char *p) {
	uint64_t objects[LK_JSON_DEPTH / 64];
	const char *end = j->end;
	int depth = 0;
	bool object;
	token t;
open:
	if (j->depth + depth >= LK_JSON_DEPTH)
		return bad(j, "nested too deeply");
	object = *p == '{';
	objects[depth / 64] = (objects[depth / 64] & ~(UINT64_C(1) << depth % 64)) | (uint64_t)object << depth % 64;
	depth++;
	p = skip_space(p + 1, end);
	if (p < end && *p == (object ? '}' : ']'))
		goto close;
member:
	if (object) {
		if (p == end || *p != '"')
			return bad(j, "not JSON: a key is missing");
		if (!(p = lk_json_string_end(p + 1, end, &t.escaped, &j->reason)) || !(p = skip_colon(j, p)))
			return NULL;
	}
	if (p < end && (*p == '{' || *p == '['))
		goto open;
	if (!(p = skip_scalar(j, p, &t)))
		return NULL;
next:
	p = skip_space(p, end);
	if (p == end)
		return bad(j, "not JSON: it ends too early");
	if (*p == ',') {
		p = skip_space(p + 1, end);
		goto member;
	}
	if (*p != (object ? '}' : ']'))
		return bad(j, object ? "not JSON: neither , nor } after a member" : "not JSON: neither , nor ] after an element");
close:
	p++;
	if (--depth == 0)
		return p;
	object = objects[(depth - 1) / 64] >> (depth - 1) % 64 & 1;
	goto next;
}

static inline const char *skip_value(lk_json_scanner *j, const char *p, token *t) {
	t->escaped = false;
	if (p < j->end && (*p == '{' || *p == '[')) {
		t->kind = T_CONTAINER;
		t->p = p;
		p = skip_container(j, p);
	} else {
		p = skip_scalar(j, p, t);
	}
	if (p)
		t->len = (size_t)(p - t->p);
	return p;
}

/* --- The walk along declared paths --- */

static void forget_below(lk_json_scanner *j, const node *n) {
	for (const node *c = n->first; c; c = c->next) {
		if (c->column >= 0)
			j->tokens[c->column].kind = T_ABSENT;
		forget_below(j, c);
	}
}

/* `guess`: the likely child, or NULL. */
static node *find(lk_json_scanner *j, node *n, node *guess, const char *key, size_t len, bool escaped) {
	if (escaped) {
		const char *reason;
		if (!lk_json_unescape(key, len, j->texts, &key, &len, &reason))
			return NULL;
	}
	if (guess && guess->len == len && !memcmp(guess->key, key, len))
		return guess;
	return search(j, n, key, len);
}

/* p is at the opening brace. The longest declared path bounds the recursion. */
static const char *walk_object(lk_json_scanner *j, node *n, const char *p) {
	const char *end = j->end;
	node **guess = &n->opener;
	j->depth++;
	p = skip_space(p + 1, end);
	if (p < end && *p == '}')
		goto close;
	for (;; p = skip_space(p + 1, end)) {
		if (p == end || *p != '"')
			return bad(j, "not JSON: a key is missing");
		const char *key = p + 1;
		bool escaped = false;
		token unwanted, *t = &unwanted;
		if (!(p = lk_json_string_end(p + 1, end, &escaped, &j->reason)))
			return NULL;
		node *c = find(j, n, *guess, key, (size_t)(p - 1 - key), escaped);
		if (!(p = skip_colon(j, p)))
			return NULL;
		if (c) {
			if (c->column >= 0)
				t = &j->tokens[c->column];
			*guess = c;
			guess = &c->follower;
		}
		if (c && c->first)
			forget_below(j, c);
		if (c && c->first && p < end && *p == '{') {
			t->kind = T_CONTAINER;
			t->p = p;
			if ((p = walk_object(j, c, p)))
				t->len = (size_t)(p - t->p);
		} else {
			p = skip_value(j, p, t);
		}
		if (!p)
			return NULL;
		p = skip_space(p, end);
		if (p == end)
			return bad(j, "not JSON: it ends too early");
		if (*p == '}')
			break;
		if (*p != ',')
			return bad(j, "not JSON: neither , nor } after a member");
	}
close:
	j->depth--;
	return p + 1;
}

static int read_token(const token *t, const lk_column *column, lk_arena *arena, lk_value *out, const char **reason) {
	const char *text = t->p;
	size_t len = t->len;
	if (t->kind == T_ABSENT || t->kind == T_NULL) {
		*out = lk_null();
		return 0;
	}
	if (column->type.kind == LK_JSONB)
		return lk_column_parse(column, text, len, out, reason);
	switch (t->kind) {
	case T_CONTAINER:
		*reason = "an object or array, not a value";
		return -1;
	case T_STRING:
		text++;
		len -= 2;
		if (t->escaped && !lk_json_unescape(text, len, arena, &text, &len, reason))
			return -1;
		break;
	default:
		if (column->type.kind == LK_BOOL && *text != 't' && *text != 'f') {
			*reason = "a number, not a boolean";
			return -1;
		}
	}
	return lk_column_parse(column, text, len, out, reason);
}

int lk_json_scan(lk_json_scanner *j, const char *line, size_t len, lk_arena *arena, lk_value *row, lk_misfit *why) {
	const lk_schema *s = j->schema;
	why->column = -1;
	j->end = line + len;
	j->depth = 0;
	j->texts = arena;
	for (int c = 0; c < s->ncolumns; c++)
		j->tokens[c].kind = T_ABSENT;

	const char *p = skip_space(line, j->end);
	if (p == j->end || *p != '{')
		p = bad(j, "not a JSON object");
	else if ((p = walk_object(j, &j->root, p)) && skip_space(p, j->end) != j->end)
		p = bad(j, "not JSON: something follows the object");
	if (!p) {
		why->reason = j->reason;
		return -1;
	}
	for (int c = 0; c < s->ncolumns; c++)
		if (read_token(&j->tokens[c], &s->columns[c], arena, &row[c], &why->reason)) {
			why->column = c;
			return -1;
		}
	return 0;
}

/* --- The format --- */

static void *scanner_new(const lk_format *f, const lk_schema *s, char *why, size_t cap) {
	(void)f;
	(void)why;
	(void)cap;
	return lk_json_scanner_new(s);
}

static void scanner_free(void *scanner) { lk_json_scanner_free(scanner); }

static int scan(void *scanner, const char *record, size_t len, lk_arena *arena, lk_value *row, lk_misfit *why) {
	return lk_json_scan(scanner, record, len, arena, row, why);
}

static void notes(void *scanner, const char *input, lk_buf *out) {
	const char *key = lk_json_scanner_near_miss(scanner);
	if (key)
		lk_buf_addf(out, "%s: key \"%s\" differs from a declared name only in case, and is not read; "
		            "a quoted name in the definition keeps its case\n", input, key);
}

static int looks(const char *p, size_t len) { return len && (*p == '{' || *p == '[') ? 2 : 0; }

const lk_format_verbs lk_format_json = {
	.names = {{.name = "jsonl", .endings = {".jsonl", ".ndjson"}}, {.name = "json", .endings = {".json"}}},
	.called = "JSON",
	.shows_end = true,
	.cut = lk_json_cut,
	.resumes = lk_json_resumes,
	.scanner_new = scanner_new,
	.scanner_free = scanner_free,
	.scan = scan,
	.notes = notes,
	.looks = looks,
};
