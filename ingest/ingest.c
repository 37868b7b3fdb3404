/* Ingest.
 *
 *   encoder thread                 ring of batches                    the caller's thread
 *   input -> scan -> encode   -->  [from, to) [from, to) …      -->   lk_append
 *
 * Encoding overlaps the server's work; nothing is locked in the log while it waits for input (P14).
 *
 * Exactly once. A batch carries the positions in the source's file between which it lies, and the append moves the file
 * from one to the other by compare-and-set in the same transaction. If an outcome is unknown, the file's row tells: at
 * `to` the batch is in; at `from` it is not, and is sent again; the row lock waits for a first attempt that is still
 * running. The row also says which run moved it, so that two runs of one source do not both count a batch. A run
 * without a --source name gets a random one, so that the same holds for it; its row is removed at the end. (If the
 * process is killed, the row stays; nothing reads it again.)
 *
 * If the stream's definition has changed meanwhile, the append refuses the batch. Then the encoder's thread ends, the
 * batches that wait in the ring are encoded again from the kept records, and both continue. */
#include "ingest/ingest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "core/flag.h"
#include "core/time.h"
#include "ingest/ingest_queue.h"
#include "ingest/looks.h"

enum { RETRY_FIRST_MS = 50, RETRY_MOST_MS = 1000, STOP_CHECK_MS = 50 };
#define RETRY_DEFAULT_US (INT64_C(300) * LK_US_PER_S)

typedef struct ingest {
	const lk_ingest_options *o;
	lk_ingest_report *report;
	lk_encoder *encoder;
	lk_pg pg;
	bool connected;
	struct {
		lk_cat_stream stream;
		lk_definitions parsed;
	} declared[2];          /* the one before and … */
	int which;              /* … the one that holds */
	lk_ingest_queue q;
	lk_source_file *files;  /* of the source, as they were at the beginning */
	lk_source_file start;   /* where the first batch begins */
	lk_source_file pushed;  /* where the next one that the encoder fills begins */
	int64_t run;
	bool knows_others;      /* that another run reads this source */
	volatile int halt;      /* for an encoder that waits for input when the appender has given up */
	int encoder_status;
	lk_error encoder_error;
} ingest;

static const lk_cat_stream *declared(const ingest *g) { return &g->declared[g->which].stream; }
static bool stopped(const ingest *g) { return lk_flag_is_set(g->o->stop); }

static void note(const ingest *g, const char *text) {
	if (g->o->note)
		g->o->note(g->o->ctx, text);
}

/* --- The encoder's thread --- */

static bool is_empty(const lk_encoded *e) {
	return !lk_append_batch_events(e->batch) && !lk_append_batch_rejects(e->batch);
}

static void *encode(void *arg) {
	ingest *g = arg;
	int rc = 0;
	lk_ingest_item *it;
	while (rc == 0 && (it = lk_ingest_queue_fillable(&g->q))) {
		lk_append_batch_clear(it->encoded.batch);
		lk_kept_clear(&it->encoded.kept);
		lk_buf_clear(&it->encoded.notes);
		rc = lk_encoder_fill(g->encoder, &it->encoded, &g->encoder_error);
		if (is_empty(&it->encoded) && !strcmp(it->encoded.to.trail, g->pushed.trail))
			continue;
		it->from = g->pushed;
		it->encoded.to.run = g->run;
		g->pushed = it->encoded.to;
		lk_ingest_queue_step(&g->q, &g->q.filled, NULL);
	}
	g->encoder_status = rc < 0 ? rc : 0;
	lk_ingest_queue_step(&g->q, NULL, &g->q.ended);
	return NULL;
}

/* --- The appender --- */

static int connect_again(ingest *g, lk_error *err) {
	if (g->connected)
		lk_pg_close(&g->pg);
	g->connected = false;
	int rc = lk_pg_open(&g->pg, g->o->postgres, "lk ingest", err);
	g->connected = rc == 0;
	g->pg.limit_us = LK_PG_ANSWER_US;
	g->pg.finishes = true;
	return rc;
}

/* Is the fault transient? Deadlocks and serialization failures (class 40) are, too. */
static bool passes(int status, const lk_error *err) {
	return status == LK_EUNREACHABLE || status == LK_EFULL || status == LK_EBUSY || status == LK_ECONFLICT ||
	       !strncmp(err->sqlstate, "40", 2);
}

typedef struct retry {
	int64_t since_us;       /* the first failure; 0: there was none */
	int delay_ms;
	int told;               /* the last kind of failure that was told */
} retry;

static int64_t retry_us(const ingest *g) { return g->o->retry_us ? g->o->retry_us : RETRY_DEFAULT_US; }

/* Says what the log has so far, how long lk tries again, and what to do: at the first failure, and at one of another
 * kind. */
static void tell_trouble(const ingest *g, retry *r, int status, const lk_error *why) {
	lk_buf b = LK_BUF_INIT;
	if (status == LK_ECONFLICT || status == r->told)
		return;
	r->told = status;
	lk_buf_addf(&b, "%s; the log has ", why->text);
	lk_buf_add_count(&b, g->report->events);
	lk_buf_addf(&b, " event%s of this input so far, and lk tries again for up to ", g->report->events == 1 ? "" : "s");
	lk_interval_print(retry_us(g), &b);
	if (why->hint[0])
		lk_buf_addf(&b, "; to do: %s", why->hint);
	note(g, b.data);
	lk_buf_release(&b);
}

static void tell_end_of_trouble(const ingest *g, const retry *r) {
	if (!r->told)
		return;
	char *text = lk_asprintf("PostgreSQL takes events again, after %.1f s", (double)(lk_monotonic_us() - r->since_us) / LK_US_PER_S);
	note(g, text);
	free(text);
}

/* Waits before another attempt; false if there is to be none. */
static bool try_again(ingest *g, retry *r, int status, const lk_error *why) {
	if (!passes(status, why) || stopped(g))
		return false;
	if (!r->since_us) {
		r->since_us = lk_monotonic_us();
		r->delay_ms = RETRY_FIRST_MS;
	}
	tell_trouble(g, r, status, why);
	if (lk_monotonic_us() - r->since_us > retry_us(g))
		return false;
	for (int slept = 0; slept < r->delay_ms && !stopped(g); slept += STOP_CHECK_MS)
		nanosleep(&(struct timespec){.tv_nsec = STOP_CHECK_MS * 1000000L}, NULL);
	r->delay_ms = r->delay_ms * 2 < RETRY_MOST_MS ? r->delay_ms * 2 : RETRY_MOST_MS;
	return !stopped(g);
}

static int ask_place(ingest *g, bool reconnect, lk_source_file *now, lk_error *err) {
	if (reconnect || !g->connected) {
		int rc = connect_again(g, err);
		if (rc)
			return rc;
		g->report->reconnects++;
	}
	return lk_source_read(&g->pg, declared(g), g->report->source, g->start.number, now, err);
}

static int moved(const ingest *g, const lk_ingest_item *it, const lk_source_file *now, lk_error *err) {
	if (now->position == it->from.position || now->position == it->encoded.to.position)
		lk_fail(err, LK_ECONFLICT, "another file is read as source \"%s\" at the same time", g->report->source);
	else
		lk_fail(err, LK_ECONFLICT, "source \"%s\" is at byte %lld, but this run left it at byte %lld",
		        g->report->source, (long long)now->position, (long long)it->from.position);
	return lk_hint(err, "another run reads the same source, or the log was restored from a backup; a new run continues from there");
}

/* 0 once the batch is in; *mine: this run appended it. */
static int append_once(ingest *g, const lk_ingest_item *it, bool *mine, retry *r, lk_error *err) {
	const lk_source_step step = {.source = g->report->source, .named = true, .from = &it->from, .to = &it->encoded.to};
	*mine = true;
	for (;;) {
		lk_error why = {0};
		lk_source_file now;
		int rc = lk_append(&g->pg, it->encoded.batch, &step, &why);
		if (!rc)
			return 0;
		while (rc && try_again(g, r, rc, &why)) {
			lk_error_clear(&why);
			rc = ask_place(g, rc == LK_EUNREACHABLE, &now, &why);
		}
		if (rc) {
			*err = why;
			return rc;
		}
		if (lk_source_same_place(&now, &it->encoded.to)) {
			*mine = now.run == g->run;
			return 0;
		}
		if (!lk_source_same_place(&now, &it->from))
			return moved(g, it, &now, err);
	}
}

static void note_lines(const ingest *g, lk_buf *notes) {
	char *rest = notes->data, *line;
	while (notes->len && (line = strsep(&rest, "\n")))
		if (*line)
			note(g, line);
	lk_buf_clear(notes);
}

static void count(ingest *g, const lk_ingest_item *it, bool mine) {
	lk_ingest_report *report = g->report;
	int64_t events = (int64_t)lk_append_batch_events(it->encoded.batch), rejects = (int64_t)lk_append_batch_rejects(it->encoded.batch);
	report->events += mine ? events : 0;
	report->rejects += mine ? rejects : 0;
	report->others += mine ? 0 : events + rejects;
	report->bytes = it->encoded.to.position - g->start.position;
	report->batches++;
	if (!mine && !g->knows_others)
		note(g, "another run reads the same source at the same time; what it has appended is not counted here");
	g->knows_others |= !mine;
}

static int append_all(ingest *g, lk_error *err) {
	lk_ingest_item *it;
	while ((it = lk_ingest_queue_filled(&g->q))) {
		bool mine;
		retry r = {0};
		note_lines(g, &it->encoded.notes);
		int64_t began_us = lk_monotonic_us();
		int rc = append_once(g, it, &mine, &r, err);
		if (rc)
			return rc;
		lk_encoder_linger(g->encoder, lk_monotonic_us() - began_us);
		tell_end_of_trouble(g, &r);
		count(g, it, mine);
		lk_ingest_queue_step(&g->q, &g->q.emptied, NULL);
		if (g->o->progress)
			g->o->progress(g->o->ctx, g->report);
	}
	return 0;
}

/* --- Another definition --- */

/* Reads it, and waits for a server that is unreachable. */
static int read_definition(ingest *g, lk_definitions *out, lk_error *err) {
	retry r = {0};
	for (;;) {
		lk_error why = {0};
		int rc = lk_catalog_read_stream(&g->pg, declared(g)->id, out, &why);
		if (!rc) {
			tell_end_of_trouble(g, &r);
			return 0;
		}
		while (rc && try_again(g, &r, rc, &why)) {
			lk_error_clear(&why);
			rc = connect_again(g, &why);
		}
		if (rc) {
			*err = why;
			return rc;
		}
	}
}

/* Call it when the encoder's thread has ended. Waiting batches are encoded again; the empty ones are replaced too,
 * since they hold the definition that they were made for. */
static int encode_again(ingest *g, const lk_cat_stream *s, lk_error *err) {
	int rc = lk_encoder_redeclare(g->encoder, s, err);
	for (uint64_t i = g->q.emptied; !rc && i < g->q.emptied + LK_INGEST_QUEUE; i++) {
		lk_encoded *e = &g->q.items[i % LK_INGEST_QUEUE].encoded;
		if (i >= g->q.filled)
			lk_kept_clear(&e->kept);
		rc = lk_encoder_again(g->encoder, e, err);
	}
	return rc;
}

/* Batches still point at the previous definition, so it stays until the next change. */
static int take_definition(ingest *g, lk_error *err) {
	int next = !g->which;
	lk_definitions_release(&g->declared[next].parsed);
	int rc = read_definition(g, &g->declared[next].parsed, err);
	if (rc)
		return rc;
	g->declared[next].stream = (lk_cat_stream){.id = declared(g)->id, .stream = g->declared[next].parsed.items[0].stream};
	g->which = next;
	char *text = lk_asprintf("the definition of stream %s has changed; continuing with the new one", declared(g)->stream->name);
	note(g, text);
	free(text);
	return encode_again(g, declared(g), err);
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
	g->run = (int64_t)(run >> 1);
	const char *path = is_source_name(o->path) ? o->path : "file";
	if (o->source)
		snprintf(g->report->source, sizeof g->report->source, "%s", o->source);
	else
		snprintf(g->report->source, sizeof g->report->source, "%s (run %016llx)", path, (unsigned long long)run);
	return 0;
}

/* Best effort: the events are in, and an extra row does no harm. */
static void forget_run(ingest *g) {
	char id[24];
	if (g->connected && !g->o->source)
		lk_pg_exec(&g->pg, NULL, NULL, "DELETE FROM lk.source WHERE stream_id = $1::bigint AND name = $2", 2,
		           (const char *const[]){lk_pg_number(id, declared(g)->id), g->report->source});
	else if (g->connected && g->start.number > LK_SOURCE_FILES)
		lk_source_forget(&g->pg, declared(g), g->report->source, g->start.number, NULL);
}

/* The appender here, the encoder in a thread of its own, until one of them ends; first what the ring still holds. */
static int run_both(ingest *g, lk_error *err) {
	pthread_t thread;
	bool has_thread = !g->q.ended;
	g->halt = 0;
	g->q.abandoned = false;
	if (has_thread && pthread_create(&thread, NULL, encode, g) != 0)
		return lk_fail(err, LK_EINTERNAL, "cannot start a thread");
	int rc = append_all(g, err);
	lk_flag_set(&g->halt);
	lk_ingest_queue_step(&g->q, NULL, &g->q.abandoned);
	if (has_thread)
		pthread_join(thread, NULL);
	return rc;
}

static int pump(ingest *g, lk_error *err) {
	int rc;
	lk_ingest_queue_init(&g->q, declared(g));
	g->pushed = g->start;
	while ((rc = run_both(g, err)) == LK_ECHANGED) {
		lk_error_clear(err);
		if ((rc = take_definition(g, err)))
			break;
		g->q.ended = g->encoder_status || lk_encoder_ended(g->encoder);
	}
	lk_ingest_queue_release(&g->q);
	if (!rc && g->encoder_status) {
		*err = g->encoder_error;
		rc = g->encoder_status;
	}
	return rc;
}

/* Where to begin: after what earlier runs have read of this file, which is one of the source's, or a new one. */
static int find_start(ingest *g, lk_error *err) {
	size_t n = 0;
	int rc = g->o->source ? lk_source_files(&g->pg, declared(g), g->report->source, &g->files, &n, err) : 0;
	int found = rc ? LK_SOURCE_NEW : lk_encoder_find(g->encoder, g->files, n);
	g->start = found >= 0 ? g->files[found] : (lk_source_file){.number = n ? g->files[0].number + 1 : 1};
	g->start.run = g->run;
	g->report->another_file = found < 0 && n;
	return rc;
}

static int begin(ingest *g, lk_error *err) {
	int rc = name_source(g, err);
	if (!rc)
		rc = connect_again(g, err);
	if (!rc && g->o->strict)
		rc = lk_encoder_keep(g->encoder, err);
	if (!rc)
		rc = find_start(g, err);
	if (!rc && g->o->strict)
		rc = lk_encoder_check(g->encoder, &g->start, err);
	if (!rc)
		rc = lk_encoder_begin(g->encoder, &g->start, err);
	return rc;
}

static lk_encoder_options encoder_options(const lk_ingest_options *o) {
	return (lk_encoder_options){
		.stream = o->stream, .path = o->path, .format = o->format, .resumable = o->source != NULL,
		.batch_events = o->batch_events, .stop = o->stop,
	};
}

/* What the user should know about the records that were not events. */
static void tell_rejects(const ingest *g) {
	lk_ingest_report *r = g->report;
	const lk_first_reject *first = lk_encoder_first_reject(g->encoder);
	lk_buf what = LK_BUF_INIT, todo = LK_BUF_INIT;
	size_t len;
	const char *sample = lk_encoder_sample(g->encoder, &len);
	if (!r->rejects || !first)
		return;
	r->first = *first;
	if (r->events || g->start.position)
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
	ingest g = {.o = o, .report = out, .declared[0].stream = *o->stream};
	eo.halt = &g.halt;
	lk_error local = {0};
	if (!err)
		err = &local;
	*out = (lk_ingest_report){0};
	int rc = lk_encoder_open(&g.encoder, &eo, err);
	if (!rc)
		rc = begin(&g, err);
	if (!rc) {
		out->skipped_bytes = g.start.position;
		rc = pump(&g, err);
		out->left_bytes = lk_encoder_left(g.encoder);
		tell_rejects(&g);
		forget_run(&g);
	}
	out->stopped = stopped(&g) && !(g.encoder && lk_encoder_ended(g.encoder));
	out->seconds = (double)(lk_monotonic_us() - began_us) / LK_US_PER_S;
	if (g.connected)
		lk_pg_close(&g.pg);
	lk_encoder_close(g.encoder);
	free(g.files);
	for (int i = 0; i < 2; i++)
		lk_definitions_release(&g.declared[i].parsed);
	return rc;
}

int lk_ingest_check(const lk_ingest_options *o, lk_error *err) {
	lk_encoder_options eo = encoder_options(o);
	lk_encoder *e = NULL;
	int rc = lk_encoder_open(&e, &eo, err);
	if (!rc && lk_encoder_is_file(e))
		rc = lk_encoder_check(e, &(lk_source_file){0}, err);
	lk_encoder_close(e);
	return rc;
}
