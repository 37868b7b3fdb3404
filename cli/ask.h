/* Asks for confirmation before something is removed for good. */
#ifndef LK_CLI_ASK_H
#define LK_CLI_ASK_H

#include "core/status.h"

/* Says what would be removed and asks on the terminal. LK_OK: yes. LK_EUSAGE: no, or there is no terminal. */
int lk_ask(const char *what_goes, lk_error *err);

#endif
