/* What the events of a stream look like: the columns that a format's scanner fills.
 *
 * Owned by the stream whose schema it is; only read. */
#ifndef LK_CORE_SCHEMA_H
#define LK_CORE_SCHEMA_H

#include "core/value.h"

#define LK_MAX_COLUMNS 256

typedef struct lk_column {
	char *name;      /* as in SQL; the log's column has this name */
	char **path;     /* JSON path, npath >= 1 keys: {"actor","login"} for "actor.login" */
	int npath;
	lk_type type;
} lk_column;

typedef struct lk_schema {
	lk_column *columns;
	int ncolumns;
	int event_time;  /* column index; never NULL in the log */
} lk_schema;

/* Why a record is no event. */
typedef struct lk_misfit {
	const char *reason;   /* valid until the scanner's next record */
	int column;           /* whose value does not fit; -1: the record as a whole is not of its format */
} lk_misfit;

#endif
