/* Conditions of a query: how they are read from the command line, and for which values they hold. server_query.c
 * compares whole answers with PostgreSQL. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "options/answer_args.h"
#include "cli/commands.h"
#include "serving/condition.h"
#include "tests/support/definitions.h"

/* --- reading --- */

static int read_one(const char *text, lk_answer_args *out, lk_error *err) {
	char *argv[] = {(char[]){"lk"}, (char[]){"query"}, (char[]){"v"}, (char[]){"--where"}, (char *)text, NULL};
	lk_args args;
	lk_error_clear(err);
	assert_int_equal(lk_args_parse(lk_commands, 5, argv, &args, err), LK_OK);
	int rc = lk_answer_args_read(&args, out, err);
	lk_args_release(&args);
	return rc;
}

static const struct {
	const char *text, *column;
	enum lk_where_op op;
	const char *value;
} readings[] = {
	{"path=/", "path", LK_WHERE_EQ, "/"},
	{"path=", "path", LK_WHERE_EQ, ""},
	{"path= /", "path", LK_WHERE_EQ, " /"},
	{"path='/'", "path", LK_WHERE_EQ, "'/'"},
	{"path = /a b", "path", LK_WHERE_EQ, "/a b"},
	{"path = 'it''s'", "path", LK_WHERE_EQ, "it's"},
	{"path = ''", "path", LK_WHERE_EQ, ""},
	{"path = '", "path", LK_WHERE_EQ, "'"},
	{"path=/?a=b", "path", LK_WHERE_EQ, "/?a=b"},
	{"path=a<b", "path", LK_WHERE_EQ, "a<b"},
	{"hits>3", "hits", LK_WHERE_GT, "3"},
	{"hits >= 3", "hits", LK_WHERE_GE, "3"},
	{"hits<=3", "hits", LK_WHERE_LE, "3"},
	{"hits < -3", "hits", LK_WHERE_LT, "-3"},
	{"hits!=3", "hits", LK_WHERE_NE, "3"},
	{"hits <> 3", "hits", LK_WHERE_NE, "3"},
	{"hits\t=\t3", "hits", LK_WHERE_EQ, "3"},
	{"actor.login = x", "actor.login", LK_WHERE_EQ, "x"},
	{"path is null", "path", LK_WHERE_NULL, NULL},
	{"path  IS\tNULL ", "path", LK_WHERE_NULL, NULL},
	{"path is not null", "path", LK_WHERE_NOT_NULL, NULL},
	{"path Is Not Null", "path", LK_WHERE_NOT_NULL, NULL},
	{"path=is null", "path", LK_WHERE_EQ, "is null"},
};

static void conditions_are_read(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
		lk_answer_args a;
		lk_error err;
		if (read_one(readings[i].text, &a, &err) != LK_OK)
			fail_msg("%s: %s", readings[i].text, err.text);
		const lk_where *w = a.query.where;
		bool same = w->text == readings[i].value || (w->text && readings[i].value && !strcmp(w->text, readings[i].value));
		if (strcmp(w->column, readings[i].column) != 0 || w->op != readings[i].op || !same)
			fail_msg("%s: column %s, operator %d, value %s", readings[i].text, w->column, w->op, w->text ? w->text : "none");
		lk_answer_args_release(&a);
	}
}

static void what_is_no_condition(void **state) {
	(void)state;
	static const char *const texts[] = {"", "path", "=x", " = x", "path is", "path is not", "path is nul", "path isnull", "path like x", "is null"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		lk_answer_args a;
		lk_error err;
		if (read_one(texts[i], &a, &err) != LK_EUSAGE || !strstr(err.text, "not a condition") || !strstr(err.hint, "is not null"))
			fail_msg("\"%s\": %s (%s)", texts[i], err.text, err.hint);
		lk_answer_args_release(&a);
	}
}

/* --- holding --- */

static const char view[] =
	"CREATE VIEW v AS SELECT path, count(*) AS hits, avg(big) AS mean, sum(d) AS total, max(ts) AS latest, bool_or(ok) AS any,"
	" top_k(status, 2) AS top FROM hits GROUP BY path, tumble(ts, '1 minute')";

static lk_value num(int64_t n, uint8_t scale) { return lk_numeric(n, scale); }

/* Compares the column's value with the text: the results of = != < <= > >=, in this order. */
static void compares(const lk_plan *p, const char *column, const char *text, lk_value v, const char *says) {
	for (int op = LK_WHERE_EQ; op <= LK_WHERE_GE; op++) {
		lk_condition c;
		lk_error err = {0};
		const lk_where w = {.column = column, .op = (enum lk_where_op)op, .text = text};
		if (lk_condition_read(&c, p, lk_column_find(p, column), &w, &err) != LK_OK)
			fail_msg("%s %s: %s", column, text, err.text);
		if (lk_condition_holds(&c, &v) != (says[op] == '1'))
			fail_msg("%s, operator %d, %s", column, op, text);
		lk_value null = lk_null();
		assert_false(lk_condition_holds(&c, &null));
	}
}

static void conditions_hold(void **state) {
	(void)state;
	static const char equal[] = "100101", below[] = "011100", above[] = "010011";
	lk_definitions d;
	const lk_plan *p = test_view(view, &d);
	compares(p, "hits", "3", lk_int(3), equal);
	compares(p, "hits", "3.0", lk_int(3), equal);
	compares(p, "hits", "3.5", lk_int(3), below);
	compares(p, "hits", "-1", lk_int(3), above);
	compares(p, "hits", "99999999999999999999", lk_int(INT64_MAX), below);
	compares(p, "hits", "1e3", lk_int(1000), equal);
	compares(p, "mean", "0.5", num(5000, 4), equal);
	compares(p, "mean", "0.49999", num(5000, 4), above);
	compares(p, "mean", "1", num(5000, 4), below);
	compares(p, "mean", "0.0000001234567890123456", num(1234567890123456, 22), equal);
	compares(p, "mean", "0.00000012345678901234561", num(1234567890123456, 22), below);
	compares(p, "mean", "10000000000000000000000000000000000000", num(1, 22), below);
	compares(p, "hits", "2.9999999999999999999999", lk_int(3), above);
	compares(p, "hits", "3.0000000000000000000001", lk_int(3), below);
	compares(p, "total", "0.1", lk_double(0.1), equal);
	compares(p, "total", "NaN", lk_double(1e300), below);
	compares(p, "total", "0", lk_double(-0.0), equal);
	compares(p, "path", "b", lk_text("a", 1), below);
	compares(p, "path", "", lk_text("a", 1), above);
	compares(p, "latest", "1970-01-01T00:00:01Z", lk_int(1000000), equal);
	compares(p, "any", "false", lk_int(1), above);
	compares(p, "window_start", "1970-01-01T00:00:00Z", lk_int(60 * LK_US_PER_S), above);
	for (int is = 0; is < 2; is++) {
		lk_condition c;
		lk_value null = lk_null(), one = lk_int(1);
		const lk_where w = {.column = "top", .op = is ? LK_WHERE_NULL : LK_WHERE_NOT_NULL};
		assert_int_equal(lk_condition_read(&c, p, lk_column_find(p, "top"), &w, NULL), LK_OK);
		assert_int_equal(lk_condition_holds(&c, &null), is);
		assert_int_equal(lk_condition_holds(&c, &one), !is);
	}
	lk_condition c;
	lk_error err = {0};
	assert_int_equal(lk_condition_read(&c, p, lk_column_find(p, "top"), &(lk_where){.column = "top", .text = "1"}, &err), LK_EUSAGE);
	assert_non_null(strstr(err.text, "have no order"));
	lk_definitions_release(&d);
}

static int stop(void **state) {
	(void)state;
	test_hits_release();
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_are_read),
		cmocka_unit_test(what_is_no_condition),
		cmocka_unit_test(conditions_hold),
	};
	return cmocka_run_group_tests(tests, NULL, stop);
}
