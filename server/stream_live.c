/* A stream that is followed. One thread reads the log as `lk tail --follow` does, and publishes what comes; each event
 * says in its id how far the log has been read, as a reader's bookmark.
 *
 *   a client:   begins here … (read for it alone) … joins | events of the feed, from the place where it has joined
 *
 * A client that begins, or comes back with an id, is first brought to a place where the feed has been: its worker reads
 * to the log's end, waits until the feed is as far, and reads the rest up to the feed's place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/flag.h"
#include "core/time.h"
#include "options/tail_args.h"
#include "server/followed.h"
#include "server/routes.h"

enum { ROWS_MOST = 1000, EVENT_BYTES = 256 << 10 };

/* Rows that become one event. */
typedef struct collected {
	lk_followed *followed;     /* whose thread it is; NULL: rows of one client */
	lk_buf rows;
	int64_t most_bytes;        /* of one client */
} collected;

static int add_row(void *ctx, const lk_shape *shape, const lk_log_row *row, const char *id, lk_error *err) {
	collected *c = ctx;
	const lk_shaped_row pair = {shape, row};
	const lk_rows rows = lk_shaped_rows(&pair);
	(void)id;
	if (c->rows.len)
		lk_buf_addc(&c->rows, ',');
	lk_rows_object(&rows, 0, &c->rows);
	if (c->followed || (int64_t)c->rows.len <= c->most_bytes)
		return LK_OK;
	lk_fail(err, LK_ETOOBIG, "the rows up to now would have more than %lld MiB", (long long)(c->most_bytes >> 20));
	return lk_hint(err, "begin later: from, last; or read what came before from the stream's rows");
}

static bool is_full(const void *ctx) { return ((const collected *)ctx)->rows.len >= EVENT_BYTES; }

static int nothing_to_flush(void *ctx, lk_error *err) {
	(void)ctx;
	(void)err;
	return LK_OK;
}

/* --- ids --- */

/* A bookmark in one line. The path names the stream, which may get another name. */
static void add_id(const lk_bookmark *at, lk_buf *out) {
	lk_bookmark nameless = *at;
	size_t begin = out->len;
	strcpy(nameless.stream, "-");
	lk_bookmark_print(&nameless, out);
	for (char *p = out->data + begin; *p; p++)
		*p = *p == '\n' ? ';' : *p;
}

static int read_id(const lk_request *q, lk_bookmark *out, lk_error *err) {
	const char *why = "";
	char *text = lk_strdup(q->last_event);
	for (char *p = text; *p; p++)
		*p = *p == ';' ? '\n' : *p;
	int rc = lk_bookmark_read(text, strlen(text), out, &why);
	free(text);
	if (rc != 0) {
		lk_fail(err, LK_EUSAGE, "Last-Event-ID is no id of this stream's events: %s", why);
		return lk_hint(err, "leave it out to begin anew");
	}
	snprintf(out->stream, sizeof out->stream, "%s", q->operand);
	return LK_OK;
}

/* Takes the rows. */
static void add_event(lk_buf *rows, const char *id, lk_buf *out) {
	lk_buf_addf(out, "event: rows\nid: %s\ndata: {\"rows\":[", id);
	lk_buf_add(out, rows->data, rows->len);
	lk_buf_adds(out, "]}\n\n");
	lk_buf_clear(rows);
}

/* --- the feed's thread --- */

/* Rows and place change together: see join. */
static void reached(void *ctx, const lk_bookmark *at) {
	collected *c = ctx;
	lk_followed *f = c->followed;
	lk_buf event = LK_BUF_INIT, id = LK_BUF_INIT;
	pthread_mutex_lock(&f->lock);
	if (c->rows.len) {
		add_id(at, &id);
		add_event(&c->rows, id.data, &event);
		lk_feed_publish(f->feed, &event, id.data, NULL);
		f->said_us = lk_monotonic_us();
	}
	f->place = *at;
	pthread_cond_broadcast(&f->moved);
	pthread_mutex_unlock(&f->lock);
	lk_buf_release(&id);
}

/* An id without data is kept by clients, and calls nothing. */
static bool say_quiet(void *ctx) {
	collected *c = ctx;
	lk_followed *f = c->followed;
	lk_buf text = LK_BUF_INIT;
	if (lk_monotonic_us() < f->said_us + LK_QUIET_US)
		return false;
	lk_buf_adds(&text, ": nothing new\nid: ");
	add_id(&f->place, &text);
	lk_buf_adds(&text, "\n\n");
	lk_feed_publish(f->feed, &text, NULL, NULL);
	f->said_us = lk_monotonic_us();
	return false;
}

static void notice(void *ctx, const lk_error *what) {
	collected *c = ctx;
	if (what->code == LK_EUNREACHABLE)
		lk_followed_problem(c->followed, "PostgreSQL cannot be reached", what);
	else if (what->code)
		lk_followed_problem(c->followed, NULL, what);
	if (what->code)
		lk_service_tell(c->followed->service, what);
}

/* Begins at the end, and ends with a failure that time does not mend: then the clients come back and hear of it. */
static void run(lk_followed *f) {
	collected c = {.followed = f};
	const lk_target target = {.ctx = &c, .rows_most = ROWS_MOST, .row = add_row, .full = is_full, .flush = nothing_to_flush,
	                          .reached = reached};
	lk_tail_args a;
	lk_tail_report report;
	lk_error err = {0};
	f->said_us = lk_monotonic_us();
	int rc = lk_tail_args_read(&f->args, &a, &err);
	a.options.postgres = f->service->options->postgres;
	a.options.begin.at = LK_BEGIN_END;
	a.options.follow = true;
	a.options.target = &target;
	a.options.target_name = "clients";
	a.options.stop = &f->over;
	a.options.unread = say_quiet;
	a.options.notice = notice;
	a.options.ctx = &c;
	if (rc == LK_OK)
		rc = lk_tail_run(&a.options, &report, &err);
	if (rc != LK_OK && !lk_flag_is_set(&f->over))
		notice(&c, &err);
	lk_tail_args_release(&a);
	lk_buf_release(&c.rows);
}

static const char *const of_the_feed[] = {"where", "columns", "partition", NULL};
const lk_followed_kind lk_followed_stream = {.run = run, .options = of_the_feed, .at_once = true};

/* --- a client --- */

/* Reads for this client alone; *at: how far. */
static int catch_up(lk_session *s, const lk_tail_options *wanted, collected *c, lk_bookmark *at, lk_error *err) {
	const lk_target target = {.ctx = c, .rows_most = ROWS_MOST, .row = add_row, .flush = nothing_to_flush};
	lk_tail_options o = *wanted;
	lk_tail_report report;
	o.session = &s->pg;
	o.target = &target;
	o.target_name = "a client";
	o.stop = &s->service->stopping;
	o.until_us = s->deadline_us;
	int rc = lk_tail_run(&o, &report, err);
	if (rc == LK_OK && report.stopped)
		rc = lk_fail(err, LK_ETOOBIG, "the rows up to now take longer to read than a request may");
	*at = report.at;
	return rc;
}

static bool is_behind(const lk_bookmark *place, const lk_bookmark *at) {
	bool behind = place->log != at->log || place->n != at->n;
	for (int p = 0; p < at->n && !behind; p++)
		behind = place->part[p].off < at->part[p].off;
	return behind;
}

/* The feed's place, once it is not behind `at`. From then on the follower gets its events; what is between the two is
 * still to be read. */
static int join(lk_session *s, lk_followed *f, const lk_bookmark *at, lk_bookmark *place, lk_follower *w, lk_error *err) {
	enum { LOOK_US = 50000 };
	bool behind;
	pthread_mutex_lock(&f->lock);
	while ((behind = is_behind(&f->place, at)) && lk_monotonic_us() < s->deadline_us && !lk_flag_is_set(&f->over)) {
		int64_t until = lk_time_now() + LOOK_US;
		pthread_cond_timedwait(&f->moved, &f->lock, &(struct timespec){.tv_sec = until / LK_US_PER_S, .tv_nsec = until % LK_US_PER_S * 1000});
	}
	*place = f->place;
	lk_follower_begin(w);
	pthread_mutex_unlock(&f->lock);
	if (!behind)
		return LK_OK;
	lk_fail(err, LK_EBUSY, "the stream's new rows cannot be read just now");
	return lk_hint(err, "try again later");
}

static int begin(lk_session *s, lk_request *q, lk_tail_options *o, lk_followed *f, lk_error *err) {
	collected c = {.most_bytes = s->service->options->limits.body_bytes};
	lk_bookmark last, at, place;
	lk_buf text = LK_BUF_INIT, id = LK_BUF_INIT;
	int rc = q->last_event ? read_id(q, &last, err) : LK_OK;
	o->at = q->last_event ? &last : NULL;
	if (rc == LK_OK)
		rc = catch_up(s, o, &c, &at, err);
	if (rc == LK_OK)
		rc = join(s, f, &at, &place, q->follower, err);
	o->at = &at;
	o->to = &place;
	if (rc == LK_OK && is_behind(&at, &place))
		rc = catch_up(s, o, &c, &at, err);
	if (rc == LK_OK) {
		add_id(&place, &id);
		add_event(&c.rows, id.data, &text);
		lk_follower_precede(q->follower, &text);
	}
	lk_buf_release(&id);
	lk_buf_release(&text);
	lk_buf_release(&c.rows);
	return rc;
}

int lk_answer_stream_live(lk_session *s, lk_request *q, lk_error *err) {
	lk_tail_args a;
	lk_followed *f = NULL;
	int rc = lk_tail_args_read(&q->args, &a, err);
	if (rc == LK_OK)
		rc = lk_need_stream(s, q, err);
	if (rc == LK_OK)
		rc = lk_live_follow(s->service->live, &lk_followed_stream, q, &q->follower, &f, err);
	if (rc == LK_OK)
		rc = begin(s, q, &a.options, f, err);
	if (rc != LK_OK && q->follower) {
		lk_live_leave(s->service->live, q->follower);
		q->follower = NULL;
	}
	q->reply.type = lk_media_type(LK_MEDIA_EVENTS);
	lk_tail_args_release(&a);
	return rc;
}
