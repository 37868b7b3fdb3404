#include "print/grid.h"

#include <math.h>

lk_grid lk_grid_new(bool markdown) { return (lk_grid){.table = markdown ? NULL : lk_table_new()}; }

lk_grid lk_grid_of_rows(bool markdown, int keys) {
	lk_grid g = lk_grid_new(markdown);
	if (g.table) {
		lk_table_keys(g.table, keys);
		lk_table_records(g.table);
	}
	return g;
}

void lk_grid_column(lk_grid *g, const char *name, bool right) {
	if (g->table)
		lk_table_column(g->table, name, right);
	else
		lk_buf_addf(&g->text, "%s %s ", "|", name);
	g->right[g->columns++] = right;
}

static void end_markdown_head(lk_grid *g) {
	lk_buf_adds(&g->text, "|\n");
	for (int i = 0; i < g->columns; i++)
		lk_buf_adds(&g->text, g->right[i] ? "| ---: " : "| --- ");
	lk_buf_adds(&g->text, "|\n");
}

void lk_grid_cell(lk_grid *g, const char *text) {
	if (g->table) {
		lk_table_cell(g->table, text);
		return;
	}
	if (!g->cells)
		end_markdown_head(g);
	lk_buf_adds(&g->text, "| ");
	for (; *text; text++) {
		if (*text == '|' || *text == '\\')
			lk_buf_addc(&g->text, '\\');
		lk_buf_addc(&g->text, *text == '\n' ? ' ' : *text);
	}
	lk_buf_adds(&g->text, ++g->cells % g->columns ? " " : " |\n");
}

void lk_grid_count(lk_grid *g, int64_t n) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_add_count(&b, n);
	lk_grid_cell(g, b.data);
	lk_buf_release(&b);
}

void lk_grid_end(lk_grid *g, const lk_screen *screen, lk_sink *out) {
	if (g->table)
		lk_table_end(g->table, screen, out);
	else
		lk_sink_put_buf(out, &g->text);
	lk_buf_release(&g->text);
}

/* --- numbers for people --- */

/* Three significant digits; zeros fill up to the point: 0.0123, 1.23, 12.3, 123, 12,300. */
void lk_grid_number(double n, lk_buf *out) {
	if (n >= 1000) {
		double unit = pow(10, floor(log10(n)) - 2);
		lk_buf_add_count(out, (int64_t)(round(n / unit) * unit));
		return;
	}
	int decimals = n <= 0 ? 0 : 2 - (int)floor(log10(n));
	lk_buf_addf(out, "%.*f", decimals < 0 ? 0 : decimals > 6 ? 6 : decimals, n);
}

static void put_scaled(double n, const char *const *units, int nunits, double step, lk_buf *out) {
	int i = 0;
	while (i + 1 < nunits && n >= step * 0.9995) {
		n /= step;
		i++;
	}
	lk_grid_number(n, out);
	lk_buf_addf(out, " %s", units[i]);
}

void lk_grid_seconds(double seconds, lk_buf *out) {
	static const char *const units[] = {"us", "ms", "s"};
	put_scaled(seconds * 1e6, units, 3, 1000, out);
}

void lk_grid_bytes(int64_t bytes, lk_buf *out) {
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	put_scaled((double)bytes, units, 5, 1000, out);
}
