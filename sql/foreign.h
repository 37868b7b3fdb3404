/* The forms of other systems' SQL (Flink, ksqlDB, Spark, ClickHouse, Materialize, …) that PostgreSQL's grammar rejects. */
#ifndef LK_SQL_FOREIGN_H
#define LK_SQL_FOREIGN_H

#include "sql/lex.h"
#include "sql/tree.h"

#define LK_ELEMENTS_HINT \
	"write FROM stream, string_to_table(column, ',') AS x, regexp_split_to_table(column, 'pattern') AS x, or" \
	" json_array_elements_text(column::json) AS x"

/* What to write instead of the form that ends at token t, at which the grammar stopped; NULL if it is none of them. */
const char *lk_sql_foreign(lk_stmt *s, lk_token t);

/* For INTERVAL '5' MINUTE at byte `at`: "write '5 minute'"; NULL for anything else. */
const char *lk_sql_foreign_interval(lk_stmt *s, int at);

#endif
