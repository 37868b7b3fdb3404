/* The two layers as commands run them: the speed layer and its messages, the batch layer's rounds. */
#ifndef LK_CLI_LAYERS_H
#define LK_CLI_LAYERS_H

#include "batch_layer/round.h"
#include "cli/options.h"
#include "core/told.h"
#include "private_servers/servers.h"
#include "speed_layer/speed.h"

/* Fills *o from the options of `lk speed` and `lk run`, with notices and progress on standard error. */
int lk_speed_from_args(const lk_args *args, const lk_servers *at, lk_speed_options *o, lk_error *err);
void lk_speed_say_report(const lk_speed_report *r);

/* LK_ROUND_FIRST: the speed layer is not running yet, so nothing is sealed. LK_ROUND_AGAIN: says nothing of views that
 * have nothing new. */
enum lk_round { LK_ROUND_ONE, LK_ROUND_FIRST, LK_ROUND_AGAIN };

/* What rounds of batches have in common. */
typedef struct lk_rounds {
	const lk_servers *at;
	char *const *views;           /* the names of the views; n = 0: all */
	int n;
	lk_keep keep;
	struct lk_round_told {
		int64_t copy;
		lk_told trouble;
	} *told;                      /* of copies that failed */
	int ntold;
	int64_t troubled_since_us;    /* a server is away or full; 0: all is well */
} lk_rounds;
void lk_rounds_release(lk_rounds *r);

/* One round (batch_layer/round.h); prints what it did. A failure that lasts from round to round is printed as often as
 * core/told.h says, and its end too. */
int lk_batch_round(lk_rounds *r, enum lk_round how, lk_error *err);
/* The end of a command that runs until it is stopped: a server that was silent then is reported, unless a round has
 * said that it was stopped, but is no failure. */
int lk_until_stopped(int rc, lk_error *err);
/* Rounds every `every_us` until lk_stop; failures are printed, and the next round tries again. */
void lk_batch_rounds(lk_rounds *r, int64_t every_us);
#define LK_KEEP_OPTION \
	{"keep-rejected", "N", "keep the newest N rows of each stream in lk.rejected (100,000)", false}
/* What is kept, from the options of `lk batch` and `lk run`. */
int lk_keep_from_args(const lk_args *args, lk_keep *keep, lk_error *err);

#endif
