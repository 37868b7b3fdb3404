/* Asks for confirmation before something is gone for good. */
#ifndef LK_CLI_ASK_H
#define LK_CLI_ASK_H

#include "core/status.h"

typedef struct lk_question {
	const char *what;          /* what would be done, in full */
	const char *ask, *does, *done;   /* "Remove it", "removes it", "removed" */
} lk_question;

/* Says what would be done and asks on the terminal. LK_OK: yes. LK_EUSAGE: no, or there is no terminal. */
int lk_ask_question(const lk_question *q, lk_error *err);
/* The same for what is removed. */
int lk_ask(const char *what_goes, lk_error *err);

#endif
