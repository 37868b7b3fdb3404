/* What is declared: the views, and one of them with its columns, its window and how far it has come. */
#include "print/json.h"
#include "server/body.h"
#include "server/routes.h"
#include "serving/answer.h"
#include "status/status.h"

static void add_interval(const char *name, int64_t us, lk_buf *b) {
	lk_buf text = LK_BUF_INIT;
	lk_interval_print(us, &text);
	lk_json_member(name, text.data, b);
	lk_buf_release(&text);
}

/* --- one view --- */

static void add_columns(const lk_plan *p, lk_buf *b) {
	int windows = lk_columns(p) - p->noutputs;
	lk_buf type_name = LK_BUF_INIT;
	lk_buf_adds(b, ",\"columns\":[");
	for (int i = 0; i < lk_columns(p); i++) {
		lk_type type;
		const char *name = lk_column_name(p, i, &type);
		bool varies = i >= windows && lk_output_varies(p, &p->outputs[i - windows]);
		lk_buf_clear(&type_name);
		lk_type_name(type, &type_name);
		lk_buf_adds(b, i ? ",{\"name\":" : "{\"name\":");
		lk_json_text(name, b);
		lk_json_member("type", type_name.data, b);
		lk_json_member("is", i < windows ? "window" : varies ? "aggregate" : "key", b);
		lk_buf_addc(b, '}');
	}
	lk_buf_addc(b, ']');
	lk_buf_release(&type_name);
}

static void add_window(const lk_plan *p, lk_buf *b) {
	static const char *const kinds[] = {[LK_W_NONE] = NULL, [LK_W_TUMBLE] = "tumble", [LK_W_HOP] = "hop", [LK_W_CUMULATE] = "cumulate",
	                                    [LK_W_SESSION] = "session", [LK_W_CALENDAR] = "calendar"};
	const lk_window *w = &p->window;
	lk_buf_adds(b, w->kind == LK_W_NONE ? ",\"window\":null" : ",\"window\":{\"kind\":");
	if (w->kind == LK_W_NONE)
		return;
	lk_json_text(kinds[w->kind], b);
	if (w->kind == LK_W_CALENDAR) {
		lk_json_member("unit", w->calendar->unit, b);
		lk_json_member("zone", w->calendar->zone, b);
	} else {
		add_interval(w->kind == LK_W_SESSION ? "gap" : "size", w->size_us, b);
		add_interval("slide", w->slide_us, b);
		add_interval("pane", w->pane_us, b);
	}
	if (p->allowed_lateness_us >= 0)
		add_interval("allowed_lateness", p->allowed_lateness_us, b);
	if (p->retention_us)
		add_interval("retention", p->retention_us, b);
	lk_buf_addc(b, '}');
}

static void add_identity(const lk_cat_view *v, const lk_cat_copy *served, lk_buf *b) {
	lk_buf_adds(b, "{\"view\":");
	lk_json_text(v->name, b);
	lk_json_member("stream", v->stream->stream->name, b);
	lk_json_member("mode", !served ? NULL : served->kappa ? "kappa" : "lambda", b);
	if (served) {
		lk_json_int("version", served->version->number, b);
		lk_json_int("copy", served->id, b);
	}
}

/* The status comes from its own reader: what the catalogue in memory says of cuts may be old. */
static int add_status(lk_session *s, const char *view, lk_body *body, lk_error *err) {
	lk_status_report report = {.pg = &s->pg, .store = s->store, .view = view};
	int rc = lk_catalog_load(&s->pg, &report.catalog, err);
	lk_catalog *c = report.catalog;
	if (rc == LK_OK)
		rc = lk_status_read(&report, err);
	if (rc == LK_OK)
		lk_status_json(&report, &body->sink);
	lk_status_release(&report);
	lk_catalog_release(c);
	return rc;
}

static int describe(lk_session *s, lk_catalog *c, const lk_cat_view *v, lk_body *body, lk_error *err) {
	const lk_cat_copy *served = NULL;
	lk_buf b = LK_BUF_INIT;
	int rc = lk_catalog_read_copy(c, v, 0, &served, err);
	if (rc == LK_OK)
		rc = lk_catalog_plan(c, &s->pg, served->version, err);
	if (rc == LK_OK) {
		add_identity(v, served, &b);
		lk_json_member("definition", served->version->definition, &b);
		add_columns(served->version->plan, &b);
		add_window(served->version->plan, &b);
		lk_buf_adds(&b, ",\"status\":");
		lk_sink_put_buf(&body->sink, &b);
		rc = add_status(s, v->name, body, err);
	}
	lk_buf_adds(&b, "}\n");
	lk_sink_put_buf(&body->sink, &b);
	lk_buf_release(&b);
	return rc;
}

int lk_answer_view(lk_session *s, lk_request *q, lk_error *err) {
	lk_catalog *c = NULL;
	const lk_cat_view *v = NULL;
	lk_body body;
	lk_body_begin(&body, s, q);
	int rc = lk_session_catalog(s, &c, err);
	if (rc == LK_OK && (rc = lk_catalog_need_view(c, q->operand, &v, err)) == LK_EUSAGE)
		q->reply.status = 404;
	if (rc == LK_OK)
		rc = describe(s, c, v, &body, err);
	if (rc == LK_OK)
		rc = lk_body_end(&body, err);
	lk_catalog_release(c);
	return rc;
}

/* --- all of them --- */

int lk_answer_views(lk_session *s, lk_request *q, lk_error *err) {
	lk_catalog *c = NULL;
	lk_body body;
	lk_buf b = LK_BUF_INIT;
	lk_body_begin(&body, s, q);
	int rc = lk_session_catalog(s, &c, err);
	if (rc == LK_OK) {
		lk_buf_adds(&b, "{\"views\":[");
		for (int i = 0; i < c->nviews; i++) {
			lk_buf_adds(&b, i ? "," : "");
			add_identity(&c->views[i], lk_catalog_copy(c, c->views[i].served_copy), &b);
			lk_buf_addc(&b, '}');
		}
		lk_buf_adds(&b, "]}\n");
		lk_sink_put_buf(&body.sink, &b);
		rc = lk_body_end(&body, err);
	}
	lk_buf_release(&b);
	lk_catalog_release(c);
	return rc;
}
