/* What `lk status` and `lk top` show: a report with the sessions that it was read by. */
#ifndef LK_CLI_REPORT_H
#define LK_CLI_REPORT_H

#include "cli/connect.h"
#include "status/status.h"

typedef struct lk_report {
	lk_connection servers;
	lk_status_report status;
	bool empty;               /* nothing is declared yet: no failure. Redis was still checked */
} lk_report;

/* Connects, and reads it; status.view and what is beside it are set before. Call lk_report_release in any case. */
int lk_report_read(lk_report *r, lk_error *err);
void lk_report_release(lk_report *r);

#endif
