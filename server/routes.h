/* The table of routes, and what answers each of them. */
#ifndef LK_SERVER_ROUTES_H
#define LK_SERVER_ROUTES_H

#include "server/request.h"

extern const lk_route lk_routes[];
extern const int lk_nroutes;

/* server/views.c */
int lk_answer_views(lk_session *s, lk_request *q, lk_error *err);
int lk_answer_view(lk_session *s, lk_request *q, lk_error *err);
/* server/rows.c */
int lk_answer_view_rows(lk_session *s, lk_request *q, lk_error *err);
int lk_answer_view_live(lk_session *s, lk_request *q, lk_error *err);
int lk_answer_explain(lk_session *s, lk_request *q, lk_error *err);
int lk_answer_stream_rows(lk_session *s, lk_request *q, lk_error *err);
/* LK_EUSAGE and status 404: there is no stream of the request's name. */
int lk_need_stream(lk_session *s, lk_request *q, lk_error *err);
int lk_answer_late(lk_session *s, lk_request *q, lk_error *err);
/* server/append.c */
int lk_answer_append(lk_session *s, lk_request *q, lk_error *err);
/* server/stream_live.c */
int lk_answer_stream_live(lk_session *s, lk_request *q, lk_error *err);
/* server/state.c */
int lk_answer_status(lk_session *s, lk_request *q, lk_error *err);
int lk_answer_metrics(lk_session *s, lk_request *q, lk_error *err);
int lk_answer_alive(lk_session *s, lk_request *q, lk_error *err);
int lk_answer_ready(lk_session *s, lk_request *q, lk_error *err);
int lk_answer_openapi(lk_session *s, lk_request *q, lk_error *err);
/* server/page.c */
int lk_answer_page(lk_session *s, lk_request *q, lk_error *err);

#endif
