#include "print/derived.h"

#include "print/json.h"

void lk_derived_comparison_json(const lk_derived_comparison *c, const char *stream, lk_sink *out) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, "{\"stream\":");
	lk_json_text(stream, &b);
	lk_json_int("events", lk_frontier_events(&c->read), &b);
	lk_json_int("rows", c->rows, &b);
	lk_json_int("differ", c->differ, &b);
	lk_buf_adds(&b, ",\"differences\":[");
	for (int i = 0; i < c->nshown; i++) {
		lk_buf_addf(&b, "%s{\"row\":%lld", i ? "," : "", (long long)c->shown[i].row);
		lk_json_member("log", c->shown[i].log, &b);
		lk_json_member("sql", c->shown[i].sql, &b);
		lk_buf_addc(&b, '}');
	}
	lk_buf_adds(&b, "]}\n");
	lk_sink_put_buf(out, &b);
	lk_buf_release(&b);
}

void lk_derived_comparison_print(const lk_derived_comparison *c, const char *stream, const lk_screen *screen, lk_sink *out) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_add_count(&b, lk_frontier_events(&c->read));
	lk_buf_addf(&b, " events of its source were read; PostgreSQL, by the definition's text, and the log of %s have ", stream);
	lk_buf_adds(&b, c->differ ? "different rows: " : "the same ");
	lk_buf_add_count(&b, c->differ ? c->differ : c->rows);
	lk_buf_adds(&b, c->differ ? "\n" : c->rows == 1 ? " row\n" : " rows, in the same order\n");
	for (int i = 0; i < c->nshown; i++)
		lk_buf_addf(&b, "row %lld: %s in the log, %s by SQL\n", (long long)c->shown[i].row, c->shown[i].log ? c->shown[i].log : "none",
		            c->shown[i].sql ? c->shown[i].sql : "none");
	lk_lines_print(b.data, screen, out);
	lk_buf_release(&b);
}
