/* status reads what is there and changes nothing. Positions come from two servers, Redis first, so a cursor is never
 * shown beyond the log's end. */
#include <string.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/output.h"
#include "core/time.h"
#include "core/window.h"
#include "event_log/overview.h"
#include "event_log/scan.h"

typedef struct part_status {
	bool taken;             /* the unit is in Redis */
	int64_t cut, cursor, tail, watermark, bytes;
	int segments;
} part_status;

typedef struct copy_status {
	const lk_cat_copy *copy;
	bool served;
	int partitions;
	part_status part[LK_MAX_PARTITIONS];
	int64_t cut, covered, tail, watermark, bytes;   /* sums; the least watermark */
	lk_copy_overview counts;
} copy_status;

typedef struct stream_status {
	const lk_cat_stream *stream;
	int64_t events, last_at, high;
	lk_stream_overview counts;
} stream_status;

typedef struct status {
	lk_connection at;
	const char *view;       /* NULL: all */
	stream_status *streams;
	int nstreams;
	copy_status *copies;
	int ncopies;
} status;

/* --- reading --- */

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

static int read_stream(status *s, const lk_cat_stream *stream, lk_error *err) {
	int64_t next[LK_MAX_PARTITIONS], at[LK_MAX_PARTITIONS], high[LK_MAX_PARTITIONS];
	stream_status *out = &s->streams[s->nstreams++];
	*out = (stream_status){.stream = stream, .last_at = LK_NEVER, .high = LK_NEVER};
	int rc = lk_log_tail(&s->at.pg, stream, next, at, high, err);
	for (int p = 0; rc == LK_OK && p < stream->stream->partitions; p++) {
		out->events += next[p];
		out->last_at = larger(out->last_at, at[p]);
		out->high = larger(out->high, high[p]);
	}
	return rc ? rc : lk_overview_stream(&s->at.pg, stream, &out->counts, err);
}

static int read_unit(status *s, const lk_cat_copy *copy, int p, part_status *out, lk_error *err) {
	static const lk_cell_filter all = {.from_pane = INT64_MIN, .to_pane = INT64_MAX};
	lk_unit_state unit = {0};
	*out = (part_status){.cut = copy->cut[p], .cursor = copy->cut[p]};
	int64_t of_batch = lk_watermark_of_prefix(copy->version->plan, copy->cut_high[p], copy->cut_at[p]);
	int rc = lk_store_read_unit(s->at.store, copy->units[p], &all, &unit, NULL, err);
	if (rc < 0)
		return rc;
	out->taken = rc == LK_OK;
	out->watermark = of_batch;
	if (out->taken) {
		out->cursor = unit.at.cursor;
		out->segments = unit.nsegments;
		out->watermark = larger(of_batch, unit.at.watermark);
		rc = lk_store_unit_bytes(s->at.store, copy->units[p], &out->bytes, err);
	}
	lk_unit_state_release(&unit);
	return rc < 0 ? rc : LK_OK;
}

static int read_copy(status *s, const lk_cat_copy *copy, lk_error *err) {
	const lk_cat_view *view = copy->version->view;
	int64_t tail[LK_MAX_PARTITIONS];
	copy_status *out = &s->copies[s->ncopies++];
	*out = (copy_status){.copy = copy, .served = view->served_copy == copy->id,
	                     .partitions = view->stream->stream->partitions, .watermark = INT64_MAX};
	int rc = LK_OK;
	for (int p = 0; rc == LK_OK && p < out->partitions; p++)
		rc = read_unit(s, copy, p, &out->part[p], err);
	if (rc == LK_OK)
		rc = lk_log_tail(&s->at.pg, view->stream, tail, NULL, NULL, err);
	for (int p = 0; rc == LK_OK && p < out->partitions; p++) {
		part_status *part = &out->part[p];
		part->tail = tail[p];
		out->cut += part->cut;
		out->covered += larger(part->cut, part->cursor);
		out->tail += part->tail;
		out->bytes += part->bytes;
		if (part->watermark < out->watermark)
			out->watermark = part->watermark;
	}
	return rc ? rc : lk_overview_copy(&s->at.pg, copy, &out->counts, err);
}

static int read_status(status *s, lk_error *err) {
	const lk_catalog *c = s->at.catalog;
	const lk_cat_view *only = NULL;
	int rc = s->view ? lk_catalog_need_view(c, s->view, &only, err) : LK_OK;
	s->streams = lk_calloc((size_t)c->nstreams, sizeof *s->streams);
	s->copies = lk_calloc((size_t)c->ncopies, sizeof *s->copies);
	for (int i = 0; rc == LK_OK && i < c->nstreams; i++)
		if (!only || only->stream == &c->streams[i])
			rc = read_stream(s, &c->streams[i], err);
	for (int i = 0; rc == LK_OK && i < c->ncopies; i++)
		if (!only || c->copies[i].version->view == only)
			rc = read_copy(s, &c->copies[i], err);
	return rc;
}

static int64_t lag(const copy_status *c) { return c->tail - c->covered; }

/* --- tables --- */

static void print_streams(const status *s) {
	lk_table *t = lk_table_new();
	lk_table_column(t, "STREAM", false);
	lk_table_column(t, "PARTITIONS", true);
	lk_table_column(t, "EVENTS", true);
	lk_table_column(t, "NEWEST EVENT", false);
	lk_table_column(t, "LAST APPEND", false);
	lk_table_column(t, "REJECTED LINES", true);
	lk_table_column(t, "MARKED EVENTS", true);
	for (int i = 0; i < s->nstreams; i++) {
		const stream_status *r = &s->streams[i];
		lk_table_cell(t, r->stream->stream->name);
		lk_table_count(t, r->stream->stream->partitions);
		lk_table_count(t, r->events);
		lk_table_time(t, r->high);
		lk_table_time(t, r->last_at);
		lk_table_count(t, r->counts.lines);
		lk_table_count(t, r->counts.marked);
	}
	lk_table_end(t);
}

static void cell_age(lk_table *t, int64_t since) {
	lk_buf b = LK_BUF_INIT;
	if (since == LK_NEVER) {
		lk_buf_adds(&b, "no batch yet");
	} else {
		lk_duration_print(larger(0, lk_time_now() - since), &b);
		lk_buf_adds(&b, " ago");
	}
	lk_table_cell(t, b.data);
	lk_buf_release(&b);
}

static void print_copies(const status *s) {
	static const char *const left[] = {"VIEW", "MODE", "SERVED", "BATCH"};
	static const char *const right[] = {"BELOW CUT", "COVERED", "LAG"};
	lk_table *t = lk_table_new();
	for (int i = 0; i < 4; i++)
		lk_table_column(t, left[i], false);
	for (int i = 0; i < 3; i++)
		lk_table_column(t, right[i], true);
	lk_table_column(t, "WATERMARK", false);
	lk_table_column(t, "LATE", true);
	lk_table_column(t, "REDIS BYTES", true);
	for (int i = 0; i < s->ncopies; i++) {
		const copy_status *c = &s->copies[i];
		lk_table_cellf(t, "%s@%d", c->copy->version->view->name, c->copy->version->number);
		lk_table_cell(t, c->copy->kappa ? "kappa" : "lambda");
		lk_table_cell(t, c->served ? "yes" : "no");
		cell_age(t, c->counts.published_at);
		lk_table_count(t, c->cut);
		lk_table_count(t, c->covered);
		lk_table_count(t, lag(c));
		lk_table_time(t, c->watermark);
		lk_table_count(t, c->counts.late);
		lk_table_count(t, c->bytes);
	}
	lk_table_end(t);
}

static void print_parts(const copy_status *c) {
	static const char *const names[] = {"PARTITION", "CUT", "CURSOR", "TAIL", "LAG", "SEGMENTS", "REDIS BYTES"};
	lk_table *t = lk_table_new();
	for (int i = 0; i < 7; i++)
		lk_table_column(t, names[i], true);
	lk_table_column(t, "WATERMARK", false);
	for (int p = 0; p < c->partitions; p++) {
		const part_status *r = &c->part[p];
		lk_table_count(t, p);
		lk_table_count(t, r->cut);
		if (r->taken)
			lk_table_count(t, r->cursor);
		else
			lk_table_cell(t, "-");
		lk_table_count(t, r->tail);
		lk_table_count(t, r->tail - larger(r->cut, r->cursor));
		lk_table_count(t, r->segments);
		lk_table_count(t, r->bytes);
		lk_table_time(t, r->watermark);
	}
	lk_table_end(t);
}

static void print_tables(const status *s) {
	print_streams(s);
	lk_put("\n", s->ncopies ? 1 : 0);
	print_copies(s);
	for (int i = 0; s->view && i < s->ncopies; i++) {
		lk_buf b = LK_BUF_INIT;
		lk_buf_addf(&b, "\n%s@%d by partition\n", s->view, s->copies[i].copy->version->number);
		lk_put_buf(&b);
		lk_buf_release(&b);
		print_parts(&s->copies[i]);
	}
}

/* --- json --- */

static void add_name(const char *key, const char *name, lk_buf *b) {
	lk_buf_addf(b, "\"%s\":", key);
	lk_json_quote(name, strlen(name), b);
}

static void add_number(const char *key, int64_t n, lk_buf *b) { lk_buf_addf(b, ",\"%s\":%lld", key, (long long)n); }

static void add_time(const char *key, int64_t us, lk_buf *b) {
	lk_buf_addf(b, ",\"%s\":", key);
	if (us != LK_NEVER)
		lk_buf_addc(b, '"');
	if (us == LK_NEVER)
		lk_buf_adds(b, "null");
	else
		lk_time_print(us, b);
	if (us != LK_NEVER)
		lk_buf_addc(b, '"');
}

static void add_stream(const stream_status *r, lk_buf *b) {
	lk_buf_addc(b, '{');
	add_name("stream", r->stream->stream->name, b);
	add_number("partitions", r->stream->stream->partitions, b);
	add_number("events", r->events, b);
	add_time("newest_event", r->high, b);
	add_time("last_append", r->last_at, b);
	add_number("rejected_lines", r->counts.lines, b);
	add_number("marked_events", r->counts.marked, b);
	lk_buf_addc(b, '}');
}

static void add_part(const part_status *r, lk_buf *b) {
	lk_buf_addf(b, "{\"taken\":%s", r->taken ? "true" : "false");
	add_number("cut", r->cut, b);
	add_number("cursor", r->cursor, b);
	add_number("tail", r->tail, b);
	add_number("segments", r->segments, b);
	add_number("redis_bytes", r->bytes, b);
	add_time("watermark", r->watermark, b);
	lk_buf_addc(b, '}');
}

static void add_copy(const copy_status *c, lk_buf *b) {
	lk_buf_addc(b, '{');
	add_name("view", c->copy->version->view->name, b);
	add_number("version", c->copy->version->number, b);
	lk_buf_addf(b, ",\"mode\":\"%s\",\"served\":%s", c->copy->kappa ? "kappa" : "lambda", c->served ? "true" : "false");
	add_number("below_cut", c->cut, b);
	add_time("batch_published_at", c->counts.published_at, b);
	add_number("covered", c->covered, b);
	add_number("tail", c->tail, b);
	add_number("lag", lag(c), b);
	add_time("watermark", c->watermark, b);
	add_number("late", c->counts.late, b);
	add_number("redis_bytes", c->bytes, b);
	lk_buf_adds(b, ",\"partitions\":[");
	for (int p = 0; p < c->partitions; p++) {
		lk_buf_adds(b, p ? "," : "");
		add_part(&c->part[p], b);
	}
	lk_buf_adds(b, "]}");
}

static void print_json(const status *s) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, "{\"streams\":[");
	for (int i = 0; i < s->nstreams; i++) {
		lk_buf_adds(&b, i ? "," : "");
		add_stream(&s->streams[i], &b);
	}
	lk_buf_adds(&b, "],\"views\":[");
	for (int i = 0; i < s->ncopies; i++) {
		lk_buf_adds(&b, i ? "," : "");
		add_copy(&s->copies[i], &b);
	}
	lk_buf_adds(&b, "]}\n");
	lk_put_buf(&b);
	lk_buf_release(&b);
}

/* Servers that run with nothing declared are in order: that is said, not a failure. Redis is asked for all the same. */
static int connect_to(status *s, bool *empty, lk_error *err) {
	lk_error e = {0};
	int rc = lk_connect(&s->at, 0, err);
	if (rc != LK_OK)
		return rc;
	rc = lk_catalog_load(&s->at.pg, &s->at.catalog, &e);
	*empty = rc == LK_EUSAGE || (rc == LK_OK && s->at.catalog->nstreams == 0);
	if (rc == LK_EUSAGE)
		rc = LK_OK;
	else if (rc != LK_OK)
		*err = e;
	const char *log_id = s->at.catalog ? s->at.catalog->log_id : "";
	return rc ? rc : lk_store_open(&s->at.store, s->at.at.redis, log_id, err);
}

int lk_cmd_status(const lk_args *args, lk_error *err) {
	static const char *const formats[] = {"table", "json", NULL};
	status s = {.view = args->noperands ? args->operands[0] : NULL};
	bool empty = false;
	int format;
	int rc = lk_args_choice(args, "format", formats, 0, &format, err);
	if (rc == LK_OK)
		rc = connect_to(&s, &empty, err);
	if (rc == LK_OK && empty) {
		lk_say("PostgreSQL and Redis answer; no streams or views are declared: `lk apply FILE` declares them");
		if (s.view)
			rc = lk_fail(err, LK_EUSAGE, "there is no view \"%s\"", s.view);
	} else if (rc == LK_OK) {
		rc = read_status(&s, err);
	}
	if (rc == LK_OK && format == 1)
		print_json(&s);
	else if (rc == LK_OK && !empty)
		print_tables(&s);
	free(s.streams);
	free(s.copies);
	lk_disconnect(&s.at);
	return rc;
}
