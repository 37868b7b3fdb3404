/* What there is and how it goes: to people (status), to Prometheus (metrics), to programs (openapi), and to what starts
 * and stops processes (alive, ready). */
#include "print/json.h"
#include "server/body.h"
#include "server/metrics.h"
#include "server/openapi.h"
#include "server/routes.h"

static int read_report(lk_session *s, lk_status_report *report, lk_catalog **c, lk_error *err) {
	*report = (lk_status_report){.pg = &s->pg, .store = s->store};
	int rc = lk_catalog_load(&s->pg, c, err);
	report->catalog = *c;
	return rc == LK_OK ? lk_status_read(report, err) : rc;
}

int lk_answer_status(lk_session *s, lk_request *q, lk_error *err) {
	lk_status_report report;
	lk_catalog *c = NULL;
	lk_body body;
	lk_body_begin(&body, s, q);
	int rc = read_report(s, &report, &c, err);
	if (rc == LK_OK) {
		lk_status_json(&report, &body.sink);
		rc = lk_body_end(&body, err);
	}
	lk_status_release(&report);
	lk_catalog_release(c);
	return rc;
}

static void add_counts(lk_service *service, lk_buf *b) {
	const char *names[LK_ROUTES_MOST];
	for (int i = 0; i < service->nroutes; i++)
		names[i] = service->routes[i].path;
	lk_counts_print(&service->counts, names, service->nroutes, b);
}

/* What can be had: the counts of this process are there also while both servers are away. */
int lk_answer_metrics(lk_session *s, lk_request *q, lk_error *err) {
	lk_status_report report = {0};
	lk_catalog *c = NULL;
	lk_body body;
	lk_buf b = LK_BUF_INIT;
	lk_error why = {0};
	lk_body_begin(&body, s, q);
	int rc = lk_session_need(s, LK_NEEDS_POSTGRES | LK_NEEDS_REDIS, &why);
	if (rc == LK_OK)
		rc = read_report(s, &report, &c, &why);
	lk_metrics_up(rc == LK_OK, &b);
	if (rc == LK_OK)
		rc = lk_metrics_report(&report, &b, &why);
	lk_session_mend(s, rc);
	add_counts(s->service, &b);
	lk_sink_put_buf(&body.sink, &b);
	lk_buf_release(&b);
	lk_status_release(&report);
	lk_catalog_release(c);
	return lk_body_end(&body, err);
}

/* --- what there is --- */

int lk_answer_openapi(lk_session *s, lk_request *q, lk_error *err) {
	(void)err;
	lk_openapi_print(s->service->routes, s->service->nroutes, &q->reply.body);
	q->reply.type = lk_media_type(q->media);
	return LK_OK;
}

/* --- alive, ready --- */

int lk_answer_alive(lk_session *s, lk_request *q, lk_error *err) {
	(void)s;
	(void)err;
	lk_buf_adds(&q->reply.body, "alive\n");
	q->reply.type = lk_media_type(LK_MEDIA_TEXT);
	return LK_OK;
}

static void add_check(const char *name, int rc, const char *why, lk_buf *b) {
	lk_buf_addf(b, "%s{\"name\":\"%s\"", b->data[b->len - 1] == '[' ? "" : ",", name);
	lk_json_flag("ready", rc == LK_OK, b);
	if (rc != LK_OK)
		lk_json_member("reason", why, b);
	lk_buf_addc(b, '}');
}

/* The reasons are those that a client may see. */
static const char *reason(lk_session *s, int rc, const lk_error *why) {
	return s->away ? s->away : rc == LK_EUSAGE ? why->text : "it answers with an error, which the server's log has";
}

/* A kept session is no proof that its server is there: each is asked something. */
static int check_postgres(lk_session *s, lk_buf *b) {
	lk_error why = {0};
	lk_catalog *c = NULL;
	int rc = LK_OK;
	for (int again = 0; again < 2; again++) {
		lk_error_clear(&why);
		rc = lk_session_need(s, LK_NEEDS_POSTGRES, &why);
		if (rc == LK_OK)
			rc = lk_current_get(s->service->current, &s->pg, true, &c, &why);
		if (!lk_session_mend(s, rc))
			break;
	}
	add_check("postgresql", rc, reason(s, rc, &why), b);
	lk_catalog_release(c);
	return rc;
}

static int check_redis(lk_session *s, lk_buf *b) {
	lk_error why = {0};
	lk_store_usage usage;
	int rc = LK_OK;
	for (int again = 0; again < 2; again++) {
		lk_error_clear(&why);
		rc = lk_session_need(s, LK_NEEDS_REDIS, &why);
		if (rc == LK_OK)
			rc = lk_store_usage_read(s->store, &usage, &why);
		if (!lk_session_mend(s, rc))
			break;
	}
	add_check("redis", rc, reason(s, rc, &why), b);
	return rc;
}

int lk_answer_ready(lk_session *s, lk_request *q, lk_error *err) {
	lk_buf *b = &q->reply.body;
	(void)err;
	lk_buf_adds(b, "{\"checks\":[");
	int rc = check_postgres(s, b);
	if (rc == LK_OK)
		rc = check_redis(s, b);
	lk_buf_addc(b, ']');
	lk_json_flag("ready", rc == LK_OK, b);
	lk_buf_adds(b, "}\n");
	q->reply.status = rc == LK_OK ? 200 : 503;
	q->reply.retry_after_s = rc == LK_OK ? 0 : 1;
	q->reply.type = lk_media_type(LK_MEDIA_JSON);
	return LK_OK;
}
