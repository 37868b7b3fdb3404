/* A question before something is removed for good. */
#ifndef LK_CLI_ASK_H
#define LK_CLI_ASK_H

#include "core/status.h"

/* Says what would go and asks for a yes on the terminal. LK_OK: yes. LK_EUSAGE: no, or there is nobody to ask. */
int lk_ask(const char *what_goes, lk_error *err);

#endif
