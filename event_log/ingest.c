/* Ingest.
 *
 *   encoder thread                 ring of QUEUE batches              the caller's thread
 *   input -> scan -> encode   -->  [from, to) [from, to) …      -->   lk_append
 *
 * Encoding overlaps the server's work; nothing is locked in the log while input is waited for (P14).
 *
 * Exactly once. A batch carries the input positions it stands for, and the append moves the source's position from one
 * to the other by compare-and-set in the same transaction. When an outcome is unknown the position tells it: at `to`
 * the batch is in, at `from` it is not, and is sent again; the row lock decides if the first attempt is still under
 * way. A run without a --source name gets a random one for itself, so that the same holds while it lasts; its row is
 * removed at the end. (If the process is killed the row stays; nobody reads it again.) */
#include "event_log/ingest.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "core/time.h"
#include "event_log/looks.h"

enum { QUEUE = 3, RETRY_FIRST_MS = 50, RETRY_MOST_MS = 1000, STOP_CHECK_MS = 50 };
#define RETRY_DEFAULT_US (INT64_C(300) * LK_US_PER_S)

typedef struct item {
	lk_append_batch *batch;
	int64_t from, to;
	lk_buf notes;
} item;

/* What both threads share. filled - emptied batches wait; the encoder owns items[filled % QUEUE], the appender
 * items[emptied % QUEUE]. */
typedef struct queue {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	item items[QUEUE];
	uint64_t filled, emptied;
	bool ended;        /* the encoder fills no more */
	bool abandoned;    /* the appender takes no more */
} queue;

typedef struct ingest {
	const lk_ingest_options *o;
	lk_ingest_report *report;
	lk_encoder *encoder;
	lk_pg pg;
	bool connected;
	queue q;
	int64_t start;          /* the first position to read */
	volatile int halt;      /* for an encoder that waits for input when the appender has given up */
	int encoder_status;
	lk_error encoder_error;
} ingest;

static void queue_init(queue *q, const lk_cat_stream *s) {
	*q = (queue){.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
	for (int i = 0; i < QUEUE; i++)
		q->items[i].batch = lk_append_batch_new(s);
}

static void queue_release(queue *q) {
	for (int i = 0; i < QUEUE; i++) {
		lk_append_batch_free(q->items[i].batch);
		lk_buf_release(&q->items[i].notes);
	}
}

/* An empty batch; NULL when the appender has given up. */
static item *queue_fillable(queue *q) {
	pthread_mutex_lock(&q->lock);
	while (q->filled - q->emptied == QUEUE && !q->abandoned)
		pthread_cond_wait(&q->changed, &q->lock);
	item *it = q->abandoned ? NULL : &q->items[q->filled % QUEUE];
	pthread_mutex_unlock(&q->lock);
	return it;
}

/* A filled batch; NULL when there will be none. */
static item *queue_filled(queue *q) {
	pthread_mutex_lock(&q->lock);
	while (q->filled == q->emptied && !q->ended)
		pthread_cond_wait(&q->changed, &q->lock);
	item *it = q->filled == q->emptied ? NULL : &q->items[q->emptied % QUEUE];
	pthread_mutex_unlock(&q->lock);
	return it;
}

static void queue_step(queue *q, uint64_t *counter, bool *flag) {
	pthread_mutex_lock(&q->lock);
	if (counter)
		++*counter;
	if (flag)
		*flag = true;
	pthread_cond_signal(&q->changed);
	pthread_mutex_unlock(&q->lock);
}

static bool stopped(const ingest *g) { return g->o->stop && __atomic_load_n(g->o->stop, __ATOMIC_RELAXED); }

static void note(const ingest *g, const char *text) {
	if (g->o->note)
		g->o->note(g->o->ctx, text);
}

/* --- The encoder's thread --- */

static bool is_empty(const item *it) {
	return !lk_append_batch_events(it->batch) && !lk_append_batch_rejects(it->batch);
}

static void *encode(void *arg) {
	ingest *g = arg;
	int64_t position = g->start, pushed = position;
	int status = 0;
	item *it;
	while (status == 0 && (it = queue_fillable(&g->q))) {
		lk_append_batch_clear(it->batch);
		lk_buf_clear(&it->notes);
		status = lk_encoder_fill(g->encoder, it->batch, &position, &it->notes, &g->encoder_error);
		if (is_empty(it))
			continue;
		it->from = pushed;
		it->to = pushed = position;
		queue_step(&g->q, &g->q.filled, NULL);
	}
	g->encoder_status = status < 0 ? status : 0;
	queue_step(&g->q, NULL, &g->q.ended);
	return NULL;
}

/* --- The appender --- */

static int connect_again(ingest *g, lk_error *err) {
	if (g->connected)
		lk_pg_close(&g->pg);
	g->connected = false;
	int status = lk_pg_open(&g->pg, g->o->postgres, "lk ingest", err);
	g->connected = status == 0;
	return status;
}

/* Is it a fault that passes? Deadlocks and serialization failures (class 40) too. */
static bool passes(int status, const lk_error *err) {
	return status == LK_EUNREACHABLE || status == LK_EFULL || status == LK_EBUSY || status == LK_ECONFLICT ||
	       !strncmp(err->sqlstate, "40", 2);
}

typedef struct retry {
	int64_t deadline_us;
	int delay_ms;
} retry;

/* Waits before another attempt; false where there shall be none. */
static bool try_again(ingest *g, retry *r, int status, const lk_error *why) {
	if (!passes(status, why))
		return false;
	if (!r->deadline_us) {
		r->deadline_us = lk_monotonic_us() + (g->o->retry_us ? g->o->retry_us : RETRY_DEFAULT_US);
		r->delay_ms = RETRY_FIRST_MS;
		char *text = lk_asprintf("%s; trying again", why->text);
		if (status != LK_ECONFLICT)
			note(g, text);
		free(text);
	}
	if (lk_monotonic_us() > r->deadline_us)
		return false;
	for (int slept = 0; slept < r->delay_ms && !stopped(g); slept += STOP_CHECK_MS)
		nanosleep(&(struct timespec){.tv_nsec = STOP_CHECK_MS * 1000000L}, NULL);
	r->delay_ms = r->delay_ms * 2 < RETRY_MOST_MS ? r->delay_ms * 2 : RETRY_MOST_MS;
	return !stopped(g);
}

static int ask_position(ingest *g, bool reconnect, int64_t *position, lk_error *err) {
	if (reconnect || !g->connected) {
		int status = connect_again(g, err);
		if (status)
			return status;
		g->report->reconnects++;
	}
	return lk_source_position(&g->pg, g->o->stream, g->report->source, position, err);
}

static int moved(const ingest *g, const item *it, int64_t position, lk_error *err) {
	lk_fail(err, LK_ECONFLICT, "source \"%s\" stands at byte %lld, and not at byte %lld, where this run left it",
	        g->report->source, (long long)position, (long long)it->from);
	lk_hint(err, "another run reads the same source, or the log was restored from a backup; a new run goes on from there");
	return LK_ECONFLICT;
}

static int append_once(ingest *g, const item *it, lk_error *err) {
	const lk_source_step step = {
		.source = g->report->source, .named = true, .position_from = it->from, .position_to = it->to,
	};
	retry r = {0};
	for (;;) {
		lk_error why = {0};
		int64_t position = it->from;
		int status = lk_append(&g->pg, it->batch, &step, &why);
		if (!status)
			return 0;
		while (status && try_again(g, &r, status, &why)) {
			lk_error_clear(&why);
			status = ask_position(g, status == LK_EUNREACHABLE, &position, &why);
		}
		if (status) {
			*err = why;
			return status;
		}
		if (position == it->to)
			return 0;
		if (position != it->from)
			return moved(g, it, position, err);
	}
}

static void note_lines(const ingest *g, lk_buf *notes) {
	char *rest = notes->data, *line;
	while (notes->len && (line = strsep(&rest, "\n")))
		if (*line)
			note(g, line);
}

static int append_all(ingest *g, lk_error *err) {
	lk_ingest_report *report = g->report;
	int status = 0;
	item *it;
	while (!status && (it = queue_filled(&g->q))) {
		note_lines(g, &it->notes);
		status = append_once(g, it, err);
		if (status)
			break;
		report->events += (int64_t)lk_append_batch_events(it->batch);
		report->rejects += (int64_t)lk_append_batch_rejects(it->batch);
		report->bytes = it->to - g->start;
		report->batches++;
		queue_step(&g->q, &g->q.emptied, NULL);
		if (g->o->progress)
			g->o->progress(g->o->ctx, report);
	}
	return status;
}

/* --- The run --- */

static bool is_source_name(const char *name) {
	size_t len = strlen(name);
	return len > 0 && len <= 255 && lk_utf8_valid(name, len);
}

/* The name under which the position is kept: the user's, or one for this run alone. */
static int name_source(ingest *g, lk_error *err) {
	const lk_ingest_options *o = g->o;
	uint64_t run;
	if (o->source && !is_source_name(o->source))
		return lk_fail(err, LK_EUSAGE, "a source's name is UTF-8 text of 1 to 255 bytes");
	if (getrandom(&run, sizeof run, 0) != (ssize_t)sizeof run)
		return lk_fail(err, LK_EINTERNAL, "no random numbers from the kernel");
	const char *path = is_source_name(o->path) ? o->path : "file";
	if (o->source)
		snprintf(g->report->source, sizeof g->report->source, "%s", o->source);
	else
		snprintf(g->report->source, sizeof g->report->source, "%s (run %016llx)", path, (unsigned long long)run);
	return 0;
}

/* Best effort: the events are in, and a row too many does no harm. */
static void forget_run(ingest *g) {
	char id[24];
	const char *params[] = {id, g->report->source};
	snprintf(id, sizeof id, "%lld", (long long)g->o->stream->id);
	if (g->connected)
		lk_pg_exec(&g->pg, NULL, NULL, "DELETE FROM lk.source WHERE stream_id = $1::bigint AND name = $2", 2, params);
}

static int pump(ingest *g, lk_error *err) {
	pthread_t thread;
	queue_init(&g->q, g->o->stream);
	if (pthread_create(&thread, NULL, encode, g) != 0) {
		queue_release(&g->q);
		return lk_fail(err, LK_EINTERNAL, "cannot start a thread");
	}
	int status = append_all(g, err);
	__atomic_store_n(&g->halt, 1, __ATOMIC_RELAXED);
	queue_step(&g->q, NULL, &g->q.abandoned);
	pthread_join(thread, NULL);
	queue_release(&g->q);
	if (!status && g->encoder_status) {
		*err = g->encoder_error;
		status = g->encoder_status;
	}
	return status;
}

static lk_encoder_options encoder_options(const lk_ingest_options *o) {
	return (lk_encoder_options){
		.stream = o->stream, .path = o->path, .format = o->format, .resumable = o->source != NULL,
		.batch_events = o->batch_events, .stop = o->stop,
	};
}

/* What the user should know of the records that were no events. */
static void tell_rejects(const ingest *g) {
	lk_ingest_report *r = g->report;
	const lk_first_reject *first = lk_encoder_first_reject(g->encoder);
	lk_buf what = LK_BUF_INIT, todo = LK_BUF_INIT;
	size_t len;
	const char *sample = lk_encoder_sample(g->encoder, &len);
	if (!r->rejects || !first)
		return;
	r->first = *first;
	if (r->events || g->start)
		return;
	lk_looks_like(&g->o->format, sample, len, &what, &todo);
	snprintf(r->looks, sizeof r->looks, "%s", what.len ? what.data : "");
	snprintf(r->todo, sizeof r->todo, "%s", todo.len ? todo.data : "");
	lk_buf_release(&what);
	lk_buf_release(&todo);
}

int lk_ingest_run(const lk_ingest_options *o, lk_ingest_report *out, lk_error *err) {
	int64_t began_us = lk_monotonic_us();
	lk_encoder_options eo = encoder_options(o);
	ingest g = {.o = o, .report = out};
	eo.halt = &g.halt;
	lk_error local = {0};
	if (!err)
		err = &local;
	*out = (lk_ingest_report){0};
	int status = lk_encoder_open(&g.encoder, &eo, err);
	if (!status)
		status = name_source(&g, err);
	if (!status)
		status = connect_again(&g, err);
	if (!status && o->source)
		status = lk_source_position(&g.pg, o->stream, out->source, &g.start, err);
	if (!status && o->strict)
		status = lk_encoder_check(g.encoder, g.start, err);
	if (!status)
		status = lk_encoder_begin(g.encoder, g.start, err);
	if (!status) {
		out->skipped_bytes = g.start;
		status = pump(&g, err);
		out->left_bytes = lk_encoder_left(g.encoder);
		tell_rejects(&g);
		if (!o->source)
			forget_run(&g);
	}
	out->stopped = stopped(&g) && !(g.encoder && lk_encoder_ended(g.encoder));
	out->seconds = (double)(lk_monotonic_us() - began_us) / LK_US_PER_S;
	if (g.connected)
		lk_pg_close(&g.pg);
	lk_encoder_close(g.encoder);
	return status;
}

int lk_ingest_check(const lk_ingest_options *o, lk_error *err) {
	lk_encoder_options eo = encoder_options(o);
	lk_encoder *e = NULL;
	int status = lk_encoder_open(&e, &eo, err);
	if (!status && lk_encoder_is_file(e))
		status = lk_encoder_check(e, 0, err);
	lk_encoder_close(e);
	return status;
}
