/* Bars begin at 0, so that their lengths can be compared; all rows of an answer share one scale. A length is rounded
 * to eighths of a character if the screen shows eighth blocks; a nonzero value gets at least one eighth.
 * Bars of negative numbers extend to the left, in whole characters; without negative numbers that side takes no room.
 * On a terminal the scale fills the room that the other columns leave, at most 40 characters, so that no line breaks;
 * elsewhere it is 40 characters. */
#include "print/chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_WIDTH = 8, MOST_WIDTH = 40, EIGHTHS = 8 };

/* NaN for NULL. */
static double number_of(const lk_answer *a, const lk_cell *row, int column) {
	lk_type type;
	lk_value v;
	lk_buf text = LK_BUF_INIT;
	lk_column_name(a->plan, column, &type);
	lk_answer_cell(a, row, column, &v);
	if (lk_is_null(&v))
		return NAN;
	lk_value_print(type, &v, &text);
	double d = strtod(text.data, NULL);
	lk_buf_release(&text);
	return d;
}

static void find_scale(lk_chart *c, const lk_answer *a) {
	for (size_t r = 0; r < a->nrows; r++) {
		double d = number_of(a, a->rows[r], c->column);
		if (!isfinite(d))
			continue;
		c->least = d < c->least ? d : c->least;
		c->most = d > c->most ? d : c->most;
	}
}

/* The width of a column with the blank after it. */
static int column_width(const lk_answer *a, int column) {
	lk_type type;
	lk_value v;
	lk_buf text = LK_BUF_INIT;
	int most = lk_text_width(lk_column_name(a->plan, column, &type));
	for (size_t r = 0; r < a->nrows; r++) {
		lk_answer_cell(a, a->rows[r], column, &v);
		lk_buf_clear(&text);
		lk_buf_adds(&text, lk_is_null(&v) ? "NULL" : "");
		lk_value_print(type, &v, &text);
		int n = lk_text_width(text.data ? text.data : "");
		most = n > most ? n : most;
	}
	lk_buf_release(&text);
	return most + 1;
}

/* Leaves one character for rounding on both sides. */
static int fitting_width(const lk_answer *a, int screen) {
	if (!screen)
		return MOST_WIDTH;
	int left = screen - 1 - (lk_answer_marks_final(a) ? (int)sizeof "provisional" : 0);
	for (int i = 0; i < lk_columns(a->plan) && left > LEAST_WIDTH; i++)
		left -= column_width(a, i);
	return left < LEAST_WIDTH ? LEAST_WIDTH : left > MOST_WIDTH ? MOST_WIDTH : left;
}

int lk_chart_init(lk_chart *c, const lk_answer *a, const char *name, const lk_screen *screen, lk_error *err) {
	lk_type type;
	*c = (lk_chart){.column = name ? lk_column_find(a->plan, name) : -1, .blocks = screen->blocks, .width = MOST_WIDTH};
	if (c->column >= 0 && (lk_column_name(a->plan, c->column, &type), !lk_type_is_number(type)))
		c->column = -1;
	if (name && c->column < 0)
		return lk_column_unknown(a->plan, "--chart", name, true, err);
	if (name) {
		find_scale(c, a);
		c->width = fitting_width(a, screen->width);
	}
	return LK_OK;
}

static void repeat(const char *s, int n, lk_buf *out) {
	while (n-- > 0)
		lk_buf_adds(out, s);
}

/* In eighths of a character; the scale is c->width characters. Works with halves, so that most - least is finite. */
static int length(const lk_chart *c, double d) {
	double share = fabs(d) == INFINITY ? 1 : fabs(d) / 2 / (c->most / 2 - c->least / 2);
	if (d == 0 || isnan(share))
		return 0;
	int n = (int)lround((share < 1 ? share : 1) * c->width * EIGHTHS);
	return n > 0 ? n : 1;
}

static int whole(int eighths) { return (eighths + EIGHTHS - 1) / EIGHTHS; }

static void put_right(const lk_chart *c, int eighths, lk_buf *out) {
	static const char *const parts[EIGHTHS] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	if (!c->blocks) {
		repeat("#", whole(eighths), out);
		return;
	}
	repeat("█", eighths / EIGHTHS, out);
	lk_buf_adds(out, parts[eighths % EIGHTHS]);
}

void lk_chart_bar(const lk_chart *c, const lk_answer *a, const lk_cell *row, lk_buf *out) {
	double d = number_of(a, row, c->column);
	int room = c->least < 0 ? whole(length(c, c->least)) : 0, n = isnan(d) ? 0 : length(c, d);
	lk_buf_clear(out);
	lk_buf_adds(out, "");
	if (d < 0) {
		int left = whole(n) < room || !room ? whole(n) : room;
		repeat(" ", room - left, out);
		repeat(c->blocks ? "█" : "#", left, out);
	} else if (n) {
		repeat(" ", room, out);
		put_right(c, n, out);
	}
}
