/* Expressions as text: SQL for PostgreSQL, the canonical form of the version hash, and a form for people.
 *
 * The SQL form parenthesises everything and writes constants as quoted literals with their type, so that nothing
 * depends on operator precedence, implicit typing or how PostgreSQL reads the sign of a number. Text constants carry
 * COLLATE "C": a column's collation applies to the operators around it, a constant alone has only the database's
 * (R8). */
#include "expr/function.h"

#include <string.h>

void lk_sql_literal(const char *s, size_t len, lk_buf *out) {
	lk_buf_addc(out, '\'');
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\'')
			lk_buf_addc(out, '\'');
		lk_buf_addc(out, s[i]);
	}
	lk_buf_addc(out, '\'');
}

void lk_sql_ident(const char *name, lk_buf *out) {
	lk_buf_addc(out, '"');
	for (; *name; name++) {
		if (*name == '"')
			lk_buf_addc(out, '"');
		lk_buf_addc(out, *name);
	}
	lk_buf_addc(out, '"');
}

static const struct op {
	const char *name;    /* in the canonical form */
	const char *infix;   /* " = " */
	int precedence;      /* of the readable form; higher binds tighter */
} ops[] = {
	[LK_X_CONST] = {"const", NULL, 9},
	[LK_X_SLOT] = {"slot", NULL, 9},
	[LK_X_NEG] = {"neg", NULL, 7},
	[LK_X_ADD] = {"add", " + ", 5},
	[LK_X_SUB] = {"sub", " - ", 5},
	[LK_X_MUL] = {"mul", " * ", 6},
	[LK_X_DIV] = {"div", " / ", 6},
	[LK_X_MOD] = {"mod", " % ", 6},
	[LK_X_EQ] = {"eq", " = ", 4},
	[LK_X_NE] = {"ne", " <> ", 4},
	[LK_X_LT] = {"lt", " < ", 4},
	[LK_X_LE] = {"le", " <= ", 4},
	[LK_X_GT] = {"gt", " > ", 4},
	[LK_X_GE] = {"ge", " >= ", 4},
	[LK_X_AND] = {"and", " AND ", 2},
	[LK_X_OR] = {"or", " OR ", 1},
	[LK_X_NOT] = {"not", NULL, 3},
	[LK_X_DISTINCT] = {"distinct", " IS DISTINCT FROM ", 4},
	[LK_X_NOTDISTINCT] = {"notdistinct", " IS NOT DISTINCT FROM ", 4},
	[LK_X_ISNULL] = {"isnull", " IS NULL", 4},
	[LK_X_NOTNULL] = {"notnull", " IS NOT NULL", 4},
	[LK_X_IN] = {"in", " IN (", 4},
	[LK_X_NOTIN] = {"notin", " NOT IN (", 4},
	[LK_X_LIKE] = {"like", " LIKE ", 4},
	[LK_X_NOTLIKE] = {"notlike", " NOT LIKE ", 4},
	[LK_X_ILIKE] = {"ilike", " ILIKE ", 4},
	[LK_X_NOTILIKE] = {"notilike", " NOT ILIKE ", 4},
	[LK_X_CASE] = {"case", NULL, 9},
	[LK_X_COALESCE] = {"coalesce", NULL, 9},
	[LK_X_NULLIF] = {"nullif", NULL, 9},
	[LK_X_GREATEST] = {"greatest", NULL, 9},
	[LK_X_LEAST] = {"least", NULL, 9},
	[LK_X_CONCAT] = {"concat", NULL, 9},
	[LK_X_CAST] = {"cast", NULL, 9},
	[LK_X_CALL] = {"call", NULL, 9},
};

/* The forms differ in how they write leaves, casts and parentheses. */
typedef struct printer {
	lk_slot_sql slot;
	void *ctx;
	lk_buf *out;
	bool readable;
} printer;

static void print(const printer *p, const lk_expr *x, int around);

static void sql_constant(const lk_expr *x, lk_buf *out) {
	lk_buf text = LK_BUF_INIT;
	lk_value_print(x->type, &x->value, &text);
	lk_buf_addc(out, '(');
	if (lk_is_null(&x->value))
		lk_buf_adds(out, "NULL");
	else
		lk_sql_literal(text.len ? text.data : "", text.len, out);
	lk_buf_adds(out, "::");
	lk_type_name(x->type, out);
	lk_buf_adds(out, x->type.kind == LK_TEXT ? " COLLATE \"C\")" : ")");
	lk_buf_release(&text);
}

static void readable_constant(const lk_expr *x, int around, lk_buf *out) {
	bool quoted = !lk_type_is_number(x->type) && x->type.kind != LK_BOOL;
	lk_buf text = LK_BUF_INIT;
	lk_value_print(x->type, &x->value, &text);
	if (lk_is_null(&x->value))
		lk_buf_adds(out, "NULL");
	else if (quoted)
		lk_sql_literal(text.len ? text.data : "", text.len, out);
	else
		lk_buf_addf(out, text.data[0] == '-' && around > ops[LK_X_NEG].precedence ? "(%s)" : "%s", text.data);
	lk_buf_release(&text);
}

static void print_args(const printer *p, const lk_expr *x, int from, const char *between, int around) {
	for (int i = from; i < x->nargs; i++) {
		if (i > from)
			lk_buf_adds(p->out, between);
		print(p, x->args[i], around);
	}
}

static void print_case(const printer *p, const lk_expr *x) {
	lk_buf_adds(p->out, "CASE");
	for (int i = 0; i + 1 < x->nargs; i += 2) {
		lk_buf_adds(p->out, " WHEN ");
		print(p, x->args[i], 0);
		lk_buf_adds(p->out, " THEN ");
		print(p, x->args[i + 1], 0);
	}
	lk_buf_adds(p->out, " ELSE ");
	print(p, x->args[x->nargs - 1], 0);
	lk_buf_adds(p->out, " END");
}

/* Casts of what PostgreSQL has and lk has not raise: NaN as a numeric. jsonb has no NaN and no infinity, and gives other
 * doubles back as they are. */
static void cast_guard(const lk_expr *x, const char **before, const char **after) {
	lk_type from = x->args[0]->type;
	*before = *after = "";
	if (x->type.kind == LK_NUMERIC && (from.kind == LK_FLOAT4 || from.kind == LK_FLOAT8)) {
		*before = "to_jsonb(";
		*after = from.kind == LK_FLOAT4 ? ")::real" : ")::double precision";
	} else if (x->type.kind == LK_NUMERIC && from.kind == LK_TEXT) {
		*before = "to_jsonb((";
		*after = ")::numeric)";
	}
}

static void print_cast(const printer *p, const lk_expr *x, int around) {
	const char *before = "", *after = "";
	if (!p->readable)
		cast_guard(x, &before, &after);
	lk_buf_adds(p->out, before);
	print(p, x->args[0], !p->readable ? 0 : x->written ? 9 : around);
	lk_buf_adds(p->out, after);
	if (p->readable && !x->written)
		return;
	lk_buf_adds(p->out, "::");
	lk_type_name(x->type, p->out);
}

/* Functions that the grammar has other forms for (substring, position) are called by their quoted names. */
static void print_call(const printer *p, const lk_expr *x) {
	const lk_function *f = x->fn;
	bool guard = !p->readable && f->before;
	if (guard)
		lk_buf_adds(p->out, f->before);
	if (f->flags & LK_F_INFIX) {
		lk_buf_adds(p->out, guard ? "(" : "");
		print(p, x->args[0], 6);
		lk_buf_addf(p->out, " %s ", f->name);
		print(p, x->args[1], 6);
		lk_buf_adds(p->out, guard ? ")" : "");
	} else if (f->flags & LK_F_COLLATES) {
		print(p, x->args[0], 9);
		lk_buf_addf(p->out, " %s", f->name);
	} else {
		if (!guard)
			lk_buf_addf(p->out, p->readable ? "%s(" : "\"%s\"(", f->name);
		print_args(p, x, 0, ", ", 0);
		lk_buf_adds(p->out, guard ? "" : ")");
	}
	if (guard)
		lk_buf_adds(p->out, f->after);
}

static void print_list(const printer *p, const lk_expr *x, const char *name) {
	lk_buf_adds(p->out, name);
	print_args(p, x, 0, ", ", 0);
	lk_buf_addc(p->out, ')');
}

static void print_operator(const printer *p, const lk_expr *x, int around) {
	const struct op *op = &ops[x->op];
	switch (x->op) {
	case LK_X_NEG:
		lk_buf_adds(p->out, "-");
		print(p, x->args[0], 8);
		break;
	case LK_X_NOT:
		lk_buf_adds(p->out, "NOT ");
		print(p, x->args[0], op->precedence);
		break;
	case LK_X_ISNULL:
	case LK_X_NOTNULL:
		print(p, x->args[0], op->precedence + 1);
		lk_buf_adds(p->out, op->infix);
		break;
	case LK_X_IN:
	case LK_X_NOTIN:
		print(p, x->args[0], op->precedence + 1);
		lk_buf_adds(p->out, op->infix);
		print_args(p, x, 1, ", ", 0);
		lk_buf_addc(p->out, ')');
		break;
	case LK_X_CASE: print_case(p, x); break;
	case LK_X_COALESCE: print_list(p, x, "COALESCE("); break;
	case LK_X_NULLIF: print_list(p, x, "NULLIF("); break;
	case LK_X_GREATEST: print_list(p, x, "GREATEST("); break;
	case LK_X_LEAST: print_list(p, x, "LEAST("); break;
	case LK_X_CONCAT: print_list(p, x, "concat("); break;
	case LK_X_CAST: print_cast(p, x, around); break;
	case LK_X_CALL: print_call(p, x); break;
	default: print_args(p, x, 0, op->infix, op->precedence + 1); break;
	}
}

static void print(const printer *p, const lk_expr *x, int around) {
	if (x->op == LK_X_SLOT) {
		p->slot(p->ctx, x->slot, p->out);
	} else if (x->op == LK_X_CONST) {
		if (p->readable)
			readable_constant(x, around, p->out);
		else
			sql_constant(x, p->out);
	} else {
		int precedence = x->op == LK_X_CALL && x->fn->flags & LK_F_INFIX ? 5 : ops[x->op].precedence;
		bool parens = !p->readable || precedence < around;
		if (parens)
			lk_buf_addc(p->out, '(');
		print_operator(p, x, around);
		if (parens)
			lk_buf_addc(p->out, ')');
	}
}

void lk_expr_sql(const lk_expr *x, lk_slot_sql slot_sql, void *ctx, lk_buf *out) {
	print(&(printer){.slot = slot_sql, .ctx = ctx, .out = out}, x, 0);
}

static void slot_name(void *ctx, int slot, lk_buf *out) {
	const char *const *names = ctx;
	lk_buf_adds(out, names[slot]);
}

void lk_expr_describe(const lk_expr *x, const char *const *slot_names, lk_buf *out) {
	print(&(printer){.slot = slot_name, .ctx = (void *)slot_names, .out = out, .readable = true}, x, 0);
}

/* (add:bigint slot:bigint:3 const:bigint:'1'): prefix form, every node with its type. */
void lk_expr_canonical(const lk_expr *x, lk_buf *out) {
	lk_buf_addf(out, "(%s%s:", x->op == LK_X_CALL ? "call " : ops[x->op].name, x->op == LK_X_CALL ? x->fn->name : "");
	lk_type_name(x->type, out);
	if (x->op == LK_X_SLOT)
		lk_buf_addf(out, ":%d", x->slot);
	if (x->op == LK_X_CONST) {
		lk_buf text = LK_BUF_INIT;
		lk_value_print(x->type, &x->value, &text);
		lk_buf_addc(out, ':');
		if (lk_is_null(&x->value))
			lk_buf_adds(out, "null");
		else
			lk_sql_literal(text.len ? text.data : "", text.len, out);
		lk_buf_release(&text);
	}
	for (int i = 0; i < x->nargs; i++) {
		lk_buf_addc(out, ' ');
		lk_expr_canonical(x->args[i], out);
	}
	lk_buf_addc(out, ')');
}
