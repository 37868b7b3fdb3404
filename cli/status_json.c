/* `lk status --format json`: one object, for programs. */
#include "cli/status.h"

#include <string.h>

#include "cli/output.h"
#include "core/time.h"

static void add_text(const char *key, const char *text, lk_buf *b) {
	lk_buf_addf(b, "\"%s\":", key);
	if (text)
		lk_json_quote(text, strlen(text), b);
	else
		lk_buf_adds(b, "null");
}

static void add_number(const char *key, int64_t n, lk_buf *b) { lk_buf_addf(b, ",\"%s\":%lld", key, (long long)n); }

static void add_flag(const char *key, bool on, lk_buf *b) { lk_buf_addf(b, ",\"%s\":%s", key, on ? "true" : "false"); }

static void add_time(const char *key, int64_t us, lk_buf *b) {
	lk_buf_addf(b, ",\"%s\":", key);
	if (us == LK_NEVER) {
		lk_buf_adds(b, "null");
		return;
	}
	lk_buf_addc(b, '"');
	lk_time_print(us, b);
	lk_buf_addc(b, '"');
}

static void add_stream(const lk_stream_status *r, lk_buf *b) {
	lk_buf_addc(b, '{');
	add_text("stream", r->stream->stream->name, b);
	add_number("partitions", r->stream->stream->partitions, b);
	add_number("events", r->events, b);
	add_time("newest_event", r->high, b);
	add_time("last_append", r->last_at, b);
	add_number("rejected_lines", r->counts.lines, b);
	add_number("marked_events", r->counts.marked, b);
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
	add_time("from", r->from == INT64_MIN ? LK_NEVER : r->from, b);
	add_time("to", r->to == INT64_MAX ? LK_NEVER : r->to, b);
	lk_buf_addc(b, '}');
}

static void add_replay(const lk_copy_status *c, lk_buf *b) {
	lk_status_replay r;
	if (!lk_status_replaying(c)) {
		lk_buf_adds(b, ",\"replay\":null");
		return;
	}
	lk_status_progress(c, &r);
	lk_buf_adds(b, ",\"replay\":{");
	add_text("phase", c->replay.phase, b);
	add_flag("running", c->replay.running, b);
	add_number("done", r.done, b);
	add_number("total", r.total, b);
	add_time("started_at", c->replay.started_at, b);
	if (r.rate < 0)
		lk_buf_adds(b, ",\"events_per_s\":null,\"eta_s\":null}");
	else
		lk_buf_addf(b, ",\"events_per_s\":%.0f,\"eta_s\":%.1f}", r.rate, r.eta_s);
}

static void add_digest(const lk_copy_status *c, lk_buf *b) {
	lk_buf_addc(b, ',');
	add_text("digest", c->digest[0] ? c->digest : NULL, b);
	lk_buf_adds(b, c->digest[0] ? ",\"digest_covers\":[" : ",\"digest_covers\":null");
	for (int p = 0; c->digest[0] && p < c->partitions; p++)
		lk_buf_addf(b, "%s%lld", p ? "," : "", (long long)c->digest_end[p]);
	lk_buf_adds(b, c->digest[0] ? "]" : "");
}

static void add_part(const lk_part_status *r, lk_buf *b) {
	lk_buf_addf(b, "{\"taken\":%s", r->taken ? "true" : "false");
	add_number("cut", r->cut, b);
	add_number("cursor", r->cursor, b);
	add_number("tail", r->tail, b);
	add_number("segments", r->segments, b);
	add_number("redis_bytes", r->bytes, b);
	add_time("watermark", r->watermark, b);
	add_time("last_append", r->last_at, b);
	add_flag("idle", r->idle, b);
	lk_buf_addc(b, '}');
}

static void add_identity(const lk_copy_status *c, lk_buf *b) {
	add_text("view", c->copy->version->view->name, b);
	add_number("version", c->copy->version->number, b);
	add_number("copy", c->copy->id, b);
	lk_buf_addf(b, ",\"mode\":\"%s\",\"state\":\"%s\",", c->copy->kappa ? "kappa" : "lambda",
	            lk_copy_state_name(c->copy->state));
	add_text("name", c->copy->name, b);
	add_range(c->copy, b);
	add_flag("served", c->served, b);
	add_flag("former", c->former, b);
}

static void add_copy(const lk_copy_status *c, bool digest, lk_buf *b) {
	lk_buf_addc(b, '{');
	add_identity(c, b);
	add_number("below_cut", c->cut, b);
	add_time("batch_published_at", c->counts.published_at, b);
	add_number("covered", c->covered, b);
	add_number("tail", c->tail, b);
	add_number("lag", lk_status_lag(c), b);
	add_time("watermark", c->watermark, b);
	add_number("late", c->counts.late, b);
	add_number("redis_bytes", c->bytes, b);
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

void lk_status_json(const lk_status_report *s) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, "{\"streams\":[");
	for (int i = 0; i < s->nstreams; i++) {
		lk_buf_adds(&b, i ? "," : "");
		add_stream(&s->streams[i], &b);
	}
	lk_buf_adds(&b, "],\"views\":[");
	for (int i = 0; i < s->ncopies; i++) {
		lk_buf_adds(&b, i ? "," : "");
		add_copy(&s->copies[i], s->digest, &b);
	}
	lk_buf_adds(&b, "]}\n");
	lk_put_buf(&b);
	lk_buf_release(&b);
}
