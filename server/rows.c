/* Rows: of a view, of a stream's log, and what was refused as late. Options are read by the code that reads those of
 * `lk query`, `lk tail` and `lk late`, and rows are printed by theirs. */
#include <errno.h>
#include <limits.h>

#include "core/time.h"
#include "delivery/printer.h"
#include "options/answer_args.h"
#include "options/late_args.h"
#include "options/tail_args.h"
#include "print/explain.h"
#include "server/body.h"
#include "server/live.h"
#include "server/routes.h"

static enum lk_answer_format format_of(const lk_request *q) {
	return q->media == LK_MEDIA_CSV ? LK_AS_CSV : q->media == LK_MEDIA_JSONL ? LK_AS_JSONL : LK_AS_JSON;
}

/* A view that does not exist is not a wrong parameter. */
static int need_view(lk_session *s, lk_request *q, lk_error *err) {
	lk_catalog *c = NULL;
	const lk_cat_view *v;
	int rc = lk_session_catalog(s, &c, err);
	if (rc == LK_OK && (rc = lk_catalog_need_view(c, q->operand, &v, err)) == LK_EUSAGE)
		q->reply.status = 404;
	lk_catalog_release(c);
	return rc;
}

/* What a client asks for, within what the server allows. 0 is "no bound" to lk_bounds. */
static int64_t within(int64_t asked, int64_t most) { return asked > 0 && asked < most ? asked : most; }

static void bound(lk_session *s, lk_bounds *b) {
	const lk_web_limits *most = &s->service->options->limits;
	int64_t left = s->deadline_us - lk_monotonic_us();
	b->rows = within(b->rows, most->rows);
	b->bytes = within(b->bytes, most->memory_bytes);
	b->time_us = within(b->time_us, left > 1 ? left : 1);
	b->stop = &s->service->stopping;
}

static int make(lk_session *s, lk_request *q, lk_answer_args *wanted, lk_answer *a, lk_error *err) {
	bound(s, &wanted->query.bounds);
	int rc = need_view(s, q, err);
	if (rc == LK_OK)
		rc = lk_answer_make(&s->pg, s->store, s->service->current, &wanted->query, a, err);
	return rc;
}

int lk_answer_view_rows(lk_session *s, lk_request *q, lk_error *err) {
	lk_answer_args wanted;
	lk_answer a = {0};
	lk_body body;
	lk_body_begin(&body, s, q);
	int rc = lk_answer_args_read(&q->args, &wanted, err);
	if (rc == LK_OK)
		rc = lk_rows_args_read(&q->args, &wanted, err);
	if (rc == LK_OK)
		rc = make(s, q, &wanted, &a, err);
	if (rc == LK_OK) {
		lk_answer_print(&a, &wanted.query, &(lk_answer_style){.format = format_of(q)}, &body.sink);
		rc = lk_body_end(&body, err);
	}
	lk_answer_release(&a);
	lk_answer_args_release(&wanted);
	return rc;
}

/* What would fail in each look fails here, with its status. The first look, and all others, are the feed's (server/live.c). */
int lk_answer_view_live(lk_session *s, lk_request *q, lk_error *err) {
	lk_answer_args wanted;
	lk_answer a = {0};
	int rc = lk_answer_args_read(&q->args, &wanted, err);
	if (rc == LK_OK)
		rc = lk_rows_args_read(&q->args, &wanted, err);
	if (rc == LK_OK)
		rc = make(s, q, &wanted, &a, err);
	if (rc == LK_OK)
		rc = lk_live_follow(s->service->live, &lk_followed_view, q, &q->follower, NULL, err);
	q->reply.type = lk_media_type(LK_MEDIA_EVENTS);
	lk_answer_release(&a);
	lk_answer_args_release(&wanted);
	return rc;
}

/* --- explain --- */

static bool asks_for_answer(const lk_args *args) {
	static const char *const of_answer[] = {"where", "from", "to", "window", "slide"};
	for (size_t i = 0; i < sizeof of_answer / sizeof *of_answer; i++)
		if (lk_args_has(args, of_answer[i]))
			return true;
	return false;
}

static int explain_plan(lk_session *s, lk_request *q, const lk_query *wanted, lk_body *body, lk_error *err) {
	static const lk_screen screen;
	lk_catalog *c = NULL;
	const lk_cat_view *v = NULL;
	const lk_cat_copy *copy = NULL;
	int rc = need_view(s, q, err);
	if (rc == LK_OK)
		rc = lk_session_catalog(s, &c, err);
	if (rc == LK_OK)
		rc = lk_catalog_need_view(c, q->operand, &v, err);
	if (rc == LK_OK)
		rc = lk_catalog_wanted_copy(c, v, wanted->copy, wanted->version, &copy, err);
	if (rc == LK_OK)
		rc = lk_catalog_plan(c, &s->pg, copy->version, err);
	if (rc == LK_OK)
		lk_explain_plan(v, copy, &screen, &body->sink);
	lk_catalog_release(c);
	return rc;
}

static int explain_answer(lk_session *s, lk_request *q, lk_answer_args *wanted, lk_body *body, lk_error *err) {
	static const lk_screen screen;
	lk_answer a = {0};
	wanted->query.split = true;
	int rc = make(s, q, wanted, &a, err);
	if (rc == LK_OK && q->media == LK_MEDIA_JSON)
		lk_explain_answer_json(&a, &wanted->query, &body->sink);
	else if (rc == LK_OK)
		lk_explain_answer(&a, &wanted->query, &screen, &body->sink);
	lk_answer_release(&a);
	return rc;
}

int lk_answer_explain(lk_session *s, lk_request *q, lk_error *err) {
	lk_answer_args wanted;
	lk_body body;
	bool answer = q->media == LK_MEDIA_JSON || asks_for_answer(&q->args);
	lk_body_begin(&body, s, q);
	int rc = lk_answer_args_read(&q->args, &wanted, err);
	if (rc == LK_OK)
		rc = answer ? explain_answer(s, q, &wanted, &body, err) : explain_plan(s, q, &wanted.query, &body, err);
	if (rc == LK_OK)
		rc = lk_body_end(&body, err);
	lk_answer_args_release(&wanted);
	return rc;
}

/* --- the log of a stream --- */

/* As the log is now, which the reader of rows looks at too: one that was just dropped is not found. */
int lk_need_stream(lk_session *s, lk_request *q, lk_error *err) {
	lk_catalog *c = NULL;
	const lk_cat_stream *stream;
	int rc = lk_current_get(s->service->current, &s->pg, true, &c, err);
	if (rc == LK_OK && (rc = lk_catalog_need_stream(c, q->operand, &stream, err)) == LK_EUSAGE)
		q->reply.status = 404;
	lk_catalog_release(c);
	return rc;
}

static int read_log(lk_session *s, lk_request *q, lk_tail_options *o, lk_body *body, lk_error *err) {
	static const lk_screen screen;
	lk_row_printer printer = {.format = format_of(q), .screen = &screen, .out = &body->sink};
	lk_target target = lk_row_printer_target(&printer);
	lk_tail_report report;
	o->session = &s->pg;
	o->target = &target;
	o->target_name = "a client";
	o->stop = &s->service->stopping;
	o->until_us = s->deadline_us;
	int rc = lk_tail_run(o, &report, err);
	if (rc == LK_OK && report.stopped)
		rc = lk_fail(err, LK_ETOOBIG, "the rows take longer to read than a request may");
	if (rc == LK_OK)
		lk_row_printer_end(&printer, &report.at);
	lk_row_printer_release(&printer);
	return rc;
}

int lk_answer_stream_rows(lk_session *s, lk_request *q, lk_error *err) {
	lk_tail_args a;
	lk_body body;
	lk_body_begin(&body, s, q);
	int rc = lk_tail_args_read(&q->args, &a, err);
	if (rc == LK_OK)
		rc = lk_need_stream(s, q, err);
	if (rc == LK_OK)
		rc = read_log(s, q, &a.options, &body, err);
	if (rc == LK_OK || body.sink.error)
		rc = lk_body_end(&body, err);
	lk_tail_args_release(&a);
	return rc;
}

/* --- late events --- */

static int find_late(lk_session *s, lk_late_args *a, lk_late_wanted *w, lk_catalog **c, lk_error *err) {
	const lk_cat_view *v = NULL;
	const lk_cat_copy *copy = NULL;
	int rc = lk_session_catalog(s, c, err);
	if (rc == LK_OK)
		rc = lk_catalog_need_view(*c, a->view, &v, err);
	if (rc == LK_OK)
		rc = lk_catalog_wanted_copy(*c, v, a->copy, a->version, &copy, err);
	if (rc == LK_OK)
		rc = lk_catalog_plan(*c, &s->pg, copy->version, err);
	return rc == LK_OK ? lk_late_args_find(*c, a, w, err) : rc;
}

int lk_answer_late(lk_session *s, lk_request *q, lk_error *err) {
	lk_late_args a;
	lk_late_wanted w = {0};
	lk_late_report report = {0};
	lk_catalog *c = NULL;
	lk_body body;
	lk_body_begin(&body, s, q);
	int rc = lk_late_args_read(&q->args, &a, err);
	if (rc == LK_OK)
		rc = need_view(s, q, err);
	if (rc == LK_OK)
		rc = find_late(s, &a, &w, &c, err);
	if (rc == LK_OK)
		rc = lk_late_report_read(&s->pg, &w, &report, err);
	if (rc == LK_OK) {
		static const lk_screen screen;
		const lk_late_page page = {.copy = w.copy, .report = &report, .columns = w.columns, .ncolumns = w.ncolumns};
		lk_late_print(&page, format_of(q), &screen, &body.sink);
		rc = lk_body_end(&body, err);
	}
	lk_late_report_release(&report);
	lk_catalog_release(c);
	return rc;
}
