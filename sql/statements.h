/* The statements of the definition language. Each reader returns a finished object in the statement's arena, or
 * notes faults and returns NULL. */
#ifndef LK_SQL_STATEMENTS_H
#define LK_SQL_STATEMENTS_H

#include "sql/tree.h"

lk_stream *lk_sql_stream(lk_stmt *s, const json_t *create_stmt);
lk_plan *lk_sql_view(lk_stmt *s, const json_t *view_stmt);
lk_plan *lk_sql_derived_stream(lk_stmt *s, const json_t *create_table_as);   /* sql/derived_stream.c */

/* --- what both kinds of streams share (sql/stream.c) --- */
struct lk_option;
void lk_sql_check_stream_name(lk_stmt *s, const char *name, int at);
/* Adds a column without a type, with a fault if its name is taken, reserved or no path. It is added in any case, so that
 * other clauses do not fail for its absence. There is room for LK_MAX_COLUMNS. */
lk_column *lk_sql_add_column(lk_stmt *s, lk_stream *st, const char *name, int at);
/* The column that a given option names; -1 with a fault. */
int lk_sql_column_option(lk_stmt *s, const lk_stream *st, const struct lk_option *o);
/* A fault, at the option's place, if the event time is no timestamptz. */
void lk_sql_check_event_time(lk_stmt *s, const lk_stream *st, int at);

/* The stream of that name: declared earlier in the file, or known to the resolver; NULL if there is none. */
const lk_stream *lk_sql_find_stream(lk_stmt *s, const char *name);

#endif
