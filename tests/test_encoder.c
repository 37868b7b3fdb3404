/* Batches of an input: where they end, and that their bounds do not change what is encoded. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/time.h"
#include "event_log/append_private.h"
#include "ingest/encoder.h"
#include "tests/support/servers.h"
#include "tests/support/streams.h"

enum {
	PARTS = 4, TEXTS = 80,
	BATCH_BYTES = 4 << 20, BATCH_EVENTS = 20000, BATCH_REJECTS = 1000, KEPT_BYTES = 8 << 20,   /* as in the table of limits */
};

static lk_arena memory;
static lk_cat_stream stream;
static char path[64];

static void declare(int texts) {
	const char *columns[TEXTS + 2] = {"ts time", "key int8"};
	for (int i = 0; i < texts; i++) {
		char name[24];
		snprintf(name, sizeof name, "t%d text", i);
		columns[i + 2] = lk_arena_strdup(&memory, name);
	}
	stream = (lk_cat_stream){.id = 1, .stream = test_stream(&memory, "wide", columns, (size_t)texts + 2)};
	stream.stream->partitions = PARTS;
}

/* Of `texts` columns of 60 kB, at second n. */
static void write_event(FILE *f, int n, int texts) {
	fprintf(f, "{\"ts\":\"2024-01-01T%02d:%02d:%02dZ\",\"key\":%d", n / 3600, n / 60 % 60, n % 60, n);
	for (int i = 0; i < texts; i++)
		fprintf(f, ",\"t%d\":\"%0*d\"", i, 60000, n);
	fputs("}\n", f);
}

/* Events of 0 to 7 texts, one in ten of all 80, which is more than a batch, and now and then a line that is not an
 * event. */
static int write_file(unsigned long *seed) {
	FILE *f = fopen(path, "we");
	int n = 0;
	assert_non_null(f);
	for (int i = 0; i < 150; i++) {
		if (test_random(seed) % 20 == 0)
			fputs("no event\n", f);
		write_event(f, n++, test_random(seed) % 10 ? (int)(test_random(seed) % 8) : TEXTS);
	}
	assert_int_equal(fclose(f), 0);
	return n;
}

typedef struct encoded {
	lk_buf tuples[PARTS];
	size_t events, rejects, batches, alone;
} encoded;

/* A batch's largest time is that of its events: n seconds after the day began, and n grows. */
static void check_batch(const lk_append_batch *b, encoded *e) {
	size_t bytes = 0;
	int64_t last = LK_NEVER, first = INT64_C(1704067200000000);
	for (int p = 0; p < PARTS; p++) {
		bytes += b->parts[p].tuples.len;
		last = b->parts[p].max_ts > last ? b->parts[p].max_ts : last;
		lk_buf_add(&e->tuples[p], b->parts[p].tuples.data, b->parts[p].tuples.len);
	}
	e->events += lk_append_batch_events(b);
	e->rejects += lk_append_batch_rejects(b);
	e->batches++;
	e->alone += bytes > BATCH_BYTES;
	assert_true(lk_append_batch_bytes(b) <= BATCH_BYTES || lk_append_batch_events(b) + lk_append_batch_rejects(b) == 1);
	assert_true(lk_append_batch_bytes(b) >= bytes);
	if (lk_append_batch_events(b))
		assert_int_equal(last, first + (int64_t)(e->events - 1) * LK_US_PER_S);
}

static void encode(size_t batch_events, encoded *e) {
	lk_encoder *encoder;
	lk_error err = {0};
	lk_encoded out = {.batch = lk_append_batch_new(&stream)};
	int status;
	const lk_encoder_options o = {.stream = &stream, .path = path, .format = {.is = &lk_format_json}, .batch_events = batch_events};
	assert_int_equal(lk_encoder_open(&encoder, &o, &err), 0);
	assert_int_equal(lk_encoder_begin(encoder, &(lk_source_file){0}, &err), 0);
	do {
		int64_t from = out.to.position;
		lk_append_batch_clear(out.batch);
		lk_kept_clear(&out.kept);
		status = lk_encoder_fill(encoder, &out, &err);
		assert_true(status == 0 || status == LK_ENCODER_END);
		assert_true(out.to.position > from || status == LK_ENCODER_END);
		check_batch(out.batch, e);
	} while (status != LK_ENCODER_END);
	lk_append_batch_free(out.batch);
	lk_encoder_close(encoder);
	lk_kept_release(&out.kept);
	lk_buf_release(&out.notes);
}

/* For any sizes: only a batch of a single event exceeds the limit, and the log is the same. */
static void bytes_are_counted_at_each_record(void **unused) {
	(void)unused;
	unsigned long seed = test_seed("bytes_are_counted_at_each_record");
	encoded one = {0}, many = {0};
	declare(TEXTS);
	size_t n = (size_t)write_file(&seed);
	encode(1, &one);
	encode(0, &many);
	assert_int_equal(one.events, n);
	assert_int_equal(many.events, n);
	assert_int_equal(many.rejects, one.rejects);
	assert_true(many.batches < one.batches && many.alone > 0);
	for (int p = 0; p < PARTS; p++) {
		assert_int_equal(many.tuples[p].len, one.tuples[p].len);
		assert_memory_equal(many.tuples[p].data, one.tuples[p].data, one.tuples[p].len);
		lk_buf_release(&one.tuples[p]);
		lk_buf_release(&many.tuples[p]);
	}
}

/* Writes n lines and returns the events and the rejects of the first batch of them. */
static void first_batch(const char *line, size_t n, size_t *events, size_t *rejects) {
	FILE *f = fopen(path, "we");
	lk_encoder *encoder;
	lk_error err = {0};
	lk_encoded out = {.batch = lk_append_batch_new(&stream)};
	const lk_encoder_options o = {.stream = &stream, .path = path, .format = {.is = &lk_format_json}};
	assert_non_null(f);
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s\n", line);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(lk_encoder_open(&encoder, &o, &err), 0);
	assert_int_equal(lk_encoder_begin(encoder, &(lk_source_file){0}, &err), 0);
	assert_true(lk_encoder_fill(encoder, &out, &err) >= 0);
	*events = lk_append_batch_events(out.batch);
	*rejects = lk_append_batch_rejects(out.batch);
	lk_append_batch_free(out.batch);
	lk_encoder_close(encoder);
	lk_kept_release(&out.kept);
	lk_buf_release(&out.notes);
}

/* A batch has so many of these lines: all of `most`, and of one more not the last. */
static void ends_at(const char *line, size_t most, bool are_events) {
	for (size_t n = most; n <= most + 1; n++) {
		size_t events, rejects;
		first_batch(line, n, &events, &rejects);
		assert_int_equal(events, are_events ? most : 0);
		assert_int_equal(rejects, are_events ? 0 : most);
	}
}

static void a_batch_ends_at_its_limits(void **unused) {
	(void)unused;
	enum { RECORD = 8192 };
	static const char ts[] = "{\"ts\":\"2024-01-01T00:00:00Z\",\"other\":\"";   /* of a column that is not declared */
	char *wide = lk_asprintf("%s%0*d\"}", ts, RECORD - (int)strlen(ts) - 2, 0);
	declare(0);
	ends_at("{\"ts\":\"2024-01-01T00:00:00Z\"}", BATCH_EVENTS, true);
	ends_at("no event", BATCH_REJECTS, false);
	ends_at(wide, KEPT_BYTES / RECORD, true);
	free(wide);
}

static int set_up(void **unused) {
	(void)unused;
	snprintf(path, sizeof path, "%.40s/lk-encoder-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	int fd = mkstemp(path);
	return fd < 0 || close(fd);
}

static int tear_down(void **unused) {
	(void)unused;
	unlink(path);
	lk_arena_release(&memory);
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_counted_at_each_record),
		cmocka_unit_test(a_batch_ends_at_its_limits),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
