/* The options of `lk tail`. */
#ifndef LK_OPTIONS_TAIL_ARGS_H
#define LK_OPTIONS_TAIL_ARGS_H

#include "options/answer_args.h"
#include "delivery/command.h"
#include "delivery/tail.h"
#include "delivery/webhook.h"
#include "print/answer.h"

enum { LK_TAIL_ROWS = 10 };   /* the last ones, unless the options say otherwise */

/* Which rows, and what of them. */
#define LK_FOLLOW_OPTIONS \
	{"from", "PLACE", "beginning, end, an offset (100 in each partition, or 0:100,1:90), or a time of _at: RFC 3339, " \
	 "a date, or -1h for an hour before now", false}, \
	{"last", "N", "begin with the last N rows (10, or the limit)", false}, \
	{"where", "COL=VALUE", "only rows for which this holds; may be repeated (all must hold). Also 'COL != VALUE', < <= > " \
	 ">=, 'COL is null', 'COL is not null'; of columns of the stream, _part, _off and _at", true}, \
	{"columns", "LIST", "these columns, in this order, such as _at,path,status (all of them)", false}, \
	{"partition", "P", "this partition only", false}

#define LK_PLACE_OPTIONS \
	LK_FOLLOW_OPTIONS, \
	{"limit", "N", "end after N rows", false}

typedef struct lk_tail_args {
	lk_tail_options options;
	lk_answer_args conditions;
	int format;               /* enum lk_answer_format */
	const char **headers;
	lk_webhook_options webhook;   /* url: NULL without */
	lk_command_target command;    /* command: NULL without */
} lk_tail_args;

/* LK_EUSAGE: a value that is none, or options that exclude each other. Release *out in any case. */
int lk_tail_args_read(const lk_args *args, lk_tail_args *out, lk_error *err);
void lk_tail_args_release(lk_tail_args *a);

#endif
