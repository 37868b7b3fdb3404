/* One table of patterns. A pattern is the tokens up to the one at which the grammar stopped; the first that fits decides.
 * Of its words, * is any token, # a number, $ a string, ^ the beginning of the statement and . its end. */
#include "sql/foreign.h"

#include <string.h>

#define STREAM "a stream is a table: CREATE TABLE name (column type, ...) WITH (event_time = column, partition_by = column)"
#define VIEW "write CREATE VIEW name AS SELECT …: every view is kept up to date"
#define WINDOWS "write GROUP BY tumble(column, '1 minute'), hop(column, '10 s', '1 minute') or session(column, '30 min')"
#define FROM_STREAM "write FROM stream … GROUP BY tumble(column, '1 minute')"
#define OPTIONS "write WITH (event_time = column, partition_by = column) after the columns"
#define ELEMENTS "declare the elements that views need as columns of their own; \"a.b\" text is the path a.b of an event"
#define FIRST_ROWS "write ORDER BY … LIMIT n: it leaves the first n rows of each window"
#define JOINS "a view reads from one stream; put what it needs into the events"

enum scope { ANY, OF_TABLE, OF_VIEW };

static const struct {
	enum scope scope;
	const char *pattern, *hint;
} forms[] = {
	/* statements */
	{ANY, "^ create stream", STREAM},
	{ANY, "^ create or replace stream", STREAM},
	{ANY, "^ create or replace table", STREAM},
	{ANY, "^ create source", STREAM "; lk ingest reads files and pipes"},
	{ANY, "^ create external", STREAM "; lk ingest reads files and pipes"},
	{ANY, "^ create sink", "leave it out: programs read answers with lk query --format json"},
	{ANY, "^ create connection", "leave it out: lk ingest reads files and pipes"},
	{ANY, "^ create connector", "leave it out: lk ingest reads files and pipes"},
	{ANY, "^ create live", VIEW},
	{ANY, "^ create streaming", VIEW},
	{ANY, "^ create dynamic", VIEW},
	{ANY, "^ create continuous", VIEW},
	{ANY, "^ create incremental", VIEW},
	{ANY, "^ create or replace materialized", VIEW},
	{ANY, "^ create materialized view * to", VIEW},
	{ANY, "^ create materialized view * engine", VIEW},
	{ANY, "^ drop *", "a definition file only declares; lk drop removes a view or a stream"},
	{ANY, "^ set *", "leave it out: options are written in WITH (…)"},

	/* streams */
	{ANY, "watermark for", "write WITH (event_time = column, watermark = '10 seconds') after the columns"},
	{OF_TABLE, "with ( $", "write options without quotes: WITH (event_time = column, partition_by = column)"},
	{OF_TABLE, "not enforced", "a stream has only columns; leave keys and constraints out"},
	{OF_TABLE, "metadata", "leave it out: _at is the time at which the log took the event"},
	{OF_TABLE, ") engine", OPTIONS},
	{OF_TABLE, ") partitioned", OPTIONS},
	{OF_TABLE, ") comment", OPTIONS},
	{OF_TABLE, ") tblproperties", OPTIONS},
	{OF_TABLE, ") stored", OPTIONS},
	{OF_TABLE, ") format", OPTIONS},
	{OF_TABLE, ") order", OPTIONS},
	{OF_TABLE, ") cluster", OPTIONS},
	{OF_TABLE, "map <", ELEMENTS},
	{OF_TABLE, "struct <", ELEMENTS},
	{OF_TABLE, "* array", ELEMENTS},
	{OF_TABLE, "* row", ELEMENTS},
	{OF_TABLE, "* as", "a stream has the events' own columns; compute in the view. _at is the time at which the log took the event"},

	/* windows */
	{ANY, "emit", "leave EMIT out: answers are always current"},
	{ANY, "emit *", "leave EMIT out: answers are always current"},
	{ANY, "window tumbling (", "write GROUP BY tumble(column, '1 minute')"},
	{ANY, "window hopping (", "write GROUP BY hop(column, '10 s', '1 minute'): the slide, then the size"},
	{ANY, "window session (", "write GROUP BY session(column, '30 min')"},
	{ANY, "window .", "lk adds window_start and window_end before the select list"},
	{ANY, "window * (", WINDOWS},
	{ANY, "window", WINDOWS},
	{ANY, "table ( *", FROM_STREAM},
	{ANY, "from table", FROM_STREAM},
	{ANY, "tumble ( table", FROM_STREAM},
	{ANY, "hop ( table", "write FROM stream … GROUP BY hop(column, '10 s', '1 minute'): the slide, then the size"},
	{ANY, "cumulate ( table", "write FROM stream … GROUP BY cumulate(column, '1 h', '1 day'): the step, then the size"},
	{ANY, "session ( table", "write FROM stream … GROUP BY session(column, '30 min')"},

	/* the rest of a view */
	{OF_VIEW, "if not", "leave it out: applying the same definition again changes nothing"},
	{OF_VIEW, "as from", "write SELECT … FROM …"},
	{OF_VIEW, "select top #", FIRST_ROWS},
	{OF_VIEW, "qualify", FIRST_ROWS},
	{OF_VIEW, "limit # by", FIRST_ROWS},
	{OF_VIEW, "limit # ,", FIRST_ROWS},
	{OF_VIEW, "with totals", "declare another view without GROUP BY"},
	{OF_VIEW, "with rollup", "declare a view for each set of keys"},
	{OF_VIEW, "with cube", "declare a view for each set of keys"},
	{OF_VIEW, "by all .", "name the group keys: GROUP BY column, …"},
	{OF_VIEW, "prewhere *", "write WHERE"},
	{OF_VIEW, "within", JOINS},
	{OF_VIEW, "for system_time", JOINS},
	{OF_VIEW, "match_recognize ( * *", "patterns over several events are not supported; session(column, '30 min') groups events that follow each other"},
	{OF_VIEW, "lateral", LK_ELEMENTS_HINT},
	{OF_VIEW, "lateral table", LK_ELEMENTS_HINT},
	{OF_VIEW, "cross apply", LK_ELEMENTS_HINT},
	{OF_VIEW, "outer apply", LK_ELEMENTS_HINT},
	{OF_VIEW, "from * array", LK_ELEMENTS_HINT},
	{OF_VIEW, "left array", LK_ELEMENTS_HINT},
	{OF_VIEW, ") (", "parameters and arguments share one pair of parentheses: approx_percentile(x, 0.95), top_k(x, 10)"},
	{ANY, "ignore", "leave IGNORE NULLS and RESPECT NULLS out: aggregates skip NULL"},
	{ANY, "respect", "leave IGNORE NULLS and RESPECT NULLS out: aggregates skip NULL"},
	{ANY, "nulls", "leave IGNORE NULLS and RESPECT NULLS out: aggregates skip NULL"},
	{ANY, "nulls *", "leave IGNORE NULLS and RESPECT NULLS out: aggregates skip NULL"},
	{OF_VIEW, "any", "write first(x) or last(x), by event time"},
	{OF_VIEW, "some", "write bool_or(x)"},
	{OF_VIEW, "rlike", "write x ~ 'pattern'"},
	{OF_VIEW, "regexp", "write x ~ 'pattern'"},
	{OF_VIEW, "glob", "write x LIKE 'pattern', where % is any text"},
	{OF_VIEW, "safe_cast ( * as", "write CAST(x AS type)"},
	{OF_VIEW, "try_cast ( * as", "write CAST(x AS type)"},
	{OF_VIEW, "floor ( * to", "write date_trunc('minute', column)"},
	{OF_VIEW, "ceil ( * to", "write date_trunc('minute', column)"},
	{ANY, "`", "write double quotes around names"},
};

enum { MOST_WORDS = 8 };

/* The last tokens up to t, the newest first; returns how many. */
static int tokens_up_to(lk_stmt *s, lk_token t, lk_token last[MOST_WORDS], bool *whole) {
	int n = 0;
	lk_token each = lk_lex(s->text, s->len, 0);
	*whole = true;
	for (; each.kind != LK_TOKEN_END && each.at < t.at; each = lk_lex(s->text, s->len, each.end)) {
		if (n == MOST_WORDS - 1)
			*whole = false;
		else
			n++;
		memmove(last + 1, last, sizeof *last * (size_t)(n - 1));
		last[0] = each;
	}
	memmove(last + 1, last, sizeof *last * (size_t)n);
	last[0] = t;
	return n + 1;
}

static bool word_fits(lk_stmt *s, lk_token t, const char *word, size_t len) {
	char text[32] = "";
	memcpy(text, word, len < sizeof text ? len : sizeof text - 1);
	switch (*text) {
	case '*': return t.kind != LK_TOKEN_END;
	case '#': return t.kind == LK_TOKEN_NUMBER;
	case '$': return t.kind == LK_TOKEN_STRING;
	case '.': return t.kind == LK_TOKEN_END || lk_token_is(s->text, t, ".");
	default: return lk_token_is(s->text, t, text);
	}
}

/* Compares from the last word back. */
static bool fits(lk_stmt *s, const char *pattern, const lk_token *last, int n, bool whole) {
	const char *end = pattern + strlen(pattern);
	int i = 0;
	while (end > pattern) {
		const char *word = end;
		while (word > pattern && word[-1] != ' ')
			word--;
		if (*word == '^')
			return whole && i == n;
		if (i == n || !word_fits(s, last[i++], word, (size_t)(end - word)))
			return false;
		end = word > pattern ? word - 1 : word;
	}
	return true;
}

const char *lk_sql_foreign(lk_stmt *s, lk_token t) {
	lk_token last[MOST_WORDS];
	bool whole;
	int n = tokens_up_to(s, t, last, &whole);
	bool table = lk_token_is(s->text, lk_lex(s->text, s->len, lk_lex(s->text, s->len, 0).end), "table");
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if ((forms[i].scope == ANY || (forms[i].scope == OF_TABLE) == table) && fits(s, forms[i].pattern, last, n, whole))
			return forms[i].hint;
	return NULL;
}

const char *lk_sql_foreign_interval(lk_stmt *s, int at) {
	lk_token t = lk_lex(s->text, s->len, at), unit;
	if (lk_token_is(s->text, t, "interval"))
		t = lk_lex(s->text, s->len, t.end);
	unit = lk_lex(s->text, s->len, t.end);
	if ((t.kind != LK_TOKEN_STRING && t.kind != LK_TOKEN_NUMBER) || unit.kind != LK_TOKEN_WORD)
		return NULL;
	bool quoted = t.kind == LK_TOKEN_STRING;
	return lk_stmt_text(s, "write '%.*s %s'", t.end - t.at - 2 * quoted, s->text + t.at + quoted, lk_token_name(s->text, unit, s->arena));
}
