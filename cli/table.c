#include "cli/table.h"

#include <libsmartcols/libsmartcols.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/terminal.h"
#include "core/time.h"

typedef struct column {
	char *name;
	bool right;
	int width;                 /* of its widest cell */
} column;

struct lk_table {
	column *columns;
	size_t ncolumns, keys;
	char **cells;              /* row by row */
	size_t ncells, room;
};

lk_table *lk_table_new(void) {
	lk_table *t = lk_calloc(1, sizeof *t);
	t->keys = 1;
	return t;
}

void lk_table_column(lk_table *t, const char *name, bool right) {
	t->columns = lk_realloc(t->columns, (t->ncolumns + 1) * sizeof *t->columns);
	t->columns[t->ncolumns++] = (column){.name = lk_strdup(name), .right = right, .width = lk_text_width(name)};
}

void lk_table_keys(lk_table *t, int n) { t->keys = (size_t)n; }

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
	lk_count_print(n, &b);
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

/* One part of a wide table: the keys, then the columns [from, to). */
typedef struct part {
	size_t keys, from, to;
	int screen;                /* 0: no limit */
} part;

/* The width of the columns with a blank after each. */
static int width_of(const lk_table *t, size_t from, size_t to) {
	int width = 0;
	for (size_t i = from; i < to; i++)
		width += t->columns[i].width + 1;
	return width;
}

/* Each part repeats the keys as far as every other column has room beside them. */
static size_t keys_with_room(const lk_table *t, int screen) {
	size_t n = t->keys < t->ncolumns ? t->keys : t->ncolumns - 1;
	int widest = 0;
	for (size_t i = n; i < t->ncolumns; i++)
		widest = t->columns[i].width > widest ? t->columns[i].width : widest;
	widest = widest < screen / 2 ? widest : screen / 2;   /* a wider one is broken into lines */
	while (n > 0 && width_of(t, 0, n) + widest > screen)
		n--;
	return n;
}

/* As many columns as fit on the line, at least one. */
static size_t end_of_part(const lk_table *t, const part *p) {
	int left = p->screen + 1 - width_of(t, 0, p->keys);
	size_t end = p->from;
	while (end < t->ncolumns && (end == p->from || t->columns[end].width < left)) {
		left -= t->columns[end].width + 1;
		end++;
	}
	return end;
}

static void *need(void *p) {
	if (!p) {
		fputs("lk: out of memory\n", stderr);
		_Exit(71);
	}
	return p;
}

/* The table's column shown as the part's i-th, or SIZE_MAX after the last. */
static size_t column_of(const part *p, size_t i) {
	if (i < p->keys)
		return i;
	return p->from + (i - p->keys) < p->to ? p->from + (i - p->keys) : SIZE_MAX;
}

static void add_columns(const lk_table *t, const part *p, struct libscols_table *out) {
	bool wide = p->screen && width_of(t, 0, p->keys) + width_of(t, p->from, p->to) - 1 > p->screen;
	size_t c;
	for (size_t i = 0; (c = column_of(p, i)) != SIZE_MAX; i++) {
		int flags = (t->columns[c].right ? SCOLS_FL_RIGHT : 0) | (wide && i >= p->keys ? SCOLS_FL_WRAP : 0);
		need(scols_table_new_column(out, t->columns[c].name, 0, flags));
	}
	if (wide) {
		scols_table_set_termforce(out, SCOLS_TERMFORCE_ALWAYS);
		scols_table_set_termwidth(out, (size_t)p->screen);
	}
}

static void print_part(const lk_table *t, const part *p) {
	struct libscols_table *out = need(scols_new_table());
	char *text = NULL;
	size_t c;
	add_columns(t, p, out);
	for (size_t row = 0; row < t->ncells; row += t->ncolumns) {
		struct libscols_line *line = need(scols_table_new_line(out, NULL));
		for (size_t i = 0; (c = column_of(p, i)) != SIZE_MAX; i++)
			if (row + c < t->ncells && scols_line_set_data(line, i, t->cells[row + c]) != 0)
				need(NULL);
	}
	if (scols_print_table_to_string(out, &text) == 0) {
		lk_put(text, strlen(text));
		lk_put("\n", 1);
	}
	free(text);
	scols_unref_table(out);
}

static void print(const lk_table *t) {
	part p = {.to = t->ncolumns, .screen = lk_terminal_width(STDOUT_FILENO)};
	if (!p.screen || width_of(t, 0, t->ncolumns) - 1 <= p.screen) {
		print_part(t, &p);
		return;
	}
	size_t keys = keys_with_room(t, p.screen);
	for (p.to = 0; p.to < t->ncolumns;) {
		p.from = p.to;
		p.keys = p.from ? keys : 0;
		p.to = end_of_part(t, &p);
		lk_put("\n", p.from ? 1 : 0);
		print_part(t, &p);
	}
}

void lk_table_end(lk_table *t) {
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
