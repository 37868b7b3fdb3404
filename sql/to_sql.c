/* SQL made from a plan: the batch's partials, the batch table's columns; and the oracle, the user's own text with few
 * edits. Each event comes with the windows that contain it as columns, which replace the call
 * of the window. An aggregate that PostgreSQL does not have, or whose result depends on order there, becomes a function
 * of lk's schema over array_agg (sql/aggregate.c).
 *
 * For a view by minute the batch is
 *
 *   SELECT date_bin(interval '60000000 microseconds', e."ts", timestamptz '1970-01-01 00:00:00+00') AS _pane,
 *          e."path" AS _k0, count(*) AS _p0_0, sum(e."bytes")::numeric(38,0) AS _p1_0
 *   FROM lk.log_hits AS e WHERE (bound) AND (e."status" < …) GROUP BY 1, 2 */
#include <string.h>

#include "sql/lex.h"
#include "sql/sql.h"
#include "windows/calendar.h"

static void put_column_name(const lk_plan *p, int slot, lk_buf *out) {
	lk_sql_ident(slot == lk_slot_at(p->stream) ? "_at" : p->stream->schema.columns[slot].name, out);
}

static void event_slot(void *ctx, int slot, lk_buf *out) {
	const lk_plan *p = ctx;
	const lk_lateral *l = lk_slot_item(p, slot);
	bool of_json = l && l->fn && l->fn->own_texts && slot == l->slot;   /* it would have the database's collation */
	if (l) {
		lk_buf_addf(out, of_json ? "(v%d._v%d COLLATE \"C\")" : "v%d._v%d", (int)(l - p->laterals), slot - l->slot);
		return;
	}
	lk_buf_adds(out, "e.");
	put_column_name(p, slot, out);
}

static void put_expr(const lk_plan *p, const lk_expr *x, lk_buf *out) { lk_expr_sql(x, event_slot, (void *)p, out); }

/* Each of the two subqueries reads the list of starts once. Their array stays unpacked in memory; one that is read from
 * a table would be unpacked for every event. */
static void put_calendar_pane(const lk_plan *p, const char *starts, lk_buf *out) {
	lk_buf_addf(out, "COALESCE((%s)[width_bucket(", starts);
	event_slot((void *)p, p->window.time_slot, out);
	lk_buf_addf(out, ", %s)], timestamptz '0001-01-01 00:00:00+00') AS _pane", starts);
}

static void put_pane(const lk_plan *p, const char *starts, lk_buf *out) {
	const lk_window *w = &p->window;
	if (w->kind == LK_W_CALENDAR) {
		put_calendar_pane(p, starts, out);
		return;
	}
	lk_buf_addf(out, "date_bin(interval '%lld microseconds', ", (long long)w->pane_us);
	event_slot((void *)p, w->time_slot, out);
	lk_buf_adds(out, ", timestamptz '1970-01-01 00:00:00+00'");
	if (w->offset_us % w->pane_us)
		lk_buf_addf(out, " + interval '%lld microseconds'", (long long)(w->offset_us % w->pane_us));
	lk_buf_adds(out, ") AS _pane");
}

static void put_select_list(const lk_plan *p, const char *starts, lk_buf *out) {
	const char *comma = "";
	if (p->window.kind != LK_W_NONE) {
		put_pane(p, starts, out);
		comma = ", ";
	}
	for (int i = 0; i < p->nkeys; i++, comma = ", ") {
		lk_buf_adds(out, comma);
		put_expr(p, p->keys[i].expr, out);
		lk_buf_addf(out, " AS _k%d", i);
	}
	lk_buf arg = LK_BUF_INIT, filter = LK_BUF_INIT;
	for (int i = 0; i < p->naggs; i++) {
		const lk_agg *a = &p->aggs[i];
		lk_buf_clear(&arg);
		lk_buf_clear(&filter);
		lk_buf_adds(&filter, "");
		if (a->arg)
			put_expr(p, a->arg, &arg);
		if (a->filter) {
			lk_buf_adds(&filter, " FILTER (WHERE ");
			put_expr(p, a->filter, &filter);
			lk_buf_addc(&filter, ')');
		}
		for (int j = 0; j < a->verbs->npartials; j++, comma = ", ") {
			lk_buf_adds(out, comma);
			if (a->verbs->partial_sql)
				a->verbs->partial_sql(a, j, arg.data, filter.data, out);
			else
				lk_buf_adds(out, "NULL::bytea");
			lk_buf_addf(out, " AS _p%d_%d", i, j);
		}
	}
	lk_buf_release(&arg);
	lk_buf_release(&filter);
}

static void put_values(const lk_plan *p, const lk_lateral *l, lk_buf *out) {
	lk_buf_adds(out, "(VALUES ");
	for (int i = 0; i < l->nexprs; i++) {
		bool first = i % l->ncolumns == 0, last = i % l->ncolumns == l->ncolumns - 1;
		lk_buf_adds(out, first ? i ? ", (" : "(" : ", ");
		put_expr(p, l->exprs[i], out);
		lk_buf_adds(out, last ? ")" : "");
	}
	lk_buf_addc(out, ')');
}

static void put_call(const lk_plan *p, const lk_lateral *l, lk_buf *out) {
	lk_buf_addf(out, "%s(", l->fn->name);
	for (int i = 0; i < l->nexprs; i++) {
		lk_buf_adds(out, i ? ", " : "");
		lk_buf_adds(out, l->fn->reads_json ? "(" : "");
		put_expr(p, l->exprs[i], out);
		lk_buf_adds(out, l->fn->reads_json ? ")::json" : "");
	}
	lk_buf_adds(out, l->ordinality ? ") WITH ORDINALITY" : ")");
}

static void put_lateral(const lk_plan *p, const lk_lateral *l, lk_buf *out) {
	lk_buf_adds(out, " CROSS JOIN LATERAL ");
	if (l->fn)
		put_call(p, l, out);
	else
		put_values(p, l, out);
	lk_buf_addf(out, " AS v%d(", (int)(l - p->laterals));
	for (int i = 0; i < l->ncolumns; i++)
		lk_buf_addf(out, "%s_v%d", i ? ", " : "", i);
	lk_buf_addc(out, ')');
}

void lk_plan_batch_sql(const lk_plan *p, const lk_sql_log *log, lk_buf *out) {
	lk_buf_adds(out, "SELECT ");
	put_select_list(p, log->calendar_starts, out);
	lk_buf_addf(out, " FROM %s AS e", log->table);
	for (int i = 0; i < p->nlaterals; i++)
		put_lateral(p, &p->laterals[i], out);
	lk_buf_addf(out, " WHERE (%s)", log->bound);
	if (p->where) {
		lk_buf_adds(out, " AND (");
		put_expr(p, p->where, out);
		lk_buf_addc(out, ')');
	}
	int groups = p->nkeys + (p->window.kind != LK_W_NONE);
	for (int i = 1; i <= groups; i++)
		lk_buf_addf(out, "%s%d", i == 1 ? " GROUP BY " : ", ", i);
}

static void put_column(lk_type t, lk_buf *out) {
	lk_buf_addc(out, ' ');
	lk_type_name(t, out);
	if (t.kind == LK_TEXT)
		lk_buf_adds(out, " COLLATE \"C\"");
}

int lk_plan_batch_types(const lk_plan *p, lk_type *types, int max) {
	int n = 0;
	if (p->window.kind != LK_W_NONE && n < max)
		types[n++] = (lk_type){.kind = LK_TIME};
	for (int i = 0; i < p->nkeys && n < max; i++)
		types[n++] = p->keys[i].expr->type;
	for (int i = 0; i < p->naggs; i++)
		for (int j = 0; j < p->aggs[i].verbs->npartials && n < max; j++)
			types[n++] = p->aggs[i].verbs->partial_type(&p->aggs[i], j);
	return n;
}

void lk_plan_batch_columns(const lk_plan *p, lk_buf *out) {
	const char *comma = "";
	if (p->window.kind != LK_W_NONE) {
		lk_buf_adds(out, "_pane timestamp with time zone");
		comma = ", ";
	}
	for (int i = 0; i < p->nkeys; i++, comma = ", ") {
		lk_buf_addf(out, "%s_k%d", comma, i);
		put_column(p->keys[i].expr->type, out);
	}
	for (int i = 0; i < p->naggs; i++)
		for (int j = 0; j < p->aggs[i].verbs->npartials; j++, comma = ", ") {
			lk_buf_addf(out, "%s_p%d_%d", comma, i, j);
			put_column(p->aggs[i].verbs->partial_type(&p->aggs[i], j), out);
		}
}

void lk_plan_cell_names(const lk_plan *p, lk_buf *out) {
	const char *comma = "";
	if (p->window.kind != LK_W_NONE) {
		lk_buf_adds(out, "_pane");
		comma = ", ";
	}
	for (int i = 0; i < p->nkeys; i++, comma = ", ")
		lk_buf_addf(out, "%s_k%d", comma, i);
}

void lk_plan_batch_names(const lk_plan *p, lk_buf *out) {
	const char *comma = p->nkeys || p->window.kind != LK_W_NONE ? ", " : "";
	lk_plan_cell_names(p, out);
	for (int i = 0; i < p->naggs; i++)
		for (int j = 0; j < p->aggs[i].verbs->npartials; j++, comma = ", ")
			lk_buf_addf(out, "%s_p%d_%d", comma, i, j);
}

/* --- the oracle --- */

/* The end of the call that begins at byte `at`: after its closing parenthesis. */
static int call_end(const char *text, int at) {
	int len = (int)strlen(text), depth = 0;
	lk_token t = lk_lex(text, len, at);
	do {
		t = lk_lex(text, len, t.end);
		depth += lk_token_is(text, t, "(") - lk_token_is(text, t, ")");
	} while (depth > 0 && t.kind != LK_TOKEN_END);
	return t.end;
}

/* The end of the SELECT that contains byte `at`: before the parenthesis that closes it, or at the text's end. */
static size_t select_end(const char *text, int at) {
	int len = (int)strlen(text), depth = 0;
	for (lk_token t = lk_lex(text, len, at); t.kind != LK_TOKEN_END; t = lk_lex(text, len, t.end)) {
		depth += lk_token_is(text, t, "(") - lk_token_is(text, t, ")");
		if (depth < 0)
			return (size_t)t.at;
	}
	return (size_t)len;
}

static void put_columns(const lk_stream *s, lk_buf *out) {
	for (int i = 0; i < s->schema.ncolumns; i++) {
		lk_sql_ident(s->schema.columns[i].name, out);
		lk_buf_adds(out, ", ");
	}
	lk_buf_adds(out, "_at");
}

static void put_log(const lk_plan *p, const lk_sql_log *log, lk_buf *out) {
	lk_buf_addf(out, " FROM %s AS ", log->table);
	lk_sql_ident(p->stream_name, out);
}

/* The columns by which first and last order events. */
static void put_order(const lk_stream *s, bool in_order, lk_buf *out) {
	if (!in_order)
		return;
	lk_buf_adds(out, ", ");
	lk_sql_ident(s->schema.columns[s->schema.event_time].name, out);
	lk_buf_adds(out, " AS _ts, part AS _part, off AS _off");
}

/* The first argument of the window's call is what the user wrote, but for a view over a subquery, where it may be a name
 * that only the subquery gives. */
static void put_window_call(const lk_plan *p, lk_buf *out) {
	const char *text = p->text;
	int len = (int)strlen(text), end = call_end(text, p->window_at);
	lk_token name = lk_lex(text, len, p->window_at), argument = lk_lex(text, len, lk_lex(text, len, name.end).end);
	/* tumble over intervals and over a calendar cannot share a name: constants in quotes fit both */
	if (p->window.kind == LK_W_CALENDAR)
		lk_buf_adds(out, "calendar_window");
	else
		lk_buf_add(out, text + name.at, (size_t)(name.end - name.at));
	int from = name.end;
	if (p->flattened) {
		lk_buf_addc(out, '(');
		put_column_name(p, p->window.time_slot, out);
		for (lk_token t = argument; !lk_token_is(text, t, ",") && t.kind != LK_TOKEN_END; t = lk_lex(text, len, t.end))
			from = t.end;
	}
	lk_buf_add(out, text + from, (size_t)(end - from));
}

/* lk.<call> gives one row (_window_start, _window_end) for each window that contains an event. */
static void put_events(const lk_plan *p, const lk_sql_log *log, bool in_order, lk_buf *out) {
	bool windowed = p->window.kind != LK_W_NONE;
	lk_buf_adds(out, "SELECT ");
	put_columns(p->stream, out);
	put_order(p->stream, in_order, out);
	lk_buf_adds(out, windowed ? ", _window_start, _window_end" : "");
	put_log(p, log, out);
	if (windowed) {
		lk_buf_adds(out, " CROSS JOIN LATERAL lk.");
		put_window_call(p, out);
		lk_buf_adds(out, " AS w(_window_start, _window_end)");
	}
	lk_buf_addf(out, " WHERE %s", log->bound);
}

/* The time and the gap of session(time, gap), as the user wrote them. */
static void put_session_arguments(const lk_plan *p, lk_buf *out) {
	const char *text = p->text;
	int len = (int)strlen(text), end = call_end(text, p->window_at), depth = 0, comma = end;
	lk_token open = lk_lex(text, len, lk_lex(text, len, p->window_at).end);
	for (lk_token t = open; t.at < end && comma == end; t = lk_lex(text, len, t.end)) {
		depth += lk_token_is(text, t, "(") - lk_token_is(text, t, ")");
		if (depth == 1 && lk_token_is(text, t, ","))
			comma = t.at;
	}
	if (p->flattened)
		put_column_name(p, p->window.time_slot, out);
	else
		lk_buf_addf(out, "(%.*s\n)", comma - open.end, text + open.end);
	lk_buf_addf(out, " AS _time, (%.*s\n)::interval AS _gap", end - 1 - (comma + 1), text + comma + 1);
}

/* The same for sessions, by gaps and islands: an event begins a session if the previous one of its group is a gap or
 * more earlier; the sessions of a group are numbered by counting beginnings; each event gets the bounds of its number.
 *
 * Which events share a session depends on WHERE and the group keys, so these two come from the plan here. They decide
 * nothing else: the user's own text filters and groups again. Events that do not pass form groups apart and stay, so
 * that a WHERE that the plan reads too narrowly shows as a difference. Their keys are not evaluated, as the user's
 * statement would not evaluate them. */
static void put_sessions(const lk_plan *p, const lk_sql_log *log, bool in_order, lk_buf *out) {
	lk_buf group = LK_BUF_INIT;
	lk_buf_adds(&group, "PARTITION BY _passes");
	for (int i = 0; i < p->nkeys; i++)
		lk_buf_addf(&group, ", _k%d", i);
	lk_buf_addf(out, "SELECT *, min(_time) OVER (%s, _session) AS _window_start, max(_time) OVER (%s, _session) + _gap AS _window_end", group.data,
	            group.data);
	lk_buf_addf(out, " FROM (SELECT *, count(*) FILTER (WHERE _begins) OVER (%s ORDER BY _time) AS _session", group.data);
	lk_buf_addf(out, " FROM (SELECT *, _time >= lag(_time) OVER (%s ORDER BY _time) + _gap AS _begins", group.data);
	lk_buf_adds(out, " FROM (SELECT *");
	for (int i = 0; i < p->nkeys; i++) {
		lk_buf_adds(out, ", CASE WHEN _passes THEN ");
		put_expr(p, p->keys[i].expr, out);
		lk_buf_addf(out, " END AS _k%d", i);
	}
	lk_buf_adds(out, " FROM (SELECT *, ");
	if (p->where)
		put_expr(p, p->where, out);
	lk_buf_adds(out, p->where ? " IS TRUE AS _passes FROM (SELECT " : "true AS _passes FROM (SELECT ");
	put_columns(p->stream, out);
	put_order(p->stream, in_order, out);
	lk_buf_adds(out, ", ");
	put_session_arguments(p, out);
	put_log(p, log, out);
	lk_buf_addf(out, " WHERE %s) AS e) AS e) AS e) AS e) AS e", log->bound);
	lk_buf_release(&group);
}

/* The log's events under the stream's name, once for each window that contains them. */
static void put_source(const lk_plan *p, const lk_sql_log *log, bool in_order, lk_buf *out) {
	lk_buf_adds(out, "WITH ");
	lk_sql_ident(p->stream->name, out);
	lk_buf_adds(out, " AS (");
	if (p->window.kind == LK_W_SESSION)
		put_sessions(p, log, in_order, out);
	else
		put_events(p, log, in_order, out);
	lk_buf_adds(out, ") ");
}

/* What the select list of a subquery hands on of each event, and of the rows of it that items of FROM made so far. */
static void put_handed_on(const lk_plan *p, const lk_edit *e, lk_buf *out) {
	bool in_order = lk_plan_is_in_order(p);
	if (e->of_event) {
		lk_buf_adds(out, p->window.kind != LK_W_NONE ? ", _window_start, _window_end " : "");
		lk_buf_adds(out, in_order ? ", _ts, _part, _off " : "");
	}
	for (int i = e->first_lateral; i < e->nlaterals && in_order; i++)
		lk_buf_addf(out, ", _ord%d ", i);
}

static int count_order_columns(const lk_plan *p) {
	int n = 0;
	for (int i = 0; p->limit && i < p->norder; i++)
		n += p->order[i].output < 0;
	return n;
}

/* Behind the columns for ORDER BY and the bounds of the window, see put_user_text. */
static void put_position(const lk_plan *p, const lk_edit *e, lk_buf *out) {
	lk_buf_addf(out, "%d", e->position + count_order_columns(p) + (p->window.kind != LK_W_NONE ? 2 : 0));
}

/* Bytes [from, to) of the text, edited. */
static void put_edited(const lk_plan *p, size_t from, size_t to, lk_buf *out) {
	for (int i = 0; i < p->nedits; i++) {
		const lk_edit *e = &p->edits[i];
		if ((size_t)e->at < from || (size_t)e->at + (size_t)e->remove > to)
			continue;
		lk_buf_add(out, p->text + from, (size_t)e->at - from);
		if (e->insert)
			lk_buf_adds(out, e->insert);
		else if (e->position)
			put_position(p, e, out);
		else
			put_handed_on(p, e, out);
		from = (size_t)e->at + (size_t)e->remove;
	}
	lk_buf_add(out, p->text + from, to - from);
}

/* Columns for the items of ORDER BY that are no outputs. */
static void put_order_columns(const lk_plan *p, lk_buf *out) {
	for (int i = 0; p->limit && i < p->norder; i++)
		if (p->order[i].output < 0) {
			lk_buf_addc(out, '(');
			put_edited(p, (size_t)p->order[i].at, (size_t)p->order[i].end, out);
			lk_buf_addf(out, "\n) AS _o%d, ", i);
		}
}

static void put_user_text(const lk_plan *p, lk_buf *out) {
	const char *text = p->text;
	size_t stop = p->order_at ? (size_t)p->order_at : select_end(text, p->select_at);
	if (p->with_at)   /* a level of its own: a query of WITH may have the stream's name */
		lk_buf_adds(out, "SELECT * FROM (");
	if (p->with_at)
		put_edited(p, (size_t)p->with_at, (size_t)p->select_at, out);
	else
		lk_buf_adds(out, "SELECT ");
	put_order_columns(p, out);
	if (p->window.kind == LK_W_NONE) {
		put_edited(p, (size_t)p->select_at, stop, out);
		return;
	}
	lk_buf_adds(out, "_window_start AS window_start, _window_end AS window_end, ");
	put_edited(p, (size_t)p->select_at, (size_t)p->window_at, out);
	lk_buf_adds(out, "_window_start, _window_end");
	put_edited(p, (size_t)call_end(text, p->window_at), stop, out);
}

static void put_outputs(const lk_plan *p, const char *as, const char *after, lk_buf *out) {
	for (int i = 0; i < p->noutputs; i++) {
		lk_buf_adds(out, i || p->window.kind != LK_W_NONE ? ", " : "");
		lk_sql_ident(p->outputs[i].name, out);
		if (p->outputs[i].type.kind == LK_TEXT) {
			lk_buf_adds(out, " COLLATE \"C\"");
			if (*as) {
				lk_buf_adds(out, as);
				lk_sql_ident(p->outputs[i].name, out);
			}
		}
		if ((p->outputs[i].type.kind == LK_JSON || p->outputs[i].type.kind == LK_JSONB) && !*as)   /* only a text has lk's order */
			lk_buf_adds(out, "::text COLLATE \"C\"");
		lk_buf_adds(out, after);
	}
}

static void put_sort_key(const lk_plan *p, int i, lk_buf *out) {
	const lk_order *o = &p->order[i];
	if (o->output < 0)
		lk_buf_addf(out, "_o%d", i);
	else
		lk_sql_ident(p->outputs[o->output].name, out);
	lk_buf_addf(out, "%s%s NULLS %s, ", o->expr->type.kind == LK_TEXT ? " COLLATE \"C\"" : "", o->descending ? " DESC" : "",
	            o->nulls_first ? "FIRST" : "LAST");
}

/* The place of each row within its window, in the order of ORDER BY and then of the group keys. */
static void put_places(const lk_plan *p, lk_buf *out) {
	lk_buf_adds(out, "SELECT *, row_number() OVER (");
	lk_buf_adds(out, p->window.kind != LK_W_NONE ? "PARTITION BY window_start, window_end ORDER BY " : "ORDER BY ");
	for (int i = 0; i < p->norder; i++)
		put_sort_key(p, i, out);
	for (int i = 0; i < p->nkeys; i++) {
		lk_sql_ident(p->keys[i].name, out);
		lk_buf_addf(out, "%s NULLS LAST, ", p->keys[i].expr->type.kind == LK_TEXT ? " COLLATE \"C\"" : "");
	}
	lk_buf_adds(out, "1) AS _place FROM (");
}

static void put_row_text(const lk_plan *p, lk_buf *out) {
	lk_buf_adds(out, ", ROW(");
	for (int i = 0; i < p->noutputs; i++) {
		lk_buf_adds(out, i ? ", " : "");
		lk_sql_ident(p->outputs[i].name, out);
	}
	lk_buf_adds(out, ")::text COLLATE \"C\"");
}

/* The rows of a derived stream, in the order of the events that they come from, and of the rows of each; of a merged log, which
 * has those of one event in several partitions, in the order of their texts. */
static void put_rows(const lk_plan *p, const lk_sql_log *log, lk_buf *out) {
	lk_buf_adds(out, "SELECT ");
	put_outputs(p, " AS ", "", out);
	lk_buf_adds(out, " FROM (");
	put_source(p, log, true, out);
	put_user_text(p, out);
	lk_buf_adds(out, p->with_at ? "\n) AS answer) AS answer" : "\n) AS answer");
	lk_buf_adds(out, " ORDER BY _part, _off");
	for (int i = 0; i < p->nlaterals && !p->makes->merged; i++)
		lk_buf_addf(out, ", _ord%d", i);
	if (p->nlaterals && p->makes->merged)
		put_row_text(p, out);
}

void lk_plan_oracle_sql(const lk_plan *p, const lk_sql_log *log, lk_buf *out) {
	if (p->makes) {
		put_rows(p, log, out);
		return;
	}
	bool windowed = p->window.kind != LK_W_NONE;
	lk_buf_adds(out, windowed ? "SELECT window_start, window_end" : "SELECT ");
	put_outputs(p, " AS ", "", out);
	lk_buf_adds(out, " FROM (");
	if (p->limit)
		put_places(p, out);
	put_source(p, log, lk_plan_is_in_order(p), out);
	put_user_text(p, out);
	lk_buf_adds(out, p->with_at ? "\n) AS answer) AS answer" : "\n) AS answer");
	if (p->limit)
		lk_buf_addf(out, ") AS answer WHERE _place <= %lld", (long long)p->limit);
	lk_buf_adds(out, windowed ? " ORDER BY window_start, window_end" : " ORDER BY ");
	put_outputs(p, "", " NULLS LAST", out);
}
