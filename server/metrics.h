/* The state of both layers as metrics, in Prometheus's text format 0.0.4. No event's value is a label.
 *
 * Any thread, for a report of its own. */
#ifndef LK_SERVER_METRICS_H
#define LK_SERVER_METRICS_H

#include "status/status.h"

/* Adds whether both servers answer. */
void lk_metrics_up(bool up, lk_buf *out);
/* Adds what the report says of streams, copies and Redis. Asks for what it lacks: when the oldest event came that an
 * answer does not cover yet. */
int lk_metrics_report(const lk_status_report *r, lk_buf *out, lk_error *err);

#endif
