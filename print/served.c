#include "print/served.h"

#include "print/json.h"

static const char *mode_of(const lk_cat_copy *k) { return k->kappa ? "kappa" : "lambda"; }

static bool is_other(const lk_cat_view *v, const lk_cat_copy *k) {
	return k->version->view == v && k->id != v->served_copy && k->id != v->former_copy;
}

/* --- a table --- */

/* "12 (version 2, kappa)", "13 (version 2, sandbox morning)" */
static void put_copy(const lk_cat_copy *k, lk_buf *b) {
	lk_buf_addf(b, "%lld (version %d, ", (long long)k->id, k->version->number);
	if (k->name)
		lk_buf_addf(b, "sandbox %s)", k->name);
	else if (k->state == LK_COPY_LIVE)
		lk_buf_addf(b, "%s)", mode_of(k));
	else
		lk_buf_addf(b, "%s, %s)", mode_of(k), lk_copy_state_name(k->state));
}

/* A version of a kappa view has no copy until a replay makes one. */
static void put_others(const lk_catalog *c, const lk_cat_view *v, lk_buf *b) {
	const lk_cat_version *newest = lk_catalog_newest(c, v);
	bool there = false;
	for (int i = 0; i < c->ncopies; i++) {
		there |= c->copies[i].version == newest;
		if (is_other(v, &c->copies[i])) {
			lk_buf_adds(b, b->len ? ", " : "");
			put_copy(&c->copies[i], b);
		}
	}
	if (!there && newest)
		lk_buf_addf(b, "%snone yet (version %d)", b->len ? ", " : "", newest->number);
}

static void cell_text(lk_table *t, lk_buf *b) {
	lk_table_cell(t, b->len ? b->data : "-");
	lk_buf_clear(b);
}

static void add_row(lk_table *t, const lk_catalog *c, const lk_served *s) {
	const lk_cat_view *v = s->view;
	const lk_cat_copy *served = lk_catalog_copy(c, v->served_copy), *former = lk_catalog_copy(c, v->former_copy);
	lk_buf b = LK_BUF_INIT;
	lk_table_cell(t, v->name);
	if (served) {
		lk_table_count(t, served->version->number);
		lk_table_cell(t, mode_of(served));
		lk_buf_addf(&b, "%lld", (long long)served->id);
	} else {
		lk_table_cell(t, "-");
		lk_table_cell(t, "-");
	}
	cell_text(t, &b);
	lk_table_time(t, s->since);
	if (former)
		put_copy(former, &b);
	cell_text(t, &b);
	put_others(c, v, &b);
	cell_text(t, &b);
	lk_buf_release(&b);
}

void lk_served_print(const lk_catalog *c, const lk_served *views, int n, const lk_screen *screen, lk_sink *out) {
	static const char *const names[] = {"VIEW", "VERSION", "MODE", "COPY", "SINCE", "FORMER", "OTHER COPIES"};
	lk_table *t = lk_table_new();
	for (int i = 0; i < 7; i++)
		lk_table_column(t, names[i], i == 1 || i == 3);
	for (int i = 0; i < n; i++)
		add_row(t, c, &views[i]);
	lk_table_end(t, screen, out);
}

/* --- JSON --- */

static void json_copy(const lk_cat_copy *k, lk_buf *b) {
	if (!k) {
		lk_buf_adds(b, "null");
		return;
	}
	lk_buf_addf(b, "{\"copy\":%lld,\"version\":%d,\"mode\":\"%s\",\"state\":\"%s\"", (long long)k->id, k->version->number,
	            mode_of(k), lk_copy_state_name(k->state));
	lk_json_member("name", k->name, b);
	lk_buf_addc(b, '}');
}

static void json_view(const lk_catalog *c, const lk_served *s, lk_buf *b) {
	const lk_cat_view *v = s->view;
	const char *comma = "";
	const lk_cat_version *newest = lk_catalog_newest(c, v);
	lk_buf_adds(b, "{\"view\":");
	lk_json_text(v->name, b);
	lk_buf_addf(b, ",\"newest_version\":%d,\"served\":", newest ? newest->number : 0);
	json_copy(lk_catalog_copy(c, v->served_copy), b);
	lk_json_time("since", s->since, b);
	lk_buf_adds(b, ",\"former\":");
	json_copy(lk_catalog_copy(c, v->former_copy), b);
	lk_buf_adds(b, ",\"others\":[");
	for (int i = 0; i < c->ncopies; i++)
		if (is_other(v, &c->copies[i])) {
			lk_buf_adds(b, comma);
			json_copy(&c->copies[i], b);
			comma = ",";
		}
	lk_buf_adds(b, "]}");
}

void lk_served_json(const lk_catalog *c, const lk_served *views, int n, lk_sink *out) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, "{\"views\":[");
	for (int i = 0; i < n; i++) {
		lk_buf_adds(&b, i ? "," : "");
		json_view(c, &views[i], &b);
	}
	lk_buf_adds(&b, "]}\n");
	lk_sink_put_buf(out, &b);
	lk_buf_release(&b);
}
