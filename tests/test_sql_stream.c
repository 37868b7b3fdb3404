/* CREATE TABLE: the meaning of a stream's definition. Refusals are in refusals.txt. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "catalog/log_sql.h"
#include "core/suggest.h"
#include "core/time.h"
#include "sql/lex.h"
#include "tests/support/definitions.h"

static const lk_stream *stream(const char *text, lk_definitions *d) {
	test_define(text, d);
	assert_int_equal(d->nitems, 1);
	assert_int_equal(d->items[0].kind, LK_DEF_STREAM);
	return d->items[0].stream;
}

static const lk_stream *with_columns(const char *columns, lk_definitions *d) {
	lk_buf text = LK_BUF_INIT;
	lk_buf_addf(&text, "CREATE TABLE s (ts timestamptz, c text, %s) WITH (event_time = ts, partition_by = c)", columns);
	const lk_stream *s = stream(text.data, d);
	lk_buf_release(&text);
	return s;
}

static void column_types(void **state) {
	(void)state;
	static const struct {
		const char *written, *type;
	} types[] = {
		{"smallint", "smallint"}, {"int2", "smallint"}, {"int", "integer"}, {"integer", "integer"}, {"int4", "integer"},
		{"bigint", "bigint"}, {"int8", "bigint"}, {"real", "real"}, {"float4", "real"}, {"float(24)", "real"},
		{"double precision", "double precision"}, {"float8", "double precision"}, {"float", "double precision"},
		{"numeric(12,2)", "numeric(12,2)"}, {"numeric(18,18)", "numeric(18,18)"}, {"numeric(1)", "numeric(1,0)"},
		{"decimal(10,3)", "numeric(10,3)"}, {"dec(4,0)", "numeric(4,0)"}, {"text", "text"}, {"TEXT", "text"},
		{"boolean", "boolean"}, {"bool", "boolean"}, {"timestamptz", "timestamp with time zone"},
		{"timestamp with time zone", "timestamp with time zone"},
	};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		lk_definitions d;
		lk_buf name = LK_BUF_INIT, column = LK_BUF_INIT;
		lk_buf_addf(&column, "x %s", types[i].written);
		const lk_stream *s = with_columns(column.data, &d);
		lk_type_name(s->schema.columns[2].type, &name);
		assert_string_equal(name.data, types[i].type);
		lk_buf_release(&name);
		lk_buf_release(&column);
		lk_definitions_release(&d);
	}
}

static void column_names_and_paths(void **state) {
	(void)state;
	lk_definitions d;
	const lk_stream *s = with_columns("userId int, \"userId\" int, \"actor.login\" text, \"a.b.c d\" text, \"user\" text, \"say \"\"x\"\"\" text", &d);
	assert_int_equal(s->schema.ncolumns, 8);
	assert_string_equal(s->schema.columns[2].name, "userid");
	assert_string_equal(s->schema.columns[3].name, "userId");
	assert_int_equal(s->schema.columns[3].npath, 1);
	assert_string_equal(s->schema.columns[3].path[0], "userId");
	assert_string_equal(s->schema.columns[4].name, "actor.login");
	assert_int_equal(s->schema.columns[4].npath, 2);
	assert_string_equal(s->schema.columns[4].path[0], "actor");
	assert_string_equal(s->schema.columns[4].path[1], "login");
	assert_int_equal(s->schema.columns[5].npath, 3);
	assert_string_equal(s->schema.columns[5].path[2], "c d");
	assert_string_equal(s->schema.columns[7].name, "say \"x\"");
	lk_definitions_release(&d);
}

static void options(void **state) {
	(void)state;
	lk_definitions d;
	const lk_stream *s = stream("CREATE TABLE s (a text, b timestamptz, c timestamptz) WITH (event_time = c, partition_by = a)", &d);
	assert_int_equal(s->schema.event_time, 2);
	assert_int_equal(s->partition_by, 0);
	assert_int_equal(s->partitions, 1);
	assert_int_equal(s->watermark_delay_us, 0);
	assert_int_equal(s->max_ahead_us, 86400 * LK_US_PER_S);
	assert_int_equal(s->idle_timeout_us, 0);
	lk_definitions_release(&d);
	s = stream("CREATE TABLE s (a text, b timestamptz) WITH (max_ahead = '0 s', idle_timeout = '5 min', watermark = '2 min', partitions = 64, partition_by = b, event_time = b)", &d);
	assert_int_equal(s->schema.event_time, 1);
	assert_int_equal(s->partition_by, 1);
	assert_int_equal(s->partitions, 64);
	assert_int_equal(s->watermark_delay_us, 120 * LK_US_PER_S);
	assert_int_equal(s->max_ahead_us, 0);
	assert_int_equal(s->idle_timeout_us, 300 * LK_US_PER_S);
	lk_definitions_release(&d);
}

/* The grammar reads the value as the name of a type, and knows many of these. */
static void option_values_are_names(void **state) {
	(void)state;
	static const struct {
		const char *column, *value;
	} names[] = {
		{"time", "time"}, {"\"timestamp\"", "timestamp"}, {"\"int\"", "int"}, {"\"real\"", "/* the */ real -- one\n"}, {"\"Ts\"", "\"Ts\""},
		{"\"a.b\"", "\"a.b\""}, {"ts", "TS"}, {"\"user\"", "user"}, {"\"end\"", "end"}, {"\"é\"", "é"}, {"ts", "'ts'"}, {"\"json\"", "json"},
		{"\"numeric\"", "numeric"}, {"\"varchar\"", "varchar"}, {"\"interval\"", "interval"}, {"\"a\"\"b\"", "\"a\"\"b\""},
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		lk_definitions d;
		lk_buf text = LK_BUF_INIT;
		lk_buf_addf(&text, "CREATE TABLE s (x text, %s timestamptz) WITH (event_time = %s, partition_by = x)", names[i].column, names[i].value);
		assert_int_equal(stream(text.data, &d)->schema.event_time, 1);
		lk_buf_release(&text);
		lk_definitions_release(&d);
	}
}

static void text_is_the_statement_alone(void **state) {
	(void)state;
	lk_definitions d;
	test_define("-- first\n  CREATE TABLE a (ts timestamptz) /* in; it */ WITH (event_time = ts, partition_by = ts) ; -- after\n\n"
	            "/* second; */ CREATE TABLE b (ts timestamptz) WITH (event_time = ts, partition_by = ts)\n-- end", &d);
	assert_int_equal(d.nitems, 2);
	assert_string_equal(d.items[0].stream->text, "CREATE TABLE a (ts timestamptz) /* in; it */ WITH (event_time = ts, partition_by = ts)");
	assert_string_equal(d.items[1].stream->text, "CREATE TABLE b (ts timestamptz) WITH (event_time = ts, partition_by = ts)");
	lk_definitions again;
	assert_string_equal(stream(d.items[0].stream->text, &again)->text, d.items[0].stream->text);
	lk_definitions_release(&again);
	lk_definitions_release(&d);
}

static void log_tables_never_collide(void **state) {
	(void)state;
	lk_stream a = {.name = "hits"}, b = {.name = "hits_1"};
	lk_buf out = LK_BUF_INIT;
	lk_log_table(&a, &out);
	assert_string_equal(out.data, "lk.\"log_hits\"");
	lk_buf_clear(&out);
	lk_log_leaf(&a, 1, &out);
	lk_buf table = LK_BUF_INIT;
	lk_log_table(&b, &table);
	assert_string_not_equal(out.data, table.data);
	char longest[56];
	memset(longest, 'x', 55);
	longest[55] = '\0';
	lk_stream c = {.name = longest};
	lk_buf_clear(&out);
	lk_log_leaf(&c, LK_MAX_PARTITIONS - 1, &out);
	assert_true(out.len <= strlen("lk.\"\"") + 63);
	lk_buf_release(&out);
	lk_buf_release(&table);
}

/* --- tokens --- */

static void tokens(void **state) {
	(void)state;
	static const struct {
		const char *text, *kinds;   /* a letter for each token; ! after one that is not closed */
	} rows[] = {
		{"a bC _d é $1 a$b", "wwwwonw"}, {"'a''b' \"c\"\"d\" E'a\\'b' 'a\\' b'x'", "sqsss"}, {"1 1.5 .5 1e5 1.5e-3 1e 5.", "nnnnnnwn"},
		{"$$a;b$$ $t$ $$ $t$ $a", "ssow"}, {"a--b\nc/*d/*e*/f*/g", "www"}, {"a/*", "w.!"}, {"'a", "s!"}, {"\"a", "q!"}, {"$$a", "s!"},
		{"<=>;(,)", "ooooooo"}, {"u&'a' U&\"b\" u & 'c'", "sqwos"}, {"a.b::int", "wowoow"}, {"n'x' nx'x'", "sws"},
	};
	static const char letters[] = {[LK_TOKEN_END] = '.', [LK_TOKEN_WORD] = 'w', [LK_TOKEN_QUOTED] = 'q', [LK_TOKEN_STRING] = 's',
	                               [LK_TOKEN_NUMBER] = 'n', [LK_TOKEN_OTHER] = 'o'};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_buf kinds = LK_BUF_INIT;
		int len = (int)strlen(rows[i].text);
		for (lk_token t = lk_lex(rows[i].text, len, 0); t.kind != LK_TOKEN_END || !t.closed; t = lk_lex(rows[i].text, len, t.end)) {
			lk_buf_addc(&kinds, letters[t.kind]);
			if (!t.closed) {
				lk_buf_addc(&kinds, '!');
				break;
			}
		}
		assert_string_equal(kinds.data, rows[i].kinds);
		lk_buf_release(&kinds);
	}
}

static void suggestions(void **state) {
	(void)state;
	static const char *const names[] = {"path", "status", "bytes", "user_agent", "ip"};
	static const struct {
		const char *name, *near;
	} rows[] = {
		{"pth", "path"}, {"paht", "path"}, {"PATH", "path"}, {"stats", "status"}, {"user_agnt", "user_agent"}, {"useragent", "user_agent"},
		{"ib", "ip"}, {"x", NULL}, {"nothing", NULL}, {"", NULL}, {"xy", NULL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *near = lk_did_you_mean(rows[i].name, names, 5);
		assert_int_equal(near == NULL, rows[i].near == NULL);
		if (near)
			assert_string_equal(near, rows[i].near);
	}
}

static int end(void **state) {
	(void)state;
	test_hits_release();
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(column_types),
		cmocka_unit_test(column_names_and_paths),
		cmocka_unit_test(options),
		cmocka_unit_test(option_values_are_names),
		cmocka_unit_test(text_is_the_statement_alone),
		cmocka_unit_test(log_tables_never_collide),
		cmocka_unit_test(tokens),
		cmocka_unit_test(suggestions),
	};
	return cmocka_run_group_tests(tests, NULL, end);
}
