/* The parse tree of one statement: libpg_query's JSON, read with jansson through an allow-list.
 *
 * A node is {"Kind": {fields}}; fields that are zero, false or empty are left out. A reader of a node names the fields
 * that it understands, and any other field is a fault: an unknown field is never skipped.
 *
 * The tree of libpg_query 15 and 16 loses negative integers: -1 and 0 are the same {"ival":{}}. lk_tree_integer() reads
 * those from the source text at the constant's location. */
#ifndef LK_SQL_TREE_H
#define LK_SQL_TREE_H

#include <jansson.h>

#include "sql/sql.h"

/* One statement being read. Locations are bytes in `text`. */
typedef struct lk_stmt {
	const char *text;            /* the statement, without the comments before it and the semicolon; NUL-ended */
	int len;
	const char *file;            /* the whole file, for line and column of faults */
	size_t file_len;
	size_t offset;               /* of text in file */
	const lk_resolver *resolver; /* or NULL */
	lk_definitions *out;
	lk_arena *arena;             /* out->arena */
	int nfaults;                 /* of this statement */
	const char *const *broken;   /* names declared by statements that have faults */
	int nbroken;
} lk_stmt;

/* Notes a fault at a byte of the statement. hint: a finished text, "" for none. */
void lk_stmt_fault(lk_stmt *s, int at, const char *hint, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The same with a hint made by printf. */
const char *lk_stmt_text(lk_stmt *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The token at a location, at most 40 bytes of it, for messages. */
const char *lk_stmt_token(lk_stmt *s, int at);
/* A fault of the file itself, at a byte of it. */
void lk_file_fault(lk_definitions *d, const char *file, size_t file_len, size_t at, const char *message, const char *hint);

/* {"Kind": fields} -> fields, *kind; NULL (and *kind "") if it is not such a node. */
const json_t *lk_tree_node(const json_t *node, const char **kind);
const json_t *lk_tree_as(const json_t *node, const char *kind);     /* fields if it is of that kind, else NULL */
int lk_tree_location(const json_t *fields);                          /* the node's own location; 0 without */
int lk_tree_start(const json_t *node, int fallback);                 /* the first location in it */
const char *lk_tree_str(const json_t *fields, const char *key);      /* "" without */
bool lk_tree_flag(const json_t *fields, const char *key);
/* What a ResTarget is called: its alias, or as PostgreSQL calls a column, a call, a cast; NULL for "?column?", and for a star
 * (sql/target_name.c). */
const char *lk_tree_target_name(const json_t *target);
bool lk_tree_is_star(const json_t *value);                           /* a column reference that ends in * */
const char *lk_tree_string_node(const json_t *node);                 /* {"String":{"sval":…}}; NULL if it is none */

/* The name that a FuncCall's fields call, without its schema; the second one gives "" if it has a schema. */
const char *lk_tree_function(const json_t *fields);
const char *lk_tree_function_alone(const json_t *fields);

/* False, with a fault for each, if fields has keys beyond `keys` (NULL-ended). `what` names the construct. */
bool lk_tree_only(lk_stmt *s, const json_t *fields, int at, const char *what, const char *const *keys);

/* Is this TypeName the built-in type of that name (as pg_type has it), without modifiers, array bounds or SETOF? */
bool lk_tree_is_type(const json_t *type, const char *name);

/* The integer constant of A_Const fields, repaired from the source. False with a fault if the source is unclear. */
bool lk_tree_integer(lk_stmt *s, const json_t *a_const, int64_t *out);

#endif
