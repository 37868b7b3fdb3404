#include "print/comparison.h"

#include "print/grid.h"

/* Where it goes. */
typedef struct page {
	bool markdown;             /* a report's tables instead of the terminal's */
	const lk_screen *screen;
	lk_sink *out;
} page;

static void put_line(const page *p, const char *text) { lk_lines_print(*text ? text : "\n", p->screen, p->out); }

/* What stands apart in a report. */
static void put_gap(const page *p) {
	if (p->markdown)
		put_line(p, "");
}

static void put_count(int64_t n, const char *what, lk_buf *out) {
	lk_buf_add_count(out, n);
	lk_buf_addf(out, " %s%s", what, n == 1 ? "" : "s");
}

/* The columns' names, which a table of the terminal has in capitals. */
static void name_columns(lk_grid *g, const page *p, const char *const *names, int n, const char *right) {
	for (int i = 0; i < n; i++) {
		lk_buf name = LK_BUF_INIT;
		for (const char *c = names[i]; *c; c++)
			lk_buf_addc(&name, !p->markdown && *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c);
		lk_grid_column(g, name.data, right[i] == '>');
		lk_buf_release(&name);
	}
}

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

static bool names_first_events(const lk_difference *d) {
	for (int i = 0; i < d->nshown; i++)
		if (d->shown[i].first_event)
			return true;
	return false;
}

static void print_difference(const lk_difference *d, const page *p) {
	const char *const names[] = {"window", "key", d->left, d->right, "first event"};
	int windowed = d->shown[0].window != NULL, first = names_first_events(d);
	lk_grid g = lk_grid_of_rows(p->markdown, 1 + windowed);
	name_columns(&g, p, names + !windowed, 3 + windowed + first, "<<<<<");
	for (int i = 0; i < d->nshown; i++) {
		if (windowed)
			lk_grid_cell(&g, d->shown[i].window);
		lk_grid_cell(&g, d->shown[i].key);
		lk_grid_cell(&g, d->shown[i].left ? d->shown[i].left : "(no row)");
		lk_grid_cell(&g, d->shown[i].right ? d->shown[i].right : "(no row)");
		if (first)
			lk_grid_cell(&g, d->shown[i].first_event ? d->shown[i].first_event : "");
	}
	lk_grid_end(&g, p->screen, p->out);
}

void lk_difference_print(const lk_difference *d, const lk_screen *screen, lk_sink *out) {
	if (d->nshown)
		print_difference(d, &(page){.screen = screen, .out = out});
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

static void put_difference(const lk_difference *d, lk_grid *g) {
	if (!d->made)
		return;
	lk_buf pair = LK_BUF_INIT;
	lk_buf_addf(&pair, "%s, %s", d->left, d->right);
	lk_grid_cell(g, pair.data);
	lk_grid_count(g, d->compared);
	lk_grid_count(g, d->equal);
	lk_grid_count(g, d->only_left);
	lk_grid_count(g, d->only_right);
	lk_grid_count(g, d->different);
	lk_grid_count(g, d->by_late);
	lk_buf_release(&pair);
}

static void print_pairs(const lk_comparison *c, const page *p) {
	static const char *const names[] = {"rows of", "compared", "equal", "only left", "only right", "different", "by late events"};
	lk_grid g = lk_grid_new(p->markdown);
	name_columns(&g, p, names, 7, "<>>>>>>");
	put_difference(&c->lambda_kappa, &g);
	put_difference(&c->lambda_sql, &g);
	put_difference(&c->kappa_sql, &g);
	lk_grid_end(&g, p->screen, p->out);
}

static void print_rows(const lk_difference *d, const page *p) {
	lk_buf title = LK_BUF_INIT;
	if (!d->nshown)
		return;
	put_line(p, "");
	lk_buf_addf(&title, "%s and %s, ", d->left, d->right);
	if (unequal(d) > d->nshown) {
		lk_buf_addf(&title, "the first %d of the ", d->nshown);
		put_count(unequal(d), "row", &title);
		lk_buf_adds(&title, " that differ:");
	} else {
		lk_buf_addf(&title, "the row%s that differ%s:", d->nshown == 1 ? "" : "s", d->nshown == 1 ? "s" : "");
	}
	put_line(p, title.data);
	put_gap(p);
	print_difference(d, p);
	lk_buf_release(&title);
}

/* --- what the batch has healed --- */

static void say_healed(const lk_comparison *c, const page *p) {
	lk_buf b = LK_BUF_INIT;
	put_line(p, "");
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
	put_line(p, b.data);
	lk_buf_release(&b);
}

static void print_healed(const lk_comparison *c, const page *p) {
	static const char *const names[] = {"window", "key", "lambda", "kappa", "late events"};
	if (!c->late)
		return;
	say_healed(c, p);
	if (!c->nhealed_shown)
		return;
	put_gap(p);
	lk_grid g = lk_grid_of_rows(p->markdown, 2);
	name_columns(&g, p, names, 5, "<<<<>");
	for (int i = 0; i < c->nhealed_shown; i++) {
		const lk_healed *h = &c->healed_shown[i];
		lk_grid_cell(&g, h->window ? h->window : "");
		lk_grid_cell(&g, h->key);
		lk_grid_cell(&g, h->lambda ? h->lambda : "(no row)");
		lk_grid_cell(&g, h->kappa ? h->kappa : "(no row)");
		lk_grid_count(&g, h->events);
	}
	lk_grid_end(&g, p->screen, p->out);
}

/* --- costs --- */

typedef struct cost_row {
	const char *name;
	void (*put)(const lk_mode_cost *m, lk_buf *out);
} cost_row;

static void put_build(const lk_mode_cost *m, lk_buf *out) { lk_grid_seconds(m->build_s, out); }
static void put_rate(const lk_mode_cost *m, lk_buf *out) { lk_grid_number(lk_mode_cost_rate(m), out); }
static void put_read(const lk_mode_cost *m, lk_buf *out) { lk_buf_add_count(out, m->rows_read); }
static void put_redis(const lk_mode_cost *m, lk_buf *out) { lk_grid_bytes(m->redis_bytes, out); }
static void put_postgres(const lk_mode_cost *m, lk_buf *out) { lk_grid_bytes(m->postgres_bytes, out); }
static void put_recovery(const lk_mode_cost *m, lk_buf *out) { lk_grid_seconds(m->recover_s, out); }
static void put_again(const lk_mode_cost *m, lk_buf *out) { lk_buf_add_count(out, m->recover_events); }

static const cost_row cost_rows[] = {
	{"build, until it answers", put_build}, {"events/s of the build", put_rate}, {"log rows read by the build", put_read},
	{"bytes in Redis", put_redis}, {"bytes in PostgreSQL", put_postgres},
	{"recovery of an empty Redis", put_recovery}, {"events streamed to recover", put_again},
};

static void print_cost_grid(const lk_comparison *c, const page *p) {
	static const char *const names[] = {"cost", "lambda", "kappa"};
	const lk_mode_cost *const modes[] = {&c->lambda, &c->kappa};
	lk_buf b = LK_BUF_INIT;
	lk_grid g = lk_grid_new(p->markdown);
	name_columns(&g, p, names, 3, "<>>");
	for (size_t i = 0; i < sizeof cost_rows / sizeof *cost_rows; i++) {
		lk_grid_cell(&g, cost_rows[i].name);
		for (int m = 0; m < 2; m++) {
			lk_buf_clear(&b);
			cost_rows[i].put(modes[m], &b);
			lk_grid_cell(&g, b.data);
		}
	}
	lk_grid_end(&g, p->screen, p->out);
	lk_buf_release(&b);
}

static void say_baseline(const lk_comparison *c, const page *p) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, "Plain SQL over the same events: ");
	lk_grid_seconds(c->sql_s, &b);
	lk_buf_adds(&b, ". The log they share: ");
	lk_grid_bytes(c->log_bytes, &b);
	lk_buf_addc(&b, '.');
	put_line(p, b.data);
	lk_buf_release(&b);
}

/* What each measure means, a line each. */
static void say_meaning(const page *p) {
	static const char *const meanings[] = {
		"build: from an empty copy until it answers for the whole log. lambda: cut, batch, publish, then stream the rest; "
		"kappa: replay from offset 0. A changed definition takes as long until it is served",
		"recovery: from the removal of the copy's keys from Redis until it answers for all events; lambda begins at its last cut",
	};
	put_line(p, "Measured in this run on a new copy of each mode, removed afterwards:");
	put_gap(p);
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
		lk_buf b = LK_BUF_INIT;
		lk_buf_addf(&b, "%s%s", p->markdown ? "- " : "  ", meanings[i]);
		put_line(p, b.data);
		lk_buf_release(&b);
	}
}

static void print_costs(const lk_comparison *c, const page *p) {
	if (!c->costs)
		return;
	put_line(p, "");
	print_cost_grid(c, p);
	put_gap(p);
	say_baseline(c, p);
	put_gap(p);
	say_meaning(p);
}

/* --- the whole --- */

static void say_where_from(const lk_comparison *c, const page *p) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, "prefix ");
	lk_frontier_print(&c->cut.at, &b);
	lk_buf_addf(&b, "; lambda: %s; kappa: %s", c->lambda_was_there ? "the view's own copy" : "made for this comparison",
	            c->kappa_was_there ? "the view's own copy" : "made for this comparison");
	put_line(p, b.data);
	lk_buf_release(&b);
}

static void say_approximate(const lk_comparison *c, const page *p) {
	lk_buf b = LK_BUF_INIT;
	if (!c->approximate || c->sql_raised)
		return;
	lk_buf_addf(&b, "Approximate, compared with the exact values of plain SQL within the error bounds: %s.", c->approximate);
	put_gap(p);
	put_line(p, b.data);
	lk_buf_release(&b);
}

void lk_comparison_print(const lk_comparison *c, bool markdown, const lk_screen *screen, lk_sink *out) {
	const page p = {.markdown = markdown, .screen = screen, .out = out};
	lk_buf b = LK_BUF_INIT;
	if (markdown) {
		lk_buf_addf(&b, "## %s, version %d: lambda, kappa and plain SQL\n\n", c->view, c->version);
		lk_sink_put_buf(out, &b);
	}
	lk_comparison_verdict(c, &b);
	put_line(&p, b.data);
	put_gap(&p);
	say_where_from(c, &p);
	put_line(&p, "");
	print_pairs(c, &p);
	say_approximate(c, &p);
	print_rows(&c->lambda_kappa, &p);
	print_rows(&c->lambda_sql, &p);
	print_rows(&c->kappa_sql, &p);
	print_healed(c, &p);
	print_costs(c, &p);
	lk_buf_release(&b);
}
