/* Events that a client appends. A request has a key; key and digest of the body together are the name of a source, so what the
 * log keeps of sources says how much of the body it has: the same request again appends what is missing, or nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "catalog/tail.h"
#include "core/digest.h"
#include "core/fault.h"
#include "core/time.h"
#include "event_log/rejected_report.h"
#include "ingest/ingest.h"
#include "print/json.h"
#include "server/routes.h"

enum { KEY_MOST = 128, REJECTS_SHOWN = 100 };

typedef struct appending {
	const lk_cat_stream *stream;
	char prefix[KEY_MOST + 16], source[KEY_MOST + 64];
	char path[64];
	int fd;
	lk_ingest_options options;
} appending;

/* --- what is asked for --- */

static int read_key(lk_request *q, appending *a, lk_error *err) {
	const char *key = q->key;
	size_t len = key ? strlen(key) : 0;
	bool quoted = len >= 2 && key[0] == '"' && key[len - 1] == '"';
	key += quoted;
	len -= quoted ? 2 : 0;
	bool plain = len > 0 && len <= KEY_MOST;
	for (size_t i = 0; i < len && plain; i++)
		plain = key[i] > ' ' && key[i] < 0x7f && key[i] != '"';
	if (!plain) {
		lk_fail(err, LK_EUSAGE, q->key ? "Idempotency-Key is not 1 to %d visible characters of ASCII" : "events need an Idempotency-Key", KEY_MOST);
		return lk_hint(err, "send a new random one with each request, and the same one if its answer did not come");
	}
	char digest[33];
	lk_digest d;
	lk_digest_init(&d, 0, 0);
	lk_digest_add(&d, q->body.data ? q->body.data : "", q->body.len);
	lk_digest_end(&d, digest);
	snprintf(a->prefix, sizeof a->prefix, "request %.*s ", (int)len, key);
	snprintf(a->source, sizeof a->source, "%s%s", a->prefix, digest);
	return LK_OK;
}

static int find_stream(lk_session *s, lk_request *q, lk_catalog **c, appending *a, lk_error *err) {
	int rc = lk_current_get(s->service->current, &s->pg, true, c, err);
	if (rc == LK_OK && (rc = lk_catalog_need_stream(*c, q->operand, &a->stream, err)) == LK_EUSAGE)
		q->reply.status = 404;
	if (rc == LK_OK && a->stream->of_copy)
		rc = lk_fail(err, LK_EUSAGE, "%s is a derived stream: its definition fills it", q->operand);
	return rc;
}

/* One request with this key at a time, in all processes: the session has a lock until it is given back. */
static int lock_key(lk_session *s, lk_request *q, const appending *a, bool on, lk_error *err) {
	char id[24];
	PGresult *res = NULL;
	const char *sql = on ? "SELECT pg_try_advisory_lock(hashtextextended($1 || ' ' || $2, 0))" : "SELECT pg_advisory_unlock(hashtextextended($1 || ' ' || $2, 0))";
	int rc = lk_pg_exec(&s->pg, &res, err, sql, 2, (const char *const[]){lk_pg_number(id, a->stream->id), a->prefix});
	bool got = rc == LK_OK && PQgetvalue(res, 0, 0)[0] == 't';
	PQclear(res);
	if (rc != LK_OK || got)
		return rc;
	q->reply.status = 409;
	lk_fail(err, LK_EBUSY, "a request with this Idempotency-Key is under way");
	return lk_hint(err, "wait for its answer, or send it again");
}

static int check_body(lk_session *s, lk_request *q, const appending *a, lk_error *err) {
	char *name = NULL;
	int rc = lk_source_beginning(&s->pg, a->stream, a->prefix, &name, err);
	if (rc == LK_OK && name && strcmp(name, a->source)) {
		q->reply.status = 422;
		lk_fail(err, LK_EUSAGE, "this Idempotency-Key came with another body before");
		rc = lk_hint(err, "a new body needs a new key");
	}
	free(name);
	return rc;
}

/* --- the body as a file --- */

static int write_all(int fd, const char *data, size_t len) {
	while (len > 0) {
		ssize_t n = write(fd, data, len);
		if (n <= 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static bool is_packed(const lk_buf *b) { return b->len > 1 && (uint8_t)b->data[0] == 0x1f && (uint8_t)b->data[1] == 0x8b; }

/* A last line without an end is whole, since nothing will be added. */
static int open_body(const lk_request *q, appending *a, lk_error *err) {
	const lk_buf *b = &q->body;
	a->fd = memfd_create("body", MFD_CLOEXEC);
	if (a->fd < 0 || (b->len && write_all(a->fd, b->data, b->len)) ||
	    (b->len && !is_packed(b) && b->data[b->len - 1] != '\n' && write_all(a->fd, "\n", 1)))
		return lk_fail(err, LK_EBUSY, "there is no memory for the body");
	snprintf(a->path, sizeof a->path, "/proc/self/fd/%d", a->fd);
	return LK_OK;
}

/* The events of the body, as the stream is declared now. */
static int count_events(const appending *a, int64_t *events, lk_error *err) {
	const lk_encoder_options o = {.stream = a->stream, .path = a->path, .format = a->options.format};
	lk_encoder *e = NULL;
	lk_encoded out = {.batch = lk_append_batch_new(a->stream)};
	int rc = lk_encoder_open(&e, &o, err);
	if (rc == LK_OK)
		rc = lk_encoder_begin(e, &(lk_source_file){.number = 1}, err);
	*events = 0;
	while (rc == LK_OK) {
		lk_append_batch_clear(out.batch);
		lk_kept_clear(&out.kept);
		lk_buf_clear(&out.notes);
		rc = lk_encoder_fill(e, &out, err);
		*events += (int64_t)lk_append_batch_events(out.batch);
	}
	lk_encoder_close(e);
	lk_append_batch_free(out.batch);
	lk_kept_release(&out.kept);
	lk_buf_release(&out.notes);
	return rc == LK_ENCODER_END ? LK_OK : rc;
}

/* --- the answer --- */

static int64_t line_of(const lk_request *q, int64_t position) {
	int64_t line = 1;
	for (int64_t i = 0; i < position && i < (int64_t)q->body.len; i++)
		line += q->body.data[i] == '\n';
	return line;
}

static void add_rejects(const lk_request *q, const lk_rejected_report *r, lk_buf *b) {
	lk_json_int("rejected", r->records, b);
	lk_buf_adds(b, ",\"rejects\":[");
	for (int i = 0; i < r->nfirst; i++) {
		lk_buf_addf(b, "%s{\"position\":%lld", i ? "," : "", (long long)r->first[i].position);
		if (!is_packed(&q->body))
			lk_json_int("line", line_of(q, r->first[i].position), b);
		lk_json_member("reason", r->first[i].reason, b);
		lk_buf_addc(b, '}');
	}
	lk_buf_addc(b, ']');
}

static int answer(lk_session *s, lk_request *q, const appending *a, int64_t events, lk_error *err) {
	lk_rejected_report r = {0};
	lk_frontier end;
	lk_buf *b = &q->reply.body;
	int rc = lk_rejected_report_read(&s->pg, a->stream, a->source, REJECTS_SHOWN, &r, err);
	if (rc == LK_OK)
		rc = lk_log_tail(&s->pg, a->stream, &end, err);
	if (rc == LK_OK) {
		lk_buf_adds(b, "{\"stream\":");
		lk_json_text(q->operand, b);
		lk_json_int("events", events, b);
		add_rejects(q, &r, b);
		lk_json_offsets("before", &end, b);
		lk_buf_adds(b, "}\n");
		q->reply.type = lk_media_type(LK_MEDIA_JSON);
	}
	lk_rejected_report_release(&r);
	return rc;
}

/* The path of the body means nothing to a client. */
static void name_body(const appending *a, lk_error *err) {
	char *at = strstr(err->text, a->path);
	size_t len = strlen(a->path);
	if (!at || !len)
		return;
	memmove(at + strlen("the body"), at + len, strlen(at + len) + 1);
	memcpy(at, "the body", strlen("the body"));
}

static int append(lk_session *s, lk_request *q, appending *a, lk_error *err) {
	lk_ingest_report r;
	int64_t events = 0, left = s->deadline_us - lk_monotonic_us();
	a->options.stream = a->stream;
	a->options.path = a->path;
	a->options.source = a->source;
	a->options.postgres = s->service->options->postgres;
	a->options.retry_us = left > 1 ? left : 1;
	a->options.stop = &s->service->stopping;
	int rc = lk_ingest_run(&a->options, &r, err);
	LK_CRASH_POINT("serve.appended");
	if (rc == LK_OK && r.stopped) {
		lk_fail(err, LK_EBUSY, "the server stopped before the end of the body");
		rc = lk_hint(err, "send it again with the same Idempotency-Key");
	}
	if (rc == LK_OK)
		rc = count_events(a, &events, err);
	name_body(a, err);
	return rc == LK_OK ? answer(s, q, a, events, err) : rc;
}

int lk_answer_append(lk_session *s, lk_request *q, lk_error *err) {
	appending a = {.fd = -1};
	lk_catalog *c = NULL;
	bool locked = false;
	int rc = lk_format_parse(q->body_format, &a.options.format, err);
	if (rc == LK_OK)
		rc = read_key(q, &a, err);
	if (rc == LK_OK)
		rc = find_stream(s, q, &c, &a, err);
	if (rc == LK_OK)
		rc = lock_key(s, q, &a, true, err);
	locked = rc == LK_OK;
	if (rc == LK_OK)
		rc = check_body(s, q, &a, err);
	if (rc == LK_OK)
		rc = open_body(q, &a, err);
	if (rc == LK_OK)
		rc = append(s, q, &a, err);
	if (locked && s->pg.conn)
		lock_key(s, q, &a, false, NULL);
	if (a.fd >= 0)
		close(a.fd);
	lk_catalog_release(c);
	return rc;
}
