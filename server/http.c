/* A request goes through three calls of on_request. The first one has its header: what is refused with a body still to
 * come is refused here, which closes the connection. The second one has all of it, and either answers or suspends the
 * connection and hands the request to a worker. The third one comes when the worker has resumed it, and sends.
 *
 * The library's thread alone has the list of exchanges, so nothing in it is locked; a worker touches only the request
 * of the exchange that it was given. */
#include "server/http.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/flag.h"
#include "core/time.h"
#include "server/guard.h"
#include "server/live.h"

enum {
	SPARE_CONNECTIONS = 32,        /* beyond the limit: to be told so */
	CONNECTION_BYTES = 32 << 10,   /* of a request's header, and of what is read and written at once */
	AT_ONCE_BYTES = 64 << 10,      /* an answer up to this size is handed to the library as a whole */
	BLOCK_BYTES = 32 << 10,
	PAIRS_MOST = 64,
	UPLOADS_MOST = 16,             /* bodies of full size that are held at once */
	STOP_MS = 500,
};

struct lk_http {
	lk_service *service;
	lk_pool *pool;
	const char *token;
	struct MHD_Daemon *daemon;
	struct exchange *first;        /* under way */
	atomic_int under_way;
	int64_t uploaded;              /* bytes of bodies that are held */
};

enum phase { PHASE_NEW, PHASE_READ, PHASE_WORKING, PHASE_SENT };

/* A request and what becomes of it. */
typedef struct exchange {
	lk_http *http;
	struct MHD_Connection *connection;
	lk_request request;
	lk_job job;
	enum phase phase;
	int64_t began_us, sending_us;
	struct sockaddr_in6 from;      /* of the client; only its address counts */
	struct exchange *next, *former;
} exchange;

/* --- what a client sent --- */

static const char *header(struct MHD_Connection *c, const char *name) {
	return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

static enum MHD_Result add_pair(void *asked, enum MHD_ValueKind kind, const char *name, const char *value) {
	lk_asked *a = asked;
	struct lk_asked_pair *pairs = (struct lk_asked_pair *)a->query;
	(void)kind;
	if (a->nquery < PAIRS_MOST)
		pairs[a->nquery] = (struct lk_asked_pair){name, value};
	a->nquery++;
	return MHD_YES;
}

static size_t leave_encoded(void *ctx, struct MHD_Connection *c, char *text) {
	(void)ctx;
	(void)c;
	return strlen(text);
}

static struct sockaddr_in6 address_of(struct MHD_Connection *c) {
	struct sockaddr_in6 from = {0};
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *a = info ? info->client_addr : NULL;
	if (a && a->sa_family == AF_INET6)
		from.sin6_addr = ((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;
	else if (a && a->sa_family == AF_INET)
		memcpy(&from.sin6_addr, &((const struct sockaddr_in *)(const void *)a)->sin_addr, sizeof(struct in_addr));
	return from;
}

static int of_client(const exchange *x) {
	int n = 0;
	for (const exchange *o = x->http->first; o; o = o->next)
		n += o->phase != PHASE_SENT && !memcmp(&o->from.sin6_addr, &x->from.sin6_addr, sizeof o->from.sin6_addr);
	return n;
}

/* --- who may ask --- */

static bool refuse(exchange *x, int status, const char *detail, const char *hint) {
	lk_reply_problem(&x->request.reply, status, detail, hint);
	return false;
}

static bool has_body(struct MHD_Connection *c) {
	const char *length = header(c, "Content-Length");
	return (length && strcmp(length, "0")) || header(c, "Transfer-Encoding");
}

static bool within_limits(exchange *x) {
	const lk_service *s = x->http->service;
	const lk_web_limits *most = &s->options->limits;
	if (lk_flag_is_set(&s->stopping))
		return refuse(x, 503, "the server is stopping", "");
	if (atomic_load(&s->counts.connections) > most->connections)
		return refuse(x, 503, "the server has as many connections as it takes", "try again later");
	if (of_client(x) > most->of_client)
		return refuse(x, 429, "this client has too many requests under way", "wait for their answers first");
	return true;
}

static bool is_trusted(exchange *x) {
	const lk_web_options *o = x->http->service->options;
	struct MHD_Connection *c = x->connection;
	const char *host = header(c, "Host");
	if (!lk_host_allowed(host, o->hosts, o->nhosts))
		return refuse(x, 421, "this server does not have the name in Host", "lk serve --host NAME adds one");
	if (!lk_origin_allowed(header(c, "Origin"), host))
		return refuse(x, 403, "pages of other sites may not ask this server", "");
	const lk_route *r = x->request.route;
	if (x->http->token && !(r && r->open) && !lk_token_shown(x->http->token, header(c, "Authorization")))
		return refuse(x, 401, "this server wants a token", "send it as Authorization: Bearer TOKEN");
	return true;
}

static bool read_request(exchange *x, const char *url, const char *method) {
	struct MHD_Connection *c = x->connection;
	struct lk_asked_pair pairs[PAIRS_MOST];
	lk_asked a = {.path = url, .query = pairs, .accept = header(c, "Accept"), .accept_encoding = header(c, "Accept-Encoding"),
	              .last_event = header(c, "Last-Event-ID"), .key = header(c, "Idempotency-Key"), .head = !strcmp(method, "HEAD")};
	MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, add_pair, &a);
	if (a.nquery > PAIRS_MOST)
		return refuse(x, 400, "the query has too many parameters", "");
	bool understood = lk_request_read(&x->request, &a);
	bool trusted = is_trusted(x);   /* who is not learns nothing of what there is */
	return understood && trusted;
}

/* --- a body --- */

/* The format that Content-Type says. A form of another site can say none of these. */
static const char *format_of_body(const char *type) {
	static const char *const formats[][2] = {{"application/x-ndjson", "jsonl"}, {"application/jsonl", "jsonl"}, {"text/csv", "csv"}};
	size_t len = type ? strcspn(type, "; \t") : 0;
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (strlen(formats[i][0]) == len && !strncasecmp(formats[i][0], type, len))
			return formats[i][1];
	return NULL;
}

static bool may_post(exchange *x) {
	const lk_web_options *o = x->http->service->options;
	const char *length = header(x->connection, "Content-Length");
	if (!o->write)
		return refuse(x, 403, "this server takes no events", "start it as lk serve --write");
	x->request.body_format = format_of_body(header(x->connection, "Content-Type"));
	if (!x->request.body_format)
		return refuse(x, 415, "the body is of no format that is known", "Content-Type: application/x-ndjson, or text/csv");
	if (length && (strlen(length) > 15 || atoll(length) > o->limits.upload_bytes))
		return refuse(x, 413, "the body is larger than a request may bring", "send it in parts, each with a key of its own");
	return true;
}

/* A body that comes too slowly ends its connection; what is too large is read no further. */
static enum MHD_Result take_body(exchange *x, const char *data, size_t *size) {
	const lk_web_limits *most = &x->http->service->options->limits;
	lk_buf *b = &x->request.body;
	bool late = lk_monotonic_us() > x->began_us + most->time_us;
	if (late || (int64_t)(b->len + *size) > most->upload_bytes ||
	    x->http->uploaded + (int64_t)*size > UPLOADS_MOST * most->upload_bytes) {
		atomic_fetch_add(&x->http->service->counts.dropped, 1);
		return MHD_NO;
	}
	lk_buf_add(b, data, *size);
	x->http->uploaded += (int64_t)*size;
	*size = 0;
	return MHD_YES;
}

/* --- sending --- */

/* Called for the next bytes of a long answer whenever the client has taken those before. */
static ssize_t next_bytes(void *of, uint64_t at, char *out, size_t most) {
	exchange *x = of;
	const lk_buf *b = &x->request.reply.body;
	lk_service *s = x->http->service;
	const lk_web_limits *limits = &s->options->limits;
	int64_t us = lk_monotonic_us() - x->sending_us;
	if (us > limits->idle_s * LK_US_PER_S && (int64_t)at < us / LK_US_PER_S * limits->bytes_per_s) {
		atomic_fetch_add(&s->counts.dropped, 1);
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	size_t n = b->len - (size_t)at < most ? b->len - (size_t)at : most;
	memcpy(out, b->data + at, n);
	return (ssize_t)n;
}

static void pause_connection(void *connection) { MHD_suspend_connection(connection); }
static void wake_connection(void *connection) { MHD_resume_connection(connection); }
const lk_feed_calls lk_http_feed_calls = {pause_connection, wake_connection};

/* The same of an answer that goes on. The library's clock stands still while the connection is suspended. */
static ssize_t next_event(void *of, uint64_t at, char *out, size_t most) {
	exchange *x = of;
	(void)at;
	ssize_t n = lk_follower_read(x->request.follower, out, most, x->connection);
	if (n == -2)
		atomic_fetch_add(&x->http->service->counts.dropped, 1);
	return n >= 0 ? n : n == -1 ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
}

/* To a HEAD the library would send some bytes of a body of unknown length. */
static struct MHD_Response *make_response(exchange *x) {
	lk_buf *b = &x->request.reply.body;
	if (x->request.follower && !x->request.head)
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, next_event, x, NULL);
	if (b->len > AT_ONCE_BYTES)
		return MHD_create_response_from_callback(b->len, BLOCK_BYTES, next_bytes, x, NULL);
	size_t len = b->len;
	return MHD_create_response_from_buffer(len, lk_buf_steal(b), MHD_RESPMEM_MUST_FREE);
}

static void add_headers(struct MHD_Response *m, const lk_reply *r, bool posts) {
	char seconds[16];
	MHD_add_response_header(m, "Content-Type", r->type);
	MHD_add_response_header(m, "Cache-Control", "no-store");
	MHD_add_response_header(m, "Vary", "Accept, Accept-Encoding");
	MHD_add_response_header(m, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(m, "Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; form-action 'none'");
	MHD_add_response_header(m, "Referrer-Policy", "no-referrer");
	if (r->compressed)
		MHD_add_response_header(m, "Content-Encoding", "gzip");
	if (r->status == 401)
		MHD_add_response_header(m, "WWW-Authenticate", "Bearer");
	if (r->status == 405)
		MHD_add_response_header(m, "Allow", posts ? "POST" : "GET, HEAD");
	if (r->retry_after_s) {
		snprintf(seconds, sizeof seconds, "%d", r->retry_after_s);
		MHD_add_response_header(m, "Retry-After", seconds);
	}
}

static enum MHD_Result send_reply(exchange *x) {
	lk_reply *r = &x->request.reply;
	r->status = r->status ? r->status : 200;
	struct MHD_Response *m = make_response(x);
	add_headers(m, r, x->request.route && x->request.route->posts);
	if (r->status == 503 && lk_flag_is_set(&x->http->service->stopping))
		MHD_add_response_header(m, "Connection", "close");
	x->phase = PHASE_SENT;
	x->sending_us = lk_monotonic_us();
	enum MHD_Result queued = MHD_queue_response(x->connection, (unsigned)r->status, m);
	MHD_destroy_response(m);
	return queued;
}

/* --- an exchange --- */

static exchange *begin(lk_http *h, struct MHD_Connection *c) {
	exchange *x = lk_calloc(1, sizeof *x);
	*x = (exchange){.http = h, .connection = c, .request.service = h->service, .began_us = lk_monotonic_us(),
	                .from = address_of(c), .next = h->first};
	if (h->first)
		h->first->former = x;
	h->first = x;
	atomic_fetch_add(&h->under_way, 1);
	return x;
}

static void on_done(lk_job *job) {
	exchange *x = (exchange *)((char *)job - offsetof(exchange, job));
	MHD_resume_connection(x->connection);
}

/* Suspended first: a worker may be done at once. */
static enum MHD_Result hand_to_worker(exchange *x) {
	x->phase = PHASE_WORKING;
	x->job = (lk_job){.request = &x->request, .done = on_done,
	                  .deadline_us = x->began_us + x->http->service->options->limits.time_us};
	MHD_suspend_connection(x->connection);
	if (!lk_pool_push(x->http->pool, &x->job)) {
		lk_reply_problem(&x->request.reply, 503, "too many requests wait for their turn", "try again later");
		MHD_resume_connection(x->connection);
	}
	return MHD_YES;
}

static enum MHD_Result answer(exchange *x) {
	lk_request *q = &x->request;
	lk_error err = {0};
	if (q->reply.failed)
		return send_reply(x);
	if (q->route->needs)
		return hand_to_worker(x);
	lk_session none = {.service = q->service};
	if (q->route->answer(&none, q, &err) != LK_OK)
		lk_request_failure(q->service, &q->reply, q->reply.status, &err);
	return send_reply(x);
}

/* What is refused with a body still to come is refused at once. */
static enum MHD_Result begin_request(exchange *x, const char *url, const char *method) {
	bool reads = !strcmp(method, "GET") || !strcmp(method, "HEAD"), posts = !strcmp(method, "POST"), body = has_body(x->connection);
	bool good = within_limits(x) && read_request(x, url, method);
	if (good && x->request.route->posts && !posts)
		good = refuse(x, 405, "events are appended here", "use POST");
	else if (good && !x->request.route->posts && !reads)
		good = refuse(x, 405, "this can only be read", "use GET");
	else if (good && posts)
		good = may_post(x);
	else if (good && body)
		good = refuse(x, 413, "a request to read has no body", "");
	return !good && (body || !reads) ? send_reply(x) : MHD_YES;
}

static enum MHD_Result on_request(void *http, struct MHD_Connection *c, const char *url, const char *method, const char *version,
                                  const char *upload, size_t *upload_size, void **ctx) {
	exchange *x = *ctx;
	(void)version;
	if (!x) {
		x = *ctx = begin(http, c);
		return begin_request(x, url, method);
	}
	if (x->phase == PHASE_NEW && *upload_size && x->request.body_format)
		return take_body(x, upload, upload_size);
	if (x->phase == PHASE_NEW && !*upload_size) {
		x->phase = PHASE_READ;
		return answer(x);
	}
	*upload_size = 0;
	return x->phase == PHASE_WORKING ? send_reply(x) : MHD_YES;
}

static void on_end(void *http, struct MHD_Connection *c, void **ctx, enum MHD_RequestTerminationCode how) {
	lk_http *h = http;
	exchange *x = *ctx;
	(void)c;
	if (!x)
		return;
	if (how == MHD_REQUEST_TERMINATED_TIMEOUT_REACHED)
		atomic_fetch_add(&h->service->counts.dropped, 1);
	const lk_route *r = x->request.route;
	lk_counts_add(&h->service->counts, r ? (int)(r - h->service->routes) : -1, x->request.reply.status,
	              (x->request.follower ? x->sending_us : lk_monotonic_us()) - x->began_us);
	if (x->next)
		x->next->former = x->former;
	*(x->former ? &x->former->next : &h->first) = x->next;
	if (x->request.follower)
		lk_live_leave(h->service->live, x->request.follower);
	atomic_fetch_sub(&h->under_way, 1);
	h->uploaded -= (int64_t)x->request.body.len;
	lk_request_release(&x->request);
	free(x);
	*ctx = NULL;
}

static void on_connection(void *http, struct MHD_Connection *c, void **ctx, enum MHD_ConnectionNotificationCode what) {
	lk_http *h = http;
	(void)c;
	(void)ctx;
	atomic_fetch_add(&h->service->counts.connections, what == MHD_CONNECTION_NOTIFY_STARTED ? 1 : -1);
}

/* --- the daemon --- */

int lk_http_start(lk_http **out, lk_service *service, lk_pool *pool, int fd, const char *token, lk_error *err) {
	const lk_web_limits *most = &service->options->limits;
	lk_http *h = lk_calloc(1, sizeof *h);
	*h = (lk_http){.service = service, .pool = pool, .token = token};
	h->daemon = MHD_start_daemon(MHD_USE_AUTO_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, h,
		MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)(most->connections + SPARE_CONNECTIONS),
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)most->idle_s,
		MHD_OPTION_UNESCAPE_CALLBACK, leave_encoded, NULL,
		MHD_OPTION_NOTIFY_COMPLETED, on_end, h,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, h,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
		MHD_OPTION_END);
	if (!h->daemon) {
		free(h);
		return lk_fail(err, LK_EINTERNAL, "libmicrohttpd cannot start");
	}
	*out = h;
	return LK_OK;
}

void lk_http_quiesce(lk_http *h) { MHD_quiesce_daemon(h->daemon); }

void lk_http_stop(lk_http *h) {
	for (int ms = 0; ms < STOP_MS && atomic_load(&h->under_way) > 0; ms += 5)
		usleep(5000);
	MHD_stop_daemon(h->daemon);
	free(h);
}
