/* `lk status --format json`: one object, for programs. */
#include "status/status.h"

#include <string.h>

#include "core/time.h"
#include "print/json.h"

static void add_stream(const lk_stream_status *r, lk_buf *b) {
	lk_buf_adds(b, "{\"stream\":");
	lk_json_text(r->stream->stream->name, b);
	lk_json_member("log", r->stream->stream->log, b);
	lk_json_flag("served", r->stream->served, b);
	lk_json_int("partitions", r->stream->stream->partitions, b);
	lk_json_int("events", r->events, b);
	lk_json_time("newest_event", r->high, b);
	lk_json_time("last_append", r->last_at, b);
	lk_json_int("rejected_lines", r->counts.lines, b);
	lk_json_int("unfinished_erasures", r->counts.unfinished, b);
	lk_json_int("marked_events", r->counts.marked, b);
	lk_buf_addc(b, '}');
}

/* --- a copy --- */

static void add_range(const lk_cat_copy *k, lk_buf *b) {
	const lk_range *r = &k->range;
	if (k->state != LK_COPY_SANDBOX) {
		lk_buf_adds(b, ",\"range\":null");
		return;
	}
	lk_buf_addf(b, ",\"range\":{\"by\":\"%s\"", r->by == LK_BY_AT ? "_at" : "event");
	lk_json_time("from", r->from == INT64_MIN ? LK_NEVER : r->from, b);
	lk_json_time("to", r->to == INT64_MAX ? LK_NEVER : r->to, b);
	lk_buf_addc(b, '}');
}

static void add_replay(const lk_copy_status *c, lk_buf *b) {
	lk_status_replay r;
	if (!lk_status_replaying(c)) {
		lk_buf_adds(b, ",\"replay\":null");
		return;
	}
	lk_status_progress(c, &r);
	lk_buf_adds(b, ",\"replay\":{\"phase\":");
	lk_json_text(c->replay.phase, b);
	lk_json_flag("running", c->replay.running, b);
	lk_json_flag("differs", c->replay.differs, b);
	lk_json_int("done", r.done, b);
	lk_json_int("total", r.total, b);
	lk_json_time("started_at", c->replay.started_at, b);
	if (r.rate < 0)
		lk_buf_adds(b, ",\"events_per_s\":null,\"eta_s\":null}");
	else
		lk_buf_addf(b, ",\"events_per_s\":%.0f,\"eta_s\":%.1f}", r.rate, r.eta_s);
}

static void add_digest(const lk_copy_status *c, lk_buf *b) {
	lk_json_member("digest", c->digest[0] ? c->digest : NULL, b);
	if (c->digest[0])
		lk_json_offsets("digest_covers", &c->digest_end, b);
	else
		lk_json_member("digest_covers", NULL, b);
}

static void add_part(const lk_part_status *r, lk_buf *b) {
	lk_buf_addf(b, "{\"taken\":%s", r->taken ? "true" : "false");
	lk_json_int("cut", r->cut, b);
	lk_json_int("cursor", r->cursor, b);
	lk_json_int("tail", r->tail, b);
	lk_json_int("segments", r->segments, b);
	lk_json_int("redis_bytes", r->bytes, b);
	lk_json_time("watermark", r->watermark, b);
	lk_json_time("last_append", r->last_at, b);
	lk_json_flag("idle", r->idle, b);
	lk_buf_addc(b, '}');
}

static void add_identity(const lk_copy_status *c, lk_buf *b) {
	lk_buf_adds(b, "{\"view\":");
	lk_json_text(c->copy->version->view->name, b);
	lk_json_int("version", c->copy->version->number, b);
	lk_json_int("copy", c->copy->id, b);
	lk_json_member("mode", c->copy->kappa ? "kappa" : "lambda", b);
	lk_json_member("state", lk_copy_state_name(c->copy->state), b);
	lk_json_member("name", c->copy->name, b);
	add_range(c->copy, b);
	lk_json_flag("served", c->served, b);
	lk_json_flag("former", c->former, b);
}

static void add_copy(const lk_copy_status *c, bool digest, lk_buf *b) {
	add_identity(c, b);
	lk_json_int("below_cut", c->cut, b);
	lk_json_time("batch_published_at", c->counts.published_at, b);
	if (c->beyond)
		lk_buf_addf(b, ",\"covered\":null,\"tail\":%lld,\"lag\":null", (long long)c->tail);
	else
		lk_buf_addf(b, ",\"covered\":%lld,\"tail\":%lld,\"lag\":%lld", (long long)c->covered, (long long)c->tail,
		            (long long)lk_status_lag(c));
	lk_json_time("watermark", c->watermark, b);
	lk_json_int("late", c->counts.late, b);
	lk_json_int("redis_bytes", c->bytes, b);
	add_replay(c, b);
	if (digest)
		add_digest(c, b);
	lk_buf_adds(b, ",\"partitions\":[");
	for (int p = 0; p < c->partitions; p++) {
		lk_buf_adds(b, p ? "," : "");
		add_part(&c->part[p], b);
	}
	lk_buf_adds(b, "]}");
}

static void add_delivery(const lk_delivery_status *s, lk_buf *b) {
	const lk_delivery *d = s->delivery;
	lk_buf_adds(b, "{\"delivery\":");
	lk_json_text(d->name, b);
	lk_json_member("stream", d->stream, b);
	lk_json_member("to", d->target, b);
	lk_json_flag("running", d->running, b);
	if (s->behind < 0)
		lk_buf_adds(b, ",\"behind\":null");
	else
		lk_json_int("behind", s->behind, b);
	lk_json_int("delivered", d->rows, b);
	lk_json_time("last", d->succeeded_at, b);
	lk_json_time("failing_since", d->failing_since, b);
	lk_json_member("error", d->error, b);
	lk_buf_addc(b, '}');
}

void lk_status_json(const lk_status_report *s, lk_sink *out) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, "{\"streams\":[");
	for (int i = 0; i < s->nstreams; i++) {
		lk_buf_adds(&b, i ? "," : "");
		add_stream(&s->streams[i], &b);
	}
	lk_buf_adds(&b, "],\"derived\":[");
	for (int i = 0; i < s->nderived; i++) {
		lk_buf_adds(&b, i ? ",{\"stream\":" : "{\"stream\":");
		const lk_cat_copy *copy = s->derived[i].copy;
		lk_json_text(copy->version->view->name, &b);
		lk_json_member("from", copy->version->reads->stream->name, &b);
		lk_json_int("read", s->derived[i].read, &b);
		lk_json_int("lag", s->derived[i].tail - s->derived[i].read, &b);
		lk_json_int("version", copy->version->number, &b);
		lk_json_int("copy", copy->id, &b);
		lk_json_member("state", lk_copy_role(copy), &b);
		lk_json_member("log", copy->log->stream->log, &b);
		lk_buf_addc(&b, '}');
	}
	lk_buf_adds(&b, "],\"views\":[");
	for (int i = 0; i < s->ncopies; i++) {
		lk_buf_adds(&b, i ? "," : "");
		add_copy(&s->copies[i], s->digest, &b);
	}
	lk_buf_adds(&b, "],\"deliveries\":[");
	for (int i = 0; i < s->ndeliveries; i++) {
		lk_buf_adds(&b, i ? "," : "");
		add_delivery(&s->delivered[i], &b);
	}
	lk_buf_adds(&b, "]}\n");
	lk_sink_put_buf(out, &b);
	lk_buf_release(&b);
}
