#include "server/routes.h"

#include "options/answer_args.h"
#include "options/late_args.h"
#include "options/tail_args.h"

/* An answer's bounds, of which a client can ask for less than the server's own. */
#define BOUND_OPTIONS \
	{"max-rows", "N", "give up if the answer would need more rows, before where and limit remove any", false}, \
	{"max-memory", "SIZE", "give up if the rows and their parts would take more memory: 16MB", false}, \
	{"timeout", "INTERVAL", "give up after this time", false}

#define BOTH (LK_NEEDS_POSTGRES | LK_NEEDS_REDIS)

const lk_route lk_routes[] = {
	{.path = "/api/v1/views", .summary = "the views that are declared",
	 .media = {LK_MEDIA_JSON}, .nmedia = 1, .needs = LK_NEEDS_POSTGRES, .answer = lk_answer_views},
	{.path = "/api/v1/views/{view}", .summary = "one view: its definition, its columns, its window, and how far it has come",
	 .media = {LK_MEDIA_JSON}, .nmedia = 1, .needs = BOTH, .answer = lk_answer_view},
	{.path = "/api/v1/views/{view}/rows", .summary = "rows of a view, merged from batch and speed, as of lk query",
	 .media = {LK_MEDIA_JSON, LK_MEDIA_JSONL, LK_MEDIA_CSV}, .nmedia = 3, .needs = BOTH, .answer = lk_answer_view_rows,
	 .options = {LK_CELLS_OPTIONS, BOUND_OPTIONS, LK_ROWS_OPTIONS}},
	{.path = "/api/v1/views/{view}/live", .summary = "rows of a view, then what changes, as server-sent events",
	 .media = {LK_MEDIA_EVENTS}, .nmedia = 1, .needs = BOTH, .answer = lk_answer_view_live,
	 .options = {LK_CELLS_OPTIONS, LK_ROWS_OPTIONS}},
	{.path = "/api/v1/views/{view}/explain", .summary = "how a view is computed, or the part of each row from each layer, as of lk explain",
	 .media = {LK_MEDIA_TEXT, LK_MEDIA_JSON}, .nmedia = 2, .needs = BOTH, .answer = lk_answer_explain,
	 .options = {LK_CELLS_OPTIONS, BOUND_OPTIONS}},
	{.path = "/api/v1/streams/{stream}/rows", .summary = "rows of a stream as the log has them, as of lk tail",
	 .media = {LK_MEDIA_JSON, LK_MEDIA_JSONL, LK_MEDIA_CSV}, .nmedia = 3, .needs = LK_NEEDS_POSTGRES, .answer = lk_answer_stream_rows,
	 .options = {LK_PLACE_OPTIONS}},
	{.path = "/api/v1/streams/{stream}/live", .summary = "the last rows of a stream, then each new one, as server-sent events",
	 .media = {LK_MEDIA_EVENTS}, .nmedia = 1, .needs = LK_NEEDS_POSTGRES, .answer = lk_answer_stream_live,
	 .options = {LK_FOLLOW_OPTIONS}},
	{.path = "/api/v1/streams/{stream}/events", .summary = "appends the events of the body, as of lk ingest, once for each Idempotency-Key; only of "
	 "lk serve --write", .media = {LK_MEDIA_JSON}, .nmedia = 1, .posts = true, .needs = LK_NEEDS_POSTGRES, .answer = lk_answer_append},
	{.path = "/api/v1/late/{view}", .summary = "the events that came too late for a view, as of lk late",
	 .media = {LK_MEDIA_JSON, LK_MEDIA_JSONL, LK_MEDIA_CSV}, .nmedia = 3, .needs = LK_NEEDS_POSTGRES, .answer = lk_answer_late,
	 .options = {LK_LATE_OPTIONS}},
	{.path = "/api/v1/status", .summary = "streams, views, cuts, cursors, lag and watermarks, as of lk status",
	 .media = {LK_MEDIA_JSON}, .nmedia = 1, .needs = BOTH, .answer = lk_answer_status},
	{.path = "/api/v1/openapi.json", .summary = "this description",
	 .media = {LK_MEDIA_JSON}, .nmedia = 1, .answer = lk_answer_openapi},
	{.path = "/", .summary = "the live page", .media = {LK_MEDIA_PAGE}, .nmedia = 1, .open = true, .page = true, .answer = lk_answer_page},
	{.path = "/page/{file}", .summary = "a file of it", .media = {LK_MEDIA_PAGE}, .nmedia = 1, .open = true, .page = true,
	 .answer = lk_answer_page},
	{.path = "/metrics", .summary = "metrics for Prometheus",
	 .media = {LK_MEDIA_METRICS}, .nmedia = 1, .needs = LK_NEEDS_WORKER, .answer = lk_answer_metrics},
	{.path = "/livez", .summary = "answers as long as the process works",
	 .media = {LK_MEDIA_TEXT}, .nmedia = 1, .open = true, .answer = lk_answer_alive},
	{.path = "/readyz", .summary = "whether both servers answer, with the reason if not",
	 .media = {LK_MEDIA_JSON}, .nmedia = 1, .needs = LK_NEEDS_WORKER, .answer = lk_answer_ready},
};
const int lk_nroutes = sizeof lk_routes / sizeof *lk_routes;
