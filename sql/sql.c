/* A definition file: checked, split into statements, each parsed by libpg_query and read by its own reader.
 *
 * Statements are split here, so that a fault in one does not hide faults in the next ones. The name of a stream whose
 * statement has a fault is remembered, so that views over it are not blamed for its absence.
 *
 * The parser recurses over its own tree, with about 130 bytes of stack for each operator of a chain, so a statement's
 * tokens are counted before it is parsed; jansson stops at 2,048 levels by itself. A file is read on a stack of its own,
 * so that the caller's may be small. */
#include "sql/sql.h"

#include <pg_query.h>
#include <stdlib.h>
#include <string.h>

#include "core/stack.h"
#include "sql/hint.h"
#include "sql/lex.h"
#include "sql/statements.h"

#if PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 180000
#error "lk needs libpg-query 15, 16 or 17 (package libpg-query-dev)"
#endif

enum { MAX_FILE_BYTES = 65536, MAX_NESTING_TOKENS = 8000, MAX_IDENTIFIER_BYTES = 63 };

typedef struct sql_file {
	const char *text;
	int len;
	lk_definitions *out;
	const lk_resolver *resolver;
	const char **broken;
	int nbroken;
} sql_file;

/* --- the file --- */

static size_t first_invalid_utf8(const char *text, size_t len) {
	size_t good = 0, step = len;
	while (step) {
		if (good + step <= len && lk_utf8_valid(text, good + step))
			good += step;
		else
			step /= 2;
	}
	while (good < len && ((unsigned char)text[good] & 0xC0) == 0x80)
		good++;
	return good;
}

static bool check_file(sql_file *f) {
	const char *nul = memchr(f->text, '\0', (size_t)f->len);
	if (nul) {
		lk_file_fault(f->out, f->text, (size_t)f->len, (size_t)(nul - f->text), "the file has a NUL byte", "is it a text file?");
		return false;
	}
	if (!lk_utf8_valid(f->text, (size_t)f->len)) {
		lk_file_fault(f->out, f->text, (size_t)f->len, first_invalid_utf8(f->text, (size_t)f->len), "this is not valid UTF-8",
		              "save the file as UTF-8");
		return false;
	}
	return true;
}

/* --- one statement --- */

static int by_place(const void *a, const void *b) {
	const lk_fault *f = a, *g = b;
	int order = f->line != g->line ? f->line - g->line : f->col - g->col;
	return order ? order : strcmp(f->message, g->message);
}

/* "f(…) is not supported in GROUP BY" and "f(…) is not supported in the select list", of one place. */
static bool says_the_same(const lk_fault *f, const lk_fault *g) {
	const char *refused = strstr(f->message, " is not supported");
	size_t n = refused ? (size_t)(refused - f->message) : 0;
	bool place = f->line == g->line && f->col == g->col;
	return place && (strcmp(f->message, g->message) == 0 || (n && strncmp(f->message, g->message, n) == 0));
}

/* An alias of the select list is read again in GROUP BY: a fault in it is reported once. */
static void leave_out_repeated(lk_definitions *d) {
	int n = 0;
	for (int i = 0; i < d->nfaults; i++)
		if (n == 0 || !says_the_same(&d->faults[n - 1], &d->faults[i]))
			d->faults[n++] = d->faults[i];
	d->nfaults = n;
}

static bool is_declared(const lk_definitions *d, const char *name) {
	for (int i = 0; i < d->nitems; i++)
		if (strcmp(d->items[i].stream ? d->items[i].stream->name : d->items[i].plan->view, name) == 0)
			return true;
	return false;
}

/* Other statements that people try, and what to do instead. */
static const struct {
	const char *kind, *what, *hint;
} refused[] = {
	{"CreateTableAsStmt", "CREATE MATERIALIZED VIEW", "write CREATE VIEW; every view is materialised"},
	{"SelectStmt", "a query", "write CREATE VIEW name AS SELECT …"},
	{"InsertStmt", "INSERT", "add events with lk ingest"},
	{"UpdateStmt", "UPDATE", "events do not change"},
	{"DeleteStmt", "DELETE", "events do not change"},
	{"DropStmt", "DROP", "a definition file only declares; lk drop removes a view or a stream"},
	{"AlterTableStmt", "ALTER TABLE", "add a column at the end of the CREATE TABLE and apply it again"},
	{"IndexStmt", "CREATE INDEX", "leave it out"},
	{"CreateForeignTableStmt", "CREATE FOREIGN TABLE", "write CREATE TABLE"},
	{"TransactionStmt", "transaction control", "leave it out"},
	{"VariableSetStmt", "SET", "write options in WITH (…)"},
	{"VariableShowStmt", "SHOW", "`lk status` shows streams and views"},
	{"ExplainStmt", "EXPLAIN", "`lk explain VIEW` shows how a view is computed"},
	{"RefreshMatViewStmt", "REFRESH", "leave it out: answers are always current"},
	{"RenameStmt", "ALTER … RENAME", "declare it under the other name"},
	{"CopyStmt", "COPY", "add events with lk ingest; read answers with lk query"},
	{"TruncateStmt", "TRUNCATE", "events stay; lk drop removes a view or a stream"},
	{"CreateSchemaStmt", "CREATE SCHEMA", "leave it out: streams and views have no schema"},
	{"CreatedbStmt", "CREATE DATABASE", "leave it out: LK_POSTGRES names the database"},
	{"CreateExtensionStmt", "CREATE EXTENSION", "leave it out"},
	{"GrantStmt", "GRANT or REVOKE", "leave it out: rights are those of the database's users"},
	{"CommentStmt", "COMMENT ON", "write a comment: -- text"},
};

static void refuse_statement(lk_stmt *s, const char *kind) {
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (strcmp(refused[i].kind, kind) == 0) {
			lk_stmt_fault(s, 0, refused[i].hint, "%s is not supported", refused[i].what);
			return;
		}
	lk_stmt_fault(s, 0, "a definition file has CREATE TABLE and CREATE VIEW", "this statement is not supported: %s %s", lk_stmt_token(s, 0),
	              lk_stmt_token(s, lk_lex(s->text, s->len, 0).end));
}

/* Remembers a name that could not be declared, so that statements that depend on it are not blamed. */
static void note_broken(sql_file *f, const json_t *relation) {
	f->broken[f->nbroken++] = lk_arena_strdup(&f->out->arena, lk_tree_str(relation, "relname"));
}

static void add_item(sql_file *f, lk_stmt *s, lk_definition item, const char *name, const json_t *relation) {
	if (!name)
		note_broken(f, relation);
	else if (is_declared(f->out, name))
		lk_stmt_fault(s, lk_tree_location(relation), "choose another name", "\"%s\" is declared twice", name);
	else
		f->out->items[f->out->nitems++] = item;
}

static void read_statement(sql_file *f, lk_stmt *s, const json_t *node) {
	const char *kind;
	const json_t *fields = lk_tree_node(node, &kind);
	if (strcmp(kind, "CreateStmt") == 0) {
		lk_stream *stream = lk_sql_stream(s, fields);
		add_item(f, s, (lk_definition){.kind = LK_DEF_STREAM, .stream = stream}, stream ? stream->name : NULL,
		         json_object_get(fields, "relation"));
	} else if (strcmp(kind, "ViewStmt") == 0) {
		lk_plan *plan = lk_sql_view(s, fields);
		add_item(f, s, (lk_definition){.kind = LK_DEF_VIEW, .plan = plan}, plan ? plan->view : NULL, json_object_get(fields, "view"));
	} else if (strcmp(kind, "CreateTableAsStmt") == 0 && strcmp(lk_tree_str(fields, "objtype"), "OBJECT_TABLE") == 0) {
		lk_plan *plan = lk_sql_derived_stream(s, fields);
		add_item(f, s, (lk_definition){.kind = LK_DEF_DERIVED, .plan = plan, .stream = plan ? plan->makes : NULL}, plan ? plan->view : NULL,
		         json_object_get(json_object_get(fields, "into"), "rel"));
	} else {
		refuse_statement(s, kind);
	}
}

/* Byte of character `n` (from 1) of the statement. */
static int byte_of_character(const lk_stmt *s, int n) {
	int at = 0;
	for (; at < s->len; at++)
		if (((unsigned char)s->text[at] & 0xC0) != 0x80 && --n <= 0)
			break;
	return at;
}

/* The name after CREATE TABLE, of a statement that cannot be parsed. */
static void note_unparsed(sql_file *f, lk_stmt *s) {
	lk_token t = lk_lex(s->text, s->len, 0);
	t = lk_token_is(s->text, t, "create") ? lk_lex(s->text, s->len, t.end) : (lk_token){0};
	if (!lk_token_is(s->text, t, "table"))
		return;
	t = lk_lex(s->text, s->len, t.end);
	if (t.kind == LK_TOKEN_WORD || t.kind == LK_TOKEN_QUOTED)
		f->broken[f->nbroken++] = lk_token_name(s->text, t, s->arena);
}

static void syntax_fault(sql_file *f, lk_stmt *s, const PgQueryError *e) {
	int at = byte_of_character(s, e->cursorpos);
	bool too_deep = strstr(e->message, "memory exhausted") != NULL;
	lk_stmt_fault(s, at, too_deep ? "split the expressions" : lk_sql_syntax_hint(s, at), "%s", e->message);
	note_unparsed(f, s);
}

static void read_tree(sql_file *f, lk_stmt *s, const char *text) {
	json_error_t e;
	json_t *tree = json_loads(text, 0, &e);
	int64_t version = json_integer_value(json_object_get(tree, "version")) / 10000;
	const json_t *stmts = json_object_get(tree, "stmts");
	if (!tree)
		lk_stmt_fault(s, 0, "split the expressions", "the statement is nested too deeply");
	else if (version < 15 || version > 17)
		lk_stmt_fault(s, 0, "install libpg-query 15, 16 or 17", "the parser's tree has an unknown version");
	else if (json_array_size(stmts) == 1)
		read_statement(f, s, json_object_get(json_array_get(stmts, 0), "stmt"));
	else
		lk_stmt_fault(s, 0, "end each statement with a semicolon", "this is not one statement");
	json_decref(tree);
}

/* Refuses what the parser would truncate silently, or crash on. */
static bool check_tokens(lk_stmt *s) {
	int nesting = 0;
	for (lk_token t = lk_lex(s->text, s->len, 0); t.kind != LK_TOKEN_END; t = lk_lex(s->text, s->len, t.end)) {
		nesting += t.kind == LK_TOKEN_WORD || (t.kind == LK_TOKEN_OTHER && s->text[t.at] != ',' && s->text[t.at] != ')');
		if (t.kind != LK_TOKEN_WORD && t.kind != LK_TOKEN_QUOTED)
			continue;
		size_t n = strlen(lk_token_name(s->text, t, s->arena));
		if (n > MAX_IDENTIFIER_BYTES)
			lk_stmt_fault(s, t.at, "choose a shorter name", "a name has at most %d bytes, this one has %zu", MAX_IDENTIFIER_BYTES, n);
	}
	if (nesting > MAX_NESTING_TOKENS)
		lk_stmt_fault(s, 0, "split it", "the statement has more than %d words and operators", MAX_NESTING_TOKENS);
	return s->nfaults == 0;
}

static void parse_statement(sql_file *f, int from, int to) {
	lk_stmt s = {.len = to - from, .file = f->text, .file_len = (size_t)f->len, .offset = (size_t)from, .resolver = f->resolver, .out = f->out,
	             .arena = &f->out->arena, .broken = f->broken, .nbroken = f->nbroken};
	s.text = lk_arena_strndup(s.arena, f->text + from, (size_t)(to - from));
	if (!check_tokens(&s)) {
		note_unparsed(f, &s);
		return;
	}
	PgQueryParseResult r = pg_query_parse(s.text);
	if (r.error)
		syntax_fault(f, &s, r.error);
	else
		read_tree(f, &s, r.parse_tree);
	pg_query_free_parse_result(r);
}

/* Calls `each` for the text of every statement, without semicolon and the blanks and comments around it; returns how
 * many. */
static int each_statement(sql_file *f, void (*each)(sql_file *f, int from, int to)) {
	int n = 0, from = -1, to = 0;
	for (lk_token t = lk_lex(f->text, f->len, 0);; t = lk_lex(f->text, f->len, t.end)) {
		bool ends = t.kind == LK_TOKEN_END || lk_token_is(f->text, t, ";");
		if (!ends) {
			from = from < 0 ? t.at : from;
			to = t.end;
			continue;
		}
		if (t.kind == LK_TOKEN_END && !t.closed)
			to = f->len;   /* a comment without end: the parser reports it */
		if (from < 0 && !t.closed)
			from = 0;
		if (from >= 0) {
			n++;
			if (each)
				each(f, from, to);
		}
		from = -1;
		if (t.kind == LK_TOKEN_END)
			return n;
	}
}

static void read_file(void *file) {
	sql_file *f = file;
	lk_definitions *out = f->out;
	if (!check_file(f))
		return;
	size_t n = (size_t)each_statement(f, NULL);
	out->items = lk_arena_zalloc(&out->arena, sizeof *out->items * (n + 1));
	f->broken = lk_arena_zalloc(&out->arena, sizeof *f->broken * (n + 1));
	each_statement(f, parse_statement);
	if (!n)
		lk_file_fault(out, f->text, (size_t)f->len, 0, "the file declares nothing", "write CREATE TABLE and CREATE VIEW statements");
	if (out->nfaults)
		qsort(out->faults, (size_t)out->nfaults, sizeof *out->faults, by_place);
	leave_out_repeated(out);
}

int lk_sql_parse(const char *text, size_t len, const lk_resolver *resolver, lk_definitions *out) {
	*out = (lk_definitions){0};
	if (len > MAX_FILE_BYTES) {
		lk_file_fault(out, text, len, 0, "the file is larger than 64 KiB", "split it into several files");
		return LK_EDEFINITION;
	}
	if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
		text += 3;
		len -= 3;
	}
	sql_file f = {.text = text, .len = (int)len, .out = out, .resolver = resolver};
	int failed = lk_stack_run(read_file, &f);
	if (failed)
		lk_file_fault(out, text, len, 0, "it cannot be read: no thread can be started", strerror(failed));
	return out->nfaults ? LK_EDEFINITION : LK_OK;
}
