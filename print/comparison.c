#include "cli/comparison_print.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "print/table.h"

/* --- numbers for people --- */

/* Three significant digits; zeros fill up to the point: 0.0123, 1.23, 12.3, 123, 12,300. */
void lk_number_print(double n, lk_buf *out) {
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
	lk_number_print(n, out);
	lk_buf_addf(out, " %s", units[i]);
}

void lk_seconds_print(double seconds, lk_buf *out) {
	static const char *const units[] = {"us", "ms", "s"};
	put_scaled(seconds * 1e6, units, 3, 1000, out);
}

void lk_bytes_print(int64_t bytes, lk_buf *out) {
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	put_scaled((double)bytes, units, 5, 1000, out);
}

static void put_count(int64_t n, const char *what, lk_buf *out) {
	lk_buf_add_count(out, n);
	lk_buf_addf(out, " %s%s", what, n == 1 ? "" : "s");
}

/* --- grids: a table of the terminal, or of markdown --- */

typedef struct grid {
	lk_table *table;           /* NULL: markdown */
	lk_buf text;
	int columns, cells;
	bool right[16];
} grid;

static grid grid_new(bool markdown) { return (grid){.table = markdown ? NULL : lk_table_new()}; }

/* Of rows that are compared: where they are too wide for the screen, each is a record, so that its sides stay
 * together. */
static grid grid_of_rows(bool markdown, int keys) {
	grid g = grid_new(markdown);
	if (g.table) {
		lk_table_keys(g.table, keys);
		lk_table_records(g.table);
	}
	return g;
}

static void grid_column(grid *g, const char *name, bool right) {
	if (g->table)
		lk_table_column(g->table, name, right);
	else
		lk_buf_addf(&g->text, "%s %s ", "|", name);
	g->right[g->columns++] = right;
}

static void end_markdown_head(grid *g) {
	lk_buf_adds(&g->text, "|\n");
	for (int i = 0; i < g->columns; i++)
		lk_buf_adds(&g->text, g->right[i] ? "| ---: " : "| --- ");
	lk_buf_adds(&g->text, "|\n");
}

static void grid_cell(grid *g, const char *text) {
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

static void grid_count(grid *g, int64_t n) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_add_count(&b, n);
	grid_cell(g, b.data);
	lk_buf_release(&b);
}

static void grid_end(grid *g) {
	if (g->table)
		lk_put_table(g->table);
	else
		lk_put_buf(&g->text);
	lk_buf_release(&g->text);
}

static void put_line(const char *text) { lk_put_lines(*text ? text : "\n"); }

/* --- a difference --- */

static int64_t unequal(const lk_difference *d) { return d->compared - d->equal; }

void lk_difference_counts(const lk_difference *d, lk_buf *out) {
	if (d->other_shape) {
		lk_buf_addf(out, "%s and %s have different columns: rows cannot be matched", d->left, d->right);
		return;
	}
	put_count(d->compared, "row", out);
	lk_buf_adds(out, " compared: ");
	lk_buf_add_count(out, d->equal);
	lk_buf_adds(out, " equal");
	if (!unequal(d))
		return;
	lk_buf_adds(out, ", ");
	lk_buf_add_count(out, d->only_left);
	lk_buf_addf(out, " only %s, ", d->left);
	lk_buf_add_count(out, d->only_right);
	lk_buf_addf(out, " only %s, ", d->right);
	lk_buf_add_count(out, d->different);
	lk_buf_adds(out, " different; late events explain ");
	lk_buf_add_count(out, d->by_late);
}

static void head(const char *text, lk_buf *upper, bool markdown) {
	lk_buf_clear(upper);
	for (; *text; text++)
		lk_buf_addc(upper, !markdown && *text >= 'a' && *text <= 'z' ? (char)(*text - 32) : *text);
}

static bool names_first_events(const lk_difference *d) {
	for (int i = 0; i < d->nshown; i++)
		if (d->shown[i].first_event)
			return true;
	return false;
}

static void difference_columns(const lk_difference *d, grid *g, bool windowed, bool markdown) {
	lk_buf name = LK_BUF_INIT;
	const char *const names[] = {"window", "key", d->left, d->right, "first event"};
	for (int i = !windowed; i < 4 + names_first_events(d); i++) {
		head(names[i], &name, markdown);
		grid_column(g, name.data, false);
	}
	lk_buf_release(&name);
}

void lk_difference_print(const lk_difference *d, const char *title, bool markdown) {
	if (!d->nshown)
		return;
	bool windowed = d->shown[0].window != NULL;
	grid g = grid_of_rows(markdown, windowed ? 2 : 1);
	if (title)
		put_line(title);
	if (title && markdown)
		put_line("");
	difference_columns(d, &g, windowed, markdown);
	for (int i = 0; i < d->nshown; i++) {
		if (windowed)
			grid_cell(&g, d->shown[i].window);
		grid_cell(&g, d->shown[i].key);
		grid_cell(&g, d->shown[i].left ? d->shown[i].left : "(no row)");
		grid_cell(&g, d->shown[i].right ? d->shown[i].right : "(no row)");
		if (names_first_events(d))
			grid_cell(&g, d->shown[i].first_event ? d->shown[i].first_event : "");
	}
	grid_end(&g);
}

/* --- the verdict --- */

static void put_pair(const lk_difference *d, const char **and, lk_buf *out) {
	if (!d->made)
		return;
	lk_buf_addf(out, "%s%s and %s ", *and, d->left, d->right);
	if (d->other_shape) {
		lk_buf_adds(out, "have different columns");
	} else {
		lk_buf_adds(out, "in ");
		lk_buf_add_count(out, unequal(d));
		lk_buf_adds(out, " of ");
		put_count(d->compared, "row", out);
	}
	*and = ", ";
}

static void put_over(const lk_comparison *c, lk_buf *out) {
	lk_buf_adds(out, " over ");
	put_count(c->events, "event", out);
	lk_buf_addf(out, " of %s, version %d", c->view, c->version);
}

void lk_comparison_verdict(const lk_comparison *c, lk_buf *out) {
	const char *who = c->sql_raised ? "lambda and kappa" : "lambda, kappa and plain SQL", *and = ": ";
	if (lk_comparison_equal(c)) {
		lk_buf_addf(out, "%s agree on ", who);
		put_count(c->lambda_rows, "row", out);
		put_over(c, out);
	} else {
		lk_buf_addf(out, "%s differ", who);
		put_pair(&c->lambda_kappa, &and, out);
		put_pair(&c->lambda_sql, &and, out);
		put_pair(&c->kappa_sql, &and, out);
		lk_buf_adds(out, ",");
		put_over(c, out);
		lk_buf_adds(out, lk_comparison_explained(c) ? "; late events explain all differences" : "; late events do not explain them");
	}
	if (c->sql_raised)
		lk_buf_addf(out, "; PostgreSQL cannot run the same text: %s", c->sql_raised);
}

/* --- the pairs --- */

static void put_difference(const lk_difference *d, grid *g) {
	if (!d->made)
		return;
	lk_buf pair = LK_BUF_INIT;
	lk_buf_addf(&pair, "%s, %s", d->left, d->right);
	grid_cell(g, pair.data);
	grid_count(g, d->compared);
	grid_count(g, d->equal);
	grid_count(g, d->only_left);
	grid_count(g, d->only_right);
	grid_count(g, d->different);
	grid_count(g, d->by_late);
	lk_buf_release(&pair);
}

static void print_pairs(const lk_comparison *c, bool markdown) {
	static const char *const names[] = {"rows of", "compared", "equal", "only left", "only right", "different", "by late events"};
	lk_buf name = LK_BUF_INIT;
	grid g = grid_new(markdown);
	for (int i = 0; i < 7; i++) {
		head(names[i], &name, markdown);
		grid_column(&g, name.data, i > 0);
	}
	put_difference(&c->lambda_kappa, &g);
	put_difference(&c->lambda_sql, &g);
	put_difference(&c->kappa_sql, &g);
	grid_end(&g);
	lk_buf_release(&name);
}

static void print_rows(const lk_difference *d, bool markdown) {
	lk_buf title = LK_BUF_INIT;
	if (!d->nshown)
		return;
	put_line("");
	lk_buf_addf(&title, "%s and %s, ", d->left, d->right);
	if (unequal(d) > d->nshown) {
		lk_buf_addf(&title, "the first %d of the ", d->nshown);
		put_count(unequal(d), "row", &title);
		lk_buf_adds(&title, " that differ:");
	} else {
		lk_buf_addf(&title, "the row%s that differ%s:", d->nshown == 1 ? "" : "s", d->nshown == 1 ? "s" : "");
	}
	lk_difference_print(d, title.data, markdown);
	lk_buf_release(&title);
}

/* --- what the batch has healed --- */

static void say_healed(const lk_comparison *c) {
	lk_buf b = LK_BUF_INIT;
	put_line("");
	put_count(c->late, "event", &b);
	lk_buf_adds(&b, " came too late for the stream path. ");
	if (c->healed) {
		lk_buf_adds(&b, "Lambda's batch counts ");
		lk_buf_add_count(&b, c->healed);
		lk_buf_adds(&b, " of them, since it reads the log and ignores the watermark; kappa has only the stream path and never counts them. ");
		put_count(c->healed_rows, "row", &b);
		lk_buf_addf(&b, " %s healed", c->healed_rows == 1 ? "is" : "are");
		if (c->healed_rows > c->nhealed_shown)
			lk_buf_addf(&b, "; the first %d", c->nhealed_shown);
		lk_buf_adds(&b, ":");
	} else {
		lk_buf_adds(&b, "Lambda's batch counts none of them yet: they lie above its cut.");
	}
	put_line(b.data);
	lk_buf_release(&b);
}

static void print_healed(const lk_comparison *c, bool markdown) {
	static const char *const names[] = {"window", "key", "lambda", "kappa", "late events"};
	lk_buf name = LK_BUF_INIT;
	if (!c->late)
		return;
	say_healed(c);
	if (!c->nhealed_shown)
		return;
	if (markdown)
		put_line("");
	grid g = grid_of_rows(markdown, 2);
	for (int i = 0; i < 5; i++) {
		head(names[i], &name, markdown);
		grid_column(&g, name.data, i == 4);
	}
	for (int i = 0; i < c->nhealed_shown; i++) {
		const lk_healed *h = &c->healed_shown[i];
		grid_cell(&g, h->window ? h->window : "");
		grid_cell(&g, h->key);
		grid_cell(&g, h->lambda ? h->lambda : "(no row)");
		grid_cell(&g, h->kappa ? h->kappa : "(no row)");
		grid_count(&g, h->events);
	}
	grid_end(&g);
	lk_buf_release(&name);
}

/* --- costs --- */

typedef struct cost_row {
	const char *name;
	void (*put)(const lk_mode_cost *m, lk_buf *out);
} cost_row;

static void put_build(const lk_mode_cost *m, lk_buf *out) { lk_seconds_print(m->build_s, out); }
static void put_rate(const lk_mode_cost *m, lk_buf *out) { lk_number_print(lk_mode_cost_rate(m), out); }
static void put_read(const lk_mode_cost *m, lk_buf *out) { lk_buf_add_count(out, m->rows_read); }
static void put_redis(const lk_mode_cost *m, lk_buf *out) { lk_bytes_print(m->redis_bytes, out); }
static void put_postgres(const lk_mode_cost *m, lk_buf *out) { lk_bytes_print(m->postgres_bytes, out); }
static void put_recovery(const lk_mode_cost *m, lk_buf *out) { lk_seconds_print(m->recover_s, out); }
static void put_again(const lk_mode_cost *m, lk_buf *out) { lk_buf_add_count(out, m->recover_events); }

static const cost_row cost_rows[] = {
	{"build, until it answers", put_build}, {"events/s of the build", put_rate}, {"log rows read by the build", put_read},
	{"bytes in Redis", put_redis}, {"bytes in PostgreSQL", put_postgres},
	{"recovery of an empty Redis", put_recovery}, {"events streamed to recover", put_again},
};

static void print_cost_grid(const lk_comparison *c, bool markdown) {
	const lk_mode_cost *const modes[] = {&c->lambda, &c->kappa};
	lk_buf b = LK_BUF_INIT;
	grid g = grid_new(markdown);
	grid_column(&g, markdown ? "cost" : "COST", false);
	grid_column(&g, markdown ? "lambda" : "LAMBDA", true);
	grid_column(&g, markdown ? "kappa" : "KAPPA", true);
	for (size_t i = 0; i < sizeof cost_rows / sizeof *cost_rows; i++) {
		grid_cell(&g, cost_rows[i].name);
		for (int m = 0; m < 2; m++) {
			lk_buf_clear(&b);
			cost_rows[i].put(modes[m], &b);
			grid_cell(&g, b.data);
		}
	}
	grid_end(&g);
	lk_buf_release(&b);
}

static void say_baseline(const lk_comparison *c) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, "Plain SQL over the same events: ");
	lk_seconds_print(c->sql_s, &b);
	lk_buf_adds(&b, ". The log they share: ");
	lk_bytes_print(c->log_bytes, &b);
	lk_buf_addc(&b, '.');
	put_line(b.data);
	lk_buf_release(&b);
}

/* What each measure means, a line each. */
static void say_meaning(bool markdown) {
	static const char *const meanings[] = {
		"build: from an empty copy until it answers for the whole log. lambda: cut, batch, publish, then stream the rest; "
		"kappa: replay from offset 0. A changed definition takes as long until it is served",
		"recovery: from the removal of the copy's keys from Redis until it answers for all events; lambda begins at its last cut",
	};
	put_line("Measured in this run on a new copy of each mode, removed afterwards:");
	if (markdown)
		put_line("");
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
		lk_buf b = LK_BUF_INIT;
		lk_buf_addf(&b, "%s%s", markdown ? "- " : "  ", meanings[i]);
		put_line(b.data);
		lk_buf_release(&b);
	}
}

static void print_costs(const lk_comparison *c, bool markdown) {
	if (!c->costs)
		return;
	put_line("");
	print_cost_grid(c, markdown);
	if (markdown)
		put_line("");
	say_baseline(c);
	if (markdown)
		put_line("");
	say_meaning(markdown);
}

/* --- the whole --- */

static void say_where_from(const lk_comparison *c) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, "prefix ");
	lk_frontier_print(&c->cut.at, &b);
	lk_buf_addf(&b, "; lambda: %s; kappa: %s", c->lambda_was_there ? "the view's own copy" : "made for this comparison",
	            c->kappa_was_there ? "the view's own copy" : "made for this comparison");
	put_line(b.data);
	lk_buf_release(&b);
}

static void say_approximate(const lk_comparison *c, bool markdown) {
	lk_buf b = LK_BUF_INIT;
	if (!c->approximate || c->sql_raised)
		return;
	lk_buf_addf(&b, "Approximate, compared with the exact values of plain SQL within the error bounds: %s.", c->approximate);
	if (markdown)
		put_line("");
	put_line(b.data);
	lk_buf_release(&b);
}

void lk_comparison_print(const lk_comparison *c, bool markdown) {
	lk_buf b = LK_BUF_INIT;
	if (markdown) {
		lk_buf_addf(&b, "## %s, version %d: lambda, kappa and plain SQL\n\n", c->view, c->version);
		lk_put_buf(&b);
	}
	lk_comparison_verdict(c, &b);
	put_line(b.data);
	if (markdown)
		put_line("");
	say_where_from(c);
	put_line("");
	print_pairs(c, markdown);
	say_approximate(c, markdown);
	print_rows(&c->lambda_kappa, markdown);
	print_rows(&c->lambda_sql, markdown);
	print_rows(&c->kappa_sql, markdown);
	print_healed(c, markdown);
	print_costs(c, markdown);
	lk_buf_release(&b);
}
