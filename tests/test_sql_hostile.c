/* Hostile definition files: every kind of statement that PostgreSQL has, texts that are nested as deeply as a file allows,
 * and 64 KiB of one character. Each ends in a fault with a place, or is accepted; none ends in silence. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/definitions.h"

enum { FILE_BYTES = 65536 };

/* Each fault names a place in the file and says something. */
static int faults_of(const char *text, size_t len) {
	lk_definitions d;
	int rc = lk_sql_parse(text, len, test_hits(), &d), n = d.nfaults;
	assert_int_equal(rc, n ? LK_EDEFINITION : LK_OK);
	assert_true(n > 0 || d.nitems > 0);
	for (int i = 0; i < n; i++) {
		assert_true(d.faults[i].line >= 1 && d.faults[i].col >= 1 && *d.faults[i].message);
		assert_true(lk_utf8_valid(d.faults[i].message, strlen(d.faults[i].message)));
		assert_true(lk_utf8_valid(d.faults[i].hint, strlen(d.faults[i].hint)));
	}
	lk_definitions_release(&d);
	return n;
}

/* --- every statement --- */

static const char *const statements[] = {
	"ALTER COLLATION c REFRESH VERSION", "ALTER DATABASE d SET x = 1", "ALTER DATABASE d WITH CONNECTION LIMIT 1",
	"ALTER DATABASE d REFRESH COLLATION VERSION", "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO u", "ALTER DOMAIN d DROP DEFAULT",
	"ALTER EVENT TRIGGER t DISABLE", "ALTER EXTENSION e UPDATE", "ALTER EXTENSION e ADD TABLE t", "ALTER FOREIGN DATA WRAPPER w NO HANDLER",
	"ALTER FOREIGN TABLE t ADD COLUMN c int", "ALTER FUNCTION f() IMMUTABLE", "ALTER FUNCTION f() DEPENDS ON EXTENSION e",
	"ALTER GROUP g ADD USER u", "ALTER INDEX i SET (fillfactor = 70)", "ALTER OPERATOR + (int, int) SET (RESTRICT = f)",
	"ALTER OPERATOR FAMILY f USING btree DROP FUNCTION 1 (int, int)", "ALTER POLICY p ON t USING (true)", "ALTER PUBLICATION p ADD TABLE t",
	"ALTER ROLE r SET x = 1", "ALTER ROLE r NOLOGIN", "ALTER SEQUENCE s RESTART", "ALTER SERVER s VERSION '2'", "ALTER STATISTICS s SET STATISTICS 1",
	"ALTER SUBSCRIPTION s DISABLE", "ALTER SYSTEM SET x = 1", "ALTER TABLE t ADD COLUMN c int", "ALTER TABLE t OWNER TO u",
	"ALTER TABLE t RENAME TO u", "ALTER TABLE t SET SCHEMA s", "ALTER TABLE ALL IN TABLESPACE a SET TABLESPACE b",
	"ALTER TABLESPACE s SET (seq_page_cost = 1)", "ALTER TEXT SEARCH CONFIGURATION c DROP MAPPING FOR word",
	"ALTER TEXT SEARCH DICTIONARY d (x = 1)", "ALTER TYPE t ADD VALUE 'x'", "ALTER TYPE t SET (RECEIVE = f)", "ALTER TYPE t ADD ATTRIBUTE a int",
	"ALTER USER MAPPING FOR u SERVER s OPTIONS (a 'b')", "ALTER VIEW v RENAME TO w", "ALTER MATERIALIZED VIEW v SET (x = 1)", "ANALYZE", "BEGIN",
	"CALL p()", "CHECKPOINT", "CLOSE c", "CLUSTER t", "COMMENT ON TABLE t IS 'x'", "COMMIT", "COPY t TO STDOUT", "CREATE ACCESS METHOD m TYPE INDEX HANDLER h",
	"CREATE AGGREGATE a (int) (SFUNC = f, STYPE = int)", "CREATE CAST (int AS text) WITH INOUT", "CREATE COLLATION c FROM \"C\"",
	"CREATE CONVERSION c FOR 'UTF8' TO 'LATIN1' FROM f", "CREATE DATABASE d", "CREATE DOMAIN d AS int", "CREATE EVENT TRIGGER t ON ddl_command_start EXECUTE FUNCTION f()",
	"CREATE EXTENSION e", "CREATE FOREIGN DATA WRAPPER w", "CREATE FOREIGN TABLE t (a int) SERVER s", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
	"CREATE GROUP g", "CREATE INDEX i ON hits (ip)", "CREATE LANGUAGE l HANDLER h", "CREATE MATERIALIZED VIEW v AS SELECT 1", "CREATE OPERATOR + (FUNCTION = f, LEFTARG = int)",
	"CREATE OPERATOR CLASS c FOR TYPE int USING btree AS STORAGE int", "CREATE OPERATOR FAMILY f USING btree", "CREATE POLICY p ON t",
	"CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'", "CREATE PUBLICATION p", "CREATE ROLE r", "CREATE RULE r AS ON INSERT TO t DO NOTHING",
	"CREATE SCHEMA s", "CREATE SEQUENCE s", "CREATE SERVER s FOREIGN DATA WRAPPER w", "CREATE STATISTICS s ON a, b FROM t",
	"CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p", "CREATE TABLESPACE s LOCATION '/'", "CREATE TEXT SEARCH CONFIGURATION c (PARSER = p)",
	"CREATE TRANSFORM FOR int LANGUAGE l (FROM SQL WITH FUNCTION f(int))", "CREATE TRIGGER t AFTER INSERT ON hits EXECUTE FUNCTION f()",
	"CREATE TYPE t AS (a int)", "CREATE TYPE t AS ENUM ('a')", "CREATE TYPE t AS RANGE (SUBTYPE = int)", "CREATE TYPE t", "CREATE USER u",
	"CREATE USER MAPPING FOR u SERVER s", "DEALLOCATE ALL", "DECLARE c CURSOR FOR SELECT 1", "DELETE FROM hits", "DISCARD ALL", "DO 'x'",
	"DROP TABLE hits", "DROP DATABASE d", "DROP OWNED BY u", "DROP ROLE r", "DROP SUBSCRIPTION s", "DROP TABLESPACE s", "DROP USER MAPPING FOR u SERVER s",
	"END", "EXECUTE p", "EXPLAIN SELECT 1", "FETCH NEXT FROM c", "GRANT SELECT ON t TO u", "GRANT r TO u", "IMPORT FOREIGN SCHEMA s FROM SERVER t INTO u",
	"INSERT INTO hits VALUES (1)", "LISTEN c", "LOAD 'x'", "LOCK TABLE hits", "MERGE INTO hits USING t ON true WHEN MATCHED THEN DELETE", "MOVE NEXT FROM c",
	"NOTIFY c", "PREPARE p AS SELECT 1", "PREPARE TRANSACTION 'x'", "REASSIGN OWNED BY u TO v", "REFRESH MATERIALIZED VIEW v", "REINDEX TABLE hits",
	"RELEASE SAVEPOINT s", "RESET ALL", "REVOKE SELECT ON t FROM u", "ROLLBACK", "SAVEPOINT s", "SECURITY LABEL ON TABLE t IS 'x'", "SELECT 1",
	"SELECT 1 INTO t", "SET x = 1", "SET CONSTRAINTS ALL DEFERRED", "SET ROLE u", "SET SESSION AUTHORIZATION u", "SET TRANSACTION READ ONLY",
	"SHOW ALL", "START TRANSACTION", "TABLE hits", "TRUNCATE hits", "UNLISTEN c", "UPDATE hits SET ip = 'a'", "VACUUM", "VALUES (1)", "WITH x AS (SELECT 1) SELECT * FROM x",
};

/* A statement that a file cannot have is refused at its beginning, with advice, and hides nothing after it. */
static void every_statement(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
		char *text = lk_asprintf("\n  %s;\nCREATE VIEW good AS SELECT count(*) AS n FROM hits;", statements[i]);
		lk_definitions d;
		assert_int_equal(lk_sql_parse(text, strlen(text), test_hits(), &d), LK_EDEFINITION);
		if (d.nfaults != 1 || d.faults[0].line != 2 || d.faults[0].col != 3 || !*d.faults[0].hint || !strstr(d.faults[0].message, "not supported"))
			fail_msg("%s: %d faults, %d:%d: %s", statements[i], d.nfaults, d.faults[0].line, d.faults[0].col, d.faults[0].message);
		assert_int_equal(d.nitems, 1);
		lk_definitions_release(&d);
		free(text);
	}
}

/* --- depth --- */

#define VIEW "CREATE VIEW v AS SELECT count(*) AS n FROM hits WHERE "

static const struct { const char *before, *open, *middle, *close, *after; } nests[] = {
	{VIEW, "CASE WHEN ok THEN ", "ok", " END", ""},
	{VIEW, "CASE WHEN ", "ok", " THEN ok END", ""},
	{VIEW, "CASE ok WHEN ", "ok", " THEN ok END", ""},
	{VIEW, "coalesce(ok, ", "ok", ")", ""},
	{VIEW, "(", "ok", ")", ""},
	{VIEW, "(ok AND ", "ok", ")", ""},
	{VIEW, "NOT ", "ok", "", ""},
	{VIEW, "NOT (", "ok", ")", ""},
	{VIEW "status = ", "- ", "1", "", ""},
	{VIEW "status = ", "abs(", "1", ")", ""},
	{VIEW "path = ", "lower(", "path", ")", ""},
	{VIEW "path = ", "", "path", " || path", ""},
	{VIEW "status = ", "", "1", "::int", ""},
	{VIEW "status = ", "CAST(", "1", " AS int)", ""},
	{VIEW "ok", "", "", " IS TRUE", ""},
	{VIEW "ok", "", "", " AND ok", ""},
	{VIEW "ok", "", "", " OR (ok", ""},
	{VIEW "status IN (", "1, ", "1", "", ")"},
	{VIEW "status = ", "ARRAY[", "1", "]", ""},
	{VIEW "path", "", "", "[1]", " = 1"},
	{VIEW, "EXISTS (SELECT 1 WHERE ", "ok", ")", ""},
	{VIEW "path", "", "", ".a", " = 1"},
	{"CREATE VIEW v AS SELECT count(*) AS n FROM ", "(SELECT * FROM ", "hits", ") AS x", ""},
	{"CREATE VIEW v AS SELECT count(*) AS n FROM ", "(", "hits", ")", ""},
	{"CREATE VIEW v AS SELECT count(*) AS n FROM hits", "", "", " JOIN hits ON true", ""},
	{"CREATE VIEW v AS ", "WITH x AS (", "SELECT * FROM hits", ") SELECT * FROM x", ""},
	{"CREATE VIEW v AS SELECT count(*) AS n FROM hits", "", "", " UNION SELECT 1", ""},
	{"CREATE VIEW v AS SELECT ", "sum(", "1", ")", " AS n FROM hits"},
	{"CREATE VIEW v AS SELECT path, count(*) AS n FROM hits GROUP BY path", "", "", ", path", ""},
	{"CREATE VIEW v AS SELECT count(*) AS n", "", "", ", count(*) AS n", " FROM hits"},
	{"CREATE TABLE t (ts timestamptz, k text", "", "", ", a int", ") WITH (event_time = ts, partition_by = k)"},
	{"CREATE TABLE t (ts timestamptz, k text) WITH (event_time = ts, partition_by = k", "", "", ", watermark = '1 s'", ")"},
	{"CREATE TABLE t (ts timestamptz, k text", "", "", "[]", ") WITH (event_time = ts, partition_by = k)"},
	{VIEW "path = ", "$a$", "x", "$a$", ""},
	{VIEW "ok ", "/*", "", "*/", ""},
	{"", "CREATE VIEW v AS SELECT count(*) AS n FROM hits;", "", "", ""},
	{"", "SELECT 1;", "", "", ""},
	{"", "(", "", "", ""},
	{"", "\"", "", "", ""},
};

static char *nested(size_t i, int n) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, nests[i].before);
	for (int k = 0; k < n; k++)
		lk_buf_adds(&b, nests[i].open);
	lk_buf_adds(&b, nests[i].middle);
	for (int k = 0; k < n; k++)
		lk_buf_adds(&b, nests[i].close);
	lk_buf_adds(&b, nests[i].after);
	return lk_buf_steal(&b);
}

/* From a few levels to all that a file can hold. */
static void nested_as_deeply_as_a_file_allows(void **state) {
	(void)state;
	static const int depths[] = {1, 10, 100, 399, 1000, 2100, 10000};
	for (size_t i = 0; i < sizeof nests / sizeof *nests; i++) {
		size_t each = strlen(nests[i].open) + strlen(nests[i].close), rest = strlen(nests[i].before) + strlen(nests[i].after) + 32;
		int most = (int)((FILE_BYTES - rest) / each);
		for (size_t k = 0; k <= sizeof depths / sizeof *depths; k++) {
			int n = k < sizeof depths / sizeof *depths && depths[k] < most ? depths[k] : most;
			char *text = nested(i, n);
			faults_of(text, strlen(text));
			free(text);
		}
	}
}

static void whole_files_of_one_character(void **state) {
	(void)state;
	char *text = lk_calloc(FILE_BYTES, 1);
	for (int c = 0; c < 256; c++) {
		memset(text, c, FILE_BYTES);
		assert_true(faults_of(text, FILE_BYTES) > 0);
	}
	free(text);
}

static int end(void **state) {
	(void)state;
	test_hits_release();
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_statement),
		cmocka_unit_test(nested_as_deeply_as_a_file_allows),
		cmocka_unit_test(whole_files_of_one_character),
	};
	return cmocka_run_group_tests(tests, NULL, end);
}
