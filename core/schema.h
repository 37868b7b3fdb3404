/* What the events of a stream look like: the columns that a format's scanner fills.
 *
 * Owned by the stream whose schema it is; only read. */
#ifndef LK_CORE_SCHEMA_H
#define LK_CORE_SCHEMA_H

#include "core/time.h"
#include "core/value.h"

#define LK_MAX_COLUMNS 256

typedef struct lk_column {
	char *name;      /* as in SQL; the log's column has this name */
	char **path;     /* JSON path, npath >= 1 keys: {"actor","login"} for "actor.login" */
	int npath;
	lk_type type;
	int characters;  /* varchar(n): the most that a text may have; 0: no limit but LK_TEXT_MAX */
	int64_t tick_ns; /* of an event time that may be given as a number: the length of its unit; 0: it may not */
} lk_column;

typedef struct lk_schema {
	lk_column *columns;
	int ncolumns;
	int event_time;  /* column index; never NULL in the log */
} lk_schema;

/* Reads outside text as the column's value: lk_value_parse, with the column's own limits and units. 0, or -1 with
 * *reason (static text). */
int lk_column_parse(const lk_column *c, const char *s, size_t len, lk_value *out, const char **reason);
/* Would both read the same? */
bool lk_column_reads_alike(const lk_column *a, const lk_column *b);
/* The length of a time unit: s, ms, us, ns. */
bool lk_time_unit(const char *name, int64_t *ns);

/* Why a record is no event. */
typedef struct lk_misfit {
	const char *reason;   /* valid until the scanner's next record */
	int column;           /* whose value does not fit; -1: the record as a whole is not of its format */
} lk_misfit;

#endif
