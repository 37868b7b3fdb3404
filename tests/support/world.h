/* All of lk in one test process: declare, append, move single workers step by step, and compare an answer with
 * PostgreSQL's result of the user's own text. An unexpected failure ends the test with the error's text. */
#ifndef LK_TESTS_SUPPORT_WORLD_H
#define LK_TESTS_SUPPORT_WORLD_H

#include "serving/answer.h"
#include "speed_layer/stream_path.h"
#include "tests/support/servers.h"

typedef struct test_world {
	test_servers *servers;
	char log_id[33];
	lk_pg pg;
	lk_store *store;
	lk_catalog *catalog;      /* as of the last declare or reload */
	lk_catalog **former;      /* still named by workers */
	int nformer;
} test_world;

void test_world_open(test_world *w, test_servers *s);    /* installs the catalogue */
void test_world_close(test_world *w);
void test_world_empty(test_world *w);                    /* nothing declared, nothing stored */
/* Declares the text's definitions. Returns LK_OK or LK_EDEFINITION; then *fault (lk_malloc'ed, may be NULL) says
 * why. */
int test_world_try(test_world *w, const char *sql, char **fault);
void test_world_declare(test_world *w, const char *sql);
void test_world_reload(test_world *w);
const lk_cat_copy *test_world_copy(test_world *w, const char *view);        /* the served one */
const lk_cat_copy *test_world_filler(test_world *w, const char *stream);    /* the copy that fills a derived stream */
const lk_cat_copy *test_world_kappa(test_world *w, const char *view);       /* a new kappa copy of the same version */

/* rows: n * ncolumns values. */
void test_world_append(test_world *w, const char *stream, const lk_value *rows, int n);
/* The same from JSON lines. */
void test_world_append_json(test_world *w, const char *stream, const char *lines);
void test_world_batch(test_world *w, const char *view);
void test_world_speed_once(test_world *w, const char *view);

/* One worker, with its own connections, that holds every partition of one copy. */
typedef struct test_worker {
	test_world *world;
	lk_pg reader, writer;
	lk_path path;
	lk_unit *units;
	int nunits;
} test_worker;
void test_worker_open(test_worker *t, test_world *w, const char *view);   /* of the served copy */
void test_worker_open_copy(test_worker *t, test_world *w, const lk_cat_copy *copy);
/* Uses the same worker and its connections for another copy. */
void test_worker_turn_to(test_worker *t, const lk_cat_copy *copy);
void test_worker_close(test_worker *t);
/* Takes partition `part` over unless it has it, and makes one pass of at most `limit` events. Returns the events that
 * it read, or a negative status for LK_EFENCED and LK_EFULL (the unit must then be taken again); other errors fail the
 * test. */
int64_t test_worker_step(test_worker *t, int part, int64_t limit);
void test_worker_catch_up(test_worker *t);               /* until it holds its units and is at the log's end; sweeps */
void test_worker_sweep(test_worker *t, int part);

/* Rows as sorted texts, in a form in which equal rows of lk and PostgreSQL have equal texts. */
typedef struct test_rows {
	char **rows;
	size_t n;
} test_rows;
void test_rows_release(test_rows *r);
/* "" if equal, else the first difference. */
void test_rows_difference(const test_rows *want, const test_rows *got, lk_buf *out);
void test_answer_rows(const lk_answer *a, test_rows *out);
/* Runs the user's text of `p` in PostgreSQL over the events for which `bound` holds. condition: an SQL condition on the
 * result's columns, or NULL. LK_OK, LK_EVALUE, or LK_EUNREACHABLE if the server is lost; other errors fail the test. */
int test_oracle_rows(test_world *w, const lk_plan *p, const char *bound, const char *condition, test_rows *out, lk_error *err);
/* Rows of any SELECT without numerics. */
void test_sql_rows(test_world *w, const char *sql, const lk_type *types, int n, test_rows *out);
/* The bound for the prefix that an answer names, without the events at or above the cut that are late by the rule. */
void test_answer_bound(const lk_answer *a, lk_buf *out);

void test_world_answer(test_world *w, const lk_query *q, lk_answer *out);
/* "" if the answer to q (layer merged or batch) equals PostgreSQL's, "? reason" if PostgreSQL raises an error of class
 * 22, else the first difference with the prefix and the SQL. plan: NULL, or the plan whose text is the oracle. */
void test_world_compare(test_world *w, const lk_query *q, const lk_plan *plan, const char *condition, lk_buf *difference);
/* Fails the test if there is a difference. */
void test_world_same(test_world *w, const lk_query *q);

lk_query test_query(const char *view);
/* A query of this copy, whose number is written to id; NULL: of the served copy. */
lk_query test_query_of(const char *view, const lk_cat_copy *copy, char id[24]);
/* The integer that a statement returns. */
int64_t test_world_int(test_world *w, const char *sql);
void test_world_run(test_world *w, const char *sql);

#endif
