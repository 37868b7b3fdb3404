/* The rules for names and options of declarations. */
#ifndef LK_SQL_NAMES_H
#define LK_SQL_NAMES_H

#include "sql/tree.h"

#define LK_MAX_NAME_BYTES 55   /* of streams and views: lk.log_<name> is an identifier of at most 63 */

/* Name of a stream or view: letters, digits, _ and -, beginning with a letter. False with a fault. */
bool lk_sql_check_name(lk_stmt *s, const char *what, const char *name, int at);
/* Is a view of this name declared, earlier in the file or elsewhere? */
bool lk_sql_is_view(lk_stmt *s, const char *name);
/* Name of a column or output: not reserved. */
bool lk_sql_check_column(lk_stmt *s, const char *what, const char *name, int at);
/* The name in a RangeVar; NULL with a fault if it has more than a name. */
const char *lk_sql_relation(lk_stmt *s, const json_t *range_var, const char *what);

/* The alias of an item of FROM, or `name` without one; *columns: the new names of its columns, or NULL. */
const char *lk_sql_alias(lk_stmt *s, const json_t *f, const char *name, int at, const json_t **columns);

/* Options of WITH (…): finds each option by name; unknown, repeated, valueless and namespaced ones are faults. */
typedef struct lk_option {
	const char *name;
	const json_t *value;   /* DefElem's arg; NULL if the option is absent */
	int at;                /* of the option's name */
} lk_option;
bool lk_sql_options(lk_stmt *s, const json_t *list, lk_option *known, int nknown);
/* An interval in microseconds; `fallback` if the option is absent. False with a fault. */
bool lk_sql_interval_option(lk_stmt *s, const lk_option *o, int64_t fallback, int64_t *out);

#endif
