/* The options of `lk late`. */
#ifndef LK_OPTIONS_LATE_ARGS_H
#define LK_OPTIONS_LATE_ARGS_H

#include "options/args.h"
#include "print/late.h"

#define LK_LATE_OPTIONS \
	{"limit", "N", "show the newest N (20); 0: only the histogram", false}, \
	{"columns", "LIST", "columns of the stream to show, such as path,status, or all (those that the view " \
	 "reads)", false}, \
	{"version", "N", "this version instead of the served one", false}, \
	{"copy", "COPY", "this copy: the name of a sandbox, or an id from lk status", false}

typedef struct lk_late_args {
	const char *view, *copy;
	int version, limit;
	const char *list;                /* of columns; NULL: those that the view reads */
	int columns[LK_MAX_COLUMNS], ncolumns;
} lk_late_args;

int lk_late_args_read(const lk_args *args, lk_late_args *out, lk_error *err);
/* The report that they ask for: which copy, and which columns of its stream, in a catalogue that has its view's plans.
 * LK_EUSAGE: there is no such view, copy or column. *w borrows from both. */
int lk_late_args_find(const lk_catalog *c, lk_late_args *a, lk_late_wanted *w, lk_error *err);

#endif
