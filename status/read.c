/* status only reads. Positions come from two servers; Redis is read first, so that no cursor is shown beyond the log's
 * end. */
#include "status/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/tail.h"
#include "core/time.h"
#include "event_log/derived_log.h"
#include "event_log/scan.h"
#include "plan/watermark.h"
#include "serving/answer.h"

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

static int read_stream(lk_status_report *s, const lk_cat_stream *stream, lk_error *err) {
	lk_frontier tail;
	lk_stream_status *out = &s->streams[s->nstreams++];
	*out = (lk_stream_status){.stream = stream, .last_at = LK_NEVER, .high = LK_NEVER};
	int rc = lk_log_tail(s->pg, stream, &tail, err);
	for (int p = 0; rc == LK_OK && p < tail.n; p++) {
		out->events += tail.part[p].off;
		out->last_at = larger(out->last_at, tail.part[p].last_at);
		out->high = larger(out->high, tail.part[p].high);
	}
	return rc ? rc : lk_overview_stream(s->pg, stream, &out->counts, err);
}

/* --- a copy --- */

static int read_unit(lk_status_report *s, const lk_cat_copy *copy, int p, lk_part_status *out, lk_error *err) {
	static const lk_cell_filter all = {.from_pane = INT64_MIN, .to_pane = INT64_MAX};
	lk_unit_state unit = {0};
	const lk_frontier_part *cut = &copy->cut.part[p];
	*out = (lk_part_status){.cut = cut->off, .cursor = cut->off};
	int64_t of_batch = lk_watermark_of_prefix(copy->version->plan, cut->high, cut->last_at);
	int rc = lk_store_read_unit(s->store, copy->units[p], &all, &unit, NULL, err);
	if (rc < 0)
		return rc;
	out->taken = rc == LK_OK;
	out->watermark = of_batch;
	if (out->taken) {
		out->cursor = unit.at.cursor;
		out->segments = unit.nsegments;
		out->watermark = larger(of_batch, unit.at.watermark);
		rc = lk_store_unit_bytes(s->store, copy->units[p], &out->bytes, err);
	}
	lk_unit_state_release(&unit);
	return rc < 0 ? rc : LK_OK;
}

static int64_t now_of(const lk_status_report *s, const lk_cat_stream *stream) {
	for (int i = 0; i < s->nstreams; i++)
		if (s->streams[i].stream == stream)
			return s->streams[i].counts.now;
	return LK_NEVER;
}

/* A sandbox counts events from its own beginning to its own end. */
static int read_ends(lk_status_report *s, lk_copy_status *out, lk_error *err) {
	const lk_cat_stream *stream = out->copy->version->reads;
	lk_frontier tail;
	int64_t now = now_of(s, stream);
	bool sandbox = out->copy->state == LK_COPY_SANDBOX;
	int rc = lk_log_tail(s->pg, stream, &tail, err);
	if (rc == LK_OK)
		rc = lk_replay_read(s->pg, out->copy, &out->replay, err);
	for (int p = 0; rc == LK_OK && p < out->partitions; p++) {
		lk_part_status *part = &out->part[p];
		const lk_frontier_part *end = &tail.part[p];
		int64_t below = sandbox ? part->cut : 0;
		part->tail = sandbox && out->replay.there ? out->replay.end.at.part[p].off : end->off;
		part->last_at = end->last_at;
		if (stream->stream->derived && part->cursor == end->off)
			part->watermark = lk_watermark_raise(out->copy->version->plan, part->watermark, end->high);
		part->idle = lk_is_idle(stream->stream, end->off - larger(part->cut, part->cursor), end->last_at, now);
		out->cut += part->cut - below;
		out->covered += larger(part->cut, part->cursor) - below;
		out->tail += part->tail - below;
		out->streamed += part->cursor;
		out->bytes += part->bytes;
		out->beyond |= part->cursor > part->tail;
		if (part->watermark < out->watermark)
			out->watermark = part->watermark;
	}
	return rc;
}

/* A copy without an answer has no digest: the error is printed, and the other copies are still shown. */
static int read_digest(lk_status_report *s, lk_copy_status *out, lk_error *err) {
	char id[24];
	lk_answer a;
	lk_error e = {0};
	snprintf(id, sizeof id, "%lld", (long long)out->copy->id);
	const lk_query q = {.view = out->copy->version->view->name, .copy = id, .from = INT64_MIN, .to = INT64_MAX};
	int rc = lk_answer_make(s->pg, s->store, s->current, &q, &a, &e);
	if (rc == LK_OK) {
		lk_answer_digest(&a, out->digest);
		out->digest_end = a.end;
	} else if (rc == LK_EPARTIAL || rc == LK_EUSAGE) {
		if (s->tell)
			s->tell(&e);
		rc = LK_OK;
	} else {
		*err = e;
	}
	lk_answer_release(&a);
	return rc;
}

static int read_copy(lk_status_report *s, const lk_cat_copy *copy, lk_error *err) {
	const lk_cat_view *view = copy->version->view;
	lk_copy_status *out = &s->copies[s->ncopies++];
	*out = (lk_copy_status){.copy = copy, .served = view->served_copy == copy->id,
	                        .former = view->former_copy == copy->id, .partitions = copy->version->reads->stream->partitions,
	                        .watermark = INT64_MAX};
	int rc = LK_OK;
	for (int p = 0; rc == LK_OK && p < out->partitions; p++)
		rc = read_unit(s, copy, p, &out->part[p], err);
	if (rc == LK_OK)
		rc = read_ends(s, out, err);
	if (rc == LK_OK)
		rc = lk_overview_copy(s->pg, copy, &out->counts, err);
	return rc == LK_OK && s->digest ? read_digest(s, out, err) : rc;
}

static int read_derived(lk_status_report *s, const lk_cat_copy *copy, lk_error *err) {
	lk_derived_status *out = &s->derived[s->nderived++];
	const lk_cat_stream *source = copy->version->reads;
	lk_frontier tail;
	lk_derived_position at;
	*out = (lk_derived_status){.copy = copy};
	int rc = LK_OK;
	for (int p = 0; rc == LK_OK && p < source->stream->partitions; p++) {
		rc = lk_derived_position_read(s->pg, copy->log, source, p, &at, err);
		out->read += rc == LK_OK ? at.off : 0;
	}
	if (rc == LK_OK)
		rc = lk_log_tail(s->pg, source, &tail, err);
	out->tail = rc == LK_OK ? lk_frontier_events(&tail) : 0;
	return rc;
}

/* --- deliveries --- */

static int find_behind(lk_status_report *s, const lk_delivery *d, int64_t *behind, lk_error *err) {
	const lk_cat_stream *stream = lk_catalog_stream(s->catalog, d->stream);
	lk_frontier tail;
	*behind = -1;
	if (!stream || !d->placed || d->at.log != stream->id)
		return LK_OK;
	int rc = lk_log_tail(s->pg, stream, &tail, err);
	*behind = 0;
	for (int p = 0; rc == LK_OK && p < tail.n && p < d->at.n; p++)
		*behind += larger(tail.part[p].off - d->at.part[p].off, 0);
	return rc;
}

static int read_deliveries(lk_status_report *s, const lk_cat_view *only, lk_error *err) {
	const char *stream = only ? only->stream->stream->name : NULL;
	int rc = lk_deliveries_read(s->pg, stream, &s->deliveries, &s->ndeliveries, err);
	s->delivered = lk_calloc((size_t)s->ndeliveries, sizeof *s->delivered);
	for (int i = 0; i < s->ndeliveries && rc == LK_OK; i++) {
		s->delivered[i].delivery = &s->deliveries[i];
		rc = find_behind(s, &s->deliveries[i], &s->delivered[i].behind, err);
	}
	return rc;
}

int lk_status_read(lk_status_report *s, lk_error *err) {
	const lk_catalog *c = s->catalog;
	const lk_cat_view *only = NULL;
	int rc = s->view ? lk_catalog_need_view(c, s->view, &only, err) : LK_OK;
	s->streams = lk_calloc((size_t)c->nstreams, sizeof *s->streams);
	s->copies = lk_calloc((size_t)c->ncopies, sizeof *s->copies);
	s->derived = lk_calloc((size_t)c->ncopies, sizeof *s->derived);
	s->current = s->digest ? lk_current_new(false) : NULL;
	for (int i = 0; rc == LK_OK && i < c->nstreams; i++)
		if (!only || only->stream == &c->streams[i])
			rc = read_stream(s, &c->streams[i], err);
	for (int i = 0; rc == LK_OK && i < c->ncopies; i++)
		if (c->copies[i].log && !only)
			rc = read_derived(s, &c->copies[i], err);
		else if (!c->copies[i].log && (!only || c->copies[i].version->view == only))
			rc = read_copy(s, &c->copies[i], err);
	if (rc == LK_OK)
		rc = read_deliveries(s, only, err);
	lk_current_free(s->current);
	s->current = NULL;
	return rc;
}

void lk_status_release(lk_status_report *s) {
	free(s->streams);
	free(s->copies);
	free(s->derived);
	free(s->delivered);
	lk_deliveries_release(s->deliveries, s->ndeliveries);
	*s = (lk_status_report){0};
}

/* --- values derived from these --- */

int64_t lk_status_lag(const lk_copy_status *c) { return c->tail - c->covered; }

bool lk_status_replaying(const lk_copy_status *c) { return c->replay.there && (c->replay.ended_at == LK_NEVER || c->replay.differs); }

void lk_status_progress(const lk_copy_status *c, lk_status_replay *out) {
	int64_t below = 0, end = 0;
	int64_t since = lk_time_now() - c->replay.started_at, folded = c->streamed - c->replay.started_off;
	for (int p = 0; p < c->partitions; p++) {
		below += c->part[p].cut;
		end += c->replay.end.at.part[p].off;
	}
	*out = (lk_status_replay){.total = end - below, .rate = -1, .eta_s = -1};
	out->done = c->streamed < end ? c->streamed - below : out->total;
	if (!c->replay.running || since <= 0 || folded <= 0)
		return;
	out->rate = (double)folded / ((double)since / LK_US_PER_S);
	out->eta_s = (double)(out->total - out->done) / out->rate;
}
