#include "sql/hint.h"

#include <string.h>

#include "sql/foreign.h"

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

/* Names of functions, with blanks around each, and what to write instead. */
static const struct {
	const char *names, *hint;
} functions[] = {
	{" time_bucket time_bucket_gapfill time_bucket_ng time_slice window tumbling hopping tumble_start tumble_end tumble_rowtime hop_start"
	 " hop_end timestamp_trunc datetime_trunc bin tumblestart tumbleend hopstart hopend windowid tostartofsecond tostartofminute"
	 " tostartoffiveminutes tostartoftenminutes tostartoffifteenminutes tostartofhour tostartofday tostartofweek tostartofmonth"
	 " tostartofquarter tostartofyear tostartofinterval ",
	 "write GROUP BY tumble(column, '1 minute'), or tumble(column, '1 day', 'Europe/Berlin') for days, weeks, months and years;"
	 " lk adds window_start and window_end"},
	{" session_window session_start session_end ", "write GROUP BY session(column, '30 min'); lk adds window_start and window_end"},
	{" hour minute day dayofweek month year tohour tominute todayofmonth todayofweek tomonth toyear ", "write extract(hour FROM column)"},
	{" date todate ", "write column::date"},
	{" datediff date_diff timestampdiff ", "write extract(epoch FROM later - earlier), seconds"},
	{" to_char date_format formatdatetime to_date strftime ",
	 "group by tumble(column, '1 hour'), and format window_start where you read the answer"},
	{" timezone convert_tz from_utc_timestamp ",
	 "times are UTC: write x::timestamp for its date and time there, and GROUP BY tumble(column, '1 day', 'Europe/Berlin') for days of a zone"},
	{" age ", "write later - earlier; for the last hour, ask when you read: lk query VIEW --from -1h"},
	{" make_date make_timestamp make_timestamptz make_interval make_time ", "write a constant: date '2015-05-17', timestamptz '2015-05-17T10:05:03Z', interval '10 min'"},
	{" lpad rpad ", "write left(x || '          ', 10), or right('0000000000' || x, 10)"},
	{" unix_timestamp to_unixtime unix_millis tounixtimestamp ", "write extract(epoch FROM column)"},
	{" from_unixtime parse_timestamp stringtotimestamp fromunixtimestamp to_timestamp_ltz ", "write to_timestamp(column), of seconds since 1970"},
	{" now clock_timestamp statement_timestamp transaction_timestamp current_timestamp mz_now proctime today yesterday now64 current_watermark ",
	 "_at is the time at which the log took the event; for the last hour, ask when you read: lk query VIEW --from -1h"},
	{" mean average avg_agg ", "write avg(x)"},
	{" total sumwithoverflow ", "write sum(x)"},
	{" minimum maximum smallest largest ", "write min(x) or max(x)"},
	{" percentile_cont percentile_disc percentile approx_quantile approx_quantiles approx_percentile_cont quantile quantiles quantileexact"
	 " quantiletdigest median percentile_approx percentile_agg uddsketch tdigest tdigest_agg ",
	 "write approx_percentile(x, 0.5), a value within 1 % of it"},
	{" mode topk topkweighted top_k_distinct topkdistinct approx_top_k approx_top_count approx_most_frequent histogram freq_agg topn_agg ",
	 "write top_k(x, 10): the most common values with their counts"},
	{" approx_distinct hll hll_count hll_add_agg hll_cardinality hyperloglog distinct_count approx_count count_distinct uniq uniqexact"
	 " uniqcombined uniqcombined64 uniqhll12 uniqthetasketch hll_sketch_agg theta_sketch_agg ndv ",
	 "write approx_count_distinct(x), or count(DISTINCT x)"},
	{" array_agg string_agg json_agg jsonb_agg json_object_agg jsonb_object_agg listagg group_concat collect_list collect_set xmlagg grouparray"
	 " groupuniqarray groupconcat array_concat_agg map_agg multiset collect ",
	 "top_k(x, 10) has the most common values; or GROUP BY x, and put the values together where you read the answer"},
	{" any_value arbitrary anylast anyheavy first_value latest_by_offset last_value argmax max_by arg_max locf ",
	 "write first(x) or last(x), by event time"},
	{" earliest_by_offset argmin min_by arg_min ", "write first(x), by event time"},
	{" count_if countif sum_if sumif avg_if avgif minif maxif uniqif anyif ", "write count(*) FILTER (WHERE condition)"},
	{" stddevpop stddevsamp varpop varsamp ", "write stddev_pop(x), stddev_samp(x), var_pop(x) or var_samp(x)"},
	{" stats_agg stddev_by stdev std ", "write avg(x), stddev_samp(x), var_samp(x), …: one item each"},
	{" bit_and bit_or bit_xor corr covar_pop covar_samp regr_slope regr_intercept regr_r2 kurtosis skewness time_weight ",
	 "read the log's table lk.log_<stream> with SQL, or compute it where you read an answer by finer keys"},
	{" rank dense_rank row_number ntile lag lead percent_rank cume_dist ",
	 "sort and number the rows where you read the answer: lk query VIEW --sort COL"},
	{" rate increase irate delta idelta counter_agg gauge_agg ", "write max(x) and min(x), and compute with them where you read the answer"},
	{" width_bucket ", "write floor((x - low) / step), or CASE WHEN … for a few classes of it"},
	{" log2 ", "write ln(x) / ln(2::double precision)"},
	{" regexp_match regexp_matches regexp_substr regexp_extract extract_all extractall ", "write substring(x FROM 'pattern')"},
	{" regexp_like regexp_count match rlike ", "write x ~ 'pattern'"},
	{" instr locate charindex positioncaseinsensitive ", "write strpos(x, y)"},
	{" contains includes endswith ends_with ", "write x LIKE '%text%', where % is any text"},
	{" startswith ", "write starts_with(x, 'text')"},
	{" splitbychar splitbystring split ", "write split_part(x, '/', 1)"},
	{" len strlen ", "write length(x)"},
	{" lcase ucase initcap ", "write lower(x) or upper(x)"},
	{" concat_ws format ", "write a || ', ' || b, or concat(a, ', ', b)"},
	{" ifnull nvl isnull zeroifnull ", "write coalesce(x, y)"},
	{" if iif decode multiif ", "write CASE WHEN … THEN … ELSE … END"},
	{" tostring ", "write x::text"},
	{" toint8 toint16 toint32 toint64 touint8 touint16 touint32 touint64 ", "write x::bigint"},
	{" tofloat32 tofloat64 ", "write x::double precision"},
	{" json_value json_query get_json_object jsonextractstring jsonextract jsonextractint jsonextractfloat simplejsonextractstring"
	 " extractjsonfield json_extract json_extract_scalar json_extract_path_text jsonb_extract_path_text ",
	 "declare the path as a column: \"a.b\" text; of a jsonb column write x -> 'a' ->> 'b'"},
	{" unnest explode explode_outer posexplode inline arrayjoin flatten flatmap flat_map string_split split_to_table strtok_split_to_table"
	 " jsonb_array_elements json_array_elements jsonb_array_elements_text json_each openjson string_to_array regexp_split_to_array"
	 " string_to_table regexp_split_to_table json_array_elements_text generate_series ",
	 LK_ELEMENTS_HINT},
};

const char *lk_sql_function_hint(const char *name) {
	char word[66];
	size_t len = strlen(name);
	if (len + 3 > sizeof word)
		return NULL;
	word[0] = word[len + 1] = ' ';
	memcpy(word + 1, name, len);
	word[len + 2] = '\0';
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
		if (strstr(functions[i].names, word))
			return functions[i].hint;
	return NULL;
}

static bool comes_before(lk_stmt *s, const char *word, int at) {
	for (lk_token t = lk_lex(s->text, s->len, 0); t.kind != LK_TOKEN_END && t.end <= at; t = lk_lex(s->text, s->len, t.end))
		if (lk_token_is(s->text, t, word))
			return true;
	return false;
}

static int open_parentheses(lk_stmt *s) {
	int open = 0;
	for (lk_token t = lk_lex(s->text, s->len, 0); t.kind != LK_TOKEN_END; t = lk_lex(s->text, s->len, t.end))
		open += lk_token_is(s->text, t, "(") - lk_token_is(s->text, t, ")");
	return open;
}

static bool is_name(lk_token t) { return t.kind == LK_TOKEN_WORD || t.kind == LK_TOKEN_QUOTED; }

/* What is missing at token t, as far as it can be guessed. */
static const char *missing_hint(lk_stmt *s, lk_token t, lk_token before, lk_token second, bool table) {
	if (t.kind == LK_TOKEN_END)
		return open_parentheses(s) > 0 ? "is a closing parenthesis missing?" : NULL;
	if (lk_token_is(s->text, before, "group") || lk_token_is(s->text, before, "order"))
		return "write GROUP BY";
	if (comes_before(s, "&", t.at) || comes_before(s, "&&", t.at))
		return "write AND, OR and NOT";
	if (table && lk_token_is(s->text, t, "(") && lk_token_is(s->text, before, ")"))
		return "write WITH before the options";
	if (table && lk_token_is(s->text, t, ":"))
		return "write option = value";
	if (table && is_name(t) && (is_name(before) || lk_token_is(s->text, before, ")")) && comes_before(s, "(", t.at))
		return "is a comma missing before it?";
	if (!table && lk_token_is(s->text, t, "(") && is_name(before) && (is_name(second) || lk_token_is(s->text, second, ")")))
		return lk_stmt_text(s, "is a comma missing before %s?", lk_stmt_token(s, before.at));
	if (!table && lk_token_is(s->text, t, "as") && open_parentheses(s) > 0)
		return "is a closing parenthesis missing before it?";
	return NULL;
}

/* Clauses in another order than SQL's. */
static const char *order_hint(lk_stmt *s, lk_token t) {
	if (lk_token_is(s->text, t, "where") && comes_before(s, "group", t.at))
		return "WHERE comes before GROUP BY; a condition over aggregates is HAVING";
	if (lk_token_is(s->text, t, "group") && comes_before(s, "having", t.at))
		return "GROUP BY comes before HAVING";
	if (lk_token_is(s->text, t, "from") && comes_before(s, "where", t.at))
		return "FROM comes before WHERE";
	return NULL;
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
	static const char *const after_list[] = {"from", "where", "group", "having", "order", "limit", ")", NULL};
	lk_token t = lk_lex(s->text, s->len, at), before, second;
	tokens_before(s, at, &before, &second);
	bool table = lk_token_is(s->text, lk_lex(s->text, s->len, lk_lex(s->text, s->len, 0).end), "table");
	const char *order = order_hint(s, t), *foreign = lk_sql_foreign(s, t);
	if (!before.end)
		return "a definition file has CREATE TABLE and CREATE VIEW statements";
	if (order && !table)
		return order;
	if (lk_token_is(s->text, t, "select") && !comes_before(s, "as", at))
		return "write AS before SELECT: CREATE VIEW name AS SELECT …";
	if (lk_token_is(s->text, before, "interval") && t.kind == LK_TOKEN_NUMBER && lk_sql_foreign_interval(s, t.at))
		return lk_sql_foreign_interval(s, t.at);
	if (lk_token_is(s->text, before, "interval") || lk_token_is(s->text, t, "interval"))
		return "write an interval as a string alone: watermark = '10 seconds'";
	if (t.kind == LK_TOKEN_NUMBER && is_name(lk_lex(s->text, s->len, t.end)) && lk_lex(s->text, s->len, t.end).at == t.end)
		return "write an interval in quotes, such as '1 hour'";
	if (before.kind == LK_TOKEN_NUMBER && one_of(s, t, units))
		return "write an interval in quotes: '10 seconds'";
	if (foreign)
		return foreign;
	if (lk_token_is(s->text, t, "(") && lk_token_is(s->text, before, "="))
		return "an option has one value: a name, a number or a string";
	if (table && one_of(s, t, reserved))
		return "a name that is a keyword must be quoted, such as \"user\"";
	if (t.kind != LK_TOKEN_END && !t.closed)
		return "close the quotes";
	if (lk_token_is(s->text, before, ",") && (t.kind == LK_TOKEN_END || one_of(s, t, after_list)))
		return "is there a comma too many before it?";
	const char *missing = missing_hint(s, t, before, second, table);
	return missing ? missing : "";
}
