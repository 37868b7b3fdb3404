#include "print/table.h"

#include <libsmartcols/libsmartcols.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/time.h"

typedef struct column {
	char *name;
	bool right, spare;
	bool repeated;             /* in each part of a wide table */
	int width;                 /* of its widest cell */
} column;

enum { LEAST_ROWS = 5, RECORD_INDENT = 2 };

struct lk_table {
	column *columns;
	size_t ncolumns, keys;
	bool records;
	int *former;               /* widths of the table that it continues, or NULL */
	bool heading;
	char **cells;              /* row by row */
	size_t ncells, room;
	lk_screen screen;          /* at the end */
	lk_sink *out;
};

lk_table *lk_table_new(void) {
	lk_table *t = lk_calloc(1, sizeof *t);
	t->keys = 1;
	t->heading = true;
	return t;
}

void lk_table_column(lk_table *t, const char *name, bool right) {
	t->columns = lk_realloc(t->columns, (t->ncolumns + 1) * sizeof *t->columns);
	t->columns[t->ncolumns++] = (column){.name = lk_strdup(name), .right = right, .width = lk_text_width(name)};
}

void lk_table_keys(lk_table *t, int n) { t->keys = (size_t)n; }
void lk_table_spare(lk_table *t) { t->columns[t->ncolumns - 1].spare = true; }
void lk_table_records(lk_table *t) { t->records = true; }

void lk_table_continues(lk_table *t, int *widths, bool heading) {
	t->former = widths;
	t->heading = heading;
}

static void align_with_former(lk_table *t) {
	for (size_t i = 0; i < t->ncolumns; i++) {
		column *c = &t->columns[i];
		t->heading |= c->width > t->former[i];
		c->width = c->width > t->former[i] ? c->width : t->former[i];
		t->former[i] = c->width;
	}
}

static size_t rows_of(const lk_table *t) { return (t->ncells + t->ncolumns - 1) / t->ncolumns; }

void lk_table_cell(lk_table *t, const char *text) {
	column *c = &t->columns[t->ncells % t->ncolumns];
	int width = lk_text_width(text);
	c->width = width > c->width ? width : c->width;
	if (t->ncells == t->room) {
		t->room = t->room ? t->room * 2 : 256;
		t->cells = lk_realloc(t->cells, t->room * sizeof *t->cells);
	}
	t->cells[t->ncells++] = lk_strdup(text);
}

void lk_table_cellf(lk_table *t, const char *fmt, ...) {
	lk_buf b = LK_BUF_INIT;
	va_list ap;
	va_start(ap, fmt);
	lk_buf_vaddf(&b, fmt, ap);
	va_end(ap);
	lk_table_cell(t, b.data);
	lk_buf_release(&b);
}

void lk_table_count(lk_table *t, int64_t n) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_add_count(&b, n);
	lk_table_cell(t, b.data);
	lk_buf_release(&b);
}

void lk_table_time(lk_table *t, int64_t us) {
	lk_buf b = LK_BUF_INIT;
	if (us == LK_NEVER)
		lk_buf_addc(&b, '-');
	else
		lk_time_print(us, &b);
	lk_table_cell(t, b.data);
	lk_buf_release(&b);
}

/* --- parts --- */

/* One part of a wide table: of the columns before `from` those that are repeated, then the columns [from, to). */
typedef struct part {
	size_t from, to;
	bool bare;                 /* nothing is repeated */
	int screen;                /* 0: no limit */
} part;

static bool is_shown(const lk_table *t, const part *p, size_t i) {
	return i < p->from ? t->columns[i].repeated && !p->bare : i < p->to;
}

/* The width of what the part shows, with a blank after each column. */
static int width_of(const lk_table *t, const part *p) {
	int width = 0;
	for (size_t i = 0; i < p->to; i++)
		width += is_shown(t, p, i) ? t->columns[i].width + 1 : 0;
	return width;
}

/* Leaves out one of the repeated keys: the spare one, else the last. False if there is none. */
static bool drop_key(lk_table *t) {
	size_t last = t->ncolumns;
	for (size_t i = 0; i < t->ncolumns; i++)
		if (t->columns[i].repeated && !(last < t->ncolumns && t->columns[last].spare))
			last = i;
	if (last == t->ncolumns)
		return false;
	t->columns[last].repeated = false;
	return true;
}

/* The parts repeat the keys as far as every other column has room beside them. */
static void choose_keys(lk_table *t, int screen) {
	size_t n = t->keys < t->ncolumns ? t->keys : t->ncolumns - 1;
	int widest = 0;
	for (size_t i = 0; i < t->ncolumns; i++) {
		t->columns[i].repeated = i < n;
		widest = i >= n && t->columns[i].width > widest ? t->columns[i].width : widest;
	}
	widest = widest < screen / 2 ? widest : screen / 2;   /* a wider one is broken into lines */
	while (width_of(t, &(part){.from = n, .to = n}) + widest > screen && drop_key(t))
		;
}

static bool fits(const lk_table *t, const part *p) { return width_of(t, p) - 1 <= p->screen; }

/* The next part has as many columns as fit on the line, at least one. A column that fits alone is not broken because of
 * the keys beside it. */
static part next_part(const lk_table *t, size_t from) {
	int screen = t->screen.width;
	part p = {.from = from, .to = from + 1, .screen = screen};
	p.bare = !fits(t, &p) && t->columns[from].width <= screen;
	for (part wider = p; p.to < t->ncolumns; p = wider) {
		wider.to++;
		if (!fits(t, &wider))
			break;
	}
	return p;
}

static void *need(void *p) {
	if (!p) {
		fputs("lk: out of memory\n", stderr);
		_Exit(71);
	}
	return p;
}

static void add_columns(const lk_table *t, const part *p, bool pad, struct libscols_table *out) {
	bool wide = p->screen && !fits(t, p);
	for (size_t i = 0; i < p->to; i++) {
		const column *c = &t->columns[i];
		int flags = (c->right ? SCOLS_FL_RIGHT : 0) | (wide && i >= p->from ? SCOLS_FL_WRAP : 0);
		if (is_shown(t, p, i))
			need(scols_table_new_column(out, c->name, pad && !wide ? c->width : 0, flags));
	}
	if (wide) {
		scols_table_set_termforce(out, SCOLS_TERMFORCE_ALWAYS);
		scols_table_set_termwidth(out, (size_t)p->screen);
	}
}

static void add_row(const lk_table *t, const part *p, size_t row, struct libscols_table *out) {
	struct libscols_line *line = need(scols_table_new_line(out, NULL));
	for (size_t i = 0, cell = 0; i < p->to; i++) {
		size_t at = row * t->ncolumns + i;
		if (is_shown(t, p, i) && at < t->ncells && scols_line_set_data(line, cell, t->cells[at]) != 0)
			need(NULL);
		cell += is_shown(t, p, i);
	}
}

/* The rows [first, end) of a part. */
static void print_part(const lk_table *t, const part *p, size_t first, size_t end) {
	struct libscols_table *out = need(scols_new_table());
	char *text = NULL;
	scols_table_enable_noheadings(out, !t->heading);
	add_columns(t, p, t->former || end - first < rows_of(t), out);
	for (size_t row = first; row < end; row++)
		add_row(t, p, row, out);
	if (scols_print_table_to_string(out, &text) == 0) {
		lk_sink_put(t->out, text, strlen(text));
		lk_sink_put(t->out, "\n", 1);
	}
	free(text);
	scols_unref_table(out);
}

/* So many rows that all parts of them are on the screen together: parts that are far from each other cannot be read. */
static size_t rows_at_once(const lk_table *t) {
	size_t parts = 0, rows = rows_of(t);
	int height = t->screen.height;
	for (part p = next_part(t, 0);; p = next_part(t, p.to)) {
		parts++;
		if (p.to == t->ncolumns)
			break;
	}
	if (!height || parts * (rows + 2) <= (size_t)height)
		return rows;
	size_t fit = (size_t)(height - 1) / parts;
	fit = fit > LEAST_ROWS + 2 ? fit - 2 : LEAST_ROWS;
	return fit < rows ? fit : rows;
}

static void print_in_parts(lk_table *t) {
	t->heading = true;
	choose_keys(t, t->screen.width);
	size_t rows = rows_of(t), step = rows_at_once(t);
	for (size_t first = 0; first < rows; first += step)
		for (part p = {0}; p.to < t->ncolumns;) {
			p = next_part(t, p.to);
			lk_sink_put(t->out, "\n", first > 0 || p.from > 0);
			print_part(t, &p, first, first + step < rows ? first + step : rows);
		}
}

/* --- records --- */

/* "NAME  text", the text wrapped beside its name. */
static void add_field(const char *name, int names, const char *text, int screen, lk_buf *out) {
	size_t indent = (size_t)(RECORD_INDENT + names + 1);
	lk_buf_addf(out, "%*s%s%*s", RECORD_INDENT, "", name, names + 1 - lk_text_width(name), "");
	lk_buf safe = LK_BUF_INIT;
	lk_text_visible(text, &safe);
	lk_text_wrap(safe.data, (size_t)screen, indent, indent, out);
	lk_buf_addc(out, '\n');
	lk_buf_release(&safe);
}

/* A line with the keys, or with one that has its name before it, and under it a line for each other column that has a text. */
static void print_record(const lk_table *t, size_t row, int names) {
	int screen = t->screen.width;
	lk_buf head = LK_BUF_INIT, out = LK_BUF_INIT;
	if (t->keys == 1)
		lk_buf_addf(&head, "%s ", t->columns[0].name);
	for (size_t i = 0; i < t->keys; i++) {
		lk_buf_adds(&head, i ? " " : "");
		lk_text_visible(t->cells[row * t->ncolumns + i], &head);
	}
	lk_text_wrap(head.data, (size_t)screen, 0, RECORD_INDENT, &out);
	lk_buf_addc(&out, '\n');
	for (size_t i = t->keys; i < t->ncolumns; i++)
		if (*t->cells[row * t->ncolumns + i])
			add_field(t->columns[i].name, names, t->cells[row * t->ncolumns + i], screen, &out);
	lk_sink_put_buf(t->out, &out);
	lk_buf_release(&head);
	lk_buf_release(&out);
}

static void print_records(const lk_table *t) {
	int names = 0;
	for (size_t i = t->keys; i < t->ncolumns; i++)
		names = lk_text_width(t->columns[i].name) > names ? lk_text_width(t->columns[i].name) : names;
	for (size_t row = 0; row < rows_of(t); row++)
		print_record(t, row, names);
}

static void print(lk_table *t) {
	part all = {.to = t->ncolumns, .screen = t->screen.width};
	if (!all.screen || fits(t, &all))
		print_part(t, &all, 0, rows_of(t));
	else if (t->records)
		print_records(t);
	else
		print_in_parts(t);
}

void lk_table_end(lk_table *t, const lk_screen *screen, lk_sink *out) {
	t->screen = *screen;
	t->out = out;
	if (t->ncells > 0 && t->former)
		align_with_former(t);
	if (t->ncells > 0)
		print(t);
	for (size_t i = 0; i < t->ncells; i++)
		free(t->cells[i]);
	for (size_t i = 0; i < t->ncolumns; i++)
		free(t->columns[i].name);
	free(t->cells);
	free(t->columns);
	free(t);
}
