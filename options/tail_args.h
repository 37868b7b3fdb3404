/* The options of `lk tail`. */
#ifndef LK_OPTIONS_TAIL_ARGS_H
#define LK_OPTIONS_TAIL_ARGS_H

#include "options/answer_args.h"
#include "delivery/command.h"
#include "delivery/tail.h"
#include "delivery/webhook.h"
#include "print/answer.h"

enum { LK_TAIL_ROWS = 10 };   /* the last ones, unless the options say otherwise */

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
