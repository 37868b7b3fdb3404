#include "core/sql_hint.h"

#include <string.h>

#include "core/sql_lex.h"

static bool one_of(lk_stmt *s, lk_token t, const char *const *words) {
	for (; *words; words++)
		if (lk_token_is(s->text, t, *words))
			return true;
	return false;
}

/* The two tokens before byte `at`. */
static void tokens_before(lk_stmt *s, int at, lk_token *before, lk_token *second) {
	*before = *second = (lk_token){0};
	for (lk_token t = lk_lex(s->text, s->len, 0); t.kind != LK_TOKEN_END && t.end <= at; t = lk_lex(s->text, s->len, t.end)) {
		*second = *before;
		*before = t;
	}
}

const char *lk_sql_syntax_hint(lk_stmt *s, int at) {
	static const char *const units[] = {"us", "ms", "s", "second", "seconds", "m", "min", "minute", "minutes", "h", "hour", "hours",
	                                    "d", "day", "days", "w", "week", "weeks", "month", "months", "year", "years", NULL};
	static const char *const reserved[] = {"user", "end", "order", "group", "table", "column", "select", "from", "to", "desc", "asc",
	                                       "limit", "offset", "check", "default", "primary", "unique", "references", "when", "then",
	                                       "else", "case", "all", "any", "and", "or", "not", "array", "as", "cast", "in", "into",
	                                       "is", "like", "on", "only", "union", "using", "where", "window", "with", "left", "right",
	                                       "join", "analyze", "current_user", "do", "end", "for", "grant", "having", "natural",
	                                       "session_user", "create", "distinct", "fetch", "foreign", "placing", "variadic", NULL};
	lk_token t = lk_lex(s->text, s->len, at), before, second;
	tokens_before(s, at, &before, &second);
	bool table = lk_token_is(s->text, lk_lex(s->text, s->len, lk_lex(s->text, s->len, 0).end), "table");
	if (lk_token_is(s->text, before, "interval") || lk_token_is(s->text, t, "interval"))
		return "write an interval as a string alone: watermark = '10 seconds'";
	if (before.kind == LK_TOKEN_NUMBER && one_of(s, t, units))
		return "write an interval in quotes: '10 seconds'";
	if (lk_token_is(s->text, before, "watermark") && lk_token_is(s->text, t, "for"))
		return "write WITH (event_time = column, watermark = '10 seconds') after the columns";
	if (lk_token_is(s->text, t, "emit") || lk_token_is(s->text, before, "emit"))
		return "leave EMIT out: answers are always current";
	if (lk_token_is(s->text, t, "table") && (lk_token_is(s->text, second, "tumble") || lk_token_is(s->text, before, "from")))
		return "write FROM stream … GROUP BY tumble(column, '1 minute')";
	if (lk_token_is(s->text, t, "nulls") || lk_token_is(s->text, before, "nulls"))
		return "leave IGNORE NULLS and RESPECT NULLS out: aggregates skip NULL";
	if (lk_token_is(s->text, t, "(") && lk_token_is(s->text, before, "="))
		return "an option has one value: a name, a number or a string";
	if (lk_token_is(s->text, t, "`"))
		return "write double quotes around names";
	if (table && one_of(s, t, reserved))
		return "a name that is a keyword must be quoted, such as \"user\"";
	if (lk_token_is(s->text, before, ","))
		return "is the comma before it one too many?";
	return "";
}
