/* tumble(time, size [, offset]), hop(time, slide, size [, offset]), cumulate(time, step, size), session(time, gap);
 * and tumble(time, '1 <unit of the calendar>', zone).
 *
 * The order of arguments and the meaning of each are Flink's; intervals are constants of fixed length (R13). Windows
 * whose slide is their size become tumbling windows, however they were written: hop(ts, '1 min', '1 min') is one. The
 * argument after tumble's size is a time zone if it begins with a letter, else an offset. */
#include "sql/window.h"

#include <string.h>

#include "core/time.h"
#include "sql/aggregate.h"
#include "sql/foreign.h"
#include "windows/calendar.h"
#include "windows/window.h"

/* arguments: their names, after the time. The last one may be left out if `optional`. */
static const struct form {
	const char *name, *arguments[3], *usage;
	int n;
	bool optional;
	uint8_t kind;
} forms[] = {
	{"tumble", {"size", "offset"}, "write tumble(column, '1 minute')", 2, true, LK_W_TUMBLE},
	{"hop", {"slide", "size", "offset"}, "write hop(column, '10 s', '1 minute'): the slide, then the size", 3, true, LK_W_HOP},
	{"cumulate", {"step", "size"}, "write cumulate(column, '1 h', '1 day'): the step, then the size", 2, false, LK_W_CUMULATE},
	{"session", {"gap"}, "write session(column, '30 min')", 1, false, LK_W_SESSION},
};
enum { NFORMS = sizeof forms / sizeof *forms };

static const struct form *find_form(const char *name) {
	for (int i = 0; i < NFORMS; i++)
		if (strcmp(forms[i].name, name) == 0)
			return &forms[i];
	return NULL;
}

bool lk_sql_is_window(const char *name) { return find_form(name) != NULL; }

/* The text of a constant in quotes; NULL for anything else. */
static const char *constant(const json_t *node) {
	const json_t *sval = json_object_get(lk_tree_as(node, "A_Const"), "sval");
	return sval ? lk_tree_str(sval, "sval") : NULL;
}

/* The hint for what is not an interval. */
static const char *interval_hint(const char *text, bool of_tumble) {
	const char *ignored;
	if (of_tumble && lk_calendar_unit(text, &ignored))
		return "name the time zone: tumble(column, '1 month', 'Europe/Berlin')";
	return "write a whole number and a unit (us, ms, s, min, h, d, w) in quotes, such as '1 minute'";
}

/* '1 minute' or INTERVAL '1 minute'. */
static bool read_interval(lk_scope *c, const struct form *f, const char *what, const json_t *node, int at, int64_t *us) {
	const json_t *cast = lk_tree_as(node, "TypeCast");
	if (cast && lk_tree_is_type(json_object_get(cast, "typeName"), "interval"))
		node = json_object_get(cast, "arg");
	const char *reason = "it is not a constant in quotes", *given = constant(node), *text = given ? given : "";
	bool zero = strcmp(what, "offset") == 0, good = given && lk_interval_parse(text, strlen(text), zero, us, &reason) == 0;
	if (good && *us > LK_MAX_WINDOW_US) {
		reason = "longer than 100 years";
		good = false;
	}
	const char *foreign = good || given ? NULL : lk_sql_foreign_interval(c->s, lk_tree_start(node, at));
	if (!good)
		lk_stmt_fault(c->s, lk_tree_start(node, at), foreign ? foreign : interval_hint(text, f->kind == LK_W_TUMBLE && !zero), "window %s%s%s%s: %s",
		              what, *text ? " '" : "", text, *text ? "'" : "", reason);
	return good;
}

static int64_t gcd(int64_t a, int64_t b) {
	while (b) {
		int64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* Checks slide, size and offset as given, and sets them in the plan. */
static bool set_lengths(lk_scope *c, const struct form *f, int64_t slide, int64_t size, int64_t offset, int at) {
	lk_window *w = &c->plan->window;
	if (slide > size) {
		lk_stmt_fault(c->s, at, f->usage, "%s: the %s is longer than the size", f->name, f->arguments[0]);
		return false;
	}
	if (f->kind == LK_W_CUMULATE && size % slide) {
		lk_stmt_fault(c->s, at, "choose a size that is a whole number of steps", "cumulate: the size is not a multiple of the step");
		return false;
	}
	if (size / gcd(size, slide) > LK_MAX_PANES) {
		lk_stmt_fault(c->s, at, lk_stmt_text(c->s, "choose a %s that divides the size into fewer parts", f->arguments[0]),
		              "%s: a window would have more than %d panes", f->name, LK_MAX_PANES);
		return false;
	}
	w->kind = slide == size && f->kind != LK_W_SESSION ? LK_W_TUMBLE : f->kind;
	w->size_us = size;
	w->slide_us = slide;
	w->offset_us = offset % slide;
	w->pane_us = gcd(size, slide);
	return true;
}

static bool read_lengths(lk_scope *c, const struct form *f, const json_t *args, int n, int at) {
	int64_t given[3] = {0};
	for (int i = 0; i < n; i++)
		if (!read_interval(c, f, f->arguments[i], json_array_get(args, (size_t)i + 1), at, &given[i]))
			return false;
	bool two = f->kind == LK_W_HOP || f->kind == LK_W_CUMULATE;
	return set_lengths(c, f, given[0], given[two], f->optional ? given[1 + two] : 0, at);
}

/* --- the calendar --- */

static bool is_zone(const json_t *node) {
	const char *text = constant(node);
	return text && ((*text >= 'A' && *text <= 'Z') || (*text >= 'a' && *text <= 'z'));
}

static bool find_zone(lk_scope *c, lk_calendar *calendar, int at) {
	const lk_resolver *r = c->s->resolver;
	const char *near = NULL;
	int rc = r && r->calendar ? r->calendar(r->ctx, calendar, c->s->arena, &near) : LK_EUSAGE;
	const char *hint = near ? lk_stmt_text(c->s, "did you mean %s?", near) : "write a name such as 'Europe/Berlin', or an offset such as '30 min'";
	if (rc == LK_EUSAGE)
		lk_stmt_fault(c->s, at, hint, "there is no time zone \"%s\"", calendar->zone);
	else if (rc)
		lk_stmt_fault(c->s, at, "", "time zone \"%s\" could not be looked up", calendar->zone);
	return rc == LK_OK;
}

static bool read_calendar(lk_scope *c, const json_t *size, const json_t *zone, int at) {
	static const char usage[] = "write '1 day', '1 week', '1 month', '1 quarter' or '1 year' before a time zone";
	lk_calendar *calendar = lk_arena_zalloc(c->s->arena, sizeof *calendar);
	const char *text = constant(size), *reason = "it is not a constant in quotes";
	calendar->unit = text ? lk_calendar_unit(text, &reason) : NULL;
	calendar->zone = lk_arena_strdup(c->s->arena, constant(zone));
	if (!calendar->unit) {
		lk_stmt_fault(c->s, lk_tree_start(size, at), usage, "window size%s%s%s: %s", text ? " '" : "", text ? text : "", text ? "'" : "",
		              reason);
		return false;
	}
	if (!find_zone(c, calendar, lk_tree_start(zone, at)))
		return false;
	c->plan->window = (lk_window){.kind = LK_W_CALENDAR, .calendar = calendar};
	return true;
}

void lk_sql_window(lk_scope *c, const json_t *call, int at) {
	static const char *const keys[] = {"funcname", "args", "funcformat", "location", NULL};
	const struct form *f = find_form(lk_tree_function_alone(call));
	const json_t *args = json_object_get(call, "args"), *column = lk_tree_as(json_array_get(args, 0), "ColumnRef");
	lk_plan *p = c->plan;
	c->clause = lk_stmt_text(c->s, "%s(…)", f->name);
	if (!lk_tree_only(c->s, call, at, c->clause, keys))
		return;
	if (p->window.kind != LK_W_NONE) {
		lk_stmt_fault(c->s, at, "declare a view for each window", "GROUP BY has more than one window");
		return;
	}
	int n = (int)json_array_size(args) - 1;
	if (n > f->n || n < f->n - f->optional || !column) {
		lk_stmt_fault(c->s, at, f->usage, f->n - f->optional == 1 ? "%s needs a time column and a %s" : "%s needs a time column, a %s and a %s",
		              f->name, f->arguments[0], f->arguments[1]);
		return;
	}
	const lk_expr *time = lk_sql_expr(c, json_array_get(args, 0));
	if (!time)
		return;
	if (time->op != LK_X_SLOT || (time->slot != p->stream->schema.event_time && time->slot != lk_slot_at(p->stream))) {
		const char *name = p->stream->schema.columns[p->stream->schema.event_time].name;
		lk_stmt_fault(c->s, time->location,
		              lk_stmt_text(c->s, p->flattened ? "write the name that the subquery gives to %s, the stream's event time, or to _at"
		                                              : "write %s, the stream's event time, or _at", name),
		              "a window needs the event time or _at");
		return;
	}
	if (f->kind == LK_W_SESSION && p->nlaterals) {
		lk_stmt_fault(c->s, at, "declare a view without LATERAL", "session(…) over rows that LATERAL makes is not supported");
		return;
	}
	bool by_calendar = f->kind == LK_W_TUMBLE && n == 2 && is_zone(json_array_get(args, 2));
	if (by_calendar ? !read_calendar(c, json_array_get(args, 1), json_array_get(args, 2), at) : !read_lengths(c, f, args, n, at))
		return;
	p->window.time_slot = time->slot;
	p->window_at = at;
}
