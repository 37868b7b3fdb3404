/* What the files share that declare things (catalog/apply.c). All of it runs inside the transaction of one declaration. */
#ifndef LK_CATALOG_APPLY_PRIVATE_H
#define LK_CATALOG_APPLY_PRIVATE_H

#include "catalog/private.h"

/* --- apply_stream.c --- */
int lk_apply_stream_within(lk_pg *pg, const lk_stream *s, lk_apply_result *out, lk_error *err);
int lk_apply_insert_stream(lk_pg *pg, const lk_stream *s, lk_error *err);
/* LK_EDEFINITION: "stream NAME: what", with the hint. */
int lk_apply_refuse(const lk_stream *s, lk_error *err, const char *what, const char *hint);

/* --- apply_view.c --- */
int lk_apply_view_within(lk_pg *pg, const lk_plan *p, lk_apply_result *out, lk_error *err);
typedef int lk_apply_plan(lk_pg *pg, const lk_plan *p, int64_t stream_id, lk_apply_result *out, lk_error *err);
/* Calls `apply` with what the plan reads, and with the plan, made anew if the stream has more columns now than it was made from. */
int lk_apply_over_stream(lk_pg *pg, const lk_plan *p, lk_apply_plan *apply, lk_apply_result *out, lk_error *err);
/* Runs a statement that gives one id. */
int lk_apply_insert_id(lk_pg *pg, int64_t *id, lk_error *err, const char *sql, int nparams, const char *const *params);
typedef struct lk_apply_version {
	int64_t id;
	int number;
} lk_apply_version;
/* The next version of the view or derived stream, over this log. */
int lk_apply_insert_version(lk_pg *pg, int64_t view_id, int64_t stream_id, const lk_plan *p, lk_apply_version *out, lk_error *err);
/* Does PostgreSQL read the user's text as the plan does (R5)? LK_EDEFINITION if not. */
int lk_apply_describe(lk_pg *pg, const lk_plan *p, lk_error *err);
/* The log that readers of the stream get: stream_id, definition, of_copy, name; no row if there is none. */
int lk_apply_find_log(lk_pg *pg, const char *stream, PGresult **res, lk_error *err);
/* Its declaration, from such a row. The caller releases *out in either case. */
int lk_apply_parse_log(const PGresult *res, lk_definitions *out, lk_error *err);
/* Of the view or derived stream $1: view_id, stream_id, and of its newest version over that log number and plan_hash, … */
extern const char lk_apply_newest_sql[];

/* --- apply_derived.c --- */
int lk_apply_derived_within(lk_pg *pg, const lk_plan *p, lk_apply_result *out, lk_error *err);
/* Makes the log of p->makes, called as its `log` says, which the copy fills from `source`: its row, tables, tail, and positions at 0. */
int lk_apply_make_log(lk_pg *pg, const lk_plan *p, int64_t source, int64_t copy_id, lk_error *err);

#endif
