#include "server/metrics.h"

#include <stdlib.h>

#include "core/time.h"
#include "serving/reader.h"

static void begin(const char *name, const char *kind, const char *help, lk_buf *b) {
	lk_buf_addf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

static void add_label(const char *name, const char *text, lk_buf *b) {
	lk_buf_addf(b, "%s%s=\"", b->data[b->len - 1] == '{' ? "" : ",", name);
	for (; *text; text++)
		if (*text == '\n')
			lk_buf_adds(b, "\\n");
		else
			lk_buf_addf(b, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
	lk_buf_addc(b, '"');
}

/* A time that there is not has no sample. */
static void add_seconds(int64_t us, lk_buf *b) { lk_buf_addf(b, "%.6f\n", (double)us / LK_US_PER_S); }

void lk_metrics_up(bool up, lk_buf *out) {
	begin("lk_up", "gauge", "Whether PostgreSQL and Redis answer.", out);
	lk_buf_addf(out, "lk_up %d\n", up);
}

/* --- streams --- */

enum stream_metric { STREAM_EVENTS, STREAM_REJECTED, STREAM_MARKED, STREAM_APPENDED, STREAM_NEWEST, STREAM_METRICS };
static const struct { const char *name, *kind, *help; } of_streams[STREAM_METRICS] = {
	[STREAM_EVENTS] = {"lk_stream_events_total", "counter", "Events in the log."},
	[STREAM_REJECTED] = {"lk_stream_rejected_lines_total", "counter", "Records that could not be events."},
	[STREAM_MARKED] = {"lk_stream_marked_events_total", "counter", "Events for which a clause of a view has no value."},
	[STREAM_APPENDED] = {"lk_stream_last_append_timestamp_seconds", "gauge", "When the last event was appended."},
	[STREAM_NEWEST] = {"lk_stream_newest_event_timestamp_seconds", "gauge", "The largest event time accepted."},
};

static int64_t stream_value(const lk_stream_status *s, enum stream_metric m) {
	switch (m) {
	case STREAM_EVENTS: return s->events;
	case STREAM_REJECTED: return s->counts.lines;
	case STREAM_MARKED: return s->counts.marked;
	case STREAM_APPENDED: return s->last_at;
	default: return s->high;
	}
}

static void add_streams(const lk_status_report *r, lk_buf *b) {
	for (int m = 0; m < STREAM_METRICS; m++) {
		begin(of_streams[m].name, of_streams[m].kind, of_streams[m].help, b);
		for (int i = 0; i < r->nstreams; i++) {
			int64_t value = stream_value(&r->streams[i], (enum stream_metric)m);
			bool is_time = m == STREAM_APPENDED || m == STREAM_NEWEST;
			if (is_time && value == LK_NEVER)
				continue;
			lk_buf_addf(b, "%s{", of_streams[m].name);
			add_label("stream", r->streams[i].stream->stream->name, b);
			lk_buf_adds(b, "} ");
			if (is_time)
				add_seconds(value, b);
			else
				lk_buf_addf(b, "%lld\n", (long long)value);
		}
	}
}

/* --- copies --- */

enum copy_metric {
	COPY_LAG, COPY_LAG_SECONDS, COPY_COVERED, COPY_WATERMARK, COPY_LATE, COPY_PUBLISHED, COPY_BATCH, COPY_CELLS, COPY_BYTES, COPY_SERVED,
	COPY_DONE, COPY_TOTAL, COPY_METRICS
};
static const struct { const char *name, *kind, *help; } of_copies[COPY_METRICS] = {
	[COPY_LAG] = {"lk_view_lag_events", "gauge", "Events of the log that an answer does not cover yet."},
	[COPY_LAG_SECONDS] = {"lk_view_lag_seconds", "gauge", "How long the oldest of them is in the log; 0 if there is none."},
	[COPY_COVERED] = {"lk_view_covered_events", "gauge", "Events of the log that an answer covers."},
	[COPY_WATERMARK] = {"lk_view_watermark_timestamp_seconds", "gauge", "How far event time has come in all partitions."},
	[COPY_LATE] = {"lk_view_late_events_total", "counter", "Events that the speed layer refused as late."},
	[COPY_PUBLISHED] = {"lk_view_batch_published_timestamp_seconds", "gauge", "When the published batch was published."},
	[COPY_BATCH] = {"lk_view_batch_duration_seconds", "gauge", "How long the published batch took."},
	[COPY_CELLS] = {"lk_view_batch_cells", "gauge", "Rows of the published batch."},
	[COPY_BYTES] = {"lk_view_redis_bytes", "gauge", "Memory that Redis uses for the copy."},
	[COPY_SERVED] = {"lk_view_served", "gauge", "Whether readers get this copy."},
	[COPY_DONE] = {"lk_view_replay_done_events", "gauge", "Events that a replay of the copy has folded."},
	[COPY_TOTAL] = {"lk_view_replay_total_events", "gauge", "Events that it has to fold."},
};

/* When the first event came that the copy does not cover; LK_NEVER: it covers all. */
static int first_uncovered(const lk_status_report *r, const lk_copy_status *c, int64_t *at, lk_error *err) {
	const lk_stream *stream = c->copy->version->view->stream->stream;
	lk_frontier next = {.n = c->partitions};
	*at = LK_NEVER;
	for (int p = 0; p < c->partitions; p++) {
		int64_t covered = c->part[p].cursor > c->part[p].cut ? c->part[p].cursor : c->part[p].cut;
		next.part[p].off = covered < c->part[p].tail ? covered + 1 : 0;
	}
	int rc = lk_frontier_last_at(r->pg, stream, &next, err);
	for (int p = 0; rc == LK_OK && p < c->partitions; p++)
		if (next.part[p].off && next.part[p].last_at != LK_NEVER && (*at == LK_NEVER || next.part[p].last_at < *at))
			*at = next.part[p].last_at;
	return rc;
}

/* What one copy says; LK_NEVER: it has no such value. Times and durations in microseconds. */
static int copy_values(const lk_status_report *r, const lk_copy_status *c, int64_t out[COPY_METRICS], lk_error *err) {
	lk_status_replay replay = {0};
	int64_t since = LK_NEVER;
	bool replays = lk_status_replaying(c);
	if (replays)
		lk_status_progress(c, &replay);
	int rc = c->beyond ? LK_OK : first_uncovered(r, c, &since, err);
	out[COPY_LAG] = c->beyond ? LK_NEVER : lk_status_lag(c);
	out[COPY_LAG_SECONDS] = c->beyond ? LK_NEVER : since == LK_NEVER ? 0 : lk_later(lk_time_now() - since, 0);
	out[COPY_COVERED] = c->beyond ? LK_NEVER : c->covered;
	out[COPY_WATERMARK] = c->watermark;
	out[COPY_LATE] = c->counts.late;
	out[COPY_PUBLISHED] = c->counts.published ? c->counts.published_at : LK_NEVER;
	out[COPY_BATCH] = c->counts.published ? (int64_t)(c->counts.seconds * LK_US_PER_S) : LK_NEVER;
	out[COPY_CELLS] = c->counts.published ? c->counts.cells : LK_NEVER;
	out[COPY_BYTES] = c->bytes;
	out[COPY_SERVED] = c->served;
	out[COPY_DONE] = replays ? replay.done : LK_NEVER;
	out[COPY_TOTAL] = replays ? replay.total : LK_NEVER;
	return rc;
}

static bool in_seconds(enum copy_metric m) {
	return m == COPY_LAG_SECONDS || m == COPY_WATERMARK || m == COPY_PUBLISHED || m == COPY_BATCH;
}

static void add_copy_labels(const lk_cat_copy *copy, lk_buf *b) {
	char id[24];
	lk_buf_addc(b, '{');
	add_label("view", copy->version->view->name, b);
	add_label("copy", lk_pg_number(id, copy->id), b);
	add_label("mode", copy->kappa ? "kappa" : "lambda", b);
	add_label("state", lk_copy_state_name(copy->state), b);
	lk_buf_adds(b, "} ");
}

static int add_copies(const lk_status_report *r, lk_buf *b, lk_error *err) {
	int64_t (*values)[COPY_METRICS] = lk_calloc((size_t)r->ncopies, sizeof *values);
	int rc = LK_OK;
	for (int i = 0; rc == LK_OK && i < r->ncopies; i++)
		rc = copy_values(r, &r->copies[i], values[i], err);
	for (int m = 0; rc == LK_OK && m < COPY_METRICS; m++) {
		begin(of_copies[m].name, of_copies[m].kind, of_copies[m].help, b);
		for (int i = 0; i < r->ncopies; i++) {
			if (values[i][m] == LK_NEVER)
				continue;
			lk_buf_adds(b, of_copies[m].name);
			add_copy_labels(r->copies[i].copy, b);
			if (in_seconds((enum copy_metric)m))
				add_seconds(values[i][m], b);
			else
				lk_buf_addf(b, "%lld\n", (long long)values[i][m]);
		}
	}
	free(values);
	return rc;
}

/* --- the rest --- */

static int add_redis(const lk_status_report *r, lk_buf *b, lk_error *err) {
	lk_store_usage usage;
	int rc = lk_store_usage_read(r->store, &usage, err);
	if (rc != LK_OK)
		return rc;
	begin("lk_redis_used_bytes", "gauge", "Memory that Redis uses in all.", b);
	lk_buf_addf(b, "lk_redis_used_bytes %lld\n", (long long)usage.used_bytes);
	begin("lk_redis_max_bytes", "gauge", "Memory that Redis may use; 0: without a limit.", b);
	lk_buf_addf(b, "lk_redis_max_bytes %lld\n", (long long)usage.max_bytes);
	return LK_OK;
}

static void add_derived(const lk_status_report *r, lk_buf *b) {
	begin("lk_derived_stream_lag_events", "gauge", "Events of the source that are not rows of the derived stream yet.", b);
	for (int i = 0; i < r->nderived; i++) {
		const lk_cat_copy *copy = r->derived[i].copy;
		char id[24];
		lk_buf_adds(b, "lk_derived_stream_lag_events{");
		add_label("stream", copy->version->view->name, b);
		add_label("copy", lk_pg_number(id, copy->id), b);
		add_label("state", lk_copy_state_name(copy->state), b);
		lk_buf_addf(b, "} %lld\n", (long long)(r->derived[i].tail - r->derived[i].read));
	}
}

static void add_deliveries(const lk_status_report *r, lk_buf *b) {
	begin("lk_delivery_behind_rows", "gauge", "Rows of the log that a delivery has not passed.", b);
	for (int i = 0; i < r->ndeliveries; i++) {
		if (r->delivered[i].behind < 0)
			continue;
		lk_buf_adds(b, "lk_delivery_behind_rows{");
		add_label("delivery", r->delivered[i].delivery->name, b);
		lk_buf_addf(b, "} %lld\n", (long long)r->delivered[i].behind);
	}
}

int lk_metrics_report(const lk_status_report *r, lk_buf *out, lk_error *err) {
	add_streams(r, out);
	int rc = add_copies(r, out, err);
	if (rc == LK_OK)
		rc = add_redis(r, out, err);
	add_derived(r, out);
	add_deliveries(r, out);
	return rc;
}
