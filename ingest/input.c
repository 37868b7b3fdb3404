/* Event files.
 *
 *   file --unpack--> text [at … len) --cut--> records
 *
 * The text buffer grows until a record fits, up to LK_RECORD_MAX; of a longer record only the head is kept, and the rest
 * is read and discarded. At the end of the input a missing line break is added to the buffer, so that the last record is
 * found like any other; positions do not count it. The last LK_INPUT_TRAIL bytes before a record stay in the buffer: they
 * identify the input when a later run continues it. A failure to read is reported after the records before it. */
#include "ingest/input.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/digest.h"
#include "core/flag.h"
#include "ingest/looks.h"
#include "ingest/unpack.h"

/* KEEP_BYTES: more than the trail, since blanks may be between the last record and `at`. */
enum { READ_BYTES = 1 << 20, STOP_CHECK_MS = 100, KEEP_BYTES = 2 * LK_INPUT_TRAIL };
_Static_assert((int)READ_BYTES >= (int)LK_UNPACK_LEAST, "the buffer has room for what is read at once");

struct lk_input {
	lk_unpacker file;
	const lk_format_verbs *format;
	void *dialect;           /* of it */
	char *text;
	size_t cap, at, len;
	size_t searched;         /* bytes after `at` that hold no whole record; in too long a record: no line break */
	int64_t position, line;  /* of text[at]; line 0: unknown */
	bool end, added_break;
	lk_text_place place;     /* of text[at] */
	bool exact;              /* the next record was guessed wrong */
	struct place_back {      /* where the last record began */
		size_t at;
		int64_t position, line;
		lk_text_place place;
	} back;
	bool looked_at;          /* its first bytes are checked: it is text, or a failure is noted */
	bool within;             /* of a record that is too long: not at the beginning of a line */
	bool too_short;          /* for a position to which it was to be moved */
	char *head;              /* of a record that is too long, while the rest is being discarded */
	int64_t head_position, head_line;
	char first[LK_INPUT_FIRST];
	size_t nfirst;
	lk_error failure;        /* of reading; reported once the records before it are handed out */
};

/* --- Opening --- */

int lk_input_open(lk_input **out, const char *path, const lk_format *format, lk_error *err) {
	lk_input *in = lk_calloc(1, sizeof *in);
	int rc = lk_unpack_open(&in->file, path, err);
	*out = rc ? NULL : in;
	if (rc) {
		free(in);
		return rc;
	}
	in->format = format->is;
	in->dialect = format->is->dialect ? format->is->dialect(format) : NULL;
	in->line = 1;
	return 0;
}

void lk_input_close(lk_input *in) {
	if (!in)
		return;
	lk_unpack_close(&in->file);
	free(in->dialect);
	free(in->text);
	free(in->head);
	free(in);
}

bool lk_input_is_file(const lk_input *in) { return in->file.regular; }
bool lk_input_may_grow(const lk_input *in) { return in->file.regular && in->file.packing != LK_PACKED_GZIP; }

static void start_over(lk_input *in) {
	in->end = in->added_break = false;
	in->at = in->len = in->searched = in->nfirst = 0;
	in->position = 0;
	in->line = 1;
	in->place = (lk_text_place){0};
	in->exact = in->within = in->too_short = false;
	lk_error_clear(&in->failure);
	free(in->head);
	in->head = NULL;
}

int lk_input_rewind(lk_input *in, lk_error *err) {
	int rc = lk_unpack_rewind(&in->file, err);
	if (!rc)
		start_over(in);
	return rc;
}

int lk_input_spool(lk_input *in, const volatile int *stop, lk_error *err) {
	bool was_file = in->file.regular;
	int rc = lk_unpack_spool(&in->file, stop, err);
	if (!rc && !was_file)
		start_over(in);
	return rc;
}

/* --- Text --- */

static void make_room(lk_input *in) {
	if (in->at > KEEP_BYTES && in->cap - in->len < READ_BYTES) {
		size_t gone = in->at - KEEP_BYTES;
		memmove(in->text, in->text + gone, in->len - gone);
		in->len -= gone;
		in->at -= gone;
	}
	if (in->cap - in->len < READ_BYTES) {
		in->cap = in->len + READ_BYTES > 2 * in->cap ? in->len + READ_BYTES : 2 * in->cap;
		in->text = lk_realloc(in->text, in->cap + 1);   /* and an added line break */
	}
}

/* Keeps the input's first bytes: text[before … len) is what was read now. */
static void keep_first(lk_input *in, size_t before) {
	size_t n = in->len - before, room = LK_INPUT_FIRST - in->nfirst;
	if (in->position + (int64_t)(before - in->at) != (int64_t)in->nfirst)
		return;
	memcpy(in->first + in->nfirst, in->text + before, n < room ? n : room);
	in->nfirst += n < room ? n : room;
}

/* Reports an input that cannot be text before any of it is taken as records. */
static int look_at(lk_input *in, lk_error *err) {
	if (in->nfirst < LK_MAGIC_BYTES && !in->end)
		return 0;
	in->looked_at = true;
	int rc = lk_looks_packed(lk_unpack_name(&in->file), in->first, in->nfirst, err);
	if (rc)
		in->at = in->len = 0;
	return rc;
}

static int fill(lk_input *in, int wait_ms, lk_error *err) {
	make_room(in);
	size_t before = in->len;
	int rc = lk_unpack(&in->file, in->text, in->cap, &in->len, wait_ms, err);
	in->end = in->file.end;
	keep_first(in, before);
	if (!rc && !in->looked_at && in->position == 0 && in->at == 0)
		rc = look_at(in, err);
	if (!rc && in->end && in->len > in->at && in->text[in->len - 1] != '\n') {
		in->text[in->len++] = '\n';
		in->added_break = true;
	}
	return rc;
}

/* --- Records --- */

/* Moves over `n` bytes of text with so many line breaks. */
static void advance(lk_input *in, size_t n, int64_t lines) {
	if (in->line)
		in->line += lines;
	in->at += n;
	in->position += (int64_t)n;
	in->searched = 0;
	if (n && in->at == in->len && in->added_break)
		in->position--;
}

static const char *line_break(lk_input *in) {
	const char *from = in->text + in->at + in->searched, *end = in->text + in->len;
	const char *found = memchr(from, '\n', (size_t)(end - from));
	in->searched = (size_t)((found ? found : end) - (in->text + in->at));
	return found;
}

/* After a record that is too long: does the next one begin at text[at]? *more: it takes more text to tell. */
static bool resumes(lk_input *in, bool *more) {
	if (!in->format->resumes)
		return true;
	int found = in->format->resumes(in->text + in->at, in->text + in->len, in->place);
	*more = found < 0 && !in->end;
	return found != 0 && !*more;
}

/* Discards the text of a record that is too long; its head stays until the next record begins. */
static bool forget(lk_input *in, lk_record *out) {
	bool more = false;
	if (!in->head) {
		in->head = lk_strndup(in->text + in->at, LK_RECORD_HEAD);
		in->head_position = in->position;
		in->head_line = in->line;
		in->within = true;
		in->searched = 0;
	}
	do {
		if (in->within) {
			const char *found = line_break(in);
			if (!found) {
				in->position += (int64_t)(in->len - in->at);
				in->at = in->len;
				in->searched = 0;
				return false;
			}
			advance(in, (size_t)(found + 1 - (in->text + in->at)), 1);
		}
		in->within = !resumes(in, &more) && !more;
		if (more)
			return false;
	} while (in->within);
	in->place = (lk_text_place){0};
	*out = (lk_record){.text = in->head, .len = LK_RECORD_HEAD, .position = in->head_position, .end = in->position,
	                   .line = in->head_line, .too_long = true};
	in->head_line = -1;   /* handed out: it goes at the next call */
	return true;
}

static void skip_byte_order_mark(lk_input *in) {
	if (in->position == 0 && in->len - in->at >= 3 && !memcmp(in->text + in->at, "\xef\xbb\xbf", 3))
		advance(in, 3, 0);
}

static lk_record_cut cut(const lk_input *in) {
	return in->format->cut(&(lk_stretch){
		.begin = in->text + in->at, .end = in->text + in->len, .place = in->place, .searched = in->searched,
		.all = in->end, .added = in->added_break, .exact = in->exact, .dialect = in->dialect,
	});
}

static bool take_next(lk_input *in, lk_record *out) {
	lk_record_cut s = cut(in);
	advance(in, (size_t)(s.begin - (in->text + in->at)), s.lines_before);
	in->place = s.at_begin;
	if (!s.end) {
		in->searched = in->len - in->at;
		return in->len - in->at > LK_RECORD_MAX && forget(in, out);
	}
	size_t n = (size_t)(s.end - s.begin);
	bool too_long = n > LK_RECORD_MAX;
	in->back = (struct place_back){in->at, in->position, in->line, in->place};
	*out = (lk_record){.text = s.begin, .len = too_long ? LK_RECORD_HEAD : s.len, .position = in->position, .line = in->line,
	                   .too_long = too_long, .unterminated = s.unterminated, .guessed = s.guessed};
	advance(in, n, s.lines);
	in->place = s.at_end;
	in->exact = false;
	out->end = in->position;
	return true;
}

void lk_input_again(lk_input *in) {
	in->at = in->back.at;
	in->position = in->back.position;
	in->line = in->back.line;
	in->place = in->back.place;
	in->exact = true;
}

const char *lk_input_sample(const lk_input *in, size_t *len) {
	*len = in->nfirst;
	return in->first;
}

static bool take(lk_input *in, lk_record *out) {
	if (in->head && in->head_line < 0) {
		free(in->head);
		in->head = NULL;
	}
	if (in->head)
		return forget(in, out);
	skip_byte_order_mark(in);
	return in->at < in->len && take_next(in, out);
}

/* A file's first bytes are checked before its first record is handed out; a pipe is not held back for that. */
static bool may_take(const lk_input *in) {
	return !in->file.regular || in->looked_at || in->end || in->failure.code || in->position > 0;
}

int lk_input_next(lk_input *in, int wait_ms, lk_record *out, lk_error *err) {
	for (;;) {
		if (may_take(in) && take(in, out))
			return 0;
		if (in->failure.code) {
			if (err)
				*err = in->failure;
			return in->failure.code;
		}
		if (in->end)
			return LK_INPUT_END;
		int rc = fill(in, wait_ms, &in->failure);
		if (rc > 0)
			return rc;
	}
}

const char *lk_input_first(const lk_input *in, size_t *len, bool *all) {
	*len = in->nfirst;
	*all = in->nfirst == LK_INPUT_FIRST || in->end || in->failure.code;
	return in->first;
}

int lk_input_look_ahead(lk_input *in, int wait_ms, lk_error *err) {
	int rc = fill(in, wait_ms, &in->failure);
	if (rc < 0 && err)
		*err = in->failure;
	return rc;
}

void lk_input_trail(const lk_input *in, int64_t position, char out[33]) {
	size_t n = position < LK_INPUT_TRAIL ? (size_t)position : LK_INPUT_TRAIL;
	int64_t end = (int64_t)in->at - (in->position - position) - (in->added_break && in->at == in->len);
	lk_digest d;
	*out = '\0';
	if (end < (int64_t)n)
		return;
	lk_digest_init(&d, 0, 0);
	lk_digest_add(&d, in->text + end - n, n);
	lk_digest_end(&d, out);
}

static int too_short(lk_input *in, int64_t position, int64_t size, lk_error *err) {
	in->too_short = true;
	lk_fail(err, LK_EINPUT, "%s ends at byte %lld, but was read up to byte %lld before", lk_unpack_name(&in->file), (long long)size, (long long)position);
	lk_hint(err, "is it a part of that file, or was it edited? To append the whole file, give another --source name");
	return LK_EINPUT;
}

int lk_input_seek(lk_input *in, int64_t position, const volatile int *stop, lk_error *err) {
	int64_t size;
	while (in->file.packing == LK_PACKING_UNKNOWN && !in->end) {
		int rc = lk_flag_is_set(stop) ? LK_INPUT_END : fill(in, STOP_CHECK_MS, err);
		if (rc && rc != LK_INPUT_IDLE)
			return rc < 0 ? rc : 0;
	}
	int64_t near = position - LK_INPUT_TRAIL;
	if (in->file.regular && in->file.packing == LK_PACKED_PLAIN && near > in->position) {
		int rc = lk_unpack_seek(&in->file, near, &size, err);
		if (rc || size < position)
			return rc ? rc : too_short(in, position, size, err);
		in->at = in->len = in->searched = 0;
		in->position = near;
		in->end = in->added_break = false;
		in->line = 0;
		in->place = (lk_text_place){0};
	}
	while (in->position < position) {
		int64_t have = (int64_t)(in->len - in->at), n = position - in->position < have ? position - in->position : have;
		in->at += (size_t)n;
		in->position += n;
		in->searched = 0;
		in->line = 0;
		in->place = (lk_text_place){0};
		if (in->at == in->len && in->added_break && n)
			in->position--;
		if (in->position >= position)
			break;
		if (in->end && in->at == in->len)
			return too_short(in, position, in->position, err);
		int rc = lk_flag_is_set(stop) ? LK_INPUT_END : fill(in, STOP_CHECK_MS, err);
		if (rc && rc != LK_INPUT_IDLE)
			return rc < 0 ? rc : 0;
	}
	return 0;
}

static bool is_break(char c) { return c == '\n' || c == '\r'; }

/* After a line break, or before one: what was read last may have been the end of the input, without one. */
bool lk_input_between_lines(lk_input *in, const volatile int *stop) {
	if (!in->position || (in->at && is_break(in->text[in->at - 1])))
		return true;
	while (in->at == in->len && !in->end && !in->failure.code && !lk_flag_is_set(stop))
		(void)fill(in, STOP_CHECK_MS, &in->failure);
	return in->at == in->len || is_break(in->text[in->at]);
}

bool lk_input_reaches(lk_input *in, int64_t position, const volatile int *stop) {
	lk_error why = {0};
	bool there = !lk_input_seek(in, position, stop, &why) && lk_input_between_lines(in, stop);
	bool unreadable = why.code && !in->too_short;
	return (lk_input_rewind(in, &why) != 0) || there || unreadable;
}

bool lk_input_peek(const lk_input *in, int64_t position, size_t n, char *out) {
	int64_t begin = in->position - (int64_t)in->at, end = begin + (int64_t)in->len - in->added_break;
	if (position >= begin && position + (int64_t)n <= end) {
		memcpy(out, in->text + (position - begin), n);
		return true;
	}
	return lk_input_may_grow(in) && pread(in->file.fd, out, n, (off_t)position) == (ssize_t)n;
}
