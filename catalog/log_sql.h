/* The log in SQL: the names of its tables, and a plan's statements over them.
 *
 * Pure: adds to the caller's buffer; any thread. */
#ifndef LK_CATALOG_LOG_SQL_H
#define LK_CATALOG_LOG_SQL_H

#include "plan/plan.h"

/* The quoted name of a stream's log table, such as lk.log_hits; and that of one partition's table. */
void lk_log_table(const lk_stream *s, lk_buf *out);
void lk_log_leaf(const lk_stream *s, int part, lk_buf *out);
/* What a log of a derived stream is called that is not its first one, in lk.stream and before its tables are made. */
void lk_log_name(const char *stream, int64_t copy_id, lk_buf *out);
/* " WHERE part = … AND off >= from AND off < to", for a partition's table. Its key begins with the partition: without it
 * the planner reads the whole table. */
void lk_log_between(int part, int64_t from, int64_t to, lk_buf *out);

/* lk_plan_batch_sql and lk_plan_oracle_sql over the log of the plan's stream. bound: a condition over part and off. */
void lk_log_batch_sql(const lk_plan *p, const char *bound, lk_buf *out);
void lk_log_oracle_sql(const lk_plan *p, const char *bound, lk_buf *out);

/* Passes the failure of a statement on that read the log: if its table is not there, the stream has another name now, or is
 * gone: LK_ECHANGED. */
int lk_log_failed(const lk_stream *s, int rc, const lk_error *e, lk_error *err);

#endif
